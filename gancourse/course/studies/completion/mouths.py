"""Holes in cartoon faces, and what their fills have kept of the mouth.  Lesson 11.

The feature network of the faces reads a smile only in 87 of 100 cases.  Who knows the program that
drew a face can do better: draw the same person with each of some mouths, and take the nearest.
"""

from collections.abc import Mapping

import numpy as np
from scipy.ndimage import gaussian_filter

from gancourse.data.synthetic.faces import Attributes, draw

SMILES = np.linspace(-0.5, 1, 7)  # from sulking to beaming
HOLES = {"an eye": np.s_[12:22, 16:26], "the mouth": np.s_[17:29, 9:23],
         "half the head": np.s_[:, :16]}  # of a face of 32 pixels

BLURS = np.arange(0, 2.01, 0.05)  # widths of a Gaussian in pixels, from none to a smear

Mouths = Mapping[tuple[int, float], np.ndarray]  # open or shut, smile: images


def face_holes(name: str, n: int) -> np.ndarray:
    """Return one of HOLES n times, bool (n, 32, 32)."""
    holes = np.zeros((n, 32, 32), bool)
    holes[(slice(None), *HOLES[name])] = True
    return holes


def every_mouth(people: Attributes, size: int = 32) -> Mouths:
    """Return images of these people with each of 14 mouths, uint8 (n, size, size, 3)."""
    n = len(people.smile)
    return {(mouth_open, float(smile)): draw(people._replace(
        mouth_open=np.full(n, mouth_open), smile=np.full(n, smile, np.float32)), size)
        for mouth_open in (0, 1) for smile in SMILES}


def changed_pixels(mouths: Mouths, images: np.ndarray, where: np.ndarray) -> int:
    """Return how many of the pixels `where`, bool (n, size, size), any other mouth changes."""
    changed = np.zeros(where.shape, bool)
    for drawn in mouths.values():
        changed |= (drawn != images).any(-1)
    return int((changed & where).sum())


def roughness(images: np.ndarray, where: np.ndarray) -> float:
    """Return by how much neighbouring pixels differ on average, both of them in `where`."""
    gray = images.astype(float)
    aside = np.abs(np.diff(gray, axis=2)).mean(-1)[where[:, :, 1:] & where[:, :, :-1]]
    below = np.abs(np.diff(gray, axis=1)).mean(-1)[where[:, 1:] & where[:, :-1]]
    return float(aside.mean() + below.mean())


def blurred_like(images: np.ndarray, fills: np.ndarray, holes: np.ndarray) -> np.ndarray:
    """Return the images, blurred in their holes until their mouths are as smooth as the fills'.

    Images and fills uint8 (n, 32, 32, 3), holes bool (n, 32, 32).  Of BLURS it takes the one whose
    roughness, where a hole hides a mouth, is nearest to that of the fills.
    """
    at_mouth = holes & face_holes("the mouth", len(holes))
    goal = roughness(fills, at_mouth)
    best = images
    for blur in BLURS:
        smooth = gaussian_filter(images.astype(float), (0, blur, blur, 0), mode="nearest")
        done = np.where(holes[..., None], np.rint(smooth).astype(np.uint8), images)
        if abs(roughness(done, at_mouth) - goal) < abs(roughness(best, at_mouth) - goal):
            best = done
    return best


def read_mouths(images: np.ndarray, mouths: Mouths,
                where: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return whether each mouth is open, bool (n,), and how it smiles, one of SMILES, float (n,).

    `images` are uint8 (n, size, size, 3) of the people of `mouths`, whose other attributes are
    taken as they are; `where`, bool (n, size, size), are the pixels to compare, by the squared
    difference.
    """
    n = len(images)
    least = np.full(n, np.inf)
    is_open = np.zeros(n, bool)
    smile = np.zeros(n)
    for (mouth_open, degree), drawn in mouths.items():
        squares = ((drawn.astype(float) - images) ** 2).sum(-1)
        apart = (squares * where).sum((1, 2))
        nearer = apart < least
        least[nearer] = apart[nearer]
        is_open[nearer] = mouth_open
        smile[nearer] = degree
    return is_open, smile


def kept(images: np.ndarray, people: Attributes, mouths: Mouths,
         where: np.ndarray) -> tuple[float, float]:
    """Return how often a mouth is open or shut as it was, and the correlation of the smiles.

    `people` are those of `mouths`; the other arguments are those of `read_mouths`.
    """
    is_open, smile = read_mouths(images, mouths, where)
    r = np.corrcoef(smile, people.smile)[0, 1] if np.ptp(smile) else 0.0
    return float((is_open == people.mouth_open).mean()), float(r)
