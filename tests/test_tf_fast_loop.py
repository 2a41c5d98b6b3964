"""What only TensorFlow's track can get wrong: calls of many steps, XLA, 16-bit layers, dropout."""

import numpy as np
import pytest

from gancourse.training_loop import batches

pytest.importorskip("gancourse.tf", reason="needs TensorFlow")

import keras
import tensorflow as tf

from gancourse.tf import losses, models
from gancourse.tf.fast_loop import CHUNK, make_fast_loop
from gancourse.tf.train import alternating_step, load_state, make_gan, noise, simultaneous_step, state

X = np.random.default_rng(0).integers(0, 256, (96, 8, 8, 1), dtype=np.uint8)
NS = losses.LOSSES["nonsaturating"]
STEPS = 10
GAMES = {"alternating": alternating_step, "simultaneous": simultaneous_step}


def new_gan(learning_rate=0.02):
    nets = models.seeded(models.mlp_pair, 5, (8, 8, 1), 16, seed=1)
    return make_gan(*nets, z_dim=5, learning_rate=learning_rate, seed=2)


@pytest.mark.parametrize("compiled", ["no", "yes"])
def test_one_call_of_many_steps_is_the_same_steps_in_parts(compiled):
    """133 steps, two chunks and 5 more: one call and three end and log alike."""
    gan, ends, means = new_gan(1e-3), [], []
    run_steps, untrained = make_fast_loop(gan, X, batch_size=16, loss=NS, compiled=compiled), state(gan)
    for parts in ([2 * CHUNK + 5], [CHUNK, CHUNK, 5]):
        load_state(gan, untrained)
        k, total = 0, 0.0
        for n in parts:
            total += float(run_steps(k, n)["d_loss"]) * n
            k += n
        means.append(total / k)
        ends.append(state(gan))
    for name, value in ends[0].items():
        np.testing.assert_array_equal(value, ends[1][name], err_msg=name)
    assert means[0] == pytest.approx(means[1], rel=1e-5)


def in_bf16(gan, game):
    run_steps = make_fast_loop(gan, X, batch_size=16, loss=NS, precision="bf16", step=GAMES[game])
    return np.array([[float(v) for v in run_steps(k, 1).values()] for k in range(STEPS)])


def by_hand(gan, game):
    """The same steps, weights and inputs rounded to 16 bits; logits, losses and Adam have 32."""
    batch, losses_ = batches(X, 16, 2), []
    G, D = (halved(net, last) for net, last in ((gan.G, True), (gan.D, False)))
    for k in range(STEPS):
        real, z = tf.constant(batch(k)), noise(gan, 16, k)
        with tf.GradientTape() as of_D:
            d_loss = NS.d_loss(D(real), D(G(z)))
        d_gradients = of_D.gradient(d_loss, gan.D.trainable_variables)
        if game == "alternating":
            gan.opt_D.apply(d_gradients, gan.D.trainable_variables)
        with tf.GradientTape() as of_G:
            g_loss = NS.g_loss(D(G(z)))
        gan.opt_G.apply(of_G.gradient(g_loss, gan.G.trainable_variables), gan.G.trainable_variables)
        if game == "simultaneous":
            gan.opt_D.apply(d_gradients, gan.D.trainable_variables)
        losses_.append([float(d_loss), float(g_loss)])
    return np.array(losses_)


def halved(net, last):
    """The function of a network of dense layers in bfloat16; its last layer too when `last`."""
    dense = [layer for layer in net.layers if isinstance(layer, keras.layers.Dense)]

    def forward(x):
        x = tf.reshape(x, (len(x), -1))
        for i, layer in enumerate(dense):
            half = last or i < len(dense) - 1
            kind = tf.bfloat16 if half else tf.float32
            x = tf.cast(x, kind) @ tf.cast(layer.kernel, kind) + tf.cast(layer.bias, kind)
            x = tf.nn.leaky_relu(x, 0.2) if i == 0 else tf.tanh(x) if last else x
        return tf.reshape(x, (len(x), 8, 8, 1)) if last else x

    return forward


@pytest.fixture(scope="module")
def curves():
    """Both losses of each step in bf16, (steps, 2), by game; and those written by hand."""
    seen = {game: in_bf16(new_gan(), game) for game in GAMES}
    return seen | {f"{game} by hand": by_hand(new_gan(), game) for game in GAMES}


@pytest.mark.parametrize("game", GAMES)
def test_in_16_bits_each_step_plays_the_game_that_its_name_says(curves, game):
    """Ten steps, by the end of which the two games are far apart."""
    np.testing.assert_allclose(curves[game], curves[f"{game} by hand"], atol=0.03)
    assert abs(curves["alternating"] - curves["simultaneous"]).max() > 0.15


def test_the_first_step_of_the_two_games_in_16_bits(curves):
    """D moves on the same fakes in both, so d_loss is the same; then G meets another D."""
    alternating, simultaneous = (curves[game][0] for game in GAMES)
    assert alternating[0] == pytest.approx(simultaneous[0], abs=1e-5)
    assert abs(alternating[1] - simultaneous[1]) > 0.05


def test_hidden_layers_compute_in_16_bits_and_weights_and_logits_have_32():
    gan = new_gan()
    make_fast_loop(gan, X, batch_size=16, loss=NS, precision="bf16")
    fake = gan.G(noise(gan, 4, 0), training=True)
    assert fake.dtype == tf.bfloat16 and gan.D.layers[1](gan.D.layers[0](fake)).dtype == tf.bfloat16
    assert gan.D(fake, training=True).dtype == tf.float32
    assert {v.dtype for net in (gan.G, gan.D) for v in net.trainable_variables} == {"float32"}
    assert gan.G_ema(noise(gan, 4, 0)).dtype == tf.float32


def test_a_resumed_run_with_dropout_equals_the_straight_one():
    """Keras keeps the state of a layer's random numbers in a variable, which is in the GAN's."""
    G, D = models.seeded(models.mlp_pair, 5, (8, 8, 1), 16, seed=1)
    D = keras.Sequential([*D.layers[:-1], keras.layers.Dropout(0.5, seed=7), D.layers[-1]])
    D.build((None, 8, 8, 1))
    gan = make_gan(G, D, z_dim=5, seed=2)
    run_steps = make_fast_loop(gan, X, batch_size=16, loss=NS)
    run_steps(0, 3)
    half = state(gan)
    run_steps(3, 3)
    straight = state(gan)
    load_state(gan, half)
    run_steps(3, 3)
    for name, value in state(gan).items():
        np.testing.assert_array_equal(value, straight[name], err_msg=name)
