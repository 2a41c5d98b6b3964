"""The checks of lesson 00 reject wrong answers and accept another right one."""

import pytest
from exercises import judge, names_from, solution

RIGHT = {
    "g_gradient": (
        "def g_gradient(ab, z, w):\n"
        "    u = (ab[0] * z + ab[1]) / 1.5 - 1\n"
        "    bend = w[1] + 2 * w[2] * u\n"
        "    doubt = 1 - D(G(z, *ab), w)\n"
        "    push = doubt * bend / 1.5\n"
        "    return np.array([push @ z, push.sum()]) / len(z)"),
    "torch_round": (
        "def torch_round(ab, w, d_optimizer, g_optimizer, batch, noise):\n"
        "    softplus = torch.nn.functional.softplus\n"
        "    for z in noise[:-1]:\n"
        "        with torch.no_grad():\n"
        "            fake = ab[0] * z + ab[1]\n"
        "        d_loss = softplus(-logit(batch, w)).mean() + softplus(logit(fake, w)).mean()\n"
        "        d_optimizer.zero_grad()\n"
        "        d_loss.backward()\n"
        "        d_optimizer.step()\n"
        "    fake = ab[0] * noise[-1] + ab[1]\n"
        "    g_loss = softplus(-logit(fake, w)).mean()\n"
        "    g_optimizer.zero_grad()\n"
        "    g_loss.backward()\n"
        "    g_optimizer.step()"),
}
WRONG = [  # exercise, what is wrong, (old, new) in a right answer
    ("g_gradient", "empty", ("    push =", "    raise NotImplementedError\n    push =")),
    ("g_gradient", "nudging again", ("    push =", "    return nudged_g(ab, z, w)\n    push =")),
    ("g_gradient", "downhill", ("doubt * bend", "-doubt * bend")),
    ("g_gradient", "of D in place of log D", ("doubt * bend", "doubt * (1 - doubt) * bend")),
    ("g_gradient", "D's answer in place of its error", ("doubt = 1 - D(", "doubt = D(")),
    ("g_gradient", "u's own derivative is left out", ("bend / 1.5", "bend")),
    ("g_gradient", "the square's factor 2 is left out", ("2 * w[2]", "w[2]")),
    ("g_gradient", "x in place of u", (") / 1.5 - 1", ")")),
    ("g_gradient", "b first", ("[push @ z, push.sum()]", "[push.sum(), push @ z]")),
    ("g_gradient", "the noise is left out", ("push @ z", "push.sum()")),
    ("g_gradient", "sums in place of means", (" / len(z)", "")),
    ("torch_round", "empty", ("    for z in", "    raise NotImplementedError\n    for z in")),
    ("torch_round", "D's gradient reaches G", ("with torch.no_grad():", "if True:")),
    ("torch_round", "one move of D, whatever the noise", ("noise[:-1]", "noise[:1]")),
    ("torch_round", "D moves once more, with G's noise", ("noise[:-1]", "noise")),
    ("torch_round", "G moves after each move of D", (
        "    fake = ab[0] * noise[-1] + ab[1]\n    g_loss = softplus(-logit(fake, w)).mean()\n"
        "    g_optimizer.zero_grad()\n    g_loss.backward()\n    g_optimizer.step()",
        "        fake = ab[0] * noise[-1] + ab[1]\n        g_loss = softplus(-logit(fake, w)).mean()\n"
        "        g_optimizer.zero_grad()\n        g_loss.backward()\n        g_optimizer.step()")),
    ("torch_round", "D's gradients pile up", ("        d_optimizer.zero_grad()\n", "")),
    ("torch_round", "G's gradients pile up", ("    g_optimizer.zero_grad()\n", "")),
    ("torch_round", "D never moves", ("        d_optimizer.step()\n", "")),
    ("torch_round", "D's optimizer moves for G", ("    g_optimizer.step()", "    d_optimizer.step()")),
    ("torch_round", "G helps D", ("g_loss = softplus(-logit", "g_loss = softplus(logit")),
    ("torch_round", "G saturates", ("g_loss = softplus(-logit(fake, w))", "g_loss = -softplus(logit(fake, w))")),
    ("torch_round", "D never sees real numbers", ("softplus(-logit(batch, w)).mean() + ", "")),
    ("torch_round", "D learns it the wrong way round", ("softplus(-logit(batch, w))", "softplus(logit(batch, w))")),
    ("torch_round", "G's fakes are old ones", ("noise[-1] + ab[1]", "noise[0] + ab[1]")),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; nothing is trained."""
    return names_from("00", ["num_steps: int", "import numpy", "def G(", "def play(", "def new_game("])


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_solution_and_another_right_answer_pass(names, exercise):
    judge("00", names, exercise, RIGHT[exercise])
    judge("00", names, exercise, solution("00", exercise))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # nudging meets log(0)
@pytest.mark.parametrize("exercise, what, change", WRONG, ids=[f"{name}: {what}" for name, what, _ in WRONG])
def test_a_wrong_answer_is_refused(names, exercise, what, change):
    assert change[0] in RIGHT[exercise], "the change changes nothing"
    with pytest.raises((AssertionError, NotImplementedError)):
        judge("00", names, exercise, RIGHT[exercise].replace(*change))
