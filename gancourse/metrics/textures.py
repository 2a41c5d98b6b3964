"""How far a painted surface is from another: scores of texture, content and strokes.

Pictures are uint8 (height, width, 3).  Nothing here is trained, so no pretrained network decides what a style is.
Lesson 02.
"""

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter

from gancourse.data.synthetic.brushwork import luminance


def texture_distance(a: np.ndarray, b: np.ndarray, size: int = 8, num: int = 8000, seed: int = 0) -> float:
    """Return the sliced Wasserstein distance between the fine texture of two pictures, >= 0.

    Texture is the luminance minus its local mean (9 x 9); its `size` x `size` patches are points, projected on 128
    random directions, and the sorted projections are compared (Rabin et al. 2011).  A picture against itself is not
    exactly 0: `num` patches are drawn at random from each.
    """
    rng = np.random.default_rng(seed)
    axes = rng.standard_normal((size * size, 128), dtype=np.float32)
    axes /= np.linalg.norm(axes, axis=0)
    p, q = (np.sort(_patches(_detail(x), size, num, rng) @ axes, axis=0) for x in (a, b))
    return float(np.abs(p - q).mean())


def content_correlation(a: np.ndarray, b: np.ndarray, block: int = 8) -> float:
    """Return the correlation of two pictures' luminance over blocks of `block` pixels, in [-1, 1].

    nan when the pictures differ in size: then they do not show the same scene.
    """
    if a.shape != b.shape:
        return float("nan")
    h, w = (n - n % block for n in a.shape[:2])
    means = [luminance(p)[:h, :w].reshape(h // block, block, w // block, block).mean(axis=(1, 3)) for p in (a, b)]
    return float(np.corrcoef(means[0].ravel(), means[1].ravel())[0, 1])


def stroke_score(picture: np.ndarray) -> float:
    """Return how directional the fine texture is, in [0, 1]: 0 is grain, 1 is one straight hatching.

    The mean coherence (l1 - l2) / (l1 + l2) of the structure tensor's eigenvalues over windows the size of a
    stroke, each window weighted by its texture.
    """
    gy, gx = np.gradient(gaussian_filter(_detail(picture), 0.7))
    xx, xy, yy = (gaussian_filter(a, 5) for a in (gx * gx, gx * gy, gy * gy))
    return float(np.hypot(xx - yy, 2 * xy).sum() / (xx + yy).sum())


def _detail(picture: np.ndarray) -> np.ndarray:
    """Luminance in [-1, 1] without its local mean."""
    gray = 2 * luminance(picture) - 1
    return gray - uniform_filter(gray, 9, mode="reflect")


def _patches(gray: np.ndarray, size: int, num: int, rng: np.random.Generator) -> np.ndarray:
    """`num` random patches as rows."""
    windows = np.lib.stride_tricks.sliding_window_view(gray, (size, size))
    rows, columns = (rng.integers(0, n, num) for n in windows.shape[:2])
    return windows[rows, columns].reshape(num, size * size)
