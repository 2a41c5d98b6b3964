"""The networks of the lessons: pairs (G, D) that fit each other."""

import math

import torch
from torch import Tensor, nn

from gancourse.errors import CourseError


def mlp_pair(z_dim: int, shape: tuple[int, ...],
             width: int = 128) -> tuple[nn.Module, nn.Module]:
    """Return the fully connected pair of lesson 02.

    G is z -> width -> data in [-1, 1], D is data -> width -> logit.  `shape` is the shape of one
    sample, (height, width, channels) or (dim,).
    """
    size = math.prod(shape)
    G = nn.Sequential(nn.Linear(z_dim, width), nn.LeakyReLU(0.2),
                      nn.Linear(width, size), nn.Tanh(), nn.Unflatten(1, _channels_first(shape)))
    D = nn.Sequential(nn.Flatten(), nn.Linear(size, width), nn.LeakyReLU(0.2), nn.Linear(width, 1))
    return G, D


def dcgan_pair(z_dim: int, shape: tuple[int, int, int], width: int = 32,
               norm_D: bool = False) -> tuple[nn.Module, nn.Module]:
    """Return a convolutional pair for images of `shape` (height, width, channels).  Lesson 03.

    Height and width are equal and divisible by 4.  G doubles its image from the smallest size
    (7 for 28, 4 for 32 or 64) with transposed 4x4 convolutions and BatchNorm; D halves it back.
    Radford et al. 2016.  BatchNorm in D only with `norm_D`, as there; a gradient penalty needs it
    off.  Raises ValueError for other sizes.
    """
    img_channels = shape[2]
    small = 4 * _quarter(shape)
    doublings = 0
    while small % 2 == 0 and small > 4:
        small //= 2
        doublings += 1
    widths = [width * 2**i for i in range(doublings)]  # of the feature maps, largest image first

    up = [nn.Linear(z_dim, widths[-1] * small**2), nn.Unflatten(1, (widths[-1], small, small)),
          nn.BatchNorm2d(widths[-1]), nn.ReLU()]
    for wide, narrow in zip(widths[::-1], widths[-2::-1], strict=False):
        up += [nn.ConvTranspose2d(wide, narrow, 4, 2, 1, bias=False),
               nn.BatchNorm2d(narrow), nn.ReLU()]
    G = nn.Sequential(*up, nn.ConvTranspose2d(width, img_channels, 4, 2, 1), nn.Tanh())

    down = [nn.Conv2d(img_channels, width, 4, 2, 1), nn.LeakyReLU(0.2)]
    for narrow, wide in zip(widths, widths[1:], strict=False):
        down.append(nn.Conv2d(narrow, wide, 4, 2, 1, bias=not norm_D))
        if norm_D:
            down.append(nn.BatchNorm2d(wide))
        down.append(nn.LeakyReLU(0.2))
    D = nn.Sequential(*down, nn.Flatten(), nn.Linear(widths[-1] * small**2, 1))
    return G, D


def shallow_pair(z_dim: int, shape: tuple[int, int, int],
                 width: int = 32) -> tuple[nn.Module, nn.Module]:
    """Return a convolutional pair without stages.  Lesson 03.

    One layer of 8x8 kernels at stride 4 leads from a map of a quarter of the side to the image, or
    back.  Images of `shape` (height, width, channels) are square, the side divisible by 4.  A step
    costs what one of `dcgan_pair` of half the width costs, and short runs get further.  G has
    BatchNorm, D none.  Raises ValueError for other sizes.
    """
    small = _quarter(shape)
    img_channels = shape[2]
    G = nn.Sequential(nn.Linear(z_dim, width * small**2), nn.Unflatten(1, (width, small, small)),
                      nn.BatchNorm2d(width), nn.ReLU(),
                      nn.Conv2d(width, width, 3, 1, 1, bias=False),
                      nn.BatchNorm2d(width), nn.ReLU(),
                      nn.ConvTranspose2d(width, img_channels, 8, 4, 2), nn.Tanh())
    D = nn.Sequential(nn.Conv2d(img_channels, width, 8, 4, 2), nn.LeakyReLU(0.2),
                      nn.Conv2d(width, width, 3, 1, 1), nn.LeakyReLU(0.2),
                      nn.Flatten(), nn.Linear(width * small**2, 1))
    return G, D


def dcgan_init(net: nn.Module) -> nn.Module:
    """Draw a network's weights as Radford et al. 2016 do, N(0, .02), and return it.  Lesson 03."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
    return net


def fold_upsampling(net: nn.Sequential) -> nn.Sequential:
    """Return a network of the same weights that doubles and convolves in one operation.

    Nearest-neighbour upsampling repeats each pixel four times, and the 3x3 convolution after it
    multiplies every copy; a transposed convolution with the folded kernel takes 16 products where
    that takes 36.  The function is the same, to rounding, and so are its gradients.  Other layers
    stay as they are.  Lesson 03.
    """
    layers = list(net)
    for i, (layer, after) in enumerate(zip(layers, layers[1:], strict=False)):
        if _doubles(layer) and _is_plain_3x3(after):
            layers[i : i + 2] = [nn.Identity(), UpConv(after)]
    return nn.Sequential(*layers)


class UpConv(nn.Module):
    """Doubling and a 3x3 convolution as one transposed convolution; see `fold_upsampling`."""

    def __init__(self, conv: nn.Conv2d) -> None:
        """Take over the weights of the convolution."""
        super().__init__()
        self.weight = conv.weight
        self.bias = conv.bias
        # for each row of the folded kernel, which of the three rows meet the same input pixel
        fold = torch.tensor([[0.0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]])
        self.register_buffer("fold", fold, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return images of twice the height and width: (batch, channels, height, width) each."""
        fold = self.fold.to(self.weight)
        kernel = torch.einsum("ta,ub,oiab->iotu", fold, fold, self.weight)
        return nn.functional.conv_transpose2d(x, kernel, self.bias, stride=2, padding=1)


def num_parameters(net: nn.Module) -> int:
    """Return how many numbers a network learns."""
    return sum(p.numel() for p in net.parameters())


def seeded(build, *args, seed: int, **options):
    """Return `build(*args, **options)` with weights drawn from `seed`.

    Other random numbers are left as they were.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build(*args, **options)


def _channels_first(shape: tuple[int, ...]) -> tuple[int, ...]:
    """(height, width, channels) -> (channels, height, width); others as they are."""
    return (shape[2], *shape[:2]) if len(shape) == 3 else shape


def _doubles(layer: nn.Module) -> bool:
    """Whether a layer repeats each pixel in a square of 2x2."""
    return isinstance(layer, nn.Upsample) and layer.mode == "nearest" and layer.scale_factor == 2


def _is_plain_3x3(layer: nn.Module) -> bool:
    """Whether a layer is a 3x3 convolution of stride 1 and padding 1, in one group."""
    if not isinstance(layer, nn.Conv2d) or layer.groups != 1:
        return False
    return (layer.kernel_size, layer.stride, layer.padding) == ((3, 3), (1, 1), (1, 1))


def _quarter(shape: tuple[int, ...]) -> int:
    """A quarter of the side of square images; ValueError where there is none."""
    if shape[0] != shape[1] or shape[0] % 4:
        near = max(8, round(max(shape[:2]) / 4) * 4)
        raise CourseError(f"images are {shape[0]}x{shape[1]}: this network needs a square whose "
                          f"side divides by 4, for example resolution={near}")
    return shape[0] // 4
