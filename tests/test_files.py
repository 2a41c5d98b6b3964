"""Only one works at a time; the others learn who it is, and wait or leave.  With real processes."""

import os
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from gancourse import files

HOLD = """import sys
from pathlib import Path
from gancourse import files
with files.hold(Path(sys.argv[1]), "the folder"):
    print("held", flush=True)
    sys.stdin.read()"""


@contextmanager
def held_elsewhere(lock):
    """Another process that holds a lock until its standard input is closed, or it is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.stdin.close()


def test_the_second_is_told_who_is_at_work_and_may_leave(tmp_path):
    lock = tmp_path / "locks" / "one.lock"
    with held_elsewhere(lock) as process:
        with pytest.raises(
            files.Busy,
            match=rf"process {process.pid} on .+ \(since .+ is at work on my folder; leave ",
        ):
            with files.hold(lock, "my folder", wait=False):
                raise AssertionError("held twice")


def test_the_second_waits_until_the_first_has_ended(tmp_path):
    said = []
    with held_elsewhere(tmp_path / "lock") as process:

        def say(sentence):
            said.append(sentence)
            process.stdin.close()  # the first ends only now

        with files.hold(tmp_path / "lock", "my folder", say=say):
            assert process.wait() == 0
    assert (
        len(said) == 1 and f"process {process.pid} on " in said[0] and "Waiting for it" in said[0]
    )


def test_a_killed_process_holds_nothing(tmp_path):
    with held_elsewhere(tmp_path / "lock") as process:
        process.kill()
        process.wait()
        with files.hold(tmp_path / "lock", "my folder", wait=False):
            assert f"process {os.getpid()} on " in files.holder(tmp_path / "lock")


def test_who_waits_can_be_stopped(tmp_path):
    with held_elsewhere(tmp_path / "lock"), pytest.raises(files.Stopped):
        with files.hold(
            tmp_path / "lock", "my folder", say=lambda sentence: None, stopped=lambda: True
        ):
            raise AssertionError("held twice")


def test_threads_of_one_process_exclude_each_other_too(tmp_path):
    seen = []

    def other():
        try:
            with files.hold(tmp_path / "lock", "my folder", wait=False):
                seen.append("held twice")
        except files.Busy as error:
            seen.append(str(error))

    with files.hold(tmp_path / "lock", "my folder"):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(seen) == 1 and f"process {os.getpid()} on " in seen[0]


def test_a_lock_without_its_owner_s_name_is_said_to_be_somebody_s(tmp_path):
    assert files.holder(tmp_path / "lock") == "another process"
    (tmp_path / "lock.owner.json").write_text("{")
    assert files.holder(tmp_path / "lock") == "another process"
