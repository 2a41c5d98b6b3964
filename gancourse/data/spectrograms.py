"""Clips to spectrograms and back, and the pitch of clips (lesson 12).

A clip is float32 (samples,) in [-1, 1], as `audio` reads it.  A spectrogram has 128 rows, from 0 Hz
up to one below half the rate, and a column every 64 samples.
"""

import warnings

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft
from scipy.signal.windows import hann

from gancourse.errors import CourseError

WINDOW, HOP = 256, 64  # samples that a column looks at, and from one column to the next
HANN = hann(WINDOW, sym=False).astype(np.float32)
CHUNK = 20  # clips at once: their columns still fit the processor's cache
FLOOR = -60.0  # dB below a full-scale tone that count as silence


def spectrogram(clips: np.ndarray) -> np.ndarray:
    """Return the magnitudes (n, 128, samples / 64) of clips (n, samples); a full-scale tone has 1.

    Hann windows of 256 samples, a column every 64; rows go from 0 Hz up to one below half the rate.
    Raises ValueError unless `samples` is a multiple of 64, at least 256.  Lesson 12.
    """
    if clips.ndim != 2 or clips.shape[1] % HOP or clips.shape[1] < WINDOW:
        raise CourseError(f"clips must be (n, samples) with samples a multiple of {HOP}, at least "
                          f"{WINDOW}, not {clips.shape}")
    return np.abs(_stft(np.asarray(clips, np.float32)))[..., :-1].transpose(0, 2, 1)


def to_picture(magnitudes: np.ndarray) -> np.ndarray:
    """Return magnitudes as float32 in [-1, 1]: decibels from FLOOR to 0, others cut off."""
    decibels = 20 * np.log10(np.maximum(magnitudes, 1e-9))
    return np.clip(1 - 2 * decibels / FLOOR, -1, 1).astype(np.float32)


def to_magnitudes(pictures: np.ndarray) -> np.ndarray:
    """Return the magnitudes of pictures in [-1, 1], as `to_picture` makes them; -1 is silence."""
    return np.where(pictures > -1, 10 ** (FLOOR / 40 * (1 - pictures)), 0).astype(np.float32)


def griffin_lim(magnitudes: np.ndarray, iterations: int = 32, momentum: float = 0.99,
                seed: int = 0) -> np.ndarray:
    """Return clips (n, samples) whose spectrograms are close to magnitudes (n, 128, columns).

    A phase is guessed, the sound made, its phase kept and its magnitude replaced, again and again
    (Griffin & Lim 1984); `momentum` is that of Perraudin et al. 2013, 0 is the original.  The first
    phases come from `seed`, clip by clip.  Lesson 12.
    """
    n, _, columns = magnitudes.shape
    rng = np.random.default_rng(seed)
    phases = rng.random((n, columns, WINDOW // 2 + 1), np.float32) * np.float32(2 * np.pi)
    chunks = [slice(i, i + CHUNK) for i in range(0, n, CHUNK)]
    return np.concatenate([_griffin_lim(magnitudes[chunk], phases[chunk], iterations, momentum)
                           for chunk in chunks])


def pitch(clips: np.ndarray, rate: int = 8000, low: float = 80, high: float = 400,
          voiced: float = 0.6) -> np.ndarray:
    """Return the pitch of each clip in Hz, float64 (n,): the median over its voiced columns.

    The autocorrelation of each 48 ms, divided by that of its window, peaks at the period (Boersma
    1993, section 3), which is sought between those of `high` and `low` Hz.  A column is voiced when
    the peak is above `voiced` of the value at 0 and the column is not quiet; a clip without three
    such columns has the pitch nan.
    """
    length, hop = int(0.048 * rate), int(0.016 * rate)
    frames = sliding_window_view(np.asarray(clips, np.float32), length, axis=1)[:, ::hop]
    frames = frames - frames.mean(2, keepdims=True)
    window = hann(length, sym=False).astype(np.float32)
    of_window = _autocorrelation(window)
    correlation = _autocorrelation(frames * window)
    energy = correlation[..., 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = correlation / energy[..., None] / (of_window / of_window[0])
    lags = np.arange(int(rate / high), int(np.ceil(rate / low)) + 1)
    periods, heights = _periods(correlation[..., lags], lags)
    is_loud = energy > 0.01 * energy.max(1, keepdims=True)
    is_voiced = is_loud & (heights > voiced)
    hertz = np.where(is_voiced, rate / periods, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a clip without a voiced column
        medians = np.nanmedian(hertz, 1)
    return np.where(is_voiced.sum(1) >= 3, medians, np.nan)


def _periods(correlation: np.ndarray, lags: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lag at which each correlation (..., lags) peaks, and the height there; -1: no peak.

    A parabola through the peak and its neighbours gives the lag to a fraction of a sample.
    """
    before, here, after = correlation[..., :-2], correlation[..., 1:-1], correlation[..., 2:]
    peaks = np.where((here >= before) & (here >= after), here, -1)
    # of peaks that are nearly as high, the one at the shortest lag: two periods are a period too
    best = np.argmax(peaks > 0.9 * peaks.max(-1, keepdims=True), -1)
    a, b, c, height = (np.take_along_axis(values, best[..., None], -1)[..., 0]
                       for values in (before, here, after, peaks))
    with np.errstate(invalid="ignore", divide="ignore"):
        vertex = 0.5 * (a - c) / (a - 2 * b + c)  # of the parabola through the three values
    return lags[1 + best] + np.clip(vertex, -0.5, 0.5), height


def _griffin_lim(magnitudes: np.ndarray, phases: np.ndarray, iterations: int,
                 momentum: float) -> np.ndarray:
    """`griffin_lim` of one chunk, from phases (n, columns, 129) in radians."""
    target = np.pad(magnitudes, ((0, 0), (0, 1), (0, 0))).transpose(0, 2, 1).astype(np.float32)
    columns = target * np.exp(1j * phases)
    previous = np.float32(0)
    for _ in range(iterations):
        sounding = _stft(_inverse(columns))  # the columns of the nearest sound
        columns = sounding + momentum * (sounding - previous)
        columns *= target / np.sqrt(columns.real**2 + columns.imag**2 + np.float32(1e-18))
        previous = sounding
    return _inverse(columns)


def _stft(clips: np.ndarray) -> np.ndarray:
    """The columns centred on samples 0, 64, 128 ..., complex64 (n, columns, 129).

    A full-scale tone has 1.  In 32 bits and with the columns in memory one after another: three
    times as fast as scipy.signal.ShortTimeFFT.
    """
    padded = np.pad(clips, ((0, 0), (WINDOW // 2, WINDOW // 2 - HOP)))
    frames = sliding_window_view(padded, WINDOW, axis=1)[:, ::HOP]
    return fft.rfft(frames * (HANN * np.float32(4 / WINDOW)))


def _inverse(stft: np.ndarray) -> np.ndarray:
    """The clips whose columns are nearest to the given ones in the mean square.

    Griffin & Lim 1984, eq. 6: frames under their window are added up, and divided by the sum of the
    squared windows.
    """
    n, columns, _ = stft.shape
    frames = fft.irfft(stft) * (HANN * np.float32(WINDOW / 4))
    parts = WINDOW // HOP
    total = np.zeros((n, columns + parts - 1, HOP), np.float32)
    weight = np.zeros(total.shape[1:], np.float32)
    for i in range(parts):
        cut = slice(i * HOP, (i + 1) * HOP)
        total[:, i : i + columns] += frames[..., cut]
        weight[i : i + columns] += HANN[cut] ** 2
    whole = (total / np.maximum(weight, 1e-3)).reshape(n, -1)
    return whole[:, WINDOW // 2 : WINDOW // 2 + columns * HOP]


def _autocorrelation(x: np.ndarray) -> np.ndarray:
    """Sum of x[t] x[t + lag] along the last axis, for each lag below its length."""
    size = fft.next_fast_len(2 * x.shape[-1], real=True)
    return fft.irfft(np.abs(fft.rfft(x, size)) ** 2, size)[..., : x.shape[-1]]
