"""A lesson's exercises and open questions, their points, and the version of what students get.

    for exercise in exercises(find("05").notebook):
        print(exercise.id, exercise.points, exercise.functions)  # 05.1 5 ('w1_gradient',)

Ids and points stand in the metadata of a lesson's cells.  An exercise is worth five points on
average, so that the exercises of a lesson add up to 10, 15 or 20.
"""

import ast
import re
from collections import Counter
from typing import Any, NamedTuple

from gancourse.course.classroom.lesson import slicing
from gancourse.course.classroom.lesson.cells import Exercise, about, normal, parsed
from gancourse.course.lessons import SOLUTION, STUB, literal, source, tags, without_solutions
from gancourse.errors import CourseError, unknown
from gancourse.files import text_sha256

BEGIN = "### BEGIN SOLUTION"
PROMPT = re.compile(r"^\*\*[A-Z][a-z]+\.\*\*", re.MULTILINE)  # such as **Think.**
RUBRIC = re.compile(r"<details>\s*<summary>What a good answer says</summary>(.*?)</details>", re.S)


class OpenQuestion(NamedTuple):
    """A question that a teacher marks, by what a good answer says."""

    id: str  # "05.Q1"
    points: float
    cell: int
    question: str
    rubric: str  # "" in a release


def exercises(notebook: dict) -> list[Exercise]:
    """Return the exercises of a lesson, or of its release, in the order of its cells.

    Raises CourseError where an id occurs twice, or no check follows an answer.
    """
    cells = notebook["cells"]
    known = []
    for i, cell in enumerate(cells):
        facts = about(cell)
        if cell["cell_type"] != "code" or facts.get("role", "answer") != "answer":
            continue
        if "exercise" not in facts:
            if BEGIN in source(cell):
                raise CourseError(f"cell {i} holds a solution and has no exercise in its metadata: "
                                  'give it "gancourse": {"exercise": "05.1", "points": 5}')
            continue
        check = _next_code(cells, i)
        if check is None or not _is_check(cells[check], facts["exercise"]):
            raise CourseError(f"exercise {facts['exercise']} has no check: the code cell after it "
                              "must carry the tag check")
        points = facts.get("points", _nbgrader_points(cells[check]))
        known.append(Exercise(facts["exercise"], _functions(source(cell)), points, i, check,
                              facts.get("grading", {})))
    _refuse_twice(exercise.id for exercise in known)
    return known


def exercise_of(notebook: dict, exercise_id: str) -> Exercise:
    """Return the exercise with an id.  Raises CourseError where there is none."""
    known = {exercise.id: exercise for exercise in exercises(notebook)}
    if exercise_id not in known:
        raise unknown("exercise", exercise_id, known)
    return known[exercise_id]


def open_questions(notebook: dict) -> list[OpenQuestion]:
    """Return the open questions of a lesson, or of its release, in the order of its cells.

    Raises CourseError where an id occurs twice, or a folded good answer belongs to no question.
    """
    known = []
    for i, cell in enumerate(notebook["cells"]):
        facts = about(cell)
        rubric = RUBRIC.search(source(cell))
        if rubric and "open" not in facts:
            raise CourseError(f"cell {i} says what a good answer says and has no id in its "
                              'metadata: give it "gancourse": {"open": "05.Q1", "points": 2}')
        if "open" not in facts or facts.get("role", "question") != "question":
            continue
        text = source(cell)[: rubric.start() if rubric else None]
        starts = [match.start() for match in PROMPT.finditer(text)]
        question = text[starts[-1] if starts else 0 :].strip()
        known.append(OpenQuestion(facts["open"], facts.get("points", 0), i, question,
                                  rubric[1].strip() if rubric else ""))
    _refuse_twice(question.id for question in known)
    return known


def version(notebook: dict) -> str:
    """Return 12 hex digits over a lesson's stubs, checks, points, and the code that they need.

    A lesson and its student version have the same version.  Comments and layout of the code do not
    count, nor does prose, nor do solutions.
    """
    student = without_solutions(notebook)
    parts = []
    for exercise in exercises(student):
        stub, check = (source(student["cells"][i]) for i in (exercise.answer, exercise.check))
        before = slicing.before(student, exercise, stub)
        parts += [exercise.id, str(float(exercise.points)), str(sorted(exercise.grading.items())),
                  before, *map(normal, (stub, check))]
    return text_sha256("\n".join(parts))[:12]


def stub_of(notebook: dict, exercise: Exercise) -> str:
    """Return the answer cell as a student gets it."""
    return SOLUTION.sub(rf"\1{STUB}", source(notebook["cells"][exercise.answer]))


def own_parameters(exercise: Exercise, submission: dict) -> dict[str, Any]:
    """Return the parameters that an exercise takes from the student, as far as they are legible.

    They are those that the exercise's `grading` names with None, such as `student` in lesson 08,
    which decides the runs that a student saw.  `submission` is a notebook that may be damaged.
    """
    wanted = {name for name, value in exercise.grading.items() if value is None}
    line = re.compile(r"^(\w+)(?::\s*\w+)?\s*=\s*([^#\n]+)", re.MULTILINE)
    own: dict[str, Any] = {}
    for cell in submission.get("cells", []) if wanted else []:
        text = cell.get("source", "")
        text = text if isinstance(text, str) else "".join(map(str, text))
        for name, value in line.findall(text):
            if name in wanted and name not in own:
                own[name] = literal(value.strip())
    return {name: value for name, value in own.items() if isinstance(value, str | int | float)}


def _functions(text: str) -> tuple[str, ...]:
    """The functions of an answer cell that students write: they hold a solution, or only raise."""
    names = []
    lines = text.splitlines()
    for node in parsed(text).body:
        if isinstance(node, ast.FunctionDef):
            body = lines[node.lineno - 1 : node.end_lineno]
            raises = any(isinstance(line, ast.Raise) for line in node.body)
            if raises or any(BEGIN in line for line in body):
                names.append(node.name)
    return tuple(names)


def _next_code(cells: list[dict], i: int) -> int | None:
    """The index of the first code cell after cell i."""
    return next((j for j in range(i + 1, len(cells)) if cells[j]["cell_type"] == "code"), None)


def _is_check(cell: dict, exercise_id: str) -> bool:
    """Whether a code cell is the check of an exercise, in a lesson or in a release."""
    facts = about(cell)
    return "check" in tags(cell) or (facts.get("exercise"), facts.get("role")) == (exercise_id,
                                                                                   "check")


def _nbgrader_points(cell: dict) -> float:
    """The points that nbgrader's metadata give a cell."""
    return cell["metadata"].get("nbgrader", {}).get("points", 0)


def _refuse_twice(ids) -> None:
    """Raise CourseError when an id occurs twice."""
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        raise CourseError(f"{', '.join(twice)} occurs twice among the exercises of the lesson: "
                          "give each its own id")
