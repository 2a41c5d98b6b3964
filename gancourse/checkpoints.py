"""Save and load a run: named arrays, the step, the history and some facts, in one file.

The file is a safetensors file, written under another name and then renamed: whenever the process
dies, the last complete checkpoint is there.  Nothing is unpickled, so a file from elsewhere cannot
run code.
"""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from gancourse.errors import CourseError, MissingFile
from gancourse.files import write_atomically
from gancourse.training_loop import History, Log


class Run(NamedTuple):
    """What a checkpoint holds."""

    arrays: dict[str, np.ndarray]
    history: History
    facts: dict  # plain JSON: parameters, versions

    @property
    def step(self) -> int:
        """Steps done when it was saved; training goes on from here."""
        return self.history[-1].step if self.history else 0


def save_run(path: str | Path, arrays: dict[str, np.ndarray], history: History, **facts) -> Path:
    """Write a checkpoint and return its path; the history is written beside it as CSV.  Lesson 03.

    Raises OSError (a full disk, no permission) and then leaves the previous file as it was.
    """
    path = Path(path).expanduser()
    about = {"history": [list(log) for log in history], "facts": facts}
    contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    write_atomically(path, save(contiguous, metadata={"gancourse": json.dumps(about)}))
    write_atomically(path.with_suffix(".csv"), history.csv().encode())
    return path


def load_run(path: str | Path) -> Run:
    """Read a checkpoint.

    Raises FileNotFoundError, or ValueError when the file is damaged or of another kind.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise MissingFile(f"there is no checkpoint {str(path)!r}")
    try:
        with safe_open(path, framework="np") as file:
            about = json.loads(file.metadata()["gancourse"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, TypeError, KeyError, json.JSONDecodeError) as error:
        raise CourseError(f"{str(path)!r} is not a checkpoint of this course, or is cut short "
                          f"({error}); delete it and train again") from error
    history = History(Log(step, scalars) for step, scalars in about["history"])
    return Run(arrays, history, about["facts"])
