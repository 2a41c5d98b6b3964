"""Numbers for the ear: what can be heard in a set of clips (n, samples).  Lesson 12."""

import numpy as np
from scipy.ndimage import convolve1d
from scipy.signal.windows import hann

from gancourse.data.registry import to_uint8
from gancourse.data.spectrograms import griffin_lim, spectrogram, to_magnitudes, to_picture

BANDS = 32


def coarse(clips: np.ndarray) -> np.ndarray:
    """Return spectrograms of 32 x 32 for a classifier, uint8 (n, 32, 32, 1); samples: 4,096."""
    pictures = to_picture(spectrogram(clips))
    n, rows, columns = pictures.shape
    means = pictures.reshape(n, 32, rows // 32, 32, columns // 32).mean((2, 4))
    return to_uint8(means)[..., None]


def smooth(pictures: np.ndarray) -> np.ndarray:
    """Return pictures (n, rows, columns, 1), each column averaged with weights 1 4 6 4 1."""
    return convolve1d(pictures, np.array([1, 4, 6, 4, 1]) / 16, axis=2, mode="nearest")


def heard(pictures: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return the clips of pictures in [-1, 1] (n, 128, columns, 1), by Griffin-Lim."""
    return griffin_lim(to_magnitudes(pictures[..., 0]), seed=seed)


def near_pitch_means(pictures: np.ndarray, labels: np.ndarray, f0: np.ndarray, y: np.ndarray,
                     f0_asked: np.ndarray, n: int = 20) -> np.ndarray:
    """Return for each word y at f0_asked the mean of the word's n pictures nearest in pitch.

    Pictures are (clips, rows, columns), the means (asked, rows, columns, 1).  Lesson 12's rival
    without a network.
    """
    means = []
    for word, hertz in zip(y, f0_asked, strict=True):
        of_word = np.flatnonzero(labels == word)
        in_order = np.argsort(np.abs(np.log(f0[of_word] / hertz)))
        means.append(pictures[of_word[in_order[:n]]].mean(0))
    return np.stack(means)[..., None]


def jump(pictures: np.ndarray) -> float:
    """Return the root mean square change from a column to the next in dB, where both are loud."""
    p = pictures[..., 0]
    both = (p[:, :, 1:] > -0.5) & (p[:, :, :-1] > -0.5)  # louder than -45 dB
    return float(30 * np.sqrt(np.mean(np.diff(p, axis=2)[both] ** 2)))  # -1 to 1 is 60 dB


def long_run(clips: np.ndarray) -> np.ndarray:
    """Return the clips' mean power spectrum in dB, (samples / 2 + 1,)."""
    window = hann(clips.shape[1], sym=False)
    return 10 * np.log10((np.abs(np.fft.rfft(clips * window)) ** 2).mean(0) + 1e-12)


def tone_height(clips: np.ndarray) -> float:
    """Return by how many dB the spectrum at a quarter of the rate stands above its surroundings."""
    levels = long_run(clips)
    at = clips.shape[1] // 4
    around = np.concatenate([levels[at - 40 : at - 8], levels[at + 9 : at + 41]])
    return float(levels[at - 1 : at + 2].max() - np.median(around))


def spectrum_error(clips: np.ndarray, others: np.ndarray) -> float:
    """Return the mean difference of two sets' spectra in 32 bands, in dB, whatever the loudness."""
    return float(np.abs(_bands(clips) - _bands(others)).mean())


def _bands(clips: np.ndarray) -> np.ndarray:
    """Levels in 32 bands in dB, their mean taken off."""
    bands = long_run(clips)[1:].reshape(BANDS, -1).mean(1)
    return bands - bands.mean()
