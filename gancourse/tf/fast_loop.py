"""The fast loop: data and noise where the networks are, no number read between logs.  Lesson 03."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from tensorflow import Tensor

from gancourse.errors import check_choice
from gancourse.tf import native_bf16
from gancourse.tf.losses import Loss
from gancourse.tf.train import (
    GAN,
    Penalty,
    alternating_step,
    ema_decay_at,
    penalty_at,
    set_learning_rate,
)
from gancourse.training_loop import batches, draw_noise

CHUNK = 64  # steps inside one call of TensorFlow, without Python in between
XLA_PAYS_AFTER = 4096  # steps: compiling takes seconds and saves less than a millisecond a step


def make_fast_loop(gan: GAN, x: np.ndarray, *, batch_size: int, loss: Loss,
                   penalty: Penalty | None = None, schedule: Callable[[int], float] | None = None,
                   step: Callable = alternating_step, precision: str = "fp32",
                   compiled: str = "auto") -> Callable[[int, int], dict[str, Tensor]]:
    """Return `run_steps(k, n)`, which takes steps k to k + n - 1 on the data `x`.

    It is meant for `training_loop.train_fast`.  `x` is uint8 images (n, height, width, channels),
    or float32 images or points; a memory map is read batch by batch.  Batch and noise of step k
    depend on (gan.seed, k) only.  `schedule(k)` is the learning rate of step k; `step` is any
    function with the arguments of `alternating_step`.  `precision` is fp32, bf16 (products in
    16 bits, sums and weights in 32), or auto: bf16 where the hardware computes it.  `compiled` is
    auto, yes or no.
    Raises ValueError when `batch_size` does not fit the data, or for another word.  Lessons 02, 03.
    """
    check_choice("precision", precision, ("fp32", "bf16", "auto"))
    check_choice("compiled", compiled, ("auto", "yes", "no"))
    if precision == "bf16" or (precision == "auto" and native_bf16()):
        for layer in [*gan.G.layers, *gan.D.layers[:-1]]:  # logits and weights stay in 32 bits
            layer.dtype_policy = keras.DTypePolicy("mixed_bfloat16")
    convolutions = keras.layers.Conv2D | keras.layers.Conv2DTranspose
    dense = not any(isinstance(layer, convolutions) for layer in gan.D.layers)
    mapped = isinstance(x, np.memmap)
    pool = None if mapped else tf.constant(x)
    rows_of = batches(np.arange(len(x)), batch_size, gan.seed)

    def steps_in_one_call(n: Tensor, drawn: Tensor, z: Tensor, rates: Tensor, shares: Tensor,
                          pay: Tensor) -> Tensor:
        """Take the first n steps of those whose inputs are given; return their mean losses (2,)."""
        total = tf.zeros(2)
        for i in tf.range(n):
            real = drawn[i] if mapped else tf.gather(pool, drawn[i])
            as_bytes = real.dtype == tf.uint8
            real = tf.cast(real, tf.float32)
            if as_bytes:
                real = real / 127.5 - 1
            if schedule:
                set_learning_rate(gan, rates[i])
            if penalty is None or not pay[i]:
                total += tf.stack(step(gan, real, z[i], loss, None, shares[i]))
            else:
                total += tf.stack(step(gan, real, z[i], loss, penalty, shares[i]))
        return total / tf.cast(n, tf.float32)

    plain = tf.function(steps_in_one_call, reduce_retracing=True)
    xla = tf.function(steps_in_one_call, jit_compile=True)

    def run_chunk(k: int, n: int) -> Tensor:
        """Take at most CHUNK steps in one call and return their mean losses (2,)."""
        use_xla = compiled == "yes" or (compiled == "auto" and dense and k >= XLA_PAYS_AFTER)
        # XLA compiles again for each new length, so it gets inputs for CHUNK steps and takes n
        length = CHUNK if use_xla else n
        steps = range(k, k + length)
        rows = np.stack([rows_of(i) for i in steps])
        z = np.stack([draw_noise(batch_size, gan.z_dim, gan.seed, i) for i in steps])
        rates = np.array([schedule(i) if schedule else 0 for i in steps], np.float32)
        shares = np.array([ema_decay_at(gan, i) for i in steps], np.float32)
        pay = np.array([penalty_at(penalty, i) is not None for i in steps])
        drawn = x[rows] if mapped else rows
        function = xla if use_xla else plain
        return function(tf.constant(n), drawn, z, rates, shares, pay)

    def run_steps(k: int, n: int) -> dict[str, Tensor]:
        """Take steps k to k + n - 1 and return their mean losses."""
        chunks = [(i, min(CHUNK, k + n - i)) for i in range(k, k + n, CHUNK)]
        means = sum(run_chunk(i, length) * (length / n) for i, length in chunks)
        d_loss, g_loss = tf.unstack(means)
        return {"d_loss": d_loss, "g_loss": g_loss}

    return run_steps
