"""Conditional GANs whose label is a row of 0 and 1: one class, or several attributes.  Lesson 10.

For a class the row is one-hot, and the networks are those of `gancourse.pt.conditional`; a row with
several ones asks for all of them at once, such as curls and glasses.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from gancourse.pt import losses
from gancourse.pt.augment import Augmented
from gancourse.pt.conditional import condition_on, conditional_step
from gancourse.pt.fast_loop import make_fast_loop
from gancourse.pt.models import seeded, shallow_pair
from gancourse.pt.train import GAN, Penalty, average_weights, make_gan, sample
from gancourse.training_loop import draw_noise, train_fast


def projection_logits(phi: Tensor, labels: Tensor, V: Tensor, psi: nn.Module) -> Tensor:
    """Return psi(phi) + <sum of V's rows that the label names, phi>, logits (batch, 1).

    Features (batch, features), labels (batch, values) of 0 and 1, V (values, features).  Miyato &
    Koyama 2018, eq. 3, for labels with several ones.
    """
    return psi(phi) + (phi * (labels @ V)).sum(1, keepdim=True)


def logits_without_labels(phi: Tensor, labels: Tensor, V: Tensor, psi: nn.Module) -> Tensor:
    """Return psi(phi), logits (batch, 1) of a D that is not told the labels: V's gradient is 0."""
    return projection_logits(phi, torch.zeros_like(labels), V, psi)


class RowG(nn.Module):
    """G(z, labels): the row is given to an unconditional G as more numbers of z."""

    def __init__(self, G: nn.Module) -> None:
        super().__init__()
        self.G = G

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Return the samples of z (batch, z_dim) and labels (batch, values)."""
        return self.G(torch.cat([z, labels], 1))


class RowD(nn.Module):
    """D(x, labels) by a projection; `D` is a Sequential that ends in a linear layer, psi."""

    def __init__(self, D: nn.Sequential, values: int,
                 logits: Callable[..., Tensor] = projection_logits) -> None:
        """Split D into phi and psi; V has a row for each value, 0 at first."""
        super().__init__()
        self.phi = D[:-1]
        self.psi = D[-1]
        self.V = nn.Parameter(torch.zeros(values, self.psi.in_features))
        self.logits = logits

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Return the logits (batch, 1) of samples x and labels (batch, values)."""
        return self.logits(self.phi(x), labels, self.V, self.psi)


def row_pair(z_dim: int, shape: tuple[int, int, int], values: int, width: int,
             build: Callable[..., tuple[nn.Module, nn.Module]] = shallow_pair,
             logits: Callable[..., Tensor] = projection_logits) -> tuple[nn.Module, nn.Module]:
    """Return G(z, labels) and D(x, labels) made of the pair of `build(z_dim, shape, width)`."""
    G, D = build(z_dim + values, shape, width)
    return RowG(G), RowD(D, values, logits)


def draw(gan: GAN, labels: np.ndarray, z: np.ndarray | None = None) -> np.ndarray:
    """Return one image for each row of labels (n, values), float32 in [-1, 1], channels last.

    z (n, z_dim) is drawn from gan.seed unless given.
    """
    if z is None:
        z = draw_noise(len(labels), gan.z_dim, gan.seed, 2**31)
    device = next(gan.G.parameters()).device
    parts = []
    for i in range(0, len(labels), 500):
        rows = torch.from_numpy(np.ascontiguousarray(labels[i : i + 500], np.float32)).to(device)
        some = np.asarray(z[i : i + 500], np.float32)
        parts.append(sample(condition_on(gan, rows), some))
    return np.concatenate(parts)


def losses_through(D: Callable[[Tensor], Tensor], T: Callable[[Tensor], Tensor], real: Tensor,
                   fake: Tensor) -> tuple[Tensor, Tensor]:
    """Return D's and G's non-saturating loss where D sees every image through T: DiffAugment."""
    loss = losses.LOSSES["nonsaturating"]
    seen_real, seen_fake = (Augmented(D, T)(x) for x in (real, fake))
    return loss.d_loss(seen_real, seen_fake), loss.g_loss(seen_fake)


def r1_as_seen(penalty: Penalty, D: Callable[[Tensor], Tensor], T: Callable[[Tensor], Tensor],
               real: Tensor, fake: Tensor) -> Tensor:
    """Return the penalty on D's gradient, weighed, where D sees every image through T."""
    return penalty.interval * penalty.weight * penalty.penalty(Augmented(D, T), real, fake)


def step_through(gan: GAN, batch: tuple[Tensor, Tensor], z: Tensor, loss: losses.Loss | None = None,
                 penalty: Penalty | None = None, ema_decay: float = 0.0, *,
                 T: Callable[[Tensor], Tensor],
                 both_losses: Callable[..., tuple[Tensor, Tensor]] = losses_through,
                 ) -> tuple[Tensor, Tensor]:
    """Do one step of a conditional GAN by `both_losses`(D, T, real, fake); return D's loss and G's.

    `loss` is not used: it has a place because every step is called with one.
    """
    x, labels = batch
    fake = gan.G(z, labels)

    def D(some: Tensor) -> Tensor:
        return gan.D(some, labels)

    d_loss, _ = both_losses(D, T, x, fake.detach())
    r1 = r1_as_seen(penalty, D, T, x, fake) if penalty else 0
    gan.opt_D.zero_grad()
    (d_loss + r1).backward()
    gan.opt_D.step()
    _, g_loss = both_losses(D, T, x, fake)
    gan.opt_G.zero_grad()
    g_loss.backward()
    gan.opt_G.step()
    average_weights(gan, ema_decay)
    return d_loss.detach(), g_loss.detach()


def step_one_sided(gan: GAN, batch: tuple[Tensor, Tensor], *others,
                   T: Callable[[Tensor], Tensor], **kinds) -> tuple[Tensor, Tensor]:
    """Do one step as `step_through` does, but only the real images go through T."""
    x, labels = batch
    return step_through(gan, (T(x), labels), *others, T=nn.Identity(), **kinds)


def train_rows(x: np.ndarray, labels: np.ndarray, *, num_steps: int, seed: int = 0, width: int = 16,
               z_dim: int = 32, learning_rate: float = 4e-3, r1_gamma: float = 1.0,
               ema_decay: float = 0.995, batch_size: int = 32, changes: Sequence[Callable] = (),
               build: Callable[..., tuple[nn.Module, nn.Module]] = shallow_pair,
               logits: Callable[..., Tensor] = projection_logits,
               log_every: int = 0) -> Iterator[tuple[GAN, int, float]]:
    """Train a conditional GAN on uint8 images x and labels; yield (gan, steps done, D's loss).

    The recipe of lesson 10: the non-saturating loss, R1 at every eighth step, a learning rate that
    falls to 0 over the last 60 % of the run.  `changes` are those of all that D sees (DiffAugment),
    and `logits` makes D's logits of its parts.  It yields every `log_every` steps, or at the end
    only.
    """
    torch.manual_seed(seed)
    G, D = seeded(row_pair, z_dim, x.shape[1:], labels.shape[1], width, build, logits,
                  seed=seed)
    D = Augmented(D, *changes) if changes else D
    gan = make_gan(G, D, z_dim=z_dim, learning_rate=learning_rate, betas=(0.0, 0.99),
                   ema_decay=ema_decay, seed=seed)
    run_steps = make_fast_loop(
        gan, (x, labels.astype(np.float32)), batch_size=min(batch_size, len(x)),
        loss=losses.LOSSES["nonsaturating"], step=conditional_step,
        penalty=Penalty(lambda D, real, fake: losses.r1_penalty(D, real), r1_gamma / 2, interval=8),
        schedule=lambda k: learning_rate * min(1.0, (num_steps - k) / (0.6 * num_steps)))
    for log in train_fast(run_steps, num_steps=num_steps, log_every=log_every or num_steps,
                          progress=False):
        yield gan, log.step, log.scalars["d_loss"]
