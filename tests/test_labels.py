"""Labels are checked, drawn so many of each class, and a test image that was trained on is found."""

import numpy as np
import pytest

from gancourse.data.labels import (
    check_classes,
    check_labels,
    draw_labelled,
    find_shared,
    folder_classes,
    is_hidden,
    labelled_sizes,
)
from gancourse.data.registry import load

Y = np.repeat(np.arange(3), [4, 2, 5])


def test_the_class_of_a_file_is_its_top_folder():
    labels, names = folder_classes(["dogs/1.png", "cats/black/1.png", "2.png", "cats/2.png"])
    assert names == ["", "cats", "dogs"]
    assert labels.tolist() == [2, 1, 0, 1] and labels.dtype == np.int64


@pytest.mark.parametrize("name, hidden", [
    ("a/b.png", False), ("a.b/c.png", False), ("a/._b.png", True), (".thumbnails/b.png", True),
    ("__MACOSX/a/b.wav", True)])
def test_files_that_are_not_the_readers_own(name, hidden):
    assert is_hidden(name) == hidden


def test_labels_come_back_as_int64():
    assert check_labels([0, 2, 1], 3).dtype == np.int64


@pytest.mark.parametrize("y, hint", [([0, 3], "label 3 is out of range: 3 classes have the labels 0 to 2"),
                                     ([-1, 1], "label -1 is out of range"),
                                     ([0.0, 1.0], "whole numbers"), ([[0], [1]], r"not int64 \(2, 1\)")])
def test_a_label_without_a_place_is_refused(y, hint):
    with pytest.raises(ValueError, match=hint):
        check_labels(np.array(y), 3)


def test_classes_are_counted():
    assert check_classes(Y) == 3
    assert check_classes(np.array([0, 1, 0, 1, 1]), least=2) == 2


def test_a_class_with_too_few_images_is_named():
    with pytest.raises(ValueError, match="npz:me has 2 training images of class 0; these settings need 3 of each"):
        check_classes(np.array([0, 1, 0, 1, 1]), "npz:me", least=3)


@pytest.mark.parametrize("y, hint", [(np.zeros(5, int), "folder:cats has no labels"),
                                     (np.array([0, 2]), "no image with label 1")])
def test_a_data_set_without_labels_is_refused(y, hint):
    with pytest.raises(ValueError, match=hint):
        check_classes(y, "folder:cats")


def test_two_of_each_class_are_drawn_by_the_seed():
    rows = draw_labelled(Y, 2, seed=0)
    assert Y[rows].tolist() == [0, 0, 1, 1, 2, 2] and len(set(rows.tolist())) == 6
    assert rows.tolist() == draw_labelled(Y, 2, seed=0).tolist()
    assert any(rows.tolist() != draw_labelled(Y, 2, seed=s).tolist() for s in (1, 2, 3))


def test_fewer_are_among_more():
    y = np.repeat(np.arange(3), 50)
    assert set(draw_labelled(y, 5, seed=4)) < set(draw_labelled(y, 20, seed=4))


@pytest.mark.parametrize("per_class", [3, 0])
def test_more_than_a_class_has_is_refused(per_class):
    with pytest.raises(ValueError, match="class 1 has only 2: take a number from 1 to 2"):
        draw_labelled(Y, per_class)


def test_sizes_are_read_from_a_text():
    assert labelled_sizes("2, 1,2", Y) == [1, 2]


@pytest.mark.parametrize("text, hint", [("2,x", "whole numbers with commas between"), ("", "such as '5,50'"),
                                        ("1,3", "class 1 has only 2"), ("-1", "a number from 1 to 2")])
def test_sizes_that_cannot_be_are_refused(text, hint):
    with pytest.raises(ValueError, match=hint):
        labelled_sizes(text, Y)


def test_a_leak_is_noticed():
    """Ten images; the test set holds the fourth of them, and one with a single pixel changed."""
    train = np.random.default_rng(0).integers(0, 256, (10, 4, 4, 1), dtype=np.uint8)
    changed = train[5].copy()
    changed[0, 0] ^= 1
    test = np.stack([changed, train[3], 255 - train[7]])
    assert find_shared(train, test).tolist() == [1]
    assert find_shared(train[:3], test).tolist() == []


def test_images_that_cannot_be_compared_are_refused():
    """A float copy of a byte image is never equal to it: the leak would be overlooked."""
    train = np.zeros((2, 4, 4, 1), np.uint8)
    with pytest.raises(ValueError, match="compare both as they were loaded"):
        find_shared(train, train.astype(np.float32))


def test_a_file_that_holds_each_image_twice_leaks_and_dropping_mends_it(tmp_path):
    """`data.load` keeps 5 of the 50 images for testing; the twins of some of them are trained on."""
    x = np.random.default_rng(0).integers(0, 256, (25, 8, 8), dtype=np.uint8).repeat(2, axis=0)
    np.savez(tmp_path / "own.npz", x_train=x, y_train=np.arange(50) // 10)
    own = load(f"npz:{tmp_path / 'own.npz'}")
    leaks = find_shared(own.x_test, own.x_train)
    assert 1 <= len(leaks) <= 5
    kept = np.delete(own.x_train, leaks, axis=0)
    assert len(kept) == 45 - len(leaks) and len(find_shared(kept, own.x_test)) == 0


def test_a_folder_without_classes_is_refused_and_told_how(tmp_path):
    from PIL import Image

    for i in range(12):
        Image.fromarray(np.full((8, 8), 20 * i, np.uint8)).save(tmp_path / f"{i}.png")
    flat = load(f"folder:{tmp_path}", resolution=8)
    with pytest.raises(ValueError, match="put the images of each class into a folder of its own"):
        check_classes(flat.y_train, flat.name)
