"""Random changes of images that keep what they show; gradients pass through them.  Lesson 10.

Each takes images (batch, channels, height, width) in [-1, 1] and returns as many, changed
independently of one another; random numbers come from torch's generator of the device.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn


def affine(x: Tensor, degrees: float = 10, scale: float = 0.1, shift: float = 0.08,
           shear: float = 0.15) -> Tensor:
    """Turn by up to +-`degrees`, stretch each way by up to +-`scale`, shear and shift.

    `shear` and `shift` are shares of the side.  What lies outside the image is as its border.  The
    classical augmentation of digits (Simard et al. 2003).
    """
    u = torch.rand(len(x), 6, device=x.device) * 2 - 1
    angle = u[:, 0] * math.radians(degrees)
    cos = angle.cos()
    sin = angle.sin()
    width = 1 + scale * u[:, 1]
    height = 1 + scale * u[:, 2]
    lean = shear * u[:, 3]
    rows = [torch.stack([width * cos, lean - height * sin, 2 * shift * u[:, 4]], 1),
            torch.stack([width * sin, height * cos, 2 * shift * u[:, 5]], 1)]
    grid = nn.functional.affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
    return nn.functional.grid_sample(x, grid, padding_mode="border", align_corners=False)


def translate(x: Tensor, share: float = 0.125) -> Tensor:
    """Shift by whole pixels, up to +-`share` of the side; the border is repeated.

    Zhao et al. 2020, translation.
    """
    n, _, height, width = x.shape
    rows = _positions(n, height, share, x.device)
    columns = _positions(n, width, share, x.device)
    each = torch.arange(n, device=x.device)[:, None, None]
    return x[each, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def cutout(x: Tensor, share: float = 0.5) -> Tensor:
    """Make a square of `share` of the side gray (0), at a random place, partly outside.

    Zhao et al. 2020, cutout.
    """
    n, _, height, width = x.shape
    rows = _window(n, height, share, x.device)
    columns = _window(n, width, share, x.device)
    return x * ~(rows[:, None, :, None] & columns[:, None, None, :])


class Augmented(nn.Module):
    """A D that sees every image, real or fake, through random changes: D(T(x)).

    G's gradients pass through T, so G learns to draw images that look real when changed, not
    changed images.  DiffAugment, Zhao et al. 2020.
    """

    def __init__(self, D: nn.Module, *changes: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.D = D
        self.changes = changes

    def forward(self, x: Tensor, *y: Tensor) -> Tensor:
        """Return D's logits of the changed images, and of their labels where it takes labels."""
        for change in self.changes:
            x = change(x)
        return self.D(x, *y)


def _positions(n: int, side: int, share: float, device: torch.device) -> Tensor:
    """For each image, which row (or column) stands where, int64 (n, side), after a random shift."""
    most = round(share * side)
    shift = torch.randint(-most, most + 1, (n, 1), device=device)
    return (torch.arange(side, device=device) + shift).clamp(0, side - 1)


def _window(n: int, side: int, share: float, device: torch.device) -> Tensor:
    """For each image, which rows (or columns) lie in a random window, bool (n, side)."""
    size = round(share * side)
    start = torch.randint(0, side + 1 - size % 2, (n, 1), device=device) - size // 2
    at = torch.arange(side, device=device)
    return (at >= start) & (at < start + size)
