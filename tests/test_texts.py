"""A text file becomes numbers that turn back into the text; what is no text is refused with the way out."""

import numpy as np
import pytest

from gancourse.data import texts

LINES = [f"the {a} cat sees {b} dogs." for a in ("old", "shy", "big", "red") for b in range(60)]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("\n".join([*LINES, "", LINES[0]]), encoding="utf-8")
    return path


@pytest.mark.parametrize("unit, line", [("words", "the old cat sees 7 dogs ."),
                                        ("characters", "the old cat sees 7 dogs.")])
def test_lines_come_back_and_a_tenth_is_held_out(file, unit, line):
    text = texts.read(file, unit=unit, length=30)
    train, held_out = text.text(text.train), text.text(text.held_out)
    assert len(held_out) == 24 and len(train) == 216, "240 different lines; an empty one and a repeat do not count"
    assert not set(train) & set(held_out) and line in {*train, *held_out}


def test_rare_units_share_a_number_and_long_lines_are_cut(file):
    text = texts.read(file, length=5, max_units=9)
    assert len(text.units) == 9 and text.train.max() <= 8 and text.train.shape[1] == 5
    assert all(line.count(" ") <= 4 for line in text.text(text.train))


def test_words_keep_apostrophes_and_marks_stand_alone():
    assert texts.WORD.findall("Don't go, Zoë!") == ["Don't", "go", ",", "Zoë", "!"]


def test_a_byte_order_mark_is_no_character(tmp_path):
    path = tmp_path / "bom.txt"
    path.write_bytes(b"\xef\xbb\xbf" + "\n".join(LINES).encode())
    assert "\ufeff" not in texts.read(path, unit="characters").units


def test_pieces_stop_at_the_end_of_the_line():
    assert texts.pieces(np.array([3, 4, 0, 0, 0]), 2) == [(3, 4), (4, 0)]
    assert texts.pieces(np.array([3, 4, 5]), 2) == [(3, 4), (4, 5)]


def test_overlap_is_the_share_of_pieces_that_the_reference_has():
    """Of (3,4), (4,5), (5,0) the reference has (3,4) and (5,0)."""
    reference = np.array([[3, 4, 0, 0], [5, 0, 0, 0]])
    rows = np.array([[3, 4, 5, 0], [3, 4, 0, 0], [0, 0, 0, 0]])
    assert texts.overlap(rows, reference, 2) == pytest.approx([2 / 3, 1, 0])


@pytest.mark.parametrize("data, message", [
    (b"", "is empty"), (b" \n\n ", "is empty"),
    ("\n".join(LINES).replace("old", "öld").encode("latin1"), "not UTF-8 text .byte 4 is 0xf6.: save it as UTF-8"),
    ("\n".join(LINES[:150]).encode(), "has 150 different lines that are not empty; 200 are needed"),
    ("\n".join(LINES[:1] * 500).encode(), "has 1 different lines"),
])  # fmt: skip
def test_what_cannot_be_learnt_from_is_refused(tmp_path, data, message):
    path = tmp_path / "bad.txt"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=message):
        texts.read(path)


def test_a_missing_file_a_folder_and_an_unknown_unit_are_named(tmp_path, file):
    with pytest.raises(FileNotFoundError, match="there is no file .*nowhere.txt.: give corpus=file:PATH"):
        texts.read(tmp_path / "nowhere.txt")
    with pytest.raises(ValueError, match="is a folder: give one text file"):
        texts.read(tmp_path)
    with pytest.raises(ValueError, match="did you mean 'words'"):
        texts.read(file, unit="word")
