"""The checks of lesson 05 reject wrong answers and accept another right one."""

import pytest
from exercises import judge, names_from, solution

RIGHT = {
    "kl_at_least": """
def kl_at_least(T_real, T_fake):
    return np.mean(T_real) + np.log(len(T_fake)) - np.logaddexp.reduce(T_fake)
""",
    "best_bounded_T": """
def best_bounded_T(p, q):
    return np.where(p > q, 0.5, -0.5)
""",
    "w1_gradient": """
def w1_gradient(real, fake):
    slopes = np.zeros(len(fake))
    for r, f in zip(np.argsort(real), np.argsort(fake)):
        slopes[f] = (1 if fake[f] > real[r] else -1) / len(fake)
    return slopes
""",
    "sorted_plan": """
def sorted_plan(P, Q):
    left, room, plan, i, j = P.copy(), Q.copy(), np.zeros((len(P), len(Q))), 0, 0
    while i < len(P) and j < len(Q):
        earth = min(left[i], room[j])
        plan[i, j] += earth
        left[i] -= earth
        room[j] -= earth
        i, j = (i + 1, j) if left[i] <= room[j] else (i, j + 1)
    return plan
""",
}
RANKED = "zip(np.argsort(real), np.argsort(fake))"
WRONG = [  # exercise, what is wrong, (old, new) in a right answer
    ("kl_at_least", "no constant added", ("+ np.log(len(T_fake)) - np.logaddexp.reduce(T_fake)",
                                          "- np.mean(np.exp(T_fake - 1))")),
    ("kl_at_least", "the mean of T instead of the log of a mean", ("np.log(len(T_fake)) - np.logaddexp.reduce(T_fake)",
                                                                   "-np.mean(T_fake)")),
    ("kl_at_least", "the sum over fakes, not the mean", ("+ np.log(len(T_fake)) ", "")),
    ("kl_at_least", "real and fake batches taken to be of one size", ("len(T_fake)", "len(T_real)")),
    ("kl_at_least", "breaks at large outputs", ("np.log(len(T_fake)) - np.logaddexp.reduce(T_fake)",
                                                "-np.log(np.mean(np.exp(T_fake)))")),
    ("kl_at_least", "a small number hides the break", ("np.log(len(T_fake)) - np.logaddexp.reduce(T_fake)",
                                                       "-np.log(np.mean(np.exp(np.minimum(T_fake, 700))) + 1e-8)")),
    ("kl_at_least", "real and fake exchanged", ("T_real, T_fake):", "T_fake, T_real):")),
    ("kl_at_least", "the wrong constant", ("np.log(len(T_fake)) -", "np.log(len(T_fake)) - 1 -")),
    ("best_bounded_T", "between -1 and 1", ("0.5, -0.5", "1.0, -1.0")),
    ("best_bounded_T", "real and fake exchanged", ("p > q", "p < q")),
    ("best_bounded_T", "nothing said about fakes", ("0.5, -0.5", "0.5, 0.0")),
    ("best_bounded_T", "the best D of the original game", ("np.where(p > q, 0.5, -0.5)", "p / (p + q) - 0.5")),
    ("best_bounded_T", "the ratio, clipped", ("np.where(p > q, 0.5, -0.5)", "np.clip(np.log(p / q), -0.5, 0.5)")),
    ("best_bounded_T", "a threshold on p alone", ("p > q", "p > 0.1")),
    ("w1_gradient", "the nearest real sample as partner", (f"for r, f in {RANKED}",
     "for r, f in [(np.abs(real - a).argmin(), i) for i, a in enumerate(fake)]")),
    ("w1_gradient", "pairs as they came", (RANKED, "zip(range(len(real)), range(len(fake)))")),
    ("w1_gradient", "fakes left in sorted order", ("slopes[f] =", "slopes[np.searchsorted(np.sort(fake), fake[f])] =")),
    ("w1_gradient", "the way to go, not the gradient", ("fake[f] > real[r]", "fake[f] < real[r]")),
    ("w1_gradient", "a sum instead of a mean", (" / len(fake)", "")),
    ("w1_gradient", "pulls harder from further away", ("(1 if fake[f] > real[r] else -1)", "(fake[f] - real[r])")),
    ("sorted_plan", "ignores the distances", ("return plan", "return np.outer(P, Q)")),
    ("sorted_plan", "rows and columns exchanged", ("return plan", "return plan.T")),
    ("sorted_plan", "the rightmost earth into the leftmost hole", ("left, room", "P = P[::-1]\n    left, room")),
    ("sorted_plan", "only what stays", ("return plan", "return np.diag(np.minimum(P, Q))")),
    ("sorted_plan", "stops before the last place", ("while i < len(P) and", "while i < len(P) - 1 and")),
    ("sorted_plan", "what stays first, then whatever is left", ("return plan", """
    stay = np.minimum(P, Q)
    over, under = P - stay, Q - stay
    return np.diag(stay) + np.outer(over, under) / over.sum()""")),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; nothing is measured or drawn."""
    return names_from("05", ["shift: float", "import numpy", "x = np.linspace(-12", "def jsd(", "def sample_w1(",
                             "def cheapest_plan("])


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_solution_and_another_right_answer_pass(names, exercise):
    judge("05", names, exercise, RIGHT[exercise])
    judge("05", names, exercise, solution("05", exercise))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("exercise, what, change", WRONG, ids=[f"{name}: {what}" for name, what, _ in WRONG])
def test_a_wrong_answer_is_refused(names, exercise, what, change):
    assert change[0] in RIGHT[exercise], "the change changes nothing"
    with pytest.raises(AssertionError):
        judge("05", names, exercise, RIGHT[exercise].replace(*change))
