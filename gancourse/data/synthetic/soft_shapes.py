"""Shapes with soft edges, painted on a group of cartoon faces at once.

A shape is a signed distance (negative inside), which becomes the share of each pixel that it
covers.  Lengths are in half sides of the image.  A face has coordinates of its own: from the middle
of the head, u to the right and v down, tilted with it.

A group is a namespace `p`: columns (n, 1, 1) of attributes, among them x and y, the middle of the
head, and cos and sin of its tilt; colours (n, 3); the canvas, float32 (all, 3, side, side); and
rows, the group's places on it.
"""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

NECK = 0.6  # where a head tilts, in v


def only(p: SimpleNamespace, which: np.ndarray) -> SimpleNamespace:
    """Those faces of a group for which `which`, a column (n, 1, 1), is true."""
    rows = np.flatnonzero(which)
    few = {name: column[rows] for name, column in vars(p).items() if name != "canvas"}
    return SimpleNamespace(**few, canvas=p.canvas)


def paint(p: SimpleNamespace, box: tuple, colour, shape: Callable, alpha: float = 1.0) -> None:
    """Paint a part of each face of a group, inside its box only.

    The box is (half width, top, bottom) in u and v, numbers or columns (n, 1, 1); the shape gives
    the signed distance at u and v; the colour is one for all, or (n, 3).
    """
    half, top, bottom = box
    side = p.canvas.shape[-1]
    if not len(p.x):
        return
    corners = [(s * half, v - NECK) for s in (-1, 1) for v in (top, bottom)]
    across = np.concatenate([p.x + p.cos * u - p.sin * v for u, v in corners])
    down = np.concatenate([p.y + NECK + p.sin * u + p.cos * v for u, v in corners])
    columns, rows = (slice(max(0, int((at.min() + 1) / 2 * side) - 1),
                           max(0, int((at.max() + 1) / 2 * side) + 2)) for at in (across, down))
    axis = ((np.arange(side) + 0.5) * (2 / side) - 1).astype(np.float32)
    x = axis[columns] - p.x
    y = axis[rows, None] - p.y - NECK
    u = p.cos * x + p.sin * y
    v = p.cos * y - p.sin * x + NECK
    share = 0.5 - shape(u, v) * (side / 2)
    share = (np.clip(share, 0, 1, out=share) * alpha)[:, None]
    everyone = len(p.rows) == len(p.canvas)
    area = p.canvas[slice(None) if everyone else p.rows, :, rows, columns]
    change = np.reshape(np.asarray(colour, np.float32), (-1, 3, 1, 1)) - area
    change *= share
    area += change
    if not everyone:  # `area` is a copy then, not a view
        p.canvas[p.rows, :, rows, columns] = area


def ellipse(u, v, width, height) -> np.ndarray:
    """About the signed distance to an ellipse around the origin."""
    across = u / width
    down = v / height
    narrow = np.minimum(width, height, dtype=np.float32)
    return (np.sqrt(across * across + down * down) - 1) * narrow


def line(u, v, half: float, radius: float) -> np.ndarray:
    """The signed distance to a level pen stroke from -half to half, with round ends."""
    beyond = np.maximum(np.abs(u) - half, 0)
    return np.sqrt(beyond * beyond + v * v) - radius
