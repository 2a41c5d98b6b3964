"""What cells of a lesson are to the classroom: their facts, their code, exercises, answers."""

import ast
import re
from typing import Any, NamedTuple

MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)


class Exercise(NamedTuple):
    """A cell that students fill in, and the check that follows it."""

    id: str  # "05.1"
    functions: tuple[str, ...]  # what they write
    points: float
    answer: int  # the index of its cell
    check: int
    grading: dict[str, Any] = {}  # names of the lesson that have other values while it is graded:
    # a value; None, what the student gave the parameter; {"from": module}, a stand-in found there


class Job(NamedTuple):
    """An answer, and what it takes to judge it."""

    exercise: str  # its id
    before: str  # the lesson's code that answer and check need
    answer: str
    check: str
    functions: tuple[str, ...]  # what the answer should define
    stub: str  # the answer cell as students get it


def about(cell: dict) -> dict[str, Any]:
    """Return what the course has written into a cell's metadata."""
    return cell["metadata"].get("gancourse", {})


def parsed(text: str) -> ast.Module:
    """Return the syntax tree of a cell; its lines for IPython alone, %magic and !shell, do nothing.

    Raises SyntaxError when it is not Python, ValueError when it holds a null byte.
    """
    try:
        return ast.parse(text)
    except SyntaxError:
        return ast.parse(MAGIC.sub(r"\1pass", text))


def normal(text: str) -> str:
    """Return code without comments and layout; the text itself where it is not Python."""
    try:
        return ast.unparse(parsed(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text
