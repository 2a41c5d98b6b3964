"""Sounds to complex columns and back, and kernels without a tone, as lesson 12 writes them.

`spectrograms` has the same transform in the faster form that training needs.
"""

from functools import cache

import numpy as np
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

WINDOW, HOP = 256, 64  # samples that a column looks at, and from one column to the next


def spectrum(x: np.ndarray) -> np.ndarray:
    """Return the columns S of clips (n, samples), complex (n, 129, samples / 64).

    A full-scale tone has |S| = 1.  Hann windows of 256 samples.
    """
    return _transform().stft(x, 0, x.shape[1] // HOP) * 4 / WINDOW


def sound(S: np.ndarray) -> np.ndarray:
    """Return the clips (n, samples) whose columns are nearest to any array (n, 129, columns).

    Griffin & Lim 1984, eq. 6.
    """
    transform = _transform()
    samples = S.shape[2] * HOP
    before, after = -transform.p_min, transform.p_max(samples) - S.shape[2]
    padded = np.pad(S, ((0, 0), (0, 0), (before, after)))
    return transform.istft(padded * WINDOW / 4, k1=samples)


def one_round(S: np.ndarray, A: np.ndarray) -> np.ndarray:
    """Return the columns of the sound nearest to magnitudes A with the phases of S.

    Both are (n, 129, columns); where S is 0 the phase is 0.  Griffin & Lim 1984.
    """
    return spectrum(sound(A * np.exp(1j * np.angle(S))))


def silenced(k: np.ndarray, s: int) -> np.ndarray:
    """Return the kernel (length,) nearest to k that makes no tone at stride s.

    Each of the s phases gets the same sum; the length is a multiple of s.
    """
    phases = np.asarray(k, float).reshape(-1, s)
    return (phases - phases.mean(0) + phases.mean()).ravel()


@cache
def _transform() -> ShortTimeFFT:
    """Return the transform; its rate is 1, because only rows and columns count."""
    return ShortTimeFFT(hann(WINDOW, sym=False), hop=HOP, fs=1)
