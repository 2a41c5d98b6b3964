"""How far a painted surface is from another: scores of texture, content and strokes.

Pictures are uint8 (height, width, 3).  Nothing here is trained, so no pretrained network decides
what a style is.  Lesson 04.
"""

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter

from gancourse.data.synthetic.brushwork import luminance


def texture_distance(
    a: np.ndarray, b: np.ndarray, size: int = 8, num: int = 8000, seed: int = 0
) -> float:
    """Return the sliced Wasserstein distance between the fine texture of two pictures, >= 0.

    Texture is the luminance minus its local mean (9 x 9); its `size` x `size` patches are points,
    projected on 128 random directions, and the sorted projections are compared (Rabin et al. 2011).
    A picture against itself is not exactly 0: `num` patches are drawn at random from each.
    """
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((size * size, 128), dtype=np.float32)
    directions /= np.linalg.norm(directions, axis=0)
    patches_a, patches_b = (_patches(_detail(picture), size, num, rng) for picture in (a, b))
    sorted_a = np.sort(patches_a @ directions, axis=0)
    sorted_b = np.sort(patches_b @ directions, axis=0)
    return float(np.abs(sorted_a - sorted_b).mean())


def content_correlation(a: np.ndarray, b: np.ndarray, block: int = 8) -> float:
    """Return the correlation of two pictures' luminance over blocks of `block` pixels, in [-1, 1].

    nan when the pictures differ in size: then they do not show the same scene.
    """
    if a.shape != b.shape:
        return float("nan")
    return float(np.corrcoef(_block_means(a, block), _block_means(b, block))[0, 1])


def stroke_score(picture: np.ndarray) -> float:
    """Return how directional the fine texture is, in [0, 1]: 0 is grain, 1 one straight hatching.

    The mean coherence (l1 - l2) / (l1 + l2) of the structure tensor's eigenvalues over windows the
    size of a stroke, each window weighted by its texture.
    """
    gy, gx = np.gradient(gaussian_filter(_detail(picture), 0.7))
    xx, xy, yy = (gaussian_filter(a, 5) for a in (gx * gx, gx * gy, gy * gy))
    return float(np.hypot(xx - yy, 2 * xy).sum() / (xx + yy).sum())


def _block_means(picture: np.ndarray, block: int) -> np.ndarray:
    """The mean luminance of each block of `block` pixels a side, one after the other.

    Rows and columns that fill no block are left out.
    """
    rows, columns = (n // block for n in picture.shape[:2])
    whole = luminance(picture)[: rows * block, : columns * block]
    return whole.reshape(rows, block, columns, block).mean(axis=(1, 3)).ravel()


def _detail(picture: np.ndarray) -> np.ndarray:
    """Luminance in [-1, 1] without its local mean."""
    gray = 2 * luminance(picture) - 1
    return gray - uniform_filter(gray, 9, mode="reflect")


def _patches(gray: np.ndarray, size: int, num: int, rng: np.random.Generator) -> np.ndarray:
    """`num` random patches, float (num, size * size)."""
    windows = np.lib.stride_tricks.sliding_window_view(gray, (size, size))
    rows, columns = (rng.integers(0, n, num) for n in windows.shape[:2])
    return windows[rows, columns].reshape(num, size * size)
