"""A sentence about another lesson reads its numbers from that lesson, as it is stored."""

import json

import pytest

from gancourse.course.lessons import all_lessons
from gancourse.course.overview import stored_numbers
from gancourse.errors import CourseError


@pytest.fixture
def folder(tmp_path):
    """A course of two lessons: the first has measured two numbers, the second was never run."""
    table = {"results": {"width of the bell": 2.345678, "|x|, as a share": 0.5, "failed": "nan"}, "claims": []}
    outputs = [{"output_type": "display_data", "data": {"application/vnd.gancourse+json": table}}]
    for number, kept in ((1, outputs), (2, [])):
        cells = [{"cell_type": "code", "metadata": {}, "source": [], "outputs": kept}]
        notebook = {"cells": cells, "metadata": {"gancourse": {"lesson": number}}}
        (tmp_path / f"{number:02d}_x.ipynb").write_text(json.dumps(notebook))
    return tmp_path


def test_a_number_is_the_one_that_the_stored_run_has_measured(folder):
    assert stored_numbers.measured("01", "width of the bell", folder) == 2.345678
    assert str(stored_numbers.measured("01", "failed", folder)) == "nan"


def test_a_sentence_gets_three_digits_or_the_format_that_it_asks_for(folder):
    text = "{01: width of the bell}, {01: width of the bell as .1f}; {x} stays."
    assert stored_numbers.in_text(text, folder) == "2.35, 2.3; {x} stays."
    assert stored_numbers.in_text(r"| {01: \|x\|, as a share as .0%} |", folder) == "| 50% |"


@pytest.mark.parametrize("lesson, claim, error", [
    ("01", "width of a bell", "did you mean 'width of the bell'"), ("02", "x", "gancourse render 02"),
    ("03", "x", "no lesson 03")])
def test_a_number_that_is_not_there_is_an_error_that_names_the_fix(folder, lesson, claim, error):
    with pytest.raises(CourseError, match=error):
        stored_numbers.measured(lesson, claim, folder)


def test_a_format_that_no_number_takes_is_an_error(folder):
    with pytest.raises(CourseError, match="such as .2f"):
        stored_numbers.in_text("{01: width of the bell as .1q}", folder)


def test_every_lesson_of_the_course_has_stored_numbers():
    for lesson in all_lessons():
        assert len(stored_numbers._numbers(lesson.name, lesson.path.parent)) >= 5
