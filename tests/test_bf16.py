"""In 16 bits each step plays the game of its name: G answers D's move, or the D of before."""

import numpy as np
import pytest

from gancourse.training_loop import batches

torch = pytest.importorskip("torch", reason="needs PyTorch")

from gancourse.pt import losses, models
from gancourse.pt.fast_loop import make_fast_loop
from gancourse.pt.train import alternating_step, from_numpy, make_gan, noise, simultaneous_step, state

X = np.random.default_rng(0).integers(0, 256, (96, 8, 8, 1), dtype=np.uint8)
NS = losses.LOSSES["nonsaturating"]
STEPS = 20
GAMES = {"alternating": alternating_step, "simultaneous": simultaneous_step}


def new_gan():
    """Two small networks at a high learning rate: one move of D changes what G sees."""
    nets = models.seeded(models.mlp_pair, 5, (8, 8, 1), 16, seed=1)
    return make_gan(*nets, z_dim=5, learning_rate=0.02, seed=2)


def curve(game, precision, num_steps=STEPS):
    """The GAN after training, and both losses of each step, (steps, 2)."""
    gan = new_gan()
    run_steps = make_fast_loop(gan, X, batch_size=16, loss=NS, precision=precision, step=GAMES[game])
    return gan, np.array([[float(v) for v in run_steps(k, 1).values()] for k in range(num_steps)])


@pytest.fixture(scope="module")
def curves():
    return {(game, precision): curve(game, precision)[1]
            for game in GAMES for precision in ("fp32", "bf16")}


def by_hand(game):
    """The same training, with each forward pass in an autocast of its own: nothing can be kept."""
    gan, batch = new_gan(), batches(X, 16, 2)

    def in_16_bits(net, x):
        with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            return net(x)

    D = lambda x: in_16_bits(gan.D, x).float()
    for k in range(STEPS):
        real, fake = from_numpy(batch(k)), in_16_bits(gan.G, noise(gan, 16, k))
        d_loss = NS.d_loss(D(real), D(fake.detach()))
        d_gradients = torch.autograd.grad(d_loss, list(gan.D.parameters()))
        if game == "alternating":
            update(gan.opt_D, d_gradients)
        update(gan.opt_G, torch.autograd.grad(NS.g_loss(D(fake)), list(gan.G.parameters())))
        if game == "simultaneous":
            update(gan.opt_D, d_gradients)
    return gan


def update(opt, gradients):
    for weight, gradient in zip(opt.param_groups[0]["params"], gradients, strict=True):
        weight.grad = gradient
    opt.step()


@pytest.mark.parametrize("game", GAMES)
def test_twenty_steps_are_those_written_by_hand(game):
    gan, reference = curve(game, "bf16")[0], by_hand(game)
    for name, value in state(reference).items():
        if name.startswith(("G.", "D.")):
            np.testing.assert_allclose(state(gan)[name], value, atol=1e-6, err_msg=name)


def test_the_first_step_of_the_two_games(curves):
    """D moves on the same fakes in both, so d_loss is the same; then G meets another D."""
    alternating, simultaneous = (curves[game, "bf16"][0] for game in GAMES)
    assert alternating[0] == simultaneous[0]
    assert abs(alternating[1] - simultaneous[1]) > 0.1
    for game in GAMES:
        np.testing.assert_allclose(curves[game, "bf16"][0], curves[game, "fp32"][0], atol=0.005)


def test_twenty_steps_in_16_bits_follow_their_own_game(curves):
    """The losses stay close to those of fp32 in their own game, and far from those of the other."""
    gap = lambda a, b, n: np.abs(curves[a, "bf16"][:n] - curves[b, "fp32"][:n]).mean()
    for own, other in (tuple(GAMES), tuple(GAMES)[::-1]):
        assert gap(own, own, 10) < 0.2 * gap(own, other, 10)
        assert gap(own, own, STEPS) < 0.5 * gap(own, other, STEPS)


def test_weights_stay_in_32_bits_and_products_are_in_16():
    """A bf16 number has 8 bits of mantissa: products differ from fp32's in the third digit."""
    (gan, a), (_, b) = (curve("alternating", precision, 1) for precision in ("bf16", "fp32"))
    for net in (gan.G, gan.D, gan.G_ema):
        assert {p.dtype for p in net.parameters()} == {torch.float32}
    assert 0 < np.abs(a - b).max() < 0.01
