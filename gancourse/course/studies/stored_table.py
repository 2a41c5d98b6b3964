"""Tables of numbers that took longer to make than a lesson lasts: CSV files beside their studies.

    write(path, rows, made_with("python -m gancourse.course.studies.recipe.recipe", seconds=93))
    rows = read(path)

The first lines begin with # and say when, how long, with what and where the numbers were made.
Lessons 09 to 14.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from gancourse import system
from gancourse.errors import CourseError
from gancourse.files import write_atomically

LIBRARIES = ("python", "numpy", "torch")


def made_with(command: str, seconds: float) -> list[str]:
    """Return the head of a table: the date and the cost, versions, the processor, the command."""
    versions = system.library_versions()
    return [f"{datetime.now(UTC):%Y-%m-%d}, {seconds:.0f} s",
            ", ".join(f"{name} {versions[name]}" for name in LIBRARIES),
            system.processor().get("model name", "unknown processor"), command]


def write(path: Path, rows: Iterable[Mapping], head: Sequence[str] = (), *,
          digits: int = 0) -> None:
    """Write rows below the lines of their head; the columns are all keys, in their first order.

    Floats get so many significant digits, all that they have if `digits` is 0.
    """
    rows = [{key: f"{value:.{digits}g}" if digits and isinstance(value, float) else value
             for key, value in row.items()} for row in rows]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    buffer = io.StringIO("".join(f"# {line}\n" for line in head))
    buffer.seek(0, io.SEEK_END)
    table = csv.DictWriter(buffer, columns, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    write_atomically(path, buffer.getvalue().encode())


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table, all entries as text.

    Raises CourseError when the file is missing, or a row has more or fewer entries than columns.
    """
    rows = list(csv.DictReader(_lines(path, comments=False)))
    for row in rows:
        if None in row or None in row.values():
            raise CourseError(f"{path}: a row has not one entry a column; make the table anew")
    return rows


def pick(rows: Iterable[Mapping], column: str, **wanted) -> np.ndarray:
    """Return a column of the rows that have these entries, float64, in their order; "" is NaN.

        pick(rows, "distance", arm="R1 alone", seed=2)
    """
    chosen = [row for row in rows
              if all(str(row[name]) == str(value) for name, value in wanted.items())]
    return np.array([float(row[column] or "nan") for row in chosen])


def so_far(path: Path) -> tuple[list[dict[str, str]], float]:
    """Return the rows of a table that is being made, and the seconds that its head tells.

    Both are nothing where there is no table yet, the seconds also where it has no head.
    """
    if not path.exists():
        return [], 0.0
    head = head_of(path)
    return read(path), float(head[0].split(", ")[1].removesuffix(" s")) if head else 0.0


def has(rows: Iterable[Mapping], **wanted) -> bool:
    """Return whether a table has a row with these entries; floats have six digits in tables."""
    texts = {name: f"{value:g}" if isinstance(value, float) else str(value)
             for name, value in wanted.items()}
    return any(all(str(row[name]) == text for name, text in texts.items()) for row in rows)


def head_of(path: Path) -> list[str]:
    """Return what a table says of how it was made, a line each; CourseError if it is missing."""
    return [line.removeprefix("#").strip() for line in _lines(path, comments=True)]


def _lines(path: Path, *, comments: bool) -> list[str]:
    """The lines of a file that begin with #, or the others."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CourseError(f"{path} is missing: its study makes it, and git restore brings it back"
                          ) from None
    return [line for line in io.StringIO(text) if line.startswith("#") == comments]
