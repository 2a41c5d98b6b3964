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

    def step(gan, both, z, loss, penalty):
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


def test_a_filled_hole_keeps_what_is_known_and_its_filler_sees_none_of_the_rest():
    seen, real, hole = [], torch.rand(2, 3, 4, 4), torch.rand(2, 1, 4, 4) < 0.5

    class Gan:
        @staticmethod
        def G(images, z):
            seen.append(images)
            return z[:, None, None, None].expand(2, 3, 4, 4)

    done = fillers.fill_holes(Gan, real, hole, torch.tensor([7.0, 8.0]))
    everywhere = hole.expand_as(real)
    assert torch.equal(done[~everywhere], real[~everywhere])
    assert set(done[0][everywhere[0]].tolist()) == {7.0} and set(done[1][everywhere[1]].tolist()) == {8.0}
    assert torch.equal(seen[0][:, 3:], hole.float()) and (seen[0][:, :3][everywhere] == 0).all()
    assert torch.equal(seen[0][:, :3][~everywhere], real[~everywhere])


def test_the_loss_of_a_filler_is_the_error_and_what_d_says():
    gray, hole = torch.zeros(1, 3, 2, 2), torch.ones(1, 1, 2, 2, dtype=torch.bool)
    assert fillers.filler_loss(gray + 1, gray, hole, None, 3.0) == 3
    half = torch.cat([gray + 1, gray], 3), torch.cat([gray, gray], 3), torch.cat([hole, ~hole], 3)
    assert fillers.filler_loss(*half, None, 1.0) == 1
    wavers = torch.zeros(1, 1)
    assert fillers.filler_loss(gray + 1, gray, hole, wavers, 2.0) == pytest.approx(2 + np.log(2))


def test_d_learns_from_what_it_is_shown_and_the_running_average_moves():
    def step(gan, both, z, loss, penalty):
        fake = gan.G(both, z)
        for net in (gan.G, gan.D):
            before.append([weight.clone() for weight in net.parameters()])
        d_loss = fillers.teach_D(gan, lambda pictures: gan.D(torch.cat([pictures, both[:, 1:]], 1)),
                                 both[:, :1], fake, loss, penalty)
        assert all(map(torch.equal, before[-2], gan.G.parameters()))
        assert not all(map(torch.equal, before[-1], gan.D.parameters()))
        with torch.no_grad():
            next(gan.G.parameters()).add_(1)
        return d_loss, d_loss

    before = []
    x = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 1)).astype(np.uint8)
    gan, _ = fillers.train_filler(step, x, np.ones((12, 8, 8), bool), num_steps=3, batch_size=4, z_dim=5, width=4)
    first, average, last = before[0][0], next(gan.G_ema.parameters()), next(gan.G.parameters())
    assert (average > first).all() and (average <= last).all()
    for kept, now in zip(gan.G_ema.buffers(), gan.G.buffers(), strict=True):
        assert torch.equal(kept, now)  # BatchNorm's statistics are copied


@pytest.mark.parametrize("e_1, e_k, k, want", [(2, 1.25, 4, 1), (3, 3, 8, 0), (5, 4.5, 2, 0.25)])
def test_honest_guesses_have_a_ratio_of_one(e_1, e_k, k, want):
    """An honest guess costs 2 tr C, the mean of four 1.25 tr C."""
    assert fillers.honesty(e_1, e_k, k) == pytest.approx(want, abs=1e-9)


def test_a_judge_of_images_alone_sees_their_holes_and_of_fewer_images_the_first():
    holes = torch.arange(4 * 9).view(4, 1, 3, 3) % 2 == 0
    D = fillers.seeing(holes, lambda seen: seen)
    images = torch.randn(4, 2, 3, 3)
    assert torch.equal(D(images), torch.cat([images, holes.float()], 1))
    assert torch.equal(D(images[:2]), D(images)[:2])
