"""Checkpoints are written seldom, one at a time, beside the training, and the newest is never lost."""

import threading

import pytest

from gancourse.course.snapshots import Saver


class Disk:
    """Where snapshots go: what was written, and how many writes ran at once at most."""

    def __init__(self):
        self.written, self.most, self._now = [], 0, 0
        self.free, self.begun = threading.Event(), threading.Event()
        self.free.set()

    def write(self, what):
        self._now += 1
        self.most = max(self.most, self._now)
        self.begun.set()
        assert self.free.wait(60)
        self.written.append(what)
        self._now -= 1


def saver(disk, every=30, seconds=(), fetch=lambda snapshot: snapshot):
    """A saver whose clock shows `seconds` in turn, then the last of them for ever."""
    times = list(seconds) or [0.0]
    return Saver(fetch, disk.write, every, clock=lambda: times.pop(0) if len(times) > 1 else times[0])


def settled(s):
    """Wait until the write under way has ended."""
    s._writing.result(60)


def test_the_first_snapshot_is_written_then_one_in_thirty_seconds_then_the_last():
    disk, now = Disk(), [0.0]
    with Saver(lambda snapshot: snapshot, disk.write, 30, clock=lambda: now[0]) as s:
        for second in range(0, 70, 5):  # a log every five seconds
            now[0] = second
            s.keep(second)
            settled(s)
    assert disk.written == [0, 30, 60, 65]


def test_every_snapshot_is_written_where_no_time_need_pass():
    disk = Disk()
    with saver(disk, every=0) as s:
        for k in range(3):
            s.keep(k)
            settled(s)
    assert disk.written == [0, 1, 2]


def test_no_two_writes_run_at_once_and_the_newest_is_written_last():
    """The first write lasts as long as the training: the snapshots in between are passed over."""
    disk = Disk()
    disk.free.clear()
    with saver(disk, every=0) as s:
        for k in range(5):
            s.keep(k)
        assert disk.begun.wait(60) and disk.written == []
        disk.free.set()
    assert disk.written == [0, 4] and disk.most == 1


def test_snapshots_are_fetched_by_the_thread_that_trains():
    """A copy from the GPU in another thread would break a CUDA graph that is being recorded."""
    fetched, written = [], []
    with Saver(lambda _: fetched.append(threading.current_thread()),
               lambda _: written.append(threading.current_thread()), 0) as s:
        s.keep(1)
    assert fetched == [threading.main_thread()] and threading.main_thread() not in written and len(written) == 1


@pytest.mark.parametrize("stop", [KeyboardInterrupt, FloatingPointError, ConnectionError])
def test_a_block_that_ends_early_leaves_the_newest_snapshot(stop):
    disk = Disk()
    with pytest.raises(stop), saver(disk) as s:
        s.keep("first")
        s.keep("second")
        raise stop
    assert disk.written == ["first", "second"]


def test_ctrl_c_while_a_snapshot_is_fetched_loses_nothing():
    disk, interrupts = Disk(), [KeyboardInterrupt]

    def fetch(snapshot):
        if interrupts:
            raise interrupts.pop()
        return snapshot

    with pytest.raises(KeyboardInterrupt), saver(disk, fetch=fetch) as s:
        s.keep("first")
    assert disk.written == ["first"]


def test_a_full_disk_ends_the_run_and_nothing_more_is_written():
    tries = []

    def full(snapshot):
        tries.append(snapshot)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"), Saver(lambda snapshot: snapshot, full, 0) as s:
        s.keep("first")
        with pytest.raises(OSError):
            settled(s)
        s.keep("second")
        pytest.fail("the run goes on")
    assert tries == ["first"]


def test_a_full_disk_at_the_end_is_told():
    def full(_):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"), Saver(lambda snapshot: snapshot, full, 0) as s:
        s.keep("only")


def test_a_full_disk_does_not_hide_why_the_run_stopped():
    def full(_):
        raise OSError(28, "No space left on device")

    with pytest.warns(UserWarning, match="could not be written.*No space left.*the one before it stays"), \
            pytest.raises(KeyboardInterrupt), Saver(lambda snapshot: snapshot, full, 0) as s:
        s.keep("only")
        raise KeyboardInterrupt
