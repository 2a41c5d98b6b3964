"""The checks of lesson 04 reject wrong answers and accept another right one."""

import pytest

pytest.importorskip("torch")

from exercises import judge, names_from, solution

RIGHT = {
    "gram_loss_of": """def gram_loss_of(a, b):
    ga = np.einsum("ni,nj->ij", a, a) / a.shape[0]
    gb = np.einsum("ni,nj->ij", b, b) / b.shape[0]
    return np.linalg.norm(ga - gb) ** 2""",
    "content_loss_of": """def content_loss_of(a, b, block=8):
    total = []
    for y in range(0, a.shape[0], block):
        for x in range(0, a.shape[1], block):
            d = a[y : y + block, x : x + block] - b[y : y + block, x : x + block]
            total.append(abs(d.mean()))
    return np.mean(total)""",
    "receptive_field": """def receptive_field(kernels, strides):
    return 1 + sum((k - 1) * int(np.prod(strides[:i])) for i, k in enumerate(kernels))""",
}
WRONG = [  # exercise, what is wrong, (old, new) in the right answer above
    ("gram_loss_of", "sums in the place of means", (" / a.shape[0]", "")),
    ("gram_loss_of", "the norm, not its square", (" ** 2", "")),
    ("gram_loss_of", "the largest difference", ("np.linalg.norm(ga - gb) ** 2", "np.abs(ga - gb).max()")),
    ("gram_loss_of", "both divided by the size of a", ("b.shape[0]", "a.shape[0]")),
    ("gram_loss_of", "the mean over the matrix", ("np.linalg.norm(ga - gb) ** 2", "((ga - gb) ** 2).mean()")),
    ("content_loss_of", "pixels, not blocks", ("abs(d.mean())", "abs(d).mean()")),
    ("content_loss_of", "blocks cancel each other", ("abs(d.mean())", "d.mean()")),
    ("content_loss_of", "squares", ("abs(d.mean())", "d.mean() ** 2")),
    ("content_loss_of", "the block's size is ignored", ("    total = []", "    total, block = [], 8")),
    ("content_loss_of", "sums over a block", ("d.mean()", "d.sum()")),
    ("receptive_field", "a stride counts for its own layer", ("strides[:i]", "strides[: i + 1]")),
    ("receptive_field", "strides are ignored", ("int(np.prod(strides[:i]))", "1")),
    ("receptive_field", "the first pixel is forgotten", ("1 + sum", "sum")),
    ("receptive_field", "whole kernels", ("(k - 1)", "k")),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; nothing is trained."""
    marks = ["photo: str", "import copy", "def patches(", "def conv(", "class Generator", "def make_D("]
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
