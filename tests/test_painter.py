"""The painter: same seed, same painting; another seed, other strokes; the picture is still the picture."""

import numpy as np
import pytest

from gancourse.data.synthetic.brushwork import luminance
from gancourse.data.synthetic.painter import paint
from gancourse.metrics.textures import content_correlation, stroke_score


@pytest.fixture(scope="module")
def photo():
    """A dark disc on a bright sky, with a little grain, 96 x 128."""
    y, x = np.mgrid[:96, :128]
    gray = np.where(np.hypot(y - 60, x - 64) < 25, 60, 200) + np.random.default_rng(0).integers(-8, 9, (96, 128))
    return np.stack([gray, gray, gray + 20], axis=-1).astype(np.uint8)


def test_same_seed_same_painting(photo):
    assert np.array_equal(paint(photo, 3), paint(photo, 3))


def test_another_seed_lays_other_strokes_on_the_same_picture(photo):
    one, two = paint(photo, 0), paint(photo, 1)
    assert (one != two).mean() > 0.5
    assert content_correlation(one, two) > 0.9


def test_it_keeps_size_type_and_content(photo):
    painting = paint(photo)
    assert painting.shape == photo.shape and painting.dtype == np.uint8
    assert content_correlation(painting, photo) > 0.9


def test_it_leaves_strokes_on_a_flat_sky(photo):
    sky = slice(0, 30)
    painting = paint(photo)[sky]
    assert luminance(painting).std() > 2 * luminance(photo[sky]).std()
    assert stroke_score(painting) > stroke_score(photo[sky]) + 0.2


def test_the_photograph_is_left_as_it_was(photo):
    before = photo.copy()
    paint(photo)
    assert np.array_equal(photo, before)


@pytest.mark.parametrize("bad", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 4), np.uint8), np.zeros((8, 8, 3))])
def test_other_shapes_and_types_are_refused(bad):
    with pytest.raises(ValueError, match=r"uint8 \(height, width, 3\)"):
        paint(bad)


def test_a_black_picture_can_be_painted():
    assert paint(np.zeros((40, 50, 3), np.uint8)).shape == (40, 50, 3)
