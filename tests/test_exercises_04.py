"""The checks of lesson 04 reject wrong answers and accept another right one."""

import pytest

pytest.importorskip("torch")

from exercises import code_cells, judge, names_from, solution

from gancourse.course.lessons import source

RIGHT = {
    "game_losses": """def game_losses(real_logits, fake_logits):
    either = torch.logaddexp(real_logits, fake_logits).mean()
    return either - real_logits.mean(), either - fake_logits.mean()""",
    "receptive_field": """def receptive_field(kernels, strides):
    return 1 + sum((k - 1) * int(np.prod(strides[:i])) for i, k in enumerate(kernels))""",
    "sliced_distance": """def sliced_distance(a, b, directions):
    total = 0
    for theta in directions.T:
        total = total + np.abs(np.array(sorted(a @ theta)) - np.array(sorted(b @ theta))).mean()
    return total / directions.shape[1]""",
    "gram_loss": """def gram_loss(a, b):
    ga = np.einsum("ni,nj->ij", a, a) / a.shape[0]
    gb = np.einsum("ni,nj->ij", b, b) / b.shape[0]
    return np.linalg.norm(ga - gb) ** 2""",
}
WRONG = [  # exercise, what is wrong, (old, new) in the right answer above
    ("game_losses", "G gets D's loss", ("either - fake_logits.mean()", "either - real_logits.mean()")),
    ("game_losses", "G's loss first", ("either - real_logits.mean(), either - fake_logits.mean()",
                                       "either - fake_logits.mean(), either - real_logits.mean()")),
    ("game_losses", "only one loss", ("return either - real_logits.mean(), ", "return ")),
    ("game_losses", "a sum over the patches", ("fake_logits).mean()", "fake_logits).sum()")),
    ("game_losses", "the difference of the means", ("torch.logaddexp(real_logits, fake_logits).mean()",
                                                    "torch.logaddexp(real_logits.mean(), fake_logits.mean())")),
    ("game_losses", "G's is not relativistic", ("either - fake_logits.mean()", "softplus(-fake_logits).mean()")),
    ("game_losses", "a game without an end: G minimises minus D's loss",
     ("either - fake_logits.mean()", "real_logits.mean() - either")),
    ("game_losses", "it overflows", ("torch.logaddexp(real_logits, fake_logits).mean()",
                                     "torch.log(real_logits.exp() + fake_logits.exp()).mean()")),
    ("game_losses", "no mean", ("fake_logits).mean()", "fake_logits)")),
    ("receptive_field", "a stride counts for its own layer", ("strides[:i]", "strides[: i + 1]")),
    ("receptive_field", "strides are ignored", ("int(np.prod(strides[:i]))", "1")),
    ("receptive_field", "the first pixel is forgotten", ("1 + sum", "sum")),
    ("receptive_field", "whole kernels", ("(k - 1)", "k")),
    ("sliced_distance", "not sorted", ("np.array(sorted(a @ theta)) - np.array(sorted(b @ theta))",
                                       "a @ theta - b @ theta")),
    ("sliced_distance", "the sum over the directions", (" / directions.shape[1]", "")),
    ("sliced_distance", "signs cancel each other", ("np.abs", "")),
    ("sliced_distance", "squares", (".mean()", ".__pow__(2).mean()")),
    ("sliced_distance", "the sum over the points", (".mean()", ".sum()")),
    ("sliced_distance", "the difference of the means", (
        "np.abs(np.array(sorted(a @ theta)) - np.array(sorted(b @ theta))).mean()",
        "abs((a @ theta).mean() - (b @ theta).mean())")),
    ("gram_loss", "sums in the place of means", (" / a.shape[0]", "")),
    ("gram_loss", "the norm, not its square", (" ** 2", "")),
    ("gram_loss", "the largest difference", ("np.linalg.norm(ga - gb) ** 2", "np.abs(ga - gb).max()")),
    ("gram_loss", "both divided by the size of a", ("b.shape[0]", "a.shape[0]")),
    ("gram_loss", "the mean over the matrix", ("np.linalg.norm(ga - gb) ** 2", "((ga - gb) ** 2).mean()")),
    ("gram_loss", "one triangle of the matrix", ("np.linalg.norm(ga - gb)", "np.linalg.norm(np.triu(ga - gb))")),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; nothing is trained."""
    marks = ["photo: str", "import copy", "def conv(", "class Generator", "def make_D(", "measured_field = "]
    return names_from("04", marks, longest=256, width=4, device="cpu")


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_solution_and_another_right_answer_pass(names, exercise):
    judge("04", names, exercise, RIGHT[exercise])
    judge("04", names, exercise, solution("04", exercise))


@pytest.mark.parametrize("exercise, what, change", WRONG, ids=[f"{name}: {what}" for name, what, _ in WRONG])
def test_a_wrong_answer_is_refused(names, exercise, what, change):
    assert change[0] in RIGHT[exercise], "the change changes nothing"
    with pytest.raises(AssertionError):
        judge("04", names, exercise, RIGHT[exercise].replace(*change))


def test_the_training_uses_the_answer_bit_for_bit(names):
    """The course's own losses stand in for an empty answer, so both must give the same pictures."""
    scope = dict(names)
    exec(solution("04", "game_losses"), scope)
    draw = scope["torch"].Generator().manual_seed(0)
    real, fake = 5 * scope["torch"].randn(2, 4, 1, 12, 12, generator=draw)
    d_loss, g_loss = scope["game_losses"](real, fake)
    assert d_loss == scope["losses"].relativistic_d_loss(real, fake)
    assert g_loss == scope["losses"].relativistic_g_loss(real, fake)


@pytest.mark.parametrize("exercise, stand_in", [
    ("sliced_distance", "course_distance"), ("gram_loss", "course_gram_loss")])
def test_what_stands_in_for_an_empty_answer_is_right(names, exercise, stand_in):
    cells = code_cells("04")
    at = next(i for i, cell in enumerate(cells) if f"def {exercise}(" in source(cell))
    scope = dict(names)
    exec(solution("04", exercise), scope)
    exec(source(cells[at + 1]), scope)
    scope[f"check_{exercise}"](scope[stand_in])
