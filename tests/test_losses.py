"""Both tracks' losses against the papers' formulas in float64 NumPy."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
tf = pytest.importorskip("gancourse.tf", reason="needs TensorFlow").tf
from gancourse.pt import losses as pt_losses
from gancourse.tf import losses as tf_losses

TRACKS = {"pt": (torch.tensor, pt_losses), "tf": (tf.constant, tf_losses)}
REAL = np.linspace(-30, 30, 21)[:, None]  # at these ends log(sigmoid) by hand would overflow or be 0
FAKE = np.linspace(30, -28, 21)[:, None]
relu, mean = lambda a: np.maximum(a, 0), np.mean
log_D = lambda a: -np.log1p(np.exp(-a))  # log sigmoid(a)
number = lambda t: float(t.detach() if hasattr(t, "detach") else t)

EXPECTED = {  # name: (d_loss, g_loss), both to be minimised, straight from the papers
    "minimax": (-mean(log_D(REAL)) - mean(log_D(-FAKE)), mean(log_D(-FAKE))),
    "nonsaturating": (-mean(log_D(REAL)) - mean(log_D(-FAKE)), -mean(log_D(FAKE))),
    "least_squares": (mean((REAL - 1) ** 2) / 2 + mean((FAKE + 1) ** 2) / 2, mean(FAKE**2) / 2),
    "hinge": (mean(relu(1 - REAL)) + mean(relu(1 + FAKE)), -mean(FAKE)),
    "wasserstein": (mean(FAKE) - mean(REAL), -mean(FAKE)),
    "relativistic": (-mean(log_D(REAL - FAKE)), -mean(log_D(FAKE - REAL))),
}


def test_both_tracks_have_the_same_losses():
    assert list(pt_losses.LOSSES) == list(tf_losses.LOSSES) == list(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("track", TRACKS)
def test_loss_matches_the_paper(track, name):
    tensor, losses = TRACKS[track]
    loss, real, fake = losses.LOSSES[name], tensor(REAL), tensor(FAKE)
    g_loss = loss.g_loss(real, fake) if loss.paired else loss.g_loss(fake)
    np.testing.assert_allclose([number(loss.d_loss(real, fake)), number(g_loss)], EXPECTED[name], rtol=1e-9)


@pytest.mark.parametrize("track", TRACKS)
def test_undecided_discriminator_has_loss_log_4(track):
    """D = 1/2 everywhere: -log 1/2 - log 1/2."""
    tensor, losses = TRACKS[track]
    zero = tensor(np.zeros((3, 1)))
    assert number(losses.bce_d_loss(zero, zero)) == pytest.approx(np.log(4), rel=1e-12)


@pytest.mark.parametrize("track", TRACKS)
def test_penalties_of_a_linear_critic(track):
    """D(x) = w.x has slope w everywhere: with w = (3, 4) its length is 5, so (5 - 1)^2 = 16 and 5^2 = 25."""
    tensor, losses = TRACKS[track]
    rng = np.random.default_rng(0)
    real, fake, mix = (tensor(a) for a in (rng.normal(size=(8, 2)), rng.normal(size=(8, 2)), rng.random(8)))
    w = tensor(np.array([[3.0], [4.0]]))
    assert number(losses.gradient_penalty(lambda x: x @ w, real, fake, mix)) == pytest.approx(16.0)
    assert number(losses.r1_penalty(lambda x: x @ w, real)) == pytest.approx(25.0)


@pytest.mark.parametrize("track", TRACKS)
def test_penalties_of_a_quadratic_critic_on_images(track):
    """D(x) = |x|^2 / 2 has slope x: the penalties see where each image lies, summed over its pixels."""
    tensor, losses = TRACKS[track]
    rng = np.random.default_rng(1)
    real, fake, mix = rng.normal(size=(5, 2, 3, 1)), rng.normal(size=(5, 2, 3, 1)), rng.random(5)
    D = lambda x: x**2 / 2
    between = mix.reshape(-1, 1, 1, 1) * real + (1 - mix.reshape(-1, 1, 1, 1)) * fake
    length = np.sqrt((between**2).sum((1, 2, 3)))
    got = losses.gradient_penalty(D, tensor(real), tensor(fake), tensor(mix))
    assert number(got) == pytest.approx(((length - 1) ** 2).mean(), rel=1e-9)
    assert number(losses.r1_penalty(D, tensor(real))) == pytest.approx((real**2).sum((1, 2, 3)).mean(), rel=1e-9)


@pytest.mark.parametrize("track", TRACKS)
def test_a_penalty_can_be_minimised(track):
    """d/dw of R1 for D(x) = w.x is 2 w: the penalty is itself differentiable in D's weights."""
    x = np.ones((4, 2), np.float32)
    if track == "pt":
        w = torch.tensor([[3.0], [4.0]], requires_grad=True)
        pt_losses.r1_penalty(lambda x: x @ w, torch.tensor(x)).backward()
        slope = w.grad.numpy()
    else:
        w = tf.Variable([[3.0], [4.0]])
        with tf.GradientTape() as tape:
            penalty = tf_losses.r1_penalty(lambda x: x @ w, tf.constant(x))
        slope = tape.gradient(penalty, w).numpy()
    np.testing.assert_allclose(slope, [[6.0], [8.0]], rtol=1e-6)
