"""The checks of lesson 06 reject wrong answers and accept another right one; its losses are the package's."""

import re

import numpy as np
import pytest
from exercises import code_cells, judge, names_from, solution

from gancourse.course.lessons import source

RIGHT = {
    "alternating": """
def alternating(state, v, h):
    theta, psi = state
    psi = psi + h * v(state)[1]
    theta = theta + h * v(np.array([theta, psi]))[0]
    return np.array([theta, psi])
""",
    "r1_penalty": """
def r1_penalty(logit, psi, real, gamma, e=1e-4):
    total = 0
    for x in real:
        gradient = (logit(psi, x + e) - logit(psi, x)) / e
        total = total + gradient**2
    return gamma / 2 * total / len(real)
""",
    "largest_step": """
def largest_step(gamma):
    def outside(h):
        M = np.array([[1 - h**2 / 4, h / 2 * (1 - h * gamma)], [-h / 2, 1 - h * gamma]])
        return np.abs(np.linalg.eigvals(M)).max() - 1 - 1e-9
    return bisect(outside, 0.1, 4.5)
""",
}
BY_ROOT = "def largest_step(gamma):\n    return -4 * gamma + 4 * np.sqrt(gamma**2 + 1)\n"
IN_PLACE = """
def alternating(state, v, h):
    state[1] += h * v(state)[1]
    state[0] += h * v(state)[0]
    return state
"""
WRONG = [  # exercise, what is wrong, each (old, new) in a right answer
    ("alternating", "both from the old state", ("v(np.array([theta, psi]))[0]", "v(state)[0]")),
    ("alternating", "G first", ("""    psi = psi + h * v(state)[1]
    theta = theta + h * v(np.array([theta, psi]))[0]
""", """    theta = theta + h * v(state)[0]
    psi = psi + h * v(np.array([theta, psi]))[1]
""")),
    ("alternating", "D alone moves", ("theta + h * v(np.array([theta, psi]))[0]", "theta")),
    ("alternating", "G without a learning rate", ("theta + h *", "theta +")),
    ("alternating", "descends where it should ascend", ("psi + h *", "psi - h *")),
    ("alternating", "the two exchanged", ("return np.array([theta, psi])", "return np.array([psi, theta])")),
    ("alternating", "D twice", ("h * v(state)[1]", "2 * h * v(state)[1]")),
    ("r1_penalty", "D is rewarded for steepness", ("gamma / 2", "-gamma / 2")),
    ("r1_penalty", "without the half", ("gamma / 2", "gamma")),
    ("r1_penalty", "without the weight", ("gamma / 2", "0.5")),
    ("r1_penalty", "the gradient, not its square", ("gradient**2", "gradient")),
    ("r1_penalty", "the size, not its square", ("gradient**2", "np.abs(gradient)")),
    ("r1_penalty", "the square of the mean", ("gamma / 2 * total / len(real)", "gamma / 2 * (total / len(real)) ** 2"),
     ("gradient**2", "gradient")),
    ("r1_penalty", "the sum over the data", (" / len(real)", "")),
    ("r1_penalty", "with respect to psi", ("logit(psi, x + e)", "logit(psi + e, x)")),
    ("r1_penalty", "all at the origin", ("logit(psi, x + e) - logit(psi, x)", "logit(psi, e) - logit(psi, 0.0)")),
    ("r1_penalty", "the first of the data only", ("for x in real", "for x in real[:1]")),
    ("r1_penalty", "the mean over all D", ("return gamma / 2 * total", "return gamma / 2 * np.mean(total)")),
    ("largest_step", "forgets the penalty", ("h * gamma", "h * 0")),
    ("largest_step", "G moves against the old D", ("bisect(outside, 0.1, 4.5)", "4 * gamma")),
    ("largest_step", "the penalty alone, h γ < 2", ("bisect(outside, 0.1, 4.5)", "min(4.0, 2 / (gamma + 1e-9))")),
    ("largest_step", "the sign inside the root", ("bisect(outside, 0.1, 4.5)",
                                                           "4 / (gamma + np.sqrt(abs(gamma**2 - 1)))")),
    ("largest_step", "safe but not the largest", ("bisect(outside, 0.1, 4.5)", "0.9 * bisect(outside, 0.1, 4.5)")),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; none of its pictures is drawn."""
    scope = names_from("06", ["h: float", "import numpy", "def softplus(", "def distance(", "def minimax(",
                              "def simultaneous(", "def eigenvalues("])
    for exercise in ("alternating", "r1_penalty"):
        exec(solution("06", exercise), scope)
    (with_r1,) = [source(c) for c in code_cells("06") if "def r1(" in source(c)]
    exec(with_r1, scope)
    return scope


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_solution_and_another_right_answer_pass(names, exercise):
    judge("06", names, exercise, RIGHT[exercise])
    judge("06", names, exercise, solution("06", exercise))


def test_the_largest_step_may_be_written_in_two_ways(names):
    judge("06", names, "largest_step", BY_ROOT)


@pytest.mark.parametrize("exercise, changes", [(name, changes) for name, _, *changes in WRONG],
                         ids=[f"{name}: {what}" for name, what, *_ in WRONG])
def test_a_wrong_answer_is_refused(names, exercise, changes):
    answer = RIGHT[exercise]
    for old, new in changes:
        assert old in answer, "the change changes nothing"
        answer = answer.replace(old, new)
    with pytest.raises(AssertionError):
        judge("06", names, exercise, answer)


def test_a_step_that_changes_the_state_it_was_given_is_refused(names):
    with pytest.raises(AssertionError, match="unchanged"):
        judge("06", names, "alternating", IN_PLACE)


@pytest.mark.parametrize("exercise", ["alternating", "r1_penalty", "largest_step"])
def test_what_stands_in_for_an_open_exercise_gives_the_solution(names, exercise, monkeypatch):
    """So that the lesson comes out the same whether or not its exercises are solved."""
    monkeypatch.setenv("GANCOURSE_STRICT", "0")
    cells = [source(c) for c in code_cells("06")]
    (at,) = [i for i, text in enumerate(cells) if f"def {exercise}(" in text]
    solved, open_ = dict(names), dict(names)
    exec(cells[at], solved)
    exec(f"def {exercise}(*given):\n    raise NotImplementedError", open_)
    exec(cells[at + 1], open_)
    assert re.search(rf"^{exercise} = checks.adopt", cells[at + 1], re.MULTILINE)
    rng = np.random.default_rng(0)
    states = [rng.normal(size=2), rng.normal(size=(2, 7)), 1e-30 * rng.normal(size=(2, 7))]
    given = {"alternating": [(state, names["minimax"], 0.1) for state in states],
             "r1_penalty": [(logit, psi, [0.0, -2.0], 0.3) for logit in (lambda w, x: w * x, lambda w, x: w * x + x**2)
                            for psi in (1.0, np.array([0.5, -3.0]), np.array([1e-30, 0.0]))],
             "largest_step": [(0.1,), (1.0,), (3.0,)]}
    for arguments in given[exercise]:
        np.testing.assert_allclose(open_[exercise](*arguments), solved[exercise](*arguments), rtol=1e-5)


@pytest.mark.parametrize("track", ["pt", "tf"])
def test_the_losses_of_the_games_are_those_of_the_package(track):
    module = pytest.importorskip(f"gancourse.{track}.losses", reason="needs its framework")
    framework = pytest.importorskip({"pt": "torch", "tf": "tensorflow"}[track])
    tensor = framework.tensor if track == "pt" else framework.constant
    lesson = names_from("06", ["h: float", "import numpy", "def softplus(", "LOSSES = {"])["LOSSES"]
    real, fake = np.linspace(-30, 30, 11)[:, None], np.linspace(25, -40, 11)[:, None]
    for name, (d_loss, g_loss) in lesson.items():
        theirs = module.LOSSES[name.replace("non-", "non").lower()]
        logits = (tensor(real), tensor(fake))
        np.testing.assert_allclose(float(theirs.d_loss(*logits)), d_loss(real, fake).mean(), rtol=1e-9)
        got = theirs.g_loss(*logits) if theirs.paired else theirs.g_loss(logits[1])
        np.testing.assert_allclose(float(got), g_loss(real, fake).mean(), rtol=1e-9)
