"""What few labelled images are worth: ways of filling a classifier's batches.  Lesson 10."""

from collections.abc import Callable

import numpy as np
import torch
from scipy import stats
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from gancourse.data.registry import to_float
from gancourse.pt.augment import affine
from gancourse.pt.models import seeded
from gancourse.pt.train import from_numpy

NOISE = 0.8  # changes pixels as much as `affine` does, by 0.5 to 0.6 in the root mean square
Batch = tuple[Tensor, Tensor]
Draw = Callable[[], Batch]  # returns images (batch, channels, height, width) and labels (batch,)


def small_net(shape: tuple[int, int, int], num_classes: int) -> nn.Sequential:
    """Return an untrained classifier of images (height, width, channels), sides divisible by 4."""
    side = shape[0] // 4
    return nn.Sequential(nn.Conv2d(shape[2], 16, 8, 4, 2), nn.LeakyReLU(0.2),
                         nn.Conv2d(16, 32, 3, 1, 1), nn.LeakyReLU(0.2), nn.Flatten(),
                         nn.Linear(32 * side**2, num_classes))


def from_pool(x: np.ndarray, y: np.ndarray, n: int) -> Draw:
    """Return a function that draws n random pairs of images and labels, with replacement."""
    images = from_numpy(to_float(x))
    labels = torch.from_numpy(y)

    def draw() -> Batch:
        rows = torch.randint(len(images), (n,))
        return images[rows], labels[rows]

    return draw


def changed(draw: Draw, change: Callable[[Tensor], Tensor]) -> Draw:
    """Return a function that draws as `draw` does and then changes the images at random."""
    def draw_changed() -> Batch:
        images, labels = draw()
        return change(images), labels

    return draw_changed


def noisy(x: Tensor, spread: float = NOISE) -> Tensor:
    """Add normal noise to images in [-1, 1]."""
    return (x + spread * torch.randn_like(x)).clamp(-1, 1)


def mirrored(x: Tensor) -> Tensor:
    """Swap left and right in about half of the images, which turns digits into none."""
    chosen = torch.rand(len(x), 1, 1, 1, device=x.device) < 0.5
    return torch.where(chosen, x.flip(3), x)


def arms(x: np.ndarray, y: np.ndarray, drawings: np.ndarray, wanted: np.ndarray,
         half: int = 32) -> dict[str, Draw]:
    """Return the seven ways to make a batch of few real images x, y and a GAN's drawings.

    `wanted` are the labels that the drawings (n, height, width, channels) were asked for.  All but
    "real only" hold 2 x `half` images.
    """
    few, many = from_pool(x, y, half), from_pool(x, y, 2 * half)
    drawn = from_pool(drawings, wanted, half)

    def both() -> Batch:
        (real, real_labels), (fake, fake_labels) = few(), drawn()
        return torch.cat([real, fake]), torch.cat([real_labels, fake_labels])

    return {"real only": few, "more copies": many, "noisy": changed(many, noisy),
            "mirrored": changed(many, mirrored), "affine": changed(many, affine), "GAN": both,
            "affine + GAN": changed(both, affine)}


def accuracy(draw: Draw, x_test: np.ndarray, y_test: np.ndarray, num_classes: int, *,
             steps: int = 200, seed: int = 0) -> float:
    """Return the test accuracy of a fresh classifier after `steps` batches of `draw()`.

    Adam, one cycle up to 4e-3; the first weights and all random numbers depend on `seed`.
    """
    torch.manual_seed(seed)
    net = seeded(small_net, x_test.shape[1:], num_classes, seed=seed)
    opt = torch.optim.Adam(net.parameters())
    cycle = torch.optim.lr_scheduler.OneCycleLR(opt, 4e-3, total_steps=steps)
    for _ in range(steps):
        images, labels = draw()
        opt.zero_grad()
        cross_entropy(net(images), labels).backward()
        opt.step()
        cycle.step()
    with torch.no_grad():
        right = net(from_numpy(to_float(x_test))).argmax(1) == torch.from_numpy(y_test)
    return float(right.float().mean())


def gain_over(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Return the mean gain of b over a, arrays (picks,), and half its 95 % confidence interval."""
    return mean_and_half(b - a)


def mean_and_half(x: np.ndarray) -> tuple[float, float]:
    """Return the mean of independent numbers and half its 95 % confidence interval."""
    low, high = stats.ttest_1samp(x, 0).confidence_interval(0.95)
    return (low + high) / 2, (high - low) / 2
