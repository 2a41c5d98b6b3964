"""Adversarial losses as pure functions of the discriminator's logits.

Twin of `gancourse.tf.losses`.  Every loss is a pair (d_loss, g_loss) of functions that
return a scalar to be minimised; logits have shape (batch, 1), real = high, fake = low.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus


class Loss(NamedTuple):
    """One adversarial game."""

    d_loss: Callable[[Tensor, Tensor], Tensor]  # (real_logits, fake_logits) -> scalar
    g_loss: Callable[..., Tensor]               # (fake_logits), or as d_loss when paired
    paired: bool = False                        # does G's loss look at the real logits too?


def bce_d_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """-log D(x) - log(1 - D(G(z))), averaged over the batch.

    Goodfellow et al. 2014, eq. 1.  Lesson 01.
    """
    return softplus(-real_logits).mean() + softplus(fake_logits).mean()


def minimax_g_loss(fake_logits: Tensor) -> Tensor:
    """log(1 - D(G(z))): saturates when D wins.  Goodfellow et al. 2014, eq. 1.  Lesson 01."""
    return -softplus(fake_logits).mean()


def nonsaturating_g_loss(fake_logits: Tensor) -> Tensor:
    """-log D(G(z)).  Goodfellow et al. 2014, section 3.  Lesson 01."""
    return softplus(-fake_logits).mean()


def least_squares_d_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """(D(x) - 1)^2 / 2 + (D(G(z)) + 1)^2 / 2.

    Mao et al. 2017, eq. 2 with a = -1, b = 1.  Lesson 09.
    """
    return ((real_logits - 1).square().mean() + (fake_logits + 1).square().mean()) / 2


def least_squares_g_loss(fake_logits: Tensor) -> Tensor:
    """D(G(z))^2 / 2.  Mao et al. 2017, eq. 2 with c = 0.  Lesson 09."""
    return fake_logits.square().mean() / 2


def hinge_d_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """max(0, 1 - D(x)) + max(0, 1 + D(G(z))).  Lim & Ye 2017, eq. 4.  Lesson 09."""
    return relu(1 - real_logits).mean() + relu(1 + fake_logits).mean()


def wasserstein_d_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """D(G(z)) - D(x).  Arjovsky et al. 2017, eq. 2.  Lesson 09."""
    return fake_logits.mean() - real_logits.mean()


def wasserstein_g_loss(fake_logits: Tensor) -> Tensor:
    """-D(G(z)).  Also the generator's half of the hinge loss.  Lesson 09."""
    return -fake_logits.mean()


def relativistic_d_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """-log sigmoid(D(x) - D(G(z))), pair by pair.  Jolicoeur-Martineau 2018, eq. 3.  Lesson 04."""
    return softplus(fake_logits - real_logits).mean()


def relativistic_g_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """-log sigmoid(D(G(z)) - D(x)), pair by pair.  Jolicoeur-Martineau 2018, eq. 4.  Lesson 04."""
    return softplus(real_logits - fake_logits).mean()


def gradient_penalty(D: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor,
                     mix: Tensor) -> Tensor:
    """Mean of (||grad D(x_hat)|| - 1)^2 at x_hat between real and fake.  Lesson 09.

    Gulrajani et al. 2017, eq. 3.  `mix` in [0, 1] has one value per sample: the caller draws it, so
    the function stays pure.  Multiply by `gp_weight` (10 in the paper).  1e-12 is added under the
    root, which has no finite derivative at 0: a flat D would give NaN (lesson 08).
    """
    mix = mix.reshape(-1, *[1] * (real.ndim - 1))
    x_hat = mix * real + (1 - mix) * fake
    return ((_squared_gradient_norm(D, x_hat) + 1e-12).sqrt() - 1).square().mean()


def r1_penalty(D: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """Mean of ||grad D(x)||^2 over the batch.  Mescheder et al. 2018, eq. 9.  Lesson 03.

    Summed over the pixels of an image, not averaged.  Multiply by `r1_gamma / 2`.
    """
    return _squared_gradient_norm(D, real).mean()


def _squared_gradient_norm(D: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """||grad D(x)||^2 of each sample, shape (batch,), itself differentiable."""
    x = x.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return gradient.square().flatten(1).sum(dim=1)


LOSSES = {
    "minimax": Loss(bce_d_loss, minimax_g_loss),
    "nonsaturating": Loss(bce_d_loss, nonsaturating_g_loss),
    "least_squares": Loss(least_squares_d_loss, least_squares_g_loss),
    "hinge": Loss(hinge_d_loss, wasserstein_g_loss),
    "wasserstein": Loss(wasserstein_d_loss, wasserstein_g_loss),
    "relativistic": Loss(relativistic_d_loss, relativistic_g_loss, paired=True),
}
