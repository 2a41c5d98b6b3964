"""The checks of lesson 00 refuse wrong answers and accept other right ones."""

import pytest
from exercises import judge, names_from, solution

RIGHT = {"mean_and_sd": "def mean_and_sd(a, b):\n    return np.float64(b), (a * a) ** 0.5",
         "best_D_at_the_end": "def best_D_at_the_end(x):\n    return 1 / (1 + np.exp(0 * x))"}
WRONG = [("mean_and_sd", "return b, a"), ("mean_and_sd", "return a, b"), ("mean_and_sd", "return b, a**2"),
         ("mean_and_sd", "return a + b, abs(a)"), ("best_D_at_the_end", "return np.zeros_like(x)"),
         ("best_D_at_the_end", "return np.ones_like(x)"), ("best_D_at_the_end", "return sigmoid(x)"),
         ("best_D_at_the_end", "return 0.5")]


@pytest.fixture(scope="module")
def names():
    return names_from("00", ["num_steps: int", "import numpy", "def G("])


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_solution_and_another_right_answer_pass(names, exercise):
    judge("00", names, exercise, solution("00", exercise))
    judge("00", names, exercise, RIGHT[exercise])


@pytest.mark.parametrize("exercise, body", WRONG)
def test_a_wrong_answer_is_refused(names, exercise, body):
    head = RIGHT[exercise].splitlines()[0]
    with pytest.raises(AssertionError):
        judge("00", names, exercise, f"{head}\n    {body}")
