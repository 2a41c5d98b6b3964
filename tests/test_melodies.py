"""Melodies as a reader writes them, and what a singer is told."""

import numpy as np
import pytest

from gancourse.course.studies.speech import melodies


def test_notes_and_beats():
    semitones, beats = melodies.read("C E G C+ Bb- F#:0.5 A:2")
    assert list(semitones) == [0, 4, 7, 12, -2, 6, 9]
    assert list(beats) == [1, 1, 1, 1, 1, 0.5, 2]


@pytest.mark.parametrize("melody, word", [("C H", "H"), ("C:fast", "C:fast"), ("E:0", "E:0"), ("E:9", "E:9"),
                                          ("Cx", "Cx"), (":2", ":2"), ("C:nan", "C:nan")])
def test_what_is_no_note_is_named(melody, word):
    with pytest.raises(ValueError, match=f"'{word}' is no note"):
        melodies.read(melody)


def test_no_note_at_all_is_refused():
    with pytest.raises(ValueError, match="the melody is empty"):
        melodies.read("  ")


def test_a_condition_has_a_one_for_the_word_and_a_bump_at_the_pitch():
    """Twelve centres from 100 to 200 Hz: the first is 100 Hz itself, and its neighbour gets exp(-1/2)."""
    c = melodies.condition(np.array([2, 0]), np.array([100.0, 200.0]), 3, (np.log2(100), np.log2(200)))
    assert c.shape == (2, 15) and c.dtype == np.float32
    np.testing.assert_allclose(c[0, :5], [0, 0, 1, 1, np.exp(-0.5)], rtol=1e-5)
    np.testing.assert_allclose(c[1, [0, 14, 13]], [1, 1, np.exp(-0.5)], rtol=1e-5)


def test_a_stretched_picture_keeps_its_beginning_and_its_end():
    picture = np.stack([np.arange(64.0), 5 + 0 * np.arange(64)])
    for columns in (8, 34, 64, 130):
        stretched = melodies.stretch(picture, columns)
        assert stretched.shape == (2, columns)
        kept = min(melodies.ATTACK, columns // 2)
        np.testing.assert_allclose(stretched[0, :kept], np.arange(kept))
        assert stretched[0, -1] == 63 and np.all(np.diff(stretched[0]) > 0)
        np.testing.assert_allclose(stretched[1], 5)  # a row that lasts, lasts
    np.testing.assert_allclose(melodies.stretch(picture, 64), picture)
