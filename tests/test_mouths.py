"""The reader of mouths is right on faces that nobody has changed."""

import numpy as np

from gancourse.course.studies.completion.mouths import (
    SMILES,
    changed_pixels,
    every_mouth,
    face_holes,
    kept,
    read_mouths,
)
from gancourse.data.synthetic.faces import draw, faces

DRAWN = faces(60, seed=3)
MOUTHS = every_mouth(DRAWN.attributes)
EVERYWHERE = np.ones((60, 32, 32), bool)


def test_whole_faces_are_read_right():
    is_open, smile = read_mouths(DRAWN.images, MOUTHS, EVERYWHERE)
    assert np.array_equal(is_open, DRAWN.attributes.mouth_open == 1)
    assert np.abs(smile - DRAWN.attributes.smile).max() < 0.2  # SMILES lie .25 apart


def test_another_smile_is_seen_and_only_where_we_look():
    others = DRAWN.attributes._replace(smile=np.full(60, SMILES[5], np.float32))
    _, smile = read_mouths(draw(others), MOUTHS, EVERYWHERE)
    assert np.abs(smile - SMILES[5]).max() < 1e-6
    nowhere, _ = read_mouths(DRAWN.images, MOUTHS, ~EVERYWHERE)
    assert not nowhere.any()


def test_no_mouth_reaches_out_of_its_hole_and_half_a_head_tells_it():
    people = faces(300, seed=5)
    mouths = every_mouth(people.attributes)
    inside = face_holes("the mouth", 300)
    assert changed_pixels(mouths, people.images, ~inside) == 0 < changed_pixels(mouths, people.images, inside)
    half = face_holes("half the head", 300)
    open_as_it_was, r = kept(people.images, people.attributes, mouths, ~half)
    assert open_as_it_was == 1 and r > 0.95
