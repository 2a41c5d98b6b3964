"""Numbers for the ear, of sounds of which they are known."""

import numpy as np
import pytest

from gancourse.course.studies.speech import voices
from gancourse.data.spectrograms import spectrogram, to_picture


def noise(n=40, samples=4096):
    return np.random.default_rng(0).normal(size=(n, samples))


def test_a_coarse_picture_is_the_mean_of_blocks():
    clips = noise(2)
    picture = to_picture(spectrogram(clips))
    coarse = voices.coarse(clips)
    assert coarse.shape == (2, 32, 32, 1) and coarse.dtype == np.uint8
    assert coarse[1, 3, 5, 0] == pytest.approx(127.5 * (1 + picture[1, 12:16, 10:12].mean()), abs=1)


def test_smoothing_spreads_a_column_by_the_binomial_weights():
    one = np.zeros((1, 2, 9, 1))
    one[0, 0, 4] = 16
    np.testing.assert_allclose(voices.smooth(one)[0, 0, :, 0], [0, 0, 1, 4, 6, 4, 1, 0, 0])


def test_a_near_pitch_mean_is_that_of_the_words_nearest_clips():
    pictures = np.arange(6.0)[:, None, None] * np.ones((6, 2, 3))
    labels, f0 = np.array([0, 0, 0, 1, 1, 1]), np.array([100, 200, 130, 100, 200, 130.0])
    means = voices.near_pitch_means(pictures, labels, f0, np.array([0, 1]), np.array([110.0, 190.0]), n=2)
    assert means.shape == (2, 2, 3, 1)
    assert means[:, 0, 0, 0].tolist() == [1.0, 4.5]  # clips 0 and 2, clips 4 and 5


def test_a_jump_of_a_fifth_of_the_range_is_six_decibels():
    picture = np.tile([0.0, 0.2], 4).reshape(1, 1, 8, 1)
    assert voices.jump(picture) == pytest.approx(6)


def test_a_tone_at_a_quarter_of_the_rate_stands_out_and_noise_does_not():
    assert abs(voices.tone_height(noise())) < 4
    tone = np.cos(np.pi / 2 * np.arange(4096))
    assert voices.tone_height(noise() + tone) > 20
    assert voices.tone_height(5 * (noise() + tone)) == pytest.approx(voices.tone_height(noise() + tone), abs=1e-6)


def test_louder_is_no_other_spectrum():
    assert voices.spectrum_error(3 * noise(), noise()) == pytest.approx(0, abs=1e-9)
    assert voices.spectrum_error(np.cumsum(noise(), axis=1), noise()) > 3


def test_heard_gives_back_a_picture_of_a_sound():
    t = np.arange(4096) / 8000
    picture = to_picture(spectrogram(0.5 * np.sin(2 * np.pi * 440 * t)[None]))[..., None]
    clip = voices.heard(picture)
    assert clip.shape == (1, 4096)
    assert np.abs(to_picture(spectrogram(clip))[..., None] - picture).mean() < 0.1
