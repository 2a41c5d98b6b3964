"""A stack of networks is each of them: the same outputs, the same training."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from gancourse.pt.batched import make_batched_gan, sample_each, stack
from gancourse.pt.fast_loop import make_fast_loop
from gancourse.pt.losses import LOSSES, gradient_penalty, r1_penalty
from gancourse.pt.models import seeded
from gancourse.pt.train import Penalty, alternating_step, make_gan
from gancourse.training_loop import train_fast


def small_G():
    return nn.Sequential(nn.Linear(3, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))


def small_D(dim=2):
    return nn.Sequential(nn.Linear(dim, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))


def numbers(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def test_a_stack_gives_what_each_network_gives():
    nets = [seeded(small_G, seed=s) for s in range(3)]
    z = numbers(3, 5, 3)
    together = stack(nets, 3)(z.reshape(15, 3)).reshape(3, 5, 2)
    for net, rows, got in zip(nets, z, together, strict=True):
        torch.testing.assert_close(got, net(rows))


def test_batchnorm_of_a_stack_keeps_running_statistics_for_each_network():
    nets = [seeded(small_G, seed=s) for s in range(2)]
    stacked = stack(nets, 3)
    z = numbers(2, 5, 3)
    stacked(z.reshape(10, 3))
    for net, rows in zip(nets, z, strict=True):
        net(rows)
    want = torch.cat([net[1].running_mean for net in nets])
    torch.testing.assert_close(stacked[2].norm.running_mean, want)


def test_a_pack_lies_side_by_side_in_one_row():
    """Two samples of 2 numbers are one input of 4, so 6 rows of one seed give 3 logits."""
    nets = [seeded(small_D, 4, seed=s) for s in range(2)]
    x = numbers(2, 6, 2)
    logits = stack(nets, 4)(x.reshape(12, 2)).reshape(2, 3, 1)
    torch.testing.assert_close(logits[1], nets[1](torch.cat([x[1, ::2], x[1, 1::2]], 1)))


@pytest.mark.parametrize("loss, penalty", [
    ("nonsaturating", None),
    ("relativistic", Penalty(lambda D, real, fake: r1_penalty(D, real) + r1_penalty(D, fake), 0.1)),
    ("wasserstein", Penalty(lambda D, real, fake: gradient_penalty(D, real, fake, torch.full((len(real),), 0.3)), 10)),
])
def test_a_stack_learns_what_each_network_learns_alone(loss, penalty):
    make = dict(z_dim=3, learning_rate=0.01, ema_decay=0.9)
    together = make_batched_gan(small_G, small_D, [4, 5], dim=2, **make)
    alone = [make_gan(seeded(small_G, seed=2 * s), seeded(small_D, seed=2 * s + 1), **make) for s in (4, 5)]
    for k in range(20):
        real, z = numbers(2, 8, 2, seed=2 * k), numbers(2, 8, 3, seed=2 * k + 1)
        alternating_step(together, real.reshape(16, 2), z.reshape(16, 3), LOSSES[loss], penalty, 0.9)
        for gan, r, one_z in zip(alone, real, z, strict=True):
            alternating_step(gan, r, one_z, LOSSES[loss], penalty, 0.9)
    for name in ("G", "G_ema", "D"):
        weight = getattr(together, name)[-2].weight
        for i, gan in enumerate(alone):
            torch.testing.assert_close(weight[i].T, getattr(gan, name)[-1].weight, rtol=1e-3, atol=1e-4)


def test_the_fast_loop_trains_a_stack():
    """Ten G that begin as noise around 0 learn to stand at (3, 3), where all the data are."""
    gan = make_batched_gan(small_G, small_D, range(10), z_dim=3, dim=2, learning_rate=0.02)
    x = np.full((1000, 2), 3, np.float32) + np.random.default_rng(0).normal(size=(1000, 2)).astype(np.float32) / 10
    before = sample_each(gan, 50).mean(1)
    run_steps = make_fast_loop(gan, x, batch_size=10 * 16, loss=LOSSES["nonsaturating"])
    list(train_fast(run_steps, num_steps=200, progress=False))
    after = sample_each(gan, 50).mean(1)
    assert abs(before).max() < 2.5 and after.shape == (10, 2)
    assert np.linalg.norm(after - 3, axis=1).max() < 1.5


def test_looking_changes_nothing():
    gan = make_batched_gan(small_G, small_D, [0, 1], z_dim=3, dim=2)
    before = copy.deepcopy(gan.G_ema.state_dict())
    a, b = sample_each(gan, 7), sample_each(gan, 7)
    np.testing.assert_array_equal(a, b)
    assert a.shape == (2, 7, 2)
    assert all(torch.equal(v, before[k]) for k, v in gan.G_ema.state_dict().items())


def test_a_layer_with_weights_of_another_kind_is_refused():
    with pytest.raises(TypeError, match="cannot stack Conv2d"):
        stack([nn.Sequential(nn.Conv2d(1, 1, 3))], 1)


def test_rows_that_do_not_fill_the_packs_are_refused():
    """Two seeds with 3 rows of 2 numbers each cannot make pairs."""
    with pytest.raises(ValueError, match="multiple of the pack"):
        stack([seeded(small_D, 4, seed=s) for s in range(2)], 4)(numbers(6, 2))
