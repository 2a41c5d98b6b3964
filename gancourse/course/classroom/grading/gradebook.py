"""nbgrader's gradebook of a class: measured marks go in, marks and comments by hand come out.

    write(folder, "05_which_distance")      # nbgrader's formgrader then shows the class
    by_hand(folder, "05_which_distance")    # {"s17": {"05.Q1": ByHand(1.5, "well argued")}}

Only this module imports nbgrader.  Everything else works without it.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from gancourse.course.classroom.folder import ClassFolder, Student
from gancourse.course.classroom.templates import COURSE, DATABASE
from gancourse.course.lessons import source
from gancourse.errors import CourseError, MissingPackage


class ByHand(NamedTuple):
    """What a teacher has entered in the formgrader about one exercise."""

    points: float | None  # None where there is only a comment
    comment: str


class Cells(NamedTuple):
    """What nbgrader calls the cells of an exercise or of an open question."""

    graded: str  # the cell that has the points
    answer: str  # the cell that takes a comment; for an open question it is the same


def write(folder: ClassFolder, lesson: str) -> None:
    """Bring the gradebook of a class up to date with the roster and the results of a lesson.

    All of it is written, or nothing.  What was entered by hand stays.  Raises MissingPackage
    without nbgrader, CourseError when the gradebook cannot be written.
    """
    released = json.loads(folder.release(lesson).read_text(encoding="utf-8"))
    results = folder.results(lesson)
    cells = cells_by_exercise(released)
    deadline = folder.settings.deadlines.get(lesson)
    with _gradebook(folder) as (api, db):
        assignment = db.query(api.Assignment).filter_by(name=lesson).one_or_none()
        assignment = assignment or api.Assignment(lesson, course_id=COURSE)
        assignment.duedate = _utc(deadline) if deadline else None
        db.add(assignment)
        notebook = _notebook(api, db, assignment, released)
        students = _students(folder, api, db, results)
        known = {entry.student_id: entry for entry in assignment.submissions}
        for key, result in results.items():
            entry = known.get(key) or api.SubmittedAssignment(assignment=assignment)
            entry.student = students[key]
            entry.timestamp = _utc(datetime.fromisoformat(result["submitted"]))
            db.add(entry)
            _fill(api, db, notebook, entry, result, cells)
            known[key] = entry
        for student in folder.students() if deadline else ():
            if student.key in known:
                own = folder.deadline(student.id, lesson)
                known[student.key].extension = own - deadline


def by_hand(folder: ClassFolder, lesson: str) -> dict[str, dict[str, ByHand]]:
    """Return what was entered in the formgrader, by the student's key and the exercise.

    That is {} without a gradebook.  Raises MissingPackage without nbgrader where there is one.
    """
    if not (folder.root / DATABASE).exists():
        return {}
    released = json.loads(folder.release(lesson).read_text(encoding="utf-8"))
    entered: dict[str, dict[str, ByHand]] = {}
    with _gradebook(folder) as (api, db):
        query = db.query(api.SubmittedNotebook).join(api.Notebook).join(api.Assignment)
        for notebook in query.filter(api.Assignment.name == lesson):
            grades = {grade.name: grade for grade in notebook.grades}
            comments = {comment.name: comment.manual_comment for comment in notebook.comments}
            for exercise, cells in cells_by_exercise(released).items():
                points = _points_by_hand(grades.get(cells.graded))
                comment = comments.get(cells.answer) or ""
                if points is not None or comment:
                    of_student = entered.setdefault(notebook.student.id, {})
                    of_student[exercise] = ByHand(points, comment)
    return entered


def cells_by_exercise(released: dict) -> dict[str, Cells]:
    """Return nbgrader's names for the cells of each exercise and open question of a release."""
    roles: dict[str, dict[str, str]] = {}
    for cell in released["cells"]:
        ours = cell["metadata"].get("gancourse", {})
        theirs = cell["metadata"].get("nbgrader", {})
        if "role" in ours and "grade_id" in theirs:
            exercise = ours.get("exercise") or ours["open"]
            roles.setdefault(exercise, {})[ours["role"]] = theirs["grade_id"]
    return {exercise: Cells(names.get("check") or names["reply"],
                            names.get("answer") or names["reply"])
            for exercise, names in roles.items()}


@contextmanager
def _gradebook(folder: ClassFolder) -> Iterator[tuple[Any, Any]]:
    """Yield nbgrader's `api` and the session of its database; what the block did is then kept.

    Raises MissingPackage without nbgrader, CourseError when the database does not answer.
    """
    try:
        from nbgrader import api
        from sqlalchemy.exc import DBAPIError
    except ImportError as error:
        words = 'the gradebook needs nbgrader: pip install "gancourse[classroom]"'
        raise MissingPackage(words) from error
    path = (folder.root / DATABASE).resolve()
    try:
        with _alembic_at_hand(), api.Gradebook(f"sqlite:///{path}", COURSE) as gradebook:
            yield api, gradebook.db
            gradebook.db.commit()
    except DBAPIError as error:
        raise CourseError(f"{path} does not take or give marks ({error.orig}): close other "
                          "programs that have it open; the grader's results are safe") from error


@contextmanager
def _alembic_at_hand() -> Iterator[None]:
    """Let nbgrader find the program alembic, which lies beside Python and may not be on the PATH.

    nbgrader runs it when it makes a new database.
    """
    before = os.environ.get("PATH", "")
    if not shutil.which("alembic"):
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _students(folder: ClassFolder, api, db, results: dict[str, dict]) -> dict[str, Any]:
    """The gradebook's students by key, up to date: the roster's, and any other who handed in.

    With pseudonyms no name and no address goes into the gradebook.
    """
    known = {student.id: student for student in db.query(api.Student)}
    roster = {student.key: student for student in folder.students()}
    for key in [*roster, *results]:
        if key not in known:
            known[key] = api.Student(id=key)
            db.add(known[key])
        if key in roster and not folder.settings.pseudonyms:
            known[key].first_name, known[key].last_name = _two_names(roster[key])
            known[key].email = roster[key].email or None
    return known


def _two_names(student: Student) -> tuple[str, str]:
    """A name's first and last part, from "Emmy Noether" or "Noether, Emmy"."""
    last, comma, first = student.name.partition(",")
    if not comma:
        first, _, last = student.name.rpartition(" ")
    return first.strip(), last.strip()


def _notebook(api, db, assignment, released: dict):
    """The gradebook's notebook of a lesson, with the cells of this release.

    A cell that this release no longer has goes with all its grades, unless somebody has a mark by
    hand there: then it stays.
    """
    lesson = assignment.name
    notebook = next((entry for entry in assignment.notebooks if entry.name == lesson), None)
    notebook = notebook or api.Notebook(name=lesson, assignment=assignment)
    notebook.kernelspec = json.dumps(released["metadata"].get("kernelspec", {}))
    db.add(notebook)
    left = {(type(cell), cell.name): cell for cell in
            [*notebook.grade_cells, *notebook.solution_cells, *notebook.source_cells]}
    for cell in released["cells"]:
        for kind, name, values in _entries(api, cell):
            entry = left.pop((kind, name), None) or kind(name=name, notebook=notebook)
            for attribute, value in values.items():
                setattr(entry, attribute, value)
            db.add(entry)
    for entry in left.values():
        _remove(db, entry)
    db.flush()  # new cells get their ids
    return notebook


def _entries(api, cell: dict) -> list[tuple[type, str, dict[str, Any]]]:
    """What the gradebook keeps of a cell: kind of entry, name, and values; [] for other cells."""
    facts = cell["metadata"].get("nbgrader")
    if not facts:
        return []
    name = facts["grade_id"]
    kind = {"cell_type": cell["cell_type"]}
    entries = [(api.SourceCell, name, kind | {"source": source(cell), "locked": facts["locked"],
                                              "checksum": facts.get("checksum")})]
    if facts["grade"]:
        entries.append((api.GradeCell, name, kind | {"max_score": float(facts["points"])}))
    if facts["solution"]:
        entries.append((api.SolutionCell, name, {}))
    return entries


def _remove(db, cell) -> None:
    """Remove a cell with its automatic grades; one that has a mark or comment by hand stays."""
    grades = list(getattr(cell, "grades", None) or [])
    comments = list(getattr(cell, "comments", None) or [])
    by_a_teacher = [grade.manual_score for grade in grades]
    by_a_teacher += [comment.manual_comment for comment in comments]
    if any(value is not None for value in by_a_teacher):
        return
    for entry in [*grades, *comments, cell]:
        db.delete(entry)


def _fill(api, db, notebook, entry, result: dict, cells: dict[str, Cells]) -> None:
    """Write a result into a submission of the gradebook."""
    page = next(iter(entry.notebooks), None) or api.SubmittedNotebook(notebook=notebook)
    page.assignment = entry
    db.add(page)
    grades = _one_a_cell(db, page, api.Grade, page.grades, notebook.grade_cells)
    comments = _one_a_cell(db, page, api.Comment, page.comments, notebook.solution_cells)
    for exercise in result["exercises"]:
        if exercise["id"] in cells:
            names = cells[exercise["id"]]
            _set_score(grades[names.graded], exercise["earned"])
            comments[names.answer].auto_comment = exercise["reason"] or None
    for question in result["open"]:
        if question["id"] in cells:
            names = cells[question["id"]]
            empty = not question["answer"].strip()
            _set_score(grades[names.graded], 0.0 if empty else None)
            comments[names.answer].auto_comment = "No response." if empty else None


def _one_a_cell(db, page, kind, known, cells) -> dict[str, Any]:
    """The grades or comments of a submission by the names of their cells; missing ones are made."""
    entries = {entry.cell_id: entry for entry in known}
    for cell in cells:
        if cell.id not in entries:
            entries[cell.id] = kind(cell_id=cell.id, notebook=page)
            db.add(entries[cell.id])
    return {cell.name: entries[cell.id] for cell in cells}


def _set_score(grade, score: float | None) -> None:
    """Give a grade its automatic score, None where a teacher has to read the answer.

    A score by hand stays, and where the automatic one has changed the teacher is asked to look.
    """
    if grade.manual_score is None:
        grade.needs_manual_grade = score is None
    elif grade.auto_score != score:
        grade.needs_manual_grade = True
    grade.auto_score = score


def _points_by_hand(grade) -> float | None:
    """The points that a teacher has entered, with extra credit; None where there are none."""
    if grade is None or (grade.manual_score is None and not grade.extra_credit):
        return None
    score = grade.auto_score if grade.manual_score is None else grade.manual_score
    return (score or 0.0) + (grade.extra_credit or 0.0)


def _utc(moment: datetime) -> datetime:
    """A moment as nbgrader keeps it: in UTC, without its zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)
