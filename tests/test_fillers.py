"""The networks of lesson 11 take an image, its hole and z, and use all of them."""

import numpy as np
import pytest
import torch

from gancourse.course.studies.completion import fillers
from gancourse.errors import CourseError
from gancourse.pt import models


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3)])
def test_shapes_and_what_the_filler_uses(shape, mirror):
    G, D = models.seeded(fillers.filler_pair, 5, shape, 8, mirror, seed=0)
    seen, z = torch.randn(4, shape[2] + 1, *shape[:2]), torch.randn(4, 5)
    made = G.eval()(seen, z)
    assert made.shape == (4, shape[2], *shape[:2]) and made.abs().max() <= 1
    assert D(seen).shape == (4, 1)
    assert not torch.equal(made, G(seen, -z))
    other = seen.clone()
    other[:, -1] += 1  # another hole
    assert not torch.equal(made, G(other, z))


def test_a_side_that_four_does_not_divide_is_refused():
    with pytest.raises(CourseError, match="divides by 4"):
        fillers.filler_pair(5, (30, 30, 1), 8)


def test_training_shows_the_step_images_with_their_hole_and_watches():
    x = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 1)).astype(np.uint8)
    holes = np.zeros((12, 8, 8), bool)
    holes[:, :, :3] = True
    given = []

    def step(gan, both, z, loss, penalty, ema_decay):
        given.append(both)
        return torch.zeros(()), torch.zeros(())

    gan, seen = fillers.train_filler(step, x, holes, num_steps=10, batch_size=4, z_dim=5, width=4, watch=id)
    assert [k for k, _ in seen] == list(range(1, 11)) and len(given) == 10
    assert given[0].shape == (4, 2, 8, 8) and (given[0][:, -1] > 0).sum() == 4 * 24
    one, other = (fillers.guesses(gan, x, holes, place) for place in (0, 1))
    assert one.shape == x.shape and not np.array_equal(one, other)
    assert np.array_equal(one, fillers.guesses(gan, x, holes))


def test_the_learning_rate_falls_over_the_last_sixty_per_cent():
    rate = fillers.falling(2.0, 100)
    assert [rate(k) for k in (0, 40, 70, 100)] == pytest.approx([2, 2, 1, 0])


def test_the_squared_error_of_a_pair_is_that_of_its_mean():
    gray, hole = torch.zeros(1, 3, 2, 2), torch.ones(1, 1, 2, 2, dtype=torch.bool)
    pair = torch.cat([gray + 1, gray - 1])
    assert fillers.squared_error(pair, gray, hole, 2) == 0
    assert fillers.squared_error(pair[:1], gray, hole, 1) == 1
    assert fillers.squared_error(torch.cat([gray + 1, gray]), gray, hole, 2) == pytest.approx(0.25)


@pytest.mark.parametrize("e_1, e_k, k, want", [(2, 1.25, 4, 1), (3, 3, 8, 0), (5, 4.5, 2, 0.25)])
def test_honest_guesses_have_a_ratio_of_one(e_1, e_k, k, want):
    """An honest guess costs 2 tr C, the mean of four 1.25 tr C."""
    assert fillers.honesty(e_1, e_k, k) == pytest.approx(want, abs=1e-9)
