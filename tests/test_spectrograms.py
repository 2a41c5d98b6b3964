"""Spectrograms and back, and pitch, of tones of which both are known."""

import numpy as np
import pytest

from gancourse.data import spectrograms
from gancourse.data.spectrograms import griffin_lim, pitch, spectrogram, to_magnitudes, to_picture

RATE = 8000


def tone(hz, seconds=0.5, size=0.5):
    return size * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)


def test_a_full_tone_has_height_one_in_its_row():
    """1000 Hz is row 32 of rows that lie 31.25 Hz apart; a Hann window leaves half of it in each neighbour."""
    s = spectrogram(tone(1000, 0.512, size=1.0)[None])
    assert s.shape == (1, 128, 64) and s.dtype == np.float32
    np.testing.assert_allclose(s[0, 30:35, 20], [0, 0.5, 1, 0.5, 0], atol=1e-3)


def test_clips_of_a_wrong_length_are_refused():
    for shape in ((4096,), (2, 4000), (2, 192)):
        with pytest.raises(ValueError, match="multiple of 64, at least 256"):
            spectrogram(np.zeros(shape))


def test_pictures_are_decibels_and_back():
    """-30 dB of a floor of -60 is 0; silence is -1 and stays silent."""
    p = to_picture(np.array([1.0, 10**-1.5, 1e-3, 0.0]))
    np.testing.assert_allclose(p, [1, 0, -1, -1], atol=1e-6)
    m = np.geomspace(2e-3, 0.9, 20)
    np.testing.assert_allclose(to_magnitudes(to_picture(m)), m, rtol=1e-5)
    assert to_magnitudes(np.array([-1.0, -1.1])).tolist() == [0, 0]


def test_columns_of_a_sound_give_the_sound_back():
    x = np.random.default_rng(0).normal(size=(3, 1024)).astype(np.float32)
    x[:, 960:] = 0  # the last 64 samples stand under the end of one window only
    back = spectrograms._inverse(spectrograms._stft(x))
    np.testing.assert_allclose(back[:, :900], x[:, :900], atol=1e-4)


def test_griffin_lim_error_never_rises_without_momentum_and_momentum_is_better():
    x = np.stack([tone(hz, 0.512) + tone(2.5 * hz, 0.512, size=0.2) for hz in (200, 333)]).astype(np.float32)
    wanted = spectrogram(x)
    error = lambda rounds, momentum: np.linalg.norm(
        spectrogram(griffin_lim(wanted, rounds, momentum)) - wanted) / np.linalg.norm(wanted)
    plain = [error(i, 0.0) for i in range(6)]
    assert all(b <= a + 1e-4 for a, b in zip(plain, plain[1:], strict=False))
    assert error(40, 0.99) < 0.6 * error(40, 0.0) and error(40, 0.99) < 0.1


def test_griffin_lim_of_silence_is_silent_and_of_the_first_of_many_is_that_of_each():
    assert np.abs(griffin_lim(np.zeros((1, 128, 16)), 3)).max() == 0
    m = np.random.default_rng(0).uniform(0, 1e-2, (25, 128, 16)).astype(np.float32)
    np.testing.assert_allclose(griffin_lim(m, 3)[:2], griffin_lim(m[:2], 3), atol=1e-6)


def test_the_pitch_of_a_harmonic_tone_even_without_its_fundamental():
    """200 and 300 Hz repeat together 100 times a second."""
    x = np.stack([sum(tone(k * 125, 0.512, size=0.2) for k in (1, 2, 3, 4)), tone(200, 0.512) + tone(300, 0.512)])
    np.testing.assert_allclose(pitch(x), [125, 100], rtol=2e-3)


def test_noise_and_silence_have_no_pitch():
    noise = np.random.default_rng(0).normal(size=(1, 4096))
    assert np.isnan(pitch(np.concatenate([noise, np.zeros((1, 4096))]))).all()
