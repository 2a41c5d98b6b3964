"""The checks of lesson 00 reject wrong answers and accept another right one."""

import pytest
from exercises import judge, names_from, solution

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
    return names_from("00", ["num_steps: int", "import numpy", "def G("])


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_solution_and_another_right_answer_pass(names, exercise):
    judge("00", names, exercise, RIGHT[exercise])
    judge("00", names, exercise, solution("00", exercise))


@pytest.mark.parametrize("exercise, what, change", WRONG, ids=[f"{name}: {what}" for name, what, _ in WRONG])
def test_a_wrong_answer_is_refused(names, exercise, what, change):
    assert change[0] in RIGHT[exercise], "the change changes nothing"
    with pytest.raises(AssertionError):
        judge("00", names, exercise, RIGHT[exercise].replace(*change))
