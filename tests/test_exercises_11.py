"""The checks of lesson 11 refuse wrong answers and accept other right ones."""

import pytest
from exercises import judge, names_from, solution

pytest.importorskip("torch", reason="needs PyTorch")

HEADS = {"fill_holes": "def fill_holes(gan, real, hole, z):",
         "filler_loss": "def filler_loss(fake, real, hole, logits, weight):",
         "pairs_loss": "def pairs_loss(fake, real, hole, logits, weight):",
         "honest_mistakes": "def honest_mistakes(healthy, ill, prior):",
         "honesty": "def honesty(e_1, e_K, K):", "absolute_guess": "def absolute_guess(values, chances):"}
CHANCE = "chance = prior * ill / (prior * ill + (1 - prior) * healthy)\n    "
SEEN = "seen = torch.cat([torch.where(hole, 0, real), hole.float()], dim=1)"
KEEP = "return torch.where(hole, gan.G(seen, z), real)"
ERROR = "error = (fake - real).square().sum() / (hole.sum() * real.shape[1])"
SUM = "return weight * error + (0 if logits is None else softplus(-logits).mean())"
RIGHT = [
    ("fill_holes", f"{SEEN}\n    {KEEP}"),
    ("fill_holes", "h = hole.float()\n    guess = gan.G(torch.cat([(1 - h) * real, h], 1), z)\n"
                   "    return (1 - h) * real + h * guess"),
    ("filler_loss", "missing = hole.expand_as(real)\n    error = ((fake - real)[missing] ** 2).mean()\n"
                    "    says = 0 if logits is None else losses.nonsaturating_g_loss(logits)\n"
                    "    return says + weight * error"),
    ("filler_loss", "error = (hole * (fake - real) ** 2).sum() / hole.expand_as(real).sum()\n"
                    "    loss = weight * error\n"
                    "    if logits is not None:\n        loss = loss - torch.log(torch.sigmoid(logits)).mean()\n"
                    "    return loss"),
    ("pairs_loss", "one, other = fake.chunk(2)\n"
                   "    return filler_loss((one + other) / 2, real, hole, logits, weight)"),
    ("pairs_loss", "n = len(real)\n    wrong = (fake[:n] + fake[n:]) / 2 - real\n"
                   "    error = wrong[hole.expand_as(real)].square().mean()\n"
                   "    return weight * error + softplus(-logits).mean()"),
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
    ("fill_holes", "G sees the truth", f"seen = torch.cat([real, hole.float()], 1)\n    {KEEP}"),
    ("fill_holes", "G sees only the hole", f"{SEEN.replace('0, real', 'real, 0')}\n    {KEEP}"),
    ("fill_holes", "G sees black in the hole", f"{SEEN.replace('0, real', '-1, real')}\n    {KEEP}"),
    ("fill_holes", "the known pixels are marked", f"{SEEN.replace('hole.float', '(~hole).float')}\n    {KEEP}"),
    ("fill_holes", "G is not shown the hole", f"seen = torch.where(hole, 0, real)\n    {KEEP}"),
    ("fill_holes", "the whole guess", f"{SEEN}\n    return gan.G(seen, z)"),
    ("fill_holes", "the other way round", f"{SEEN}\n    return torch.where(hole, real, gan.G(seen, z))"),
    ("fill_holes", "without z", f"{SEEN}\n    {KEEP.replace('seen, z', 'seen, 0 * z')}"),
    ("filler_loss", "a mean over the whole image", f"error = (fake - real).square().mean()\n    {SUM}"),
    ("filler_loss", "a mean of each image first",
     "errors = (fake - real).square().flatten(1).sum(1) / (hole.flatten(1).sum(1) * real.shape[1])\n"
     f"    error = errors.mean()\n    {SUM}"),
    ("filler_loss", "the channels are forgotten",
     f"error = (fake - real).square().sum() / hole.sum()\n    {SUM}"),
    ("filler_loss", "the absolute error", f"{ERROR.replace('square', 'abs')}\n    {SUM}"),
    ("filler_loss", "no gradient", f"fake = fake.detach()\n    {ERROR}\n    {SUM}"),
    ("filler_loss", "G is glad if D takes it for made", f"{ERROR}\n    {SUM.replace('-logits', 'logits')}"),
    ("filler_loss", "the minimax loss", f"{ERROR}\n    {SUM.replace('softplus(-logits)', '-softplus(logits)')}"),
    ("filler_loss", "a sum over the batch", f"{ERROR}\n    {SUM.replace('.mean()', '.sum()')}"),
    ("filler_loss", "lambda weighs what D says",
     f"{ERROR}\n    return error if logits is None else error + weight * softplus(-logits).mean()"),
    ("filler_loss", "lambda weighs both",
     f"{ERROR}\n    return weight * (error if logits is None else error + softplus(-logits).mean())"),
    ("filler_loss", "what D says is forgotten", f"{ERROR}\n    return weight * error"),
    ("pairs_loss", "the error of each answer",
     "return filler_loss(fake, torch.cat([real, real]), torch.cat([hole, hole]), logits, weight)"),
    ("pairs_loss", "the first answers only", "return filler_loss(fake[: len(real)], real, hole, logits, weight)"),
    ("pairs_loss", "neighbours are a pair",
     "return filler_loss((fake[::2] + fake[1::2]) / 2, real, hole, logits, weight)"),
    ("pairs_loss", "the sum, not the mean", "return filler_loss(sum(fake.chunk(2)), real, hole, logits, weight)"),
    ("pairs_loss", "D judges the first answers only",
     "return filler_loss(sum(fake.chunk(2)) / 2, real, hole, logits[: len(real)], weight)"),
    ("pairs_loss", "what D says is forgotten",
     "return filler_loss(sum(fake.chunk(2)) / 2, real, hole, None, weight)"),
    ("pairs_loss", "no gradient",
     "return filler_loss(sum(fake.detach().chunk(2)) / 2, real, hole, logits, weight)"),
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
    scope = names_from("11", ["num_steps: int", "from gancourse import data, metrics", "def check_fill_holes(f)",
                              "healthy, ill = np.array"])
    exec(solution("11", "fill_holes"), scope)  # the first exercise has two functions: each is judged with the other
    return scope


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
