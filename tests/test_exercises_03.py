"""The checks of lesson 03 refuse wrong answers and accept other right ones."""

import numpy as np
import pytest
from exercises import code_cells, judge, names_from, solution

from gancourse.course.lessons import source

pytest.importorskip("torch", reason="needs PyTorch")

HEADS = {"update_D": "def update_D(gan, real, z):", "r1": "def r1(D, real):", "slerp": "def slerp(a, b, t):",
         "padding": "def padding(k, s):"}
SHOULD = "softplus(-gan.D(real)).mean() + softplus(gan.D(gan.G(z).detach())).mean()"
LEARN = "gan.opt_D.zero_grad()\n    loss.backward()\n    gan.opt_D.step()\n    return loss.item()"
BCE = ("with torch.no_grad():\n        fake = gan.G(z)\n"
       "    bce = nn.functional.binary_cross_entropy_with_logits\n"
       "    loss = sum(bce(gan.D(x), torch.full((len(x), 1), y)) for x, y in ((real, 1.0), (fake, 0.0)))\n    ")
GRAD = "(g,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)"
X = "x = real.clone().requires_grad_(True)"
THETA = "theta = angle(a, b)"
ARC = f"{THETA}\n    return (np.sin((1 - t) * theta) * a + np.sin(t * theta) * b) / np.sin(theta)"
RIGHT = [
    ("update_D", BCE + LEARN),
    ("update_D", f"loss = {SHOULD}\n    for p in gan.D.parameters():\n        p.grad = None\n    loss.backward()\n"
                 "    gan.opt_D.step()\n    return loss.item()"),
    ("r1", f"{X}\n    {GRAD}\n    return g.reshape(len(x), -1).norm(dim=1).pow(2).mean()"),
    ("r1", f"{X}\n    {GRAD}\n    return (g * g).sum() / len(x)"),
    ("slerp", f"{THETA}\n    e = (b - np.cos(theta) * a) / np.sin(theta)\n"
              "    return np.cos(t * theta) * a + np.sin(t * theta) * e"),
    ("slerp", f"{THETA}\n    s, u = np.sin(t * theta), np.sin(theta - t * theta)\n"
              "    flat = (u * a + s * b) / (u + s)\n    return flat * (u + s) / np.sin(theta)"),
    ("padding", "return int(k / 2 - s / 2)"),
    ("padding", "cut = 0\n    while k - 2 * cut > s:\n        cut += 1\n    return cut"),
]
WRONG = [
    ("update_D", "a gradient into G", f"loss = {SHOULD.replace('.detach()', '')}\n    {LEARN}"),
    ("update_D", "real and fake exchanged",
     f"loss = softplus(gan.D(real)).mean() + softplus(-gan.D(gan.G(z).detach())).mean()\n    {LEARN}"),
    ("update_D", "halves averaged", f"loss = ({SHOULD}) / 2\n    {LEARN}"),
    ("update_D", "the batch summed", f"loss = {SHOULD.replace('mean', 'sum')}\n    {LEARN}"),
    ("update_D", "real images only", f"loss = softplus(-gan.D(real)).mean()\n    {LEARN}"),
    ("update_D", "old gradients are kept",
     f"loss = {SHOULD}\n    loss.backward()\n    gan.opt_D.step()\n    return loss.item()"),
    ("update_D", "no step", f"loss = {SHOULD}\n    gan.opt_D.zero_grad()\n    loss.backward()\n    return loss.item()"),
    ("update_D", "the other optimiser", f"loss = {SHOULD}\n    {LEARN.replace('opt_D.step', 'opt_G.step')}"),
    ("update_D", "a sigmoid before the loss of logits",
     f"loss = {SHOULD.replace('gan.D(', 'torch.sigmoid(gan.D(').replace(')).mean', '))).mean')}\n    {LEARN}"),
    ("update_D", "a tensor returned", f"loss = {SHOULD}\n    {LEARN.replace('.item()', '')}"),
    ("update_D", "nothing returned", f"loss = {SHOULD}\n    {LEARN.replace('    return loss.item()', '')}"),
    ("r1", "no second derivative", f"{X}\n    {GRAD.replace(', create_graph=True', '')}\n"
                                   "    return g.square().flatten(1).sum(1).mean()"),
    ("r1", "the length, not its square", f"{X}\n    {GRAD}\n    return g.flatten(1).norm(dim=1).mean()"),
    ("r1", "averaged over the pixels", f"{X}\n    {GRAD}\n    return g.square().mean()"),
    ("r1", "summed over the batch", f"{X}\n    {GRAD}\n    return g.square().sum()"),
    ("r1", "of the mean logit", f"{X}\n    {GRAD.replace('.sum(),', '.mean(),')}\n"
                                "    return g.square().flatten(1).sum(1).mean()"),
    ("r1", "halved already", f"{X}\n    {GRAD}\n    return g.square().flatten(1).sum(1).mean() / 2"),
    ("slerp", "the straight line", "return (1 - t) * a + t * b"),
    ("slerp", "the line, stretched to the sphere",
     "p = (1 - t) * a + t * b\n    return p / np.linalg.norm(p, axis=-1, keepdims=True) * np.linalg.norm(a, axis=-1, "
     "keepdims=True)"),
    ("slerp", "from b to a", ARC.replace("(1 - t)", "t_").replace("sin(t *", "sin((1 - t) *").replace("t_", "t")),
    ("slerp", "not divided", ARC.replace(" / np.sin(theta)", "")),
    ("slerp", "cosines for sines", ARC.replace("np.sin((1 - t)", "np.cos((1 - t)")),
    ("slerp", "a quarter turn, whatever the angle", ARC.replace("angle(a, b)", "np.pi / 2")),
    ("slerp", "twice the speed", ARC.replace("sin(t *", "sin(2 * t *")),
    ("slerp", "nothing returned", ARC.replace("return ", "")),
    ("padding", "half of the kernel less one, right at stride 2", "return k // 2 - 1"),
    ("padding", "half of the kernel, rounded down, right at stride 2", "return (k - 1) // 2"),
    ("padding", "cut off on one side only", "return k - s"),
    ("padding", "a share of the kernel, right for two layers", "return k // 4"),
    ("padding", "half of the stride, right for two layers", "return s // 2"),
    ("padding", "no whole number", "return (k - s) / 2"),
    ("padding", "no padding", "return 0"),
]


@pytest.fixture(scope="module")
def names():
    return names_from("03", ["num_steps: int", "import copy", "def make_pair(", "def small_games("], seed=3)


def answer(exercise, body):
    """The text of an answer."""
    return f"{HEADS[exercise]}\n    {body}"


@pytest.mark.parametrize("exercise", HEADS)
def test_the_solution_passes(names, exercise):
    judge("03", names, exercise, solution("03", exercise))


@pytest.mark.parametrize("exercise, body", RIGHT)
def test_another_right_answer_passes(names, exercise, body):
    judge("03", names, exercise, answer(exercise, body))


@pytest.mark.parametrize("exercise, why, body", WRONG)
def test_a_wrong_answer_is_refused(names, exercise, why, body):
    with pytest.raises(AssertionError):
        judge("03", names, exercise, answer(exercise, body))


@pytest.mark.parametrize("exercise", list(HEADS))
def test_an_empty_answer_leaves_the_lesson_with_the_package_s(names, exercise, capsys):
    judge("03", names, exercise, answer(exercise, "raise NotImplementedError"), strict=False)
    assert f"{exercise} is still empty" in capsys.readouterr().out


@pytest.fixture(scope="module", params=["the lesson's", "SciPy's, until an answer passes"])
def slerp(names, request):
    scope = dict(names)
    exec(solution("03", "slerp"), scope)
    if request.param == "the lesson's":
        return scope["slerp"]
    exec(source(code_cells("03")[_place("def by_scipy(")]).split("def check_slerp")[0], scope)
    return scope["by_scipy"]


def _place(mark):
    """Where the cell with a mark stands among the code cells."""
    return next(i for i, cell in enumerate(code_cells("03")) if mark in source(cell))


def test_the_walk_turns_by_equal_angles_and_keeps_its_length(slerp):
    east, north = np.array([1.0, 0.0, 0.0]), np.array([0.6, 0.8, 0.0])
    path = slerp(east, north, np.array([0, 0.25, 0.8, 1])[:, None])
    assert np.allclose(path[[0, 3]], [east, north])
    assert np.allclose(np.linalg.norm(path, axis=1), 1)
    assert np.allclose(np.arccos(path[1:3] @ east), np.arccos(0.6) * np.array([0.25, 0.8]))


def test_rows_are_walked_together(slerp):
    a, b = np.random.default_rng(0).normal(size=(2, 5, 64)).astype(np.float32)
    middles = slerp(a, b, 0.5)
    assert middles.shape == a.shape and np.allclose(slerp(a[2], b[2], np.array([[0.5]]))[0], middles[2], atol=1e-5)
