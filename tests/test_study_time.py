"""The minutes that a lesson states are those that its words, code, figures and exercises take."""

import pytest

from gancourse.course import study_time
from gancourse.course.lessons import all_lessons, source


def notebook(*cells):
    return {"cells": list(cells), "metadata": {"gancourse": {"rendered": {"seconds": 75.0}}}}


def words(text):
    return {"cell_type": "markdown", "source": [text], "metadata": {}}


def code(text, *outputs, tags=()):
    return {"cell_type": "code", "source": [text], "metadata": {"tags": list(tags)},
            "outputs": [{"data": data} for data in outputs]}


LESSON = notebook(
    words("word " * 130 + "\n## One\n" + "word " * 260),
    code("x = 1\n" * 20, {"image/png": "", "text/plain": ""}, {"text/plain": ""}),
    words("## Two\n<details>" + "folded " * 1300 + "</details>"),
    code("### BEGIN SOLUTION\nx\n\n### END SOLUTION\ny"),
    code("check\n" * 100, tags=["check"]),
    words("## Sources\n" + "word " * 1300))


def test_words_lines_figures_and_exercises_are_counted_by_section():
    """One: 260 words, 20 lines, a figure.  Two: 4 lines and an exercise; what is folded waits."""
    assert study_time.sections(LESSON) == pytest.approx({"Start": 1, "One": 2 + 2 + 1, "Two": 6.4})
    assert study_time.minutes(LESSON) == 10


def test_what_is_stated_is_stated_once():
    study_time.state(LESSON)
    once = source(LESSON["cells"][0])
    study_time.state(LESSON)
    assert source(LESSON["cells"][0]) == once
    assert "About **10 minutes** of study, 2 minutes of computing." in once and "One 5 · Two 6" in once
    assert LESSON["metadata"]["gancourse"]["minutes"] == 10


def test_code_at_the_beginning_is_left_alone():
    lesson = notebook(code("x = 1"), words("word " * 2600))
    study_time.state(lesson)
    assert source(lesson["cells"][0]) == "x = 1" and lesson["metadata"]["gancourse"]["minutes"] == 20


@pytest.mark.parametrize("seconds, said", [(20, "seconds"), (45, "one minute"), (75, "2 minutes"), (650, "11 minutes")])
def test_the_time_of_computing_is_rounded_up(seconds, said):
    lesson = notebook(words("word"))
    lesson["metadata"]["gancourse"]["rendered"]["seconds"] = seconds
    assert f"of study, {said} of computing." in study_time.stated(lesson)


@pytest.mark.parametrize("lesson", all_lessons(), ids=lambda lesson: lesson.name)
def test_every_lesson_states_what_it_takes(lesson):
    """When this fails, `gancourse render` writes the minutes anew; nothing needs to run for that."""
    assert lesson.about["minutes"] == study_time.minutes(lesson.notebook)
    assert source(lesson.notebook["cells"][0]).endswith(study_time.stated(lesson.notebook))
