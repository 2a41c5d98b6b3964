"""What a step draws at random depends on (seed, k) alone, and takes no number from its caller."""

import numpy as np
import pytest

from gancourse.training_loop import batches, train, train_fast

torch = pytest.importorskip("torch", reason="needs PyTorch")

from torch import nn

from gancourse import checkpoints
from gancourse.pt import losses, models
from gancourse.pt.augment import Augmented, affine, cutout, translate
from gancourse.pt.fast_loop import make_fast_loop
from gancourse.pt.train import Penalty, load_state, make_gan, state, train_step
from gancourse.training_loop import History, Log

X = np.random.default_rng(0).integers(0, 256, (96, 8, 8, 1), dtype=np.uint8)
WGAN = losses.LOSSES["wasserstein"]
GP = Penalty(lambda D, real, fake: losses.gradient_penalty(D, real, fake, torch.rand(len(real))),
             weight=1.0, interval=2)


@pytest.fixture(autouse=True)
def other_random_numbers_stay():
    with torch.random.fork_rng():
        yield


def new_gan(seed=2):
    """Three kinds of random numbers: changes of images, dropout, and the penalty's points."""
    G, D = models.seeded(models.shallow_pair, 5, (8, 8, 1), 4, seed=1)
    D = Augmented(nn.Sequential(*D[:2], nn.Dropout2d(0.5), *D[2:]), affine, translate, cutout)
    return make_gan(G, D, z_dim=5, seed=seed)


def fast(gan, start, stop, chunk=64):
    run_steps = make_fast_loop(gan, X, batch_size=16, loss=WGAN, penalty=GP)
    list(train_fast(run_steps, num_steps=stop, start=start, chunk=chunk, progress=False))


def plain(gan, start, stop):
    step = lambda real, k: train_step(gan, real, k, WGAN, GP)
    list(train(step, batches(X, 16, gan.seed), num_steps=stop, start=start, progress=False))


def assert_same(a, b):
    assert state(a).keys() == state(b).keys()
    for name, value in state(a).items():
        np.testing.assert_array_equal(value, state(b)[name], err_msg=name)


@pytest.mark.parametrize("play", [fast, plain])
def test_a_resumed_run_equals_the_straight_one_bit_for_bit(play, tmp_path):
    """Stopped at step 7 and gone on with from the file, after other numbers have been drawn."""
    straight, half, resumed = new_gan(), new_gan(), new_gan()
    torch.manual_seed(10)
    play(straight, 0, 12)
    torch.manual_seed(11)
    play(half, 0, 7)
    path = checkpoints.save_run(tmp_path / "run.safetensors", state(half), History([Log(7, {})]))
    torch.manual_seed(12)
    run = checkpoints.load_run(path)
    load_state(resumed, run.arrays)
    play(resumed, run.step, 12)
    assert_same(straight, resumed)


def test_the_fast_loop_draws_what_the_plain_one_draws_however_long_its_rounds():
    one, other, third = new_gan(), new_gan(), new_gan()
    plain(one, 0, 6)
    fast(other, 0, 6)
    fast(third, 0, 6, chunk=1)
    assert_same(one, other)
    assert_same(one, third)


@pytest.mark.parametrize("play", [fast, plain])
def test_training_takes_no_random_number_from_its_caller(play):
    torch.manual_seed(3)
    undisturbed = torch.rand(1)
    torch.manual_seed(3)
    play(new_gan(), 0, 3)
    assert torch.equal(torch.rand(1), undisturbed)


def test_every_step_and_every_seed_draws_numbers_of_its_own():
    """Eight steps of two seeds: sixteen numbers, none twice."""
    drawn = []

    def draw(D, real, fake):
        drawn.append(float(torch.rand(1)))
        return losses.r1_penalty(D, real)

    for seed in (2, 3):
        gan = new_gan(seed)
        make_fast_loop(gan, X, batch_size=16, loss=WGAN, penalty=Penalty(draw, 1.0))(0, 8)
    assert len(set(drawn)) == 16
