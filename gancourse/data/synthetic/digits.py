"""Handwriting-like digits, drawn with a virtual pen, with known slant and thickness.

Each digit has one or two skeletons of control points.  A drawing jitters the points, scales, slants
and turns the skeleton, lays a Catmull-Rom spline through it, and inks every pixel within a pen's
radius.  Any number of drawings, at any size.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gancourse.errors import CourseError

BLOCK = 500  # drawings that share a random stream: the first m of n are the same for every n >= m
PER_SEGMENT = 6  # points on the spline between two control points
SOFT = 0.035  # width of the pen's soft edge; all lengths are in units of the image's side
SKELETONS = {  # digit: variants, each a list of strokes of points (x right, y down) in [0, 1]
    0: [[[(.5, .1), (.25, .25), (.2, .5), (.27, .78), (.5, .9), (.74, .75), (.8, .5), (.73, .24),
          (.5, .1)]]],
    1: [[[(.5, .1), (.5, .37), (.5, .63), (.5, .9)]],
        [[(.35, .27), (.45, .19), (.53, .1), (.53, .37), (.53, .63), (.53, .9)]]],
    2: [[[(.24, .28), (.35, .13), (.55, .1), (.73, .22), (.7, .42), (.5, .63), (.25, .88),
          (.5, .87), (.78, .86)]],
        [[(.25, .25), (.42, .1), (.66, .15), (.7, .36), (.52, .62), (.3, .85), (.22, .78),
          (.36, .74), (.6, .87), (.8, .8)]]],
    3: [[[(.26, .2), (.45, .1), (.68, .17), (.68, .36), (.46, .47), (.7, .56), (.74, .76),
          (.52, .9), (.25, .82)]]],
    4: [[[(.38, .1), (.3, .32), (.22, .55), (.5, .56), (.8, .52)],
         [(.66, .2), (.63, .45), (.6, .7), (.58, .92)]],
        [[(.64, .92), (.64, .6), (.65, .3), (.65, .1), (.42, .36), (.2, .62), (.5, .63),
          (.82, .63)]]],
    5: [[[(.72, .12), (.5, .12), (.33, .13), (.3, .3), (.28, .45), (.48, .4), (.7, .5), (.73, .7),
          (.55, .88), (.25, .84)]]],
    6: [[[(.66, .1), (.42, .28), (.27, .55), (.28, .78), (.5, .9), (.71, .77), (.68, .58),
          (.48, .52), (.3, .68)]]],
    7: [[[(.22, .15), (.5, .14), (.77, .13), (.65, .38), (.52, .63), (.42, .9)]],
        [[(.22, .15), (.5, .14), (.77, .13), (.65, .38), (.52, .63), (.42, .9)],
         [(.35, .5), (.5, .5), (.7, .48)]]],
    8: [[[(.7, .2), (.5, .1), (.3, .2), (.35, .38), (.52, .48), (.7, .62), (.7, .82), (.5, .91),
          (.3, .82), (.3, .62), (.48, .49), (.66, .36), (.7, .2)]]],
    9: [[[(.7, .3), (.55, .11), (.33, .17), (.28, .38), (.45, .5), (.66, .4), (.71, .28), (.7, .5),
          (.66, .72), (.58, .92)]]],
}


class Strokes(NamedTuple):
    """Drawings and what was drawn."""

    images: np.ndarray     # (n, size, size, 1) uint8, ink 255 on 0
    labels: np.ndarray     # (n,) int64, the digit
    variants: np.ndarray   # (n,) int64, which skeleton of the digit
    slant: np.ndarray      # (n,) float32, shear: how far the top leans right, per unit of height
    thickness: np.ndarray  # (n,) float32, the pen's radius in units of the image's side


def strokes(n: int, size: int = 28, seed: int = 0) -> Strokes:
    """Return n drawings of random digits, `size` pixels square; a pure function of the arguments.

    The first m drawings are the same for every n >= m, and the same pens at every size.
    Raises ValueError unless n >= 1 and size >= 8.
    """
    if n < 1 or size < 8:
        raise CourseError(f"strokes needs n >= 1 and size >= 8, not n={n}, size={size}")
    blocks = [_block(np.random.default_rng((seed, start)), size) for start in range(0, n, BLOCK)]
    return Strokes(*(np.concatenate(parts)[:n] for parts in zip(*blocks, strict=True)))


def _block(rng: np.random.Generator, size: int) -> Strokes:
    """One block of drawings, grouped by skeleton so that each group is one batched computation."""
    labels = rng.integers(0, 10, BLOCK)
    num_variants = np.array([len(SKELETONS[digit]) for digit in range(10)])
    variants = rng.integers(0, num_variants[labels])
    slant = rng.uniform(-0.12, 0.3, BLOCK).astype(np.float32)
    thickness = rng.uniform(0.035, 0.07, BLOCK).astype(np.float32)
    turn = np.deg2rad(rng.uniform(-10, 10, BLOCK))
    wide = rng.uniform(0.6, 0.95, BLOCK)
    tall = rng.uniform(0.68, 0.84, BLOCK)
    scale = np.stack([wide, tall], -1)
    shift = rng.uniform(-0.04, 0.04, (BLOCK, 1, 2))
    images = np.empty((BLOCK, size, size, 1), np.uint8)
    for digit, variant, rows in _groups(labels, variants):
        curves = []
        for stroke in SKELETONS[digit][variant]:
            jitter = rng.normal(0, 0.03, (len(rows), len(stroke), 2))
            points = np.array(stroke) - 0.5 + jitter
            if stroke[0] == stroke[-1]:  # a closed loop nearly closes
                points[:, -1] = points[:, 0] + rng.normal(0, 0.02, (len(rows), 2))
            points = points * scale[rows, None]
            points[..., 0] -= slant[rows, None] * points[..., 1]
            curves.append(_spline(_turned(points, turn[rows]) + shift[rows]))
        curve = np.concatenate(curves, 1).astype(np.float32)
        images[rows] = _ink(curve, thickness[rows], size)
    return Strokes(images, labels, variants, slant, thickness)


def _groups(labels: np.ndarray, variants: np.ndarray) -> Iterator[tuple[int, int, np.ndarray]]:
    """Each skeleton with the rows that use it."""
    for digit, skeletons in SKELETONS.items():
        for variant in range(len(skeletons)):
            rows = np.flatnonzero((labels == digit) & (variants == variant))
            if len(rows):
                yield digit, variant, rows


def _turned(points: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Points (n, k, 2) turned about the origin, each drawing by its own angle in radians."""
    cosine = np.cos(angle)
    sine = np.sin(angle)
    rotation = np.stack([np.stack([cosine, sine], -1), np.stack([-sine, cosine], -1)], 1)
    return points @ rotation


def _spline(points: np.ndarray) -> np.ndarray:
    """Points (n, k, 2) to points on the Catmull-Rom spline through them (Catmull & Rom 1974)."""
    before = 2 * points[:, :1] - points[:, 1:2]  # the curve needs a point beyond each end
    after = 2 * points[:, -1:] - points[:, -2:-1]
    p = np.concatenate([before, points, after], 1)
    t = (np.arange(PER_SEGMENT) / PER_SEGMENT)[None, None, :, None]
    a, b, c, d = (p[:, i : p.shape[1] - 3 + i, None] for i in range(4))
    square = 2 * a - 5 * b + 4 * c - d
    cube = 3 * b - a - 3 * c + d
    curve = (2 * b + (c - a) * t + square * t**2 + cube * t**3) / 2
    return np.concatenate([curve.reshape(len(points), -1, 2), points[:, -1:]], 1)


def _ink(curve: np.ndarray, radius: np.ndarray, size: int) -> np.ndarray:
    """Images (n, size, size, 1): ink where a pixel is within a pen's radius of its curve.

    Curves are (n, points, 2).  |pixel - point|^2 = |pixel|^2 - 2 pixel.point + |point|^2, so all
    distances are one matrix product.
    """
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size - 0.5
    pixels = np.stack(np.meshgrid(axis, axis, indexing="xy"), -1).reshape(-1, 2)
    weights = np.concatenate([-2 * pixels, np.ones((len(pixels), 1), np.float32)], 1).T
    points = np.concatenate([curve, (curve**2).sum(-1, keepdims=True)], -1)
    squared = (points @ weights).min(1) + (pixels**2).sum(1)
    ink = (radius[:, None] - np.sqrt(np.maximum(squared, 0))) / SOFT + 0.5
    return (np.clip(ink, 0, 1) * 255).astype(np.uint8).reshape(-1, size, size, 1)
