"""The bug museum of lesson 08: each bug's check fails on the bug and passes on its fix."""

import numpy as np
import pytest
from exercises import names_from

torch = pytest.importorskip("torch")

CELLS = ["museum = {}", "torch.randn(n, generator=rng)", "def pull_of_the_others(", "def torn_D(", "def one_step(",
         "def share_moved(", "def gap_to_the_game("]
NAMES = [
    "share of WGAN-GP's points that lie off the segment from real to fake",
    "length of a slope that is 1/2 at each of 2x2 pixels",
    "share of NaN in the penalty's gradient at a flat D",
    "spread of what nn.BatchNorm1d makes of data with spread 1",
    "slope of a critic's logit of one image by the other images",
    "loss of a D that is certain and right",
    "what D says when it cannot tell 96 real from 256 fake",
    "share of D's weights that move",
    "share of G's weights that move",
    "broken generators that a test of G lets through",
    "distance of the printed matrix from the alternating game",
]


@pytest.fixture(scope="module")
def lesson():
    return names_from("08", ["num_steps: int", "import numpy", *CELLS])


def test_eleven_exhibits(lesson):
    assert list(lesson["museum"]) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_check_fails_on_the_bug_and_passes_on_the_fix(lesson, name):
    exhibit = lesson["museum"][name]
    exhibit["check"](exhibit["fix"])
    with pytest.raises(AssertionError, match=r"largest difference from yours"):
        exhibit["check"](exhibit["bug"])


def test_normal_mixing_leaves_the_segment_two_times_in_three(lesson):
    """P(alpha < 0 or alpha > 1) for alpha ~ N(0, 1) is 1 - (Phi(1) - Phi(0)) = .6587."""
    alpha = lesson["museum"][NAMES[0]]["bug"](10**6)
    assert float(((alpha < 0) | (alpha > 1)).double().mean()) == pytest.approx(0.65866, abs=0.002)


def test_an_epsilon_of_eight_tenths_shrinks_unit_variance(lesson):
    """1 / sqrt(1 + .8) = .745."""
    out = lesson["museum"][NAMES[3]]["bug"]()(lesson["unit"])
    np.testing.assert_allclose(out.std(0, correction=0).detach(), 1 / np.sqrt(1.8), rtol=1e-5)


def test_a_double_sigmoid_cannot_fall_below_its_floor(lesson):
    """softplus(-1) + softplus(0) = .3133 + .6931."""
    loss = lesson["museum"][NAMES[5]]["bug"](torch.full((4, 1), 100.0))
    assert float(loss) == pytest.approx(np.log1p(np.exp(-1)) + np.log(2), abs=1e-6)


def test_a_mean_over_a_ragged_batch_moves_the_best_D(lesson):
    """The best constant D of -96 log D - 256 log(1 - D) is 96 / 352."""
    assert float(lesson["torn_D"](lesson["museum"][NAMES[6]]["bug"])) == pytest.approx(96 / 352, abs=1e-3)


def test_a_frozen_D_moves_by_exactly_nothing(lesson):
    assert lesson["share_moved"](lesson["museum"][NAMES[7]]["bug"], "D") == 0
    assert lesson["share_moved"](lesson["museum"][NAMES[7]]["bug"], "G") == 1


def test_the_packages_gradient_penalty_has_none_of_the_three_bugs():
    """D(x) = sum(x) / 2 on 2x2 pixels has slope 1; a flat D has penalty 1 and a finite gradient."""
    from gancourse.pt.losses import gradient_penalty

    real, fake = torch.zeros(5, 1, 2, 2), torch.ones(5, 1, 2, 2)
    linear = lambda x: x.flatten(1).sum(1, keepdim=True) / 2
    assert float(gradient_penalty(linear, real, fake, torch.rand(5))) == pytest.approx(0, abs=1e-6)
    w = torch.zeros(4, 1, requires_grad=True)
    penalty = gradient_penalty(lambda x: x.flatten(1) @ w, real, fake, torch.rand(5))
    penalty.backward()
    assert penalty.item() == pytest.approx(1, abs=1e-5) and w.grad.isfinite().all()
