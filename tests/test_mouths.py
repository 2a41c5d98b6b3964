"""The reader of mouths is right on faces that nobody has changed."""

import numpy as np

from gancourse.course.studies.completion.mouths import (
    SMILES,
    blurred_like,
    changed_pixels,
    every_mouth,
    face_holes,
    kept,
    read_mouths,
    roughness,
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


def test_steps_between_neighbours_are_counted_inside_alone():
    stripes = np.zeros((1, 4, 6, 3), np.uint8)
    stripes[:, :, ::2] = 10
    where = np.zeros((1, 4, 6), bool)
    where[:, 1:3, 1:4] = True
    assert roughness(stripes, where) == 10 and roughness(stripes + np.uint8(5), where) == 10


def test_a_blurred_face_is_as_smooth_as_the_fill_and_known_pixels_stay():
    gap = face_holes("half the head", 60)
    place = gap & face_holes("the mouth", 60)
    smear = blurred_like(DRAWN.images, np.full_like(DRAWN.images, 128), gap)
    assert roughness(smear, place) < roughness(DRAWN.images, place) / 2
    assert np.array_equal(smear[~gap], DRAWN.images[~gap])
    again = blurred_like(DRAWN.images, smear, gap)
    assert np.array_equal(again, smear)
    assert np.array_equal(blurred_like(DRAWN.images, DRAWN.images, gap), DRAWN.images)
