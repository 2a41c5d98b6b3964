"""What a brush needs to know: brightness, directions, streaks along them, exposure.

Pictures are uint8 (height, width, 3).  Nothing here is trained.  Lesson 04.
"""

import numpy as np
from scipy.ndimage import gaussian_filter

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # Rec. 601 weights
STREAKS = (0.8, 7), (1.8, 11), (3.5, 16)  # blur and half length of each sort of noise, in pixels


def luminance(picture: np.ndarray) -> np.ndarray:
    """Return the brightness of a picture in [0, 1], float32 (height, width)."""
    return picture.astype(np.float32) @ LUMINANCE / 255


def directions(gray: np.ndarray, blur: float = 3.0,
               window: float = 5.0) -> tuple[np.ndarray, np.ndarray]:
    """Return the angle along the edges, in [0, pi], and its strength >= 0; both (height, width).

    The angle is that of the weakest change: the second eigenvector of the structure tensor
    (Foerstner & Guelch 1987), averaged over `window` pixels after a blur of `blur` pixels; the
    strength is the difference of its eigenvalues, zero where no direction stands out.
    """
    gy, gx = np.gradient(gaussian_filter(gray, blur))
    xx, xy, yy = (gaussian_filter(product, window) for product in (gx * gx, gx * gy, gy * gy))
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    strength = np.hypot(xx - yy, 2 * xy)
    return angle, strength


def flow(picture: np.ndarray, seed: int = 0, swirl: float = 3.0, scale: float = 24.0) -> np.ndarray:
    """Return a smooth direction for the brush at every pixel: angles, (height, width).

    Along the edges where there are any, along random swirls of about `scale` pixels where the
    picture is flat.  `swirl` says how strong an edge must be, in medians of all edges, to count as
    much as the swirls.
    """
    edges, strength = directions(luminance(picture))
    rim = int(3 * scale)  # the swirls of a larger canvas: at its rim smooth noise is not free
    noise = np.random.default_rng(seed).standard_normal([n + 2 * rim for n in edges.shape])
    dy, dx = np.gradient(gaussian_filter(noise, scale)[rim:-rim, rim:-rim])
    swirls = np.arctan2(dx, -dy)  # along the level lines of smooth noise: closed loops
    weight = strength / (strength + swirl * np.median(strength) + 1e-12)  # of the edges
    return blend(edges, swirls, weight)


def blend(angles: np.ndarray, others: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return directions between two fields, (height, width); `weight`, in [0, 1], is the first's.

    Angles are blended as the vectors (cos 2a, sin 2a), since a brush stroke has no head or tail.
    """
    sine = weight * np.sin(2 * angles) + (1 - weight) * np.sin(2 * others)
    cosine = weight * np.cos(2 * angles) + (1 - weight) * np.cos(2 * others)
    return 0.5 * np.arctan2(sine, cosine)


def smear(values: np.ndarray, angles: np.ndarray, length: int) -> np.ndarray:
    """Return values (..., height, width) averaged along the streamlines of `angles`, float32.

    Line integral convolution (Cabral & Leedom 1993) over `length` pixels each way.
    """
    h, w = angles.shape
    flat = values.reshape(-1, h * w).astype(np.float32)
    total = flat.copy()
    rows, columns = np.mgrid[:h, :w].astype(np.float32)
    for way in (0.0, np.pi):
        y = rows
        x = columns
        heading = angles + way
        for _ in range(length):
            y = np.clip(y + np.sin(heading), 0, h - 1)
            x = np.clip(x + np.cos(heading), 0, w - 1)
            pixel = np.rint(y).astype(np.int32) * w + np.rint(x).astype(np.int32)
            total += flat[:, pixel.ravel()]
            turn = angles.ravel()[pixel] - heading
            # a line has two ends; of its two directions, the one that is straight on
            heading = heading + turn - np.pi * np.rint(turn / np.pi)
    return (total / (2 * length + 1)).reshape(values.shape)


def streaks(angles: np.ndarray, num: int, seed: int = 0) -> np.ndarray:
    """Return `num` draws of noise in the shape of strokes, float32 (num, 3, height, width).

    Normal noise, blurred to three widths and smeared along `angles`, thin and short to broad and
    long; each picture has mean 0 and variance 1.
    """
    rng = np.random.default_rng(seed)
    h, w = angles.shape
    noises = np.empty((num, len(STREAKS), h, w), np.float32)
    for i, (width, length) in enumerate(STREAKS):
        beyond = np.pad(angles, length, mode="edge")  # streaks come in from outside the frame
        noise = rng.standard_normal((num, *beyond.shape), dtype=np.float32)
        smeared = smear(gaussian_filter(noise, (0, width, width)), beyond, length)
        noises[:, i] = smeared[:, length : length + h, length : length + w]
    noises -= noises.mean(axis=(2, 3), keepdims=True)
    return noises / np.maximum(noises.std(axis=(2, 3), keepdims=True), 1e-9)


def expose(picture: np.ndarray, mean: float, spread: float) -> np.ndarray:
    """Return a picture in [-1, 1], float32, whose luminance has this mean and standard deviation.

    Both are in [0, 1].  All three colours of a pixel move by the same amount (luminance remapping,
    Hertzmann et al. 2001, section 3.4), so which parts are light and which are dark stays as it
    was.  `picture` is uint8 or float in [0, 255].
    """
    light = luminance(picture)
    wanted = (light - light.mean()) * (spread / max(light.std(), 1e-6)) + mean
    exposed = picture / 127.5 - 1 + 2 * (wanted - light)[..., None]
    return np.clip(exposed, -1, 1).astype(np.float32)
