"""The stroke digits: reproducible, of any number and size, and what they say they are."""

import numpy as np
import pytest

from gancourse.data.synthetic.digits import SKELETONS, strokes


def test_the_same_seed_draws_the_same_and_another_does_not():
    assert np.array_equal(strokes(60, seed=3).images, strokes(60, seed=3).images)
    assert not np.array_equal(strokes(60, seed=3).images, strokes(60, seed=4).images)


def test_the_first_drawings_do_not_depend_on_how_many_are_asked_for():
    few, many = strokes(40), strokes(1200)
    assert np.array_equal(few.images, many.images[:40]) and np.array_equal(few.slant, many.slant[:40])


@pytest.mark.parametrize("size", [8, 28, 40])
def test_any_size_shows_the_same_drawing(size):
    """Shrunk to 8x8, a drawing looks the same from every size."""
    a, b = strokes(100, size=size), strokes(100, size=32)
    assert a.images.shape == (100, size, size, 1) and np.array_equal(a.labels, b.labels)
    shrink = lambda x: x.reshape(100, 4, x.shape[1] // 4, 4, x.shape[1] // 4).mean((2, 4)) / 255
    assert np.abs(shrink(a.images[..., 0]) - shrink(b.images[..., 0])).mean() < 0.06


def test_every_digit_and_every_skeleton_comes_equally_often():
    s = strokes(20_000)
    assert np.bincount(s.labels) / 20_000 == pytest.approx(0.1, abs=0.01)
    for digit, skeletons in SKELETONS.items():
        shares = np.bincount(s.variants[s.labels == digit]) / (s.labels == digit).sum()
        assert shares == pytest.approx(1 / len(skeletons), abs=0.05)


def test_thicker_pens_leave_more_ink():
    s = strokes(3000)
    zeros = s.labels == 0
    assert np.corrcoef(s.thickness[zeros], s.images[zeros].mean((1, 2, 3)))[0, 1] > 0.8


def test_slant_leans_the_ink():
    """A shear moves ink at height y (down) by -slant y: the slope of x on y within an image is about -slant."""
    s = strokes(4000)
    ones = np.flatnonzero((s.labels == 1) & (s.variants == 0))
    axis = np.arange(28) - 13.5
    slopes = []
    for image in s.images[ones, ..., 0] / 255:
        y, x = np.repeat(axis, 28), np.tile(axis, 28)
        slopes.append(-np.cov(x, y, aweights=image.ravel())[0, 1] / np.cov(y, aweights=image.ravel()))
    assert np.corrcoef(slopes, s.slant[ones])[0, 1] > 0.7


def test_ink_stays_off_the_border():
    images = strokes(5000).images
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], 1)
    assert (border > 0).any(axis=(1, 2)).mean() < 0.01


@pytest.mark.parametrize("wrong", [{"n": 0}, {"n": 5, "size": 4}])
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError, match="n >= 1 and size >= 8"):
        strokes(**wrong)
