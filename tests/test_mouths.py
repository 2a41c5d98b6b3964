"""The reader of mouths is right on faces that nobody has changed."""

import numpy as np

from gancourse.course.studies.completion.mouths import SMILES, read_mouths
from gancourse.data.synthetic.faces import draw, faces

DRAWN = faces(60, seed=3)
EVERYWHERE = np.ones((60, 32, 32), bool)


def test_whole_faces_are_read_right():
    is_open, smile = read_mouths(DRAWN.images, DRAWN.attributes, EVERYWHERE)
    assert np.array_equal(is_open, DRAWN.attributes.mouth_open == 1)
    assert np.abs(smile - DRAWN.attributes.smile).max() < 0.2  # SMILES lie .25 apart


def test_another_smile_is_seen_and_only_where_we_look():
    others = DRAWN.attributes._replace(smile=np.full(60, SMILES[5], np.float32))
    _, smile = read_mouths(draw(others), DRAWN.attributes, EVERYWHERE)
    assert np.abs(smile - SMILES[5]).max() < 1e-6
    nowhere, _ = read_mouths(DRAWN.images, DRAWN.attributes, ~EVERYWHERE)
    assert not nowhere.any()
