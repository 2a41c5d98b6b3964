"""Holes in images: boxes, halves, scribbles, specks, the reader's own.  True where a pixel is missing.  Lesson 11."""

import io
from pathlib import Path

import numpy as np

from gancourse.data.images import read_image
from gancourse.errors import CourseError, check_range, unknown
from gancourse.files import write_atomically
from gancourse.rng import stream

NAMES = ("centre", "left", "right", "top", "bottom", "scribbles", "specks")
BANK = 200  # scribbles that training draws; turned, mirrored and shifted they make all the others


def make_holes(name: str, n: int, shape: tuple[int, ...], share: float = 0.25, seed: int = 0) -> np.ndarray:
    """Return n holes for images of `shape` (height, width, ...), bool (n, height, width), True where missing.

    `name` is one of `NAMES`, or "file:PATH" for a picture that is white where pixels are missing.  `share` is
    the share of the pixels that a named hole takes away, whatever its form, to within the pen's width.  Scribbles
    and specks differ from image to image and depend on `seed`; the others are the same for all.
    Raises ValueError for an unknown name, a share that leaves no hole or no image, or a file of the wrong size,
    empty, full or unreadable; FileNotFoundError where there is no such file.  Lesson 11.
    """
    kind, _, path = name.partition(":")
    if kind == "file" and path:
        return np.repeat(read_hole(path, shape)[None], n, axis=0)
    if name not in NAMES:
        raise unknown("mask", name, [*NAMES, "file:PATH"])
    check_range("share", share, 0, 0.95)
    height, width = shape[:2]
    hole = np.zeros((n, height, width), bool)
    if name == "specks":
        missing = max(1, round(share * height * width))
        ranks = stream("specks", seed).random((n, height * width)).argsort(1).argsort(1)
        return (ranks < missing).reshape(hole.shape)
    if name == "scribbles":
        return np.stack([scribble(height, width, share, stream("scribble", seed, i)) for i in range(n)])
    part = share**0.5 if name == "centre" else share  # of a side; a pixel at least is missing, and one is known
    rows, columns = (max(1, min(round(part * side), side - 1)) for side in (height, width))
    top, left = (height - rows) // 2, (width - columns) // 2
    box = {"centre": np.s_[:, top : top + rows, left : left + columns], "top": np.s_[:, :rows],
           "bottom": np.s_[:, height - rows :], "left": np.s_[:, :, :columns], "right": np.s_[:, :, width - columns :]}
    hole[box[name]] = True
    return hole


def scribble(height: int, width: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return a free-form hole, bool (height, width): strokes of a round pen until `share` of the pixels are missing.

    After the masks of Yu et al. 2019 (gated convolution), with a path that bends instead of one that breaks.
    """
    y, x = np.ogrid[:height, :width]
    hole, side, enough = np.zeros((height, width), bool), min(height, width), share * height * width
    while np.count_nonzero(hole) < enough:
        pen = max(1.0, rng.uniform(0.04, 0.08) * side)
        at, heading, bend = rng.uniform(0, (height, width)), rng.uniform(0, 2 * np.pi), rng.normal(0, 0.1)
        for _ in range(rng.integers(side // 2, 2 * side)):
            hole |= (y - at[0]) ** 2 + (x - at[1]) ** 2 <= pen**2
            heading += bend + rng.normal(0, 0.15)
            at = at + (np.sin(heading), np.cos(heading))
            if np.count_nonzero(hole) >= enough or not (0 <= at[0] < height and 0 <= at[1] < width):
                break
    return hole


def training_holes(n: int, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Return n holes of every kind and size for images of `shape` (height, width, ...), bool (n, height, width).

    For training: half are boxes anywhere, with up to half of the pixels; a quarter scribbles, a quarter specks.
    Each leaves something known and something missing.  Lesson 11.
    """
    rng, (height, width) = np.random.default_rng(seed), shape[:2]
    kind = rng.random(n)
    tall = rng.uniform(0.15, 1.0, n)
    wide = np.minimum(rng.uniform(0.15, 1.0, n), 0.5 / tall)
    y0, x0 = rng.uniform(0, 1 - tall), rng.uniform(0, 1 - wide)
    y, x = (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width
    inside = lambda axis, low, size: (axis >= low[:, None]) & (axis < (low + size)[:, None])
    holes = inside(y, y0, tall)[:, :, None] & inside(x, x0, wide)[:, None, :]
    bank = [scribble(height, width, rng.uniform(0.1, 0.5), rng) for _ in range(min(BANK, n))]
    flip = lambda: slice(None, None, rng.choice((-1, 1)))
    bank = np.stack([np.roll(b, rng.integers(0, (height, width)), (0, 1))[flip(), flip()] for b in bank * 8])
    free = (kind >= 0.5) & (kind < 0.75)
    holes[free] = bank[rng.integers(0, len(bank), free.sum())]
    specks = kind >= 0.75
    missing = rng.uniform(0.1, 0.75, (specks.sum(), 1, 1))
    holes[specks] = rng.random((specks.sum(), height, width)) < missing
    bad = holes.all((1, 2)) | ~holes.any((1, 2))  # tiny images: no hole, or nothing but a hole
    holes[bad] = make_holes("centre", 1, shape)
    return holes


def read_hole(path: str | Path, shape: tuple[int, ...]) -> np.ndarray:
    """Return the hole that a picture shows, bool (height, width): white where pixels are missing, black where known.

    Raises FileNotFoundError, or ValueError when the file is no picture or does not fit images of `shape`.
    """
    hole = read_image(path).mean(2) >= 128
    try:
        return check_hole(hole, shape)
    except ValueError as error:
        raise CourseError(f"mask file {str(path)!r}: {error}") from error


def check_hole(hole: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a hole, bool (height, width), if it fits images of `shape`; else raise ValueError that names the fix."""
    height, width = shape[:2]
    if hole.shape != (height, width):
        raise CourseError(f"it is {hole.shape[1]} x {hole.shape[0]} pixels, the images are {width} x {height}: "
                          f"scale it to {width} x {height}, one pixel of it for each of theirs")
    if not hole.any():
        raise CourseError("nothing is missing: paint white what is to be filled (all of it is dark)")
    if hole.all():
        raise CourseError("everything is missing: leave some pixels black, they are the only thing to go by")
    return hole


def save_hole(path: str | Path, hole: np.ndarray) -> None:
    """Write a hole, bool (height, width), as a picture that `read_hole` reads: white where pixels are missing."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.where(hole, 255, 0).astype(np.uint8)).save(buffer, "PNG")
    write_atomically(path, buffer.getvalue())
