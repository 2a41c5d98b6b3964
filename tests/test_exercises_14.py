"""The checks of lesson 14 refuse wrong answers and accept other right ones."""

import pytest
from exercises import code_cells, judge, names_from, solution

from gancourse.course.lessons import source
from gancourse.notebook import checks

pytest.importorskip("torch", reason="needs PyTorch")

HEADS = {"verdict": "def verdict(statement, interval):", "r1_and_r2": "def r1_and_r2(D, real, fake):",
         "flow_loss": "def flow_loss(v, x1, x0, t):"}
ENDS = "low, high = statement.range()"
SHARE = "s = t.reshape(-1, *[1] * (x1.ndim - 1))"
WAY = f"{SHARE}\n    x = (1 - s) * x0 + s * x1"
TWO = ("a, b = real.detach().requires_grad_(True), fake.detach().requires_grad_(True)\n"
       "    ga, gb = torch.autograd.grad(D(a).sum() + D(b).sum(), [a, b], create_graph=True)\n"
       "    ")
RIGHT = [
    ("verdict", f"{ENDS}\n    inside = low <= interval.low <= interval.high <= high\n"
                "    apart = interval.low > high or low > interval.high\n"
                "    return 'holds' if inside else 'fails' if apart else 'undecided'"),
    ("verdict", f"{ENDS}\n    left, right = max(low, interval.low), min(high, interval.high)\n"
                "    if left > right:\n        return 'fails'\n"
                "    return 'holds' if (left, right) == (interval.low, interval.high) else 'undecided'"),
    ("r1_and_r2", "x = torch.cat([real, fake]).detach().requires_grad_(True)\n"
     "    g = torch.autograd.grad(D(x).sum(), x, create_graph=True)[0]\n"
     "    return 2 * g.square().flatten(1).sum(1).mean()"),
    ("r1_and_r2", "a, b = real.detach().requires_grad_(True), fake.detach().requires_grad_(True)\n"
     "    ga, gb = torch.autograd.grad(D(a).sum() + D(b).sum(), [a, b], create_graph=True)\n"
     "    return ga.square().sum() / len(a) + gb.square().sum() / len(b)"),
    ("flow_loss", f"{SHARE}\n    x = x0 + s * (x1 - x0)\n    return (v(x, t) - x1 + x0).pow(2).mean()"),
    ("flow_loss", "s = t[(...,) + (None,) * (x1.ndim - 1)]\n    x = torch.lerp(x0, x1, s.expand_as(x1))\n"
                  "    return nn.functional.mse_loss(v(x, t), x1 - x0)"),
    ("flow_loss", f"{SHARE}\n    miss = v((1 - s) * x0 + s * x1, t) - (x1 - x0)\n"
                  "    return (miss * miss).flatten(1).mean(1).mean()"),
]
WRONG = [
    ("verdict", "the mean alone", f"{ENDS}\n    return 'holds' if low <= interval.ratio <= high else 'fails'"),
    ("verdict", "the mean decides what is undecided",
     f"{ENDS}\n    if low <= interval.low and interval.high <= high:\n        return 'holds'\n"
     "    return 'fails' if not low <= interval.ratio <= high else 'undecided'"),
    ("verdict", "all that does not hold fails",
     f"{ENDS}\n    return 'holds' if low <= interval.low and interval.high <= high else 'fails'"),
    ("verdict", "the range within the interval",
     f"{ENDS}\n    if interval.low <= low and high <= interval.high:\n        return 'holds'\n"
     "    return 'fails' if interval.high < low or high < interval.low else 'undecided'"),
    ("verdict", "only the upper end",
     f"{ENDS}\n    if interval.high <= high:\n        return 'holds'\n"
     "    return 'fails' if high < interval.low else 'undecided'"),
    ("verdict", "only the lower end",
     f"{ENDS}\n    if low <= interval.low:\n        return 'holds'\n"
     "    return 'fails' if interval.high < low else 'undecided'"),
    ("verdict", "fails above only",
     f"{ENDS}\n    if low <= interval.low and interval.high <= high:\n        return 'holds'\n"
     "    return 'fails' if high < interval.low else 'undecided'"),
    ("verdict", "fails below only",
     f"{ENDS}\n    if low <= interval.low and interval.high <= high:\n        return 'holds'\n"
     "    return 'fails' if interval.high < low else 'undecided'"),
    ("verdict", "the interval beside 1", "return 'holds' if interval.high < 1 or interval.low > 1 else 'undecided'"),
    ("verdict", "touching is enough",
     f"{ENDS}\n    return 'fails' if interval.high < low or high < interval.low else 'holds'"),
    ("verdict", "other words", f"{ENDS}\n    return low <= interval.low and interval.high <= high"),
    ("r1_and_r2", "R1 alone", TWO + "return ga.square().flatten(1).sum(1).mean()"),
    ("r1_and_r2", "R2 alone", TWO + "return gb.square().flatten(1).sum(1).mean()"),
    ("r1_and_r2", "R1 twice", TWO + "return 2 * ga.square().flatten(1).sum(1).mean()"),
    ("r1_and_r2", "the mean of both",
     TWO + "return (ga.square().flatten(1).sum(1).mean() + gb.square().flatten(1).sum(1).mean()) / 2"),
    ("r1_and_r2", "a mean over the pixels", TWO + "return ga.square().mean() + gb.square().mean()"),
    ("r1_and_r2", "a sum over the batch", TWO + "return ga.square().sum() + gb.square().sum()"),
    ("r1_and_r2", "the root kept",
     TWO + "return ga.flatten(1).norm(dim=1).mean() + gb.flatten(1).norm(dim=1).mean()"),
    ("r1_and_r2", "the gradient of the difference", TWO + "return (ga - gb).square().flatten(1).sum(1).mean()"),
    ("r1_and_r2", "D at points between",
     "x = ((real + fake) / 2).detach().requires_grad_(True)\n"
     "    g = torch.autograd.grad(D(x).sum(), x, create_graph=True)[0]\n"
     "    return 2 * g.square().flatten(1).sum(1).mean()"),
    ("r1_and_r2", "no graph: D cannot learn from it",
     "x = torch.cat([real, fake]).detach().requires_grad_(True)\n"
     "    g = torch.autograd.grad(D(x).sum(), x)[0]\n"
     "    return 2 * g.square().flatten(1).sum(1).mean()"),
    ("r1_and_r2", "the fakes are still tied to G",
     "a = real.detach().requires_grad_(True)\n"
     "    b = fake if fake.requires_grad else fake.detach().requires_grad_(True)\n"
     "    ga, gb = torch.autograd.grad(D(a).sum() + D(b).sum(), [a, b], create_graph=True)\n"
     "    return ga.square().flatten(1).sum(1).mean() + gb.square().flatten(1).sum(1).mean()"),
    ("flow_loss", "the way backwards", f"{SHARE}\n    x = (1 - s) * x1 + s * x0\n"
                                       "    return (v(x, t) - (x1 - x0)).square().mean()"),
    ("flow_loss", "from data to noise", f"{WAY}\n    return (v(x, t) - (x0 - x1)).square().mean()"),
    ("flow_loss", "both turned round", f"{SHARE}\n    x = (1 - s) * x1 + s * x0\n"
                                       "    return (v(x, t) - (x0 - x1)).square().mean()"),
    ("flow_loss", "the data as the target", f"{WAY}\n    return (v(x, t) - x1).square().mean()"),
    ("flow_loss", "the noise as the target", f"{WAY}\n    return (v(x, t) - x0).square().mean()"),
    ("flow_loss", "summed over the pixels",
     f"{WAY}\n    return (v(x, t) - (x1 - x0)).square().flatten(1).sum(1).mean()"),
    ("flow_loss", "the length, not its square", f"{WAY}\n    return (v(x, t) - (x1 - x0)).abs().mean()"),
    ("flow_loss", "not averaged over the batch",
     f"{WAY}\n    return (v(x, t) - (x1 - x0)).square().flatten(1).mean(1)"),
    ("flow_loss", "halved", f"{WAY}\n    return (v(x, t) - (x1 - x0)).square().mean() / 2"),
    ("flow_loss", "v at the data", "return (v(x1, t) - (x1 - x0)).square().mean()"),
    ("flow_loss", "one time for all", f"{WAY.replace('t.reshape', 't.mean().expand(len(t)).reshape')}\n"
                                      "    return (v(x, t) - (x1 - x0)).square().mean()"),
    ("flow_loss", "the time along the last axis", "x = (1 - t) * x0 + t * x1\n"
                                                  "    return (v(x, t) - (x1 - x0)).square().mean()"),
    ("flow_loss", "v is told the time of the noise", f"{WAY}\n    return (v(x, 1 - t) - (x1 - x0)).square().mean()"),
    ("flow_loss", "no gradient", f"{WAY}\n    with torch.no_grad():\n"
                                 "        return (v(x, t) - (x1 - x0)).square().mean()"),
    ("flow_loss", "a number, not a tensor", f"{WAY}\n    return (v(x, t) - (x1 - x0)).square().mean().item()"),
    ("flow_loss", "nothing returned", f"{WAY}\n    (v(x, t) - (x1 - x0)).square().mean()"),
]


@pytest.fixture(scope="module")
def names():
    return names_from("14", ["seeds: str", "import tempfile"])


@pytest.mark.parametrize("exercise", HEADS)
def test_the_solution_passes(names, exercise):
    judge("14", names, exercise, solution("14", exercise))


@pytest.mark.parametrize("exercise, body", RIGHT)
def test_another_right_answer_passes(names, exercise, body):
    judge("14", names, exercise, f"{HEADS[exercise]}\n    {body}")


@pytest.mark.parametrize("exercise, why, body", WRONG)
def test_a_wrong_answer_is_refused(names, exercise, why, body):
    with pytest.raises(Exception):  # noqa: B017 (whatever a wrong answer raises)
        judge("14", names, exercise, f"{HEADS[exercise]}\n    {body}")


@pytest.mark.parametrize("exercise", HEADS)
def test_what_stands_in_for_an_answer_passes_its_check(names, exercise, monkeypatch):
    """An empty answer is not an error for a learner, and the lesson goes on with one that is right."""
    cells = code_cells("14")
    at = next(i for i, cell in enumerate(cells) if f"def {exercise}(" in source(cell))
    scope = dict(names)
    exec(f"{HEADS[exercise]}\n    raise NotImplementedError", scope)
    monkeypatch.setenv(checks.STRICT, "0")
    exec(source(cells[at + 1]), scope)
    scope[f"check_{exercise}"](scope[exercise])
