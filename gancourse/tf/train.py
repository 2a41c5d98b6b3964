"""One GAN and one training step (lesson 02 builds both by hand)."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from tensorflow import Tensor

from gancourse.errors import CourseError, check_range
from gancourse.tf.losses import Loss
from gancourse.training_loop import draw_noise


@dataclass(eq=False)
class GAN:
    """Everything that training changes, and how to draw its noise."""

    G: keras.Model
    D: keras.Model
    G_ema: keras.Model  # running average of G's weights: what we sample from
    opt_G: keras.optimizers.Optimizer
    opt_D: keras.optimizers.Optimizer
    z_dim: int
    ema_decay: float  # share of the old average kept at each step, 0 to 1
    seed: int


class Penalty(NamedTuple):
    """A term of D's loss every `interval` steps, times `interval`, so that its mean is the same."""

    penalty: Callable[..., Tensor]  # (D, real, fake) -> scalar
    weight: float
    interval: int = 1


def make_gan(G: keras.Model, D: keras.Model, *, z_dim: int, learning_rate: float = 1e-3,
             betas: tuple[float, float] = (0.5, 0.99), ema_decay: float = 0.995,
             seed: int = 0) -> GAN:
    """Return a GAN with an Adam optimiser for each network and a copy of G for the running average.

    Raises ValueError when `learning_rate`, `betas` or `ema_decay` is out of range.  Lessons 02, 03.
    """
    check_range("learning_rate", learning_rate, 0, 1)
    for name, value in {"betas[0]": betas[0], "betas[1]": betas[1], "ema_decay": ema_decay}.items():
        check_range(name, value, 0, 1, include_low=True)
    G_ema = keras.models.clone_model(G)
    G_ema.set_weights(G.get_weights())
    opt_G = _adam(G, learning_rate, betas)
    opt_D = _adam(D, learning_rate, betas)
    return GAN(G, D, G_ema, opt_G, opt_D, z_dim, ema_decay, seed)


def noise(gan: GAN, n: int, k: int) -> Tensor:
    """Return the z of step k, shape (n, z_dim).

    A pure function of (seed, k), so a resumed run repeats it.
    """
    return tf.convert_to_tensor(draw_noise(n, gan.z_dim, gan.seed, k))


@tf.function
def d_step(gan: GAN, real: Tensor, z: Tensor, loss: Loss, penalty: Penalty | None = None) -> Tensor:
    """Update D once and return its loss; G is left as it is."""
    return _update_D(gan, real, gan.G(z, training=True), loss, penalty)


@tf.function
def g_step(gan: GAN, real: Tensor, z: Tensor, loss: Loss, ema_decay: float = 0.0) -> Tensor:
    """Update G once, then its running average, and return its loss; D is left as it is."""
    return _update_G(gan, real, *_draw(gan, z), loss, ema_decay)


def alternating_step(gan: GAN, real: Tensor, z: Tensor, loss: Loss,
                     penalty: Penalty | None = None,
                     ema_decay: float | Tensor = 0.0) -> tuple[Tensor, Tensor]:
    """Take one step, D then G on the same fakes; return d_loss and g_loss, still on the device.

    Fakes are drawn once, an eighth less work than `d_step` and `g_step`; G's half computes no
    gradient for D's weights.
    """
    fake, tape = _draw(gan, z)
    d_loss = _update_D(gan, real, fake, loss, penalty)
    return d_loss, _update_G(gan, real, fake, tape, loss, ema_decay)


def simultaneous_step(gan: GAN, real: Tensor, z: Tensor, loss: Loss,
                      penalty: Penalty | None = None,
                      ema_decay: float | Tensor = 0.0) -> tuple[Tensor, Tensor]:
    """Like `alternating_step`, but D and G are updated at once, from the same logits.

    D reads the fakes once, a tenth less work.  It is another game (lesson 06): G's gradient goes
    through the D of before this step.  TensorFlow's DCGAN tutorial plays it.
    """
    D = lambda x: gan.D(x, training=True)
    with tf.GradientTape() as of_G, tf.GradientTape() as of_D:
        fake = gan.G(z, training=True)
        real_logits = D(real)
        fake_logits = D(fake)
        d_loss = loss.d_loss(real_logits, fake_logits)
        g_loss = _g_loss(loss, real_logits, fake_logits)
        total = d_loss + _penalty_term(D, real, tf.stop_gradient(fake), penalty)
    d_gradients = of_D.gradient(total, gan.D.trainable_variables)
    g_gradients = of_G.gradient(g_loss, gan.G.trainable_variables)
    gan.opt_G.apply(g_gradients, gan.G.trainable_variables)
    gan.opt_D.apply(d_gradients, gan.D.trainable_variables)
    average_weights(gan, ema_decay)
    return d_loss, g_loss


def train_step(gan: GAN, real: np.ndarray, k: int, loss: Loss,
               penalty: Penalty | None = None) -> dict[str, Tensor]:
    """Take step k on a batch from the host; `make_fast_loop` takes the same steps without one.

    `real` is a batch of images (batch, height, width, channels) or points (batch, dim), float32.
    """
    real = tf.convert_to_tensor(real, tf.float32)
    z = noise(gan, len(real), k)
    ema_decay = tf.constant(ema_decay_at(gan, k))  # tf.function compiles again for a Python number
    d_loss, g_loss = _compiled_step(gan, real, z, loss, penalty_at(penalty, k), ema_decay)
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


def average_weights(gan: GAN, ema_decay: Tensor | float) -> None:
    """Move G_ema's weights towards G's by 1 - `ema_decay`; copy BatchNorm's.  Lessons 02, 03."""
    for old, new in zip(gan.G_ema.trainable_variables, gan.G.trainable_variables, strict=True):
        old.assign(old + (1 - ema_decay) * (new - old))
    statistics = zip(gan.G_ema.non_trainable_variables, gan.G.non_trainable_variables, strict=True)
    for old, new in statistics:
        old.assign(new)


def sample(gan: GAN, z: np.ndarray | int, averaged: bool = True) -> np.ndarray:
    """Return G(z) as float32 images in [-1, 1], channels last; a number draws that many z.

    These z depend on `gan.seed` only.  From the running average of G, or from G itself with
    `averaged=False`.  Networks are in inference mode.
    """
    if isinstance(z, int):
        z = draw_noise(z, gan.z_dim, gan.seed, 2**31)
    net = gan.G_ema if averaged else gan.G
    parts = np.array_split(z, math.ceil(len(z) / 500))
    images = [tf.cast(net(part, training=False), tf.float32).numpy() for part in parts]
    return np.concatenate(images)


def set_learning_rate(gan: GAN, learning_rate: float) -> None:
    """Set the learning rate of both optimisers."""
    for opt in (gan.opt_G, gan.opt_D):
        opt.learning_rate = learning_rate


def state(gan: GAN) -> dict[str, np.ndarray]:
    """Return everything that training has changed, as named arrays; `load_state` puts it back."""
    return {name: v.numpy().copy() for name, v in _variables(gan).items()}


def load_state(gan: GAN, arrays: dict[str, np.ndarray]) -> None:
    """Put a saved state back, in place.  Raises ValueError when it belongs to another network.

    The state of an untrained GAN sets the optimisers' moments to 0 again.
    """
    variables = _variables(gan)
    shapes = {name: tuple(v.shape) for name, v in variables.items()}
    saved = {name: np.shape(array) for name, array in arrays.items()}
    different = {name for name in shapes | saved if shapes.get(name) != saved.get(name)}
    if different:
        first = min(different)
        raise CourseError(f"this checkpoint belongs to another {first.split('.')[0]}: {first} has "
                          f"shape {saved.get(first)}, here {shapes.get(first)}")
    for name, v in variables.items():
        v.assign(arrays[name])


def _adam(net: keras.Model, learning_rate: float,
          betas: tuple[float, float]) -> keras.optimizers.Adam:
    """Adam with its moments built now: a compiled function may not create variables later."""
    # PyTorch's epsilon; Keras' own is 1e-7
    opt = keras.optimizers.Adam(learning_rate, *betas, epsilon=1e-8)
    opt.build(net.trainable_variables)
    return opt


def _variables(gan: GAN) -> dict[str, keras.Variable]:
    """Every variable of the networks and optimisers but the learning rate, by name."""
    named = {}
    for part in ("G", "D", "G_ema", "opt_G", "opt_D"):
        for i, v in enumerate(getattr(gan, part).variables):
            if v.name != "learning_rate":
                # the last word only: the whole name holds a counter of all layers ever made
                named[f"{part}.{i}.{v.name.split('_')[-1]}"] = v
    return named


_compiled_step = tf.function(alternating_step)


def _draw(gan: GAN, z: Tensor) -> tuple[Tensor, tf.GradientTape]:
    """G(z) and the tape that holds how it depends on G."""
    with tf.GradientTape() as tape:
        fake = gan.G(z, training=True)
    return fake, tape


def _update_D(gan: GAN, real: Tensor, fake: Tensor, loss: Loss,
              penalty: Penalty | None) -> Tensor:
    """Update D once and return its loss, without the penalty."""
    D = lambda x: gan.D(x, training=True)  # the default is False, and BatchNorm would not learn
    with tf.GradientTape() as tape:
        d_loss = loss.d_loss(D(real), D(fake))
        total = d_loss + _penalty_term(D, real, fake, penalty)
    d_gradients = tape.gradient(total, gan.D.trainable_variables)
    gan.opt_D.apply(d_gradients, gan.D.trainable_variables)
    return d_loss


def _update_G(gan: GAN, real: Tensor, fake: Tensor, tape: tf.GradientTape, loss: Loss,
              ema_decay: Tensor | float) -> Tensor:
    """Update G once, then its running average, and return its loss.

    The chain rule in two halves: the gradient of the loss at the fakes, through D; then through G.
    """
    with tf.GradientTape(watch_accessed_variables=False) as through_D:
        through_D.watch(fake)
        fake_logits = gan.D(fake, training=True)
        real_logits = gan.D(real, training=True) if loss.paired else None
        g_loss = _g_loss(loss, real_logits, fake_logits)
    at_fake = through_D.gradient(g_loss, fake)
    g_gradients = tape.gradient(fake, gan.G.trainable_variables, at_fake)
    gan.opt_G.apply(g_gradients, gan.G.trainable_variables)
    average_weights(gan, ema_decay)
    return g_loss


def _g_loss(loss: Loss, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
    """G's loss; the real logits count only where the loss is paired."""
    return loss.g_loss(real_logits, fake_logits) if loss.paired else loss.g_loss(fake_logits)


def _penalty_term(D: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor,
                  penalty: Penalty | None) -> Tensor | float:
    """What the penalty adds to D's loss at a step that pays it; 0 without one."""
    if penalty is None:
        return 0.0
    return penalty.weight * penalty.interval * penalty.penalty(D, real, fake)
