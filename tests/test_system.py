"""Cores, threads and cards of this machine: a rule that no other program can change; random streams."""

import os
import subprocess
import sys

import numpy as np
import pytest

from gancourse import system
from gancourse.course import doctor
from gancourse.rng import stream
from gancourse.training_loop import draw_noise, epoch_order


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



# ---- cores, memory, cards


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux can bind a process to a core")
def test_a_process_bound_to_one_core_has_one():
    code = ("import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
            "from gancourse import system; print(system.available_cores(), system.physical_cores())")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "1"]


@pytest.mark.parametrize("logical, physical, cores", [(8, 4, 4), (2, 4, 2), (8, None, 8)])
def test_physical_cores_are_no_more_than_may_be_used_nor_than_there_are(monkeypatch, logical, physical, cores):
    """Four cores of two threads; two of them allowed; a system that does not tell."""
    monkeypatch.setattr(system, "available_cores", lambda: logical)
    monkeypatch.setattr("psutil.cpu_count", lambda logical: physical)
    assert system.physical_cores() == cores


def test_a_container_has_the_memory_of_its_limit(monkeypatch, tmp_path):
    """The kernel writes max where there is no limit."""
    monkeypatch.setattr(system, "MEMORY_LIMITS", [str(tmp_path / "limit"), str(tmp_path / "missing")])
    (tmp_path / "limit").write_text("max\n")
    whole = system.memory_gb()
    assert whole > 1
    (tmp_path / "limit").write_text("500000000\n")
    assert system.memory_gb() == 0.5


@pytest.mark.parametrize("flags, limit, computes", [
    ("avx2 avx512_bf16", "", True), ("avx2 avx512_bf16", "AVX512_CORE_BF16", True), ("avx2 avx512_bf16", "ALL", True),
    ("avx2 avx512_bf16", "AVX2", False), ("avx2 avx512_bf16", "AVX512_CORE", False), ("avx2", "", False),
    ("asimd bf16", "", True),
])
def test_bf16_is_in_hardware_where_the_processor_has_it_and_nothing_forbids_it(monkeypatch, flags, limit, computes):
    """A machine held to AVX2 stands for one that has no more, and takes float32 as that one would."""
    monkeypatch.setattr(system, "_read", lambda path: f"flags : {flags}")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", limit)
    assert system.bf16_in_hardware() == computes


@pytest.fixture
def driver(monkeypatch):
    """What the NVIDIA driver's tool answers: a text, an error that it raises, or None where there is no tool."""
    def answers(answer):
        def run(command, **_):
            if isinstance(answer, Exception):
                raise answer
            return subprocess.CompletedProcess(command, 0, stdout=answer)

        monkeypatch.setattr(system.shutil, "which", lambda tool: None if answer is None else f"/usr/bin/{tool}")
        monkeypatch.setattr(system.subprocess, "run", run)
        system.gpus.cache_clear()

    yield answers
    system.gpus.cache_clear()


@pytest.mark.parametrize("answer, name", [
    ("NVIDIA H100, 570.1\nNVIDIA A100, 570.1\n", "NVIDIA H100"), ("\n", ""), (None, ""),
    (subprocess.TimeoutExpired("nvidia-smi", 10), ""),
])
def test_the_name_of_a_gpu_is_the_first_that_its_driver_reports(driver, answer, name):
    driver(answer)
    assert system.gpu_name() == name
