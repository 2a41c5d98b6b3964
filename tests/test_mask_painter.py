"""The drawing board: what its page holds, and how a painted hole comes back from it."""

import re
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from gancourse.notebook import mask_painter


def test_the_page_holds_the_image_and_asks_no_network():
    image = np.arange(12, dtype=np.uint8).reshape(3, 4, 1)
    page = mask_painter.page(image, "board-1")
    (photo,) = re.findall(r"data:image/png;base64,([^\"]+)", page)
    assert np.array_equal(np.asarray(Image.open(BytesIO(b64decode(photo)))), image[..., 0])
    assert "http" not in page and "src=" not in page.replace("photo.src", "")
    assert "const [w, h, size] = [4, 3, 77]" in page and 'width="308" height="231"' in page
    assert "$" not in page, "every blank of the template is filled"


def test_a_line_of_zeros_and_ones_is_a_hole_row_by_row():
    assert mask_painter.read_line("000110", (2, 3)).tolist() == [[False, False, False], [True, True, False]]


@pytest.mark.parametrize("line", ["", "00011", "0001100", "00x110"])
def test_another_line_is_refused(line):
    with pytest.raises(ValueError, match="6 of 0 and 1: run its cell again"):
        mask_painter.read_line(line, (2, 3))


def test_what_is_painted_reaches_the_answer(capsys):
    """The page's script writes into the text field; here we do."""
    shown, holes = [], []

    def answer(hole):
        holes.append(hole)
        if hole.all():
            raise ValueError("leave some pixels black")

    import IPython.display

    original = IPython.display.display
    IPython.display.display = lambda *parts: shown.extend(parts)
    try:
        mask_painter.show_mask_painter(np.zeros((2, 3, 1), np.uint8), answer)
    finally:
        IPython.display.display = original
    page, line, _ = shown
    (name,) = line._dom_classes
    assert f'id="{name}"' in page.data and f".{name} textarea" in page.data
    line.value = "000110"
    assert holes[0].sum() == 2
    line.value = "111111"  # what the answer refuses is a message, not a crash
    assert len(holes) == 2 and "leave some pixels black" in capsys.readouterr().out
