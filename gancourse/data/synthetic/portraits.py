"""Cartoon portraits that one can ask for: hair, its colour, glasses, a laugh.  Lesson 10.

They are faces of `faces` of which a conditional GAN learns four attributes within a minute.  The
others either vary, as skin, eyes and background do, or are the same for all, as the tilt is.
"""

from typing import NamedTuple

import numpy as np

from gancourse.data.synthetic.faces import HAIR_COLOURS, STYLES, draw, faces
from gancourse.errors import CourseError

CHOICES = {  # attribute: its values; each value is a column of the labels, in this order
    "hair_style": ("short", "long", "curls"), "hair_colour": ("black", "blond", "ginger", "blue"),
    "glasses": ("glasses",), "mouth_open": ("laughing",)}
COLUMNS = tuple(value for values in CHOICES.values() for value in values)
KNOWN = {"hair_style": STYLES, "hair_colour": tuple(HAIR_COLOURS)}  # the values in `faces`


class Portraits(NamedTuple):
    """Portraits and what one can ask for."""

    images: np.ndarray  # (n, size, size, 3) uint8
    labels: np.ndarray  # (n, 9) float32, 0 or 1 for each of COLUMNS


def portraits(n: int, size: int = 32, seed: int = 0) -> Portraits:
    """Return n portraits, `size` pixels square; a pure function of the arguments.

    Every attribute is drawn without regard to the others, each of its values equally often.  Raises
    ValueError unless n >= 1 and size >= 8.
    """
    people = faces(n, 8, seed).attributes
    rng = np.random.default_rng((10, seed))
    numbers = {name: rng.integers(max(2, len(values)), size=n) for name, values in CHOICES.items()}
    labels = np.concatenate([_columns(name, drawn) for name, drawn in numbers.items()], axis=1)
    same = {"tilt": 0, "x": 0, "y": 0.12, "width": 0.52, "height": 0.6, "jaw": 0.15,
            "spacing": 0.22, "brows": 0}
    people = people._replace(
        **meaning(labels), smile=(0.9 * numbers["mouth_open"]).astype(np.float32),
        **{name: np.zeros(n, np.int64) for name in ("beard", "earrings", "pattern")},
        **{name: np.full(n, value, np.float32) for name, value in same.items()})
    return Portraits(draw(people, size), labels)


def ask_for(*wishes: str) -> np.ndarray:
    """Return the labels (n, 9) float32 of wishes such as "ginger curls, glasses, laughing".

    Each names one of COLUMNS' hair styles and one of the colours, and glasses or laughing if so
    wished; commas do not matter.  Raises ValueError for another word, or without hair or colour.
    """
    rows = np.zeros((len(wishes), len(COLUMNS)), np.float32)
    for row, wish in zip(rows, wishes, strict=True):
        for word in wish.replace(",", " ").split():
            if word not in COLUMNS:
                raise CourseError(f"{word!r} is none of {', '.join(COLUMNS)}")
            row[COLUMNS.index(word)] = 1
        if row[:3].sum() != 1 or row[3:7].sum() != 1:
            raise CourseError(f"{wish!r} must name one of {', '.join(COLUMNS[:3])} and one of "
                              f"{', '.join(COLUMNS[3:7])}")
    return rows


def meaning(labels: np.ndarray) -> dict[str, np.ndarray]:
    """Return the attributes that labels (n, 9) ask for, int64 (n,), as numbers of `faces`."""
    result = {}
    start = 0
    for name, values in CHOICES.items():
        part = labels[:, start : start + len(values)]
        start += len(values)
        if name in KNOWN:
            numbers = np.array([KNOWN[name].index(value) for value in values])
            result[name] = numbers[part.argmax(1)]
        else:
            result[name] = part[:, 0].astype(np.int64)
    return result


def shares_right(read: dict[str, np.ndarray], labels: np.ndarray) -> dict[str, float]:
    """Return by attribute in which share of images what was read is what labels ask for.

    `read` is what `FeatureNet.read_attributes` returns.  Any kind of glasses counts as glasses.
    """
    return {name: float(right.mean()) for name, right in _right(read, labels).items()}


def share_all_right(read: dict[str, np.ndarray], labels: np.ndarray) -> float:
    """Return in which share of images all attributes are what labels ask for."""
    return float(np.all(list(_right(read, labels).values()), axis=0).mean())


def _right(read: dict[str, np.ndarray], labels: np.ndarray) -> dict[str, np.ndarray]:
    """By attribute, in which images it is what labels ask for, bool (n,)."""
    return {name: (np.minimum(read[name], 1) if name == "glasses" else read[name]) == wanted
            for name, wanted in meaning(labels).items()}


def _columns(name: str, numbers: np.ndarray) -> np.ndarray:
    """The columns (n, values) of one attribute: one-hot, or one column of 0 and 1."""
    count = len(CHOICES[name])
    if count == 1:
        return numbers[:, None].astype(np.float32)
    return np.eye(count, dtype=np.float32)[numbers]
