"""A small GAN in TensorFlow: we write the round and the loop, `tf.function` compiles the round."""

import keras
import tensorflow as tf
from keras.layers import Dense, LeakyReLU


class GAN:
    """Two networks, an optimiser for each, and the round in which both move."""

    def __init__(self, learning_rate, beta1, beta2):
        """Draw first weights; all three numbers are settings of Adam."""
        self.G = keras.Sequential([
            keras.Input((100,)), Dense(128), LeakyReLU(0.2), Dense(784, activation="tanh")])
        self.D = keras.Sequential([
            keras.Input((784,)), Dense(128), LeakyReLU(0.2), Dense(1)])
        settings = {"beta_1": beta1, "beta_2": beta2, "epsilon": 1e-8}
        self.opt_G = keras.optimizers.Adam(learning_rate, **settings)
        self.opt_D = keras.optimizers.Adam(learning_rate, **settings)
        self.opt_G.build(self.G.trainable_variables)
        self.opt_D.build(self.D.trainable_variables)

    @tf.function
    def play_round(self, real, z):
        """Lower both losses once, each by its own network."""
        with tf.GradientTape(persistent=True) as tape:
            real_logits = self.D(real)
            fake_logits = self.D(self.G(z))
            d_loss = tf.reduce_mean(tf.nn.softplus(-real_logits))
            d_loss += tf.reduce_mean(tf.nn.softplus(fake_logits))
            g_loss = tf.reduce_mean(tf.nn.softplus(-fake_logits))
        of_D = tape.gradient(d_loss, self.D.trainable_variables)
        of_G = tape.gradient(g_loss, self.G.trainable_variables)
        self.opt_D.apply(of_D, self.D.trainable_variables)
        self.opt_G.apply(of_G, self.G.trainable_variables)
        return d_loss, g_loss

    def play(self, real, z):
        """Play a round for each batch of (rounds, batch, size); return the last losses."""
        for real_batch, z_batch in zip(real, z, strict=True):
            losses = self.play_round(tf.constant(real_batch), tf.constant(z_batch))
        return [float(loss) for loss in losses]

    def draw(self, z):
        return self.G(z).numpy()

    def load(self, arrays):
        """Set the weights of G, then of D: (inputs, outputs) and biases in turn."""
        self.G.set_weights(arrays[:4])
        self.D.set_weights(arrays[4:])

    def arrays(self):
        return self.G.get_weights() + self.D.get_weights()
