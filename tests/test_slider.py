"""A slider shows the picture of the place where it stands, without a kernel and without a network."""

import io
import json
import re
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

from gancourse.errors import CourseError
from gancourse.notebook import animation, slider


@pytest.fixture
def shown(monkeypatch):
    """What is displayed: a list of dicts by MIME type."""
    seen = []
    monkeypatch.setattr("IPython.display.display", lambda data, metadata, raw: seen.append(data))
    return seen


def gray(value):
    return np.full((6, 9, 3), value, np.uint8)


def pictures(page):
    """The mean gray of each picture in a page, in the order in which the page holds them."""
    (texts,) = re.findall(r"const frames = (.*);", page)
    files = [b64decode(text.removeprefix("data:image/webp;base64,")) for text in json.loads(texts)]
    return [round(np.asarray(Image.open(io.BytesIO(file))).mean()) for file in files]


def test_each_place_has_its_picture_and_its_label(shown):
    slider.show([gray(0), gray(100), gray(200)], {"step": [0, 10, 20]}, alt="it gets lighter", quality=100)
    page = shown[0]["text/html"]
    assert pictures(page) == [0, 100, 200]
    assert re.findall(r"const labels = (.*);", page) == ['[["0", "10", "20"]]']
    assert page.count("<input") == 1 and "step" in page and "▶ play" in page


def test_the_last_picture_stands_where_no_script_may_run(shown):
    slider.show([gray(0), gray(200)], {"step": [1, 2]}, alt="a < b", quality=100)
    (src,) = re.findall(r'<img alt="a &lt; b" src="data:image/webp;base64,([^"]+)"', shown[0]["text/html"])
    for text in (src, shown[0]["image/webp"]):
        assert np.asarray(Image.open(io.BytesIO(b64decode(text)))).mean() == 200


def test_of_two_sliders_the_last_moves_fastest_and_there_is_no_button(shown):
    frames = [gray(10 * i + j) for i in range(2) for j in range(3)]
    slider.show(frames, {"tens": [0, 10], "ones": [0, 1, 2]}, alt="numbers", quality=100)
    page = shown[0]["text/html"]
    assert pictures(page) == [0, 1, 2, 10, 11, 12]
    assert page.count("<input") == 2 and "k = k * labels[i].length" in page and "play</button>" not in page


def test_a_slider_may_begin_anywhere(shown):
    frames = [gray(10 * i + j) for i in range(2) for j in range(3)]
    for start in (0, (1, 1), -1):
        slider.show(frames, {"tens": [0, 10], "ones": [0, 1, 2]}, alt="numbers", quality=100, start=start)
    first = [np.asarray(Image.open(io.BytesIO(b64decode(data["image/webp"])))).mean() for data in shown]
    assert first == [0, 11, 12]
    assert re.findall(r'value="(\d)"', shown[1]["text/html"]) == ["1", "1"]


def test_an_animation_begins_to_play_by_itself_and_a_slider_does_not(shown):
    animation.animate([gray(0), gray(9)], alt="dark, then light")
    slider.show([gray(0), gray(9)], {"step": [1, 2]}, alt="dark, then light")
    assert "const plays = true;" in shown[0]["text/html"]
    assert "const plays = false;" in shown[1]["text/html"]


def test_a_page_asks_the_network_for_nothing(shown):
    slider.show([gray(0)], {"step": [1]}, alt="dark")
    assert not re.search(r"https?:|src=\"(?!data:)|@import|url\(", shown[0]["text/html"])


@pytest.mark.parametrize("count, axes", [
    (2, {"step": [1, 2, 3]}), (5, {"u": [1, 2], "v": [1, 2, 3]}), (0, {"step": []}), (1, {})])
def test_as_many_pictures_as_places_are_needed(count, axes):
    with pytest.raises(CourseError, match=f"{count} images for"):
        slider.show([gray(0)] * count, axes, alt="dark")
