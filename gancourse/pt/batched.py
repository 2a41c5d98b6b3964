"""Many small networks trained at once, by one product of stacks of matrices.  Lesson 08.

A small network keeps a processor waiting for Python, and a GPU even more.  Ten of them, one for
each seed, stacked into tensors with one axis more, wait ten times less.  A stack takes and returns
rows grouped by seed: (seeds * batch, dim), the first `batch` rows for the first network.  So
losses, penalties, `alternating_step` and `make_fast_loop` work on a stack as they are: a mean over
all rows is the mean of the networks' losses.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from gancourse.errors import CourseError
from gancourse.pt.models import seeded
from gancourse.pt.train import GAN, make_gan
from gancourse.training_loop import draw_noise


class SplitBySeed(nn.Module):
    """The first layer of a stack: rows (seeds * batch, ...) -> (seeds, batch / pack, dim)."""

    def __init__(self, seeds: int, dim: int) -> None:
        super().__init__()
        self.seeds = seeds
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        """Return x with an axis for the seeds; `pack` rows of x become one of `dim` numbers.

        Raises ValueError when the rows do not split so: give each seed a multiple of `pack`.
        """
        if x.numel() % (self.seeds * self.dim):
            raise CourseError(f"{len(x)} rows cannot be shared out to {self.seeds} seeds in inputs "
                              f"of {self.dim} numbers: batch_size must be a multiple of the pack")
        return x.reshape(self.seeds, -1, self.dim)


class BatchedLinear(nn.Module):
    """Each seed's own nn.Linear in one product: (seeds, batch, n_in) -> (seeds, batch, n_out)."""

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        """Stack copies of the layers' weights (seeds, n_in, n_out) and biases (seeds, 1, n_out)."""
        super().__init__()
        weights = torch.stack([layer.weight.detach().T for layer in layers])
        self.weight = nn.Parameter(weights.contiguous())
        self.bias = None
        if layers[0].bias is not None:
            self.bias = nn.Parameter(torch.stack([layer.bias.detach()[None] for layer in layers]))

    def forward(self, x: Tensor) -> Tensor:
        """Return x W + b, seed by seed."""
        if self.bias is None:
            return torch.bmm(x, self.weight)
        return torch.baddbmm(self.bias, x, self.weight)


class BatchedBatchNorm(nn.Module):
    """Each seed's own nn.BatchNorm1d: the features of all seeds are features of one BatchNorm."""

    def __init__(self, layers: Sequence[nn.BatchNorm1d]) -> None:
        """Lay the layers' weights and statistics end to end."""
        super().__init__()
        num_features = sum(layer.num_features for layer in layers)
        self.norm = nn.BatchNorm1d(num_features, layers[0].eps, layers[0].momentum)
        states = [layer.state_dict() for layer in layers]
        joined = {}
        for name, value in states[0].items():  # the count of batches, a scalar, is that of all
            joined[name] = torch.cat([state[name] for state in states]) if value.ndim else value
        self.norm.load_state_dict(joined)

    def forward(self, x: Tensor) -> Tensor:
        """Return x (seeds, batch, dim) normalised over the batch of each seed."""
        seeds, batch, dim = x.shape
        features = x.transpose(0, 1).reshape(batch, -1)
        return self.norm(features).reshape(batch, seeds, dim).transpose(0, 1)


def stack(nets: Sequence[nn.Sequential], dim: int) -> nn.Sequential:
    """Return networks of one build as one network with their weights.

    Rows (seeds * batch, ...) go in and out.  `dim` is the width of the first layer: that of a
    sample, or `pack` times as much, by which a D judges `pack` samples together (PacGAN, Lin et al.
    2018) and returns a logit for each pack.  Linear layers and BatchNorm1d are stacked, layers
    without weights are used as they are.  Raises TypeError for other layers.
    """
    layers: list[nn.Module] = [SplitBySeed(len(nets), dim)]
    for parts in zip(*nets, strict=True):
        if isinstance(parts[0], nn.Linear):
            layers.append(BatchedLinear(parts))
        elif isinstance(parts[0], nn.BatchNorm1d):
            layers.append(BatchedBatchNorm(parts))
        elif not list(parts[0].parameters()):
            layers.append(parts[0])
        else:
            raise TypeError(f"cannot stack {type(parts[0]).__name__}: "
                            "only Linear, BatchNorm1d and layers without weights")
    return nn.Sequential(*layers, nn.Flatten(0, 1))


def make_batched_gan(build_G: Callable[[], nn.Sequential], build_D: Callable[[], nn.Sequential],
                     seeds: Sequence[int], *, z_dim: int, dim: int,
                     device: torch.device | str = "cpu", **options) -> GAN:
    """Return one GAN that holds a pair of networks for each seed.

    `options` are those of `make_gan`; `dim` is the width of D's first layer, `pack` times that of a
    sample.  Adam's epsilon is divided by the number of seeds, as each gradient is, because the loss
    is a mean over the seeds: a stack of ten learns what each of the ten would learn alone.
    Lesson 08.
    """
    G = stack([seeded(build_G, seed=2 * seed) for seed in seeds], z_dim).to(device)
    D = stack([seeded(build_D, seed=2 * seed + 1) for seed in seeds], dim).to(device)
    gan = make_gan(G, D, z_dim=z_dim, seed=seeds[0], **options)
    for opt in (gan.opt_G, gan.opt_D):
        opt.param_groups[0]["eps"] /= len(seeds)
    return gan


def sample_each(gan: GAN, n: int, averaged: bool = True, seed: int = 2**31) -> np.ndarray:
    """Return n samples of every network of a stack, float32 (seeds, n, dim).

    From the running average of G, or from G itself with `averaged=False`.  BatchNorm takes its
    statistics from these n samples, as in training: a running mean lags behind a G that moves fast.
    """
    net = gan.G_ema if averaged else gan.G
    seeds = net[0].seeds
    device = next(net.parameters()).device
    z = torch.from_numpy(draw_noise(seeds * n, gan.z_dim, gan.seed, seed)).to(device)
    before = {name: value.clone() for name, value in net.named_buffers()}
    with torch.no_grad():
        out = net(z).reshape(seeds, n, -1).float().cpu().numpy()
        for name, value in net.named_buffers():
            value.copy_(before[name])  # so that sampling leaves the running statistics as they were
    return out
