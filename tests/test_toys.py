"""The toy mixtures have the published centres and spread."""

import numpy as np
import pytest

from gancourse.data.synthetic.toys import grid, ring
from gancourse.metrics.distances import modes_covered


def test_the_ring_has_eight_centres_at_radius_one():
    centres = ring(1).centres
    assert centres.shape == (8, 2) and np.linalg.norm(centres, axis=1) == pytest.approx(1)
    assert np.linalg.norm(centres[1] - centres[0]) == pytest.approx(2 * np.sin(np.pi / 8))


def test_the_grid_has_25_centres_at_even_numbers():
    assert {tuple(c) for c in grid(1).centres} == {(x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)}


@pytest.mark.parametrize("make", [ring, grid])
def test_a_sample_covers_all_modes_with_the_share_of_a_perfect_sampler(make):
    sample = make(50_000)
    modes, share = modes_covered(sample.points, sample.centres, sample.sigma)
    assert modes == len(sample.centres) and share == pytest.approx(1 - np.exp(-4.5), abs=0.003)
    residual = sample.points - sample.centres[sample.modes]
    assert residual.std() == pytest.approx(sample.sigma, rel=0.02)


@pytest.mark.parametrize("wrong", [{"n": 0}, {"n": 5, "sigma": 0}])
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError, match="out of range"):
        ring(**wrong)
