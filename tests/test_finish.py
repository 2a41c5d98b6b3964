"""Lesson 04's last picture: a finer brush where there is detail."""

import numpy as np

from gancourse.course.studies.style import finish, staging
from gancourse.data.synthetic import brushwork

GRAY = np.full((40, 48, 3), 120, np.uint8)


def half_striped():
    """Gray at the left, stripes of two rows at the right."""
    picture = np.full((64, 128, 3), 120, np.uint8)
    picture[:, 64:] = np.where(np.arange(64) // 2 % 2, 200, 40)[:, None, None]
    return picture


def test_a_gray_picture_has_no_detail():
    assert np.allclose(finish.detail(GRAY), 0, atol=1e-5)


def test_stripes_are_detail_and_the_flat_half_is_none():
    share = finish.detail(half_striped())
    assert share[:, :40].max() < 0.01
    assert share[:, 90:].min() > 0.9


def test_where_there_is_no_detail_the_directions_stay():
    angles = np.linspace(-1.5, 1.5, 64 * 128).reshape(64, 128)
    same = finish.closer(angles, half_striped(), np.zeros((64, 128)))
    assert np.allclose(np.cos(2 * same), np.cos(2 * angles))
    assert np.allclose(np.sin(2 * same), np.sin(2 * angles))


def test_where_there_is_detail_strokes_turn_along_the_stripes():
    upright = np.full((64, 128), np.pi / 2)
    turned = finish.closer(upright, half_striped(), np.ones((64, 128)))
    assert np.cos(2 * turned[20:40, 90:110]).min() > 0.9  # horizontal, as the stripes are
    assert np.cos(2 * upright).max() < -0.99


def test_what_g_is_given_has_the_shapes_of_its_training():
    picture = np.random.default_rng(0).integers(0, 256, (66, 83, 3), dtype=np.uint8)
    usual = staging.stage(picture, 1, 0.4, 0.2)
    finer = finish.stage(picture, 1, 0.4, 0.2)
    assert [part.shape for part in finer] == [part.shape for part in usual]
    assert all(part.dtype == usual[0].dtype for part in finer)
    assert finer[0].abs().max() <= 1


def test_streaks_are_weaker_where_there_is_detail():
    _, bank, _ = finish.stage(half_striped(), 0, 0.4, 0.2)
    assert bank[..., 90:].std() < 0.5 * bank[..., :40].std()


def test_richer_colours_keep_their_luminance_and_gray_stays_gray():
    assert (finish.richer(GRAY) == GRAY).all()
    brown = np.full((2, 2, 3), (140, 120, 100), np.uint8)
    stronger = finish.richer(brown)
    assert np.ptp(stronger[0, 0].astype(int)) == 50  # a spread of 40, a quarter more
    assert np.allclose(brushwork.luminance(stronger), brushwork.luminance(brown), atol=1 / 255)
