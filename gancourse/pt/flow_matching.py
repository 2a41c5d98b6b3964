"""Flow matching: a generator without an opponent, in about a hundred lines.  Lesson 14.

A network learns the velocity of a stream that carries noise to data.  On the straight way from a
noise x0 to an image x1, x(t) = (1 - t) x0 + t x1, the velocity is x1 - x0 at every time t.  Many
ways cross in a point; the network that has the smallest mean squared error there knows the mean of
their velocities, and that mean carries the noise to the data (Lipman et al. 2023, theorem 1, with
the straight ways of Liu et al. 2023).  There is no game: the loss falls, and one network is
trained.  The price is paid when it draws, because each step of the stream is a pass through it.

    flow = make_flow(VelocityNet(1), learning_rate=2e-3)
    for k in range(1000):
        flow_step(flow, batch(k), k)
    images = sample(flow, draw_flow_noise(flow, 64, (28, 28, 1)), steps=20)
"""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from gancourse.errors import check_range
from gancourse.pt.optimisers import apply_gradients, gradients_of, make_adam
from gancourse.pt.train import from_numpy, seed_generators, to_numpy
from gancourse.rng import seed_sequence, stream

CHUNK = 500  # images that are drawn at once


@dataclass(eq=False)
class Flow:
    """Everything that training changes."""

    v: nn.Module  # (x, t) -> velocity; x is (batch, ...), t is (batch,)
    v_ema: nn.Module  # running average of v's weights: what we sample from
    opt: torch.optim.Optimizer
    ema_decay: float
    seed: int


def make_flow(v: nn.Module, *, learning_rate: float = 2e-3, ema_decay: float = 0.995,
              seed: int = 0) -> Flow:
    """Return a flow with Adam and a copy of its network for the running average.

    Raises ValueError when `learning_rate` or `ema_decay` is out of range.
    """
    check_range("learning_rate", learning_rate, 0, 1)
    check_range("ema_decay", ema_decay, 0, 1, include_low=True)
    return Flow(v, copy.deepcopy(v), make_adam(v, learning_rate, (0.9, 0.99)), ema_decay, seed)


def flow_loss(v: Callable[[Tensor, Tensor], Tensor], x1: Tensor, x0: Tensor, t: Tensor) -> Tensor:
    """Mean of |v(x(t), t) - (x1 - x0)|^2 over batch and pixels, x(t) = (1 - t) x0 + t x1.

    Data x1 and noise x0 are (batch, ...), times t in [0, 1] are (batch,).  Lipman et al. 2023,
    eq. 23 with sigma_min = 0.
    """
    share = t.reshape(-1, *[1] * (x1.ndim - 1))
    x = (1 - share) * x0 + share * x1
    return (v(x, t) - (x1 - x0)).square().mean()


def flow_step(flow: Flow, real: np.ndarray, k: int) -> dict[str, Tensor]:
    """Take step k on a batch from the host and return its loss.

    `real` is images (batch, height, width, channels) or points (batch, dim), float32.  Noise and
    times are a function of (flow.seed, k), so a resumed run repeats them.
    """
    device = next(flow.v.parameters()).device
    x1 = from_numpy(real, device)
    number = seed_sequence("flow", flow.seed, k).generate_state(1, np.uint64)[0]
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        seed_generators(device, int(number >> 1))
        x0 = torch.randn_like(x1)
        t = torch.rand(len(x1), device=device)
    loss = flow_loss(flow.v, x1, x0, t)
    apply_gradients(flow.opt, gradients_of(flow.opt, loss))
    share = min(flow.ema_decay, (1 + k) / (10 + k))
    with torch.no_grad():
        for old, new in zip(flow.v_ema.parameters(), flow.v.parameters(), strict=True):
            old.lerp_(new, 1 - share)
    return {"loss": loss.detach()}


@torch.no_grad()
def follow(v: Callable[[Tensor, Tensor], Tensor], x: Tensor, steps: int) -> Tensor:
    """Return where the stream carries x from time 0 to 1, in steps of Heun's method.

    Each step calls `v` twice, so this takes 2 x `steps` passes.  Its error falls with the square of
    the number of steps.  Raises ValueError for less than one step.
    """
    check_range("steps", steps, 1, 10**6, include_low=True)
    h = 1 / steps
    for i in range(steps):
        first = v(x, torch.full((len(x),), i * h, device=x.device))
        second = v(x + h * first, torch.full((len(x),), (i + 1) * h, device=x.device))
        x = x + h / 2 * (first + second)
    return x


def draw_flow_noise(flow: Flow, n: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return n starting points, N(0, 1), float32 (n, *shape); they depend on flow.seed only."""
    return stream("flow samples", flow.seed).standard_normal((n, *shape), dtype=np.float32)


def sample(flow: Flow, noise: np.ndarray, steps: int = 20) -> np.ndarray:
    """Return float32 images in [-1, 1], channels last (points: unbounded), one for each noise.

    From the running average of the network, which is in inference mode meanwhile.
    """
    device = next(flow.v_ema.parameters()).device
    flow.v_ema.eval()
    parts = np.array_split(noise, max(1, math.ceil(len(noise) / CHUNK)))
    x = np.concatenate([to_numpy(follow(flow.v_ema, from_numpy(part, device), steps))
                        for part in parts])
    return x.clip(-1, 1) if x.ndim == 4 else x


class VelocityNet(nn.Module):
    """A small U-Net for images (batch, channels, height, width): down twice, up twice.

    Skips carry the details across.  The time enters as sines and cosines of eight frequencies, as a
    shift of the feature maps on each level.  Height and width are divisible by 4.
    """

    def __init__(self, img_channels: int, width: int = 32) -> None:
        """Draw the weights."""
        super().__init__()
        widths = (width, 2 * width, 2 * width)
        self.into = nn.Conv2d(img_channels, width, 3, 1, 1)
        self.down1 = nn.Conv2d(width, widths[1], 4, 2, 1)
        self.down2 = nn.Conv2d(widths[1], widths[2], 4, 2, 1)
        self.middle = nn.Conv2d(widths[2], widths[2], 3, 1, 1)
        self.up2 = nn.ConvTranspose2d(widths[2], widths[1], 4, 2, 1)
        self.up1 = nn.ConvTranspose2d(2 * widths[1], width, 4, 2, 1)
        self.out = nn.Conv2d(2 * width, img_channels, 3, 1, 1)
        self.times = nn.ModuleList(nn.Linear(16, w) for w in (width, widths[1], widths[2]))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Return the velocity at images x and times t (batch,), of the shape of x."""
        angles = t[:, None] * math.pi * 2.0 ** torch.arange(-1, 7, device=t.device)
        waves = torch.cat([angles.sin(), angles.cos()], dim=1)
        shifts = [layer(waves)[:, :, None, None] for layer in self.times]
        act = nn.functional.silu
        large = act(self.into(x) + shifts[0])
        half = act(self.down1(large) + shifts[1])
        small = act(self.down2(half) + shifts[2])
        small = small + act(self.middle(small))
        half = torch.cat([act(self.up2(small)), half], dim=1)
        large = torch.cat([act(self.up1(half)), large], dim=1)
        return self.out(large)
