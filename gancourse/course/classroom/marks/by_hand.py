"""Marks that a teacher gives by hand, in marks/by_hand.csv and in nbgrader's formgrader.

    key,lesson,exercise,points,reason
    s17,05,05.Q1,1.5,"Well argued; the second half of the question is left out."

A line of the file counts before the formgrader.  The reason is shown to the student.  Points below
the grader's need one: no mark is lowered in silence.
"""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, NamedTuple

from gancourse.course.classroom.folder import ClassFolder
from gancourse.course.classroom.marks import platform_csv
from gancourse.course.classroom.marks.platform_csv import number
from gancourse.errors import CourseError, MissingPackage, unknown

COLUMNS = ("key", "lesson", "exercise", "points", "reason")
ZERO = Decimal(0)


class Hand(NamedTuple):
    """A mark given by hand; without points it is a comment only."""

    points: Decimal | None
    reason: str = ""


def hand_marks(folder: ClassFolder, lesson: str, results: dict[str, dict[str, Any]],
               possible: dict[str, Decimal]) -> tuple[dict[tuple[str, str], Hand], list[str]]:
    """Return the marks given by hand, by student's key and exercise, and notes about them.

    `results` are the grader's by key, `possible` the points of each exercise.  Raises CourseError
    for a line of by_hand.csv that names somebody or something unknown, has points out of range,
    contradicts another line, or lowers the grader's mark without a reason.
    """
    graded = {(key, entry["id"]): hundredths(entry["earned"])
              for key, result in results.items() for entry in result["exercises"]}
    hands, notes = _formgrader(folder, lesson)
    hands = {(key, id_): hand for (key, id_), hand in hands.items()
             if key in results and id_ in possible}
    written = _written(folder, lesson, results, possible)
    for which, hand in written.items():
        if _lowers(hand, graded.get(which)):
            raise CourseError(f"{folder.by_hand}: {which[0]} gets {number(hand.points)} for "
                              f"{which[1]}, below the grader's {number(graded[which])}: write the "
                              "reason into its line")
    for which, hand in hands.items():
        if which not in written and _lowers(hand, graded.get(which)):
            notes.append(f"{which[0]} has {number(hand.points)} for {which[1]} in the formgrader, "
                         f"below the grader's {number(graded[which])}, without a comment: write "
                         "one there")
    return hands | written, notes


def hundredths(value: float | Decimal) -> Decimal:
    """Return a number rounded to hundredths, halves away from 0 as by hand."""
    return Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _lowers(hand: Hand, graded: Decimal | None) -> bool:
    """Whether a mark by hand is below the grader's and says no reason."""
    return (hand.points is not None and graded is not None and hand.points < graded
            and not hand.reason)


def _formgrader(folder: ClassFolder, lesson: str
                ) -> tuple[dict[tuple[str, str], Hand], list[str]]:
    """What was entered in nbgrader's formgrader, and a note where it cannot be read."""
    from gancourse.course.classroom.grading import gradebook

    try:
        entered = gradebook.by_hand(folder, lesson)
    except MissingPackage as error:
        return {}, [f"marks in gradebook.db are left out: {error}"]
    hands = {}
    for key, entries in entered.items():
        for id_, entry in entries.items():
            points = None if entry.points is None else hundredths(entry.points)
            hands[key, id_] = Hand(points, entry.comment)
    return hands, []


def _written(folder: ClassFolder, lesson: str, results: dict[str, dict],
             possible: dict[str, Decimal]) -> dict[tuple[str, str], Hand]:
    """The lines of marks/by_hand.csv for a lesson; a line without points and reason is none yet."""
    path = folder.by_hand
    if not path.exists() or len(path.read_bytes().splitlines()) < 2:
        return {}
    table = platform_csv.read(path)
    header = table.header()
    if not set(COLUMNS) <= set(header):
        raise CourseError(f"{path} must begin with the line {','.join(COLUMNS)}")
    keys = {student.key for student in folder.students()} | set(results)
    hands: dict[tuple[str, str], Hand] = {}
    for row in range(1, len(table.rows)):
        line = {name: table.cell(row, header.index(name)) for name in COLUMNS}
        # a spreadsheet takes 05 for the number 5, and 05.1 for 5.1
        if line["lesson"] not in (lesson, lesson[:2], lesson[:2].lstrip("0")):
            continue
        if not line["points"] and not line["reason"]:
            continue
        where = f"{path}, row {row + 1}"
        if line["key"] not in keys:
            raise unknown(f"{where}: student", line["key"], keys)
        names = [line["exercise"], "0" + line["exercise"]]
        exercise = next((name for name in names if name in possible), None)
        if exercise is None:
            raise unknown(f"{where}: exercise", line["exercise"], possible)
        hand = Hand(_points(where, line["points"], possible[exercise]), line["reason"])
        which = line["key"], exercise
        if hands.setdefault(which, hand) != hand:
            raise CourseError(f"{where}: another row has other points or another reason for "
                              f"{which[0]} and {which[1]}; leave one of them out")
    return hands


def _points(where: str, text: str, most: Decimal) -> Decimal | None:
    """Points that a teacher wrote, with "." or ","; CourseError unless from 0 to the most."""
    if not text:
        return None
    try:
        points = hundredths(Decimal(text.replace(",", ".")))
    except InvalidOperation as error:
        raise CourseError(f"{where}: {text!r} is no number of points") from error
    if not 0 <= points <= most:
        raise CourseError(f"{where}: {text} points, but there are from 0 to {number(most)}")
    return points
