"""Cartoon faces in colour, drawn from a seed, with every attribute known.

A face is a stack of parts (`face_parts`), painted from the background to the earrings.
Every attribute is drawn without regard to the others, so a beard may sit on any face.  What hides
what is as in life: a hat hides hair, dark glasses hide the gaze.
"""

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from gancourse.data.synthetic.face_parts import PARTS
from gancourse.errors import CourseError

BLOCK = 500  # faces that share a random stream: the first m of n are the same for every n >= m
PIXELS = 2**17  # painted at once, so that they stay in the processor's cache

STYLES = ("bald", "short", "long", "curls", "bun", "hat")
HAIR_COLOURS = {"black": (42, 34, 40), "dark brown": (88, 56, 40), "brown": (146, 92, 54),
                "blond": (235, 190, 104), "ginger": (208, 98, 48), "gray": (182, 182, 190),
                "pink": (232, 128, 164), "blue": (72, 104, 178)}
SKIN = ((255, 226, 202), (246, 202, 166), (226, 174, 130), (196, 134, 94), (150, 97, 68),
        (104, 68, 52))  # from light to dark; a face's `skin` lies anywhere between
EYE_COLOURS = ((92, 58, 40), (56, 42, 40), (74, 128, 190), (86, 140, 96), (130, 104, 60))

CHOICES = {  # attribute: the chance of each of its values 0, 1, ...
    "hair_style": (1 / 6,) * 6, "hair_colour": (1 / 8,) * 8, "mouth_open": (0.6, 0.4),
    "glasses": (0.64, 0.14, 0.14, 0.08), "beard": (0.7, 0.1, 0.1, 0.1), "earrings": (0.7, 0.3),
    "eye_colour": (0.2,) * 5, "pattern": (0.4, 0.3, 0.3), "hat": (0.4, 0.3, 0.3)}
RANGES = {  # attribute: from and to
    "skin": (0, 5), "smile": (-0.5, 1), "brows": (-1, 1), "gaze": (-1, 1), "width": (0.46, 0.58),
    "height": (0.54, 0.65), "tilt": (-0.2, 0.2), "background": (0, 1), "clothes": (0, 1),
    "accent": (0, 1), "length": (0, 1), "parting": (-1, 1), "arch": (0, 1), "spacing": (0.2, 0.245),
    "lids": (0.3, 1.3), "jaw": (0, 0.3), "nose": (0, 1), "x": (-0.07, 0.07), "y": (0.07, 0.17)}


class Attributes(NamedTuple):
    """What decides a face; each is an array (n,), int64 or float32."""

    hair_style: np.ndarray   # 0 to 5, see STYLES
    hair_colour: np.ndarray  # 0 to 7, see HAIR_COLOURS; the brows and the beard have it, too
    mouth_open: np.ndarray   # 0 or 1
    glasses: np.ndarray      # 0 none, 1 round, 2 square, 3 dark
    beard: np.ndarray        # 0 none, 1 full, 2 moustache, 3 goatee
    earrings: np.ndarray     # 0 or 1
    eye_colour: np.ndarray   # 0 to 4, see EYE_COLOURS
    pattern: np.ndarray      # of the clothes: 0 plain, 1 stripes, 2 a collar
    hat: np.ndarray          # which it is, on or in the cupboard: 0 beanie, 1 brim, 2 party hat
    skin: np.ndarray         # 0 light to 5 dark
    smile: np.ndarray        # -0.5 sulks, 1 beams
    brows: np.ndarray        # -1 worried to 1 stern
    gaze: np.ndarray         # -1 left to 1 right, as we see it
    width: np.ndarray        # half the head's
    height: np.ndarray       # half the head's
    tilt: np.ndarray         # radians, clockwise
    background: np.ndarray   # hues, 0 to 1 around the circle: this and the next two
    clothes: np.ndarray
    accent: np.ndarray       # of the hat and the frame of the glasses
    length: np.ndarray       # 0 to 1: of long hair; of curls, their size; above 0.5 two buns
    parting: np.ndarray      # -1 to 1: which way the fringe falls
    arch: np.ndarray         # 0 a straight fringe to 1 a bare forehead
    spacing: np.ndarray      # from the nose to an eye
    lids: np.ndarray         # below 1 they cover the top of the eyes
    jaw: np.ndarray          # 0 round to 0.3 pointed
    nose: np.ndarray         # 0 small to 1 large
    x: np.ndarray            # where the face sits in the image
    y: np.ndarray


class Faces(NamedTuple):
    """Faces and what was drawn."""

    images: np.ndarray  # (n, size, size, 3) uint8
    attributes: Attributes


def faces(n: int, size: int = 32, seed: int = 0) -> Faces:
    """Return n random faces, `size` pixels square; a pure function of the arguments.

    The first m faces are the same for every n >= m, and the same people at every size.
    Raises ValueError unless n >= 1 and size >= 8.
    """
    if n < 1 or size < 8:
        raise CourseError(f"faces needs n >= 1 and size >= 8, not n={n}, size={size}")
    blocks = [_attributes(np.random.default_rng((seed, start))) for start in range(0, n, BLOCK)]
    attributes = Attributes(*(np.concatenate(parts)[:n] for parts in zip(*blocks, strict=True)))
    return Faces(draw(attributes, size), attributes)


def draw(attributes: Attributes, size: int = 32) -> np.ndarray:
    """Return the faces of these attributes, uint8 (n, size, size, 3).

    To change one thing about a face: `draw(attributes._replace(glasses=...))`.
    """
    n = len(attributes.skin)
    at_once = max(1, PIXELS // size**2)
    images = np.empty((n, size, size, 3), np.uint8)
    for start in range(0, n, at_once):
        rows = slice(start, start + at_once)
        canvas = _painted(Attributes(*(column[rows] for column in attributes)), size)
        images[rows] = np.rint(canvas).transpose(0, 2, 3, 1)
    return images


def _attributes(rng: np.random.Generator) -> Attributes:
    """The attributes of one block, each drawn on its own."""
    choices = {name: rng.choice(len(p), BLOCK, p=p) for name, p in CHOICES.items()}
    ranges = {name: rng.uniform(*ends, BLOCK).astype(np.float32) for name, ends in RANGES.items()}
    return Attributes(**choices, **ranges)


def _painted(attributes: Attributes, side: int) -> np.ndarray:
    """The faces painted on a canvas, float32 (n, 3, side, side), 0 to 255."""
    p = SimpleNamespace(**{name: column.astype(np.float32)[:, None, None]
                           for name, column in attributes._asdict().items()})
    p.cos, p.sin = np.cos(p.tilt), np.sin(p.tilt)
    low = np.minimum(attributes.skin.astype(int), len(SKIN) - 2)
    tones = np.array(SKIN, np.float32)
    p.skin_tone = tones[low] + (attributes.skin - low)[:, None] * (tones[low + 1] - tones[low])
    p.hair = np.array([*HAIR_COLOURS.values()], np.float32)[attributes.hair_colour]
    p.iris = np.array(EYE_COLOURS, np.float32)[attributes.eye_colour]
    p.cloth = _hue(attributes.clothes, 150, 70)
    p.bright = _hue(attributes.accent, 165, 85)
    p.rows = np.arange(len(low))
    light = np.linspace(1.06, 0.94, side, dtype=np.float32)[:, None]  # brighter above
    back = _hue(attributes.background, 204, 36)[..., None, None] * light
    p.canvas = np.broadcast_to(np.minimum(back, 255), (len(low), 3, side, side)).copy()
    for part in PARTS:
        part(p)
    return p.canvas


def _hue(hue: np.ndarray, mean: float, amplitude: float) -> np.ndarray:
    """Colours (n, 3) of hues 0 to 1: three cosines, a third of the circle apart."""
    phase = hue[:, None] + np.array([0, 1 / 3, 2 / 3], np.float32)
    return (mean + amplitude * np.cos(2 * np.pi * phase)).astype(np.float32)
