"""What listeners learn from, and the stored table: facts that can be checked by hand."""

import numpy as np

from gancourse.course.studies import stored_table
from gancourse.course.studies.speech import taught_listeners

TONE = np.sin(2 * np.pi * 250 * np.arange(4096) / 8000)


def test_the_few_are_the_first_of_each_word():
    y = np.array([1, 0, 0, 1, 0, 1])
    assert taught_listeners.first_of_each(y, 2).tolist() == [1, 2, 0, 3]


def test_clip_and_noise_are_equally_loud_whatever_the_clip_was():
    clips = np.stack([TONE, 0.1 * TONE])
    noisy = taught_listeners.in_noise(clips, np.random.default_rng(0))
    power = np.mean(noisy**2, axis=1) / taught_listeners.LOUDNESS**2
    assert np.allclose(power, 2, atol=0.15)
    silent = taught_listeners.in_noise(clips, np.random.default_rng(0), gain=0.0)
    assert np.allclose(np.mean((noisy - silent) ** 2, axis=1), taught_listeners.LOUDNESS**2, rtol=1e-3)


def test_each_clip_serves_equally_often_in_any_order(monkeypatch):
    monkeypatch.setattr(taught_listeners, "EXAMPLES", 6)
    rng = np.random.default_rng(0)
    pictures, words = taught_listeners.examples((np.stack([TONE, TONE]), np.array([3, 7])), "quiet", rng)
    assert sorted(words.tolist()) == [3, 3, 3, 7, 7, 7] and pictures.shape == (6, 32, 32, 1)


def test_together_takes_half_of_each():
    one, other = ((np.full((4, 1), k), np.full(4, k)) for k in (0, 1))
    x, y = taught_listeners.together(one, other)
    assert x[:, 0].tolist() == y.tolist() == [0, 0, 1, 1]


def test_the_stored_table_has_both_rooms_and_every_listener_for_each_seed():
    rows = stored_table.read(taught_listeners.HERE / taught_listeners.FILE)
    on_real = [row for row in rows if row["heard"] == "real clips"]
    assert len(on_real) == 2 * 8 * len(taught_listeners.SEEDS)
    assert len(rows) == len(on_real) + 2 * len(taught_listeners.SEEDS)
