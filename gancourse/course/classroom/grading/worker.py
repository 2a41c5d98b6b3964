"""What a worker does with one submission: its answers are lifted out of it and judged.

    assignment = assignment_of(folder, "05_which_distance")
    judge_submission(assignment, path.read_bytes())  # {"exercises", "open", "notes", "seconds"}

A worker may be on another computer, which has the course installed and nothing of the class.
"""

import json
import time
from typing import Any, NamedTuple

from gancourse.course import run_fingerprint
from gancourse.course.classroom.folder import ClassFolder
from gancourse.course.classroom.judging.limits import Limits
from gancourse.course.classroom.lesson import exercises
from gancourse.course.lessons import read
from gancourse.errors import CourseError
from gancourse.files import text_sha256

JUDGES = ("judging.judge_process", "judging.limits", "lesson.exercises", "lesson.slicing",
          "lifting.lifting")  # what decides a mark
DIED = "its code ended the grader's worker each time: a teacher has to look at it"
UNREAD = "(not read, because the grader's worker died)"


class Assignment(NamedTuple):
    """What a worker needs to know of a lesson, besides a submission."""

    lesson: str
    version: str
    code: str  # of what judges: see code_of
    source: dict  # the lesson with its solutions
    released: dict  # what students got
    limits: Limits


def assignment_of(folder: ClassFolder, lesson: str) -> Assignment:
    """Return what there is to know of a lesson.  Raises MissingFile where it is not released."""
    facts = folder.facts(lesson)
    solved = read(folder.source(lesson))
    limits = Limits(*(getattr(folder.settings, name) for name in Limits._fields))
    return Assignment(lesson, facts["version"], code_of(solved), solved,
                      read(folder.release(lesson)), limits)


def code_of(source: dict) -> str:
    """Return the sha256 of the code that grades a lesson: the lesson's, the judges', and below.

    Comments and docstrings of modules do not count.
    """
    package = __package__.rpartition(".")[0]
    imports = [f"import {package}.{name}\n" for name in JUDGES]
    judges = {"cell_type": "code", "source": imports}
    return run_fingerprint.code_sha256({"cells": [*source["cells"], judges]})


def identity(assignment: Assignment, submission: str) -> str:
    """Return the sha256 of all that decides a result; `submission` is that of the bytes."""
    parts = [submission, assignment.version, assignment.code, *assignment.limits]
    return text_sha256(json.dumps(parts))


def judge_submission(assignment: Assignment, data: bytes) -> dict[str, Any]:
    """Return what a submission's bytes are worth: `exercises`, `open`, `notes` and `seconds`.

    It is what a worker does.  A file that cannot be read is worth nothing.  Where the grader itself
    fails, all that is returned is `failed`, in words.  Raises CourseError where this machine has
    other code than the one that has sent the bytes.
    """
    if code_of(assignment.source) != assignment.code:
        raise CourseError("a worker has another version of the course than the grader started "
                          "with: install the same one there, start its workers and the grader anew")
    start = time.monotonic()
    try:
        result = _judged(assignment, data)
    except Exception as error:  # of ours; one submission must not stop the others
        return {"failed": f"{type(error).__name__}: {error}"}
    return result | {"seconds": round(time.monotonic() - start, 2)}


def lost(assignment: Assignment) -> dict[str, Any]:
    """Return what a submission gets whose worker died each time that it was there."""
    judged = [{"id": exercise.id, "points": exercise.points, "earned": 0.0, "status": "killed",
               "reason": DIED, "lines": [], "answer": "", "notes": []}
              for exercise in exercises.exercises(assignment.source)]
    replies = dict.fromkeys((q.id for q in exercises.open_questions(assignment.source)), UNREAD)
    return {"exercises": judged, "open": _open(assignment, replies), "notes": [DIED],
            "seconds": None}


def _judged(assignment: Assignment, data: bytes) -> dict[str, Any]:
    """What the answers are worth that can be lifted out of a submission."""
    from gancourse.course.classroom.judging import judge, limits
    from gancourse.course.classroom.lesson import slicing
    from gancourse.course.classroom.lifting import lifting, notebook_bytes

    cells = []
    try:
        cells = [{"source": cell.text} for cell in notebook_bytes.read(data).cells]
        lifted = lifting.lift(data, assignment.released)
        gone = "its cell is gone"
    except CourseError as error:
        lifted = lifting.Lifted({}, {}, [f"Nothing could be read: {error}."])
        gone = f"nothing could be read, because {error}"
    solved = assignment.source
    known = exercises.exercises(solved)
    jobs = [slicing.make_job(solved, exercise, lifted.answers.get(exercise.id, ""),
                             exercises.stub_of(solved, exercise),
                             exercises.own_parameters(exercise, {"cells": cells}))
            for exercise in known]
    there = [job for job in jobs if job.exercise in lifted.answers]
    verdicts = {job.exercise: judge.without_verdict(job, "missing", gone) for job in jobs}
    verdicts |= {verdict["exercise"]: verdict
                 for verdict in limits.run_jobs(there, assignment.limits)}
    return {"exercises": [judge.marked(exercise, verdicts[exercise.id]) for exercise in known],
            "open": _open(assignment, lifted.replies), "notes": lifted.notes}


def _open(assignment: Assignment, replies: dict[str, str]) -> list[dict[str, Any]]:
    """What a submission says to the open questions, which a teacher marks."""
    return [{"id": question.id, "points": question.points, "answer": replies.get(question.id, ""),
             "earned": None} for question in exercises.open_questions(assignment.source)]
