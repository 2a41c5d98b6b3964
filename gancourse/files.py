"""Files that are whole or not there, that one process at a time works on, and that tell when they have changed.

    write_atomically(folder / "run.json", data)       # the whole file, or the one before it
    with hold(folder / ".lock", "runs/03_dcgan_pt/default"):
        ...                                           # nobody else is in such a block now
    before = file_sha256(path)                        # the same where the contents are

The system frees a lock when its process dies, however it dies.
"""

import ast
import hashlib
import json
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from gancourse.errors import CourseError

LOOK_AGAIN = 0.2  # seconds between two tries to get a lock


class Busy(CourseError):
    """Another process is at work where this one was asked not to wait."""


class Stopped(Exception):  # noqa: N818
    """The reader has stopped the command while this part of it ran or waited."""


def write_atomically(path: str | Path, data: bytes) -> None:
    """Write a file whole or not at all: to a temporary name in the same folder, to disk, then renamed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


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


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes.

    Within one process a file is read again only when its size or its time of change is another.
    Raises OSError when it cannot be read.
    """
    about = path.stat()
    return _file_sha256(os.path.abspath(path), about.st_mtime_ns, about.st_size)


def folder_facts(folder: Path) -> dict[str, Any]:
    """Return a folder's path, files, bytes, and one sha256 over the names, sizes and contents.

    Files count by their path within the folder, in sorted order, so that the same folder elsewhere
    has the same sha256.  Raises OSError when a file cannot be read.
    """
    hasher, count, size = hashlib.sha256(), 0, 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        length = path.stat().st_size
        name = path.relative_to(folder).as_posix()
        hasher.update(
            f"{name}\x00{length}\x00{file_sha256(path)}\n".encode("utf-8", "surrogateescape")
        )
        count += 1
        size += length
    return {
        "path": os.path.abspath(folder),
        "files": count,
        "bytes": size,
        "sha256": hasher.hexdigest(),
    }


def module_code(path: Path) -> str:
    """Return a Python file's code without its comments, docstrings and layout."""
    about = path.stat()
    return _without_words(path, about.st_mtime_ns, about.st_size)


def text_sha256(text: str) -> str:
    """Return the sha256 of a text, 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _owner_file(lock: Path) -> Path:
    """Where the holder of a lock writes who it is; the lock's own file stays empty."""
    return lock.with_suffix(".owner.json")


def _to_stderr(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


@cache
def _file_sha256(path: str, mtime_ns: int, size: int) -> str:
    """The sha256 of a file; the other arguments make a changed one another entry of the cache."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _without_words(path: Path, mtime_ns: int, size: int) -> str:
    """A module's code without comments, docstrings and layout; read again when it has changed."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(getattr(node, "body", None), list):
            node.body = [
                line
                for line in node.body
                if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
            ] or [ast.Pass()]
    return ast.unparse(tree)
