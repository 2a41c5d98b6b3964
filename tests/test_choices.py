"""Lesson 09's choices by name: where BatchNorm and spectral normalisation stand, penalties by hand, one step."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from torch import nn

from gancourse.course.studies.what_works import choices
from gancourse.errors import CourseError


def kinds(net, kind):
    return sum(isinstance(layer, kind) for layer in net.modules())


def spectral(net):
    return sum(nn.utils.parametrize.is_parametrized(layer) for layer in net)


@pytest.mark.parametrize("norm, in_G, in_D, stretched", [
    ("none", False, False, False), ("batch_G", True, False, False), ("batch_both", True, True, False),
    ("spectral", True, False, True), ("spectral_only", False, False, True)])
def test_each_norm_stands_where_its_name_says(norm, in_G, in_D, stretched):
    G, D = choices.make_networks("cnn", norm, (28, 28, 1))
    assert [kinds(G, nn.BatchNorm2d) > 0, kinds(D, nn.BatchNorm2d) > 0, spectral(D) > 0] == [in_G, in_D, stretched]
    assert spectral(G) == 0


@pytest.mark.parametrize("network", choices.NETWORKS)
def test_g_makes_images_that_d_judges(network):
    G, D = choices.make_networks(network, "batch_G", (28, 28, 1))
    fake = G(torch.randn(3, 32))
    assert fake.shape == (3, 1, 28, 28) and D(fake).numel() == 3


def test_unknown_names_are_refused():
    with pytest.raises(CourseError, match="networks are cnn, mlp, gru"):
        choices.make_networks("rnn", "none", (28, 28, 1))
    with pytest.raises(CourseError):
        choices.make_networks("cnn", "layer", (28, 28, 1))


def test_penalties_of_a_critic_with_gradient_2():
    """D(x) = 2 x_1 has a gradient of size 2 everywhere: R1 is 4, R1 + R2 is 8, and GP is (2 - 1)^2."""

    def D(x):
        return 2 * x[:, 0]

    real, fake = torch.randn(5, 3), torch.randn(5, 3)
    assert float(choices.r1(D, real, fake)) == pytest.approx(4)
    assert float(choices.r1r2(D, real, fake)) == pytest.approx(8)
    assert float(choices.gp(D, real, fake)) == pytest.approx(1)
    assert choices.PENALTIES["none"] is None and choices.PENALTIES["r1"].interval == 8


def test_a_step_is_subtracted_and_its_averages_come_back():
    seen = []

    def step(g, m, v, k, rate, beta1):
        seen.append((float(m), float(v), k))
        return rate * g, m + 1, v + beta1

    w = nn.Parameter(torch.tensor([5.0]))
    optimiser = choices.StepOptimiser([w], step, 0.5, 0.25)
    for _ in range(3):
        w.grad = torch.tensor([2.0])
        optimiser.step()
    assert float(w.detach()) == 2.0 and seen == [(0.0, 0.0, 1), (1.0, 0.25, 2), (2.0, 0.5, 3)]
