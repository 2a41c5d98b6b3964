"""The networks of the lessons: pairs (G, D) that fit each other."""

import math
import random

import keras
from keras import layers
from keras.initializers import RandomNormal

from gancourse.errors import CourseError


def mlp_pair(z_dim: int, shape: tuple[int, ...],
             width: int = 128) -> tuple[keras.Model, keras.Model]:
    """Return the fully connected pair of lesson 02.

    G is z -> width -> data in [-1, 1], D is data -> width -> logit.  `shape` is the shape of one
    sample, (height, width, channels) or (dim,).
    """
    size = math.prod(shape)
    G = keras.Sequential([keras.Input((z_dim,)), layers.Dense(width), layers.LeakyReLU(0.2),
                          layers.Dense(size, activation="tanh"), layers.Reshape(shape)], name="G")
    D = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(width),
                          layers.LeakyReLU(0.2), layers.Dense(1)], name="D")
    return G, D


def dcgan_pair(z_dim: int, shape: tuple[int, int, int], width: int = 32,
               norm_D: bool = False) -> tuple[keras.Model, keras.Model]:
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

    up = [keras.Input((z_dim,)), layers.Dense(widths[-1] * small**2),
          layers.Reshape((small, small, widths[-1])), _batch_norm(), layers.ReLU()]
    for narrow in widths[-2::-1]:
        up += [layers.Conv2DTranspose(narrow, 4, 2, "same", use_bias=False),
               _batch_norm(), layers.ReLU()]
    up.append(layers.Conv2DTranspose(img_channels, 4, 2, "same", activation="tanh"))
    G = keras.Sequential(up, name="G")

    down = [keras.Input(shape), layers.Conv2D(width, 4, 2, "same"), layers.LeakyReLU(0.2)]
    for wide in widths[1:]:
        down.append(layers.Conv2D(wide, 4, 2, "same", use_bias=not norm_D))
        if norm_D:
            down.append(_batch_norm())
        down.append(layers.LeakyReLU(0.2))
    D = keras.Sequential([*down, layers.Flatten(), layers.Dense(1)], name="D")
    return G, D


def shallow_pair(z_dim: int, shape: tuple[int, int, int],
                 width: int = 32) -> tuple[keras.Model, keras.Model]:
    """Return a convolutional pair without stages.  Lesson 03.

    One layer of 8x8 kernels at stride 4 leads from a map of a quarter of the side to the image, or
    back.  Images of `shape` (height, width, channels) are square, the side divisible by 4.  A step
    costs what one of `dcgan_pair` of half the width costs, and short runs get further.  G has
    BatchNorm, D none.  Raises ValueError for other sizes.
    """
    small = _quarter(shape)
    img_channels = shape[2]
    G = keras.Sequential([keras.Input((z_dim,)), layers.Dense(width * small**2),
                          layers.Reshape((small, small, width)), _batch_norm(), layers.ReLU(),
                          layers.Conv2D(width, 3, 1, "same", use_bias=False), _batch_norm(),
                          layers.ReLU(), layers.Conv2DTranspose(img_channels, 8, 4, "same",
                                                                activation="tanh")], name="G")
    D = keras.Sequential([keras.Input(shape),
                          layers.Conv2D(width, 8, 4, "same"), layers.LeakyReLU(0.2),
                          layers.Conv2D(width, 3, 1, "same"), layers.LeakyReLU(0.2),
                          layers.Flatten(), layers.Dense(1)], name="D")
    return G, D


def dcgan_init(net: keras.Model) -> keras.Model:
    """Draw a network's weights as Radford et al. 2016 do, N(0, .02), and return it.  Lesson 03."""
    for layer in net.layers:
        if isinstance(layer, layers.Conv2D | layers.Conv2DTranspose | layers.Dense):
            layer.kernel.assign(RandomNormal(0.0, 0.02)(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(0 * layer.bias)
        elif isinstance(layer, layers.BatchNormalization):
            layer.gamma.assign(RandomNormal(1.0, 0.02)(layer.gamma.shape))
    return net


def num_parameters(net: keras.Model) -> int:
    """Return how many numbers a network learns."""
    return sum(math.prod(v.shape) for v in net.trainable_variables)


def seeded(build, *args, seed: int, **options):
    """Return `build(*args, **options)` with weights drawn from `seed`.

    Other random numbers are left as they were.
    """
    before = random.getstate()  # a Keras initialiser without a seed draws one from this module
    random.seed(seed)
    try:
        return build(*args, **options)
    finally:
        random.setstate(before)


def _batch_norm() -> layers.Layer:
    """BatchNorm with PyTorch's constants; Keras' own are epsilon .001 and a slower average, .99."""
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)


def _quarter(shape: tuple[int, ...]) -> int:
    """A quarter of the side of square images; ValueError where there is none."""
    if shape[0] != shape[1] or shape[0] % 4:
        near = max(8, round(max(shape[:2]) / 4) * 4)
        raise CourseError(f"images are {shape[0]}x{shape[1]}: this network needs a square whose "
                          f"side divides by 4, for example resolution={near}")
    return shape[0] // 4
