"""Trees and buildings of a landscape, painted on a whole group of them at once.

What a group `p` holds: `landscape_parts`.  Walls and windows stand on a grid of 32 x 32 places, so
that they are crisp at 32 and at 64 pixels.
"""

from types import SimpleNamespace

import numpy as np

from gancourse.data.synthetic.landscape_parts import (
    axes,
    blend,
    column,
    cover,
    either,
    evenly,
    split,
    stripes,
)
from gancourse.data.synthetic.soft_shapes import only

WALLS = np.array([(244, 236, 220), (232, 190, 112), (206, 92, 76), (116, 150, 178),
                  (168, 190, 140)], np.float32)
ROOFS = np.array([(178, 84, 60), (128, 70, 62), (96, 96, 112), (248, 250, 255)],
                 np.float32)  # the last under snow
WOOD, DARK_WOOD, TRUNK = np.array([(156, 104, 66), (96, 62, 46), (84, 62, 50)], np.float32)
FACADES = np.array([(176, 184, 200), (112, 140, 176), (190, 150, 130), (132, 132, 150)], np.float32)
LAMP = np.array([(255, 214, 110)], np.float32)
HOUSES, FAR_TREES = 5, 5
GRID = 32


def on_grid(x: np.ndarray) -> np.ndarray:
    """The nearest of 32 places."""
    return np.rint(x * GRID) / GRID


def box(p: SimpleNamespace, left, right, top, bottom, colour) -> None:
    """Paint an upright rectangle; its edges are columns (n, 1, 1)."""
    if not len(p.rows):
        return
    side = p.canvas.shape[-1]
    rows, y, x = axes(p, np.min(top) - 0.04, np.max(bottom) + 0.04)
    half = 0.5 / side
    across = np.clip((np.minimum(x + half, right) - np.maximum(x - half, left)) * side, 0, 1)
    down = np.clip((np.minimum(y + half, bottom) - np.maximum(y - half, top)) * side, 0, 1)
    blend(p, rows, across * down, colour)


def gable(p: SimpleNamespace, middle, half, top, bottom, colour) -> None:
    """Paint a triangle that stands on its longest side."""
    if not len(p.rows):
        return
    side = p.canvas.shape[-1]
    rows, y, x = axes(p, np.min(top) - 0.04, np.max(bottom) + 0.04)
    slope = half / (bottom - top)
    outside = (np.abs(x - middle) - slope * (y - top)) / np.sqrt(1 + slope * slope)
    blend(p, rows, np.minimum(cover(outside, side), cover(y - bottom, side)), colour)


def placed(p: SimpleNamespace, **columns: np.ndarray) -> SimpleNamespace:
    """The same group with more columns (n, 1, 1): where a thing stands and how large it is."""
    full = {name: np.asarray(value, np.float32) for name, value in columns.items()}
    return SimpleNamespace(**vars(p) | {name: value + 0 * p.time for name, value in full.items()})


def far_trees(p: SimpleNamespace) -> None:
    """Five small ones where the hills begin, each in an upright stripe of its own."""
    _, _, x = axes(p)
    across, down, tall = split(p.tree, FAR_TREES)
    tone = p.tree[:, 3 * FAR_TREES : 4 * FAR_TREES]
    foot = p.ground - 0.04 + 0.04 * stripes(down, x)
    trees(placed(p, at=stripes(evenly(across, 0.3), x), foot=foot,
                 tall=0.1 + 0.06 * stripes(tall, x), tone=stripes(tone, x), mist=0.15))


def large_trees(p: SimpleNamespace) -> None:
    """One or two at the side, near to us; the second one stands a little behind."""
    for i in (1, 0):
        some = only(p, column(p.tree, 28) > 0.5 * i)
        edge = 0.1 + 0.18 * i + 0.05 * column(some.tree, 24 + i)
        size = (1.0, 0.6)[i] * (0.46 + 0.16 * column(some.tree, 26 + i))
        trees(placed(some, at=np.where(some.side < 0.5, edge, 1 - edge), foot=0.94 - 0.04 * i,
                     tall=size, tone=column(some.tree, 29 + i), mist=0))


def trees(p: SimpleNamespace) -> None:
    """A tree for each landscape that has any: firs or leafy ones."""
    firs(only(p, p.trees == 1))
    leafy(only(p, p.trees == 2))


def firs(p: SimpleNamespace) -> None:
    """A fir: three tiers of branches, in winter with snow on them."""
    if not len(p.rows):
        return
    side = p.canvas.shape[-1]
    rows, y, x = axes(p, np.min(p.foot - p.tall) - 0.04, np.max(p.foot) + 0.04)
    box(p, p.at - 0.03 * p.tall, p.at + 0.03 * p.tall, p.foot - 0.15 * p.tall, p.foot,
        TRUNK * p.light)
    down = (y - p.foot + p.tall) / (0.9 * p.tall)  # 0 at the tip, 1 at the lowest branch
    tier = down * 3 % 1
    half = p.tall * (0.05 + 0.2 * down) * (0.62 + 0.38 * tier)
    inside = np.maximum((np.abs(x - p.at) - half) * 0.9, np.abs(down - 0.5) * p.tall * 0.9
                        - 0.45 * p.tall)
    shade = 0.85 + 0.3 * p.tone - 0.3 * tier
    lit = either((x - p.at) * (p.sun_x - p.at) > 0, 1.12, 0.9)
    colour = p.needles[..., None, None] * (shade * lit)[:, None]
    if p.mist.any():
        colour += p.mist[:, None] * (p.haze[..., None, None] - colour)
    blend(p, rows, cover(inside, side), colour)


def leafy(p: SimpleNamespace) -> None:
    """A trunk and a crown of four round heaps of leaves, lighter towards the sun."""
    if not len(p.rows):
        return
    side = p.canvas.shape[-1]
    rows, y, x = axes(p, np.min(p.foot - p.tall) - 0.06, np.max(p.foot) + 0.04)
    box(p, p.at - 0.04 * p.tall, p.at + 0.04 * p.tall, p.foot - 0.5 * p.tall, p.foot,
        TRUNK * p.light)
    to_sun = either(p.sun_x > p.at, 1, -1)
    lean = 0.1 * (p.tone - 0.5) * p.tall
    for u, v, radius, bright in ((-0.2, 0.5, 0.2, 0.82), (0.2, 0.52, 0.2, 0.86),
                                 (0.0, 0.64, 0.27, 0.96), (0.1, 0.73, 0.16, 1.14)):
        across = x - p.at - (u * to_sun * p.tall + lean)
        below = y - p.foot + v * p.tall
        apart = np.sqrt(across * across + below * below)
        colour = p.leaves[..., None, None] * (bright * (0.9 + 0.2 * p.tone))[:, None]
        colour = colour + p.mist[:, None] * (p.haze[..., None, None] - colour)
        blend(p, rows, cover(apart - radius * p.tall, side), colour)


def hut(p: SimpleNamespace) -> None:
    """A wooden hut with a lit window, a door, a chimney and its smoke."""
    some = only(p, p.building == 1)
    side = p.canvas.shape[-1]
    at, foot = on_grid(some.place), on_grid(some.ground)
    half, wall, roof = 4 / GRID, 4 / GRID, 5 / GRID
    light = some.light
    rows, y, x = axes(some, 0.1, 0.7)
    drift = 0.05 * (column(some.house, 23) - 0.5)
    for i in range(3):
        rise = foot - wall - roof - 0.02 - 0.055 * i
        apart = np.sqrt((x - at - 2.5 / GRID - drift * (1 + i) * i) ** 2 + (y - rise) ** 2)
        blend(some, rows, cover(apart - 0.022 - 0.012 * i, side) * (0.6 - 0.17 * i),
              some.haze * 0.5 + 120 * light)
    box(some, at + 2 / GRID, at + 3 / GRID, foot - wall - roof + 1 / GRID, foot - wall,
        DARK_WOOD * light)
    box(some, at - half, at + half, foot - wall, foot, WOOD * light)
    roofs = np.where((some.season == 3)[:, 0], ROOFS[-1], ROOFS[(some.house[:, 0] * 3).astype(int)])
    gable(some, at, half + 1.5 / GRID, foot - wall - roof, foot - wall + 0.5 / GRID, roofs * light)
    box(some, at - 3 / GRID, at - 1 / GRID, foot - 3 / GRID, foot - 1 / GRID, LAMP)
    box(some, at + 1 / GRID, at + 3 / GRID, foot - 3 / GRID, foot, DARK_WOOD * light)


def houses(p: SimpleNamespace) -> None:
    """A row of five houses in five colours, gable beside gable."""
    some = only(p, p.building == 2)
    _, _, x = axes(p)
    wide = 5 / GRID
    foot = on_grid(some.ground)
    start = on_grid(some.place - 0.5 * HOUSES * wide)

    def each(values):
        return stripes(values, x, start, wide)

    order = (np.arange(HOUSES) * 2 + np.floor(some.house[:, 22:23] * 5)).astype(int) % HOUSES
    left = start + wide * np.clip(np.floor((x - start) / wide), 0, HOUSES - 1)
    wall = foot - (4 + each(np.rint(2 * some.house[:, :5]))) / GRID
    roof = wall - (3 + each(np.rint(some.house[:, 5:10]))) / GRID
    walls = np.concatenate([each(WALLS[order][..., i]) for i in range(3)], axis=1)[:, :, None]
    kinds = np.where(some.season[:, :, 0] == 3, len(ROOFS) - 1,
                     np.floor(some.house[:, 10:15] * (len(ROOFS) - 1))).astype(int)
    roofs = np.concatenate([each(ROOFS[kinds][..., i]) for i in range(3)], axis=1)[:, :, None]
    light = some.light[..., None, None]
    box(some, left, left + wide, wall, foot, walls * light)
    gable(some, left + 0.5 * wide, 0.5 * wide, roof, wall, roofs * light)
    for shift in (1, 3):
        box(some, left + shift / GRID, left + (shift + 1) / GRID, wall + 1 / GRID,
            wall + 2.2 / GRID, some.window)


def towers(p: SimpleNamespace) -> None:
    """A skyline: high towers, some with a mast, and lower ones before them; lit windows."""
    some = only(p, p.building == 3)
    if not len(some.rows):
        return
    _, _, x = axes(p)
    foot = on_grid(some.ground)
    for i, (k, wide, low, high) in enumerate(((4, 7 / GRID, 7, 7), (6, 4 / GRID, 3, 5))):
        tall, tone, narrow, lit = (some.tower[:, 16 * i + k * j : 16 * i + k * j + k]
                                   for j in range(4))
        start = on_grid(some.place - (0.5 * k - 0.2 * (1 - i)) * wide)

        def each(values, start=start, wide=wide):
            return stripes(values, x, start, wide)

        cell = np.clip(np.floor((x - start) / wide), 0, k - 1)
        left = start + wide * cell
        right = left + wide - (each(np.rint(narrow)) + 1 - i) / GRID
        central = np.arange(k, dtype=np.float32) - 0.5 * (k - 1)
        middle = 1 - np.abs(central) / (0.5 * k)
        top = foot - each(np.rint(low + high * tall + (1 - i) * 3 * middle)) / GRID
        kinds = np.floor(tone * len(FACADES)).astype(int)
        walls = np.concatenate([each(FACADES[kinds][..., c]) for c in range(3)], axis=1)[:, :, None]
        colour = walls * some.light[..., None, None] * (0.8 + 0.14 * i)
        colour += (0.3 - 0.22 * i) * (some.haze[..., None, None] - colour)
        if i == 0:
            mast = either(each(tone) > 0.5, 3, 0) / GRID
            box(some, left + 2 / GRID, left + 2.5 / GRID, top - mast, top, colour)
        box(some, left, right, top, foot, colour)
        lights(some, left, right, top, foot, each(lit))


def lights(p: SimpleNamespace, left, right, top, foot, lit: np.ndarray) -> None:
    """The windows of towers: dark by day, and else three in five are lit."""
    side = p.canvas.shape[-1]
    rows, y, x = axes(p, np.min(top), np.max(foot))
    half = 0.5 / side
    across = pulse((x + half - left) * GRID - 1) - pulse((x - half - left) * GRID - 1)
    down = pulse((y + half - foot) * GRID) - pulse((y - half - foot) * GRID)
    within = (x > left) & (x < right) & (y > top + 1 / GRID) & (y < foot - 1 / GRID)
    cell = np.floor((x - left) * GRID / 2) * 0.37 + np.floor((y - foot) * GRID / 2) * 0.61 + lit
    on = np.where(p.time == 0, np.float32(0.75), either((cell * cell * 7.3) % 1 < 0.62, 1, 0))
    blend(p, rows, (across * down * (side / GRID) ** 2) * within * on, p.window)


def pulse(x: np.ndarray) -> np.ndarray:
    """The integral of a row of windows: one of width 1 at each even place."""
    turns = np.floor(x / 2)
    return turns + np.minimum(x - 2 * turns, 1)


BEHIND = (far_trees, hut, houses, towers)  # the water mirrors them
IN_FRONT = (large_trees,)
