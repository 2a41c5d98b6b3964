"""Small landscapes in colour, painted from a seed, with and without buildings.

A landscape is a stack of parts (`landscape_parts`, `landscape_objects`), painted from the sky to
the tree that stands nearest.  Every attribute is drawn without regard to the others, so a winter
may have any sky, any water and any building.  What hides what is as in life: a mountain hides the
setting sun, and a large tree hides a house.

The painter adds, multiplies, divides, compares and takes square roots, which IEEE 754 prescribes to
the last bit.  It calls no sine or exponential, so every machine paints the same bytes.
"""

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from gancourse.data.synthetic.landscape_objects import BEHIND, IN_FRONT
from gancourse.data.synthetic.landscape_parts import BACKGROUND, FOREGROUND, water
from gancourse.errors import CourseError

BLOCK = 500  # landscapes that share a random stream: the first m of n are the same for every n >= m
PIXELS = 2**18  # painted at once, so that they stay in the processor's cache

TIMES = ("day", "dusk", "night")
SEASONS = ("spring", "summer", "autumn", "winter")
WATERS = ("no water", "lake", "sea")
BUILDINGS = ("no building", "hut", "houses", "towers")
TREES = ("no trees", "firs", "leafy trees")

CHOICES = {  # attribute: the chance of each of its values 0, 1, ...
    "time": (0.4, 0.3, 0.3), "season": (0.25,) * 4, "water": (0.4, 0.3, 0.3),
    "building": (0.25,) * 4, "mountains": (0.5, 0.5), "trees": (0.3, 0.35, 0.35),
    "ranges": (1 / 3,) * 3, "clouds": (0.3, 0.4, 0.3)}
RANGES = {  # attribute: from and to
    "mood": (0, 1), "sun_x": (0.14, 0.86), "sun_y": (0, 1), "phase": (0.5, 2.2),
    "horizon": (0.5, 0.6), "place": (0.36, 0.64), "side": (0, 1)}
DETAILS = {  # random numbers of a landscape for what has no name, by the part that uses them
    "star": 48, "puff": 32, "peak": 24, "hill": 36, "mound": 24, "tower": 40, "house": 24,
    "tree": 32, "flower": 36}

SKIES = np.array([  # by time of day, at mood 0 and at mood 1: zenith, middle, horizon
    [[(62, 126, 204), (124, 182, 232), (214, 234, 242)],
     [(92, 158, 214), (164, 206, 228), (250, 234, 206)]],
    [[(56, 50, 112), (198, 92, 118), (255, 178, 92)],
     [(84, 96, 158), (234, 144, 146), (255, 220, 150)]],
    [[(8, 14, 42), (22, 38, 82), (58, 88, 132)],
     [(20, 14, 54), (48, 40, 100), (104, 86, 144)]]], np.float32)
AMBIENT = np.array([(1, 1, 1), (0.84, 0.60, 0.60), (0.34, 0.42, 0.62)], np.float32)
SUN = np.array([(255, 246, 200), (255, 226, 150), (250, 246, 226)], np.float32)
GLOW = np.array([(255, 250, 224), (255, 196, 104), (150, 176, 226)], np.float32)
CLOUD_TOPS = np.array([(255, 255, 255), (206, 128, 150), (104, 116, 156)], np.float32)
CLOUD_BASES = np.array([(188, 204, 226), (255, 196, 140), (48, 58, 98)], np.float32)
WINDOWS = np.array([(84, 106, 132), (255, 208, 112), (255, 214, 120)], np.float32)
GRASS = np.array([(158, 204, 88), (84, 148, 66), (210, 150, 72), (238, 242, 248)], np.float32)
FOREST = np.array([(120, 164, 84), (58, 112, 64), (186, 104, 52), (196, 208, 224)], np.float32)
LEAVES = np.array([(246, 168, 194), (62, 124, 52), (226, 96, 40), (206, 214, 226)], np.float32)
NEEDLES = np.array([(52, 106, 70), (34, 84, 58), (44, 82, 58), (150, 176, 188)], np.float32)


class Attributes(NamedTuple):
    """What decides a landscape; each is an array (n,), int64 or float32, but for `details`."""

    time: np.ndarray       # of day, see TIMES
    season: np.ndarray     # see SEASONS
    water: np.ndarray      # see WATERS
    building: np.ndarray   # see BUILDINGS
    mountains: np.ndarray  # 0: the farthest range are hills, 1: they are mountains
    trees: np.ndarray      # see TREES
    ranges: np.ndarray     # of hills or mountains, less one: 0 to 2
    clouds: np.ndarray     # 0 none, 1 two, 2 four
    mood: np.ndarray       # 0 clear to 1 warm colours of the sky
    sun_x: np.ndarray      # of the sun or the moon, in sides of the image from the left
    sun_y: np.ndarray      # 0 high to 1 low
    phase: np.ndarray      # of the moon: 0.5 a thin crescent, from 2 on full
    horizon: np.ndarray    # in sides of the image from the top
    place: np.ndarray      # where the middle of the buildings is, from the left
    side: np.ndarray       # below 0.5 the large tree stands to the left, else to the right
    details: np.ndarray    # (n, sum of DETAILS), 0 to 1: stars, outlines, windows that are lit


class Landscapes(NamedTuple):
    """Landscapes and what was painted."""

    images: np.ndarray  # (n, size, size, 3) uint8
    attributes: Attributes


def landscapes(n: int, size: int = 32, seed: int = 0) -> Landscapes:
    """Return n random landscapes, `size` pixels square; a pure function of the arguments.

    The first m are the same for every n >= m, and the same places at every size.
    Raises ValueError unless n >= 1 and size >= 8.
    """
    if n < 1 or size < 8:
        raise CourseError(f"landscapes needs n >= 1 and size >= 8, not n={n}, size={size}")
    blocks = [_attributes(np.random.default_rng((seed, start))) for start in range(0, n, BLOCK)]
    attributes = Attributes(*(np.concatenate(parts)[:n] for parts in zip(*blocks, strict=True)))
    return Landscapes(draw(attributes, size), attributes)


def draw(attributes: Attributes, size: int = 32) -> np.ndarray:
    """Return the landscapes of these attributes, uint8 (n, size, size, 3).

    To change one thing about a landscape: `draw(attributes._replace(season=...))`.
    """
    n = len(attributes.time)
    at_once = max(1, PIXELS // size**2)
    images = np.empty((n, size, size, 3), np.uint8)
    for start in range(0, n, at_once):
        rows = slice(start, start + at_once)
        canvas = _painted(Attributes(*(column[rows] for column in attributes)), size)
        images[rows] = np.rint(np.clip(canvas, 0, 255)).transpose(0, 2, 3, 1)
    return images


def readable(attributes: Attributes) -> dict[str, np.ndarray]:
    """Return what a feature network can read off landscapes of 32 x 32, int64 (n,) by name.

    Of 4,000 held-out ones it reads each right in at least 98 %; its facts say how many exactly.
    -1 where an attribute is hidden: the mountains behind houses and towers.  The kind of building
    comes first, since it is the class.
    """
    names = ("building", "time", "season", "water", "trees", "mountains")
    values = {name: getattr(attributes, name).astype(np.int64) for name in names}
    values["mountains"] = np.where(values["building"] > 1, -1, values["mountains"])
    return values


def _attributes(rng: np.random.Generator) -> Attributes:
    """The attributes of one block, each drawn on its own."""
    choices = {name: rng.choice(len(p), BLOCK, p=p) for name, p in CHOICES.items()}
    ranges = {name: rng.uniform(*ends, BLOCK).astype(np.float32) for name, ends in RANGES.items()}
    details = rng.random((BLOCK, sum(DETAILS.values())), np.float32)
    return Attributes(**choices, **ranges, details=details)


def _painted(attributes: Attributes, side: int) -> np.ndarray:
    """The landscapes on a canvas, float32 (n, 3, side, side), about 0 to 255."""
    p = _scene(attributes)
    p.canvas = np.empty((len(p.rows), 3, side, side), np.float32)
    for part in (*BACKGROUND, *BEHIND, water, *FOREGROUND, *IN_FRONT):
        part(p)
    return p.canvas


def _scene(attributes: Attributes) -> SimpleNamespace:
    """All that the parts need to know: columns (n, 1, 1), colours (n, 3), details (n, k)."""
    columns = attributes._asdict()
    details = columns.pop("details")
    p = SimpleNamespace(**{name: column.astype(np.float32)[:, None, None]
                           for name, column in columns.items()})
    ends = np.cumsum([0, *DETAILS.values()])
    for i, name in enumerate(DETAILS):
        setattr(p, name, details[:, ends[i] : ends[i + 1]])
    time, season = attributes.time, attributes.season
    mood = attributes.mood[:, None, None]
    skies = SKIES[time]
    p.sky = skies[:, 0] + mood * (skies[:, 1] - skies[:, 0])
    p.haze = p.sky[:, 2]
    p.light = AMBIENT[time]
    p.sun, p.glow = SUN[time], GLOW[time]
    p.cloud_top, p.cloud_base = CLOUD_TOPS[time], CLOUD_BASES[time]
    p.window = WINDOWS[time]
    p.grass, p.forest = GRASS[season] * p.light, FOREST[season] * p.light
    p.leaves, p.needles = LEAVES[season] * p.light, NEEDLES[season] * p.light
    low = p.horizon - 0.16 + 0.13 * p.sun_y  # at dusk the sun is about to set
    p.sun_y = np.where(p.time == 1, low, 0.1 + 0.16 * p.sun_y)
    p.shore = p.horizon + 0.06
    p.ground = np.where(p.water > 0, p.horizon + 0.055, p.horizon + 0.1)  # where buildings stand
    p.rows = np.arange(len(time))
    return p
