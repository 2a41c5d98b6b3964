"""What the tests of a lesson's exercises share: run an answer, then the check cell that follows the exercise."""

import re

import pytest

from gancourse.course.lessons import find, source, tags
from gancourse.notebook import checks


def code_cells(lesson: str) -> list[dict]:
    """Return the code cells of a lesson."""
    return [cell for cell in find(lesson).notebook["cells"] if cell["cell_type"] == "code"]


def names_from(lesson: str, marks: list[str], **settings) -> dict:
    """Return what the cells with these marks define, run in order; `settings` overwrite what the first defines."""
    scope: dict = {}
    for i, mark in enumerate(marks):
        (text,) = [source(c) for c in code_cells(lesson) if mark in source(c) and "### BEGIN" not in source(c)]
        text = re.sub(r"^check_here\(.*$", "", text, flags=re.MULTILINE)  # `settings` may be smaller than allowed
        exec(text, scope)
        if i == 0:
            scope |= settings
    return scope


def solution(lesson: str, exercise: str) -> str:
    """Return the cell that defines the function `exercise`."""
    return next(source(c) for c in code_cells(lesson) if f"def {exercise}(" in source(c))


def judge(lesson: str, names: dict, exercise: str, answer: str, *, strict: bool = True) -> None:
    """Run an answer to an exercise, then its check; AssertionError when the check refuses it.

    Where an answer is adopted, a wrong one raises only while checks are strict, as they are under nbval.
    """
    cells = code_cells(lesson)
    at = next(i for i, c in enumerate(cells) if f"def {exercise}(" in source(c))
    assert "check" in tags(cells[at + 1])
    scope = dict(names)
    exec(answer, scope)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(checks.STRICT, "1" if strict else "0")
        exec(source(cells[at + 1]), scope)
