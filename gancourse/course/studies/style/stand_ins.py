"""What lesson 04 computes with as long as a learner's own function does not pass its check."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.stats import wasserstein_distance
from torch import nn
from torch.nn.functional import avg_pool2d, l1_loss

from gancourse.data.synthetic import brushwork
from gancourse.pt import losses

BLOCK = 16  # side of a block in pixels, wider than a stroke


def game_losses(real_logits: torch.Tensor,
                fake_logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the relativistic losses of D and of G, scalars; logits are (n, 1, h, w)."""
    return (losses.relativistic_d_loss(real_logits, fake_logits),
            losses.relativistic_g_loss(real_logits, fake_logits))


def content_loss(fake: torch.Tensor, under: torch.Tensor) -> torch.Tensor:
    """Return how far block luminances lie apart, a scalar; pictures (n, 3, h, w) in [-1, 1]."""
    weights = torch.tensor(brushwork.LUMINANCE, device=fake.device).view(1, 3, 1, 1)
    lights = [avg_pool2d((pictures * weights).sum(1, keepdim=True), BLOCK)
              for pictures in (fake, under)]
    return l1_loss(*lights)


def receptive_field(kernels: Sequence[int], strides: Sequence[int]) -> int:
    """Return how many values of a line one output depends on, measured with a gradient."""
    layers = [nn.Conv1d(1, 1, kernel, stride, bias=False, dtype=torch.float64)
              for kernel, stride in zip(kernels, strides, strict=True)]
    for layer in layers:
        nn.init.ones_(layer.weight)
    line = torch.ones(1, 1, 1024, dtype=torch.float64, requires_grad=True)
    nn.Sequential(*layers)(line)[0, 0, 0].backward()
    return int(line.grad.count_nonzero())


def sliced_distance(a: np.ndarray, b: np.ndarray, directions: np.ndarray) -> float:
    """Return the sliced Wasserstein distance of two sets (n, d); `directions` is (d, m)."""
    return float(np.mean([wasserstein_distance(a @ theta, b @ theta) for theta in directions.T]))
