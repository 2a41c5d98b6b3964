"""Scores of texture, content and strokes: each tells apart what it claims to tell apart."""

import numpy as np
import pytest

from gancourse.data.synthetic import brushwork
from gancourse.metrics import textures


def rgb(gray):
    """A gray picture in [0, 1] as uint8 colour."""
    return np.repeat((np.clip(gray, 0, 1) * 255).astype(np.uint8)[..., None], 3, axis=-1)


def stripes(angle, period=6.0, size=96):
    """A sine grating whose stripes run along `angle`."""
    y, x = np.mgrid[:size, :size]
    return 0.5 + 0.4 * np.sin(2 * np.pi * (y * np.cos(angle) - x * np.sin(angle)) / period)


def between(a, b):
    """The difference of two directions: at most a quarter turn."""
    return np.abs((a - b + np.pi / 2) % np.pi - np.pi / 2)


@pytest.mark.parametrize("angle", [0.0, 0.5, 1.2, np.pi / 2, 2.5])
def test_directions_run_along_the_stripes(angle):
    found, strength = brushwork.directions(stripes(angle, period=12), blur=1.0)
    middle = slice(20, -20), slice(20, -20)
    assert between(found[middle], angle).max() < 0.02
    assert strength.min() >= 0


def test_flow_follows_an_edge_and_swirls_where_it_is_flat():
    gray = np.full((128, 128), 0.2)
    gray[:, 64:] = 0.8
    picture = rgb(gray + 0.005 * np.random.default_rng(0).standard_normal(gray.shape))
    one, two = brushwork.flow(picture, seed=1), brushwork.flow(picture, seed=2)
    assert between(one[20:-20, 64], np.pi / 2).max() < 0.1  # the edge is vertical
    assert between(one[:, :32], two[:, :32]).mean() > 0.3  # no edge here: the seed decides
    assert np.array_equal(one, brushwork.flow(picture, seed=1))


def test_streaks_are_long_along_the_field_and_short_across():
    bank = brushwork.streaks(np.zeros((96, 160)), num=2, seed=1)
    assert bank.shape == (2, 3, 96, 160) and bank.dtype == np.float32
    assert np.abs(bank.mean(axis=(2, 3))).max() < 1e-5 and np.abs(bank.std(axis=(2, 3)) - 1).max() < 1e-4
    along, across = ((bank[..., :-9] * bank[..., 9:]).mean(axis=(0, 2, 3)),
                     (bank[..., :-9, :] * bank[..., 9:, :]).mean(axis=(0, 2, 3)))
    assert (along > across + 0.25).all()
    assert not np.allclose(bank[0], bank[1])


def test_smear_keeps_a_constant_and_averages_a_line():
    assert np.allclose(brushwork.smear(np.full((3, 20, 20), 0.7), np.ones((20, 20)), 5), 0.7)
    dot = np.zeros((21, 21))
    dot[10, 10] = 1
    line = brushwork.smear(dot, np.zeros((21, 21)), 4)
    assert np.allclose(line[10, 6:15], 1 / 9) and line.sum() == pytest.approx(1)


def test_smear_does_not_turn_back_where_the_angle_wraps():
    """Angles 0 and pi are one direction: a field that jumps between them is still a straight line."""
    noise = np.random.default_rng(0).standard_normal((3, 40, 40))
    field = np.where(np.arange(40) % 2, 0.0, np.pi) * np.ones((40, 1))
    straight, jumping = brushwork.smear(noise, np.zeros((40, 40)), 6), brushwork.smear(noise, field, 6)
    assert np.allclose(straight[..., 7:-7], jumping[..., 7:-7], atol=0.02)


def test_texture_distance_orders_textures():
    rng = np.random.default_rng(0)
    fine, coarse = stripes(0.3, period=5), stripes(0.3, period=20)
    noisy = lambda a: rgb(a + 0.02 * rng.standard_normal(a.shape))
    same, other, turned = (textures.texture_distance(noisy(fine), noisy(a))
                           for a in (fine, coarse, stripes(1.8, period=5)))
    assert 0 <= same < 0.2 * other and same < 0.2 * turned


def test_texture_distance_does_not_see_slow_changes_of_brightness():
    a = 0.5 + 0.1 * np.random.default_rng(0).standard_normal((96, 96))
    ramp = np.linspace(-0.15, 0.15, 96)
    plain = textures.texture_distance(rgb(a), rgb(a))
    assert textures.texture_distance(rgb(a), rgb(a + ramp)) < plain + 0.01


def test_content_correlation():
    y, x = np.mgrid[:80, :104]
    a = rgb(0.5 + 0.3 * np.sin(x / 15) * np.cos(y / 20))
    assert textures.content_correlation(a, a) == pytest.approx(1)
    assert textures.content_correlation(a, 255 - a) == pytest.approx(-1, abs=1e-3)
    assert textures.content_correlation(a, (a // 2).astype(np.uint8)) > 0.999
    assert abs(textures.content_correlation(a, a[::-1, ::-1])) < 0.9


def test_stroke_score_tells_hatching_from_grain():
    grain = rgb(0.5 + 0.2 * np.random.default_rng(0).standard_normal((96, 96)))
    assert textures.stroke_score(rgb(stripes(0.7))) > 0.9
    assert textures.stroke_score(grain) < 0.4


def test_expose_moves_the_luminance_and_keeps_the_drawing():
    picture = np.random.default_rng(0).integers(60, 180, (40, 48, 3)).astype(np.uint8)
    shown = brushwork.expose(picture, 0.4, 0.1)
    light = brushwork.luminance((shown + 1) * 127.5)
    assert light.mean() == pytest.approx(0.4, abs=1e-3) and light.std() == pytest.approx(0.1, abs=1e-3)
    assert np.corrcoef(light.ravel(), brushwork.luminance(picture).ravel())[0, 1] > 0.999
    assert np.isfinite(brushwork.expose(np.zeros((8, 8, 3), np.uint8), 0.4, 0.1)).all()
