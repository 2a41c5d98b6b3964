"""Portraits that one can ask for: labels and pictures belong together."""

import numpy as np
import pytest

from gancourse.data.synthetic.faces import HAIR_COLOURS
from gancourse.data.synthetic.portraits import COLUMNS, ask_for, meaning, portraits, share_all_right, shares_right
from gancourse.errors import CourseError


def test_each_has_one_hair_style_and_one_colour():
    few, many = portraits(3, seed=4), portraits(3, seed=4)
    assert few.images.shape == (3, 32, 32, 3) and few.images.dtype == np.uint8
    assert (few.images == many.images).all() and (few.labels == many.labels).all()
    labels = portraits(400, size=8).labels
    assert (labels[:, :3].sum(1) == 1).all() and (labels[:, 3:7].sum(1) == 1).all()
    shares = labels.mean(0)
    assert np.abs(shares[:3] - 1 / 3).max() < 0.1
    assert np.abs(shares[3:7] - 1 / 4).max() < 0.1 and np.abs(shares[7:] - 1 / 2).max() < 0.1


def test_a_wish_in_words():
    assert ask_for("ginger curls, glasses, laughing").tolist() == [[0, 0, 1, 0, 0, 1, 0, 1, 1]]
    assert ask_for("short black", "long blue glasses").tolist() == [
        [1, 0, 0, 1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0, 1, 1, 0]]
    assert COLUMNS == ("short", "long", "curls", "black", "blond", "ginger", "blue", "glasses", "laughing")
    for wrong in ("curls", "ginger", "red curls", "ginger curls long"):
        with pytest.raises(CourseError):
            ask_for(wrong)


def test_what_is_asked_for_is_painted():
    """Of one person under two labels, the crown of the head has the colour of the hair."""
    drawn = portraits(300, size=64, seed=1)
    hair = np.array([*HAIR_COLOURS.values()])[meaning(drawn.labels)["hair_colour"]]
    crown = drawn.images[:, 16:20, 30:34].reshape(300, -1, 3).astype(float)
    gap = np.abs(crown - hair[:, None]).max(2).min(1)  # one of these pixels is pure hair
    assert np.median(gap) < 15


def test_the_share_that_is_right_by_hand():
    labels = ask_for("short black", "curls ginger glasses", "long blond laughing", "curls blue")
    read = {"hair_style": np.array([1, 3, 3, 3]), "hair_colour": np.array([0, 4, 3, -1]),
            "glasses": np.array([0, 3, 0, 0]), "mouth_open": np.array([0, 0, 0, 0])}
    assert shares_right(read, labels) == {"hair_style": 0.75, "hair_colour": 0.75, "glasses": 1.0, "mouth_open": 0.75}
    assert share_all_right(read, labels) == 0.5  # the first two
