"""`gancourse runs`: the runs that there are as a table for a terminal, and their tags."""

import json
import math
import re
import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from gancourse import files
from gancourse.course import records
from gancourse.course.runs import rows as run_rows
from gancourse.course.runs.filter import CONDITION, column_of, find, flat, ordered, select
from gancourse.errors import CourseError
from gancourse.files import write_atomically

SHOWN = ("id", "lesson", "settings", "status", "claims", "tags", "seconds", "date")
TAG = re.compile(r"[\w.+-]+")
LEAST = 16  # characters of the settings, where a terminal is narrow
NUMBERS = {"seconds", "claims"}  # of SHOWN, which stand flush right


def set_tag(runs: Path, which: str, name: str, remove: bool = False) -> str:
    """Give a run a tag, or take it away, and return in words what was done."""
    if not TAG.fullmatch(name):
        raise CourseError(f"tag {name!r} must be of letters, digits and the signs _ . + -")
    row = find(run_rows.rows(runs), which, runs)
    folder = runs / row["run"]
    with files.hold(records.lock_of(runs, f"tags {row['run']}"), f"the tags of {row['run']}"):
        tags = set(run_rows.tags_of(folder))
        tags = tags - {name} if remove else tags | {name}
        write_atomically(folder / run_rows.TAGS, json.dumps(sorted(tags)).encode())
    records.write_index(runs)
    return f"{row['run']}: {', '.join(sorted(tags)) or 'no tag'}"


def table(rows: list[dict[str, Any]], extra: list[str], width: int = 0) -> str:
    """Return rows as lines for a terminal, the columns `extra` among them.

    Of a failed run a second line says what went wrong.  Lines are cut to `width` characters.
    """
    names = [*SHOWN[:5], *extra, *SHOWN[5:]]
    cells = [[_cell(row, name) for name in names] for row in rows]
    heads = [name.partition(".")[2] or name for name in names]
    widths = [max(len(line[i]) for line in [heads, *cells]) for i in range(len(names))]
    place = names.index("settings")
    if width and (over := sum(widths) + 2 * (len(widths) - 1) - width) > 0:
        widths[place] = max(LEAST, widths[place] - over)
    lines = []
    for line in [heads, *cells]:
        line[place] = line[place][: widths[place]]
        padded = [text.rjust(size) if name in {*NUMBERS, *extra} else text.ljust(size)
                  for name, text, size in zip(names, line, widths, strict=True)]
        lines.append("  ".join(padded).rstrip())
    for number, row in reversed([*enumerate(rows, start=1)]):
        if row["failed"]:
            lines.insert(number + 1, f"        {row['verdict']}")
    return "\n".join(line[: width or None] for line in lines)


def show(runs: Path, arguments) -> str:
    """Return what `gancourse runs` prints: the rows that its options leave, and how many."""
    every = run_rows.rows(runs)
    if not every:
        return f"no runs in {runs} yet: gancourse run 03 --preset smoke makes one in seconds"
    rows = chosen(every, arguments)
    some = rows or every
    extra = [column_of(some, name) for name in arguments.columns]
    named = [column_of(some, name) for name in _named(arguments)]
    extra += [column for column in named if column not in SHOWN]
    if arguments.sort:
        rows = ordered(rows, arguments.sort, arguments.reverse)
    elif arguments.reverse:
        rows = rows[::-1]
    listed = rows[: arguments.limit or None]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    failures = sum(row["failed"] for row in rows)
    words = f"{records.counted(len(rows), 'run')} of {len(every)}, {failures} failed"
    if len(listed) < len(rows):
        words += f"; the first {len(listed)} are shown"
    lines = [table(listed, list(dict.fromkeys(extra)), width)] if listed else []
    return "\n".join([*lines, words])


def chosen(rows: list[dict[str, Any]], arguments) -> list[dict[str, Any]]:
    """Return the rows that the options of a command line leave."""
    return select(rows, lesson=arguments.lesson, where=arguments.where, failed=arguments.failed,
                  tag=arguments.tag, since=arguments.since)


def _named(arguments) -> list[str]:
    """The columns that conditions and the order name, which the table shows."""
    matches = [CONDITION.fullmatch(condition) for condition in arguments.where]
    names = [match["column"] for match in matches if match]
    return [*names, arguments.sort] if arguments.sort else names


def _cell(row: dict[str, Any], name: str) -> str:
    """What a row has in a column, as the table shows it."""
    if name == "settings":
        return row["settings"]
    if name == "claims":
        return f"{row['claims_held']}/{row['claims_judged']}" if row["claims_judged"] else ""
    value = flat(row).get(name, "")
    if name == "date":
        return _local(value)
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.5g}"
    return str(value)


def _local(date: str) -> str:
    """A date of a record, in the time of this place."""
    try:
        return f"{datetime.fromisoformat(date).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return date
