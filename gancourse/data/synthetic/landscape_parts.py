"""Sky, mountains, land and water of a landscape, painted on a whole group of them at once.

Lengths are in sides of the image, x from the left and y from the top.  A group is a namespace `p`,
made by `landscapes._scene`: columns (n, 1, 1) of attributes, colours (n, 3), details (n, k) from 0
to 1, the canvas, float32 (all, 3, side, side), and rows, the group's places on it.
"""

from types import SimpleNamespace

import numpy as np

from gancourse.data.synthetic.soft_shapes import only

STARS, BLOSSOMS, CLOUDS, PEAKS = 8, 6, 4, 4
ROCK, ROCK_IN_SHADE = np.array([(150, 138, 136), (92, 90, 112)], np.float32)
SNOW, SNOW_IN_SHADE = np.array([(252, 252, 255), (168, 188, 222)], np.float32)
FLOWERS = np.array([(255, 240, 120), (255, 255, 255), (244, 120, 170)], np.float32)
FALLEN = np.array([(200, 72, 36), (236, 170, 60)], np.float32)
PATH = np.array([(222, 196, 150), (206, 214, 230)], np.float32)


def axes(p: SimpleNamespace, top: float = 0, bottom: float = 1):
    """The rows of pixels between two heights, their y (h, 1), and x (side,) of all columns."""
    side = p.canvas.shape[-1]
    first, last = max(0, int(np.floor(top * side))), min(side, int(np.ceil(bottom * side)))
    middles = ((np.arange(side) + 0.5) / side).astype(np.float32)
    return slice(first, max(first, last)), middles[first:max(first, last), None], middles


def blend(p: SimpleNamespace, rows: slice, share: np.ndarray, colour: np.ndarray) -> None:
    """Mix a colour, (n, 3) or (n, 3, h, w), into these rows by its share of a pixel (n, h, w)."""
    if not len(p.rows) or rows.start >= rows.stop:
        return
    everyone = len(p.rows) == len(p.canvas)
    area = p.canvas[slice(None) if everyone else p.rows, :, rows]
    change = np.asarray(colour, np.float32)
    change = (change.reshape(-1, 3, 1, 1) if change.ndim < 3 else change) - area
    change *= share[:, None]
    area += change
    if not everyone:  # `area` is a copy then, not a view
        p.canvas[p.rows, :, rows] = area


def cover(distance: np.ndarray, side: int) -> np.ndarray:
    """The share of a pixel that lies inside, by the signed distance (negative inside)."""
    return np.clip(0.5 - distance * side, 0, 1)


def curve(knots: np.ndarray, side: int) -> np.ndarray:
    """Smooth curves (n, 1, side) through knots (n, k) that stand evenly from left to right."""
    at = ((np.arange(side) + 0.5) * (knots.shape[1] - 1) / side).astype(np.float32)
    left = at.astype(int)
    t = at - left
    t = t * t * (3 - 2 * t)
    return (knots[:, left] + t * (knots[:, left + 1] - knots[:, left]))[:, None]


def stripes(values: np.ndarray, x: np.ndarray, start=0.0, width: float = 0.0) -> np.ndarray:
    """Spread values (n, k) over upright stripes: which of them holds at x, (n, 1, side).

    The first stripe begins at `start`, a number or a column (n, 1, 1); all are `width` wide, by
    default an equal share of the image.  What lies farther left or right takes the nearest.
    """
    k = values.shape[1]
    cell = np.floor((x - start) / (width or 1 / k)).astype(int)
    cell = np.broadcast_to(np.clip(cell, 0, k - 1), (len(values), 1, len(x)))
    return np.take_along_axis(values[:, None], cell, 2)


def either(which: np.ndarray, a: float, b: float) -> np.ndarray:
    """The number a where `which` is true, else b; float32."""
    return np.where(which, np.float32(a), np.float32(b))


def split(details: np.ndarray, k: int, start: int = 0) -> tuple[np.ndarray, ...]:
    """Three groups of k details each, (n, k), from number `start` on."""
    return tuple(details[:, at : at + k] for at in range(start, start + 3 * k, k))


def evenly(places: np.ndarray, margin: float) -> np.ndarray:
    """The middles (n, k) of k things, each somewhere within its own stripe but for a margin."""
    k = places.shape[1]
    return (np.arange(k, dtype=np.float32) + margin + (1 - 2 * margin) * places) / k


def column(details: np.ndarray, i: int) -> np.ndarray:
    """The i-th detail of each landscape, (n, 1, 1)."""
    return details[:, i, None, None]


def sky(p: SimpleNamespace) -> None:
    """From the zenith's colour to the horizon's, brighter around the sun or the moon."""
    side = p.canvas.shape[-1]
    _, y, x = axes(p)
    t = y / p.horizon
    high = np.clip(t / 0.55, 0, 1)[:, None]
    low = np.clip((t - 0.55) / 0.45, 0, 1)[:, None]
    zenith, middle, horizon = (p.sky[:, i, :, None, None] for i in range(3))
    p.canvas[:] = zenith + high * (middle - zenith) + low * (horizon - middle)
    apart = (x - p.sun_x) ** 2 + (y - p.sun_y) ** 2
    strength = either(p.time == 1, 0.8, 0.5)
    glow = 1 + apart * either(p.time == 1, 20, 50)
    blend(p, slice(0, side), strength / (glow * np.sqrt(glow)), p.glow)


def stars(p: SimpleNamespace) -> None:
    """At night, two in each of eight upright stripes."""
    some = only(p, p.time == 2)
    rows, y, x = axes(p, 0, 0.5)
    side = p.canvas.shape[-1]
    for i in range(2):
        across, down, bright = split(some.star, STARS, 3 * STARS * i)
        middle = stripes(evenly(across, 0.15), x)
        apart = np.sqrt((x - middle) ** 2 + (y - 0.46 * stripes(down, x)) ** 2)
        share = cover(apart - 0.013, side) * stripes(0.25 + 0.75 * bright * bright, x)
        blend(some, rows, share, SNOW[None])


def sun(p: SimpleNamespace) -> None:
    """The sun, large when it is low, or the moon in its phase."""
    rows, y, x = axes(p, 0, 0.65)
    side = p.canvas.shape[-1]
    radius = either(p.time == 1, 0.085, 0.068)
    disk = cover(np.sqrt((x - p.sun_x) ** 2 + (y - p.sun_y) ** 2) - radius, side)
    offset = p.phase * radius
    dark = cover(np.sqrt((x - p.sun_x - offset) ** 2 + (y - p.sun_y + 0.3 * offset) ** 2) - radius,
                 side)
    lit = np.where((p.time == 2) & (p.phase < 2), disk * (1 - dark), disk)
    blend(p, rows, lit, p.sun)


def clouds(p: SimpleNamespace) -> None:
    """Heaps with a flat base; the sun shines on them from above, at dusk from below."""
    rows, y, x = axes(p, 0, 0.45)
    side = p.canvas.shape[-1]
    for i in range(CLOUDS):
        some = only(p, p.clouds * 2 > i)
        across, down, width, shift = (column(some.puff, 8 * i + j) for j in range(4))
        base = 0.1 + 0.26 * down
        half = 0.1 + 0.12 * width
        middle = 1.1 * across - 0.05
        heap = np.zeros((len(some.rows), y.shape[0], side), np.float32)
        for j, (at, large) in enumerate(((-0.62, 0.42), (-0.22, 0.6), (0.24, 0.54), (0.66, 0.38))):
            radius = large * half * (0.8 + 0.5 * column(some.puff, 8 * i + 4 + j))
            u = (x - middle - (at + 0.2 * shift) * half) / (1.25 * radius)
            v = (y - base + 0.35 * radius) / radius
            bump = np.maximum(1 - u * u - v * v, 0)
            heap += bump * bump
        share = np.clip((heap - 0.06) * 5, 0, 1) * cover(y - base, side)
        fall = np.clip((base - y) / half * 1.4, 0, 1)[:, None]
        top, bottom = some.cloud_top[..., None, None], some.cloud_base[..., None, None]
        blend(some, rows, 0.92 * share, bottom + fall * (top - bottom))


def mountains(p: SimpleNamespace) -> None:
    """The farthest range, where it is high: rock with a side in the sun, and snow on its peaks."""
    some = only(p, p.mountains == 1)
    side = p.canvas.shape[-1]
    if not len(some.rows):
        return
    rows, y, x = axes(p, 0.05, 0.65)
    highest = np.full((len(some.rows), 1, side), -1, np.float32)
    centre = np.zeros_like(highest)
    for i in range(PEAKS):
        shift, tall, steep = (column(some.peak, 3 * i + j) for j in range(3))
        at = (i + 0.1 + 0.8 * shift) / PEAKS
        height = 0.17 + 0.2 * tall - (0.95 + 0.7 * steep) * np.abs(x - at)
        centre = np.where(height > highest, at, centre)
        highest = np.maximum(height, highest)
    highest = np.maximum(highest, 0.03) + 0.03 * (curve(some.peak[:, 12:], side) - 0.5)
    ridge = some.horizon - highest
    depth = y - ridge
    lean = 0.25 * (column(some.peak, 0) - 0.5)
    zigzag = np.abs(depth * 9 % 1 - 0.5) * 0.09 - 0.0225 + lean * depth
    to_sun = either(some.sun_x > 0.5, 1, -1)
    lit = cover(to_sun * (centre + zigzag - x), side)[:, None]
    jag = 0.05 * (np.abs(x * 13 % 1 - 0.5) - 0.25)
    line = some.horizon - either(some.season == 3, 0.1, 0.21) + jag
    snow = cover(y - line, side)[:, None]
    moonlit = either(some.time == 2, 1.35, 1)  # or nobody would see them
    light = some.light[..., None, None] * moonlit[:, None]
    bright = ROCK[:, None, None] + snow * (SNOW - ROCK)[:, None, None]
    dim = ROCK_IN_SHADE[:, None, None] + snow * (SNOW_IN_SHADE - ROCK_IN_SHADE)[:, None, None]
    warm = some.glow[..., None, None] / 255
    colour = light * (dim + lit * (bright * (0.6 + 0.4 * warm) - dim))
    mist = np.clip(0.22 + 1.5 * depth, 0.22, 0.8)[:, None]
    colour += mist * (some.haze[..., None, None] - colour)
    blend(some, rows, cover(ridge - y, side), colour)


def hills(p: SimpleNamespace) -> None:
    """One to three ranges of hills, or fewer by one before mountains; far ones are hazy."""
    side = p.canvas.shape[-1]
    rows, y, _ = axes(p, 0.25, 0.68)
    for i in range(3):  # from far to near
        some = only(p, (p.ranges >= 2 - i) & ((p.mountains == 0) | (p.ranges > 2 - i)))
        knots = some.hill[:, 12 * i : 12 * i + 5]
        fine = some.hill[:, 12 * i + 5 : 12 * i + 12]
        height = (0.03 + (0.16, 0.12, 0.07)[i] * curve(knots, side)
                  + 0.025 * (curve(fine, side) - 0.5))
        ridge = some.horizon - height
        mist = np.clip((0.62, 0.42, 0.2)[i] + 1.2 * (y - ridge), 0, 0.8)[:, None]
        colour = some.forest[..., None, None] * (1.0, 0.92, 0.85)[i]
        blend(some, rows, cover(ridge - y, side),
              colour + mist * (some.haze[..., None, None] - colour))


def land(p: SimpleNamespace) -> None:
    """The plain below the hills, in three waves from pale to rich."""
    side = p.canvas.shape[-1]
    rows, y, _ = axes(p, 0.45, 1)
    for i, (below, tall, mist, dark) in enumerate((
            (0.0, 0.015, 0.3, 1.0), (0.075, 0.03, 0.12, 0.94), (0.19, 0.06, 0.0, 0.88))):
        edge = p.horizon + below + tall * (curve(p.mound[:, 5 * i : 5 * i + 5], side) - 0.5)
        colour = (p.grass + mist * (p.haze - p.grass))[..., None, None]
        shade = dark * (1.06 - 0.5 * np.clip(y - p.horizon - below, 0, 0.5))
        blend(p, rows, cover(edge - y, side), colour * shade[:, None])


def water(p: SimpleNamespace) -> None:
    """A lake that mirrors what stands behind it, or a sea on which the sun's light glitters."""
    some = only(p, p.water > 0)
    side = p.canvas.shape[-1]
    if not len(some.rows):
        return
    rows, y, x = axes(p, 0.5, 1)
    sea = some.water == 2
    depth = np.maximum(y - some.shore, 0)
    above = np.clip((2 * some.shore - y) * side - 0.5, 0, side - 1)[:, :, 0]  # a row of pixels
    upper = np.minimum(above.astype(int), side - 2)
    t = (above - upper)[:, None, :, None]
    picture = p.canvas[some.rows]
    one, other = (np.take_along_axis(picture, (upper + k)[:, None, :, None], 2) for k in (0, 1))
    mirrored = one + t * (other - one)
    tone = (some.sky[:, 1] * 0.6 + some.light * (18, 56, 74))[..., None, None]
    near = tone * (1 - 0.55 * depth)[:, None]
    far = some.haze[..., None, None] * 0.94
    open_sea = far + np.clip(depth / 0.16, 0, 1)[:, None] * (near - far)
    clear = np.where(sea, np.clip(0.55 - 4 * depth, 0, 1), np.float32(0.72))[:, None]
    base = np.where(sea[:, None], open_sea, near)
    colour = base + clear * (mirrored * 0.9 - base)
    swell = np.abs((np.sqrt(depth + 0.01) * 26 + column(some.mound, 20)) % 1 - 0.5) * 2
    path = np.clip(1 - np.abs(x - some.sun_x) / (0.05 + 0.35 * depth), 0, 1)
    glitter = path * np.clip(swell * 2 - 0.7, 0, 1) * either(sea, 0.85, 0.45)
    foam = either(sea, 0.16, 0.08) * np.clip(swell * 2 - 1.2, 0, 1)
    shine = np.maximum(glitter, foam)[:, None]
    colour += shine * (np.maximum(some.sun, some.haze)[..., None, None] - colour)
    half = 0.34 + 0.13 * column(some.mound, 21)
    across = (x - 0.3 - 0.4 * column(some.mound, 22)) / half
    down = (y - some.shore - 0.1) / 0.1
    oval = (np.sqrt(across * across + down * down) - 1) * 0.1
    share = np.where(sea, cover(some.shore - y, side), cover(oval, side))
    blend(some, rows, share, colour)


def bank(p: SimpleNamespace) -> None:
    """The ground at our feet, and a path that leads to it where no water lies."""
    side = p.canvas.shape[-1]
    rows, y, x = axes(p, 0.75, 1)
    edge = 0.87 + 0.07 * (curve(p.mound[:, 15:20], side) - 0.5)
    shade = 0.98 - 1.6 * np.clip(y - 0.87, 0, 0.3)
    blend(p, rows, cover(edge - y, side), p.grass[..., None, None] * shade)
    some = only(p, p.water == 0)
    rows, y, x = axes(some, 0.55, 1)
    near = (y - some.ground) / (1 - some.ground)  # 0 where the buildings are, 1 at our feet
    end = 0.2 + 0.6 * column(some.mound, 21)
    bend = (column(some.mound, 22) - 0.5) * 2.4 * near * (1 - near)
    middle = some.place + (end - some.place) * near * near + bend
    half = 0.012 + 0.1 * near * np.abs(near)
    share = np.minimum(cover(np.abs(x - middle) - half, side), cover(-near, side))
    sand = np.where((some.season == 3)[:, 0], PATH[1], PATH[0]) * some.light
    blend(some, rows, 0.85 * share, sand)


def flowers(p: SimpleNamespace) -> None:
    """Flowers at our feet in spring, fallen leaves in autumn: two rows of dots."""
    side = p.canvas.shape[-1]
    rows, y, x = axes(p, 0.82, 1)
    for season, tones in ((0, FLOWERS), (2, FALLEN)):
        some = only(p, p.season == season)
        for i in range(2):
            across, down, size = split(some.flower, BLOSSOMS, 3 * BLOSSOMS * i)
            apart = np.sqrt((x - stripes(evenly(across, 0.2), x)) ** 2
                            + (y - 0.91 - 0.05 * i - 0.04 * stripes(down, x)) ** 2)
            share = cover(apart - 0.014 - 0.012 * stripes(size, x), side)
            tone = np.floor(x * BLOSSOMS + 0.5 * i).astype(int)
            colours = tones[tone % len(tones)].T[None, :, None] * some.light[..., None, None]
            blend(some, rows, share, colours)


BACKGROUND = (sky, stars, sun, clouds, mountains, hills, land)  # from back to front
FOREGROUND = (bank, flowers)
