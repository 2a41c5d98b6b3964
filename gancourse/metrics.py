"""Distances between two samples of features (float arrays of shape (n, dim)).

A distance belongs to its feature net: name the net beside the number.  It is called FID only
with Inception features, which this course does not ship.
"""

import numpy as np


def frechet_distance(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """Return |mean_a - mean_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)), in float64.

    The squared Wasserstein-2 distance of two Gaussians with the samples' moments (Dowson & Landau 1982;
    used on Inception features by Heusel et al. 2017, eq. 6).  At least 0.  Raises ValueError when a
    sample has fewer than two rows or the widths differ.  Lesson 06.
    """
    a, b = (np.asarray(f, np.float64) for f in (features_a, features_b))
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ValueError(f"two feature tables (n, dim) of one width and n >= 2 are needed, not {a.shape}, {b.shape}")
    return gaussian_distance(a.mean(0), np.cov(a, rowvar=False), b.mean(0), np.cov(b, rowvar=False))


def gaussian_distance(mean_a: np.ndarray, cov_a: np.ndarray, mean_b: np.ndarray, cov_b: np.ndarray) -> float:
    """Return the squared Wasserstein-2 distance of N(mean_a, cov_a) and N(mean_b, cov_b).  Lesson 06."""
    cov_a, cov_b = np.atleast_2d(cov_a), np.atleast_2d(cov_b)
    values, vectors = np.linalg.eigh(cov_a)  # symmetric throughout: no complex rounding, singular is no trouble
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ cov_b @ root), 0, None)).sum()
    shift = np.sum((np.asarray(mean_a) - np.asarray(mean_b)) ** 2)
    return float(max(0.0, shift + np.trace(cov_a) + np.trace(cov_b) - 2 * cross))


def nearest(queries: np.ndarray, pool: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the index in `pool` of each query's nearest row and the Euclidean distance to it.

    Arrays of any matching shape per sample; used to look for memorised training images.  Lessons 05, 06.
    """
    q, p = (np.asarray(a, np.float32).reshape(len(a), -1) for a in (queries, pool))
    squared = (q**2).sum(1)[:, None] - 2 * q @ p.T + (p**2).sum(1)[None]
    index = squared.argmin(1)
    return index, np.linalg.norm(q - p[index], axis=1)


def modes_covered(points: np.ndarray, centres: np.ndarray, sigma: float) -> tuple[int, float]:
    """Return how many modes of a mixture a 2-D sample reaches, and the share of high-quality points.

    A point is of high quality within 3 sigma of its nearest centre; a mode counts with one such point
    (Srivastava et al. 2017; Lin et al. 2018).  A perfect sampler has a share of .98889.  Lesson 07.
    """
    distance = np.linalg.norm(points[:, None] - centres[None], axis=2)
    good = distance.min(1) <= 3 * sigma
    return len(np.unique(distance.argmin(1)[good])), float(good.mean())
