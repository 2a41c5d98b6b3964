"""One GAN and one training step (lesson 03 builds both by hand)."""

import copy
import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from gancourse.errors import CourseError, check_range
from gancourse.pt.losses import Loss
from gancourse.pt.optimisers import apply_gradients, gradients_of, make_adam
from gancourse.rng import seed_sequence
from gancourse.training_loop import draw_noise


@dataclass(eq=False)
class GAN:
    """Everything that training changes, and how to draw its noise."""

    G: nn.Module
    D: nn.Module
    G_ema: nn.Module  # running average of G's weights: what we sample from
    opt_G: torch.optim.Optimizer
    opt_D: torch.optim.Optimizer
    z_dim: int
    ema_decay: float  # share of the old average kept at each step, 0 to 1
    seed: int


class Penalty(NamedTuple):
    """A term of D's loss every `interval` steps, times `interval`, so that its mean is the same."""

    penalty: Callable[..., Tensor]  # (D, real, fake) -> scalar
    weight: float
    interval: int = 1


def make_gan(G: nn.Module, D: nn.Module, *, z_dim: int, learning_rate: float = 1e-3,
             betas: tuple[float, float] = (0.5, 0.99), ema_decay: float = 0.995,
             seed: int = 0) -> GAN:
    """Return a GAN with an Adam optimiser for each network and a copy of G for the running average.

    Raises ValueError when `learning_rate`, `betas` or `ema_decay` is out of range.  Lessons 02, 03.
    """
    check_range("learning_rate", learning_rate, 0, 1)
    for name, value in {"betas[0]": betas[0], "betas[1]": betas[1], "ema_decay": ema_decay}.items():
        check_range(name, value, 0, 1, include_low=True)
    opt_G = make_adam(G, learning_rate, betas)
    opt_D = make_adam(D, learning_rate, betas)
    return GAN(G, D, copy.deepcopy(G), opt_G, opt_D, z_dim, ema_decay, seed)


def noise(gan: GAN, n: int, k: int) -> Tensor:
    """Return the z of step k, shape (n, z_dim).

    A pure function of (seed, k), so a resumed run repeats it.
    """
    device = _device(gan)
    if device.type == "cpu":
        return torch.from_numpy(draw_noise(n, gan.z_dim, gan.seed, k))
    number = seed_sequence("noise", gan.seed, k).generate_state(1, np.uint64)[0]
    generator = torch.Generator(device).manual_seed(int(number >> 1))
    # drawn on the GPU: a copy from the host would have to wait until the GPU is ready for it
    return torch.randn(n, gan.z_dim, generator=generator, device=device)


def own_random_numbers(gan: GAN) -> AbstractContextManager:
    """Return a context at whose end torch's generators are as they were before it."""
    device = _device(gan)
    gpus = [device] if device.type == "cuda" else []
    return torch.random.fork_rng(gpus)


def seed_step(gan: GAN, k: int) -> None:
    """Seed torch's generators for step k: augmentation, dropout and penalties draw from them.

    So what they draw is a pure function of (gan.seed, k), and a resumed run repeats it.
    """
    number = seed_sequence("step", gan.seed, k).generate_state(1, np.uint64)[0]
    seed_generators(_device(gan), int(number >> 1))


def seed_generators(device: torch.device, seed: int) -> None:
    """Seed torch's generator of the processor, and that of a GPU `device`; 0 <= seed < 2^63."""
    # not torch.manual_seed, which seeds every kind of device at each call
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.default_generators[device.index].manual_seed(seed)


def d_step(gan: GAN, real: Tensor, z: Tensor, loss: Loss, penalty: Penalty | None = None) -> Tensor:
    """Update D once and return its loss; G is left as it is."""
    with torch.no_grad():
        fake = gan.G(z)
    return _update_D(gan, real, fake, loss, penalty)


def g_step(gan: GAN, real: Tensor, z: Tensor, loss: Loss, ema_decay: float = 0.0) -> Tensor:
    """Update G once, then its running average, and return its loss; D is left as it is."""
    return _update_G(gan, real, gan.G(z), loss, ema_decay)


def alternating_step(gan: GAN, real: Tensor, z: Tensor, loss: Loss,
                     penalty: Penalty | None = None,
                     ema_decay: float | Tensor = 0.0) -> tuple[Tensor, Tensor]:
    """Take one step, D then G on the same fakes; return d_loss and g_loss, still on the device.

    Fakes are drawn once, an eighth less work than `d_step` and `g_step`; G's half computes no
    gradient for D's weights.
    """
    fake = gan.G(z)
    d_loss = _update_D(gan, real, fake.detach(), loss, penalty)
    return d_loss, _update_G(gan, real, fake, loss, ema_decay)


def simultaneous_step(gan: GAN, real: Tensor, z: Tensor, loss: Loss,
                      penalty: Penalty | None = None,
                      ema_decay: float | Tensor = 0.0) -> tuple[Tensor, Tensor]:
    """Like `alternating_step`, but D and G are updated at once, from the same logits.

    D reads the fakes once, a tenth less work.  It is another game (lesson 06): G's gradient goes
    through the D of before this step.  TensorFlow's DCGAN tutorial plays it.
    """
    fake = gan.G(z)
    real_logits = _logits(gan, real)
    fake_logits = _logits(gan, fake)
    d_loss = loss.d_loss(real_logits, fake_logits)
    g_loss = _g_loss(loss, real_logits, fake_logits)
    total = d_loss + _penalty_term(gan, real, fake.detach(), penalty)
    d_gradients = gradients_of(gan.opt_D, total, retain_graph=True)
    apply_gradients(gan.opt_G, gradients_of(gan.opt_G, g_loss))
    apply_gradients(gan.opt_D, d_gradients)
    average_weights(gan, ema_decay)
    return d_loss.detach(), g_loss.detach()


def train_step(gan: GAN, real: np.ndarray, k: int, loss: Loss,
               penalty: Penalty | None = None) -> dict[str, Tensor]:
    """Take step k on a batch from the host; `make_fast_loop` takes the same steps without one.

    `real` is a batch of images (batch, height, width, channels) or points (batch, dim), float32.
    """
    real = from_numpy(real, _device(gan))
    z = noise(gan, len(real), k)
    penalty = penalty_at(penalty, k)
    with own_random_numbers(gan):
        seed_step(gan, k)
        d_loss, g_loss = alternating_step(gan, real, z, loss, penalty, ema_decay_at(gan, k))
    return {"d_loss": d_loss, "g_loss": g_loss}


def penalty_at(penalty: Penalty | None, k: int) -> Penalty | None:
    """Return the penalty at the steps that add it to D's loss, every `interval`-th, else None."""
    return penalty if penalty and k % penalty.interval == 0 else None


def ema_decay_at(gan: GAN, k: int) -> float:
    """Return the share that the running average keeps at step k: from 1/10 up to `gan.ema_decay`.

    So it soon forgets its start.  The share has 32 bits, as weights have: as a number and as a
    tensor it gives the same average, to the last bit.
    """
    return float(np.float32(min(gan.ema_decay, (1 + k) / (10 + k))))


@torch.no_grad()
def average_weights(gan: GAN, ema_decay: float | Tensor) -> None:
    """Move G_ema's weights towards G's by 1 - `ema_decay`; copy BatchNorm's.  Lessons 02, 03."""
    for old, new in zip(gan.G_ema.parameters(), gan.G.parameters(), strict=True):
        old.lerp_(new, 1 - ema_decay)
    for old, new in zip(gan.G_ema.buffers(), gan.G.buffers(), strict=True):
        old.copy_(new)


def sample(gan: GAN, z: np.ndarray | int, averaged: bool = True) -> np.ndarray:
    """Return G(z) as float32 images in [-1, 1], channels last; a number draws that many z.

    These z depend on `gan.seed` only.  From the running average of G, or from G itself with
    `averaged=False`.  Networks are in inference mode.
    """
    if isinstance(z, int):
        z = draw_noise(z, gan.z_dim, gan.seed, 2**31)
    net = gan.G_ema if averaged else gan.G
    was_training = net.training
    net.eval()
    parts = np.array_split(z, math.ceil(len(z) / 500))
    with torch.no_grad():
        images = [to_numpy(net(torch.from_numpy(part).to(_device(gan)))) for part in parts]
    net.train(was_training)
    return np.concatenate(images)


def set_learning_rate(gan: GAN, learning_rate: float) -> None:
    """Set the learning rate of both optimisers."""
    for opt in (gan.opt_G, gan.opt_D):
        for group in opt.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(learning_rate)  # in place: a captured graph reads it there
            else:
                group["lr"] = learning_rate


def state(gan: GAN) -> dict[str, np.ndarray]:
    """Return everything that training has changed, as named arrays; `load_state` puts it back."""
    tensors = {}
    for name in ("G", "D", "G_ema"):
        net = getattr(gan, name).state_dict()
        tensors |= {f"{name}.{key}": value for key, value in net.items()}
    for name in ("opt_G", "opt_D"):
        for i, moments in getattr(gan, name).state_dict()["state"].items():
            tensors |= {f"{name}.{i}.{key}": value for key, value in moments.items()}
    return {name: value.detach().cpu().numpy().copy() for name, value in tensors.items()}


def load_state(gan: GAN, arrays: dict[str, np.ndarray]) -> None:
    """Put a saved state back, in place.  Raises ValueError when it belongs to another network.

    The state of an untrained GAN sets the optimisers' moments to 0 again.
    """
    parts: dict[str, dict] = {name: {} for name in ("G", "D", "G_ema", "opt_G", "opt_D")}
    for name, value in arrays.items():
        part, key = name.split(".", 1)
        parts[part][key] = torch.from_numpy(np.array(value))
    for name in ("G", "D", "G_ema"):
        try:
            getattr(gan, name).load_state_dict(parts[name])
        except RuntimeError as error:
            raise CourseError(f"this checkpoint belongs to another {name}: {error}") from error
    for name in ("opt_G", "opt_D"):
        opt = getattr(gan, name)
        weights = opt.param_groups[0]["params"]
        for moments in opt.state.values():
            for moment in moments.values():
                moment.zero_()  # in place: a captured graph reads it where it is
        for key, value in parts[name].items():
            i, moment = key.split(".", 1)
            weight = weights[int(i)]
            # fused Adam reads a weight and its moments in the same order of memory
            like = weight if value.shape == weight.shape else value
            new = torch.empty_like(like, device=weight.device)
            opt.state[weight].setdefault(moment, new).copy_(value)


def from_numpy(x: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
    """Return float32 data as a tensor; images, given channels last, become channels first."""
    x = torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32)).to(device)
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


def to_numpy(x: Tensor) -> np.ndarray:
    """Return a tensor as float32 NumPy; images turn to channels last."""
    return (x.permute(0, 2, 3, 1) if x.ndim == 4 else x).detach().float().cpu().numpy()


def _device(gan: GAN) -> torch.device:
    """The device that G lives on."""
    return next(gan.G.parameters()).device


def _logits(gan: GAN, x: Tensor) -> Tensor:
    """D's logits as float32, also where D computes in bfloat16: losses need the precision."""
    return gan.D(x).float()


def _update_D(gan: GAN, real: Tensor, fake: Tensor, loss: Loss,
              penalty: Penalty | None) -> Tensor:
    """Update D once and return its loss, without the penalty."""
    d_loss = loss.d_loss(_logits(gan, real), _logits(gan, fake))
    total = d_loss + _penalty_term(gan, real, fake, penalty)
    apply_gradients(gan.opt_D, gradients_of(gan.opt_D, total))
    return d_loss.detach()


def _update_G(gan: GAN, real: Tensor, fake: Tensor, loss: Loss,
              ema_decay: float | Tensor) -> Tensor:
    """Update G once, then its running average, and return its loss."""
    real_logits = _logits(gan, real) if loss.paired else None
    g_loss = _g_loss(loss, real_logits, _logits(gan, fake))
    apply_gradients(gan.opt_G, gradients_of(gan.opt_G, g_loss))
    average_weights(gan, ema_decay)
    return g_loss.detach()


def _g_loss(loss: Loss, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
    """G's loss; the real logits count only where the loss is paired."""
    return loss.g_loss(real_logits, fake_logits) if loss.paired else loss.g_loss(fake_logits)


def _penalty_term(gan: GAN, real: Tensor, fake: Tensor,
                  penalty: Penalty | None) -> Tensor | float:
    """What the penalty adds to D's loss at a step that pays it; 0 without one."""
    if penalty is None:
        return 0.0
    return penalty.weight * penalty.interval * penalty.penalty(gan.D, real, fake)
