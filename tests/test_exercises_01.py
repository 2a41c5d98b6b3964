"""The checks of lesson 01 reject wrong answers and accept another right one; its losses are the package's."""

import numpy as np
import pytest
from exercises import judge, names_from, solution

RIGHT = {
    "bce": """
def bce(logits, target):
    log_D = lambda s: np.minimum(s, 0) - np.log1p(np.exp(-np.abs(s)))
    return -target * log_D(logits) - (1 - target) * log_D(-logits)
""",
    "g_step": """
def g_step(theta, z, w, b, loss, rate):
    D = sigmoid(b + w * theta + w * z)
    push = -D if loss == "minimax" else D - 1
    return theta - rate * w * push.mean()
""",
    "smoothed_best_D": """
def smoothed_best_D(p, q, a):
    return p / (p + q) - (1 - a) * p / (p + q)


def highest_logit(a):
    return -np.log(1 / a - 1)
""",
}
STABLE = "np.minimum(s, 0) - np.log1p(np.exp(-np.abs(s)))"
BOTH = "-target * log_D(logits) - (1 - target) * log_D(-logits)"
PUSH = '-D if loss == "minimax" else D - 1'
MEASURED = """rate * np.subtract(*(g_losses(w * (z + theta + h) + b)[loss != "minimax"].mean()
                                     for h in (1e-4, -1e-4))) / 2e-4"""
WRONG = [  # exercise, what is wrong, (old, new) in a right answer
    ("bce", "breaks at large logits", (STABLE, "np.log(1 / (1 + np.exp(-s)))")),
    ("bce", "a small number hides the break", (STABLE, "np.log(1 / (1 + np.exp(-s)) + 1e-8)")),
    ("bce", "limits hide the break", (STABLE, "np.log(1 / (1 + np.exp(-np.clip(s, -30, 30))))")),
    ("bce", "straight lines beyond 20",
     (BOTH, f"({BOTH.replace('logits', 'np.clip(logits, -20, 20)')} + "
            "(np.abs(logits) > 20) * (np.abs(logits) - 20) * np.abs((logits > 0) - target))")),
    ("bce", "V, not the loss", (BOTH, f"-({BOTH})")),
    ("bce", "real and fake exchanged", (BOTH, "-target * log_D(-logits) - (1 - target) * log_D(logits)")),
    ("bce", "the fake half has the real half's sign", ("log_D(-logits)", "log_D(logits)")),
    ("bce", "the target is ignored", (BOTH, "-log_D(logits)")),
    ("bce", "any target but 0 counts as 1", (BOTH, "np.where(target, -log_D(logits), -log_D(-logits))")),
    ("bce", "a mean, not one for each sample", (BOTH, f"np.mean({BOTH})")),
    ("bce", "the slope at 0 is wrong", (STABLE, "np.where(s < 0, s, 0) - np.log(2)")),
    ("g_step", "climbs", ("theta - rate", "theta + rate")),
    ("g_step", "minimax climbs", ("-D if", "D if")),
    ("g_step", "the losses exchanged", (PUSH, '-D if loss != "minimax" else D - 1')),
    ("g_step", "minimax for both", (PUSH, "-D")),
    ("g_step", "non-saturating for both", (PUSH, "D - 1")),
    ("g_step", "without the slope of the logit", ("rate * w *", "rate *")),
    ("g_step", "through D once more", ("push.mean()", "(push * D * (1 - D)).mean()")),
    ("g_step", "a sum, not a mean", ("push.mean()", "push.sum()")),
    ("g_step", "the push at the mean logit", ("w * z)", "w * z.mean()) * np.ones(len(z))")),
    ("g_step", "the noise is not moved", ("w * theta + ", "")),
    ("g_step", "one number for each fake", ("push.mean()", "push")),
    ("g_step", "the gradient, not the new θ", ("theta - rate * w", "w")),
    ("g_step", "the learning rate is ignored", ("rate * w", "w")),
    ("g_step", "measured, not derived", ("rate * w * push.mean()", MEASURED)),
    ("smoothed_best_D", "no smoothing", ("- (1 - a) * p / (p + q)", "")),
    ("smoothed_best_D", "smooths inside the ratio", ("p / (p + q) - (1 - a) * p / (p + q)", "a * p / (a * p + q)")),
    ("smoothed_best_D", "smooths both sides", ("- (1 - a) * p", "- (1 - a) * (p - q)")),
    ("smoothed_best_D", "a cap instead of a scale", ("p / (p + q) - (1 - a) * p / (p + q)",
                                                     "np.minimum(p / (p + q), a)")),
    ("smoothed_best_D", "the highest probability, not its logit", ("-np.log(1 / a - 1)", "a")),
    ("smoothed_best_D", "the lowest logit", ("-np.log(1 / a - 1)", "np.log(1 / a - 1)")),
    ("smoothed_best_D", "the logarithm, not the logit", ("-np.log(1 / a - 1)", "np.log(a)")),
    ("smoothed_best_D", "as without smoothing", ("-np.log(1 / a - 1)", "np.inf")),
    ("smoothed_best_D", "right for a = 0.9 only", ("-np.log(1 / a - 1)", "np.log(9)")),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; nothing is trained or drawn."""
    scope = names_from("01", ["shift: float", "import numpy", "x = np.linspace(-20", "D_star = p",
                              "def error_signal(", "def g_losses(", "def smoothed_value("])
    exec(solution("01", "bce"), scope)
    return scope


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


@pytest.mark.parametrize("exercise", ["bce", "g_step", "smoothed_best_D"])
def test_an_empty_exercise_gives_way_to_the_lessons_own(names, exercise, capsys):
    functions = [exercise, "highest_logit"] if exercise == "smoothed_best_D" else [exercise]
    empty = "\n".join(f"def {name}(*_):\n    raise NotImplementedError" for name in functions)
    judge("01", names, exercise, empty, strict=False)
    assert "still empty" in capsys.readouterr().out
    with pytest.raises(NotImplementedError):
        judge("01", names, exercise, empty)


@pytest.mark.parametrize("track", ["pt", "tf"])
def test_what_the_lesson_writes_is_what_later_lessons_import(names, track):
    module = pytest.importorskip(f"gancourse.{track}.losses", reason="needs its framework")
    tensor = pytest.importorskip({"pt": "torch", "tf": "tensorflow"}[track])
    tensor = tensor.tensor if track == "pt" else tensor.constant
    scope = dict(names)
    real, fake = np.linspace(-30, 30, 11)[:, None], np.linspace(25, -40, 11)[:, None]
    losses = [module.bce_d_loss(tensor(real), tensor(fake)), module.minimax_g_loss(tensor(fake)),
              module.nonsaturating_g_loss(tensor(fake))]
    bce = scope["bce"]
    want = [bce(real, 1).mean() + bce(fake, 0).mean(), *(loss.mean() for loss in scope["g_losses"](fake))]
    np.testing.assert_allclose([float(a) for a in losses], want, rtol=1e-9)
