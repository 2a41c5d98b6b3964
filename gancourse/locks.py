"""Locks between processes: one works on a folder, the others learn who it is and wait.

    with hold(runs / ".locks/one.lock", "runs/05_dcgan_pt/default"):
        ...                                  # nobody else is in such a block now

The system frees a lock when its process dies, however it dies.
"""

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from gancourse.errors import CourseError

LOOK_AGAIN = 0.2  # seconds between two tries to get a lock


class Busy(CourseError):
    """Another process is at work where this one was asked not to wait."""


class Stopped(Exception):  # noqa: N818
    """The reader has stopped the command while this part of it ran or waited."""


@contextmanager
def hold(lock: Path, what: str, *, wait: bool = True, say: Callable[[str], None] | None = None,
         stopped: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Hold a lock while the block runs; the folder of the lock's file is made if need be.

    `what` is what the lock is for, in words.  Where another process (or thread) holds it, `say` is
    called once with a sentence that names it (by default it goes to standard error), and the lock is
    waited for.  Raises Busy with that sentence instead unless `wait`, Stopped as soon as `stopped()`
    is true while it waits, OSError when the file cannot be made.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    held, told = FileLock(lock), False
    while True:
        try:
            held.acquire(timeout=LOOK_AGAIN if told else 0, poll_interval=LOOK_AGAIN / 4)
            break
        except Timeout:
            sentence = f"{holder(lock)} is at work on {what}"
        if not wait:
            raise Busy(f"{sentence}; leave --no-wait out to wait for it")
        if not told:
            (say or _to_stderr)(f"{sentence}.  Waiting for it; Ctrl-C stops waiting.")
            told = True
        if stopped():
            raise Stopped
    try:
        owner = {"pid": os.getpid(), "host": socket.gethostname(),
                 "since": datetime.now().astimezone().isoformat(timespec="seconds"),
                 "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])}
        _owner_file(lock).write_text(json.dumps(owner), encoding="utf-8")
        yield
    finally:
        _owner_file(lock).unlink(missing_ok=True)
        held.release()


def holder(lock: Path) -> str:
    """Return in words who holds a lock: the process, its machine, and since when."""
    try:
        owner = json.loads(_owner_file(lock).read_text(encoding="utf-8"))
        since = datetime.fromisoformat(owner["since"])
        return (f"process {owner['pid']} on {owner['host']} (since {since:%H:%M:%S on %d %B}: "
                f"{owner['command']})")
    except (OSError, ValueError, KeyError, TypeError):  # it has just begun, or just ended
        return "another process"


def _owner_file(lock: Path) -> Path:
    """Where the holder of a lock writes who it is; the lock's own file stays empty."""
    return lock.with_suffix(".owner.json")


def _to_stderr(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
