"""The networks and loops that well-known tutorials publish, written by us from their descriptions and settings.

Nothing here is their code.  Each function names its source, so that a reader can compare; the loops keep what
those loops do (labels and a sigmoid instead of logits, losses read in each step), because that is what we time.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn

Pair = tuple[nn.Module, nn.Module]


def dcgan_64(width: int = 64, z_dim: int = 100, channels: int = 3) -> Pair:
    """G and D for 64x64 images as in Radford et al. 2016 and PyTorch's DCGAN example; D ends in a logit."""
    widths = [width * m for m in (8, 4, 2, 1)]
    up = [nn.Unflatten(1, (z_dim, 1, 1)), nn.ConvTranspose2d(z_dim, widths[0], 4, 1, 0, bias=False)]
    for wide, narrow in zip(widths, widths[1:], strict=False):
        up += [nn.BatchNorm2d(wide), nn.ReLU(), nn.ConvTranspose2d(wide, narrow, 4, 2, 1, bias=False)]
    up += [nn.BatchNorm2d(width), nn.ReLU(), nn.ConvTranspose2d(width, channels, 4, 2, 1, bias=False), nn.Tanh()]
    down = [nn.Conv2d(channels, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
    for narrow, wide in zip(widths[::-1], widths[-2::-1], strict=False):
        down += [nn.Conv2d(narrow, wide, 4, 2, 1, bias=False), nn.BatchNorm2d(wide), nn.LeakyReLU(0.2)]
    return nn.Sequential(*up), nn.Sequential(*down, nn.Conv2d(widths[0], 1, 4, 1, 0, bias=False), nn.Flatten())


def dcgan_32(z_dim: int = 100, channels: int = 1) -> Pair:
    """G and D for 32x32 images as in PyTorch-GAN's dcgan: upsampling and 3x3 convolutions, dropout in D."""
    G = nn.Sequential(
        nn.Linear(z_dim, 128 * 8 * 8), nn.Unflatten(1, (128, 8, 8)), nn.BatchNorm2d(128),
        nn.Upsample(scale_factor=2), nn.Conv2d(128, 128, 3, 1, 1), nn.BatchNorm2d(128, 0.8), nn.LeakyReLU(0.2),
        nn.Upsample(scale_factor=2), nn.Conv2d(128, 64, 3, 1, 1), nn.BatchNorm2d(64, 0.8), nn.LeakyReLU(0.2),
        nn.Conv2d(64, channels, 3, 1, 1), nn.Tanh())
    down, before = [], channels
    for i, width in enumerate((16, 32, 64, 128)):
        down += [nn.Conv2d(before, width, 3, 2, 1), nn.LeakyReLU(0.2), nn.Dropout2d(0.25)]
        down += [nn.BatchNorm2d(width, 0.8)] if i else []
        before = width
    return G, nn.Sequential(*down, nn.Flatten(), nn.Linear(128 * 2 * 2, 1))


def tutorial_28(z_dim: int = 100) -> Pair:
    """G and D for 28x28 images as in TensorFlow's DCGAN tutorial: 5x5 kernels, dropout in D, no BatchNorm there."""
    def up(wide, narrow, stride):
        return nn.ConvTranspose2d(wide, narrow, 5, stride, 2, stride - 1, bias=False)

    G = nn.Sequential(
        nn.Linear(z_dim, 256 * 7 * 7, bias=False), nn.BatchNorm1d(256 * 7 * 7), nn.LeakyReLU(0.3),
        nn.Unflatten(1, (256, 7, 7)), up(256, 128, 1), nn.BatchNorm2d(128), nn.LeakyReLU(0.3),
        up(128, 64, 2), nn.BatchNorm2d(64), nn.LeakyReLU(0.3), up(64, 1, 2), nn.Tanh())
    D = nn.Sequential(nn.Conv2d(1, 64, 5, 2, 2), nn.LeakyReLU(0.3), nn.Dropout(0.3),
                      nn.Conv2d(64, 128, 5, 2, 2), nn.LeakyReLU(0.3), nn.Dropout(0.3),
                      nn.Flatten(), nn.Linear(128 * 7 * 7, 1))
    return G, D


def mlp_784(z_dim: int = 100, width: int = 128) -> Pair:
    """The smallest published image GAN: 100 -> 128 -> 784 and 784 -> 128 -> 1."""
    G = nn.Sequential(nn.Linear(z_dim, width), nn.LeakyReLU(0.2), nn.Linear(width, 784), nn.Tanh(),
                      nn.Unflatten(1, (1, 28, 28)))
    return G, nn.Sequential(nn.Flatten(), nn.Linear(784, width), nn.LeakyReLU(0.2), nn.Linear(width, 1))


class Images(torch.utils.data.Dataset):
    """Images one by one as a torchvision data set hands them out: scaled to [-1, 1], channels first, float32."""

    def __init__(self, x: np.ndarray) -> None:
        self.x = x

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, i: int) -> Tensor:
        return (torch.from_numpy(self.x[i]).permute(2, 0, 1).to(torch.float32) / 255 - 0.5) / 0.5


def tutorial_loop(G: nn.Module, D: nn.Module, x: np.ndarray | Tensor, batch_size: int, z_dim: int = 100,
                  together: bool = False) -> Callable[[], None]:
    """Return a function that plays one step as the tutorials do.

    As PyTorch's example: real and fake halves of D's loss in two backward passes, then G's through all of D;
    `together` adds the halves first, as PyTorch-GAN does.  A DataLoader feeds it, or the tensor `x` again and
    again (the step alone).  Probabilities and labels, Adam(2e-4, (.5, .999)), each loss read at once.
    """
    D = nn.Sequential(D, nn.Sigmoid(), nn.Flatten(0))
    device = next(G.parameters()).device
    criterion = nn.BCELoss()
    opt_D, opt_G = (torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (D, G))
    feed = _forever(x, batch_size)

    def step() -> None:
        real = next(feed).to(device)
        ones, zeros = torch.ones(len(real), device=device), torch.zeros(len(real), device=device)
        opt_D.zero_grad()
        out = D(real)
        real_loss = criterion(out, ones)
        if not together:
            real_loss.backward()
            out.mean().item()
        fake = G(torch.randn(len(real), z_dim, device=device))
        out = D(fake.detach())
        fake_loss = criterion(out, zeros)
        (real_loss + fake_loss if together else fake_loss).backward()
        out.mean().item()
        opt_D.step()
        opt_G.zero_grad()
        out = D(fake)
        g_loss = criterion(out, ones)
        g_loss.backward()
        out.mean().item()
        opt_G.step()
        (real_loss + fake_loss).item(), g_loss.item()

    return step


def _forever(x: np.ndarray | Tensor, batch_size: int) -> Iterator[Tensor]:
    if isinstance(x, Tensor):
        while True:
            yield x
    while True:
        yield from torch.utils.data.DataLoader(Images(x), batch_size, shuffle=True, drop_last=True)
