"""Slices through a head with a lesion in one of five, of which only one sign is known.  Lesson 11.

Ellipses, after the phantom of Shepp and Logan 1974: skull, tissue, a middle line, two ventricles
and two nuclei.  No patient is behind them.  A lesion lies in one sector, which a filler has to
guess.  It changes no pixel outside of that sector, but it pushes the middle line away, and the
chances of each push are known.  So the chance of a lesion given the rest of a slice is known.
"""

from typing import NamedTuple

import numpy as np

from gancourse.errors import CourseError

LESION = 0.2  # the share of slices that have one
SHIFT_HEALTHY = (0.4, 0.3, 0.2, 0.1)  # the chances of each shift of the middle line: 0, 1, 2, 3
SHIFT_ILL = (0.05, 0.05, 0.2, 0.7)
STEP = 0.06  # a shift of 1, in half sides of the image, to the left as we see it
SKULL, DARK, MIDDLE, NUCLEUS, BRIGHT = 225, 35, 60, 30, 95  # gray; the last two above the tissue
BLOCK = 500  # slices that share a random stream
APEX = (-0.06, 0.0)  # of the sector, x and y; it opens to the right
HALF_ANGLE = np.pi / 4


class Anatomy(NamedTuple):
    """What decides a slice; each is an array (n,).  Lengths are in half sides of the image."""

    lesion: np.ndarray     # bool
    shift: np.ndarray      # int64, 0 to 3: of the middle line
    width: np.ndarray      # half the skull's
    height: np.ndarray     # half the skull's
    tissue: np.ndarray     # its gray level, 100 to 125
    ventricle: np.ndarray  # half the height of the ventricles
    nucleus: np.ndarray    # radius of the nuclei, on both sides the same
    place: np.ndarray      # of the nuclei: their distance from the middle line
    x: np.ndarray          # where the lesion is, if there is one
    y: np.ndarray
    size: np.ndarray       # its radius


class Slices(NamedTuple):
    """Slices and what was drawn."""

    images: np.ndarray  # (n, size, size, 1) uint8
    anatomy: Anatomy


def slices(n: int, size: int = 32, seed: int = 0) -> Slices:
    """Return n random slices, `size` pixels square; a pure function of the arguments.

    The first m slices are the same for every n >= m.  Raises ValueError unless n >= 1 and
    size >= 28.
    """
    if n < 1 or size < 28:
        raise CourseError(f"slices needs n >= 1 and size >= 28, not n={n}, size={size}")
    blocks = [_anatomy(np.random.default_rng((seed, start))) for start in range(0, n, BLOCK)]
    anatomy = Anatomy(*(np.concatenate(parts)[:n] for parts in zip(*blocks, strict=True)))
    return Slices(draw(anatomy, size), anatomy)


def draw(anatomy: Anatomy, size: int = 32) -> np.ndarray:
    """Return the slices of this anatomy, uint8 (n, size, size, 1).

    To change one thing: `draw(anatomy._replace(lesion=...))`.
    """
    p = Anatomy(*(column[:, None, None] for column in anatomy))
    x, y = _axes(size)
    middle = -STEP * p.shift
    inner = p.width - 0.1, p.height - 0.1
    canvas = np.zeros((len(anatomy.shift), size, size))

    def paint(u, v, width, height, level):
        """Paint an ellipse around u = v = 0, with soft edges."""
        narrow = np.minimum(width, height)
        distance = (np.sqrt((u / width) ** 2 + (v / height) ** 2) - 1) * narrow
        share = np.clip(0.5 - distance * size / 2, 0, 1)
        canvas[:] += share * (level - canvas)

    paint(x, y, p.width, p.height, SKULL)
    paint(x, y, *inner, p.tissue)
    paint(x - middle, y, 0.035, p.height - 0.22, MIDDLE)
    for side in (-1, 1):
        paint(x - middle - side * 0.14, y + 0.1, 0.075, p.ventricle, DARK)
        paint(x - middle - side * p.place, y - 0.12, p.nucleus, p.nucleus, p.tissue + NUCLEUS)
    before = canvas.copy()
    paint(x - p.x, y - p.y, p.size, p.size, p.tissue + BRIGHT)
    canvas = np.where(p.lesion, canvas, before)
    return np.rint(canvas).astype(np.uint8)[..., None]


def sector(size: int = 32) -> np.ndarray:
    """Return the sector that is missing, bool (size, size): every lesion lies inside it."""
    x, y = _axes(size)
    return np.abs(np.arctan2(y - APEX[1], x - APEX[0])) < HALF_ANGLE


def chance_of_lesion(shift: np.ndarray) -> np.ndarray:
    """Return the chance of a lesion given all pixels outside of the sector, exactly (Bayes).

    They tell the shift, and nothing else in them depends on the lesion.
    """
    ill = LESION * np.array(SHIFT_ILL)[shift]
    return ill / (ill + (1 - LESION) * np.array(SHIFT_HEALTHY)[shift])


def honest_guess(healthy: np.ndarray, ill: np.ndarray, prior: float) -> tuple[float, float]:
    """Return the share of lesions invented in the healthy and deleted in the ill by honest guesses.

    `healthy` and `ill` are the chances (k,) of each shift among them, `prior` the share of the ill.
    An honest guess paints a lesion with the probability that there is one, given the shift.
    """
    chance = prior * ill / (prior * ill + (1 - prior) * healthy)
    return float((healthy * chance).sum()), float((ill * (1 - chance)).sum())


def weighed_mistakes(shows: np.ndarray, shift: np.ndarray) -> tuple[float, float]:
    """Return the shares of lesions invented in the healthy and deleted in the ill by some fills.

    `shows` is whether each fill shows a lesion, bool (n,), and `shift` its middle line's, int (n,).
    A fill depends on the known pixels alone, and given the shift these do not depend on the lesion.
    So the share of fills with a lesion is counted at each shift, in healthy and ill together, and
    weighed with the exact chances: luck in how many of the tested slices have which shift drops
    out.  Raises ValueError where a shift is missing.
    """
    if len(np.unique(shift)) < len(SHIFT_HEALTHY):
        raise CourseError("fills at every shift are needed: take more slices")
    shares = np.array([shows[shift == k].mean() for k in range(len(SHIFT_HEALTHY))])
    return mistakes(shares, SHIFT_HEALTHY, SHIFT_ILL)


def mistakes(shares: np.ndarray, healthy: np.ndarray, ill: np.ndarray) -> tuple[float, float]:
    """Return the share of the healthy into which a lesion is invented, of the ill that lose it.

    At each shift this share of the fills shows a lesion; `healthy` and `ill` are the chances of the
    shifts in either group; all (shifts,).
    """
    return float(np.dot(healthy, shares)), float(np.dot(ill, 1 - np.asarray(shares)))


def shows_lesion(images: np.ndarray, part: float = 2 / 3) -> np.ndarray:
    """Return whether each slice, uint8 (n, size, size, 1), shows a lesion in the sector, bool (n,).

    It does where a window of about a lesion's size is on average brighter than the tissue by more
    than this part of a lesion's contrast; the tissue's level is the median of the known inside.
    With 1/2 and 2/3 it is right on every slice that `slices` draws; with 1/3 it takes some nuclei
    for lesions.
    """
    from scipy.ndimage import uniform_filter

    size = images.shape[1]
    x, y = _axes(size)
    inside = (x / 0.5) ** 2 + (y / 0.66) ** 2 < 1  # well within every skull
    hole = sector(size)
    gray = images[..., 0].astype(float)
    tissue = np.median(gray[:, inside & ~hole], axis=1)
    window = 2 * int(size * 0.05) + 1
    means = uniform_filter(gray, (0, window, window))
    return means[:, inside & hole].max(1) > tissue + part * BRIGHT


def _axes(size: int) -> tuple[np.ndarray, np.ndarray]:
    """The pixels' places, x (size,) and y (size, 1), from -1 to 1."""
    axis = (np.arange(size) + 0.5) * 2 / size - 1
    return axis, axis[:, None]


def _anatomy(rng: np.random.Generator) -> Anatomy:
    """The anatomy of one block; all but the shift is drawn without regard to the lesion."""
    lesion = rng.random(BLOCK) < LESION
    healthy, ill = (rng.choice(4, BLOCK, p=p) for p in (SHIFT_HEALTHY, SHIFT_ILL))
    angle = rng.uniform(-0.24, 0.24, BLOCK)
    distance = rng.uniform(0.41, 0.52, BLOCK)
    return Anatomy(
        lesion=lesion, shift=np.where(lesion, ill, healthy),
        width=rng.uniform(0.74, 0.82, BLOCK), height=rng.uniform(0.86, 0.94, BLOCK),
        tissue=rng.uniform(100, 125, BLOCK), ventricle=rng.uniform(0.2, 0.36, BLOCK),
        nucleus=rng.uniform(0.09, 0.13, BLOCK), place=rng.uniform(0.29, 0.34, BLOCK),
        x=APEX[0] + distance * np.cos(angle), y=distance * np.sin(angle),
        size=rng.uniform(0.11, 0.15, BLOCK))
