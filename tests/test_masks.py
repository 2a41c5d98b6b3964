"""Holes: how many pixels they take, that they are repeated exactly, and a clear word about files that do not fit."""

import numpy as np
import pytest
from PIL import Image

from gancourse.data import masks

SHAPE = (28, 28, 1)


def test_a_quarter_in_the_centre_of_28_pixels_is_a_square_of_14():
    (hole,) = masks.make_holes("centre", 1, SHAPE, 0.25)
    rows, columns = np.nonzero(hole)
    assert hole.sum() == 14 * 14 and (rows.min(), rows.max(), columns.min(), columns.max()) == (7, 20, 7, 20)


@pytest.mark.parametrize("name, edge", [("top", np.s_[:7]), ("bottom", np.s_[-7:]), ("left", np.s_[:, :7]),
                                        ("right", np.s_[:, -7:])])
def test_a_side_loses_its_quarter_and_nothing_else(name, edge):
    (hole,) = masks.make_holes(name, 1, SHAPE, 0.25)
    assert hole[edge].all() and hole.sum() == 7 * 28


def test_specks_take_the_same_number_of_pixels_from_each_image_but_other_ones():
    holes = masks.make_holes("specks", 5, (10, 20), 0.3, seed=1)
    assert (holes.sum((1, 2)) == 60).all() and not np.array_equal(holes[0], holes[1])


def test_scribbles_stop_when_the_share_is_reached_to_within_the_pen():
    """One more dab of a pen of .08 x 28 pixels covers at most 5 x 5 pixels."""
    holes = masks.make_holes("scribbles", 20, SHAPE, 0.3, seed=1)
    missing = holes.sum((1, 2))
    assert (missing >= 0.3 * 784).all() and (missing <= 0.3 * 784 + 25).all()
    assert not np.array_equal(holes[0], holes[1])


@pytest.mark.parametrize("name", masks.NAMES)
def test_holes_are_a_function_of_their_arguments(name):
    a, b = (masks.make_holes(name, 4, (12, 16, 3), 0.2, seed=7) for _ in range(2))
    assert a.shape == (4, 12, 16) and a.dtype == bool and np.array_equal(a, b)
    assert np.array_equal(masks.make_holes(name, 2, (12, 16, 3), 0.2, seed=7), a[:2]), "more holes change none"


@pytest.mark.parametrize("name", masks.NAMES)
@pytest.mark.parametrize("share", [0.001, 0.95])
def test_every_hole_leaves_something_missing_and_something_known(name, share):
    for hole in masks.make_holes(name, 3, (8, 8), share):
        assert masks.check_hole(hole, (8, 8)) is hole


def test_training_holes_are_of_every_kind_and_leave_something():
    holes = masks.training_holes(2000, SHAPE, seed=3)
    missing = holes.mean((1, 2))
    assert holes.shape == (2000, 28, 28) and missing.min() > 0 and missing.max() < 1
    assert np.quantile(missing, 0.1) < 0.15 and np.quantile(missing, 0.9) > 0.4
    boxes = [h for h in holes if h.sum() == h.any(1).sum() * h.any(0).sum()]
    assert 0.45 < len(boxes) / 2000 < 0.55, "half are boxes: all of some rows times all of some columns"
    assert np.array_equal(holes, masks.training_holes(2000, SHAPE, seed=3))


def test_training_holes_of_tiny_images_leave_something_too():
    holes = masks.training_holes(300, (2, 2), seed=0)
    assert holes.any((1, 2)).all() and not holes.all((1, 2)).any()


def test_a_drawn_hole_comes_back_from_its_file(tmp_path):
    (hole,) = masks.make_holes("scribbles", 1, SHAPE, 0.3)
    path = tmp_path / "new folder" / "mask.png"
    masks.save_hole(path, hole)
    assert np.array_equal(masks.read_hole(path, SHAPE), hole)
    again = masks.make_holes(f"file:{path}", 3, SHAPE)
    assert again.shape == (3, 28, 28) and (again == hole).all()


def picture(path, array):
    Image.fromarray(array.astype(np.uint8)).save(path)
    return f"file:{path}"


def test_files_that_do_not_fit_are_named_with_the_fix(tmp_path):
    half = np.zeros((28, 28))
    half[:, :14] = 255
    assert masks.make_holes(picture(tmp_path / "half.png", half), 1, SHAPE).mean() == 0.5
    with pytest.raises(ValueError, match=r"wide.png.*it is 40 x 28 pixels, the images are 28 x 28: scale it to"):
        masks.make_holes(picture(tmp_path / "wide.png", np.zeros((28, 40))), 1, SHAPE)
    with pytest.raises(ValueError, match="black.png.*nothing is missing: paint white"):
        masks.make_holes(picture(tmp_path / "black.png", np.zeros((28, 28))), 1, SHAPE)
    with pytest.raises(ValueError, match="white.png.*everything is missing: leave some pixels black"):
        masks.make_holes(picture(tmp_path / "white.png", np.full((28, 28), 255)), 1, SHAPE)
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(ValueError, match="text.png.*not an image, or is damaged"):
        masks.make_holes(f"file:{tmp_path / 'text.png'}", 1, SHAPE)
    with pytest.raises(FileNotFoundError, match="nowhere.png"):
        masks.make_holes(f"file:{tmp_path / 'nowhere.png'}", 1, SHAPE)


def test_unknown_names_and_shares_are_refused():
    with pytest.raises(ValueError, match="did you mean 'centre'.*file:PATH"):
        masks.make_holes("center", 1, SHAPE)
    for empty in ("file:", "file"):
        with pytest.raises(ValueError, match="unknown"):
            masks.make_holes(empty, 1, SHAPE)
    for share in (0, -0.1, 1.0, float("nan")):
        with pytest.raises(ValueError, match="share"):
            masks.make_holes("centre", 1, SHAPE, share)
