"""What keeps the loop fast is counted, not timed: operations, and the quality of half precision."""

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from torch.utils.flop_counter import FlopCounterMode

from gancourse import metrics
from gancourse.data.synthetic.digits import strokes
from gancourse.pt import losses, models
from gancourse.pt.fast_loop import make_fast_loop
from gancourse.pt.train import alternating_step, make_gan, sample, simultaneous_step
from gancourse.training_loop import train_fast

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))
import published
import recipes
import speed

NS = losses.LOSSES["nonsaturating"]


def gflop_per_image(pair, shape, step, batch_size=2):
    """Multiplications and additions of one training step in convolutions and products, billions per image."""
    gan = make_gan(*pair, z_dim=100)
    with FlopCounterMode(display=False) as counter:
        step(gan, torch.zeros(batch_size, *shape), torch.zeros(batch_size, 100), NS)
    return counter.get_total_flops() / batch_size / 1e9


@pytest.mark.parametrize("build, shape, step, most", [
    (published.dcgan_64, (3, 64, 64), alternating_step, 2.28),
    (published.dcgan_64, (3, 64, 64), simultaneous_step, 2.07),
    (published.tutorial_28, (1, 28, 28), alternating_step, 0.473),
    (published.tutorial_28, (1, 28, 28), simultaneous_step, 0.453)])
def test_a_step_does_no_more_than_it_must(build, shape, step, most):
    """The step as tutorials write it takes 2.48 and .49: gradients for D's weights in G's half, thrown away."""
    assert 0.9 * most < gflop_per_image(build(), shape, step) <= most


def test_the_count_can_tell():
    """Networks of one product each: G 100 x 3, D 3 x 1; slopes cost as much again as going forth."""
    G, D = torch.nn.Linear(100, 3, bias=False), torch.nn.Linear(3, 1, bias=False)
    # G forward 600, its weights' slopes 600; D: real, fake, fake again 6 each, weights' slopes 6 + 6, fakes' slopes 6
    assert gflop_per_image((G, D), (3,), alternating_step) * 1e9 == 600 + 600 + 3 * 6 + 2 * 6 + 6


def test_bf16_learns_as_much_as_fp32():
    """Three seeds of a short run: the distance falls as far, within the spread of seeds, in 16 bits as in 32."""
    x = strokes(1000, size=16, seed=0).images
    x = x if x.ndim == 4 else x[..., None]
    real = x[:500].reshape(500, -1) / 127.5 - 1

    def distance(precision, seed):
        pair = models.seeded(models.shallow_pair, 16, x.shape[1:], 8, seed=seed)
        gan = make_gan(*pair, z_dim=16, learning_rate=4e-3, betas=(0.0, 0.99), seed=seed)
        run_steps = make_fast_loop(gan, x, batch_size=32, loss=NS, precision=precision)
        before = metrics.frechet_distance(sample(gan, 500, averaged=False).reshape(500, -1), real)
        list(train_fast(run_steps, num_steps=60, progress=False))
        return metrics.frechet_distance(sample(gan, 500).reshape(500, -1), real) / before

    fp32, bf16 = ([distance(precision, seed) for seed in range(3)] for precision in ("fp32", "bf16"))
    assert max(fp32) < 0.5 and max(bf16) < 0.5, (fp32, bf16)
    assert 0.8 < np.median(bf16) / np.median(fp32) < 1.25, (fp32, bf16)


def test_time_to_quality_counts_from_where_it_stays_there():
    """50 after 120 s; the other run dips below at 2 s, rises again, and stays below from 4 s on: 30 times sooner."""
    slow, fast = [[(120, 900, 50.0)]], [[(1, 9, 60.0), (2, 18, 40.0), (3, 27, 55.0), (4, 36, 45.0), (5, 45, 50.0)]]
    assert recipes.sooner(slow, fast) == [(0, 50.0, 120, 4, 30.0)]


def test_the_benchmark_plays_all_its_arms(capsys):
    """Every arm of the smallest network, one round: the command that a GPU runs too, here on a processor."""
    speed.compare("mlp_784", "cpu", 8, 1, "cpu", seconds=0.01)
    arms = [line.split("|")[2].strip() for line in capsys.readouterr().out.splitlines()]
    assert arms[:4] == ["tutorial's loop", "tutorial's step alone", "ours, fp32", "ours, fp32, both at once"]


def test_a_precision_that_no_arm_uses_is_not_measured(monkeypatch):
    """Without hardware for it, a large product in bf16 takes a minute."""
    monkeypatch.setattr(speed, "product", lambda dtype, *_: 1.0)
    for arms, measured in ((["ours, fp32"], ["fp32"]), (["ours, fp32", "ours, bf16"], ["fp32", "bf16"])):
        _, roofs = speed.in_turns(dict.fromkeys(arms, lambda: None), "cpu", 1, "cpu", 1e-3)
        assert list(roofs) == measured
