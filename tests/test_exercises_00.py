"""The checks of lesson 00 reject wrong answers and accept another right one."""

import pytest
from exercises import judge, names_from, solution

RIGHT = {
    "d_gradient": (
        "def d_gradient(w, real, fake):\n"
        "    def inputs(x):\n"
        "        u = (x - 1.5) / 1.5\n"
        "        return np.stack([np.ones_like(x), u, u**2])\n"
        "    up = inputs(real) @ (1 - D(real, w)) / len(real)\n"
        "    return up - inputs(fake) @ D(fake, w) / len(fake)"),
    "g_gradient": (
        "def g_gradient(ab, z, w):\n"
        "    u = (ab[0] * z + ab[1]) / 1.5 - 1\n"
        "    bend = w[1] + 2 * w[2] * u\n"
        "    doubt = 1 - D(G(z, *ab), w)\n"
        "    push = doubt * bend / 1.5\n"
        "    return np.array([push @ z, push.sum()]) / len(z)"),
}
WRONG = [  # exercise, what is wrong, (old, new) in a right answer
    ("d_gradient", "empty", ("    up =", "    raise NotImplementedError\n    up =")),
    ("d_gradient", "nudging again", ("    up =", "    return nudged_d(w, real, fake)\n    up =")),
    ("d_gradient", "downhill", ("return up - ", "return -up + ")),
    ("d_gradient", "the fakes raised, too", ("up - inputs", "up + inputs")),
    ("d_gradient", "the answers in place of the errors", ("(1 - D(real, w))", "D(real, w)")),
    ("d_gradient", "the inputs are left out", ("np.stack([np.ones_like(x), u, u**2])", "np.ones((3, len(x)))")),
    ("d_gradient", "x in place of u", ("(x - 1.5) / 1.5", "x")),
    ("d_gradient", "sums in place of means", ("/ len(real)", "")),
    ("d_gradient", "one length for both", ("/ len(fake)", "/ len(real)")),
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
]


@pytest.fixture(autouse=True)
def strict(monkeypatch):
    monkeypatch.setenv("GANCOURSE_STRICT", "1")


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; nothing is trained."""
    return names_from("00", ["num_steps: int", "import numpy", "def G(", "def play("])


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
