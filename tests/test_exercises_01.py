"""The checks of lesson 01 reject wrong answers and accept another right one; its losses are the package's."""

import numpy as np
import pytest
from exercises import judge, names_from, solution

RIGHT = {
    "d_loss": """
def d_loss(real_logits, fake_logits):
    log_D = lambda s: np.minimum(s, 0) - np.log1p(np.exp(-np.abs(s)))
    return -np.mean(log_D(real_logits)) - np.mean(log_D(-fake_logits))
""",
    "jsd_at_least": """
def jsd_at_least(d_loss):
    return max((np.log(4) - d_loss) / 2, 0)
""",
    "g_losses": """
def g_losses(fake_logits):
    log_D = lambda s: np.minimum(s, 0) - np.log1p(np.exp(-np.abs(s)))
    return np.mean(log_D(-fake_logits)), -np.mean(log_D(fake_logits))
""",
    "smoothed_best_D": """
def smoothed_best_D(p, q, a):
    return p / (p + q) - (1 - a) * p / (p + q)
""",
}
STABLE = "np.minimum(s, 0) - np.log1p(np.exp(-np.abs(s)))"
WRONG = [  # exercise, what is wrong, (old, new) in a right answer
    ("d_loss", "breaks at large logits", (STABLE, "np.log(1 / (1 + np.exp(-s)))")),
    ("d_loss", "a small number hides the break", (STABLE, "np.log(1 / (1 + np.exp(-s)) + 1e-8)")),
    ("d_loss", "V, not the loss", ("return -np.mean(log_D(real_logits)) -", "return np.mean(log_D(real_logits)) +")),
    ("d_loss", "real and fake exchanged", ("-np.mean(log_D(real_logits)) - np.mean(log_D(-fake_logits))",
                                           "-np.mean(log_D(-real_logits)) - np.mean(log_D(fake_logits))")),
    ("d_loss", "the fake half has the real half's sign", ("log_D(-fake_logits)", "log_D(fake_logits)")),
    ("d_loss", "sums instead of means", ("np.mean", "np.sum")),
    ("d_loss", "one average over both halves", ("-np.mean(log_D(real_logits)) - np.mean(log_D(-fake_logits))",
                                                "-np.mean(np.append(log_D(real_logits), log_D(-fake_logits)))")),
    ("d_loss", "the slope at 0 is wrong", (STABLE, "np.where(s < 0, s, 0) - np.log(2)")),
    ("jsd_at_least", "negative", ("max((np.log(4) - d_loss) / 2, 0)", "(np.log(4) - d_loss) / 2")),
    ("jsd_at_least", "the half is missing", ("/ 2", "")),
    ("jsd_at_least", "the averaged convention", ("np.log(4)", "np.log(2)")),
    ("jsd_at_least", "the wrong sign", ("np.log(4) - d_loss", "d_loss - np.log(4)")),
    ("g_losses", "the two exchanged", ("np.mean(log_D(-fake_logits)), -np.mean(log_D(fake_logits))",
                                       "-np.mean(log_D(fake_logits)), np.mean(log_D(-fake_logits))")),
    ("g_losses", "minimax to be maximised", ("return np.mean", "return -np.mean")),
    ("g_losses", "non-saturating to be maximised", (", -np.mean", ", np.mean")),
    ("g_losses", "minimax twice", ("-np.mean(log_D(fake_logits))", "np.mean(log_D(-fake_logits))")),
    ("g_losses", "breaks at large logits", (STABLE, "np.log(1 / (1 + np.exp(-s)) + 1e-12)")),
    ("g_losses", "sums instead of means", ("np.mean", "np.sum")),
    ("smoothed_best_D", "no smoothing", ("- (1 - a) * p / (p + q)", "")),
    ("smoothed_best_D", "smooths inside the ratio", ("p / (p + q) - (1 - a) * p / (p + q)", "a * p / (a * p + q)")),
    ("smoothed_best_D", "smooths both sides", ("- (1 - a) * p", "- (1 - a) * (p - q)")),
    ("smoothed_best_D", "a cap instead of a scale", ("p / (p + q) - (1 - a) * p / (p + q)",
                                                     "np.minimum(p / (p + q), a)")),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; nothing is trained or drawn."""
    return names_from("01", ["shift: float", "import numpy", "x = np.linspace(-20", "softplus = lambda", "D_star = p",
                             "def smoothed_value("])


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_solution_and_another_right_answer_pass(names, exercise):
    judge("01", names, exercise, RIGHT[exercise])
    judge("01", names, exercise, solution("01", exercise))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("exercise, what, change", WRONG, ids=[f"{name}: {what}" for name, what, _ in WRONG])
def test_a_wrong_answer_is_refused(names, exercise, what, change):
    assert change[0] in RIGHT[exercise], "the change changes nothing"
    with pytest.raises(AssertionError):
        judge("01", names, exercise, RIGHT[exercise].replace(*change))


@pytest.mark.parametrize("track", ["pt", "tf"])
def test_what_the_lesson_writes_is_what_later_lessons_import(names, track):
    module = pytest.importorskip(f"gancourse.{track}.losses", reason="needs its framework")
    tensor = pytest.importorskip({"pt": "torch", "tf": "tensorflow"}[track])
    tensor = tensor.tensor if track == "pt" else tensor.constant
    scope = dict(names)
    for exercise in ("d_loss", "g_losses"):
        exec(solution("01", exercise), scope)
    real, fake = np.linspace(-30, 30, 11)[:, None], np.linspace(25, -40, 11)[:, None]
    losses = [module.bce_d_loss(tensor(real), tensor(fake)), module.minimax_g_loss(tensor(fake)),
              module.nonsaturating_g_loss(tensor(fake))]
    want = [scope["d_loss"](real, fake), *scope["g_losses"](fake)]
    np.testing.assert_allclose([float(a) for a in losses], want, rtol=1e-9)
