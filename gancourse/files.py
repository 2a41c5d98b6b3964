"""Files written whole or not at all, locks between processes, and hashes of files and of code.

    write_atomically(folder / "run.json", data)  # the whole file, or the one before it
    with hold(folder / ".lock", "runs/03_dcgan_pt/default"):
        ...  # no other process or thread is in a block with this lock
    before = file_sha256(path)  # equal for equal contents

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

POLL_INTERVAL = 0.05  # seconds between two tries to get a lock


class Busy(CourseError):
    """A lock is held by another process or thread, and the caller did not want to wait for it."""


class Stopped(Exception):  # noqa: N818
    """The reader stopped the command while this part of it ran, or waited for a lock."""


def write_atomically(path: str | Path, data: bytes) -> None:
    """Write a file whole or not at all: under a temporary name, to disk, then renamed.

    The folder is made if need be.  Raises OSError when the file cannot be written.
    """
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
    """Hold the exclusive lock of the file `lock` while the block runs.

    The file and its folder are made if need be; the file stays empty.  `what` says in words what
    the lock protects.  While another process or thread holds it, this one waits, after it has
    called `say` once with a sentence that names the holder; by default it goes to standard error.
    Raises Busy with that sentence instead of waiting unless `wait`, Stopped as soon as `stopped()`
    is true while it waits, OSError when the file cannot be made.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    file_lock = FileLock(lock)
    try:
        file_lock.acquire(timeout=0)
    except Timeout:
        sentence = f"{holder(lock)} is at work on {what}"
        if not wait:
            raise Busy(f"{sentence}; leave --no-wait out to wait for it") from None
        (say or _print_to_stderr)(f"{sentence}.  Waiting for it; Ctrl-C stops waiting.")
        try:
            file_lock.acquire(poll_interval=POLL_INTERVAL, cancel_check=stopped)
        except Timeout:  # there is no time limit: `stopped` was true
            raise Stopped from None
    try:
        owner = {"pid": os.getpid(), "host": socket.gethostname(),
                 "since": datetime.now().astimezone().isoformat(timespec="seconds"),
                 "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])}
        _owner_file(lock).write_text(json.dumps(owner), encoding="utf-8")
        yield
    finally:
        _owner_file(lock).unlink(missing_ok=True)
        file_lock.release()


def holder(lock: Path) -> str:
    """Return in words who holds a lock: the process, its machine, since when, and its command.

    "another process" where nothing is known about it.
    """
    try:
        owner = json.loads(_owner_file(lock).read_text(encoding="utf-8"))
        since = datetime.fromisoformat(owner["since"])
        return (f"process {owner['pid']} on {owner['host']} (since {since:%H:%M:%S on %d %B}: "
                f"{owner['command']})")
    except (OSError, ValueError, KeyError, TypeError):  # it has just taken the lock, or released it
        return "another process"


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes.

    Within one process a file is read again only when its size or its time of change is another.
    Raises OSError when it cannot be read.
    """
    stat = path.stat()
    return _file_sha256(os.path.abspath(path), stat.st_mtime_ns, stat.st_size)


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder and in those below it; links count as what they lead to.

    A folder to which several paths lead is entered once, so that a link to a folder above it does
    no harm.
    """
    entered = set()
    for top, folders, names in os.walk(folder, followlinks=True):
        if os.path.realpath(top) in entered:
            folders.clear()
            continue
        entered.add(os.path.realpath(top))
        folders.sort()
        yield from filter(Path.is_file, (Path(top, name) for name in sorted(names)))


def folder_facts(folder: Path) -> dict[str, Any]:
    """Return a folder's path, files, bytes, and one sha256 over the names, sizes and contents.

    Files count by their path within the folder, in sorted order, so that the same folder elsewhere
    has the same sha256.  Raises OSError when a file cannot be read.
    """
    hasher = hashlib.sha256()
    sizes = []
    for path in sorted(files_below(folder)):
        size = path.stat().st_size
        name = path.relative_to(folder).as_posix()
        line = f"{name}\x00{size}\x00{file_sha256(path)}\n"
        hasher.update(line.encode("utf-8", "surrogateescape"))
        sizes.append(size)
    return {
        "path": os.path.abspath(folder),
        "files": len(sizes),
        "bytes": sum(sizes),
        "sha256": hasher.hexdigest(),
    }


def module_code(path: Path) -> str:
    """Return a Python file's code without its comments, docstrings and layout.

    Two versions of a module with equal code compute the same, whatever is written about them.
    Within one process a file is read again only when its size or its time of change is another.
    Raises OSError when it cannot be read, SyntaxError when it is not Python.
    """
    stat = path.stat()
    return _module_code(path, stat.st_mtime_ns, stat.st_size)


def text_sha256(text: str) -> str:
    """Return the sha256 of a text, 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _owner_file(lock: Path) -> Path:
    """Where the holder of a lock writes who it is; the lock's own file stays empty."""
    return lock.with_suffix(".owner.json")


def _print_to_stderr(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


@cache
def _file_sha256(path: str, mtime_ns: int, size: int) -> str:
    """The sha256 of a file; time and size are part of the cache's key, so a change is noticed."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _module_code(path: Path, mtime_ns: int, size: int) -> str:
    """The code for `module_code`; time and size are part of the cache's key."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(getattr(node, "body", None), list):
            statements = [line for line in node.body if not _is_text(line)]
            node.body = statements or [ast.Pass()]
    return ast.unparse(tree)


def _is_text(statement: ast.stmt) -> bool:
    """Whether a statement is a constant alone, such as a docstring."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
