"""The checks of lesson 02 reject wrong answers, each for its reason, and accept another right one."""

import pytest
from exercises import judge, names_from, solution

pytest.importorskip("gancourse.tf", reason="needs TensorFlow")

UPDATE = """
def update_D(D, opt_D, real, fake):
    with tf.GradientTape() as tape:
        right = tf.math.log1p(tf.exp(-D(real, training=True)))
        wrong = tf.math.log1p(tf.exp(D(fake, training=True)))
        d_loss = tf.reduce_mean(right + wrong)
    of_D = D.trainable_variables
    opt_D.apply(tape.gradient(d_loss, of_D), of_D)
    return d_loss

def update_G(G, D, opt_G, z):
    weights = G.trainable_variables
    with tf.GradientTape() as tape:
        logits = D(G(z, training=True), training=True)
        loss = tf.reduce_mean(tf.math.log1p(tf.exp(-logits)))
    gradients = tape.gradient(loss, weights)
    opt_G.apply_gradients(zip(gradients, weights))
    return loss
"""
GAME = """
def mended_game(G, D, new_opt):
    of = {"D": D.trainable_variables, "G": G.trainable_variables}
    opts = {"D": new_opt(of["D"]), "G": new_opt(of["G"])}
    def step(real, z):
        with tf.GradientTape() as tape_D, tf.GradientTape() as tape_G:
            fake = G(z)
            a_fake = D(fake)
            a_real = D(real)
            d_loss = tf.reduce_mean(tf.math.log1p(tf.exp(-a_real)) + tf.math.log1p(tf.exp(a_fake)))
            g_loss = tf.reduce_mean(tf.math.log1p(tf.exp(-a_fake)))
        gradients_D = tape_D.gradient(d_loss, of["D"])
        gradients_G = tape_G.gradient(g_loss, of["G"])
        opts["G"].apply(gradients_G, of["G"])
        opts["D"].apply(gradients_D, of["D"])
        return d_loss, g_loss
    return step
"""
PATH = """
def better_path(z_a, z_b, t):
    turn = np.exp(0.5j * np.pi * t)
    return turn.real * z_a + turn.imag * z_b
"""
RIGHT = {"update_G": UPDATE, "mended_game": GAME, "better_path": PATH}
WRONG = [  # exercise, what is wrong, (old, new) in a right answer
    ("update_G", "D: real and fake swapped", ("exp(-D(real", "exp(D(real")),
    ("update_G", "D: the labels swapped", (
        """right = tf.math.log1p(tf.exp(-D(real, training=True)))
        wrong = tf.math.log1p(tf.exp(D(fake, training=True)))""",
        """right = tf.math.log1p(tf.exp(D(real, training=True)))
        wrong = tf.math.log1p(tf.exp(-D(fake, training=True)))""")),
    ("update_G", "D: the arguments swapped", ("opt_D, real, fake)", "opt_D, fake, real)")),
    ("update_G", "D: no fakes", ("right + wrong", "right")),
    ("update_G", "D: the mean over both", ("reduce_mean(right + wrong)", "reduce_mean(right + wrong) / 2")),
    ("update_G", "D: never moves", ("opt_D.apply(", "zip(")),
    ("update_G", "D: uphill", ("gradient(d_loss,", "gradient(-d_loss,")),
    ("update_G", "D: no return", ("    return d_loss", "")),
    ("update_G", "the wrong sign", ("tf.exp(-logits)", "tf.exp(logits)")),
    ("update_G", "the saturating loss", ("tf.reduce_mean(tf.math.log1p(tf.exp(-logits)))",
                                         "-tf.reduce_mean(tf.math.log1p(tf.exp(logits)))")),
    ("update_G", "a sigmoid too many", ("training=True), training=True)",
                                        "training=True), training=True)\n        logits = tf.sigmoid(logits)")),
    ("update_G", "the sum over the batch", ("reduce_mean", "reduce_sum")),
    ("update_G", "D moves in place of G", ("weights = G.trainable", "weights = D.trainable")),
    ("update_G", "D moves as well", ("weights = G.trainable_variables",
                                     "weights = G.trainable_variables + D.trainable_variables")),
    ("update_G", "images drawn outside of the tape", (
        "variables\n    with tf.", "variables\n    fake = G(z)\n    with tf.")),
    ("update_G", "nothing moves", ("opt_G.apply_gradients(", "list(")),
    ("update_G", "two steps", ("    return loss",
                               "    opt_G.apply_gradients(zip(gradients, weights))\n    return loss")),
    ("update_G", "no return", ("    return loss", "")),
    ("update_G", "a number of Python, which cannot be compiled", ("return loss", "return float(loss)")),
    ("mended_game", "the listing's sum", ("tape_D.gradient(d_loss", "tape_D.gradient(d_loss + g_loss")),
    ("mended_game", "the sum for G", ("tape_G.gradient(g_loss", "tape_G.gradient(d_loss + g_loss")),
    ("mended_game", "a sigmoid too many", ("a_fake = D(fake)", "a_fake = tf.sigmoid(D(fake))")),
    ("mended_game", "the listing's judge", (
        "    def step", "    D = keras.Sequential([D, keras.layers.Activation('sigmoid')])\n    def step")),
    ("mended_game", "G saturates", ("g_loss = tf.reduce_mean(tf.math.log1p(tf.exp(-a_fake)))",
                                    "g_loss = -tf.reduce_mean(tf.math.log1p(tf.exp(a_fake)))")),
    ("mended_game", "D never moves", ('opts["D"].apply', "list")),
    ("mended_game", "D moves first", (
        "        gradients_G =",
        "        opts['D'].apply(gradients_D, of['D'])\n        gradients_D = [0 * g for g in gradients_D]\n"
        "        with tf.GradientTape() as tape_G:\n"
        "            g_loss = tf.reduce_mean(tf.math.log1p(tf.exp(-D(G(z)))))\n"
        "        gradients_G =")),
    ("mended_game", "one loss", ("return d_loss, g_loss", "return d_loss")),
    ("mended_game", "the losses swapped", ("return d_loss, g_loss", "return g_loss, d_loss")),
    ("mended_game", "no step returned", ("    return step", "")),
    ("better_path", "a straight line", ("return turn.real * z_a + turn.imag * z_b", "return (1 - t) * z_a + t * z_b")),
    ("better_path", "half of it", ("0.5j", "0.25j")),
    ("better_path", "a whole turn", ("0.5j", "2j")),
    ("better_path", "weights that add up to 1", ("turn.real * z_a + turn.imag * z_b",
                                         "turn.real**2 * z_a + turn.imag**2 * z_b")),
    ("better_path", "square roots, which are not even", (
        "turn.real * z_a + turn.imag * z_b", "np.sqrt(1 - t) * z_a + np.sqrt(t) * z_b")),
    ("better_path", "a detour", ("0.5j", "-1.5j")),
    ("better_path", "a jump", ("return ", "return (-1 if 0.3 < t < 0.6 else 1) * ")),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; nothing is trained."""
    with pytest.MonkeyPatch.context() as patch:  # other tests of this process have made TensorFlow compute already
        patch.setattr("gancourse.tf.set_threads", lambda num_threads=0: num_threads)
        return names_from("02", ["num_steps: int", "set_threads()", "def _weight(", "def straight("])


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_solution_and_another_right_answer_pass(names, exercise):
    judge("02", names, exercise, RIGHT[exercise])
    judge("02", names, exercise, solution("02", exercise))


@pytest.mark.parametrize("exercise, what, change", WRONG, ids=[f"{name}: {what}" for name, what, _ in WRONG])
def test_a_wrong_answer_is_refused(names, exercise, what, change):
    assert change[0] in RIGHT[exercise], "the change changes nothing"
    wrong = RIGHT[exercise].replace(*change)
    if "fake = G(z)" in wrong:
        wrong = wrong.replace("D(G(z, training=True), training=True)", "D(fake, training=True)")
    with pytest.raises((AssertionError, TypeError, ValueError)):
        judge("02", names, exercise, wrong)


@pytest.mark.parametrize("exercise", RIGHT)
def test_an_empty_answer_leaves_the_lesson_with_one_of_its_own(names, exercise):
    heads = [line for line in RIGHT[exercise].splitlines() if line.startswith("def ")]
    empty = "\n".join(f"{head}\n    raise NotImplementedError" for head in heads)
    judge("02", names, exercise, empty, strict=False)
