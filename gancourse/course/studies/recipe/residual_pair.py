"""Residual networks without normalisation, after the GAN of 2024, small enough for one core.

    G, D = residual_pair(64, (32, 32, 3))

Lesson 14.
"""

import math

from torch import Tensor, nn

from gancourse.errors import CourseError

SLOPE = 0.2  # of the leaky ReLU where its input is negative


def residual_pair(z_dim: int, shape: tuple[int, int, int], width: int = 32,
                  num_blocks: int = 1) -> tuple[nn.Module, nn.Module]:
    """Return a residual pair for square images of `shape` (height, width, channels).

    G is z (batch, z_dim) -> images (batch, channels, height, width) without a last tanh, D is
    images -> logits (batch, 1).  Each has so many blocks of `width` feature maps at a quarter of
    the side.  One layer of 8x8 kernels at stride 4 leads from there to the image, or back, as in
    `models.shallow_pair`; no layer looks at other images of the batch.  After Huang et al. 2024,
    with far fewer and narrower blocks, and without their stages of other sides.  Raises CourseError
    where the side is not divisible by 4, or the images are not square.
    """
    height, side, img_channels = shape
    if height != side or side % 4:
        raise CourseError(f"images are {height}x{side}: this network needs a square whose side "
                          "divides by 4, such as 28 or 32")
    small = side // 4
    G = nn.Sequential(
        nn.Linear(z_dim, width * small**2), nn.Unflatten(1, (width, small, small)),
        *(Block(width) for _ in range(num_blocks)),
        nn.ConvTranspose2d(width, img_channels, 8, 4, 2))
    D = nn.Sequential(
        nn.Conv2d(img_channels, width, 8, 4, 2), *(Block(width) for _ in range(num_blocks)),
        nn.Flatten(), nn.Linear(width * small**2, 1))
    return fixup_start(G, num_blocks), fixup_start(D, num_blocks)


class Block(nn.Module):
    """x + f(x), where f is three convolutions (1x1, 3x3, 1x1) with a leaky ReLU between them."""

    def __init__(self, channels: int) -> None:
        """Make a block for feature maps (batch, channels, height, width)."""
        super().__init__()
        self.change = nn.Sequential(
            nn.Conv2d(channels, channels, 1), nn.LeakyReLU(SLOPE),
            nn.Conv2d(channels, channels, 3, padding=1), nn.LeakyReLU(SLOPE),
            nn.Conv2d(channels, channels, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """Return feature maps of the same shape."""
        return x + self.change(x)


def fixup_start(net: nn.Module, num_blocks: int) -> nn.Module:
    """Draw a network's weights so that each block changes nothing at first, and return it.

    The last layer of a block starts at 0; its other layers at N(0, 2 / inputs) times
    num_blocks^-1/4, so that an update changes the network by an amount that does not grow with the
    number of blocks.  Layers outside blocks: N(0, 1 / inputs).  Biases 0.  Zhang et al. 2019, for
    three layers a block, as in Huang et al. 2024.
    """
    inside = set()
    for block in net.modules():
        if isinstance(block, Block):
            layers = [layer for layer in block.change if isinstance(layer, nn.Conv2d)]
            inside.update(layers)
            for layer in layers[:-1]:
                _draw(layer, math.sqrt(2.0) * num_blocks**-0.25)
            nn.init.zeros_(layers[-1].weight)
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear) and layer not in inside:
            _draw(layer, 1.0)
    return net


def _draw(layer: nn.Conv2d | nn.ConvTranspose2d | nn.Linear, gain: float) -> None:
    """Weights from N(0, gain^2 / inputs of an output), bias 0."""
    inputs = layer.weight[0].numel()
    if isinstance(layer, nn.ConvTranspose2d):  # each output pixel gets kernel / stride squared
        inputs = layer.in_channels * math.prod(layer.kernel_size) // math.prod(layer.stride)
    nn.init.normal_(layer.weight, 0.0, gain / math.sqrt(inputs))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)

