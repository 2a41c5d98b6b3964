"""Files of arrays, read and checked: the reader's own .npz, and idx, as MNIST is published."""

import gzip
import io
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np

from gancourse.errors import CourseError

NAMES = ("x_train", "y_train", "x_test", "y_test")
MOST_CLASSES = 100_000
UNLABELLED = "unlabelled"  # the one class of images without labels


def read_npz(path: str) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return those of x_train, y_train, x_test and y_test that an .npz file holds, and class names.

    Without labels every image has the label 0, and the one class is named "unlabelled".  Nothing is
    unpickled.  Raises ValueError when the file is none, is damaged or encrypted, or an array is
    missing.
    """
    arrays = _open_npz(path)
    if "x_train" not in arrays:
        raise CourseError(f"{path!r} has no array x_train: it must hold x_train, the images, and "
                          "may hold y_train, x_test and y_test")
    with_images = {part for part in ("train", "test") if f"x_{part}" in arrays}
    with_labels = {part for part in ("train", "test") if f"y_{part}" in arrays}
    if with_labels and with_labels != with_images:
        part = min(with_labels ^ with_images)
        missing = f"y_{part}" if part in with_images else f"x_{part}"
        raise CourseError(f"{path!r} has no array {missing}: give x_test and y_test, both or "
                          "neither, and either no labels at all or those of every image")
    if not with_labels:
        for part in with_images:
            arrays[f"y_{part}"] = np.zeros(arrays[f"x_{part}"].shape[:1], np.int64)
        return arrays, [UNLABELLED]
    labels = arrays["y_train"]
    if not np.issubdtype(labels.dtype, np.integer) or labels.max(initial=0) >= MOST_CLASSES:
        return arrays, []  # which `check_images` refuses
    return arrays, [str(label) for label in range(int(labels.max(initial=0)) + 1)]


def read_idx(path: str) -> np.ndarray:
    """Return the uint8 array of a gzipped idx file.

    It holds two zero bytes, the type 8 (uint8), the number of axes, their lengths, the data.
    Raises ValueError when it does not.
    """
    try:
        with gzip.open(path) as file:
            raw = io.BytesIO(file.read())
        zero, kind, axes = struct.unpack(">HBB", raw.read(4))
        shape = struct.unpack(f">{axes}I", raw.read(4 * axes))
        array = np.frombuffer(raw.read(), np.uint8).reshape(shape)
    except (OSError, EOFError, struct.error, ValueError) as error:
        raise CourseError(f"{path} is not a gzipped idx file, or is cut short ({error}); delete it "
                          "and retry") from error
    if zero or kind != 8:
        raise CourseError(f"{path} is not an idx file of bytes")
    return array


def check_images(name: str, what: str, x: np.ndarray,
                 y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return images and labels as a Dataset holds them; gray images get their channel axis.

    `what` is "train" or "test".  Raises ValueError, naming x_train, y_train, x_test or y_test and
    what would mend it, for any other shape or type.
    """
    if x.ndim not in (3, 4) or (x.ndim == 4 and x.shape[-1] not in (1, 3)):
        raise CourseError(f"{name}: x_{what} has shape {x.shape}; images must be (n, height, "
                          "width), (n, height, width, 1) or (n, height, width, 3)")
    if 0 in x.shape[1:] or (what == "train" and not len(x)):
        raise CourseError(f"{name}: x_{what} has shape {x.shape}; it must hold an image of at "
                          "least one pixel")
    if x.dtype != np.uint8:
        raise CourseError(f"{name}: x_{what} is {x.dtype}; images must be uint8, 0 to 255: "
                          f"{_how_to_mend(x, what)}")
    if y.shape != (len(x),) or not np.issubdtype(y.dtype, np.integer):
        raise CourseError(f"{name}: y_{what} is {y.dtype} {y.shape}; it must hold one integer for "
                          f"each of the {len(x)} images")
    if not 0 <= y.min(initial=0) <= y.max(initial=0) < MOST_CLASSES:
        wrong = y.min() if y.min() < 0 else y.max()
        raise CourseError(f"{name}: y_{what} holds the label {wrong}; number the classes from 0 on")
    with_channels = x if x.ndim == 4 else x[..., None]
    return np.ascontiguousarray(with_channels), y.astype(np.int64)


def _open_npz(path: str) -> dict[str, np.ndarray]:
    """The arrays of an .npz file whose names are in NAMES."""
    file = Path(path).expanduser()
    if not zipfile.is_zipfile(file):
        raise CourseError(f"{path!r} is not an .npz file, or is cut short: np.savez writes one")
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in NAMES if name in arrays}
    except ValueError as error:  # a pickled array, which could run code
        raise CourseError(f"{path!r} holds arrays of objects, which are not opened: save plain "
                          "numbers") from error
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise CourseError(f"{path!r} is a damaged .npz file, or is encrypted ({error}): write it "
                          "anew with np.savez") from error


def _how_to_mend(x: np.ndarray, what: str) -> str:
    """What makes x_train or x_test of another type uint8, by the range of its values."""
    if x.dtype.kind not in "fiub" or not np.isfinite(x).all():
        return "they must be finite numbers first"
    low = float(x.min()) if x.size else 0.0
    high = float(x.max()) if x.size else 255.0
    is_float = x.dtype.kind == "f"
    array = f"x_{what}" if is_float else f"x_{what}.astype(float)"  # small integers overflow
    if low >= 0 and high <= 1:
        value = f"255 * {array}"
    elif low >= -1 and high <= 1:
        value = f"127.5 * ({array} + 1)"
    elif low >= 0 and high <= 255:
        value = array
    else:
        value = f"255 * ({array} - {low:g}) / {high - low or 1:g}"
    return f"save np.rint({value}).astype(np.uint8)"
