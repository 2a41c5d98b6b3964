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
    "r1_push": """
def r1_push(state, gamma):
    push = np.zeros(np.shape(state))
    push[1] = -gamma * state[1]
    return push
""",
    "critical_gamma": """
def critical_gamma(slope):
    tried = np.linspace(0, 8 * slope, 8001)
    rates = [np.roots([1, g, slope**2]).real.max() for g in tried]
    return tried[np.argmin(rates)]
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
WRONG = [  # exercise, what is wrong, (old, new) in a right answer
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
    ("r1_push", "D is rewarded for steepness", ("-gamma", "gamma")),
    ("r1_push", "half of it", ("-gamma", "-gamma / 2")),
    ("r1_push", "the penalty, not its derivative", ("-gamma * state[1]", "-gamma / 2 * state[1] ** 2")),
    ("r1_push", "G pays", ("push[1]", "push[0]")),
    ("r1_push", "both pay", ("push[1]", "push[:]")),
    ("r1_push", "without the weight", ("-gamma * state[1]", "-state[1]")),
    ("r1_push", "only its sign", ("-gamma * state[1]", "-gamma * np.sign(state[1])")),
    ("critical_gamma", "the constant of the logistic loss", ("tried[np.argmin(rates)]", "1.0")),
    ("critical_gamma", "without the square, as once printed", ("tried[np.argmin(rates)]", "2 * np.sqrt(slope)")),
    ("critical_gamma", "the square too often", ("tried[np.argmin(rates)]", "4 * slope**2")),
    ("critical_gamma", "half of it", ("tried[np.argmin(rates)]", "slope")),
    ("critical_gamma", "more than enough brake", ("tried[np.argmin(rates)]", "2.5 * slope")),
    ("largest_step", "forgets the penalty", ("h * gamma", "h * 0")),
    ("largest_step", "G moves against the old D", ("bisect(outside, 0.1, 4.5)", "4 * gamma")),
    ("largest_step", "the penalty alone, h γ < 2", ("bisect(outside, 0.1, 4.5)", "min(4.0, 2 / (gamma + 1e-9))")),
    ("largest_step", "the sign inside the root", ("bisect(outside, 0.1, 4.5)",
                                                           "4 / (gamma + np.sqrt(abs(gamma**2 - 1)))")),
    ("largest_step", "safe but not the largest", ("bisect(outside, 0.1, 4.5)", "0.9 * bisect(outside, 0.1, 4.5)")),
]


@pytest.fixture(autouse=True)
def strict(monkeypatch):
    """A wrong answer raises, as it does under nbval."""
    monkeypatch.setenv("GANCOURSE_STRICT", "1")


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; none of its pictures is drawn."""
    scope = names_from("06", ["h: float", "import numpy", "def softplus(", "def distance(", "def minimax(",
                              "def simultaneous(", "def eigenvalues("])
    for exercise in ("alternating", "r1_push"):
        exec(solution("06", exercise), scope)
    (with_r1,) = [source(c) for c in code_cells("06") if "def r1(" in source(c)]
    exec(with_r1, scope)
    (search,) = [source(c) for c in code_cells("06") if "def edge(" in source(c)]
    exec(search, scope)
    return scope


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_solution_and_another_right_answer_pass(names, exercise):
    judge("06", names, exercise, RIGHT[exercise])
    judge("06", names, exercise, solution("06", exercise))


def test_the_largest_step_may_be_written_in_two_ways(names):
    judge("06", names, "largest_step", BY_ROOT)


@pytest.mark.parametrize("exercise, what, change", WRONG, ids=[f"{name}: {what}" for name, what, _ in WRONG])
def test_a_wrong_answer_is_refused(names, exercise, what, change):
    assert change[0] in RIGHT[exercise], "the change changes nothing"
    with pytest.raises(AssertionError):
        judge("06", names, exercise, RIGHT[exercise].replace(*change))


def test_a_step_that_changes_the_state_it_was_given_is_refused(names):
    with pytest.raises(AssertionError, match="unchanged"):
        judge("06", names, "alternating", IN_PLACE)


@pytest.mark.parametrize("exercise", ["alternating", "r1_push", "critical_gamma", "largest_step"])
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
             "r1_push": [(state, 0.3) for state in states],
             "critical_gamma": [(0.3,), (0.5,), (2.0,)], "largest_step": [(0.1,), (1.0,), (3.0,)]}
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
