"""A recurrent generator that writes an image row by row.  Lesson 09."""

import math

import torch
from torch import Tensor, nn


class RowGRU(nn.Module):
    """A G whose memory h starts from z and reads z again at every row, from top to bottom.

    h_t = GRU(z, h_{t-1}), and row t of the image is tanh(W h_t + b).
    """

    def __init__(self, z_dim: int, shape: tuple[int, int, int], width: int = 128) -> None:
        """Build G for images of `shape` (height, width, channels) with a memory of `width`."""
        super().__init__()
        self.rows = shape[0]
        self.pixels = shape[1:]
        self.memory = nn.Linear(z_dim, width)
        self.gru = nn.GRU(z_dim, width, batch_first=True)
        self.row = nn.Linear(width, math.prod(self.pixels))

    def forward(self, z: Tensor) -> Tensor:
        """Return the images (n, channels, height, width) of z (n, z_dim)."""
        start = torch.tanh(self.memory(z))[None]
        h, _ = self.gru(z[:, None].repeat(1, self.rows, 1), start)
        return torch.tanh(self.row(h)).unflatten(2, self.pixels).movedim(3, 1)
