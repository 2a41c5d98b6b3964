"""The checks of lesson 10 refuse wrong answers and accept other right ones."""

import pytest
from exercises import judge, names_from, solution

pytest.importorskip("torch", reason="needs PyTorch")

HEADS = {"projection_logits": "def projection_logits(phi, y, V, psi):", "mean_gain": "def mean_gain(a, b):",
         "losses_through": "def losses_through(D, T, real, fake):"}
LOSSES = "return softplus(-a).mean() + softplus(b).mean(), softplus(-b).mean()"
RIGHT = [
    ("projection_logits", "return psi(phi) + (y * (phi @ V.T)).sum(1)[:, None]"),
    ("projection_logits", "return torch.stack([psi(p) + (p @ V.T @ row)[None] for p, row in zip(phi, y)])"),
    ("projection_logits", "return psi(phi) + torch.einsum('bf,bv,vf->b', phi, y, V)[:, None]"),
    ("mean_gain",
     "d = np.subtract(b, a)\n    low, high = stats.t.interval(0.95, len(d) - 1, d.mean(), stats.sem(d))\n"
     "    return (low + high) / 2, (high - low) / 2"),
    ("losses_through", f"a, b = D(T(real)), D(T(fake))\n    {LOSSES}"),
    ("losses_through",
     "a, b = D(T(real)), D(T(fake))\n    bce = nn.functional.binary_cross_entropy_with_logits\n"
     "    one, zero = torch.ones_like, torch.zeros_like\n"
     "    return bce(a, one(a)) + bce(b, zero(b)), bce(b, one(b))"),
    ("losses_through",  # both batches at once
     "a, b = D(T(torch.cat([real, fake]))).split([len(real), len(fake)])\n    " + LOSSES),
    ("losses_through",  # another change of the fakes for G: as random, and as right
     "a, b, c = D(T(real)), D(T(fake.detach())), D(T(fake))\n"
     "    return softplus(-a).mean() + softplus(b).mean(), softplus(-c).mean()"),
]
OWN = {  # what the lesson goes on with until an answer passes
    "projection_logits": "return label_rows.projection_logits(phi, y, V, psi)",
    "mean_gain": "return few_labels.gain_over(a, b)",
    "losses_through": "return label_rows.losses_through(D, T, real, fake)"}
WRONG = [
    ("projection_logits", "the label is forgotten", "return psi(phi)"),
    ("projection_logits", "all rows are summed", "return psi(phi) + (phi @ V.T).sum(1, keepdim=True)"),
    ("projection_logits", "the first question is forgotten", "return ((y @ V) * phi).sum(1, keepdim=True)"),
    ("projection_logits", "a row, not a column", "return psi(phi)[:, 0] + ((y @ V) * phi).sum(1)"),
    ("projection_logits", "every image with every label", "return psi(phi) + (phi @ (y @ V).T)"),
    ("projection_logits", "every image with every label, summed",
     "return psi(phi) + (phi @ (y @ V).T).sum(1, keepdim=True)"),
    ("projection_logits", "only the first of the values",
     "return psi(phi) + (V[y.argmax(1)] * phi).sum(1, keepdim=True)"),
    ("projection_logits", "a mean of the rows",
     "return psi(phi) + (y @ V * phi).sum(1, keepdim=True) / y.sum(1, keepdim=True).clamp(min=1)"),
    ("projection_logits", "a mean over the features", "return psi(phi) + ((y @ V) * phi).mean(1, keepdim=True)"),
    ("projection_logits", "V learns nothing", "return psi(phi) + ((y @ V.detach()) * phi).sum(1, keepdim=True)"),
    ("projection_logits", "nothing is returned", "psi(phi)"),
    ("mean_gain", "the normal quantile", "d = b - a\n    return d.mean(), 1.96 * d.std(ddof=1) / np.sqrt(len(d))"),
    ("mean_gain", "the spread over n",
     "d = b - a\n    return d.mean(), stats.t.ppf(0.975, len(d) - 1) * d.std() / np.sqrt(len(d))"),
    ("mean_gain", "not paired",
     "s = np.sqrt(a.var(ddof=1) + b.var(ddof=1))\n"
     "    return b.mean() - a.mean(), stats.t.ppf(0.975, len(a) - 1) * s / np.sqrt(len(a))"),
    ("mean_gain", "a over b", "d = a - b\n    return d.mean(), stats.t.ppf(0.975, len(d) - 1) * stats.sem(d)"),
    ("mean_gain", "the spread of one pick, not of the mean",
     "d = b - a\n    return d.mean(), stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1)"),
    ("mean_gain", "one side only", "d = b - a\n    return d.mean(), stats.t.ppf(0.95, len(d) - 1) * stats.sem(d)"),
    ("mean_gain", "two error bars, added",
     "t = stats.t.ppf(0.975, len(a) - 1)\n    return (b - a).mean(), t * (stats.sem(a) + stats.sem(b))"),
    ("mean_gain", "one pick too many free",
     "d = b - a\n    return d.mean(), stats.t.ppf(0.975, len(d)) * stats.sem(d)"),
    ("losses_through", "no change at all", f"a, b = D(real), D(fake)\n    {LOSSES}"),
    ("losses_through", "only real images are changed", f"a, b = D(T(real)), D(fake)\n    {LOSSES}"),
    ("losses_through", "only fakes are changed", f"a, b = D(real), D(T(fake))\n    {LOSSES}"),
    ("losses_through", "G sees its fakes unchanged",
     "a, b, c = D(T(real)), D(T(fake)), D(fake)\n"
     "    return softplus(-a).mean() + softplus(b).mean(), softplus(-c).mean()"),
    ("losses_through", "T after D", f"a, b = T(D(real)), T(D(fake))\n    {LOSSES}"),
    ("losses_through", "no gradient for G", f"a, b = D(T(real)), D(T(fake.detach()))\n    {LOSSES}"),
    ("losses_through", "the change is cut out of the gradient",
     f"a, b = D(T(real)), D(fake + (T(fake) - fake).detach())\n    {LOSSES}"),
    ("losses_through", "signs of D's loss are swapped",
     "a, b = D(T(real)), D(T(fake))\n    return softplus(a).mean() + softplus(-b).mean(), softplus(-b).mean()"),
    ("losses_through", "the saturating loss of G",
     "a, b = D(T(real)), D(T(fake))\n    d = softplus(-a).mean() + softplus(b).mean()\n"
     "    return d, -softplus(b).mean() + 1.386"),
    ("losses_through", "sums, not means",
     "a, b = D(T(real)), D(T(fake))\n    return softplus(-a).sum() + softplus(b).sum(), softplus(-b).sum()"),
    ("losses_through", "one loss only", "return softplus(-D(T(real))).mean() + softplus(D(T(fake))).mean()"),
]


@pytest.fixture(scope="module")
def names():
    return names_from("10", ["num_steps: int", "from scipy import stats"])


@pytest.mark.parametrize("exercise", HEADS)
def test_the_solution_passes(names, exercise):
    judge("10", names, exercise, solution("10", exercise))


@pytest.mark.parametrize("exercise, body", [*RIGHT, *OWN.items()])
def test_another_right_answer_passes(names, exercise, body):
    judge("10", names, exercise, f"{HEADS[exercise]}\n    {body}")


@pytest.mark.parametrize("exercise, why, body", WRONG)
def test_a_wrong_answer_is_refused(names, exercise, why, body):
    with pytest.raises((AssertionError, TypeError, IndexError)):
        judge("10", names, exercise, f"{HEADS[exercise]}\n    {body}")


@pytest.mark.parametrize("exercise", HEADS)
def test_an_empty_answer_leaves_the_game_to_the_course(names, exercise):
    judge("10", names, exercise, f"{HEADS[exercise]}\n    raise NotImplementedError", strict=False)


def test_a_shifted_copy_is_found_over_shifts_and_lost_without():
    """Two training images of one bright pixel each; a sample is the first, one pixel further down."""
    np = pytest.importorskip("numpy")
    from gancourse.course.studies.conditional.copies import least_over_shifts, share_over_shifts
    from gancourse.metrics.copying import copy_share

    train = -np.ones((2, 8, 8, 1), np.float32)
    train[0, 3, 3] = train[1, 3, 5] = 1
    other = -np.ones((2, 8, 8, 1), np.float32)
    other[0, 4, 3] = other[0, 4, 4] = other[1, 7, 7] = 1  # two bright pixels, one of them the sample's
    sample = -np.ones((1, 8, 8, 1), np.float32)
    sample[0, 4, 3] = 1
    assert least_over_shifts(sample, train, most=1)[0, 0] == 0
    assert least_over_shifts(sample, train, most=0)[0, 0] == 8  # two pixels are wrong by 2
    assert copy_share(sample, train, [other]) == 0
    assert share_over_shifts(sample, train, [other], most=1) == 1
