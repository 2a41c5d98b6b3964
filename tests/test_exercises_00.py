"""The checks of lesson 00 reject wrong answers and accept another right one."""

import pytest

from gancourse.lessons import find, source, tags

CODE = [cell for cell in find("0").notebook["cells"] if cell["cell_type"] == "code"]
RIGHT = {
    "mean_and_sd": "def mean_and_sd(a, b):\n    return b, np.sqrt(a**2)",
    "best_D_at_the_end": "def best_D_at_the_end(x):\n    p = q = np.exp(-((x - 3) ** 2))\n    return p / (p + q)",
}
WRONG = [  # exercise, what is wrong, (old, new) in a right answer
    ("mean_and_sd", "a negative spread", ("np.sqrt(a**2)", "a")),
    ("mean_and_sd", "the variance", ("np.sqrt(a**2)", "a**2")),
    ("mean_and_sd", "the two exchanged", ("b, np.sqrt(a**2)", "np.sqrt(a**2), b")),
    ("mean_and_sd", "the spread added to the mean", ("return b,", "return a + b,")),
    ("best_D_at_the_end", "everything is real", ("p / (p + q)", "p / p")),
    ("best_D_at_the_end", "everything is fake", ("p / (p + q)", "0 * p")),
    ("best_D_at_the_end", "the density itself", ("p / (p + q)", "p")),
    ("best_D_at_the_end", "one number for all x", ("p / (p + q)", "0.5")),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; nothing is trained."""
    scope: dict = {}
    for mark in ("num_steps: int", "import numpy", "def G("):
        (text,) = [source(cell) for cell in CODE if mark in source(cell)]
        exec(text, scope)
    return scope


def judge(names, exercise, answer):
    """Run an answer and the check cell that follows its exercise."""
    at = next(i for i, cell in enumerate(CODE) if f"def {exercise}(" in source(cell))
    assert "check" in tags(CODE[at + 1])
    scope = dict(names)
    exec(answer, scope)
    exec(source(CODE[at + 1]), scope)


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_solution_and_another_right_answer_pass(names, exercise):
    judge(names, exercise, RIGHT[exercise])
    judge(names, exercise, next(source(cell) for cell in CODE if f"def {exercise}(" in source(cell)))


@pytest.mark.parametrize("exercise, what, change", WRONG, ids=[f"{name}: {what}" for name, what, _ in WRONG])
def test_a_wrong_answer_is_refused(names, exercise, what, change):
    assert change[0] in RIGHT[exercise], "the change changes nothing"
    with pytest.raises(AssertionError):
        judge(names, exercise, RIGHT[exercise].replace(*change))
