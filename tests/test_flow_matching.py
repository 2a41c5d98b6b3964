"""Flow matching against what is known exactly: between two normal distributions the velocity is a formula."""

import numpy as np
import pytest
import torch
from torch import nn

from gancourse.errors import CourseError
from gancourse.pt import flow_matching as fm
from gancourse.pt.models import seeded


def exact(m, s):
    """The velocity that carries N(0, 1) to N(m, s^2) on straight ways: E[x1 - x0 | x(t) = x].

    x(t) is normal with mean t m and variance (1 - t)^2 + t^2 s^2, and its covariance with x1 - x0 is
    t s^2 - (1 - t), so the regression line is m + (t s^2 - (1 - t)) / variance * (x - t m).
    """
    def v(x, t):
        t = t.reshape(-1, *[1] * (x.ndim - 1))
        return m + (t * s**2 - (1 - t)) / ((1 - t) ** 2 + t**2 * s**2) * (x - t * m)
    return v


class Line(nn.Module):
    """A velocity in the plane of one dimension that is a line in x at each of a few times, and its own answer key."""

    def __init__(self, times=11):
        super().__init__()
        self.a = nn.Parameter(torch.zeros(times))
        self.b = nn.Parameter(torch.zeros(times))

    def forward(self, x, t):
        place = t * (len(self.a) - 1)
        low = place.floor().long().clamp(max=len(self.a) - 2)
        share = place - low
        a = (1 - share) * self.a[low] + share * self.a[low + 1]
        b = (1 - share) * self.b[low] + share * self.b[low + 1]
        return a[:, None] + b[:, None] * x


def test_the_loss_of_a_still_velocity_is_the_mean_square_of_the_way():
    """x0 = 1 and x1 = 4: the way has velocity 3 at every time, and v = 0 misses it by 9."""
    x0, x1, t = torch.ones(5, 2), torch.full((5, 2), 4.0), torch.linspace(0, 1, 5)
    assert fm.flow_loss(lambda x, t: torch.zeros_like(x), x1, x0, t) == 9
    assert fm.flow_loss(lambda x, t: torch.full_like(x, 3.0), x1, x0, t) == 0


def test_the_point_on_the_way_is_noise_at_0_and_data_at_1():
    seen = []
    x1 = torch.full((3, 1), 8.0)
    fm.flow_loss(lambda x, t: seen.append(x) or x, x1, torch.zeros(3, 1), torch.tensor([0, 0.25, 1]))
    assert seen[0].flatten().tolist() == [0, 2, 8]


def test_no_velocity_has_a_smaller_loss_than_the_mean_of_the_ways():
    """The exact one leaves the variance of the ways around their mean; any shift of it costs the shift squared."""
    generator = torch.Generator().manual_seed(0)
    x0 = torch.randn(200_000, 1, generator=generator)
    x1 = 2 + 0.5 * torch.randn(200_000, 1, generator=generator)
    t = torch.rand(200_000, generator=generator)
    best = exact(2.0, 0.5)
    least = fm.flow_loss(best, x1, x0, t)
    assert fm.flow_loss(lambda x, t: best(x, t) + 0.3, x1, x0, t) - least == pytest.approx(0.09, abs=0.01)
    assert fm.flow_loss(lambda x, t: 1.2 * best(x, t), x1, x0, t) > least


@pytest.mark.parametrize("m, s", [(2.0, 0.5), (-1.0, 3.0)])
def test_the_exact_velocity_carries_noise_to_data_by_a_line(m, s):
    """In one dimension order is kept, so the point z must arrive at m + s z."""
    z = torch.linspace(-2, 2, 9)[:, None]
    arrived = fm.follow(exact(m, s), z, 200)
    assert torch.allclose(arrived, m + s * z, atol=2e-3)


def test_heuns_error_falls_with_the_square_of_the_steps():
    z = torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None]
    errors = [(fm.follow(exact(2.0, 0.5), z, n) - (2 + 0.5 * z)).abs().max() for n in (40, 80)]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)
    with pytest.raises(CourseError):
        fm.follow(exact(0.0, 1.0), z, 0)


def test_training_finds_the_exact_velocity_between_two_normal_distributions():
    """Where points are: at each time within two deviations of their mean."""
    m, s = 2.0, 0.5
    flow = fm.make_flow(Line(), learning_rate=2e-2, ema_decay=0.99, seed=1)
    rng = np.random.default_rng(0)
    for k in range(1200):
        fm.flow_step(flow, (m + s * rng.standard_normal((512, 1))).astype(np.float32), k)
    for time in (0.2, 0.5, 0.8):
        spread = ((1 - time) ** 2 + time**2 * s**2) ** 0.5
        x = time * m + spread * torch.linspace(-2, 2, 5)[:, None]
        t = torch.full((5,), time)
        with torch.no_grad():
            assert torch.allclose(flow.v_ema(x, t), exact(m, s)(x, t), atol=0.15), time
    points = fm.sample(flow, fm.draw_flow_noise(flow, 4000, (1,)), steps=30)
    assert points.mean() == pytest.approx(m, abs=0.08) and points.std() == pytest.approx(s, abs=0.08)


def test_the_net_answers_images_with_images_and_the_time_matters():
    net = seeded(fm.VelocityNet, 3, width=4, seed=0)
    x = torch.randn(2, 3, 28, 28)
    early, late = (net(x, torch.full((2,), time)) for time in (0.1, 0.9))
    assert early.shape == x.shape and not torch.allclose(early, late)


def test_a_step_repeats_and_leaves_torchs_generator_alone():
    losses = []
    for _ in range(2):
        flow = fm.make_flow(seeded(fm.VelocityNet, 1, width=4, seed=0), seed=3)
        torch.manual_seed(len(losses))
        before = torch.random.get_rng_state()
        losses.append(fm.flow_step(flow, np.zeros((4, 8, 8, 1), np.float32), 7)["loss"].item())
        assert torch.equal(torch.random.get_rng_state(), before)
    assert losses[0] == losses[1]


def test_samples_are_images_channels_last_in_their_range_and_repeat():
    flow = fm.make_flow(seeded(fm.VelocityNet, 3, width=4, seed=0), seed=3)
    noise = fm.draw_flow_noise(flow, 5, (8, 8, 3))
    images = fm.sample(flow, noise, steps=2)
    assert images.shape == (5, 8, 8, 3) and images.dtype == np.float32 and np.abs(images).max() <= 1
    assert np.array_equal(images, fm.sample(flow, fm.draw_flow_noise(flow, 5, (8, 8, 3)), steps=2))
    assert len(fm.sample(flow, noise[:0], steps=2)) == 0


@pytest.mark.parametrize("options", [{"learning_rate": 0}, {"ema_decay": 1.5}])
def test_settings_out_of_range_are_refused(options):
    with pytest.raises(CourseError):
        fm.make_flow(Line(), **options)
