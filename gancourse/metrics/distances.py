"""Distances between two samples of features (float arrays of shape (n, dim)), and what they miss.

A distance belongs to its feature net: name the net beside the number.  It is called FID only with
Inception features, which this course does not ship.  Where real and fake samples play different
parts, real comes first.  Lesson 07 takes each of these numbers apart.
"""

from contextlib import redirect_stdout
from io import StringIO
from typing import NamedTuple

import numpy as np

from gancourse.errors import CourseError


class PRDC(NamedTuple):
    """How two samples of features overlap, by `prdc_scores`.

    Each number is near 1 for two large samples of one distribution.
    """

    precision: float  # share of the fakes that lie among the real
    recall: float     # share of the real that lie among the fakes
    density: float    # how densely the fakes lie among the real; may exceed 1
    coverage: float   # share of the real that have a fake near by


def frechet_distance(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """Return |mean_a - mean_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)), in float64.

    The squared Wasserstein-2 distance of two Gaussians with the samples' moments (Dowson & Landau
    1982; used on Inception features by Heusel et al. 2017, eq. 6).  At least 0, and biased upwards
    by about constant / n: compare only numbers with the same n.  Raises ValueError when a sample
    has fewer than two rows or values that are not finite, or when the widths differ.  Lesson 07.
    """
    a, b = _checked(features_a, features_b)
    return gaussian_distance(a.mean(0), np.cov(a, rowvar=False), b.mean(0), np.cov(b, rowvar=False))


def gaussian_distance(
    mean_a: np.ndarray, cov_a: np.ndarray, mean_b: np.ndarray, cov_b: np.ndarray
) -> float:
    """Return the squared Wasserstein-2 distance of N(mean_a, cov_a) and N(mean_b, cov_b).

    Means have shape (dim,) and covariances (dim, dim).  Lesson 07.
    """
    cov_a, cov_b = np.atleast_2d(cov_a), np.atleast_2d(cov_b)
    # The root is taken of symmetric matrices only: nothing turns complex by rounding, and a
    # singular covariance is no trouble.
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ cov_b @ root), 0, None)).sum()
    shift = np.sum((np.asarray(mean_a) - np.asarray(mean_b)) ** 2)
    return float(max(0.0, shift + np.trace(cov_a) + np.trace(cov_b) - 2 * cross))


def kernel_distance(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """Return the unbiased estimate of the squared MMD with kernel (x.y / dim + 1)^3, in float64.

    Known as KID on Inception features (Binkowski et al. 2018, section 3; Gretton et al. 2012,
    eq. 3).  About 0 for equal distributions at any n, hence sometimes below.  Features of a large
    scale give numbers in the thousands: pass them through `standardise` first.  Raises ValueError
    as `frechet_distance`.  Lesson 07.
    """
    from sklearn.metrics.pairwise import polynomial_kernel

    a, b = _checked(features_a, features_b)
    within = 0.0
    for x in (a, b):
        k = polynomial_kernel(x, degree=3)
        pairs = len(x) * (len(x) - 1)  # a point is not compared with itself
        within += (k.sum() - np.trace(k)) / pairs
    return float(within - 2 * polynomial_kernel(a, b, degree=3).mean())


def standardise(reference: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Return (features - mean) / spread, float64, with the reference's mean and its spread.

    The spread is the root of the mean variance, one number for all features: a feature that hardly
    ever fires in the reference has a tiny spread of its own, and fakes in which it fires would
    drown everything else.  For an unbiased `kernel_distance` take a reference that is in neither
    sample, such as the training images.  Raises ValueError as `frechet_distance`.  Lesson 07.
    """
    reference, features = _checked(reference, features)
    spread = np.sqrt(reference.var(0).mean())
    if spread == 0:  # a reference whose rows are all equal
        spread = 1
    return (features - reference.mean(0)) / spread


def prdc_scores(real: np.ndarray, fake: np.ndarray, k: int = 5) -> PRDC:
    """Return precision, recall, density and coverage of two samples, by the package `prdc`.

    A point lies among a sample when it is closer to one of its members than that member's k-th
    neighbour (Kynkaanniemi et al. 2019; Naeem et al. 2020).  Two samples of one distribution have
    density 1 and coverage about 1 - 2^-k in the mean.  Time and memory grow with n^2: 5,000 of each
    take seconds and a gigabyte.  Raises ValueError as `frechet_distance`, or when a sample has
    fewer than k + 2 rows.  Lesson 07.
    """
    from prdc import compute_prdc

    real, fake = _checked(real, fake)
    if not 1 <= k <= min(len(real), len(fake)) - 2:
        raise CourseError(f"k={k} neighbours need samples of at least k + 2 = {k + 2} rows and "
                          f"k >= 1, not {len(real)} and {len(fake)} rows")
    with redirect_stdout(StringIO()):  # prdc prints both sizes
        scores = compute_prdc(real, fake, nearest_k=k)
    return PRDC(**{name: float(value) for name, value in scores.items()})


def nearest(queries: np.ndarray, pool: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the index in `pool` of each query's nearest row and the Euclidean distance to it.

    Arrays of any matching shape per sample; used to look for memorised training images.  Of equally
    near rows the first.  Memory stays small, however many there are.  Raises ValueError for values
    that are not finite.  Lessons 03, 07.
    """
    from sklearn.neighbors import NearestNeighbors

    queries, pool = (np.asarray(a, np.float32).reshape(len(a), -1) for a in (queries, pool))
    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(pool)
    index = search.kneighbors(queries, return_distance=False)[:, 0]
    # scikit-learn expands the square, so its own distances lose digits where they are tiny.
    return index, np.linalg.norm(queries - pool[index], axis=1)


def birthday_test(samples: np.ndarray, closer_than: float) -> tuple[int, float]:
    """Return how many pairs of samples lie closer than `closer_than`, and what N that suggests.

    N is the number of different samples that the generator can make.  Among n draws from N equally
    likely things n (n - 1) / 2N pairs are expected to be equal, so the pairs estimate N; unequal
    chances p give 1 / sum p^2 (the birthday test of Arora & Zhang 2017).  Without any pair N is
    infinite: then N > n (n - 1) / 6 with 95 % confidence.  Arrays of any shape per sample.
    Lesson 07.
    """
    x = np.asarray(samples, np.float32).reshape(len(samples), -1)
    squared_norms = (x**2).sum(1)
    close_pairs = 0
    for i in range(0, len(x), 500):  # in blocks: memory stays small
        block = slice(i, i + 500)
        squared = squared_norms[block, None] - 2 * x[block] @ x.T + squared_norms
        close_pairs += int(np.triu(squared < closer_than**2, k=i + 1).sum())
    if close_pairs == 0:
        return 0, np.inf
    return close_pairs, len(x) * (len(x) - 1) / 2 / close_pairs


def modes_and_kl(modes: np.ndarray, num_modes: int) -> tuple[int, float]:
    """Return how many of the modes 0 ... num_modes - 1 a sample reaches, and its KL from uniform.

    KL = sum p log(p num_modes) with p the shares in the sample (Srivastava et al. 2017, on the
    1,000 modes of stacked MNIST).  A perfect sampler of n has about (num_modes - 1) / 2n, not 0.
    Raises ValueError for modes out of range or an empty sample.  Lesson 07.
    """
    modes = np.asarray(modes)
    if modes.size == 0 or modes.min() < 0 or modes.max() >= num_modes:
        raise CourseError(f"modes must be numbers from 0 to {num_modes - 1}, at least one")
    p = np.bincount(modes.ravel(), minlength=num_modes) / modes.size
    p = p[p > 0]
    return len(p), float((p * np.log(p * num_modes)).sum())


def modes_covered(points: np.ndarray, centres: np.ndarray, sigma: float) -> tuple[int, float]:
    """Return how many modes of a mixture a 2-D sample reaches, and its share of good points.

    A point is good within 3 sigma of its nearest centre; a mode counts with one such point
    (Srivastava et al. 2017; Lin et al. 2018, who call them high-quality samples).  A perfect
    sampler has a share of .98889.  Lessons 07, 08.
    """
    distance = np.linalg.norm(points[:, None] - centres[None], axis=2)
    good = distance.min(1) <= 3 * sigma
    return len(np.unique(distance.argmin(1)[good])), float(good.mean())


def _checked(*samples: np.ndarray) -> list[np.ndarray]:
    """Feature tables (n, dim) as float64.  Raises ValueError as `frechet_distance`."""
    tables = [np.asarray(sample, np.float64) for sample in samples]
    shapes = [table.shape for table in tables]
    for shape in shapes:
        if len(shape) != 2 or shape[1] != shapes[0][1] or shape[0] < 2:
            raise CourseError("two feature tables (n, dim) of one width and n >= 2 are needed, not "
                              + ", ".join(map(str, shapes)))
    if not all(np.isfinite(table).all() for table in tables):
        raise CourseError("features must be finite numbers: "
                          "a generator whose images are nan has diverged")
    return tables
