"""Distances against values that can be worked out by hand."""

import tracemalloc

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from gancourse.metrics.distances import (
    birthday_test,
    frechet_distance,
    gaussian_distance,
    kernel_distance,
    modes_and_kl,
    modes_covered,
    nearest,
    prdc_scores,
    standardise,
)


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


def test_a_diverged_generator_is_named():
    x = np.zeros((5, 4))
    x[2, 1] = np.nan
    with pytest.raises(ValueError, match="finite numbers.*diverged"):
        frechet_distance(x, np.zeros((5, 4)))


def test_two_gaussian_samples_are_2208_over_n_apart_at_64_features():
    """To second order the mean costs 2 d / n and the covariance d (d + 1) / 2n: at d = 64 together 2208 / n."""
    distances = [frechet_distance(*np.random.default_rng(seed).normal(size=(2, 2000, 64))) for seed in range(5)]
    assert 2000 * np.mean(distances) == pytest.approx(2208, rel=0.03)


def test_a_kernel_distance_by_hand():
    """k(x, y) = (xy + 1)^3: 1 between the zeros, 8 between the ones, 1 across: 1 + 8 - 2 = 7."""
    assert kernel_distance(np.zeros((2, 1)), np.ones((2, 1))) == pytest.approx(7, abs=1e-12)


def test_the_kernel_distance_of_equal_distributions_is_0_in_the_mean():
    """With 10 draws each it is 0 within three standard errors; the Frechet distance of the same draws is not."""
    draws = [np.random.default_rng(seed).normal(size=(2, 10, 3)) for seed in range(400)]
    kernel, frechet = ([f(*pair) for pair in draws] for f in (kernel_distance, frechet_distance))
    assert abs(np.mean(kernel)) < 3 * np.std(kernel) / 20 and np.mean(frechet) > 0.5


def test_standardised_features_have_mean_0_and_mean_variance_1():
    """One scale for all: spreads 3 and 1 have the mean variance 5, so they become 3 / sqrt 5 and 1 / sqrt 5."""
    x = np.array([[3.0, 1], [-3, 1], [3, -1], [-3, -1]]) + 7
    z = standardise(x, x)
    assert z.mean(0) == pytest.approx(0) and z.std(0) == pytest.approx([3 / np.sqrt(5), 1 / np.sqrt(5)])
    assert standardise(np.ones((3, 2)), x) == pytest.approx(x - 1)


def test_a_feature_that_hardly_ever_fires_does_not_drown_the_others():
    real = np.random.default_rng(0).normal(size=(1000, 4)) * [1, 1, 1, 1e-6]
    fake = np.random.default_rng(1).normal(size=(1000, 4)) * [1, 1, 1, 1e-2]
    assert kernel_distance(*(standardise(real, x) for x in (real, fake))) < 0.05


def test_manifold_scores_by_hand():
    """Real 0, 1 ... 9 with k = 1: balls of radius 1.  The fake at .5 lies in two of them, three others in none.

    Real 0 and 1 have a fake near by.  The fake at .5 has its next neighbour 99.5 away, a ball over all the real.
    """
    real, fake = np.arange(10.0)[:, None], np.array([[0.5], [100], [200], [300]])
    scores = prdc_scores(real, fake, k=1)
    assert scores._asdict() == pytest.approx({"precision": 0.25, "recall": 1, "density": 0.5, "coverage": 0.2})


def test_equal_distributions_have_density_1_and_coverage_31_of_32():
    """1 - 2^-5 = .96875 for large samples (Naeem et al. 2020)."""
    pairs = [np.random.default_rng(seed).normal(size=(2, 600, 4)) for seed in range(5)]
    scores = np.mean([prdc_scores(*pair) for pair in pairs], axis=0)
    assert scores[2] == pytest.approx(1, abs=0.03) and scores[3] == pytest.approx(31 / 32, abs=0.01)


def test_scores_are_silent_and_refuse_too_few_neighbours(capsys):
    x = np.random.default_rng(0).normal(size=(7, 2))
    prdc_scores(x, x)
    assert capsys.readouterr().out == ""
    with pytest.raises(ValueError, match=r"at least k \+ 2 = 8 rows"):
        prdc_scores(x, x, k=6)


def test_twins_by_hand():
    """0 0 1 2 2 2: one pair of zeros, three of twos, among 15 pairs: 15 / 4 different things."""
    assert birthday_test(np.array([0.0, 0, 1, 2, 2, 2]), closer_than=0.5) == (4, 3.75)
    assert birthday_test(np.arange(5.0), closer_than=0.5) == (0, np.inf)


def test_twins_are_found_far_apart_in_the_sample():
    x = np.arange(1200.0)
    x[1100] = x[3]
    assert birthday_test(x, closer_than=0.5)[0] == 1


def test_twins_count_the_images_that_a_machine_repeats():
    """2,000 draws from 100 things make about 20,000 pairs: the estimate is good to a per cent or two."""
    draws = np.random.default_rng(0).integers(0, 100, 2000)
    assert birthday_test(draws, closer_than=0.5)[1] == pytest.approx(100, rel=0.05)


def test_modes_and_their_kl():
    """Half of the modes, evenly: log 2 from uniform.  All of them, evenly: 0."""
    assert modes_and_kl(np.tile(np.arange(5), 7), 10) == (5, pytest.approx(np.log(2)))
    assert modes_and_kl(np.tile(np.arange(10), 7), 10) == (10, pytest.approx(0))
    for bad in ([], [10], [-1]):
        with pytest.raises(ValueError, match="from 0 to 9"):
            modes_and_kl(np.array(bad, int), 10)


def test_a_perfect_sampler_of_1000_modes_is_not_at_0():
    """26,000 draws: (1000 - 1) / 52,000 = .0192 in the mean; single runs differ by .0009."""
    kl = [modes_and_kl(np.random.default_rng(seed).integers(0, 1000, 26_000), 1000)[1] for seed in range(20)]
    assert np.mean(kl) == pytest.approx(0.0196, abs=0.0008) and np.std(kl) == pytest.approx(0.00086, rel=0.5)


def test_nearest_finds_the_copy():
    pool = np.random.default_rng(0).random((50, 4, 4, 1))
    index, distance = nearest(pool[[7, 3]], pool)
    assert list(index) == [7, 3] and distance == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("n, m, dim", [(5, 7, 3), (300, 1000, 20), (2000, 10, 64)])
def test_nearest_is_the_least_of_all_distances_and_the_first_of_equal_ones(n, m, dim):
    rng = np.random.default_rng(0)
    queries, pool = rng.normal(size=(n, dim)), rng.normal(size=(m, dim))
    pool[m // 2] = pool[0]
    queries[1] = pool[0]
    index, distance = nearest(queries, pool)
    every = cdist(np.float32(queries), np.float32(pool))
    assert np.array_equal(index, every.argmin(1)) and index[1] == 0
    np.testing.assert_allclose(distance, every.min(1), rtol=1e-5, atol=1e-6)


def test_nearest_sees_small_differences_of_large_numbers():
    """10,000 and 10,001: their squares differ by less than 32 bits resolve beside 10^8 x 64."""
    pool = 10_000 + np.arange(5.0)[:, None].repeat(64, 1)
    assert nearest(pool, pool)[0].tolist() == [0, 1, 2, 3, 4]


def test_nearest_holds_no_table_of_all_distances():
    """2,000 queries and 10,000 rows have 80 MB of distances in 32 bits."""
    rng = np.random.default_rng(0)
    queries, pool = rng.random((2000, 4), np.float32), rng.random((10_000, 4), np.float32)
    nearest(queries[:9], pool)  # imports what it needs
    tracemalloc.start()
    nearest(queries, pool)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6


def test_a_perfect_sampler_has_98_889_percent_within_three_sigma():
    """1 - exp(-9/2) of a 2-D Gaussian lies within 3 sigma of its centre."""
    rng, centres = np.random.default_rng(0), np.array([[0.0, 0.0], [10.0, 0.0]])
    points = centres[rng.integers(0, 2, 200_000)] + rng.normal(size=(200_000, 2))
    modes, share = modes_covered(points, centres, sigma=1.0)
    assert modes == 2 and share == pytest.approx(1 - np.exp(-4.5), abs=0.001)
