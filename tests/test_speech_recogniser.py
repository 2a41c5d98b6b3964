"""A recogniser of people's English understands the course's words, and nothing where nothing is said."""

import sys

import numpy as np
import pytest

from gancourse.data.synthetic import speech

pytest.importorskip("pocketsphinx", reason='needs pip install "gancourse[speech]"')
from gancourse.metrics.speech_recogniser import recognise

SPOKEN = speech.words(60, seed=7)


@pytest.fixture(scope="module")
def understood():
    return recognise(SPOKEN.clips, speech.NAMES)


def test_most_of_our_words_are_understood_where_chance_has_one_in_ten(understood):
    assert np.mean(understood == SPOKEN.labels) > 0.6


def test_silence_and_noise_are_no_word():
    noise = np.random.default_rng(0).normal(0, 0.3, (5, speech.SAMPLES))
    assert recognise(np.concatenate([noise, np.zeros((1, speech.SAMPLES))]), speech.NAMES).tolist() == [-1] * 6


def test_what_it_heard_before_does_not_matter(understood):
    assert np.array_equal(recognise(SPOKEN.clips[9::-1], speech.NAMES)[::-1], understood[:10])


def test_loudness_does_not_matter(understood):
    assert np.array_equal(recognise(0.05 * SPOKEN.clips[:10], speech.NAMES), understood[:10])


def test_it_hears_only_the_words_it_is_told(understood):
    assert set(recognise(SPOKEN.clips[:10], ["wow", "saw"])) <= {-1, 0, 1}


def test_digits_are_spoken_as_words():
    assert recognise(SPOKEN.clips[:1], list("0123456789")).shape == (1,)


@pytest.mark.parametrize("name", ["xyzzy", "two words", "", "a;b"])
def test_a_class_that_is_no_english_word_is_named(name):
    with pytest.raises(ValueError, match=f"dictionary lacks '{name}': name the classes by the words"):
        recognise(SPOKEN.clips[:1], ["wow", name])


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(ImportError, match=r'pip install "gancourse\[speech\]"'):
        recognise(SPOKEN.clips[:1], speech.NAMES)
