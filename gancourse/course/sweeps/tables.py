"""What a sweep found, as one tidy table: a row a run, and the settings ranked by one of its columns."""

import csv
import io
import math
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from gancourse.course import records
from gancourse.course.lessons import parameters, settings
from gancourse.course.sweeps.plan import COLUMNS, Sweep
from gancourse.errors import CourseError
from gancourse.files import write_atomically

VERSION = "version of "  # how the columns of versions begin


class Setting(NamedTuple):
    """One combination of the swept values, and what each seed scored; NaN where a seed has no number."""

    values: dict[str, Any]
    scores: dict[int, float]

    @property
    def numbers(self) -> list[float]:
        """The scores that are numbers."""
        return [score for score in self.scores.values() if math.isfinite(score)]

    @property
    def middle(self) -> float:
        """Their median, NaN when there is none."""
        return median(self.numbers) if self.numbers else math.nan

    @property
    def whole(self) -> bool:
        """Whether every seed has a number."""
        return len(self.numbers) == len(self.scores)

    def text(self) -> str:
        """The values in words."""
        return ", ".join(f"{name}={value}" for name, value in self.values.items()) or "the lesson's own"


def rows(sweep: Sweep, known: dict[str, dict]) -> list[dict[str, Any]]:
    """Return one row a run: parameters, status, what it missed, results, seconds, and what made it.

    `known` are records by the names of runs.  The status is "done", "missed" (a run that is
    finished, with all its numbers, while a claim of the lesson does not hold at its settings),
    "failed", or "waiting".
    """
    defaults = {name: p.default for name, p in parameters(sweep.lesson.notebook).items()}
    versions = dict.fromkeys(key for record in known.values() for key in record["versions"])
    found = []
    for name, given in sweep.runs().items():
        record = known.get(name, {"results": {}, "versions": {}})
        chosen = {**defaults, **settings(sweep.lesson, sweep.preset, given)}
        chosen.pop("checkpoint", None)  # a file's name
        measured = {column: records.number(record["results"].get(key))
                    for key, column in measures(sweep, known).items()}
        found.append({"lesson": sweep.lesson.name, **chosen,
                      "status": status(record) if name in known else "waiting",
                      "missed": "; ".join(records.missed_in_words(record)), **measured,
                      "seconds": records.number(record.get("seconds")),
                      "error": record.get("error", ""), "date": record.get("date", ""),
                      "code": record.get("code_sha256", "")[:8],
                      **{f"{VERSION}{key}": record["versions"].get(key, "") for key in versions}, "run": name})
    return found


def status(record: dict) -> str:
    """Return what became of a run that has ended: "done", "missed" (a claim) or "failed"."""
    return record.get("status", "missed" if records.missed(record) else "done")


def measures(sweep: Sweep, known: dict[str, dict]) -> dict[str, str]:
    """Return the names of what the runs measured, each with its column in the table."""
    taken = {*COLUMNS, *parameters(sweep.lesson.notebook)}
    names = dict.fromkeys(name for record in known.values() for name in record["results"])
    return {name: f"{name} (result)" if name in taken else name for name in names}


def measure(asked: str, names: Iterable[str]) -> str:
    """Return the one name that is `asked` or contains it; case does not matter.

    Raises ValueError, with all names, when none does or several do.
    """
    names = [*names]
    hits = [name for name in names if name == asked] or [name for name in names if asked.lower() in name.lower()]
    if len(hits) == 1:
        return hits[0]
    several = f"fits {len(hits)} results; say more of one" if hits else "is no result of this lesson; there are"
    raise CourseError(f"--measure {asked!r} {several}:\n  " + "\n  ".join(hits or names))


def ranked(sweep: Sweep, table: list[dict], name: str, maximise: bool = False) -> list[Setting]:
    """Return the settings from best to worst median; those that lack a seed come last, whatever the others scored."""
    found = []
    for values in sweep.settings():
        mine = {row["seed"]: row for row in table if all(row[key] == value for key, value in values.items())}
        found.append(Setting(values, {seed: float(mine[seed][name]) for seed in sweep.seeds}))
    sign = -1 if maximise else 1
    return sorted(found, key=lambda s: (not s.whole, sign * s.middle if s.numbers else math.inf))


def mixed(table: list[dict]) -> str:
    """Return in words which versions differ between runs that have ended, "" when none does."""
    ended = [row for row in table if row["status"] != "waiting"]
    kinds = {key: sorted({row[key] or "unset" for row in ended}) for key in table[0] if key.startswith(VERSION)}
    return "; ".join(f"{key.removeprefix('version of ')} {' and '.join(k)}" for key, k in kinds.items() if len(k) > 1)


def write(folder: Path, table: list[dict]) -> None:
    """Write table.csv and table.parquet, each whole or not at all."""
    import pandas

    frame, buffer = pandas.DataFrame(table), io.BytesIO()
    write_atomically(folder / "table.csv", frame.to_csv(index=False).encode())
    frame.to_parquet(buffer, index=False)
    write_atomically(folder / "table.parquet", buffer.getvalue())


def set_aside(folder: Path, code: str) -> Path | None:
    """Rename a table that other code has made: its rows are kept, and never mix with new ones.  Return its new name."""
    table = folder / "table.csv"
    if not table.exists():
        return None
    try:
        with open(table, encoding="utf-8", newline="") as file:
            codes = {row["code"] for row in csv.DictReader(file)} - {""}
    except (KeyError, TypeError, csv.Error, UnicodeDecodeError):
        codes = {"unknown"}
    if codes <= {code[:8]}:
        return None
    when = datetime.fromtimestamp(table.stat().st_mtime, UTC)
    kept = folder / f"table-{'-'.join(sorted(codes))}-{when:%Y%m%d-%H%M%S}.csv"
    for suffix in (".parquet", ".csv"):
        if (folder / f"table{suffix}").exists():
            (folder / f"table{suffix}").replace(kept.with_suffix(suffix))
    return kept
