"""The checks of lesson 02 reject wrong answers, each for its reason, and accept another right one."""

import pytest
from exercises import code_cells, judge, names_from, solution

from gancourse.course.lessons import source

pytest.importorskip("gancourse.tf", reason="needs TensorFlow")

D_UPDATE = """
    with tf.GradientTape() as tape:
        d_loss = mean(softplus(-D(real, training=True))) + mean(softplus(D(G(z, training=True), training=True)))
    opt_D.apply(tape.gradient(d_loss, D.trainable_variables), D.trainable_variables)
"""
G_UPDATE = """
    with tf.GradientTape() as tape:
        g_loss = mean(softplus(-D(G(z, training=True), training=True)))
    opt_G.apply(tape.gradient(g_loss, G.trainable_variables), G.trainable_variables)
    return d_loss, g_loss
"""
LAYERS = """
def deep_pair(z_dim, size, width):
    Dense, Leaky, Net = keras.layers.Dense, keras.layers.LeakyReLU, keras.Sequential
    G = Net([keras.Input((z_dim,)), Dense(width), Leaky(0.2), Dense(2 * width), Leaky(0.2), Dense(size, "tanh")])
    D = Net([keras.Input((size,)), Dense(2 * width), Leaky(0.2), Dense(width), Leaky(0.2), Dense(1)])
    return G, D
"""
STEP = "def repaired_step(G, D, opt_G, opt_D, real, z):" + D_UPDATE + G_UPDATE
MANY = ("def many_d_steps(G, D, opt_G, opt_D, pairs):\n  for real, z in pairs:" + D_UPDATE
        + "  real, z = pairs[-1]\n  if True:" + G_UPDATE)
LOGIT = """
def last_batch_logit(num_images, batch_size):
    rest = num_images % batch_size
    return np.log(rest) - np.log(batch_size) if rest else 0.0
"""
RIGHT = {"deep_pair": LAYERS, "repaired_step": STEP, "many_d_steps": MANY, "last_batch_logit": LOGIT}
WRONG = [  # exercise, what is wrong, (old, new) in a right answer
    ("deep_pair", "D ends in a probability", ("Dense(1)", "Dense(1, 'sigmoid')")),
    ("deep_pair", "G ends without tanh", (', "tanh")', ")")),
    ("deep_pair", "Keras' own slope, .3", ("Leaky(0.2)", "Leaky()")),
    ("deep_pair", "D is not mirrored", ("Dense(2 * width), Leaky(0.2), Dense(width)",
                                        "Dense(width), Leaky(0.2), Dense(2 * width)")),
    ("deep_pair", "ReLU that goes silent", ("Leaky(0.2)", "keras.layers.ReLU()")),
    ("many_d_steps", "G moves in every round", ("  real, z = pairs[-1]\n  if True:", "")),
    ("many_d_steps", "D learns once only", ("in pairs:", "in pairs[-1:]:")),
    ("many_d_steps", "G uses the first z", ("real, z = pairs[-1]", "real, z = pairs[0]")),
    ("many_d_steps", "D learns from the first batch again", ("in pairs:", "in [pairs[0]] * len(pairs):")),
    ("repaired_step", "data scaled twice", ("D(real,", "D(real / 127.5 - 1,")),
    ("repaired_step", "sigmoid before the logits' loss", ("mean(softplus(D(G(z, training=True), training=True)))",
                                                          "mean(softplus(sigmoid(D(G(z, training=True)))))")),
    ("repaired_step", "G has the wrong sign", ("g_loss = mean(softplus(-D", "g_loss = mean(softplus(D")),
    ("repaired_step", "G plays the saturating loss", ("g_loss = mean(softplus(-D(G(z, training=True), training=True)))",
                                                      "g_loss = -mean(softplus(D(G(z, training=True))))")),
    ("repaired_step", "D does not move", ("opt_D.apply(", "zip(")),
    ("repaired_step", "G does not move", ("opt_G.apply(", "zip(")),
    ("last_batch_logit", "the probability", ("np.log(rest) - np.log(batch_size)", "rest / (rest + batch_size)")),
    ("last_batch_logit", "the share among the reals", ("np.log(batch_size)", "np.log(num_images)")),
    ("last_batch_logit", "the wrong sign", ("np.log(rest) - np.log(batch_size)", "np.log(batch_size) - np.log(rest)")),
    ("last_batch_logit", "minus infinity for a full batch", (" if rest else 0.0", "")),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises, with small nets and little data; nothing is trained."""
    with pytest.MonkeyPatch.context() as patch:  # other tests of this process have made TensorFlow compute already
        patch.setattr("gancourse.tf.set_threads", lambda num_threads=0: num_threads)
        return names_from("02", ["num_steps: int", "set_threads()", "images = data.load", "def mlp(", "def new_gan("],
                          num_images=512, width=16, batch_size=32)


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_solution_and_another_right_answer_pass(names, exercise):
    judge("02", names, exercise, RIGHT[exercise])
    judge("02", names, exercise, solution("02", exercise))


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("exercise, what, change", WRONG, ids=[f"{name}: {what}" for name, what, _ in WRONG])
def test_a_wrong_answer_is_refused(names, exercise, what, change):
    assert change[0] in RIGHT[exercise], "the change changes nothing"
    with pytest.raises(AssertionError):
        judge("02", names, exercise, RIGHT[exercise].replace(*change))


def test_the_step_with_three_bugs_is_refused(names):
    (planted,) = [source(cell) for cell in code_cells("02") if "def step_with_three_bugs(" in source(cell)]
    with pytest.raises(AssertionError):
        judge("02", names, "repaired_step", planted + "\nrepaired_step = step_with_three_bugs")
