"""The numbers of a sweep as one tidy table: a row a run, and the settings ranked by a column."""

import csv
import io
import math
import statistics
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from gancourse.course import records
from gancourse.course.lessons import defaults, settings
from gancourse.course.sweeps.plan import COLUMNS, Sweep
from gancourse.errors import CourseError
from gancourse.files import write_atomically

VERSION = "version of "  # how the columns of versions begin
WAITING = {"status": "waiting", "missed": "", "results": {}, "seconds": math.nan, "error": "",
           "date": "", "code": "", "versions": {}}


class Setting(NamedTuple):
    """One combination of the swept values, and the score of each seed, NaN where it has none."""

    values: dict[str, Any]
    scores: dict[int, float]

    @property
    def numbers(self) -> list[float]:
        """The scores that are numbers."""
        return [score for score in self.scores.values() if math.isfinite(score)]

    @property
    def median(self) -> float:
        """The median of the numbers, NaN when there is none."""
        return statistics.median(self.numbers) if self.numbers else math.nan

    @property
    def whole(self) -> bool:
        """Whether every seed has a number."""
        return len(self.numbers) == len(self.scores)

    def text(self) -> str:
        """The values in words."""
        words = [f"{name}={value}" for name, value in self.values.items()]
        return ", ".join(words) or "the lesson's own"


class Table:
    """The table of a sweep while it grows; each run's record is read once, when it is added.

    `results` maps the name of each result to its column, in the order in which records bring them.
    """

    def __init__(self, sweep: Sweep, known: dict[str, dict]) -> None:
        """Start with the records of `known`, by the names of runs."""
        self.sweep = sweep
        self.results: dict[str, str] = {}
        self._defaults = defaults(sweep.lesson)
        self._taken = {*COLUMNS, *self._defaults}
        self._versions: dict[str, None] = {}  # the names of libraries, in the order they come
        self._ended: dict[str, dict[str, Any]] = {}
        self._chosen: dict[str, dict[str, Any]] = {}
        for name, given in sweep.runs().items():
            self.expect(name, given)
        for name, record in known.items():
            self.add(name, record)

    def expect(self, name: str, given: dict[str, Any], **more) -> None:
        """Take in a run before it ends: the parameters given to it, and columns beside them."""
        chosen = self._defaults | settings(self.sweep.lesson, self.sweep.preset, given)
        chosen.pop("checkpoint", None)  # a file's name
        self._chosen[name] = more | chosen

    def expects(self, name: str) -> bool:
        """Return whether the table has a row for a run."""
        return name in self._chosen

    def ended(self, name: str) -> bool:
        """Return whether a run has ended, well or not."""
        return name in self._ended

    def trial(self, name: str) -> int:
        """Return the trial of a search that a run was first needed for."""
        return self._chosen[name]["trial"]

    def value(self, name: str, column: str) -> float:
        """Return what a run that has ended has in a column of `metrics`, NaN where nothing."""
        facts = self._ended[name]
        if column == "seconds":
            return facts["seconds"]
        results = {self.results[result]: number for result, number in facts["results"].items()}
        return results.get(column, math.nan)

    def error(self, name: str) -> str:
        """Return in one line why a run that has ended failed, "" where it did not."""
        return self._ended[name]["error"].partition("\n")[0]

    def add(self, name: str, record: dict) -> None:
        """Take in the record of a run that has ended."""
        results, versions = record["results"], record["versions"]
        for result in results:
            self.results[result] = f"{result} (result)" if result in self._taken else result
        self._versions |= dict.fromkeys(versions)
        self._ended[name] = {
            "status": status(record),
            "missed": "; ".join(records.missed_in_words(record)),
            "results": {result: records.number(value) for result, value in results.items()},
            "seconds": records.number(record.get("seconds")),
            "error": record.get("error", ""),
            "date": record.get("date", ""),
            "code": record.get("code_sha256", "")[:8],
            "versions": dict(versions),
        }

    def metrics(self) -> list[str]:
        """Return the columns by which settings can be ranked: what was measured, and "seconds"."""
        return [*self.results.values(), "seconds"]

    def rows(self) -> list[dict[str, Any]]:
        """Return one row a run: parameters, status, what it missed, results, seconds, and origin.

        The status is "done", "missed" (a run that is finished, with all its numbers, while a claim
        of the lesson does not hold at its settings), "failed", or "waiting".
        """
        return [self._row(name, self._ended.get(name, WAITING)) for name in self._chosen]

    def _row(self, name: str, facts: dict[str, Any]) -> dict[str, Any]:
        """One run's row; it has the columns of all runs."""
        results = {column: facts["results"].get(result, math.nan)
                   for result, column in self.results.items()}
        versions = {f"{VERSION}{library}": facts["versions"].get(library, "")
                    for library in self._versions}
        origin = {key: facts[key] for key in ("seconds", "error", "date", "code")}
        return {"lesson": self.sweep.lesson.name, **self._chosen[name], "status": facts["status"],
                "missed": facts["missed"], **results, **origin, **versions, "run": name}


def rows(sweep: Sweep, known: dict[str, dict]) -> list[dict[str, Any]]:
    """Return the rows of a sweep's table, as `Table.rows` does; `known` are records by run."""
    return Table(sweep, known).rows()


def status(record: dict) -> str:
    """Return what became of a run that has ended: "done", "missed" (a claim) or "failed"."""
    return record.get("status", "missed" if records.missed(record) else "done")


def measure(metric: str, names: Iterable[str]) -> str:
    """Return the one name that is `metric` or contains it; case does not matter.

    Raises ValueError, with all names, when none does or several do.
    """
    names = [*names]
    exact = [name for name in names if name == metric]
    hits = exact or [name for name in names if metric.lower() in name.lower()]
    if len(hits) == 1:
        return hits[0]
    problem = "is no result of this lesson; there are"
    if hits:
        problem = f"fits {len(hits)} results; say more of one"
    raise CourseError(f"--measure {metric!r} {problem}:\n  " + "\n  ".join(hits or names))


def by_seed_and_values(sweep: Sweep, table: list[dict]) -> dict[tuple, dict]:
    """Return the rows of a table, each by its seed and the values of the swept parameters."""
    return {(row["seed"], *(row[name] for name in sweep.names())): row for row in table}


def ranked(sweep: Sweep, table: list[dict], name: str, maximise: bool = False) -> list[Setting]:
    """Return the settings from best to worst median of the column `name`.

    Those that lack a seed come last, whatever the others scored.
    """
    sign = -1 if maximise else 1

    def place(setting: Setting) -> tuple[bool, float]:
        score = sign * setting.median if setting.numbers else math.inf
        return not setting.whole, score

    run = by_seed_and_values(sweep, table)
    order = []
    for values in sweep.settings():
        scores = {seed: float(run[seed, *values.values()][name]) for seed in sweep.seeds}
        order.append(Setting(values, scores))
    return sorted(order, key=place)


def mixed(table: list[dict]) -> str:
    """Return in words which versions differ between runs that have ended, "" when none does."""
    ended = [row for row in table if row["status"] != "waiting"]
    words = []
    for column in table[0] if table else []:
        if column.startswith(VERSION):
            kinds = sorted({row[column] or "unset" for row in ended})
            if len(kinds) > 1:
                words.append(f"{column.removeprefix(VERSION)} {' and '.join(kinds)}")
    return "; ".join(words)


def write(folder: Path, table: list[dict]) -> None:
    """Write table.csv and table.parquet, each whole or not at all."""
    import pandas

    frame = pandas.DataFrame(table)
    buffer = io.BytesIO()
    write_atomically(folder / "table.csv", frame.to_csv(index=False).encode())
    frame.to_parquet(buffer, index=False)
    write_atomically(folder / "table.parquet", buffer.getvalue())


def set_aside(folder: Path, code: str) -> Path | None:
    """Rename a table that other code has made and return its new name, None where there is none.

    Its rows are kept so, and never mix with new ones.
    """
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
