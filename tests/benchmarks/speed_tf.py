"""The TensorFlow rows of speed.py, as JSON:  python tests/benchmarks/speed_tf.py THREADS ROUNDS"""

import json
import sys
import time

from gancourse.tf import losses, models, set_threads

set_threads(int(sys.argv[1]))
import keras
import numpy as np
import tensorflow as tf

from gancourse.tf.fast_loop import make_fast_loop
from gancourse.tf.train import alternating_step, make_gan, simultaneous_step

STEPS, Z_DIM = 256, 100
X = np.random.default_rng(0).integers(0, 256, (20_000, 28, 28, 1), dtype=np.uint8)


def naive(batch_size: int, together: bool):
    """The usual loop, one tf.function call for each batch of a tf.data pipeline.

    As a textbook has it: D's update, then G's, each on noise of its own.  With `together`, as TensorFlow's
    tutorial has it: both from the same pass.
    """
    G, D = models.mlp_pair(Z_DIM, (28, 28, 1), 128)
    opt_G, opt_D = keras.optimizers.Adam(2e-4, 0.5), keras.optimizers.Adam(2e-4, 0.5)
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    images = tf.data.Dataset.from_tensor_slices(X.astype(np.float32) / 127.5 - 1)
    feed = iter(images.shuffle(len(X)).repeat().batch(batch_size).prefetch(2))
    d_loss_of = lambda real, fake: bce(tf.ones_like(real), real) + bce(tf.zeros_like(fake), fake)

    @tf.function
    def step(real):
        with tf.GradientTape() as of_G, tf.GradientTape() as of_D:
            fake = G(tf.random.normal([batch_size, Z_DIM]), training=True)
            out_real, out_fake = D(real, training=True), D(fake, training=True)
            d_loss = d_loss_of(out_real, out_fake)
            g_loss = bce(tf.ones_like(out_fake), out_fake)
        slopes = of_D.gradient(d_loss, D.trainable_variables)
        if together:
            opt_G.apply(of_G.gradient(g_loss, G.trainable_variables), G.trainable_variables)
        opt_D.apply(slopes, D.trainable_variables)
        if not together:
            with tf.GradientTape() as of_G:
                out_fake = D(G(tf.random.normal([batch_size, Z_DIM]), training=True), training=True)
                g_loss = bce(tf.ones_like(out_fake), out_fake)
            opt_G.apply(of_G.gradient(g_loss, G.trainable_variables), G.trainable_variables)
        return d_loss, g_loss

    def run():
        for _ in range(STEPS):
            step(next(feed))
    return run


def ours(batch_size: int, compiled: str, step):
    """Our loop, 64 steps a call."""
    gan = make_gan(*models.mlp_pair(Z_DIM, (28, 28, 1), 128), z_dim=Z_DIM, learning_rate=2e-4)
    run_steps = make_fast_loop(gan, X, batch_size=batch_size, loss=losses.LOSSES["nonsaturating"], compiled=compiled,
                               step=step)
    return lambda: [run_steps(k, 64)["d_loss"].numpy() for k in range(0, STEPS, 64)]


rows = []
for size in (64, 256):
    arms = {"textbook loop": naive(size, False), "tutorial-like loop, both at once": naive(size, True),
            "ours": ours(size, "no", alternating_step), "ours, XLA": ours(size, "yes", alternating_step),
            "ours, XLA, both at once": ours(size, "yes", simultaneous_step)}
    seconds = {arm: [] for arm in arms}
    for run in arms.values():
        run()
    for _ in range(int(sys.argv[2])):
        for arm, run in arms.items():
            start = time.process_time()
            run()
            seconds[arm].append((time.process_time() - start) / STEPS)
    base = np.median(seconds["textbook loop"])
    for arm, taken in seconds.items():
        ms, rate = 1e3 * np.array(taken), size / np.median(taken)
        rows.append([f"TensorFlow 100-128-784, {size}", arm, f"{np.median(ms):.2f} ({ms.min():.2f} to {ms.max():.2f})",
                     f"{rate:.0f}", f"{base * rate / size:.2f}", "", ""])
print(json.dumps(rows))
