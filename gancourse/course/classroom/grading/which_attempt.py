"""Which attempt of a student counts: the latest, or the best after what lateness costs.

    of_class = to_grade(folder, "05_which_distance", ["s17"])
    choose(folder, lesson, of_class)                # once each of them has a result

Where class.toml says attempt = "best", each attempt is graded, with a result of its own; the best
one's is the student's, and lies in submitted/.
"""

import json
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from gancourse.course.classroom.collect import attempt_files
from gancourse.course.classroom.collect.export_names import stamped
from gancourse.course.classroom.folder import ClassFolder
from gancourse.course.classroom.marks.by_hand import hundredths
from gancourse.course.classroom.marks.marks import lateness, penalty_of


class Paper(NamedTuple):
    """A notebook that is to be graded."""

    key: str
    file: Path
    result: Path  # where its result goes
    submitted: datetime  # UTC
    attempt: attempt_files.Attempt | None = None  # where several attempts may count

    def load(self) -> dict[str, Any] | None:
        """Return its result, None where there is none that is whole."""
        try:
            return json.loads(self.result.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None


def to_grade(folder: ClassFolder, lesson: str, keys: list[str]) -> list[Paper]:
    """Return what is to be graded of these students: one notebook each, or all their attempts."""
    of_class = []
    for key in keys:
        result = folder.result(key, lesson)
        if folder.settings.attempt == "best":
            attempt_files.keep_foreign(folder, key, lesson)
            for attempt in attempt_files.attempts(folder, key, lesson):
                path = result.parent / "attempts" / key / f"{attempt.path.stem}.json"
                of_class.append(Paper(key, attempt.path, path, attempt.time, attempt))
        else:
            file = folder.submitted(key, lesson)
            of_class.append(Paper(key, file, result, _time(file)))
    return of_class


def choose(folder: ClassFolder, lesson: str, of_class: list[Paper]) -> dict[str, dict]:
    """Return the result that counts of each student, by key; what has no result does not.

    Of several attempts the one with the most points counts, less what lateness takes; of equal ones
    the latest.  Its notebook goes to submitted/.  The time is that which is known now: a later
    export may have told it better.
    """
    by_key = defaultdict(list)
    for paper in of_class:
        if paper.load():
            by_key[paper.key].append(paper)
    ids = {student.key: student.id for student in folder.students()}
    chosen = {}
    for key, own in by_key.items():
        best = max(own, key=lambda paper: (_final(folder, lesson, ids, paper), paper.submitted))
        chosen[key] = best.load() | {"submitted": best.submitted.isoformat()}
        if best.attempt:
            attempt_files.let_count(folder, key, lesson, best.attempt)
    return chosen


def _final(folder: ClassFolder, lesson: str, ids: dict[str, str], paper: Paper) -> Decimal:
    """The points of a notebook, less what lateness takes; those by hand are not known yet."""
    points = hundredths(paper.load()["earned"])
    deadline = folder.deadline(ids.get(paper.key, paper.key), lesson)
    late = lateness(paper.submitted, deadline, folder.settings)
    return points - penalty_of(points, late, folder.settings)


def _time(file: Path) -> datetime:
    """When a submission was handed in: its timestamp.txt says it, or else the time of its file."""
    stamp = file.with_name(attempt_files.STAMP)
    time = stamped(stamp.read_text(encoding="utf-8")) if stamp.exists() else None
    return time or datetime.fromtimestamp(file.stat().st_mtime, UTC)
