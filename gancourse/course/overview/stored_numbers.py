"""Numbers that lessons have measured, by the claim that they belong to.

    measured("06", "scratch in still pixels, no R1: least of 3 seeds")  # from the stored run
    in_text("Of 3 seeds the least is {06: scratch in still pixels, no R1: least of 3 seeds}.")

So a sentence about another lesson never holds a typed number that has gone stale: it is read from
the notebook as it is stored.  Lesson 14.
"""

import re
from functools import cache
from pathlib import Path

from gancourse.course import records
from gancourse.course.lessons import FOLDER, find
from gancourse.errors import CourseError, unknown

PLACE = re.compile(r"\{(\d\d): ([^{}]+?)(?: as ([,.\d]*[a-z%]))?\}")  # lesson, claim, format


def measured(lesson: str, claim: str, folder: Path = FOLDER) -> float:
    """Return the number that the stored run of a lesson has measured for a claim.

    `lesson` is a number or a name.  Raises CourseError for an unknown lesson, for a lesson without
    stored outputs, and for a claim that it does not make (naming the nearest).
    """
    numbers = _numbers(lesson, folder)
    if not numbers:
        raise CourseError(f"lesson {lesson} has no stored numbers: gancourse render {lesson}")
    if claim not in numbers:
        raise unknown(f"claim of lesson {lesson}:", claim, numbers)
    return float(numbers[claim])


def in_text(text: str, folder: Path = FOLDER) -> str:
    """Return a text in which each place like {06: claim} or {06: claim as .2f} holds its number.

    Without a format a number has three digits.  In the cell of a table a bar in a claim is written
    with a backslash before it.  Raises CourseError as `measured` does, and for a
    format that no number takes.
    """
    def number(match: re.Match) -> str:
        """The number of one place."""
        value = measured(match[1], match[2].replace("\\|", "|"), folder)
        try:
            return format(value, (match[3] or ".3g").strip())
        except ValueError as error:
            raise CourseError(f"{match[0]}: {error}; write a format such as .2f") from error

    return PLACE.sub(number, text)


@cache
def _numbers(lesson: str, folder: Path) -> dict[str, float | str]:
    """All numbers of a lesson by the texts of their claims."""
    return records.results(find(lesson, folder).notebook)
