"""The checks of lesson 10 refuse wrong answers and accept other right ones."""

import pytest
from exercises import judge, names_from, solution

pytest.importorskip("torch", reason="needs PyTorch")

HEADS = {"leaked": "def leaked(train, test):", "projection_logits": "def projection_logits(phi, y, V, w, b):",
         "chance": "def chance(a, d):", "paired_gain": "def paired_gain(a, b):"}
RIGHT = [
    ("leaked", "return sum(any((a == b).all() for a in train) for b in test)"),
    ("leaked", "return len(find_shared(train, test))"),
    ("projection_logits", "return (phi @ w + b + (phi @ V.T)[torch.arange(len(y)), y])[:, None]"),
    ("projection_logits", "return torch.stack([p @ w + b + p @ V[c] for p, c in zip(phi, y)])[:, None]"),
    ("chance", "return np.dot(a, d)"),
    ("paired_gain",
     "d = np.subtract(b, a)\n    low, high = stats.t.interval(0.95, len(d) - 1, d.mean(), stats.sem(d))\n"
     "    return (low + high) / 2, (high - low) / 2"),
]
WRONG = [
    ("leaked", "row by row: only images at the same place", "return sum((a == b).all() for a, b in zip(train, test))"),
    ("leaked", "how many training images leak, not test images",
     "return sum(any((a == b).all() for b in test) for a in train)"),
    ("leaked", "sets: two copies of one count once",
     "return len({a.tobytes() for a in train} & {b.tobytes() for b in test})"),
    ("leaked", "pairs: an image that train has twice counts twice",
     "return (test[:, None] == train[None]).all((2, 3, 4)).sum()"),
    ("leaked", "one equal pixel is enough", "return sum(image in train for image in test)"),
    ("leaked", "nearly equal counts as equal",
     "return sum(any(np.abs(a.astype(float) - b).max() < 2 for a in train) for b in test)"),
    ("leaked", "a sum is no fingerprint",
     "sums = {a.sum() for a in train}\n    return sum(b.sum() in sums for b in test)"),
    ("projection_logits", "the label is forgotten", "return (phi @ w + b)[:, None]"),
    ("projection_logits", "all classes are summed", "return (phi @ w + b + (phi @ V.T).sum(1))[:, None]"),
    ("projection_logits", "the first question is forgotten", "return (V[y] * phi).sum(1, keepdim=True)"),
    ("projection_logits", "a row, not a column", "return phi @ w + b + (V[y] * phi).sum(1)"),
    ("projection_logits", "every image with every label", "return phi @ w + b + phi @ V[y].T"),
    ("projection_logits", "no bias", "return ((w + V[y]) * phi).sum(1, keepdim=True)"),
    ("chance", "one over the number of classes", "return 1 / len(a)"),
    ("chance", "the most frequent class", "return max(d)"),
    ("chance", "the overlap of the two", "return np.minimum(a, d).sum()"),
    ("chance", "the mean of the products", "return np.mean(np.multiply(a, d))"),
    ("chance", "what is drawn is forgotten", "return (a**2).sum()"),
    ("chance", "the share of what is asked for most", "return d[np.argmax(a)]"),
    ("paired_gain", "the normal quantile", "d = b - a\n    return d.mean(), 1.96 * d.std(ddof=1) / np.sqrt(len(d))"),
    ("paired_gain", "the spread over n",
     "d = b - a\n    return d.mean(), stats.t.ppf(0.975, len(d) - 1) * d.std() / np.sqrt(len(d))"),
    ("paired_gain", "not paired",
     "s = np.sqrt(a.var(ddof=1) + b.var(ddof=1))\n"
     "    return b.mean() - a.mean(), stats.t.ppf(0.975, len(a) - 1) * s / np.sqrt(len(a))"),
    ("paired_gain", "a over b", "d = a - b\n    return d.mean(), stats.t.ppf(0.975, len(d) - 1) * stats.sem(d)"),
    ("paired_gain", "the spread of one seed, not of the mean",
     "d = b - a\n    return d.mean(), stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1)"),
    ("paired_gain", "one side only", "d = b - a\n    return d.mean(), stats.t.ppf(0.95, len(d) - 1) * stats.sem(d)"),
    ("paired_gain", "one seed too many free",
     "d = b - a\n    return d.mean(), stats.t.ppf(0.975, len(d)) * stats.sem(d)"),
]


@pytest.fixture(scope="module")
def names():
    scope = names_from("10", ["num_steps: int", "from scipy import stats"])
    return scope | {"x_train": scope["data"].load("strokes", num=100).x_train}


@pytest.mark.parametrize("exercise", HEADS)
def test_the_solution_passes(names, exercise):
    judge("10", names, exercise, solution("10", exercise))


@pytest.mark.parametrize("exercise, body", RIGHT)
def test_another_right_answer_passes(names, exercise, body):
    judge("10", names, exercise, f"{HEADS[exercise]}\n    {body}")


@pytest.mark.parametrize("exercise, why, body", WRONG)
def test_a_wrong_answer_is_refused(names, exercise, why, body):
    with pytest.raises(AssertionError):
        judge("10", names, exercise, f"{HEADS[exercise]}\n    {body}")
