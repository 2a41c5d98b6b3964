"""The slices of lesson 11: reproducible, and the lesion leaves no trace outside of its sector but the shift."""

import numpy as np
import pytest

from gancourse.data.synthetic import slices
from gancourse.errors import CourseError

MANY = slices.slices(3000)


def test_shape_seed_and_number():
    few = slices.slices(40, seed=0)
    assert few.images.shape == (40, 32, 32, 1) and few.images.dtype == np.uint8
    assert np.array_equal(few.images, MANY.images[:40])
    assert not np.array_equal(few.images, slices.slices(40, seed=1).images)
    assert slices.slices(2, size=48).images.shape == (2, 48, 48, 1)


@pytest.mark.parametrize("n, size", [(0, 32), (3, 20)])
def test_what_cannot_be_drawn_is_refused(n, size):
    with pytest.raises(CourseError, match="slices needs"):
        slices.slices(n, size)


def test_one_in_five_has_a_lesion_and_the_shifts_have_their_chances():
    lesion, shift = MANY.anatomy.lesion, MANY.anatomy.shift
    assert lesion.mean() == pytest.approx(slices.LESION, abs=0.03)
    for ill, chances in ((False, slices.SHIFT_HEALTHY), (True, slices.SHIFT_ILL)):
        found = np.bincount(shift[lesion == ill], minlength=4) / (lesion == ill).sum()
        assert found == pytest.approx(chances, abs=0.07) and sum(chances) == pytest.approx(1)


@pytest.mark.parametrize("size", [28, 32, 64])
def test_outside_of_the_sector_a_lesion_changes_no_byte(size):
    anatomy = slices.slices(400, size, seed=3).anatomy
    with_one, without = (slices.draw(anatomy._replace(lesion=np.full(400, ill)), size) for ill in (True, False))
    hole = slices.sector(size)
    assert np.array_equal(with_one[:, ~hole], without[:, ~hole])
    assert (with_one != without).any((1, 2, 3)).all()


@pytest.mark.parametrize("size", [28, 32, 64])
def test_the_reader_is_right_on_every_slice(size):
    drawn = slices.slices(2000, size, seed=4)
    for part in (1 / 2, 2 / 3):
        assert np.array_equal(slices.shows_lesion(drawn.images, part), drawn.anatomy.lesion)


def test_a_low_part_takes_some_nuclei_for_lesions_and_misses_none():
    shows = slices.shows_lesion(MANY.images, 1 / 3)
    assert shows[MANY.anatomy.lesion].all() and 0.02 < shows[~MANY.anatomy.lesion].mean() < 0.5


def test_the_chance_of_a_lesion_by_hand():
    """Of 100 slices 80 are healthy: 8 with shift 3; 20 are ill: 14 with shift 3.  So 14 of 22, and 1 of 33."""
    assert slices.chance_of_lesion(np.array([3, 0])) == pytest.approx([14 / 22, 1 / 33])


def test_an_honest_guess_by_hand():
    """Chances 1/13 and 3/7: it invents .75/13 + .25 x 3/7 and deletes .25 x 12/13 + .75 x 4/7."""
    invented, deleted = slices.honest_guess(np.array([0.75, 0.25]), np.array([0.25, 0.75]), 0.2)
    assert (invented, deleted) == (pytest.approx(0.164835, rel=1e-4), pytest.approx(0.659341, rel=1e-4))
    assert 0.8 * invented == pytest.approx(0.2 * deleted)


def test_mistakes_are_weighed_with_the_exact_chances():
    """A lesion in every fill at shift 3 and in half of those at shift 2: .1 + .5 x .2, and .1 + .5 x .2."""
    shift = np.array([0, 1, 2, 2, 3, 3, 3])
    shows = np.array([False, False, True, False, True, True, True])
    assert slices.weighed_mistakes(shows, shift) == (pytest.approx(0.2), pytest.approx(0.2))
    with pytest.raises(CourseError, match="every shift"):
        slices.weighed_mistakes(shows[:4], shift[:4])
