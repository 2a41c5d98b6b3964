"""Which of the runs are meant: by a condition on any column, by an order, by an id or a folder.

A column is named by its whole name (metrics.distance_of_the_samples, params.width), by what stands
behind the point, or by any part of either that fits no other column; a part of the sentence that a
metric stands for fits, too.
"""

import operator
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gancourse.course.lessons import literal
from gancourse.errors import CourseError, unknown

PLAIN = ("id", "run", "lesson", "title", "preset", "made_by", "status", "error", "claims_held",
         "claims_judged", "seconds", "started", "date")
COMPARISONS = {
    ">=": operator.ge, "<=": operator.le, "!=": operator.ne, "==": operator.eq, "=": operator.eq,
    ">": operator.gt, "<": operator.lt, "~": lambda value, part: str(part) in str(value),
}
ORDERED = (">=", "<=", ">", "<")
CONDITION = re.compile(r"\s*(?P<column>[^<>=!~]+?)\s*(?P<sign>>=|<=|!=|==|=|>|<|~)\s*(?P<value>.*)")


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as columns: the plain ones, its origin, params.NAME, metrics.NAME and tags."""
    columns = {name: row[name] for name in PLAIN} | row["origin"]
    columns |= {f"params.{name}": value for name, value in row["params"].items()}
    columns |= {f"metrics.{name}": value for name, value in row["metrics"].items()}
    return columns | {"tags": " ".join(row["tags"])}


def select(rows: list[dict[str, Any]], *, lesson: str = "", where: list[str] | None = None,
           failed: bool = False, tag: str = "", since: str = "") -> list[dict[str, Any]]:
    """Return the rows that meet all conditions, in their order.

    `where` are conditions such as "width>=8", "status=missed" or "dataset~folder"; a run without
    such a column does not meet one.  `since` is a date, here at this place, or a date and time.
    Raises CourseError for a lesson, tag or column that no run has, and for a condition or a date
    that does not read as one.
    """
    kept = rows
    if lesson:
        kept = [row for row in kept if _is_of(row, lesson)]
        if rows and not kept:
            raise unknown("lesson with runs here:", lesson, sorted({row["lesson"] for row in rows}))
    if tag:
        kept = [row for row in kept if tag in row["tags"]]
        if rows and not kept:
            raise unknown("tag", tag, sorted({name for row in rows for name in row["tags"]}))
    if failed:
        kept = [row for row in kept if row["failed"]]
    if since:
        begin = _moment(since)
        kept = [row for row in kept if _date(row) >= begin]
    for condition in where or []:
        kept = _meeting(kept, condition)
    return kept


def ordered(rows: list[dict[str, Any]], by: str, reverse: bool = False) -> list[dict[str, Any]]:
    """Return rows sorted by a column, the smallest first; those that lack it come last."""
    if not rows:
        return rows
    column = column_of(rows, by)
    having = []
    lacking = []
    for row in rows:
        value = flat(row).get(column)
        has = value is not None and value == value  # NaN is no place in an order
        (having if has else lacking).append((value, row))
    numbers = all(isinstance(value, int | float) for value, _ in having)
    having.sort(key=lambda pair: pair[0] if numbers else str(pair[0]), reverse=reverse)
    return [row for _, row in [*having, *lacking]]


def column_of(rows: list[dict[str, Any]], name: str) -> str:
    """Return the one column that a name, or a part of one, stands for.

    Raises CourseError, with the names that come nearest, where none or several fit.
    """
    sentences = {}
    for row in rows:
        sentences |= dict.fromkeys(flat(row), "")
        sentences |= {f"metrics.{short}": text for short, text in row["sentences"].items()}
    wanted = name.lower().replace("-", "_")
    tests = (
        lambda column: column.lower() == wanted,
        lambda column: column.lower().partition(".")[2] == wanted,
        lambda column: sentences[column].lower() == name.lower(),
        lambda column: column.lower().partition(".")[2].startswith(wanted),
        lambda column: wanted in column.lower() or name.lower() in sentences[column].lower(),
    )
    for fits in tests:
        hits = [column for column in sentences if fits(column)]
        if len(hits) == 1:
            return hits[0]
        if hits:
            raise CourseError(f"column {name!r} fits {len(hits)} columns; say more of one:\n  "
                              + "\n  ".join(hits))
    raise unknown("column", name, [column.partition(".")[2] or column for column in sentences])


def find(rows: list[dict[str, Any]], which: str, runs: Path) -> dict[str, Any]:
    """Return the row of a run by its id or the beginning of it, by its folder, or a part of that.

    Raises CourseError where none or several fit; an earlier good run is meant where a later run of
    the same folder has failed.
    """
    folder = which.rstrip("/").removeprefix(f"{runs.as_posix()}/")
    tests = (
        lambda row: row["id"] == which,
        lambda row: row["run"] == folder,
        lambda row: len(which) >= 3 and row["id"].startswith(which),
        lambda row: which in row["run"],
    )
    for fits in tests:
        hits = [row for row in rows if fits(row)]
        good = [row for row in hits if not row["failed"]]
        if len({row["run"] for row in hits}) == 1:
            return (good or hits)[0]
        if hits:
            lines = "".join(f"\n  {row['id']}  {row['run']}" for row in hits[:20])
            raise CourseError(f"{which!r} fits {len(hits)} runs; give the id of one:{lines}")
    raise CourseError(f"no run {which!r} in {runs}: \"gancourse runs\" shows the ids")


def _is_of(row: dict[str, Any], lesson: str) -> bool:
    """Whether a run is of a lesson by number, name, name without number, or "train"."""
    number, _, topic = row["lesson"].partition("_")
    by_number = lesson.isdigit() and number == f"{int(lesson):02d}"
    return by_number or lesson in (row["lesson"], topic or row["lesson"])


def _meeting(rows: list[dict[str, Any]], condition: str) -> list[dict[str, Any]]:
    """The rows that meet a condition such as "width>=8"."""
    match = CONDITION.fullmatch(condition)
    if not match:
        raise CourseError(f"-w {condition!r} must read COLUMN, one of {' '.join(COMPARISONS)}, "
                          'VALUE, such as -w "width>=8"')
    if not rows:
        return []
    column = column_of(rows, match["column"])
    return [row for row in rows if _meets(flat(row).get(column), match["sign"], match["value"])]


def _meets(value: Any, sign: str, text: str) -> bool:
    """Whether a value of a row stands so to the text of a condition; None stands to nothing.

    Numbers are compared with numbers, and all else as texts, so that dates come in order, too.
    """
    limit = literal(text)
    is_number = isinstance(value, int | float)
    if value is None:
        return False
    if is_number and isinstance(limit, int | float) and sign != "~":
        return COMPARISONS[sign](value, limit)
    if is_number and sign in ORDERED:
        return False
    return COMPARISONS[sign](str(value), text)


def _moment(text: str) -> datetime:
    """A date, or date and time, in the time of this place where it does not say another."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise CourseError(f"--since {text!r} must be a date such as 2026-11-01, or "
                          "2026-11-01T09:30") from None


def _date(row: dict[str, Any]) -> datetime:
    """When a run ended; one that does not say so is older than any."""
    try:
        return datetime.fromisoformat(row["date"]).astimezone()
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
