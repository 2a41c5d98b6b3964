"""The two models of the study at equal compute, with one way to train and to draw.

`least_loss` says how low a flow's loss can be where the data are known.  Lesson 14.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from gancourse.data.registry import Dataset
from gancourse.pt import flow_matching, losses, models
from gancourse.pt.fast_loop import make_fast_loop
from gancourse.pt.train import Penalty, make_gan, sample
from gancourse.training_loop import batches

BATCH, EMA_DECAY = 32, 0.998
Z_DIM = {"strokes": 32, "faces": 64}


class Player(NamedTuple):
    """A model in training."""

    step: Callable[[int, float], None]  # take step k at a learning rate
    draw: Callable[[int, int], np.ndarray]  # (n, steps) -> images; a GAN has no use for steps


def gan_player(images: Dataset, width: int, seed: int) -> Player:
    """Return lesson 03's GAN for a data set: R1 at every eighth step, samples from the average."""
    build = models.shallow_pair if images.name == "strokes" else models.dcgan_pair
    z_dim = Z_DIM[images.name]
    pair = [net.to(memory_format=torch.channels_last)
            for net in models.seeded(build, z_dim, images.shape, width, seed=seed)]
    gan = make_gan(*pair, z_dim=z_dim, betas=(0.0, 0.99), ema_decay=EMA_DECAY, seed=seed)
    now = {"rate": 0.0}
    penalty = Penalty(lambda D, real, fake: losses.r1_penalty(D, real), 0.5, interval=8)
    run_steps = make_fast_loop(gan, images.x_train, batch_size=BATCH, penalty=penalty,
                               loss=losses.LOSSES["nonsaturating"], schedule=lambda k: now["rate"])

    def step(k: int, rate: float) -> None:
        """Take step k."""
        now["rate"] = rate
        run_steps(k, 1)

    return Player(step, lambda n, steps: sample(gan, n))


def flow_player(images: Dataset, width: int, seed: int) -> Player:
    """Return flow matching with the small U-Net."""
    net = models.seeded(flow_matching.VelocityNet, images.shape[2], width=width, seed=seed)
    net = net.to(memory_format=torch.channels_last)
    flow = flow_matching.make_flow(net, ema_decay=EMA_DECAY, seed=seed)
    batch = batches(images.x_train, BATCH, seed)

    def step(k: int, rate: float) -> None:
        """Take step k."""
        for group in flow.opt.param_groups:
            group["lr"] = rate
        flow_matching.flow_step(flow, batch(k), k)

    def draw(n: int, steps: int) -> np.ndarray:
        """Return n images in so many steps of Heun's method."""
        start = flow_matching.draw_flow_noise(flow, n, images.shape)
        return flow_matching.sample(flow, start, steps)

    return Player(step, draw)


def least_loss(centres: np.ndarray, sigma: float, num: int = 50_000, seed: int = 0) -> float:
    """Return the least loss of any velocity, for data that are equal Gaussians at centres (n, d).

    It is the mean over `num` draws of the squared difference of x1 - x0 and the best guess from
    (x(t), t): the mean of what each Gaussian says, with the share that it has in x(t).
    """
    rng = np.random.default_rng(seed)
    chosen = rng.integers(len(centres), size=num)
    x0, z = rng.standard_normal((2, num, centres.shape[1]))
    t = rng.uniform(size=(num, 1))
    x1 = centres[chosen] + sigma * z
    x = (1 - t) * x0 + t * x1
    variance = (1 - t) ** 2 + (t * sigma) ** 2  # of x(t) around t times a centre, (num, 1)
    beside = x[:, None] - t[:, :, None] * centres  # (num, n, d)
    logs = -np.square(beside).sum(2) / (2 * variance)
    shares = np.exp(logs - logs.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    slope = (t * sigma**2 - (1 - t)) / variance
    guess = (shares[:, :, None] * (centres + slope[:, :, None] * beside)).sum(1)
    return float(np.square(x1 - x0 - guess).mean())


PLAYERS = {"GAN": gan_player, "flow": flow_player}
