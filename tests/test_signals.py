"""Columns of sounds and back, and kernels without a tone, against numbers found by hand."""

import numpy as np

from gancourse.course.studies.speech import signals
from gancourse.data import spectrograms


def hum(hertz=500):
    t = np.arange(4096) / 8000
    return (np.sin(np.pi * t / t[-1]) ** 2 * np.sin(2 * np.pi * hertz * t))[None]


def test_columns_are_those_of_the_faster_module():
    S = signals.spectrum(hum())
    assert S.shape == (1, 129, 64)
    np.testing.assert_allclose(np.abs(S[:, :-1]), spectrograms.spectrogram(hum()), atol=1e-5)


def test_a_sound_comes_back_from_its_columns():
    np.testing.assert_allclose(signals.sound(signals.spectrum(hum())), hum(), atol=1e-3)


def test_a_round_leaves_a_sound_with_its_own_magnitudes_as_it_is():
    S = signals.spectrum(hum())
    np.testing.assert_allclose(signals.one_round(3 * S, np.abs(S)), S, atol=1e-3)


def test_rounds_come_nearer_to_the_magnitudes():
    A = np.abs(signals.spectrum(hum()))
    S = A * np.exp(1j * np.random.default_rng(0).uniform(0, 2 * np.pi, A.shape))
    missed = []
    for _ in range(5):
        S = signals.one_round(S, A)
        missed.append(np.linalg.norm(np.abs(S) - A))
    assert np.all(np.diff(missed) < 0)


def test_a_silenced_kernel_has_equal_sums_in_every_phase():
    """0 1 2 3 4 5 at stride 3: the sums 3 5 7 become 5 each, a half from each weight of the last."""
    np.testing.assert_allclose(signals.silenced(np.arange(6.0), 3), [1, 1, 1, 4, 4, 4])
