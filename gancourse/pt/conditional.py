"""A GAN that is told what to draw: G(z, y) and D(x, y) for a label y.  Lesson 10.

For fixed labels it is an ordinary GAN: `condition_on` makes one of it, on which losses, penalties
and `alternating_step` work as they are.  To train it, call
make_fast_loop(gan, (images, labels), step=conditional_step, ...).
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from gancourse.data.labels import check_labels
from gancourse.errors import CourseError
from gancourse.pt.losses import Loss
from gancourse.pt.models import shallow_pair
from gancourse.pt.train import GAN, Penalty, alternating_step, sample
from gancourse.training_loop import draw_noise


class LabelledG(nn.Module):
    """G(z, y): the label is given to G as more numbers of z, all 0 but a 1 at place y.

    The unconditional `G` takes (batch, z_dim + num_classes).  Mirza & Osindero 2014.
    """

    def __init__(self, G: nn.Module, num_classes: int) -> None:
        """Hold the unconditional G and the labels' one-hot rows."""
        super().__init__()
        self.G = G
        self.num_classes = num_classes
        self.register_buffer("one_hot", torch.eye(num_classes), persistent=False)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Return the samples of z (batch, z_dim) and labels y (batch,), int64."""
        return self.G(torch.cat([z, self.one_hot[y]], 1))


class ProjectionD(nn.Module):
    """D(x, y) = psi(phi(x)) + <v_y, phi(x)>: is x real, plus is it real *as a y*.

    Miyato & Koyama 2018, eq. 3.  `D` is a Sequential that ends in a linear layer, psi; what comes
    before it is phi, and v has a row of as many features for each class, 0 at first.
    """

    def __init__(self, D: nn.Sequential, num_classes: int) -> None:
        """Split D into phi and psi."""
        super().__init__()
        self.phi = D[:-1]
        self.psi = D[-1]
        self.v = nn.Parameter(torch.zeros(num_classes, self.psi.in_features))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the logits (batch, 1) of samples x and labels y (batch,), int64."""
        features = self.phi(x)
        return self.psi(features) + (self.v[y] * features).sum(1, keepdim=True)


def conditional_pair(
        z_dim: int, shape: tuple[int, int, int], num_classes: int, width: int = 32,
        build: Callable[..., tuple[nn.Module, nn.Module]] = shallow_pair,
) -> tuple[nn.Module, nn.Module]:
    """Return the pair G(z, y), D(x, y) made of the pair that `build(z_dim, shape, width)` returns.

    `build` is one of `pt.models`, or any function whose D is a Sequential that ends in a linear
    layer.  Raises ValueError for fewer than two classes.
    """
    if num_classes < 2:
        raise CourseError("a conditional GAN needs at least two classes: one label says nothing")
    G, D = build(z_dim + num_classes, shape, width)
    return LabelledG(G, num_classes), ProjectionD(D, num_classes)


class Conditioned(nn.Module):
    """A conditional network with its labels y filled in; it takes x and shares the weights."""

    def __init__(self, net: nn.Module, y: Tensor) -> None:
        super().__init__()
        self.net = net
        self.y = y

    def forward(self, x: Tensor) -> Tensor:
        """Return net(x, y)."""
        return self.net(x, self.y)


def condition_on(gan: GAN, y: Tensor) -> GAN:
    """Return the unconditional GAN that a conditional one is for labels y (batch,).

    It shares the weights and the optimisers.
    """
    return replace(gan, G=Conditioned(gan.G, y), D=Conditioned(gan.D, y),
                   G_ema=Conditioned(gan.G_ema, y))


def conditional_step(gan: GAN, real: tuple[Tensor, Tensor], z: Tensor, loss: Loss,
                     penalty: Penalty | None = None,
                     ema_decay: float | Tensor = 0.0) -> tuple[Tensor, Tensor]:
    """Take one step on (images, labels) and return d_loss and g_loss.

    It is `alternating_step`, with fakes of the real labels.
    """
    x, y = real
    return alternating_step(condition_on(gan, y), x, z, loss, penalty, ema_decay)


def sample_labels(gan: GAN, y: np.ndarray, averaged: bool = True, seed: int = 2**31) -> np.ndarray:
    """Return one sample for each label y (n,), int64, as `train.sample` does.

    The samples are float32 images in [-1, 1], channels last.  z is drawn from (gan.seed, seed).
    Raises ValueError for a label of a class that the networks do not have.
    """
    y = check_labels(y, gan.G.num_classes)
    z = draw_noise(len(y), gan.z_dim, gan.seed, seed)
    device = gan.G.one_hot.device
    parts = []
    for i in range(0, len(y), 500):
        labels = torch.from_numpy(y[i : i + 500]).to(device)
        parts.append(sample(condition_on(gan, labels), z[i : i + 500], averaged))
    return np.concatenate(parts)
