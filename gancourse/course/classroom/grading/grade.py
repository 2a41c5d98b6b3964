"""Submissions become results, side by side on Dask's workers.

    grade(folder, "05_which_distance", workers=2)  # results/05_which_distance/KEY.json
    regrade(folder, "05_which_distance")           # after a mended check: old marks beside new

A submission is one task.  Its bytes travel to a worker; what comes back is written here, at once.
What is graded already is left alone, so the grader may be stopped at any time.
"""

import csv
import hashlib
import io
import json
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gancourse.course.classroom.folder import ClassFolder
from gancourse.course.classroom.grading import gradebook, results, worker
from gancourse.course.classroom.grading.which_attempt import Paper, choose, to_grade
from gancourse.course.classroom.grading.worker import Assignment
from gancourse.course.sweeps import cluster, cluster_calls
from gancourse.errors import CourseError, MissingPackage, unknown
from gancourse.files import hold, write_atomically
from gancourse.system import physical_cores

BAR = "{percentage:3.0f}%|{bar:30}| {n_fmt}/{total_fmt}, {elapsed} so far, {remaining} to go"
COLUMNS = ("key", "exercise", "points", "old", "new", "counts")


def grade(folder: ClassFolder, lesson: str, *, workers: int = 0, scheduler: str = "",
          force: bool = False, only: Iterable[str] = ()) -> int:
    """Grade what was handed in of a lesson, print a table, and return how many could not be graded.

    Each submission becomes results/LESSON/KEY.json and a clean copy in autograded/; the gradebook
    follows.  `only` are ids or keys of students; with `force` they are judged although nothing has
    changed.  Raises CourseError where the lesson is not released or nothing was handed in,
    NoConnection without a scheduler, MissingPackage without Dask.
    """
    with hold(folder.lock, f"the class {folder.root}"):
        assignment = worker.assignment_of(folder, lesson)
        of_class = to_grade(folder, lesson, _keys(folder, lesson, only))
        start = time.monotonic()
        judged, failed = _judge(assignment, of_class, workers, scheduler, force)
        minutes = (time.monotonic() - start) / 60
        known = _write_chosen(folder, assignment, of_class)
        print(f"{lesson}: {len(of_class)} submission(s), {judged} graded now ({minutes:.1f} "
              f"minutes), {len(of_class) - judged - len(failed)} before")
        print(results.table(known.values()))
        for words in (results.oddities(known), *failed):
            print(words, end="\n" if words else "")
    return len(failed)


def regrade(folder: ClassFolder, lesson: str, *, workers: int = 0, scheduler: str = "",
            allow_lower: bool = False) -> int:
    """Grade a lesson anew after its check, its release or the limits have changed.

    Return how many submissions could not be graded.  Old and new marks go into
    marks/LESSON_regrade.csv, and what changes is printed.  Where a new mark is lower the old one
    counts, and the result says so, unless `allow_lower`.  Marks given by hand are not touched.
    Raises as `grade` does.
    """
    with hold(folder.lock, f"the class {folder.root}"):
        assignment = worker.assignment_of(folder, lesson)
        of_class = to_grade(folder, lesson, _keys(folder, lesson, ()))
        judged, failed = _judge(assignment, of_class, workers, scheduler, force=False)
        if not judged and not failed:
            print(f"{lesson}: all is graded by this release, this code and these limits; "
                  f"`gancourse class grade {lesson[:2]} --force` repeats it")
        if allow_lower:
            for paper in of_class:
                if result := paper.load():
                    _write(paper.result, results.accept_lower(result))
        rows = results.changes(_write_chosen(folder, assignment, of_class))
        path = folder.marks_csv(f"{lesson}_regrade")
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
        write_atomically(path, text.getvalue().encode())
        print(f"{results.changes_in_words(rows)}\nAll of them stand in {path}.", *failed, sep="\n")
    return len(failed)


def _keys(folder: ClassFolder, lesson: str, only: Iterable[str]) -> list[str]:
    """Whose submissions are to be graded; CourseError where there are none."""
    handed_in = folder.submissions(lesson)
    if not handed_in:
        raise CourseError(f"nobody has handed in {lesson}: gancourse class collect DIR takes "
                          "submissions in")
    keys = {key: key for key in handed_in}
    keys |= {student.id: student.key for student in folder.students() if student.key in keys}
    for name in only:
        if name not in keys:
            raise unknown("submission of", name, keys)
    return sorted({keys[name] for name in only}) or handed_in


def _judge(assignment: Assignment, of_class: list[Paper], workers: int, scheduler: str,
           force: bool) -> tuple[int, list[str]]:
    """Judge what has no result yet under its identity, and write each result at once.

    Return how many have one now, and a sentence for each that could not be graded.
    """
    from tqdm import tqdm

    waiting = {str(paper.result): paper for paper in of_class
               if force or not _is_graded(assignment, paper)}
    facts = {}  # of each, as it was when it went to a worker
    failed = []

    def calls() -> Iterator[tuple[str, tuple]]:
        """What the workers are to do, one submission after another."""
        for name, paper in waiting.items():
            data = paper.file.read_bytes()
            facts[name] = _facts(assignment, data)
            yield name, (assignment, data)

    if not waiting:
        return 0, []
    with (cluster.connect(min(workers or physical_cores(), len(waiting)), scheduler) as client,
          tqdm(total=len(of_class), initial=len(of_class) - len(waiting), smoothing=0,
               bar_format=BAR) as bar):
        for name, judged in cluster_calls.outcomes(client, worker.judge_submission, calls()):
            paper = waiting[name]
            bar.update()
            if judged and "failed" in judged:
                failed.append(f"NOT GRADED: {paper.file}: {judged['failed']}")
                continue
            new = {"lesson": assignment.lesson, "key": paper.key,
                   "version": assignment.version, **facts.pop(name),
                   "submitted": paper.submitted.isoformat(),
                   "graded": datetime.now(UTC).isoformat(timespec="seconds"),
                   **(judged or worker.lost(assignment))}
            _write(paper.result, results.better_of(paper.load(), results.added_up(new)))
    return len(waiting) - len(failed), failed


def _is_graded(assignment: Assignment, paper: Paper) -> bool:
    """Whether a notebook has the result that it would get."""
    result = paper.load()
    facts = _facts(assignment, paper.file.read_bytes())
    return result is not None and result.get("identity") == facts["identity"]


def _facts(assignment: Assignment, data: bytes) -> dict[str, str]:
    """The sha256 of a submission, and the identity of its result."""
    submission = hashlib.sha256(data).hexdigest()
    return {"submission": submission, "identity": worker.identity(assignment, submission)}


def _write_chosen(folder: ClassFolder, assignment: Assignment, of_class: list[Paper]
                  ) -> dict[str, dict]:
    """Write the results that count, clean copies and the gradebook; return the results by key."""
    chosen = choose(folder, assignment.lesson, of_class)
    for key, result in chosen.items():
        copy = results.clean_copy(assignment.released, result)
        for path, value in ((folder.result(key, assignment.lesson), result),
                            (folder.autograded(key, assignment.lesson), copy)):
            _write(path, value)
    try:
        gradebook.write(folder, assignment.lesson)
    except MissingPackage as error:
        print(f"{error}; the marks are complete without it, only the formgrader does not see them")
    except CourseError as error:
        print(error, file=sys.stderr)
    return chosen


def _write(path: Path, value: Any) -> None:
    """Write JSON, unless the file holds just this already."""
    data = (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
    if not path.exists() or path.read_bytes() != data:
        write_atomically(path, data)
