"""The GANs of lesson 12, which are told a word and a pitch: one draws spectrograms, one waveforms.

A condition c is float32 (batch, words + 12), as `data.melodies.condition` makes it.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool1d

from gancourse.errors import check_choice
from gancourse.pt import losses
from gancourse.pt.conditional import condition_on, conditional_step
from gancourse.pt.fast_loop import make_fast_loop
from gancourse.pt.train import GAN, Penalty, make_gan, sample
from gancourse.training_loop import draw_noise

FEATURES = 128  # numbers that D makes of a sound before it judges
KERNEL = 24  # of the waveform networks: a multiple of their stride, 4
UPSAMPLING = ("transposed", "nearest")


def projection(features: Tensor, c: Tensor, psi: nn.Module, V: nn.Module) -> Tensor:
    """Return psi(features) + <V c, features>, the logits (batch, 1).

    Features are (batch, 128).  Miyato & Koyama 2018, eq. 3.
    """
    return psi(features) + (V(c) * features).sum(1, keepdim=True)


class Speaker(nn.Module):
    """G(z, c): the condition as more numbers of z; what comes out lies in [-reach, reach]."""

    def __init__(self, net: nn.Module, reach: float = 1.0) -> None:
        """Hold the network that takes (batch, z_dim + c_dim)."""
        super().__init__()
        self.net = net
        self.reach = reach

    def forward(self, z: Tensor, c: Tensor) -> Tensor:
        """Return pictures (batch, 1, rows, columns) or waveforms (batch, samples)."""
        return self.reach * torch.tanh(self.net(torch.cat([z, c], 1)))


class Listener(nn.Module):
    """D(x, c): how real x sounds, and how real *as what was asked for*.

    `verdict` makes the logits of features, c, psi and V, as `projection` does.
    """

    def __init__(self, phi: nn.Module, c_dim: int, verdict: Callable = projection) -> None:
        """Hold phi, which makes 128 features of x, and the two linear layers of the verdict."""
        super().__init__()
        self.phi = phi
        self.psi = nn.Linear(FEATURES, 1)
        self.V = nn.Linear(c_dim, FEATURES)
        self.verdict = verdict

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        """Return the logits (batch, 1)."""
        return self.verdict(self.phi(x), c, self.psi, self.V)


class TwoScales(nn.Module):
    """Two listeners to a waveform, the second to averages of four samples: logits (batch, 2).

    A loss that is a mean over logits is then the mean of both listeners' losses (MelGAN, Kumar et
    al. 2019, with two scales).
    """

    def __init__(self, fine: nn.Module, coarse: nn.Module) -> None:
        """Hold both."""
        super().__init__()
        self.fine = fine
        self.coarse = coarse

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        """Return the logits of both, side by side."""
        slow = avg_pool1d(x[:, None], 4)[:, 0]
        return torch.cat([self.fine(x, c), self.coarse(slow, c)], 1)


class PhaseShuffle(nn.Module):
    """In training, shift each sound's feature maps (batch, maps, length) by up to `most` places.

    Each shift is a whole number, drawn evenly from -most to most; what leaves one end comes in at
    the other as in a mirror.  Donahue et al. 2019, section 3.3.
    """

    def __init__(self, most: int) -> None:
        """Hold the largest shift."""
        super().__init__()
        self.most = most

    def forward(self, x: Tensor) -> Tensor:
        """Return the shifted maps."""
        if not self.training or not self.most:
            return x
        length = x.shape[2]
        shifts = torch.randint(-self.most, self.most + 1, (len(x), 1, 1), device=x.device)
        at = (torch.arange(length, device=x.device) + shifts).abs()
        at = length - 1 - (length - 1 - at).abs()  # both ends are mirrors
        return x.gather(2, at.expand_as(x))


def wave_pair(z_dim: int, c_dim: int, samples: int, width: int = 16, *,
              upsampling: str = "transposed", shuffle: int = 0, two_scales: bool = False,
              verdict: Callable = projection) -> tuple[Speaker, nn.Module]:
    """Return a pair for waveforms (batch, samples) in WaveGAN's shape, `width` maps at the sound.

    G takes four jumps of 4; `upsampling` is transposed (convolutions), or nearest: each value is
    repeated four times, then an ordinary convolution of as wide a kernel.  `shuffle` is the largest
    shift of `PhaseShuffle` in D; with `two_scales` D is `TwoScales`.  Raises ValueError for another
    upsampling.  Donahue et al. 2019.
    """
    check_choice("upsampling", upsampling, UPSAMPLING)
    w = width
    layers = [nn.Linear(z_dim + c_dim, w * samples // 32), nn.Unflatten(1, (8 * w, -1)),
              nn.BatchNorm1d(8 * w), nn.ReLU()]
    for wide, narrow in ((8, 4), (4, 2), (2, 1)):
        layers += [*_longer(wide * w, narrow * w, upsampling), nn.BatchNorm1d(narrow * w),
                   nn.ReLU()]
    G = nn.Sequential(*layers, *_longer(w, 1, upsampling), nn.Flatten())
    D = Listener(_wave_features(samples, w, shuffle), c_dim, verdict)
    if two_scales:
        D = TwoScales(D, Listener(_wave_features(samples // 4, w, shuffle), c_dim, verdict))
    return Speaker(G), D


def spectrogram_pair(z_dim: int, c_dim: int, shape: tuple[int, int], width: int = 32,
                     verdict: Callable = projection) -> tuple[Speaker, Listener]:
    """Return a pair for spectrograms of `shape` (rows, columns), which works at two scales.

    A coarse map of a quarter of the rows and columns, and one jump of 4 between it and the picture:
    lesson 03's shallow pair.
    """
    h, w = shape[0] // 4, shape[1] // 4
    G = nn.Sequential(
        nn.Linear(z_dim + c_dim, width * h * w, bias=False), nn.Unflatten(1, (width, h, w)),
        nn.BatchNorm2d(width), nn.ReLU(),
        nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
        nn.ConvTranspose2d(width, 1, 8, 4, 2))
    phi = nn.Sequential(
        nn.Conv2d(1, width, 8, 4, 2), nn.LeakyReLU(0.2),
        nn.Conv2d(width, width, 3, 1, 1), nn.LeakyReLU(0.2),
        nn.Flatten(), nn.Linear(width * h * w, FEATURES), nn.LeakyReLU(0.2))
    # G reaches a little beyond -1, so that silence, which lies below, is easily drawn
    return Speaker(G, 1.1), Listener(phi, c_dim, verdict)


def make_game(pair: tuple[nn.Module, nn.Module], x: np.ndarray, c: np.ndarray, *, num_steps: int,
              learning_rate: float, r1_gamma: float, z_dim: int = 32, batch_size: int = 16,
              ema_decay: float = 0.995, precision: str = "fp32",
              seed: int = 0) -> tuple[GAN, Callable]:
    """Return the GAN of a pair (G, D), and `run_steps` for `train_fast`, on sounds x told c.

    The loss is relativistic, with R1 of weight `r1_gamma` at every eighth step; the learning rate
    falls to 0 over the last 60 % of `num_steps`.
    """
    gan = make_gan(*pair, z_dim=z_dim, learning_rate=learning_rate, betas=(0.0, 0.99),
                   ema_decay=ema_decay, seed=seed)
    R1 = Penalty(lambda D, real, fake: losses.r1_penalty(D, real), r1_gamma / 2, interval=8)

    def falling(k: int) -> float:
        """Return the learning rate of step k."""
        return learning_rate * max(1e-3, min(1, (1 - k / num_steps) / 0.6))

    run_steps = make_fast_loop(gan, (x, c), batch_size=min(batch_size, len(x)), penalty=R1,
                               schedule=falling, loss=losses.LOSSES["relativistic"],
                               step=conditional_step, precision=precision)
    return gan, run_steps


def speak(gan: GAN, c: np.ndarray, key: int = 0) -> np.ndarray:
    """Return what G makes of conditions c (n, c_dim): pictures (n, rows, columns, 1) or waveforms.

    z depends on (gan.seed, key) only.
    """
    device = next(gan.G.parameters()).device
    z = draw_noise(len(c), gan.z_dim, gan.seed, 2**31 + key)
    parts = [sample(condition_on(gan, torch.from_numpy(c[i : i + 500]).to(device)), z[i : i + 500])
             for i in range(0, len(c), 500)]
    return np.concatenate(parts)


def _longer(wide: int, narrow: int, upsampling: str) -> list[nn.Module]:
    """The layers that make maps (batch, wide, n) into (batch, narrow, 4 n)."""
    if upsampling == "nearest":
        return [nn.Upsample(scale_factor=4), nn.Conv1d(wide, narrow, KERNEL + 1, 1, KERNEL // 2)]
    return [nn.ConvTranspose1d(wide, narrow, KERNEL, 4, 10)]


def _wave_features(samples: int, width: int, shuffle: int) -> nn.Sequential:
    """D's phi for waveforms: four steps of a quarter each, then 128 features."""
    layers: list[nn.Module] = [nn.Unflatten(1, (1, -1))]
    maps = [1, width, 2 * width, 4 * width, 8 * width]
    for narrow, wide in zip(maps, maps[1:], strict=False):
        layers += [nn.Conv1d(narrow, wide, KERNEL, 4, 10), nn.LeakyReLU(0.2)]
        if wide < maps[-1]:
            layers.append(PhaseShuffle(shuffle))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(width * samples // 32, FEATURES),
                         nn.LeakyReLU(0.2))
