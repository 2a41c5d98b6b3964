"""The checks of lesson 07 refuse wrong answers and accept other right ones."""

import pytest
from exercises import judge, names_from, solution

pytest.importorskip("torch", reason="needs PyTorch")

HEADS = {"fool_frechet": "def fool_frechet(n):", "frechet_at_infinity": "def frechet_at_infinity(n1, d1, n2, d2):",
         "precision": "def precision(real, fake, k):", "draws_for_twins": "def draws_for_twins(N):"}
RIGHT = [
    ("fool_frechet", "x = np.random.default_rng(0).exponential(size=n)\n    return (x - x.mean()) / x.std()"),
    ("fool_frechet", "x = np.zeros(n)\n    x[: n // 10], x[n // 10 : n // 5] = 5**0.5, -(5**0.5)\n"
                     "    return x[:, None]"),
    ("frechet_at_infinity", "slope = (d1 - d2) / (1 / n1 - 1 / n2)\n    return d1 - slope / n1"),
    ("frechet_at_infinity", "return np.polyfit([1 / n1, 1 / n2], [d1, d2], 1)[1]"),
    ("precision", "from sklearn.neighbors import NearestNeighbors\n"
                  "    radii = NearestNeighbors(n_neighbors=k + 1).fit(real).kneighbors(real)[0][:, -1]\n"
                  "    hit = [any(np.linalg.norm(f - r) < size for r, size in zip(real, radii)) for f in fake]\n"
                  "    return sum(hit) / len(hit)"),
    ("draws_for_twins", "m = 1\n    while np.prod(1 - np.arange(m) / N) > 0.5:\n        m += 1\n    return m"),
]
BALLS = """apart = lambda a, b: np.linalg.norm(a[:, None] - b[None], axis=2)
    radii = np.sort(apart(real, real), axis=1)[:, k]
    """
WRONG = [
    ("fool_frechet", "a bell", "x = np.random.default_rng(0).normal(size=n)\n    return (x - x.mean()) / x.std()"),
    ("fool_frechet", "a variance of 4", "return np.tile([-2.0, 2.0], n // 2)"),
    ("fool_frechet", "a mean of 1/2", "return np.tile([-0.5, 1.5], n // 2)"),
    ("fool_frechet", "a uniform sample of width 2", "return np.linspace(-1, 1, n)"),
    ("fool_frechet", "too few numbers", "return np.array([-1.0, 1.0])"),
    ("fool_frechet", "an exponential as it is", "return np.random.default_rng(0).exponential(size=n)"),
    ("frechet_at_infinity", "the mean of the two", "return (d1 + d2) / 2"),
    ("frechet_at_infinity", "the one with more samples", "return d1 if n1 > n2 else d2"),
    ("frechet_at_infinity", "the weights exchanged", "return (n2 * d1 - n1 * d2) / (n2 - n1)"),
    ("frechet_at_infinity", "a line in n, not in 1/n", "return d1 - n1 * (d1 - d2) / (n1 - n2)"),
    ("frechet_at_infinity", "the slope", "return (d1 - d2) / (1 / n1 - 1 / n2)"),
    ("precision", "recall", "return metrics.prdc_scores(real, fake, min(k, len(fake) - 2)).recall"),
    ("precision", "the ball reaches to the point before",
     BALLS.replace("k]", "k - 1]") + "return (apart(fake, real) < radii).any(1).mean()"),
    ("precision", "the point itself left out of count",
     BALLS.replace("k]", "k + 1]") + "return (apart(fake, real) < radii).any(1).mean()"),
    ("precision", "density", BALLS + "return (apart(fake, real) < radii).sum(1).mean() / k"),
    ("precision", "coverage", BALLS + "return (apart(fake, real) < radii).any(0).mean()"),
    ("precision", "only the nearest real point's ball counts", BALLS + "near = apart(fake, real).argmin(1)\n"
     "    return (apart(fake, real).min(1) < radii[near]).mean()"),
    ("draws_for_twins", "the square root", "return int(np.ceil(np.sqrt(N)))"),
    ("draws_for_twins", "half of all", "return N // 2 + 1"),
    ("draws_for_twins", "twins of the first one", "return int(np.ceil(np.log(0.5) / np.log(1 - 1 / (N + 1e-9))))"),
    ("draws_for_twins", "one too few", "m = 1\n    while np.prod(1 - np.arange(m) / N) > 0.5:\n        m += 1\n"
                                       "    return m - 1"),
    ("draws_for_twins", "as many pairs as things", "return int(np.ceil((1 + np.sqrt(1 + 8 * N)) / 2))"),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; nothing is trained or loaded."""
    return names_from("07", ["num_samples: int", "from scipy import ndimage", "def show_balls("])


@pytest.mark.parametrize("exercise", HEADS)
def test_the_solution_passes(names, exercise):
    judge("07", names, exercise, solution("07", exercise))


@pytest.mark.parametrize("exercise, body", RIGHT)
def test_another_right_answer_passes(names, exercise, body):
    judge("07", names, exercise, f"{HEADS[exercise]}\n    {body}")


@pytest.mark.parametrize("exercise, why, body", WRONG)
def test_a_wrong_answer_is_refused(names, exercise, why, body):
    with pytest.raises(AssertionError):
        judge("07", names, exercise, f"{HEADS[exercise]}\n    {body}")
