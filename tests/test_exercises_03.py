"""The checks of lesson 03 refuse wrong answers and accept other right ones."""

from types import SimpleNamespace

import numpy as np
import pytest
from exercises import code_cells, judge, names_from, solution

from gancourse.course.lessons import source

pytest.importorskip("torch", reason="needs PyTorch")

HEADS = {"out_size": "def out_size(n, k, s, p):", "d_loss_of": "def d_loss_of(G, D, real, z):",
         "slerp": "def slerp(a, b, t):"}
RIGHT = [
    ("out_size", "return n * s + (k - s) - p - p"),
    ("d_loss_of", "with torch.no_grad():\n        fake = G(z)\n"
                  "    bce = nn.functional.binary_cross_entropy_with_logits\n"
                  "    return sum(bce(D(x), torch.full((len(x), 1), y)) for x, y in ((real, 1.0), (fake, 0.0)))"),
    ("slerp", "side = b - (a @ b) * a\n    turn = t * np.arccos(a @ b)\n"
              "    return np.cos(turn) * a + np.sin(turn) * side / np.linalg.norm(side)"),
]
WRONG = [
    ("out_size", "the convolution's own formula", "return (n + 2 * p - k) // s + 1"),
    ("out_size", "padding adds", "return (n - 1) * s + k + 2 * p"),
    ("out_size", "every pixel takes a whole stride", "return n * s + k - 2 * p"),
    ("out_size", "doubling, which is right for one layer only", "return n * s"),
    ("d_loss_of", "no detach", "return softplus(-D(real)).mean() + softplus(D(G(z))).mean()"),
    ("d_loss_of", "real and fake exchanged", "return softplus(D(real)).mean() + softplus(-D(G(z).detach())).mean()"),
    ("d_loss_of", "halves averaged", "return (softplus(-D(real)).mean() + softplus(D(G(z).detach())).mean()) / 2"),
    ("d_loss_of", "a sigmoid before the loss of logits",
     "return softplus(-torch.sigmoid(D(real))).mean() + softplus(torch.sigmoid(D(G(z).detach()))).mean()"),
    ("d_loss_of", "the batch summed", "return softplus(-D(real)).sum() + softplus(D(G(z).detach())).sum()"),
    ("d_loss_of", "the logits detached, so D does not learn either from the fakes or from the real images",
     "return (softplus(-D(real)).mean() + softplus(D(G(z))).mean()).detach()"),
    ("slerp", "the straight line", "return (1 - t) * a + t * b"),
    ("slerp", "the line, made as long: unequal angles",
     "c = (1 - t) * a + t * b\n    return c / np.linalg.norm(c)"),
    ("slerp", "from b to a",
     "w = np.arccos(a @ b)\n    return (np.sin(t * w) * a + np.sin((1 - t) * w) * b) / np.sin(w)"),
    ("slerp", "cosine for sine", "w = np.arccos(a @ b)\n    return np.cos(t * w) * a + np.sin(t * w) * b"),
]


@pytest.fixture(scope="module")
def names():
    return names_from("03", ["num_steps: int", "import copy", "def make_pair("], seed=3)


@pytest.mark.parametrize("exercise", HEADS)
def test_the_solution_passes(names, exercise):
    judge("03", names, exercise, solution("03", exercise))


@pytest.mark.parametrize("exercise, body", RIGHT)
def test_another_right_answer_passes(names, exercise, body):
    judge("03", names, exercise, f"{HEADS[exercise]}\n    {body}")


@pytest.mark.parametrize("exercise, why, body", WRONG)
def test_a_wrong_answer_is_refused(names, exercise, why, body):
    with pytest.raises(AssertionError):
        judge("03", names, exercise, f"{HEADS[exercise]}\n    {body}")


@pytest.mark.parametrize("read", [[3] * 500, [0] * 499 + [7], [0, 1, 2] * 166 + [0, 1]])
def test_the_walk_survives_samples_of_any_number_of_classes(read, monkeypatch, capsys):
    """Collapsed runs read as one class, and then there are no two classes to walk between."""
    scope = names_from("03", ["from gancourse.pt.fast_loop import make_fast_loop", "def walk(a, b"])
    walked = {}

    def show(images, rows, title, alt):
        walked.update(rows=rows, title=title, n=len(images))

    monkeypatch.setattr(scope["plots"], "show_latent_walk", show)
    classifier = SimpleNamespace(predict=lambda images: np.array(read),
                                 features=lambda images: np.zeros((500, 2)))
    scope |= {
        "seed": 0, "z_dim": 8, "gan": None, "real_features": np.zeros((5, 2)),
        "sample": lambda gan, z: np.zeros((len(z), 4, 4, 3), np.float32),  # constant images
        "lenet": classifier}
    exec(next(source(c) for c in code_cells("03") if "z_many = " in source(c)), scope)
    alone = len(set(read)) < 2
    assert ("read as one class" in capsys.readouterr().out) is alone
    where = "sample to another" if alone else "class to the next"
    assert walked["title"] == f"each row walks from one {where}"
    assert walked["n"] == 10 * walked["rows"] and walked["rows"] == (4 if alone else 1)


def test_a_walk_between_opposite_points_is_a_straight_line():
    """With z of one number there is no circle to walk on."""
    scope = names_from("03", ["from gancourse.pt.fast_loop import make_fast_loop", "def walk(a, b"])
    steps = scope["walk"](np.array([2.0]), np.array([-1.0]), 4)
    assert np.allclose(steps[:, 0], [2, 1, 0, -1])
