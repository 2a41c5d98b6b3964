"""The networks of lesson 11: a filler, which completes images with a hole, and its judge."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gancourse.data.registry import to_float
from gancourse.pt import losses, models
from gancourse.pt.fast_loop import make_fast_loop
from gancourse.pt.optimisers import apply_gradients, gradients_of
from gancourse.pt.train import GAN, Penalty, average_weights, from_numpy, make_gan, to_numpy
from gancourse.training_loop import draw_noise, train_fast


class Filler(nn.Module):
    """An image with a hole, the hole and z -> a whole image in [-1, 1].

    A small context encoder (Pathak et al. 2016).  `near` sees a part of the image each; `narrow`
    reduces it to 128 numbers, in which distant parts meet and z is added; `decode` uses both.  With
    `mirror` it also sees the image and the hole from right to left, so that what one half of a face
    shows lies where it is needed for the other.
    """

    def __init__(self, z_dim: int, shape: tuple[int, int, int], width: int,
                 mirror: bool = False) -> None:
        """`shape` is (height, width, channels), square, the side divisible by 4."""
        super().__init__()
        side = shape[0] // 4
        self.mirror = mirror
        inputs = (shape[2] + 1) * (2 if mirror else 1)
        self.encode = nn.Sequential(
            nn.Conv2d(inputs, width, 8, 4, 2), *_norm(width),
            nn.Conv2d(width, width, 3, 1, 1, bias=False), *_norm(width))
        self.narrow = nn.Sequential(nn.Flatten(), nn.Linear(width * side**2, 128), nn.ReLU())
        self.from_z = nn.Linear(z_dim, 128)
        self.widen = nn.Sequential(nn.Linear(128, width * side**2),
                                   nn.Unflatten(1, (width, side, side)), *_norm(width))
        self.decode = nn.Sequential(
            nn.Conv2d(2 * width, width, 3, 1, 1, bias=False), *_norm(width),
            nn.ConvTranspose2d(width, shape[2], 8, 4, 2), nn.Tanh())

    def forward(self, seen: Tensor, z: Tensor) -> Tensor:
        """`seen` is (batch, channels + 1, side, side), the hole its last channel, z (batch, z_dim).

        Returns (batch, channels, side, side).
        """
        if self.mirror:
            seen = torch.cat([seen, seen.flip(3)], 1)
        near = self.encode(seen)
        far = self.widen(self.narrow(near) + self.from_z(z))
        return self.decode(torch.cat([near, far], 1))


def filler_pair(z_dim: int, shape: tuple[int, int, int], width: int = 32,
                mirror: bool = False) -> tuple[nn.Module, nn.Module]:
    """Return a filler and lesson 03's D with one channel more, in which it sees the hole.

    `shape` is that of an image, (height, width, channels).  Raises ValueError for images that are
    not square or whose side does not divide by 4.  Lesson 11.
    """
    D = models.shallow_pair(z_dim, (*shape[:2], shape[2] + 1), width)[1]
    return Filler(z_dim, shape, width, mirror), D


def fill_holes(gan: GAN, real: Tensor, hole: Tensor, z: Tensor) -> Tensor:
    """Return `real` (batch, channels, height, width) with its holes filled by `gan.G`.

    `hole` is bool with one channel.  G sees 0 in the hole, and the hole as its last channel.
    Lesson 11.
    """
    missing = hole.to(real.dtype)
    guess = gan.G(torch.cat([torch.where(hole, 0.0, real), missing], dim=1), z)
    return torch.where(hole.expand_as(real), guess, real)


def filler_loss(fake: Tensor, real: Tensor, hole: Tensor, logits: Tensor | None,
                weight: float) -> Tensor:
    """Return the loss of a filler: what D says, and `weight` times the squared error in the hole.

    `fake` and `real` (batch, channels, height, width) are equal where nothing is missing; `hole` is
    bool with one channel.  `logits` is what D answers to `fake`, or None without a D.  Lesson 11.
    """
    error = weight * ((fake - real).square().sum() / hole.expand_as(real).sum())
    return error if logits is None else error + losses.nonsaturating_g_loss(logits)


def pairs_loss(fake: Tensor, real: Tensor, hole: Tensor, logits: Tensor, weight: float) -> Tensor:
    """Return the loss of a filler that answers twice: the squared error is that of the mean.

    `fake` has the first answers to all images, then the second, and so has `logits`; the rest is
    as in `filler_loss`.  Lesson 11.
    """
    return filler_loss(fake.unflatten(0, (2, -1)).mean(0), real, hole, logits, weight)


def seeing(hole: Tensor, D: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:  # noqa: N803
    """Return D as a function of images alone: it sees their holes, bool with one channel, too.

    Fewer images than holes have the first of them.  Lesson 11.
    """

    def judged(images: Tensor) -> Tensor:
        return D(torch.cat([images, hole[: len(images)].float()], 1))

    return judged


def teach_D(gan: GAN, D: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor,  # noqa: N802
            loss: losses.Loss, penalty: Penalty | None) -> Tensor:
    """Update D's weights by real and completed images, and return its loss, without the penalty.

    `D` is gan.D with the hole given.  Lesson 11.
    """
    d_loss = loss.d_loss(D(real), D(fake.detach()))
    cost = penalty.weight * penalty.interval * penalty.penalty(D, real, None) if penalty else 0
    apply_gradients(gan.opt_D, gradients_of(gan.opt_D, d_loss + cost))
    return d_loss.detach()


def honesty(e_1: float, e_k: float, k: int) -> float:
    """Return the spread of a filler's answers in parts of what honest guesses would have.

    `e_1` and `e_k` are the squared errors of one answer and of the mean of `k`, which lie on a line
    in 1 / k; the spread is its slope, and what honest guesses would have is its height at 0.
    """
    slope, height = np.polyfit([1.0, 1 / k], [e_1, e_k], 1)
    return float(slope / height)


def train_filler(step: Callable, x: np.ndarray, holes: np.ndarray, *, num_steps: int,
                 batch_size: int, z_dim: int = 32, width: int = 32, learning_rate: float = 2.5e-3,
                 seed: int = 0, device: torch.device | str = "cpu", mirror: bool = False,
                 watch: Callable[[GAN], Any] | None = None) -> tuple[GAN, list[tuple[int, Any]]]:
    """Train a filler and its D on images with holes by `step`, and return them with what was seen.

    `x` is uint8 (n, height, width, channels), `holes` bool (n, height, width).  Each step calls
    `step(gan, both, z, loss, penalty)`, where `both` are images with their hole, 1 or -1, as their
    last channel, and then moves G's running average.  Adam with a learning rate that falls to 0
    over the last 60 % of the steps, R1 at every eighth.
    `watch(gan)` is called ten times; what it returns is listed with its step.  Lesson 11.
    """
    pool = np.concatenate([x, np.uint8(255) * holes[..., None]], axis=-1)
    pair = models.seeded(filler_pair, z_dim, x.shape[1:], width, mirror, seed=seed)
    G, D = (net.to(device) for net in pair)
    gan = make_gan(G, D, z_dim=z_dim, learning_rate=learning_rate, betas=(0.0, 0.99), seed=seed)
    run_steps = make_fast_loop(
        gan, pool, batch_size=min(batch_size, len(x)), loss=losses.LOSSES["nonsaturating"],
        penalty=R1, step=_averaging(step), schedule=falling(learning_rate, num_steps),
        compiled="no")
    seen = []
    for log in train_fast(run_steps, num_steps=num_steps, log_every=max(1, num_steps // 10)):
        seen.append((log.step, watch(gan) if watch else None))
    return gan, seen


def _averaging(step: Callable) -> Callable:
    """Return the step that also moves the running average G_ema, as the fast loop calls it."""

    def whole(gan: GAN, both: Tensor, z: Tensor, loss: losses.Loss, penalty: Penalty | None,
              ema_decay: float | Tensor) -> tuple[Tensor, Tensor]:
        step_losses = step(gan, both, z, loss, penalty)
        average_weights(gan, ema_decay)
        return step_losses

    return whole


def falling(learning_rate: float, num_steps: int) -> Callable[[int], float]:
    """Return the learning rate of each step: constant, then falling to 0 over the last 60 %."""
    return lambda k: learning_rate * min(1.0, (1 - k / num_steps) / 0.6)


def guesses(gan: GAN, x: np.ndarray, holes: np.ndarray, place: int = 0) -> np.ndarray:
    """Return what a filler draws for images with holes, float32 in [-1, 1], from its average.

    Shapes as in `train_filler`.  The noise depends on `gan.seed` and on `place`: another place,
    another answer.
    """
    net = gan.G_ema.eval()
    device = next(net.parameters()).device
    z = torch.from_numpy(draw_noise(len(x), gan.z_dim, gan.seed, 2**31 + place)).to(device)
    seen = np.concatenate([np.where(holes[..., None], 0, to_float(x)), holes[..., None]], axis=-1)
    with torch.no_grad():
        parts = zip(from_numpy(seen, device).split(500), z.split(500), strict=True)
        return np.concatenate([to_numpy(net(*part)) for part in parts])


def _r1(D: Callable, real: Tensor, fake: Tensor | None) -> Tensor:
    """R1 as a `Penalty` calls it."""
    return losses.r1_penalty(D, real)


R1 = Penalty(_r1, 0.5, interval=8)


def _norm(width: int) -> tuple[nn.Module, nn.Module]:
    """BatchNorm and ReLU."""
    return nn.BatchNorm2d(width), nn.ReLU()
