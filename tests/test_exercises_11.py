"""The checks of lesson 11 refuse wrong answers and accept other right ones."""

import pytest
from exercises import judge, names_from, solution

pytest.importorskip("torch", reason="needs PyTorch")

HEADS = {"squared_error": "def squared_error(fake, real, hole, answers):",
         "honest_mistakes": "def honest_mistakes(healthy, ill, prior):",
         "honesty": "def honesty(e_1, e_K, K):", "absolute_guess": "def absolute_guess(values, chances):"}
CHANCE = "chance = prior * ill / (prior * ill + (1 - prior) * healthy)\n    "
RIGHT = [
    ("squared_error", "mean = torch.stack(fake.chunk(answers)).mean(0)\n"
                      "    missing = hole.expand_as(real)\n    return ((mean - real)[missing] ** 2).mean()"),
    ("squared_error", "n = len(real)\n    mean = sum(fake[i * n : (i + 1) * n] for i in range(answers)) / answers\n"
                      "    return (hole * (mean - real) ** 2).sum() / (hole.sum() * real.shape[1])"),
    ("honest_mistakes", "all_ill, all_healthy = prior * ill, (1 - prior) * healthy\n"
                        "    wrong = (all_ill * all_healthy / (all_ill + all_healthy)).sum()\n"
                        "    return wrong / (1 - prior), wrong / prior"),
    ("honest_mistakes", "odds = prior * ill / ((1 - prior) * healthy + 1e-300)\n    chance = odds / (1 + odds)\n"
                        "    return healthy @ chance, ill @ (1 - chance)"),
    ("honesty", "v = (e_1 - e_K) / (1 - 1 / K)\n    return v / (e_1 - v)"),
    ("honesty", "return K * (e_1 - e_K) / (K * e_K - e_1)"),
    ("absolute_guess", "cost = [np.sum(chances * np.abs(values - g)) for g in values]\n"
                       "    return values[int(np.argmin(cost))]"),
]
WRONG = [
    ("squared_error", "the mean of the errors, not the error of the mean",
     "error = (fake - real.repeat(answers, 1, 1, 1)).square().sum()\n"
     "    return error / (answers * hole.sum() * real.shape[1])"),
    ("squared_error", "a mean over the whole image",
     "return (fake.unflatten(0, (answers, -1)).mean(0) - real).square().mean()"),
    ("squared_error", "a mean of each image first",
     "errors = (fake.unflatten(0, (answers, -1)).mean(0) - real).square().flatten(1).sum(1)\n"
     "    return (errors / (hole.flatten(1).sum(1) * real.shape[1])).mean()"),
    ("squared_error", "the channels are forgotten",
     "return (fake.unflatten(0, (answers, -1)).mean(0) - real).square().sum() / hole.sum()"),
    ("squared_error", "answers that lie beside one another",
     "mean = fake.unflatten(0, (-1, answers)).mean(1)\n"
     "    return (mean - real).square().sum() / (hole.sum() * real.shape[1])"),
    ("squared_error", "the absolute error",
     "return (fake.unflatten(0, (answers, -1)).mean(0) - real).abs().sum() / (hole.sum() * real.shape[1])"),
    ("squared_error", "no gradient",
     "mean = fake.detach().unflatten(0, (answers, -1)).mean(0)\n"
     "    return (mean - real).square().sum() / (hole.sum() * real.shape[1])"),
    ("honest_mistakes", "the prior is forgotten",
     "chance = ill / (ill + healthy)\n    return (healthy * chance).sum(), (ill * (1 - chance)).sum()"),
    ("honest_mistakes", "the other way round", CHANCE + "return (ill * (1 - chance)).sum(), (healthy * chance).sum()"),
    ("honest_mistakes", "shares of all slices",
     CHANCE + "return (1 - prior) * (healthy * chance).sum(), prior * (ill * (1 - chance)).sum()"),
    ("honest_mistakes", "the likelier one is painted",
     "paint = prior * ill > (1 - prior) * healthy\n    return healthy[paint].sum(), ill[~paint].sum()"),
    ("honest_mistakes", "kept, not deleted", CHANCE + "return (healthy * chance).sum(), (ill * chance).sum()"),
    ("honesty", "v alone", "return (e_1 - e_K) * K / (K - 1)"),
    ("honesty", "over the error of one answer", "return (e_1 - e_K) * K / (K - 1) / e_1"),
    ("honesty", "as if K were endless", "return (e_1 - e_K) / e_K"),
    ("honesty", "the other way round", "v = (e_1 - e_K) * K / (K - 1)\n    return (e_1 - v) / (v + 1e-12)"),
    ("absolute_guess", "the mean", "return np.sum(values * chances)"),
    ("absolute_guess", "the likeliest", "return values[np.argmax(chances)]"),
    ("absolute_guess", "the median without the chances", "return np.median(values)"),
    ("absolute_guess", "the middle of the range", "return (values.min() + values.max()) / 2"),
    ("absolute_guess", "without sorting", "return values[np.searchsorted(np.cumsum(chances), 0.5)]"),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; nothing is trained or loaded."""
    return names_from("11", ["num_steps: int", "from gancourse import data, metrics", "healthy, ill = np.array"])


@pytest.mark.parametrize("exercise", HEADS)
def test_the_solution_passes(names, exercise):
    judge("11", names, exercise, solution("11", exercise))


@pytest.mark.parametrize("exercise, body", RIGHT)
def test_another_right_answer_passes(names, exercise, body):
    judge("11", names, exercise, f"{HEADS[exercise]}\n    {body}")


@pytest.mark.parametrize("exercise, why, body", WRONG)
def test_a_wrong_answer_is_refused(names, exercise, why, body):
    with pytest.raises(AssertionError):
        judge("11", names, exercise, f"{HEADS[exercise]}\n    {body}")


@pytest.mark.parametrize("exercise", HEADS)
def test_an_empty_answer_is_replaced_by_the_courses_own(names, exercise, capsys):
    judge("11", names, exercise, f"{HEADS[exercise]}\n    raise NotImplementedError", strict=False)
    assert "the course's own" in capsys.readouterr().out
