"""Marks of a class: the grader's points, corrected by hand, less what lateness costs.

    final = raw + by hand - penalty

raw      the points that the grader gave, each exercise rounded to hundredths
by hand  what marks given by hand add or take away (see by_hand.py)
penalty  percent_per_day of the points for each day begun after the deadline; all of them after
         limit_days; nothing within grace_minutes
"""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from gancourse.course.classroom.folder import ClassFolder, Settings, Student
from gancourse.course.classroom.marks import platform_csv
from gancourse.course.classroom.marks.by_hand import COLUMNS as BY_HAND
from gancourse.course.classroom.marks.by_hand import Hand, hand_marks, hundredths
from gancourse.course.classroom.marks.platform_csv import number
from gancourse.errors import CourseError
from gancourse.files import write_atomically

COLUMNS = ("key", "name", "id", "submitted", "late by", "raw", "by hand", "penalty", "final")
ZERO = Decimal(0)
DAY = timedelta(days=1)


class Mark(NamedTuple):
    """One student's marks in a lesson.  `final` is None where nothing was graded."""

    student: Student
    submitted: datetime | None = None
    late: timedelta = timedelta(0)  # 0 within the grace
    points: dict[str, Decimal | None] = {}  # by exercise; None: an open question without mark
    raw: Decimal = ZERO
    by_hand: Decimal = ZERO
    penalty: Decimal = ZERO
    final: Decimal | None = None
    reasons: dict[str, str] = {}  # what the teacher wrote to marks given by hand, by exercise
    notes: tuple[str, ...] = ()  # what was odd about the submission


class Sheet(NamedTuple):
    """The marks of a lesson."""

    lesson: str
    possible: dict[str, Decimal]  # the points of each exercise and open question
    marks: list[Mark]  # of every student, in the roster's order
    notes: list[str]  # what the teacher should know

    @property
    def most(self) -> Decimal:
        """All points of the lesson."""
        return sum(self.possible.values(), ZERO)


def marks(folder: ClassFolder, lesson: str, platform: Path | None = None, *,
          missing: str = "empty", column: str = "") -> tuple[list[Path], list[str]]:
    """Write the marks of a lesson; return the files written and notes for the teacher.

    They are marks/LESSON.csv and, with the platform's own list, marks/LESSON_NAME: a copy of it
    with the marks.  With missing="zero" those who handed nothing in get 0 instead of nothing.
    Raises CourseError where nothing is graded, for a mark by hand that cannot be right, and for a
    list that has no column for the marks (`column` names it).
    """
    sheet = sheet_of(folder, lesson)
    finals = {mark.student: _final(folder, lesson, mark, missing) for mark in sheet.marks}
    rows = [[*COLUMNS, *sheet.possible, "notes"]]
    rows += [_row(mark, sheet.possible, finals[mark.student], folder.settings.decimal)
             for mark in sheet.marks]
    path = folder.marks_csv(lesson)
    write_atomically(path, as_csv(rows, folder.settings.decimal))
    if platform is None:
        return [path], sheet.notes
    data, notes = platform_csv.fill(platform, lesson, finals, sheet.most, folder.settings.decimal,
                                    column)
    copy = path.with_name(f"{lesson}_{platform.name}")
    write_atomically(copy, data)
    return [path, copy], [*sheet.notes, *notes]


def total(folder: ClassFolder, lessons: Iterable[str] = (), *, missing: str = "empty") -> Path:
    """Write marks/total.csv, the final marks of several lessons and their sum; return its path.

    The lessons are those given, or else all that are released and graded.  Raises CourseError where
    nothing is graded.
    """
    lessons = list(lessons) or [name for name in folder.released() if folder.results(name)]
    if not lessons:
        raise CourseError("no lesson is graded yet: gancourse class grade does it")
    sign = folder.settings.decimal
    sheets = [sheet_of(folder, lesson) for lesson in lessons]
    most = sum((sheet.most for sheet in sheets), ZERO)
    finals: dict[Student, list[Decimal | None]] = {}
    for i, sheet in enumerate(sheets):
        for mark in sheet.marks:
            row = finals.setdefault(mark.student, [None] * len(sheets))
            row[i] = _final(folder, sheet.lesson, mark, missing)
    rows = [["key", "name", "id", "group", *lessons, "total", "of"]]
    for student, values in finals.items():
        everything = sum((value for value in values if value is not None), ZERO)
        numbers = [number(value, sign) for value in [*values, everything, most]]
        rows.append([student.key, student.name, student.id, student.group, *numbers])
    path = folder.marks_csv("total")
    write_atomically(path, as_csv(rows, sign))
    return path


def sheet_of(folder: ClassFolder, lesson: str) -> Sheet:
    """Return the marks of a lesson.

    Raises CourseError where nothing is graded, and for a mark by hand that cannot be right.
    """
    results = folder.results(lesson)
    if not results:
        raise CourseError(f"nothing of {lesson} is graded: gancourse class grade {lesson[:2]} "
                          "does it")
    possible = {}
    for result in results.values():
        for entry in [*result["exercises"], *result["open"]]:
            possible.setdefault(entry["id"], hundredths(entry["points"]))
    students = folder.students()
    strangers = sorted(set(results) - {student.key for student in students})
    students += [Student(key, "", "", "", key) for key in strangers]
    hands, notes = hand_marks(folder, lesson, results, possible)
    sheet = Sheet(lesson, possible, [], notes)
    for student in students:
        result = results.get(student.key)
        mark = Mark(student)
        if result:
            hand = {id_: hands[student.key, id_] for id_ in possible
                    if (student.key, id_) in hands}
            mark = mark_of(student, result, hand, folder.deadline(student.id, lesson),
                           folder.settings)
        sheet.marks.append(mark)
    notes += _notes(folder, sheet, results, strangers)
    return sheet


def mark_of(student: Student, result: dict[str, Any], hand: dict[str, Hand],
            deadline: datetime | None, settings: Settings) -> Mark:
    """Return a student's marks from the grader's result, marks by hand, and the deadline."""
    graded: dict[str, Decimal | None] = {}
    for entry in result["exercises"]:
        graded[entry["id"]] = hundredths(entry["earned"])
    for entry in result["open"]:
        empty = not entry["answer"].strip()  # needs nobody's judgement
        graded[entry["id"]] = ZERO if empty else None
    points = graded | {id_: mark.points for id_, mark in hand.items() if mark.points is not None}
    raw = sum((value for value in graded.values() if value is not None), ZERO)
    both = sum((value for value in points.values() if value is not None), ZERO)
    submitted = _moment(result["submitted"])
    late = lateness(submitted, deadline, settings)
    penalty = penalty_of(both, late, settings)
    reasons = {id_: mark.reason for id_, mark in hand.items() if mark.reason}
    return Mark(student, submitted, late, points, raw, both - raw, penalty, both - penalty,
                reasons, tuple(result.get("notes", ())))


def lateness(submitted: datetime, deadline: datetime | None, settings: Settings) -> timedelta:
    """Return how long after the deadline something came, 0 where that is within the grace."""
    if deadline is None:
        return timedelta(0)
    late = submitted.astimezone(UTC) - deadline.astimezone(UTC)
    return late if late > timedelta(minutes=settings.grace_minutes) else timedelta(0)


def penalty_of(points: Decimal, late: timedelta, settings: Settings) -> Decimal:
    """Return what lateness takes from so many points: a share for each day begun, at most all."""
    if late > timedelta(days=settings.late_limit_days):
        return points
    percent = Decimal(str(settings.percent_per_day)) * days_begun(late)
    return hundredths(points * min(percent, Decimal(100)) / 100)


def days_begun(late: timedelta) -> int:
    """Return the days that have begun: 1 after a minute, 2 after 24 hours and a second."""
    return -(-late // DAY)


def in_words(late: timedelta) -> str:
    """Return a time such as "27 h 05 min", "" for 0; what is below a minute counts as one."""
    minutes = -(-late // timedelta(minutes=1))
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes else ""


def as_csv(rows: list[list[str]], decimal: str) -> bytes:
    """Return rows as CSV that a spreadsheet opens by itself: ";" separates decimal commas.

    A name that begins like a formula gets an apostrophe, so that none is run.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if decimal == "," else ",", lineterminator="\n")
    writer.writerows([f"'{cell}" if cell.startswith("=") else cell for cell in row]
                     for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _moment(text: str) -> datetime:
    """A time of a result; without an offset it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _final(folder: ClassFolder, lesson: str, mark: Mark, missing: str) -> Decimal | None:
    """A final mark; who handed nothing in gets 0 with missing="zero", who waits for it does not."""
    nothing = mark.final is None and not folder.submitted(mark.student.key, lesson).exists()
    return ZERO if nothing and missing == "zero" else mark.final


def _row(mark: Mark, possible: Iterable[str], final: Decimal | None, sign: str) -> list[str]:
    """A student's line of marks/LESSON.csv."""
    student = mark.student
    submitted = when = ""
    numbers = ["", "", ""]
    if mark.submitted:
        submitted = mark.submitted.astimezone().isoformat(sep=" ", timespec="minutes")
        when = in_words(mark.late)
        numbers = [number(value, sign) for value in (mark.raw, mark.by_hand, mark.penalty)]
    points = [number(mark.points.get(id_), sign) for id_ in possible]
    return [student.key, student.name, student.id, submitted, when, *numbers,
            number(final, sign), *points, " ".join(mark.notes)]


def _notes(folder: ClassFolder, sheet: Sheet, results: dict[str, dict],
           strangers: list[str]) -> list[str]:
    """What the teacher should know about a sheet of marks."""
    notes = []
    waiting = sorted(set(folder.submissions(sheet.lesson)) - set(results))
    if waiting:
        notes.append(f"not graded yet: {', '.join(waiting)} (gancourse class grade "
                     f"{sheet.lesson[:2]})")
    if strangers:
        notes.append(f"not in {folder.roster.name}: {', '.join(strangers)}")
    unmarked = sum(value is None for mark in sheet.marks for value in mark.points.values())
    if unmarked:
        notes.append(f"replies to open questions that count 0 because they have no mark yet: "
                     f"{unmarked}; give it in nbgrader's formgrader, or in {folder.by_hand} with "
                     f"the columns {','.join(BY_HAND)}")
    versions = {result["version"] for result in results.values()}
    if len(versions) > 1:
        notes.append(f"graded with {len(versions)} versions of the lesson: gancourse class regrade "
                     f"{sheet.lesson[:2]} brings all to the present one")
    return notes
