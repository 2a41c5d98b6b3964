"""Spoken words by the source-filter model: ten short words, with known pitch (lesson 12).

A throat gives a train of pulses at the pitch F0, or noise; the mouth is a filter whose resonances,
the formants, move from vowel to vowel (Fant 1960; Klatt 1980).  Formants: the means of 33 men in
Peterson & Barney 1952, table II.
"""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from gancourse.errors import check_range

RATE, SAMPLES = 8000, 4096  # samples a second, samples of a clip: .512 s
BLOCK = 250  # clips that share a random stream: the first m of n are the same for every n >= m
VOWELS = {  # F1, F2, F3 in Hz
    "i": (270, 2290, 3010),
    "a": (730, 1090, 2440),
    "o": (570, 840, 2410),
    "u": (300, 870, 2240),
    "I": (390, 1990, 2550),
}
F4 = 3500  # Hz
BANDWIDTHS = (70, 90, 120, 180)  # of F1 to F4, in Hz
HISS = {"sh": (2600, 700), "s": (3800, 500)}  # centre and width of the noise, in Hz
WORDS = {  # word: its hiss or "", then (share of the voiced time, vowel) to pass through
    "ah": ("", [(0, "a")]),
    "oh": ("", [(0.2, "o"), (1, "u")]),
    "we": ("", [(0.05, "u"), (0.45, "i")]),
    "you": ("", [(0.05, "i"), (0.5, "u")]),
    "eye": ("", [(0.35, "a"), (0.85, "I")]),
    "why": ("", [(0, "u"), (0.3, "a"), (0.5, "a"), (0.9, "I")]),
    "wow": ("", [(0, "u"), (0.4, "a"), (0.55, "a"), (1, "u")]),
    "she": ("sh", [(0, "i")]),
    "shoe": ("sh", [(0, "I"), (0.25, "u")]),
    "saw": ("s", [(0.1, "o")]),
}
NAMES = tuple(WORDS)


class Speech(NamedTuple):
    """Clips and what was said."""

    clips: np.ndarray   # (n, SAMPLES) float32 in [-1, 1]
    labels: np.ndarray  # (n,) int64, index into NAMES
    f0: np.ndarray      # (n,) float64, pitch in Hz at the middle of the voiced part
    tract: np.ndarray   # (n,) float64, formants over those of the table; short throats above 1


def words(n: int, seed: int = 0) -> Speech:
    """Return n clips of random words by random speakers; a pure function of the arguments.

    Pitch is 110 to 220 Hz, every octave's part equally likely, and falls or rises a little within a
    word.  The first m clips are the same for every n >= m.  Raises ValueError unless n >= 1.
    Lesson 12.
    """
    check_range("n", n, 1, 10**7, include_low=True)
    blocks = [_block(np.random.default_rng((seed, start))) for start in range(0, n, BLOCK)]
    return Speech(*(np.concatenate(parts)[:n] for parts in zip(*blocks, strict=True)))


def say(labels: np.ndarray, f0: np.ndarray, tract: np.ndarray,
        rng: np.random.Generator) -> np.ndarray:
    """Return clips (n, SAMPLES) of the words `labels` (n,), float32 in [-1, 1].

    `f0` (n,) is the pitch in Hz, `tract` (n,) raises all formants; `rng` draws timing and noise.
    """
    n = len(labels)
    uniform = lambda low, high: rng.uniform(low, high, (n, 1)).astype(np.float32)
    noise = lambda rows: rng.standard_normal((rows, SAMPLES), np.float32)
    t = (np.arange(SAMPLES, dtype=np.float32) / RATE)[None]  # seconds
    has_hiss = np.array([bool(WORDS[name][0]) for name in NAMES])[labels]
    start = uniform(0.015, 0.04)
    end = uniform(0.4, 0.48)
    voice = start + np.where(has_hiss[:, None], uniform(0.1, 0.14), 0)  # when the voice sets in
    share = np.clip((t - voice) / (end - voice), 0, 1)  # of the voiced time that has passed

    unsteady = gaussian_filter1d(noise(n), 40, axis=1) * 0.12  # one per cent, from pulse to pulse
    melody = uniform(-0.12, 0.06) * (share - 0.5)
    pulses = _pulses(f0[:, None] * (1 + melody + unsteady))
    loudness = _ramp(t, voice - 0.01, 0.03) * _ramp(-t, -end, 0.07)
    voiced = loudness * (pulses + 0.06 * noise(n))  # in every voice there is some noise of breath

    stft = ShortTimeFFT(hann(256, sym=False).astype(np.float32), 64, RATE)
    hertz = stft.f[:, None].astype(np.float32)
    middles = np.clip(np.rint(stft.t(SAMPLES) * RATE).astype(int), 0, SAMPLES - 1)  # of frames
    spoken = stft.stft(voiced) * _mouth(labels, tract, share[:, middles], hertz)
    for hiss, (centre, width) in HISS.items():
        rows = np.flatnonzero([WORDS[NAMES[label]][0] == hiss for label in labels])
        loudness = _ramp(t, start[rows], 0.04) * _ramp(-t, -voice[rows] - 0.01, 0.03)
        peak = centre * np.sqrt(tract[rows, None, None])
        gain = np.exp(-0.5 * ((hertz - peak) / width) ** 2).astype(np.float32)
        spoken[rows] += stft.stft(0.12 * loudness * noise(len(rows))) * gain
    clips = stft.istft(spoken, k1=SAMPLES)
    clips /= np.abs(clips).max(1, keepdims=True)
    return (0.9 * clips + 0.006 * noise(n)).astype(np.float32)  # with the noise of a quiet room


def _block(rng: np.random.Generator) -> Speech:
    """One block of clips: random words, pitches and throats."""
    labels = rng.integers(0, len(NAMES), BLOCK)
    f0 = 110 * 2 ** rng.uniform(0, 1, BLOCK)
    tract = rng.uniform(0.95, 1.15, BLOCK)
    return Speech(say(labels, f0, tract, rng), labels, f0, tract)


def _pulses(pitch: np.ndarray) -> np.ndarray:
    """A train of pulses at `pitch` (n, samples) without aliases: the sum of cosines below 3.8 kHz.

    In closed form, by the Dirichlet kernel: sum over k = 1..m of cos k p = sin((m + 1/2) p) /
    (2 sin p/2) - 1/2.
    """
    half = np.pi / RATE * np.cumsum(pitch, axis=1, dtype=np.float64)
    m = np.floor(3800 / pitch.max(1, keepdims=True))
    low = np.sin(half)
    limit = 2 * m + 1 + 0 * low  # of the ratio where `low` is 0
    ratio = np.divide(np.sin((2 * m + 1) * half), low, out=limit, where=np.abs(low) > 1e-7)
    return ((ratio - 1) / (2 * np.sqrt(m))).astype(np.float32)


def _mouth(labels: np.ndarray, tract: np.ndarray, share: np.ndarray,
           hertz: np.ndarray) -> np.ndarray:
    """The filter's gain (n, frequencies, frames): a product of four resonances.

    `share` (n, frames) is the part of the voiced time that has passed, `hertz` (frequencies, 1).
    A resonance is |H|^2 of poles at -B/2 +- iF each.
    """
    frames = share.shape[1]
    formants = np.empty((len(labels), 4, frames))
    formants[:, 3] = F4
    for label in np.unique(labels):
        rows = labels == label
        at, vowels = zip(*WORDS[NAMES[label]][1], strict=True)
        for i in range(3):
            formants[rows, i] = np.interp(share[rows], at, [VOWELS[vowel][i] for vowel in vowels])
    formants = (formants * tract[:, None, None]).astype(np.float32)
    squared = np.ones((len(labels), len(hertz), frames), np.float32)
    for i, width in enumerate(BANDWIDTHS):
        F = formants[:, i, None]
        b2 = np.float32(width / 2) ** 2
        squared *= (F**2 + b2) ** 2 / (((hertz - F) ** 2 + b2) * ((hertz + F) ** 2 + b2))
    return np.sqrt(squared) / (1 + hertz / 150)  # a throat's pulses are round: weaker high tones


def _ramp(t: np.ndarray, start: np.ndarray, seconds: float) -> np.ndarray:
    """0 before `start`, 1 from `seconds` later on, half a cosine between."""
    return 0.5 - 0.5 * np.cos(np.pi * np.clip((t - start) / seconds, 0, 1))
