"""The checks of lesson 06 reject wrong answers and accept another right one; its losses are the package's."""

import numpy as np
import pytest
from exercises import judge, names_from, solution

RIGHT = {
    "nonsaturating": """
def nonsaturating(state):
    theta, psi = state
    D = 1 / (1 + np.exp(-psi * theta))
    return np.array([psi * (1 - D), -theta * D])
""",
    "jacobian_by_hand": """
def jacobian_by_hand(F, state, eps=1e-5):
    J = np.zeros((len(state), len(state)))
    for j in range(len(state)):
        up, down = state.copy(), state.copy()
        up[j] += eps
        down[j] -= eps
        J[:, j] = (F(up) - F(down)) / (2 * eps)
    return J
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
BY_FORMULA = "def largest_step(gamma):\n    return 4 / (gamma + np.sqrt(gamma**2 + 1))\n"
WRONG = [  # exercise, what is wrong, (old, new) in a right answer
    ("nonsaturating", "minimax again", ("psi * (1 - D)", "psi * D")),
    ("nonsaturating", "D's half changed as well", ("-theta * D", "-theta * (1 - D)")),
    ("nonsaturating", "G runs away from the data", ("[psi", "[-psi")),
    ("nonsaturating", "D helps G", ("-theta", "theta")),
    ("nonsaturating", "the push on the logit, not on θ", ("psi * (1 - D)", "1 - D")),
    ("nonsaturating", "the two exchanged", ("[psi * (1 - D), -theta * D]", "[-theta * D, psi * (1 - D)]")),
    ("jacobian_by_hand", "transposed", ("J[:, j]", "J[j]")),
    ("jacobian_by_hand", "the half is missing", ("(2 * eps)", "eps")),
    ("jacobian_by_hand", "one-sided differences", ("(F(up) - F(down)) / (2 * eps)", "(F(up) - F(state)) / eps")),
    ("jacobian_by_hand", "moves all coordinates at once", ("up[j] += eps", "up += eps")),
    ("jacobian_by_hand", "the sign", ("F(up) - F(down)", "F(down) - F(up)")),
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


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; only the games of its animation are played."""
    return names_from("06", ["h: float", "import numpy", "softplus = lambda", "def simultaneous(", "def eigenvalues(",
                             "def alternating(", "def with_penalty("])


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_solution_and_another_right_answer_pass(names, exercise):
    judge("06", names, exercise, RIGHT[exercise])
    judge("06", names, exercise, solution("06", exercise))


def test_the_largest_step_may_be_searched_or_derived(names):
    judge("06", names, "largest_step", BY_FORMULA)


@pytest.mark.parametrize("exercise, what, change", WRONG, ids=[f"{name}: {what}" for name, what, _ in WRONG])
def test_a_wrong_answer_is_refused(names, exercise, what, change):
    assert change[0] in RIGHT[exercise], "the change changes nothing"
    with pytest.raises(AssertionError):
        judge("06", names, exercise, RIGHT[exercise].replace(*change))


@pytest.mark.parametrize("track", ["pt", "tf"])
def test_the_losses_of_the_games_are_those_of_the_package(track):
    module = pytest.importorskip(f"gancourse.{track}.losses", reason="needs its framework")
    framework = pytest.importorskip({"pt": "torch", "tf": "tensorflow"}[track])
    tensor = framework.tensor if track == "pt" else framework.constant
    lesson = names_from("06", ["h: float", "import numpy", "softplus = lambda", "LOSSES = {"])["LOSSES"]
    real, fake = np.linspace(-30, 30, 11)[:, None], np.linspace(25, -40, 11)[:, None]
    for name, (d_loss, g_loss) in lesson.items():
        theirs = module.LOSSES[name.replace("non-", "non").lower()]
        logits = (tensor(real), tensor(fake))
        np.testing.assert_allclose(float(theirs.d_loss(*logits)), d_loss(real, fake).mean(), rtol=1e-9)
        got = theirs.g_loss(*logits) if theirs.paired else theirs.g_loss(logits[1])
        np.testing.assert_allclose(float(got), g_loss(real, fake).mean(), rtol=1e-9)
