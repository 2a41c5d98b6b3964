"""The few samples that a study keeps to be looked at: an npz file beside its table.  Lesson 14.

    write(path, read(path) | {"DCGAN": to_uint8(images)})
"""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gancourse.files import write_atomically


def read(path: Path) -> dict[str, np.ndarray]:
    """Return all arrays of a file by name; {} where there is no such file."""
    if not path.exists():
        return {}
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def write(path: Path, pictures: Mapping[str, np.ndarray]) -> None:
    """Write arrays by name, whole or not at all."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **pictures)
    write_atomically(path, buffer.getvalue())
