"""One training of the study of recipes: what may differ between arms, and the loop.

    gan, steps, seconds = train(data.load("strokes"), Recipe(), seed=0, num_steps=300)

Lesson 14.
"""

import math
import time
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gancourse.course.studies.recipe.residual_pair import residual_pair
from gancourse.data.registry import Dataset
from gancourse.pt import losses, models
from gancourse.pt.fast_loop import device_loader
from gancourse.pt.optimisers import apply_gradients, gradients_of
from gancourse.pt.train import GAN, average_weights, ema_decay_at, make_gan, noise

Z_DIM = {"strokes": 32, "faces": 64}
EMA_DECAY = {"strokes": 0.995, "faces": 0.998}  # of lesson 03
HALF_LIFE = 1000.0  # of the running average at the end of the schedule, in images

PenaltyTerm = Callable[[nn.Module, Tensor, Tensor], Tensor]  # (D, real, fake) -> scalar


class Recipe(NamedTuple):
    """Everything in which two arms may differ."""

    loss: str = "relativistic"  # a name in losses.LOSSES
    penalty: str = "R1 + R2"  # a name in PENALTIES
    interval: int = 1  # steps from one penalty to the next, which is so many times as strong
    networks: str = "course"  # those of lesson 03; dcgan (2016) or residual
    settings: str = "schedule"  # schedule, constant, 2016 or lesson 03; see `settings_at`
    learning_rate: float = 2e-3  # at the start
    beta1: float = 0.0
    gamma: float = 1.0  # weight of the penalty at the start
    batch_size: int = 32


class Settings(NamedTuple):
    """What a schedule may change from step to step."""

    learning_rate: float
    beta2: float
    gamma: float
    half_life: float  # of the running average, in images; NaN keeps that of lesson 03


def r1(D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """R1 of a batch."""
    return losses.r1_penalty(D, real)


def r2(D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """R2 of a batch: what R1 is at real images, at fakes."""
    return losses.r1_penalty(D, fake)


def r1_and_r2(D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """R1 + R2 of two batches of one size, which go through D together: twice the mean of all."""
    return 2 * losses.r1_penalty(D, torch.cat([real, fake]))


def twice_r1(D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """R1 as strong as R1 and R2 together: the control for the strength alone."""
    return 2 * losses.r1_penalty(D, real)


PENALTIES: dict[str, PenaltyTerm | None] = {
    "none": None, "R1": r1, "R2": r2, "R1 + R2": r1_and_r2, "2 R1": twice_r1}


def networks(recipe: Recipe, name: str, shape: tuple[int, int, int],
             seed: int) -> tuple[nn.Module, nn.Module]:
    """Return G and D of an arm for a data set of images of `shape`, weights from the seed."""
    z_dim = Z_DIM[name]
    if recipe.networks == "residual":
        G, D = models.seeded(residual_pair, z_dim, shape, seed=seed)
    elif recipe.networks == "dcgan":
        G, D = models.seeded(_pair_of_2016, z_dim, shape, seed=seed)
    elif name == "faces":
        G, D = models.seeded(models.dcgan_pair, z_dim, shape, 24, seed=seed)
    else:
        G, D = models.seeded(models.shallow_pair, z_dim, shape, 32, seed=seed)
    return G.to(memory_format=torch.channels_last), D.to(memory_format=torch.channels_last)


def settings_at(recipe: Recipe, share: float) -> Settings:
    """Return the settings of a run of which a share (0 to 1) is over.

    "schedule" goes from its start to its end along half a cosine: learning rate and gamma fall to a
    tenth, beta2 rises from .9 to .99, the half-life of the average from 0 to HALF_LIFE (Huang et
    al. 2024; their lengths and ends differ from data set to data set).  "constant" holds each at
    the value that the schedule has at half time.
    """
    if recipe.settings == "2016":
        return Settings(recipe.learning_rate, 0.999, 0.0, 0.0)
    if recipe.settings == "lesson 03":
        fall = min(1.0, (1 - share) / 0.6)
        return Settings(recipe.learning_rate * fall, 0.99, recipe.gamma, math.nan)
    left = 0.5 if recipe.settings == "constant" else (1 + math.cos(math.pi * share)) / 2
    fall = 0.1 + 0.9 * left
    return Settings(recipe.learning_rate * fall, 0.99 - 0.09 * left, recipe.gamma * fall,
                    HALF_LIFE * (1 - left))


def train(images: Dataset, recipe: Recipe, *, seed: int, seconds: float = 0.0, num_steps: int = 0,
          penalty: PenaltyTerm | None = None) -> tuple[GAN, int, float]:
    """Return a GAN trained for so many processor seconds, or steps; its steps and its seconds.

    `images` are strokes of 28 x 28 or faces of 32 x 32 pixels.  `penalty` takes the place of that
    of the recipe, at the same weight.  The running average is in G_ema.
    """
    G, D = networks(recipe, images.name, images.shape, seed)
    gan = make_gan(G, D, z_dim=Z_DIM[images.name], betas=(recipe.beta1, 0.99), seed=seed,
                   ema_decay=EMA_DECAY[images.name])
    batch = device_loader(images.x_train, recipe.batch_size, seed)
    term = penalty or PENALTIES[recipe.penalty]
    began = time.process_time()
    k, share, spent = 0, 0.0, 0.0
    while share < 1:
        now = settings_at(recipe, share)
        for optimiser in (gan.opt_G, gan.opt_D):
            optimiser.param_groups[0]["lr"] = now.learning_rate
            optimiser.param_groups[0]["betas"] = (recipe.beta1, now.beta2)
        pays = term is not None and k % recipe.interval == 0
        weight = now.gamma / 2 * recipe.interval if pays else 0.0
        _update_both(gan, batch(k), k, losses.LOSSES[recipe.loss], term, weight)
        average_weights(gan, _share_kept(gan, k, now.half_life, recipe.batch_size))
        k += 1
        spent = time.process_time() - began
        share = k / num_steps if num_steps else spent / seconds
    return gan, k, spent


def _update_both(gan: GAN, real: Tensor, k: int, loss: losses.Loss, term: PenaltyTerm | None,
                 weight: float) -> None:
    """Update D, then G, on the same fakes; D pays `weight` times the penalty."""
    fake = gan.G(noise(gan, len(real), k))
    d_loss = loss.d_loss(gan.D(real), gan.D(fake.detach()))
    if term and weight:
        d_loss = d_loss + weight * term(gan.D, real, fake.detach())
    apply_gradients(gan.opt_D, gradients_of(gan.opt_D, d_loss))
    logits = gan.D(fake)
    g_loss = loss.g_loss(gan.D(real), logits) if loss.paired else loss.g_loss(logits)
    apply_gradients(gan.opt_G, gradients_of(gan.opt_G, g_loss))


def _share_kept(gan: GAN, k: int, half_life: float, batch_size: int) -> float:
    """The share of the old average that is kept in step k."""
    if math.isnan(half_life):
        return ema_decay_at(gan, k)
    return 0.5 ** (batch_size / half_life) if half_life > 0 else 0.0


def _pair_of_2016(z_dim: int, shape: tuple[int, int, int]) -> tuple[nn.Module, nn.Module]:
    """The pair of Radford et al. 2016, narrower: BatchNorm in both networks, their start."""
    G, D = models.dcgan_pair(z_dim, shape, 16, norm_D=True)
    return models.dcgan_init(G), models.dcgan_init(D)
