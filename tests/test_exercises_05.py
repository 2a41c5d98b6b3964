"""The checks of lesson 05 reject wrong answers and accept another right one."""

import numpy as np
import pytest
from exercises import code_cells, judge, names_from, solution

from gancourse.course.lessons import source

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
    "critic_slope": """
def critic_slope(real, fake, x):
    above = lambda batch: (np.asarray(batch) > np.asarray(x)[:, None]).mean(1)
    gain = above(real) - above(fake)
    return 1.0 * (gain > 0) - 1.0 * (gain < 0)
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
    ("w1_gradient", "nudging each fake", (f"for r, f in {RANKED}:\n        slopes[f] = "
     "(1 if fake[f] > real[r] else -1) / len(fake)", "for f, e in enumerate(1e-6 * np.eye(len(fake))):\n"
     "        slopes[f] = (sample_w1(real, fake + e) - sample_w1(real, fake - e)) / 2e-6")),
    ("critic_slope", "uphill to the fakes", ("1.0 * (gain > 0) - 1.0 * (gain < 0)", "-np.sign(gain)")),
    ("critic_slope", "as steep as the shares differ", ("1.0 * (gain > 0) - 1.0 * (gain < 0)", "gain")),
    ("critic_slope", "counts in place of shares", (".mean(1)", ".sum(1)")),
    ("critic_slope", "down where every slope scores the same", (
        "1.0 * (gain > 0) - 1.0 * (gain < 0)", "np.where(gain > 0, 1.0, -1.0)")),
    ("critic_slope", "up where every slope scores the same", (
        "1.0 * (gain > 0) - 1.0 * (gain < 0)", "np.where(gain < 0, -1.0, 1.0)")),
    ("critic_slope", "steeper than 1", ("1.0 * (gain > 0) - 1.0 * (gain < 0)", "2 * np.sign(gain)")),
    ("critic_slope", "one slope everywhere, from the means", (
        "gain = above(real) - above(fake)", "gain = (np.mean(real) - np.mean(fake)) * np.ones(len(x))")),
    ("critic_slope", "towards the nearest real sample", ("gain = above(real) - above(fake)",
     "gain = real[np.abs(real - x[:, None]).argmin(1)] - x")),
    ("critic_slope", "each number counts once", ("np.asarray(batch) > ", "np.unique(batch) > ")),
    ("critic_slope", "the course's own, which knows no number that occurs twice", (
        "gain = above(real) - above(fake)", """points = np.sort(np.concatenate([real, fake]))
    worth = np.where(np.isin(points, real), 1 / len(real), -1 / len(fake))
    rises = np.diff(np.eye(len(points)), axis=0)
    lp = linprog(-worth, A_ub=np.vstack([rises, -rises]), b_ub=np.tile(np.diff(points), 2),
                 bounds=[(0, 0)] + [(None, None)] * (len(points) - 1))
    return np.concatenate([[0], np.diff(lp.x) / np.diff(points), [0]])[np.searchsorted(points, x)]""")),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined for its exercises; nothing is measured or drawn."""
    marks = ["shift: float", "import numpy", "x = np.linspace(-12", "def jsd(", "def sample_w1(", "def mean("]
    return names_from("05", marks)


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


@pytest.mark.parametrize("exercise, tolerance", [("w1_gradient", 1e-9), ("critic_slope", 1e-6)])
def test_until_an_answer_is_right_the_game_is_played_with_the_same_numbers(names, monkeypatch, exercise, tolerance):
    monkeypatch.setenv("GANCOURSE_STRICT", "0")
    cells = [source(cell) for cell in code_cells("05")]
    check = cells[next(i for i, text in enumerate(cells) if f"def {exercise}(" in text) + 1]
    empty, solved = dict(names), dict(names)
    exec(f"def {exercise}(*batches):\n    raise NotImplementedError", empty)
    exec(solution("05", exercise), solved)
    exec(check, empty)
    real, fake, x = np.random.default_rng(1).normal([[0], [2], [1]], 1, (3, 64))
    batches = (real, fake) if exercise == "w1_gradient" else (real, fake, x)
    differs = np.abs(empty[exercise](*batches) - solved[exercise](*batches)) > tolerance
    if exercise == "critic_slope":  # where both shares are equal, any slope is as good
        differs &= solved[exercise](*batches) != 0
    assert not differs.any()


def test_whether_a_sample_counts_at_its_own_place_changes_nothing_that_is_played(names):
    """The course's answer counts what lies below x, the other right one also what lies at x."""
    played = []
    for answer in (RIGHT["critic_slope"], solution("05", "critic_slope")):
        scope = dict(names)
        exec(answer, scope)
        for mark in ("def play(", "def by_critic_of_same("):
            (text,) = [source(cell) for cell in code_cells("05") if mark in source(cell)]
            exec(text.split("\n\n\npaths = ")[0], scope)
        scope["by_critic"] = lambda real, seen, fake, m, s, slope=scope["critic_slope"]: (
            -slope(real, seen, fake) / len(fake))
        played.append(scope["play"](scope["by_critic_of_same"]))
    np.testing.assert_array_equal(*played)
