"""The folder of a run of `gancourse train`: its files, who is at work in it, its picture."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np

from gancourse import checkpoints, files
from gancourse.course.schedules import cooldown_start
from gancourse.data import to_uint8
from gancourse.data.images import encoded, tile
from gancourse.errors import CourseError

CHECKPOINT = "checkpoint.safetensors"
UNCOOLED = "before_cooldown.safetensors"  # the state in which the learning rate began to fall
RECORD = "run.json"
LOCK = ".lock"


def check_writable(folder: Path) -> None:
    """Raise OSError where no file can be made in a folder, or where that will be made."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    tempfile.TemporaryFile(dir=there).close()


@contextmanager
def hold(folder: Path, wait: bool) -> Iterator[None]:
    """Hold a run's folder, made if need be; one that was made here and stays empty is removed.

    Where another process is at work there, that is said and waited for, or CourseError says so.
    """
    lock = folder / LOCK
    made = not folder.exists()
    with ExitStack() as ends:
        if made:
            ends.callback(_remove_if_empty, folder)
        try:
            ends.enter_context(files.hold(lock, str(folder), wait=wait))
        except files.Busy as error:
            raise CourseError(f"{files.holder(lock)} is at work on {folder}: wait until that has "
                              "ended, or give another --out") from error
        try:
            yield
        finally:
            if made and folder.is_dir() and all(p.name.startswith(LOCK) for p in folder.iterdir()):
                # while it is held: whoever waits for it looks for the file again.  Windows refuses
                # this, but there the lock's release removes the file
                with suppress(OSError):
                    lock.unlink()


def before_cooldown(folder: Path, saved: checkpoints.Run, num_steps: int) -> checkpoints.Run:
    """Return where a run that is to have `num_steps` goes on from: `saved`, or before it cooled.

    The latter for a run with the schedule "cooldown" that was to be shorter.  Raises CourseError
    where that state is gone.
    """
    settings = saved.facts["settings"]
    cooled = saved.step > cooldown_start(settings["num_steps"])
    if settings.get("schedule") != "cooldown" or settings["num_steps"] >= num_steps or not cooled:
        return saved
    if not (folder / UNCOOLED).is_file():
        raise CourseError(f"{folder / UNCOOLED} is missing, from which a longer run would go on: "
                          f"give --num-steps {settings['num_steps']}, or --force to start anew")
    return checkpoints.load_run(folder / UNCOOLED)


def picture(samples: np.ndarray) -> bytes:
    """Return 64 images as one PNG, eight in a row, with white lines between them.

    `samples` are (64, height, width, channels) in [-1, 1].
    """
    return encoded(tile(to_uint8(samples), columns=8, gap=1))


def _remove_if_empty(folder: Path) -> None:
    """Remove a folder; one in which another process has just begun stays."""
    with suppress(OSError):
        folder.rmdir()
