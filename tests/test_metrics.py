"""Distances against values that can be worked out by hand."""

import numpy as np
import pytest

from gancourse.metrics import frechet_distance, gaussian_distance, modes_covered, nearest


def test_two_gaussians_in_closed_form():
    """W2^2 between N(0, I) and N(0, [[2, -1], [-1, 2]]): eigenvalues 1 and 3, so (1-1)^2 + (sqrt 3 - 1)^2."""
    got = gaussian_distance([0, 0], np.eye(2), [0, 0], [[2, -1], [-1, 2]])
    assert got == pytest.approx(4 - 2 * np.sqrt(3), abs=1e-12)


def test_a_shift_counts_its_square():
    x = np.random.default_rng(0).normal(size=(500, 3))
    assert frechet_distance(x, x + [3, 4, 0]) == pytest.approx(25, abs=1e-6)


def test_a_sample_is_at_no_distance_from_itself():
    x = np.random.default_rng(0).normal(size=(500, 8))
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-8)


def test_a_constant_feature_is_no_trouble():
    """ReLU features are often all zero: the covariance is singular."""
    x = np.random.default_rng(0).normal(size=(500, 3)) * [1, 1, 0]
    assert frechet_distance(x, 2 * x) == pytest.approx(np.trace(np.cov(x, rowvar=False)) + (x.mean(0) ** 2).sum())


@pytest.mark.parametrize("shape", [(1, 4), (5, 3), (5,)])
def test_tables_that_do_not_fit_are_refused(shape):
    with pytest.raises(ValueError, match="two feature tables"):
        frechet_distance(np.zeros(shape), np.zeros((5, 4)))


def test_nearest_finds_the_copy():
    pool = np.random.default_rng(0).random((50, 4, 4, 1))
    index, distance = nearest(pool[[7, 3]], pool)
    assert list(index) == [7, 3] and distance == pytest.approx(0, abs=1e-3)


def test_a_perfect_sampler_has_98_889_percent_within_three_sigma():
    """1 - exp(-9/2) of a 2-D Gaussian lies within 3 sigma of its centre."""
    rng, centres = np.random.default_rng(0), np.array([[0.0, 0.0], [10.0, 0.0]])
    points = centres[rng.integers(0, 2, 200_000)] + rng.normal(size=(200_000, 2))
    modes, share = modes_covered(points, centres, sigma=1.0)
    assert modes == 2 and share == pytest.approx(1 - np.exp(-4.5), abs=0.001)
