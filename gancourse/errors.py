"""Errors that name the fix."""

import difflib
import errno
from collections.abc import Iterable

NO_PERMISSION = "; choose a folder that you may write to"
NO_FOLDER = "; a file stands where a folder is needed"
DISK_FULL = ": make room; what was finished is kept, and the same command goes on from there"
ADVICE = {
    errno.ENOSPC: DISK_FULL, errno.EDQUOT: DISK_FULL, errno.EACCES: NO_PERMISSION,
    errno.EPERM: NO_PERMISSION, errno.EROFS: NO_PERMISSION, errno.EEXIST: NO_FOLDER,
    errno.ENOTDIR: NO_FOLDER,
}


class CourseError(ValueError):
    """An error whose message is meant for the reader: it says what is wrong and names the fix.

    The command line shows the message alone; every other exception is a fault of ours and keeps its
    traceback.
    """


class MissingFile(CourseError, FileNotFoundError):
    """A CourseError about a file or folder that is not there."""


class MissingPackage(CourseError, ImportError):
    """A CourseError about a package that is not installed; it says which pip command brings it."""


class NoConnection(CourseError, ConnectionError):
    """A CourseError about somebody who does not answer: a server, a scheduler, another process."""


def advice(error: Exception) -> str:
    """Return what to do about an error of the file system, "" for any other error.

    It is meant to stand directly after the error's message.
    """
    return ADVICE.get(getattr(error, "errno", None), "")


def unknown(kind: str, name: str, options: Iterable[str]) -> CourseError:
    """Return a CourseError that says what is unknown, the nearest right name, and all of them."""
    options = [str(option) for option in options]
    near = difflib.get_close_matches(str(name), options, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return CourseError(f"{kind} {name!r} is unknown{hint} Known: {', '.join(options)}.")


def check_range(
    name: str, value: float, low: float, high: float, include_low: bool = False
) -> None:
    """Raise CourseError unless low < value <= high (low <= value with `include_low`)."""
    above_low = value >= low if include_low else value > low
    if not (above_low and value <= high):
        bracket = "[" if include_low else "("
        interval = f"{bracket}{low}, {high}]"
        raise CourseError(f"{name}={value} is out of range: it must lie in {interval}.")


def check_choice(name: str, value: str, options: Iterable[str]) -> None:
    """Raise CourseError unless `value` is one of the options."""
    if value not in options:
        raise unknown(name, value, options)
