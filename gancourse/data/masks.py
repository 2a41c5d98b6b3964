"""Holes in images: boxes, halves, scribbles, specks, the reader's own.  Lesson 11.

A hole is bool (height, width), True where a pixel is missing.
"""

import io
from pathlib import Path

import numpy as np

from gancourse.data.images import read_image
from gancourse.errors import CourseError, check_range, unknown
from gancourse.files import write_atomically
from gancourse.rng import stream

NAMES = ("centre", "left", "right", "top", "bottom", "scribbles", "specks")
BANK = 200  # scribbles that training draws; shifted and mirrored they make all the others


def make_holes(name: str, n: int, shape: tuple[int, ...], share: float = 0.25,
               seed: int = 0) -> np.ndarray:
    """Return n holes for images of `shape` (height, width, ...), bool (n, height, width).

    `name` is one of `NAMES`, or "file:PATH" for a picture that is white where pixels are missing.
    `share` is the share of the pixels that a named hole takes away, whatever its form, to within
    the pen's width.  Scribbles and specks differ from image to image and depend on `seed`; the
    others are the same for all.
    Raises ValueError for an unknown name, a share that leaves no hole or no image, or a file of the
    wrong size, empty, full or unreadable; FileNotFoundError where there is no such file.
    """
    kind, _, path = name.partition(":")
    if kind == "file" and path:
        return np.repeat(read_hole(path, shape)[None], n, axis=0)
    if name not in NAMES:
        raise unknown("mask", name, [*NAMES, "file:PATH"])
    check_range("share", share, 0, 0.95)
    height, width = shape[:2]
    if name == "specks":
        num_missing = max(1, round(share * height * width))
        ranks = stream("specks", seed).random((n, height * width)).argsort(1).argsort(1)
        return (ranks < num_missing).reshape(n, height, width)
    if name == "scribbles":
        return np.stack([scribble(height, width, share, stream("scribble", seed, i))
                         for i in range(n)])
    holes = np.zeros((n, height, width), bool)
    rows, columns = _box(name, height, width, share)
    holes[:, rows, columns] = True
    return holes


def scribble(height: int, width: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return a free-form hole: strokes of a round pen until `share` of the pixels are missing.

    After the masks of Yu et al. 2019 (gated convolution), with a path that bends instead of one
    that breaks.
    """
    y, x = np.ogrid[:height, :width]
    hole = np.zeros((height, width), bool)
    side = min(height, width)
    enough = share * height * width
    while np.count_nonzero(hole) < enough:
        pen = max(1.0, rng.uniform(0.04, 0.08) * side)
        at = rng.uniform(0, (height, width))
        heading = rng.uniform(0, 2 * np.pi)
        bend = rng.normal(0, 0.1)
        for _ in range(rng.integers(side // 2, 2 * side)):
            hole |= (y - at[0]) ** 2 + (x - at[1]) ** 2 <= pen**2
            heading += bend + rng.normal(0, 0.15)
            at = at + (np.sin(heading), np.cos(heading))
            is_inside = 0 <= at[0] < height and 0 <= at[1] < width
            if np.count_nonzero(hole) >= enough or not is_inside:
                break
    return hole


def training_holes(n: int, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Return n holes of every kind and size for images of `shape` (height, width, ...).

    They are bool (n, height, width), for training: half are boxes anywhere, with up to half of the
    pixels; a quarter scribbles, a quarter specks.  Each leaves something known and something
    missing.  Lesson 11.
    """
    rng = np.random.default_rng(seed)
    height, width = shape[:2]
    kind = rng.random(n)
    holes = _boxes(n, height, width, rng)
    bank = _scribbles(min(BANK, n), height, width, rng)
    scribbled = (kind >= 0.5) & (kind < 0.75)
    holes[scribbled] = bank[rng.integers(0, len(bank), scribbled.sum())]
    speckled = kind >= 0.75
    share = rng.uniform(0.1, 0.75, (speckled.sum(), 1, 1))
    holes[speckled] = rng.random((speckled.sum(), height, width)) < share
    useless = holes.all((1, 2)) | ~holes.any((1, 2))  # on tiny images: all is missing, or nothing
    holes[useless] = make_holes("centre", 1, shape)
    return holes


def read_hole(path: str | Path, shape: tuple[int, ...]) -> np.ndarray:
    """Return the hole that a picture shows: white where pixels are missing, black where known.

    Raises FileNotFoundError, or ValueError when the file is no picture or does not fit images of
    `shape`.
    """
    hole = read_image(path).mean(2) >= 128
    try:
        return check_hole(hole, shape)
    except ValueError as error:
        raise CourseError(f"mask file {str(path)!r}: {error}") from error


def check_hole(hole: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a hole if it fits images of `shape`; else raise ValueError that names the fix."""
    height, width = shape[:2]
    if hole.shape != (height, width):
        raise CourseError(f"it is {hole.shape[1]} x {hole.shape[0]} pixels, the images are {width} "
                          f"x {height}: scale it to {width} x {height}, one pixel of it for each "
                          "of theirs")
    if not hole.any():
        raise CourseError("nothing is missing: paint white what is to be filled (all of it is "
                          "dark)")
    if hole.all():
        raise CourseError("everything is missing: leave some pixels black, they are the only thing "
                          "to go by")
    return hole


def save_hole(path: str | Path, hole: np.ndarray) -> None:
    """Write a hole as a picture that `read_hole` reads: white where pixels are missing."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.where(hole, 255, 0).astype(np.uint8)).save(buffer, "PNG")
    write_atomically(path, buffer.getvalue())


def _box(name: str, height: int, width: int, share: float) -> tuple[slice, slice]:
    """The rows and columns of a named box; at least one of each is missing, and one is known."""
    part = share**0.5 if name == "centre" else share  # of a side
    rows = max(1, min(round(part * height), height - 1))
    columns = max(1, min(round(part * width), width - 1))
    top = (height - rows) // 2
    left = (width - columns) // 2
    boxes = {
        "centre": np.s_[top : top + rows, left : left + columns],
        "top": np.s_[:rows, :],
        "bottom": np.s_[height - rows :, :],
        "left": np.s_[:, :columns],
        "right": np.s_[:, width - columns :],
    }
    return boxes[name]


def _boxes(n: int, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Boxes anywhere, bool (n, height, width), each with up to half of the pixels."""
    tall = rng.uniform(0.15, 1.0, n)  # all four are shares of the image's height or width
    wide = np.minimum(rng.uniform(0.15, 1.0, n), 0.5 / tall)
    top = rng.uniform(0, 1 - tall)
    left = rng.uniform(0, 1 - wide)
    in_rows = _between((np.arange(height) + 0.5) / height, top, tall)
    in_columns = _between((np.arange(width) + 0.5) / width, left, wide)
    return in_rows[:, :, None] & in_columns[:, None, :]


def _between(places: np.ndarray, start: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Which of the places (m,) lie in each stretch: bool (n, m)."""
    end = start + length
    return (places >= start[:, None]) & (places < end[:, None])


def _scribbles(num: int, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """`num` scribbles of 10 to 50 % of the pixels, each eight times, shifted and mirrored."""
    drawn = [scribble(height, width, rng.uniform(0.1, 0.5), rng) for _ in range(num)]
    bank = []
    for hole in drawn * 8:
        shifted = np.roll(hole, rng.integers(0, (height, width)), (0, 1))
        up_or_down = rng.choice((-1, 1))
        left_or_right = rng.choice((-1, 1))
        bank.append(shifted[::up_or_down, ::left_or_right])
    return np.stack(bank)
