"""A checkpoint comes back as it was, and survives whatever happens while it is written."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from gancourse.checkpoints import load_run, save_run
from gancourse.training_loop import History, Log

HISTORY = History([Log(10, {"d_loss": 1.25, "g_loss": 0.5})])


def test_a_checkpoint_comes_back_bit_for_bit(tmp_path):
    arrays = {"G.weight": np.random.default_rng(0).normal(size=(3, 4)).astype("f4"), "opt_G.step": np.array(7.0)}
    save_run(tmp_path / "run.safetensors", arrays, HISTORY, seed=3)
    run = load_run(tmp_path / "run.safetensors")
    assert run.step == 10 and run.history == HISTORY and run.facts == {"seed": 3}
    assert all(np.array_equal(run.arrays[name], arrays[name]) for name in arrays)
    assert (tmp_path / "run.csv").read_text() == "step,d_loss,g_loss\n10,1.25,0.5\n"


def test_kill_9_in_mid_save_leaves_a_loadable_checkpoint(tmp_path):
    """A process saves once, begins to save again, and is killed where all is written but nothing is renamed yet."""
    script = tmp_path / "saver.py"
    script.write_text(textwrap.dedent("""
        import os, sys, numpy as np
        from gancourse.checkpoints import save_run
        from gancourse.training_loop import History, Log

        def save(step):
            save_run(sys.argv[1], {"w": np.full(1000, step, np.float32)}, History([Log(step, {})]))

        def stop_here(source, target):
            print(source, flush=True)
            sys.stdin.read()  # nothing comes: it waits to be killed

        save(1)
        os.replace = stop_here
        save(2)
    """))
    path = tmp_path / "run.safetensors"
    with subprocess.Popen([sys.executable, script, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as saver:
        half_saved = Path(saver.stdout.readline().strip())
        saver.kill()
    assert saver.returncode == -signal.SIGKILL
    assert half_saved.exists() and half_saved.parent == tmp_path and half_saved != path
    run = load_run(path)
    assert run.step == 1 and np.all(run.arrays["w"] == 1)


def test_a_full_disk_keeps_the_last_good_checkpoint(tmp_path, monkeypatch):
    path = save_run(tmp_path / "run.safetensors", {"w": np.ones(3)}, HISTORY)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_run(path, {"w": np.zeros(3)}, HISTORY)
    assert np.array_equal(load_run(path).arrays["w"], np.ones(3))
    assert not list(tmp_path.glob(".*.tmp"))


@pytest.mark.parametrize("keep", [0, 7, 60, -1])
def test_a_truncated_checkpoint_is_named(tmp_path, keep):
    path = save_run(tmp_path / "run.safetensors", {"w": np.ones(30)}, HISTORY)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match="not a checkpoint of this course, or is cut short.*delete it"):
        load_run(path)


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no checkpoint"):
        load_run(tmp_path / "none.safetensors")
