"""No answer to an exercise stands on the page of its student version."""

import pytest

from gancourse.course.classroom.release.leaks import secrets, squeezed
from gancourse.course.lessons import all_lessons, source, without_solutions


def leaked(notebook):
    """Each answer that stands in another cell of the student version, or in its own."""
    page = [squeezed(source(cell)) for cell in without_solutions(notebook)["cells"]]
    return sorted(answer for answer in secrets(notebook) if any(answer in text for text in page))


@pytest.mark.parametrize("lesson", all_lessons(), ids=lambda lesson: lesson.name)
def test_no_line_of_a_solution_stands_elsewhere_in_the_student_version(lesson):
    assert not leaked(lesson.notebook)


@pytest.mark.parametrize("lesson", all_lessons(), ids=lambda lesson: lesson.name)
def test_every_lesson_has_answers_to_look_for(lesson):
    assert len(secrets(lesson.notebook)) >= 3


def test_a_planted_leak_is_found():
    lines = ["def penalty(g):\n", "    ### BEGIN SOLUTION\n", "    return (g**2).sum(1).mean() / 2\n",
             "    ### END SOLUTION\n"]
    solved = {"cell_type": "code", "metadata": {}, "source": lines}
    copied = {"cell_type": "code", "metadata": {}, "source": ["r1 = (g ** 2).sum(1).mean() / 2"]}
    notebook = {"cells": [solved], "metadata": {"gancourse": {}}}
    assert not leaked(notebook)
    assert len(leaked({**notebook, "cells": [copied, solved]})) == 1
