"""The statements of a lesson that an exercise needs, so that nothing is trained to grade it.

    code = before(lesson.notebook, exercise, answer)  # runs in a moment, then answer and check do

This is a backward program slice (Weiser 1981) over the top-level statements of the cells before an
exercise.  Kept are, from the last to the first, those that

- give a value to a name that is needed: by the answer, the check, or a statement already kept.  A
  function needs what its body names wherever it may be called, not only where it is defined;
- change such a value in place: `d[k] = v`, `a.b = v`, `x += 1`, `x.append(v)`, `shuffle(x)`.  What
  only draws or prints does not count;
- set something up for all that follows, as `set_threads()` and `torch.manual_seed(0)` do.

Of an import only the needed names are kept.  An earlier exercise is there with the course's own
solution, as the lesson holds it, so one mistake is not punished twice: `f = checks.adopt(f, ...)`
is left out.  What the slice does not see is a change through a second name for the same object and
the state of a random generator; that each lesson's solutions pass on their slices is a test.
"""

import ast
import itertools
from typing import Any

from gancourse.course.classroom.lesson.cells import Exercise, Job
from gancourse.course.classroom.lesson.statements import Statement, changed_places, statements
from gancourse.course.lessons import source
from gancourse.errors import CourseError


def make_job(notebook: dict, exercise: Exercise, answer: str, stub: str,
             own: dict[str, Any] | None = None) -> Job:
    """Return what the judge needs for one answer; `notebook` is the lesson with its solutions.

    `own` are the student's own parameters (exercises.own_parameters).
    """
    check = source(notebook["cells"][exercise.check])
    return Job(exercise.id, before(notebook, exercise, answer, own), answer, check,
               exercise.functions, stub)


def before(notebook: dict, exercise: Exercise, answer: str,
           own: dict[str, Any] | None = None) -> str:
    """Return the code that must run before an answer to an exercise and its check.

    Names have the values that the exercise's `grading` gives them, and those of `own` where it
    leaves them to the student.  An answer that is not Python needs nothing.  Raises CourseError
    when the lesson itself is not Python.
    """
    values = exercise.grading | {name: value for name, value in (own or {}).items()
                                 if exercise.grading.get(name, value) is None}
    lesson = [_with_value(statement, values)
              for statement in _lesson(notebook, exercise.answer)]
    try:
        student = statements(answer, exercise.answer)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        student = ()
    check = statements(source(notebook["cells"][exercise.check]), exercise.check)
    kept, needed = _slice(lesson, student, check)
    return "\n".join(_text(lesson[i], needed[i]) for i in kept)


def _lesson(notebook: dict, end: int) -> list[Statement]:
    """All statements before a cell."""
    lesson = []
    for i, cell in enumerate(notebook["cells"][:end]):
        if cell["cell_type"] != "code":
            continue
        try:
            lesson += statements(source(cell), i)
        except SyntaxError as error:
            raise CourseError(f"cell {i} of the lesson is not Python: {error}") from error
    return lesson


def _with_value(statement: Statement, values: dict[str, Any]) -> Statement:
    """A statement, or in its place one that gives its name the value that it has in grading."""
    (name,) = statement.binds if len(statement.binds) == 1 else [""]
    value = values.get(name)
    if value is None or not statement.kills or statement.imports:
        return statement
    if isinstance(value, dict):  # {"from": a module}: a stand-in of the course
        return statements(f"from {value['from']} import {name}", statement.cell)[0]
    return statements(f"{name} = {value!r}", statement.cell)[0]


def _slice(lesson: list[Statement], *ends: tuple[Statement, ...]) -> tuple[list[int], dict]:
    """The indices of the statements that the ends need, and for each the names needed from it.

    Each end stands alone: what an answer gives a name, the check does not get.
    """
    imported = {name for statement in [*lesson, *itertools.chain(*ends)] if statement.imports
                for name in statement.binds}
    changing = {(statement.node.name, place) for statement in lesson
                if isinstance(statement.node, ast.FunctionDef)
                for place in changed_places(statement.node, statement.changes)}
    needed = set().union(*(_needed_by(end, lesson) for end in ends))
    kept: list[int] = []
    wanted: dict[int, set[str]] = {}
    for i in reversed(range(len(lesson))):
        statement = lesson[i]
        changes = {value for function, place, value in statement.lends
                   if function in imported or (function, place) in changing}
        changes = (changes | statement.changes) & needed - imported
        fills = statement.is_backward and any(lesson[j].cell == statement.cell for j in kept)
        if statement.binds & needed or changes or statement.sets_up(imported) or fills:
            kept.insert(0, i)
            wanted[i] = set(needed)
            if statement.kills:
                needed -= statement.binds
            needed |= _closure(statement.reads, lesson, i)
    return kept, wanted


def _needed_by(end: tuple[Statement, ...], lesson: list[Statement]) -> set[str]:
    """The names that an answer or a check needs from the lesson; it calls what it defines."""
    everything = [*lesson, *end]
    needed: set[str] = set()
    for i in reversed(range(len(lesson), len(everything))):
        statement = everything[i]
        if statement.kills:
            needed -= statement.binds
        needed |= _closure(statement.reads, everything, i)
        needed |= _closure(statement.later, everything, i) - statement.binds
    return needed


def _closure(names: frozenset[str], everything: list[Statement], end: int) -> set[str]:
    """These names, and those that the functions behind them read when they are called at `end`."""
    needed: set[str] = set()
    queue = list(names)
    while queue:
        name = queue.pop()
        if name not in needed:
            needed.add(name)
            queue += _read_in_calls(name, everything, end, set())
    return needed


def _read_in_calls(name: str, everything: list[Statement], end: int, seen: set[int]) -> set[str]:
    """The names that a call of `name` reads: of its function's body, or of one that it holds."""
    names: set[str] = set()
    for i in reversed(range(end)):
        statement = everything[i]
        if name not in statement.binds:
            continue
        if i not in seen:
            seen.add(i)
            names |= statement.later
            for other in statement.passes - {name}:
                names |= _read_in_calls(other, everything, i, seen)
        if statement.kills:
            break
    return names


def _text(statement: Statement, needed: set[str]) -> str:
    """The code of a statement; of an import, the needed names alone."""
    node = statement.node
    if not statement.imports:
        return ast.unparse(node)
    names = [alias for alias in node.names
             if (alias.asname or alias.name.split(".")[0]) in needed or alias.name == "*"]
    if isinstance(node, ast.Import):
        return ast.unparse(ast.Import(names))
    return ast.unparse(ast.ImportFrom(node.module, names, node.level))
