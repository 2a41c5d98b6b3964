"""A melody to note names, pitches and lengths, and what a singer is told (lesson 12)."""

import numpy as np

from gancourse.errors import CourseError

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
CENTRES = 12  # numbers that tell the pitch
ATTACK = 12  # columns of a word that keep their length: its consonant


def read(melody: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a melody's semitones above C, int64 (n,), and its beats, float64 (n,).

    Notes are separated by spaces: a letter from C to B, then # or b where wanted, a + or - for each
    octave up or down, and after a colon the length in beats (1 unless given), such as "E F# G+:2".
    Raises ValueError for what is no note, and for no note at all.
    """
    semitones, beats = [], []
    for word in melody.split():
        note, _, length = word.partition(":")
        letter, rest = note[:1].upper(), note[1:]
        try:
            duration = float(length or 1)
        except ValueError:
            duration = -1.0
        if letter not in SEMITONES or set(rest) - set("#b+-") or not 0.25 <= duration <= 8:
            raise CourseError(f"{word!r} is no note: write a letter from C to B, with # or b, + or "
                              "- for an octave, and beats from 0.25 to 8 after a colon, as in F#:2")
        steps = {"#": 1, "b": -1, "+": 12, "-": -12}
        semitones.append(SEMITONES[letter] + sum(steps[mark] for mark in rest))
        beats.append(duration)
    if not semitones:
        raise CourseError("the melody is empty: write notes such as 'C D E:2'")
    return np.array(semitones), np.array(beats)


def condition(y: np.ndarray, f0: np.ndarray, num_words: int,
              ends: tuple[float, float]) -> np.ndarray:
    """Return what G is told, float32 (n, num_words + 12): words y (n,) and pitches f0 (n,) in Hz.

    A one for the word among zeros; then twelve numbers, each 1 where the pitch lies at its own
    centre and falling smoothly to 0 beside it.  The centres divide log2 of the pitch evenly between
    `ends`, log2 of Hz.
    """
    centres = np.linspace(ends[0], max(ends[1], ends[0] + 0.1), CENTRES)
    away = (np.log2(f0)[:, None] - centres) / (centres[1] - centres[0])
    return np.concatenate([np.eye(num_words)[y], np.exp(-0.5 * away**2)], 1).astype(np.float32)


def stretch(picture: np.ndarray, columns: int) -> np.ndarray:
    """Return a spectrogram (rows, m) with `columns` columns; the pitch stays.

    The first ATTACK columns keep their length, so that a word starts as crisply on a long note; the
    rest is read at even steps, between two columns in proportion.
    """
    kept = min(ATTACK, columns // 2)
    at = np.concatenate([np.arange(kept), np.linspace(kept, picture.shape[1] - 1, columns - kept)])
    before = np.floor(at).astype(int)
    after = np.minimum(before + 1, picture.shape[1] - 1)
    share = at - before
    return (1 - share) * picture[:, before] + share * picture[:, after]
