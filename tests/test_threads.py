"""The number of threads is a rule that no other program can change; random streams never coincide."""

import numpy as np
import pytest

from gancourse import system
from gancourse.course import doctor
from gancourse.loop import draw_noise, epoch_order
from gancourse.rng import stream


def test_one_thread_unless_the_reader_says_otherwise(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert system.chosen_threads() == 1
    assert system.chosen_threads(default=4) == 4
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert system.chosen_threads(default=4) == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "2,1")  # nested teams: the outermost counts
    assert system.chosen_threads() == 2


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5"])
def test_a_wrong_number_of_threads_is_named(monkeypatch, text):
    monkeypatch.setenv("OMP_NUM_THREADS", text)
    with pytest.raises(ValueError, match="OMP_NUM_THREADS=.*whole number"):
        system.chosen_threads()


def test_the_number_does_not_depend_on_the_load():
    words = open(system.__file__, encoding="utf-8").read()
    assert not any(word in words for word in ("/proc/stat", "loadavg", "cpu_percent", "sleep"))


def test_both_tracks_and_numpy_follow_the_rule(monkeypatch):
    import torch
    from threadpoolctl import threadpool_info

    from gancourse.pt import set_threads

    before = torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert set_threads() == 1 and torch.get_num_threads() == 1
    assert {pool["num_threads"] for pool in threadpool_info()} == {1}
    torch.set_num_threads(before)


def test_doctor_says_the_rule_and_records_keep_it(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    line = next(line for line in str(doctor.report()).splitlines() if " threads " in line)
    assert "1 a lesson" in line and "OMP_NUM_THREADS=N" in line
    assert doctor.versions()["threads"] == "1"
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert doctor.versions()["threads"] == "2"


def test_noise_order_and_pens_draw_from_streams_of_their_own():
    first = lambda purpose: stream(purpose, 3, 5).random(4)
    streams = [first("noise"), first("order"), first("labelled"), np.random.default_rng((3, 5)).random(4)]
    assert len({tuple(numbers) for numbers in streams}) == 4
    noise = draw_noise(2, 2, 3, 5)
    assert not np.allclose(noise, np.random.default_rng((3, 5)).standard_normal((2, 2), dtype=np.float32))
    assert not np.array_equal(epoch_order(50, 3, 0), np.random.default_rng((3, 0)).permutation(50))


def test_a_stream_is_the_same_everywhere_and_differs_by_each_of_its_keys():
    assert stream("noise", 0, 0).integers(10**6) == stream("noise", 0, 0).integers(10**6)
    numbers = {stream("noise", seed, k).integers(10**9) for seed in range(10) for k in range(10)}
    assert len(numbers) == 100

