"""Words by the source-filter model: what is promised about each clip can be measured in it."""

import numpy as np
import pytest

from gancourse.data.spectrograms import pitch, spectrogram
from gancourse.data.synthetic import speech


@pytest.fixture(scope="module")
def words():
    return speech.words(200, seed=3)


def column(clips, start=0.2, end=0.32):
    """Mean power in decibels of each row of the spectrogram between two times in seconds, (n, 128)."""
    part = spectrogram(clips)[:, :, int(start * speech.RATE / 64) : int(end * speech.RATE / 64)]
    return 10 * np.log10((part**2).mean(2) + 1e-12)


def test_the_same_seed_says_the_same_and_the_first_of_more_are_the_same(words):
    fewer = speech.words(60, seed=3)
    assert np.array_equal(fewer.clips, words.clips[:60]) and np.array_equal(fewer.f0, words.f0[:60])
    assert not np.array_equal(speech.words(60, seed=4).clips, fewer.clips)


def test_clips_are_half_a_second_of_sound_in_range(words):
    assert words.clips.shape == (200, 4096) and words.clips.dtype == np.float32
    assert np.isfinite(words.clips).all()
    peak = np.abs(words.clips).max(1)
    assert (peak > 0.85).all() and (peak < 1).all()
    assert len(speech.NAMES) == 10 and set(words.labels) == set(range(10))


def test_the_pitch_is_the_one_promised(words):
    """Measured by autocorrelation, which knows nothing of how the clip was made."""
    measured = pitch(words.clips, speech.RATE)
    assert np.isfinite(measured).all()
    error = np.abs(measured / words.f0 - 1)
    assert np.median(error) < 0.005 and error.max() < 0.03
    assert words.f0.min() >= 110 and words.f0.max() <= 220


def test_a_vowel_has_its_formants_where_the_table_says():
    """a: F1 730, F2 1090 Hz; we ends in i: F1 270, F2 2290, with a valley between them."""
    n = 40
    say = lambda word: speech.say(np.full(n, speech.NAMES.index(word)), np.linspace(110, 140, n), np.ones(n),
                                  np.random.default_rng(0))
    hz = lambda rows: np.array(rows) * speech.RATE / 256
    ah, we = column(say("ah")).mean(0), column(say("we"), 0.3, 0.38).mean(0)
    assert 600 < hz(15 + ah[15:45].argmax()) < 1200
    assert ah[int(900 / 31.25)] > ah[int(2000 / 31.25)] + 10
    second = hz(50 + we[50:90].argmax())
    assert second == pytest.approx(2290, abs=130)
    assert we[int(270 / 31.25)] > we[int(1200 / 31.25)] + 20 and we[int(second / 31.25)] > we[int(1200 / 31.25)] + 6


def test_a_shorter_throat_has_higher_formants():
    say = lambda tract: column(speech.say(np.full(40, 2), np.linspace(110, 140, 40), np.full(40, tract),
                                          np.random.default_rng(0)), 0.3, 0.38).mean(0)
    peak = [50 + say(tract)[50:100].argmax() for tract in (1.0, 1.15)]
    assert peak[1] / peak[0] == pytest.approx(1.15, abs=0.05)


def test_she_begins_with_a_hiss_and_we_does_not(words):
    """Above 2 kHz against below 1 kHz in the first tenth of a second of sound."""
    rows = {name: np.flatnonzero(words.labels == speech.NAMES.index(name)) for name in ("she", "we")}
    high = {name: column(words.clips[r], 0.05, 0.1) for name, r in rows.items()}
    contrast = {name: db[:, 64:].mean() - db[:, :32].mean() for name, db in high.items()}
    assert contrast["she"] > 10 and contrast["we"] < -10


def test_fewer_than_one_word_is_refused():
    with pytest.raises(ValueError, match="n=0 is out of range"):
        speech.words(0)
