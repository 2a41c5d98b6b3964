"""What became of an export, and how it is told."""

from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple


class Row(NamedTuple):
    """A student's submissions of one lesson, as far as this export speaks of them."""

    key: str
    lesson: str
    attempts: int  # all that are kept
    new: int  # of them, from this export
    time: datetime  # UTC, of the one that counts
    late: timedelta  # after the deadline, 0 in time or without one
    notes: list[str]


class Collected(NamedTuple):
    """What became of an export."""

    rows: list[Row]
    unmatched: list[tuple[str, str]]  # paths in the export, each with the reason
    missing: dict[str, list[str]]  # by lesson: the students of the roster who handed in nothing
    others: dict[str, int]  # files that are no notebooks, by ending
    notes: list[str]


def in_words(collected: Collected) -> str:
    """Return a table: who has handed in what, what could not be matched, who is missing."""
    lines = []
    width = max([7, *(len(row.key) for row in collected.rows)])
    for row in sorted(collected.rows, key=lambda row: (row.lesson, row.key)):
        late = f"late {_duration(row.late)}" if row.late else "in time"
        kept = f"{row.attempts} attempt{'s' * (row.attempts != 1)}, {row.new} new"
        lines.append(f"{row.key:<{width}}  {row.lesson}  {row.time.astimezone():%d %b %H:%M}  "
                     f"{late:<15}  {kept}{''.join(f'; {note}' for note in row.notes)}")
    counts = Counter(row.lesson for row in collected.rows)
    for lesson, count in sorted(counts.items()):
        late = sum(bool(row.late) for row in collected.rows if row.lesson == lesson)
        new = sum(row.new for row in collected.rows if row.lesson == lesson)
        lines.append(f"{lesson}: {count} students, {late} late, {new} new attempts")
    if not collected.rows:
        lines.append("nothing was collected")
    if collected.unmatched:
        lines.append(f"not collected ({len(collected.unmatched)}):")
        lines += [f"  {path}: {why}" for path, why in collected.unmatched]
    for lesson, keys in sorted(collected.missing.items()):
        if keys:
            lines.append(f"{lesson}: {len(keys)} have not handed in: {', '.join(keys)}")
    if collected.others:
        kinds = ", ".join(f"{n} {ending or 'without ending'}"
                          for ending, n in sorted(collected.others.items()))
        lines.append(f"other files, left alone: {kinds}")
    return "\n".join([*lines, *collected.notes])


def _duration(late: timedelta) -> str:
    """A duration in days, hours and minutes."""
    minutes = int(late.total_seconds() // 60)
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "under 1 min"
