"""Every data set of the course by name: `load("strokes")`, `load_sounds("speech")`.

Their cards: data/README.md.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from gancourse.data import loaders
from gancourse.data.images import resize
from gancourse.data.loaders import Dataset, Sounds, cache_folder
from gancourse.errors import CourseError, MissingFile, check_range, unknown

__all__ = [
    "DATASETS", "FILES", "SOUNDS", "Dataset", "Sounds", "cache_folder", "check_name", "load",
    "load_sounds", "to_float", "to_uint8",
]

DATASETS: dict[str, Callable[[int, int, int], Dataset]] = {  # of num, resolution and seed
    "strokes": loaders.strokes,
    "faces": loaders.faces,
    "landscapes": loaders.landscapes,
    "digits": loaders.digits,
    "mnist": loaders.mnist,
    "fashion_mnist": loaders.fashion_mnist,
    "cifar10": loaders.cifar10,
}
FILES: dict[str, Callable[[str, int, int], Dataset]] = {  # of path, resolution and seed
    "folder": loaders.image_folder,
    "npz": loaders.npz_file,
}
FEWEST = 3  # images of the reader's own
SOUNDS: dict[str, Callable[[int, int], Sounds]] = {"speech": loaders.speech}  # of num and seed


def load(name: str, *, num: int = 0, resolution: int = 0, seed: int = 0) -> Dataset:
    """Return a data set by name: one of DATASETS, "folder:PATH" or "npz:PATH".

    `num` keeps that many training images (0: all; of strokes, faces and landscapes, 20,000).
    `resolution` is the side in pixels (0: the set's own; 28 for strokes, 32 for faces, landscapes
    and a folder).  `seed` draws the strokes, the faces and the landscapes, and the tenth that is
    kept for testing of a folder, or of a file without test images.  Sets that are not embedded are
    downloaded once, checked by sha256, into `cache_folder()`.
    Raises ValueError for an unknown name (naming the nearest), a bad number, a damaged file or
    fewer than three images of the reader's own, FileNotFoundError for a missing path,
    ConnectionError when a download is needed and fails.
    """
    check_range("num", num, 0, 10**8, include_low=True)
    check_range("resolution", resolution, 0, 1024, include_low=True)
    check_name(name)
    if name in SOUNDS:
        raise CourseError(f"dataset {name!r} holds sounds, for lesson 12; sets of images are "
                          f"{', '.join(DATASETS)}")
    kind, _, path = name.partition(":")
    if path:
        dataset = FILES[kind](path, resolution, seed)
        count = len(dataset.x_train) + len(dataset.x_test)
        if count < FEWEST:
            raise CourseError(f"{name!r} gives {count} image{'s' * (count > 1)}; it needs {FEWEST} "
                              "at least, two to learn from and one to test with")
    else:
        dataset = DATASETS[name](num, resolution, seed)
    if resolution:
        dataset = replace(dataset, x_train=resize(dataset.x_train, resolution),
                          x_test=resize(dataset.x_test, resolution))
    if num and num < len(dataset.x_train):
        dataset = replace(dataset, x_train=dataset.x_train[:num], y_train=dataset.y_train[:num])
    return dataset


def load_sounds(name: str, *, num: int = 0, seed: int = 0) -> Sounds:
    """Return a set of sounds by name: "speech", or "folder:PATH" of wav files or a zip of them.

    Clips of 4,096 samples at 8,000 a second, as `audio.read_folder` cuts them.  `num` keeps that
    many training clips (0: all; of speech, 3,000).  `seed` draws the speech and splits a folder: a
    sixth of it, 500 clips at most, is kept for testing.  Raises ValueError for an unknown name, a
    bad number or too few files, FileNotFoundError for a missing path.  Lesson 12.
    """
    check_range("num", num, 0, 10**6, include_low=True)
    if name in SOUNDS:
        return SOUNDS[name](num, seed)
    kind, _, path = name.partition(":")
    if kind != "folder" or not path:
        raise unknown("set of sounds", name, [*SOUNDS, "folder:PATH"])
    return loaders.sound_folder(path, num, seed)


def check_name(name: str) -> None:
    """Raise ValueError for an unknown data set, FileNotFoundError for a path that leads nowhere.

    Loads nothing.
    """
    kind, _, path = name.partition(":")
    names_a_file = kind in FILES and path
    if not names_a_file and name not in DATASETS | SOUNDS:
        raise unknown("dataset", name, [*DATASETS, *SOUNDS, *(f"{kind}:PATH" for kind in FILES)])
    if path and not Path(path).expanduser().exists():
        raise MissingFile(f"there is no file or folder {path!r}: give dataset={kind}:PATH with one "
                          "that exists")


def to_float(x: np.ndarray) -> np.ndarray:
    """Return uint8 images 0..255 as float32 in [-1, 1]; float images pass."""
    return x.astype(np.float32) / 127.5 - 1 if x.dtype == np.uint8 else x


def to_uint8(x: np.ndarray) -> np.ndarray:
    """Return float images in [-1, 1] as uint8 0..255, rounded and clipped; uint8 images pass."""
    return x if x.dtype == np.uint8 else np.clip(np.rint((x + 1) * 127.5), 0, 255).astype(np.uint8)
