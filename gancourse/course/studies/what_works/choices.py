"""Lesson 09's choices: networks with their normalisation, penalties, a learner's optimiser.

The losses by name are `losses.LOSSES`.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from gancourse.course.studies.what_works.row_gru import RowGRU
from gancourse.errors import CourseError
from gancourse.pt import losses, models
from gancourse.pt.train import Penalty

NETWORKS = ("cnn", "mlp", "gru")
NORMS = ("none", "batch_G", "batch_both", "spectral", "spectral_only")
ALLOWED = {  # what a learner's experiment may change: words, or the ends, near what was tried
    "loss": ("nonsaturating", "least_squares", "hinge", "wasserstein", "relativistic"),
    "penalty": ("none", "r1", "r1r2", "gp"),
    "network": NETWORKS,
    "norm": NORMS,
    "learning_rate": (2e-4, 0.032),
    "beta1": (0.0, 0.95),
    "batch_size": (2, 256),
    "ema_decay": (0.0, 0.999),
    "decay": (0.0, 1.0),
}


def make_networks(network: str, norm: str, shape: tuple[int, int, int], z_dim: int = 32,
                  device: str = "cpu") -> list[nn.Module]:
    """Return G and D for images of `shape` (height, width, channels).

    `network` is cnn, the convolutional pair of lesson 03, mlp, one hidden layer each, or gru, a
    recurrent G before the convolutional D.  `norm` puts BatchNorm nowhere (none), into G (batch_G)
    or into both (batch_both); spectral adds spectral normalisation in D to BatchNorm in G, and
    spectral_only leaves that BatchNorm out.  Only cnn has BatchNorm.  CourseError for other names.
    """
    if network not in NETWORKS or norm not in NORMS:
        raise CourseError(f"networks are {', '.join(NETWORKS)}, norms are {', '.join(NORMS)}")
    pair = models.mlp_pair if network == "mlp" else models.shallow_pair
    G, D = pair(z_dim, shape)
    if network == "gru":
        G = RowGRU(z_dim, shape)
    if norm in ("none", "spectral_only") and network == "cnn":
        G = nn.Sequential(*[layer for layer in G if not isinstance(layer, nn.BatchNorm2d)])
    if norm == "batch_both" and network == "cnn":
        D.insert(3, nn.BatchNorm2d(D[2].out_channels))
    if norm in ("spectral", "spectral_only"):
        for layer in D:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.utils.parametrizations.spectral_norm(layer)
    return [net.to(device, memory_format=torch.channels_last) for net in (G, D)]


def r1(D: Callable, real: Tensor, fake: Tensor) -> Tensor:
    """Return the mean squared size of D's gradient at real images (lesson 06)."""
    return losses.r1_penalty(D, real)


def r1r2(D: Callable, real: Tensor, fake: Tensor) -> Tensor:
    """Return R1 at real images and the same at fakes (R2)."""
    return losses.r1_penalty(D, real) + losses.r1_penalty(D, fake)


def gp(D: Callable, real: Tensor, fake: Tensor) -> Tensor:
    """Return WGAN-GP's penalty, which asks for gradients of size 1 between real and fake images."""
    return losses.gradient_penalty(D, real, fake, torch.rand(len(real), device=real.device))


PENALTIES = {
    "none": None,
    "gp": Penalty(gp, weight=10.0),
    "r1": Penalty(r1, weight=0.5, interval=8),
    "r1r2": Penalty(r1r2, weight=0.5, interval=8),
}


class StepOptimiser(torch.optim.Optimizer):
    """An optimiser of PyTorch that moves each tensor of weights by a function of one step.

    `step(g, m, v, k, rate, beta1)` gets the gradient, two averages that start at 0 and the number
    of the step, from 1 on; it returns the move, which is subtracted, and the new averages.
    """

    def __init__(self, weights: Iterable[Tensor], step: Callable, rate: float,
                 beta1: float) -> None:
        """Remember the function, the learning rate and beta1."""
        super().__init__(weights, {"lr": rate, "beta1": beta1})
        self.function = step

    @torch.no_grad()
    def step(self) -> None:
        """Move all weights once."""
        for group in self.param_groups:
            for w in group["params"]:
                state = self.state[w]
                k = state.get("k", 0) + 1
                m, v = (state.get(name, torch.zeros_like(w)) for name in "mv")
                move, m, v = self.function(w.grad, m, v, k, group["lr"], group["beta1"])
                w -= move
                state.update(k=k, m=m, v=v)
