"""`gancourse runs diff`: in what runs differ, what came of it, and their curves in one figure."""

import csv
import math
import os
from base64 import b64encode
from pathlib import Path
from typing import Any, NamedTuple

from gancourse.course.record_format import counted
from gancourse.course.run_fingerprint import key
from gancourse.course.runs import filter as run_filter
from gancourse.course.runs import pages as run_pages
from gancourse.course.runs import rows as run_rows
from gancourse.errors import CourseError
from gancourse.files import write_atomically

PLACE = "compared"  # where pages go, within the folder of runs
MISSING = "–"
PANEL = 4.2  # width of a figure's panel in inches


class Line(NamedTuple):
    """What the runs have under one name."""

    name: str
    values: list[str]
    change: str = ""  # of a number, between two runs
    sentence: str = ""  # that the name of a number stands for


class Section(NamedTuple):
    """The lines in which runs differ, and a remark on the others."""

    title: str
    lines: list[Line]
    remark: str
    changes: bool = False  # whether its lines have a change


def compare(runs: Path, which: list[str], to: Path | None = None) -> str:
    """Write the page that compares runs, by their ids or folders, and return it as text.

    Raises CourseError for a run that is not there, for fewer than two, and for one given twice.
    """
    every = run_rows.rows(runs)
    rows = [run_filter.find(every, name, runs) for name in which]
    if len({row["id"] for row in rows}) < max(2, len(rows)):
        raise CourseError("give two runs or more, each once: gancourse runs diff ID ID")
    parts = sections(rows)
    verdict = cause_in_words(rows)
    page = to or runs / PLACE / f"{'-'.join(row['id'] for row in rows)[:60]}.html"
    picture, words = _figure(rows)
    home = Path(os.path.relpath(runs, page.parent)).as_posix()
    title = "Runs side by side: " + ", ".join(row["id"] for row in rows)
    text = run_pages.comparison(title, rows, parts, verdict=verdict, home=home, picture=picture,
                                words=words)
    write_atomically(page, text.encode())
    return f"{as_text(rows, parts)}\n\n{verdict}\nLook at {page.resolve()}"


def sections(rows: list[dict[str, Any]]) -> list[Section]:
    """Return what runs are, and in which parameters, numbers, versions and origins they differ."""
    return [
        Section("Runs", [_line(name, [row[name] for row in rows]) for name in
                         ("run", "title", "made_by", "status", "verdict", "seconds", "date")], ""),
        _differing("Parameters", "parameter", [row["params"] for row in rows]),
        _numbers(rows),
        _differing("What decides numbers, beside the parameters", "fact", [*map(_facts, rows)]),
        _differing("Where they were made", "fact", [*map(_origin, rows)]),
    ]


def cause_in_words(rows: list[dict[str, Any]]) -> str:
    """Return which of the things that decide numbers differ between runs."""
    whole = [row for row in rows if _key(row)]
    if len(whole) < len(rows):
        return "A run of an earlier version does not say all that has decided its numbers."
    apart = []
    if len({row["lesson"] for row in rows}) > 1:
        apart.append("the lesson")
    if _differing("", "", [row["params"] for row in rows]).lines:
        apart.append("parameters")
    apart += [line.name for line in _differing("", "", [*map(_facts, rows)]).lines]
    if apart:
        return f"What decides numbers and differs: {', '.join(apart)}."
    if _numbers(rows).lines:
        return ("Nothing that decides numbers differs, yet numbers do: a part of this lesson does "
                "not repeat on this machine.")
    return "Nothing that decides numbers differs, and neither do the numbers."


def as_text(rows: list[dict[str, Any]], parts: list[Section]) -> str:
    """Return sections as text for a terminal."""
    names = [line.name for part in parts for line in part.lines]
    first = max(map(len, [*names, ""])) + 2
    columns = [[row["id"] for row in rows]] + [line.values for part in parts for line in part.lines]
    widths = [min(40, max(len(values[i]) for values in columns)) for i in range(len(rows))]

    def aligned(name: str, values: list[str], change: str = "") -> str:
        """A line of the table; a value that is longer than its column moves the others."""
        cells = [value.ljust(width) for value, width in zip(values, widths, strict=True)]
        return f"  {name.ljust(first)}{'  '.join([*cells, change])}".rstrip()

    lines = [aligned("", [row["id"] for row in rows])]
    for part in parts:
        lines.append(part.title if not part.remark else f"{part.title} ({part.remark})")
        lines += [aligned(line.name, line.values, line.change) for line in part.lines]
    return "\n".join(lines)


def curves(path: Path) -> dict[str, list[tuple[float, float]]]:
    """Return the points of each curve in a CSV file of logs, whose first column is the step."""
    points: dict[str, list[tuple[float, float]]] = {}
    try:
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                step = float(row.pop("step"))
                for name, value in row.items():
                    points.setdefault(name, []).append((step, float(value)))
    except (OSError, ValueError, KeyError, TypeError):  # it is none, or is being written
        return {}
    return points


def _figure(rows: list[dict[str, Any]]) -> tuple[str, str]:
    """The curves of runs in one figure, a panel a scalar, as PNG in base64; what it shows.

    ("", "") where no run has any.
    """
    known = {row["id"]: curves(row["curves"]) for row in rows if row["curves"]}
    names = list(dict.fromkeys(name for points in known.values() for name in points))
    if not names:
        return "", ""
    from gancourse.notebook import image_output, plots

    across = min(2, len(names))
    fig, axes = plots.figure(-(-len(names) // across), across, width=PANEL * across, squeeze=False)
    for ax in axes.ravel()[len(names):]:
        ax.axis("off")
    drawn = {}
    for ax, name in zip(axes.ravel(), names, strict=False):
        for place, (run, points) in enumerate(known.items()):
            if name in points:
                steps, values = zip(*points[name], strict=True)
                colour = plots.COLOURS[place % len(plots.COLOURS)]
                (drawn[run],) = ax.plot(steps, values, label=run, color=colour, linewidth=1.2)
        ax.set(title=name, xlabel="step")
    fig.legend(handles=[*drawn.values()], loc="outside upper left", ncols=4)
    words = f"{', '.join(names)} against the step, a line for each of {', '.join(known)}."
    if lacking := [row["id"] for row in rows if row["id"] not in known]:
        words += f" {', '.join(lacking)} kept no logs."
    return b64encode(image_output.png(fig)).decode(), words


def _differing(title: str, noun: str, tables: list[dict[str, Any]]) -> Section:
    """The names under which tables differ; how many are equal is the remark."""
    names = list(dict.fromkeys(name for table in tables for name in table))
    lines = []
    for name in names:
        values = [table.get(name) for table in tables]
        if any(value != values[0] for value in values):
            lines.append(_line(name, values))
    return Section(title, lines, _remark(len(names) - len(lines), noun))


def _numbers(rows: list[dict[str, Any]]) -> Section:
    """The numbers that differ, each with its change where there are two runs."""
    sentences: dict[str, str] = {}
    for row in rows:
        sentences |= row["sentences"]
    lines = []
    for name, sentence in sentences.items():
        values = [row["metrics"].get(name) for row in rows]
        if len({repr(value) for value in values}) > 1:
            change = _change(*values) if len(values) == 2 else ""
            lines.append(_line(name, values)._replace(change=change, sentence=sentence))
    remark = _remark(len(sentences) - len(lines), "number")
    return Section("Numbers", lines, remark, changes=len(rows) == 2)


def _change(before: float | None, after: float | None) -> str:
    """By how much a number has changed, and in parts of what it was."""
    if before is None or after is None or not math.isfinite(after - before):
        return ""
    part = f" ({100 * (after - before) / abs(before):+.2g} %)" if before else ""
    return f"{after - before:+.4g}{part}"


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    """What decides the numbers of a run beside its parameters, one level deep."""
    known = row["record"].get("identity", {})
    machine = known.get("machine", {})
    processor = machine.get("processor", {})
    facts = {
        "code": known.get("code_sha256", row["record"].get("code_sha256", ""))[:8],
        "threads": known.get("threads"),
        "processor": processor.get("model name", processor.get("architecture")),
        "instructions": " ".join(processor.get("instructions", [])),
        "card": "; ".join(machine.get("gpu", [])),
        "limits": str(machine.get("limits") or ""),
    }
    facts |= {f"package data {n}": s[:8] for n, s in known.get("package_data", {}).items()}
    for name, about in known.get("inputs", {}).items():
        facts[f"data of {name}"] = str(about.get("sha256", ""))[:8]
    return facts | {f"version of {n}": v for n, v in known.get("versions", {}).items()}


def _origin(row: dict[str, Any]) -> dict[str, Any]:
    """How and where a run was made, one level deep."""
    origin = dict(row["record"].get("provenance", {}))
    package = origin.pop("package", {})
    host = origin.pop("host", {})
    dirty = {True: ", with changes", False: ""}[package.get("dirty", False)]
    facts = {name: origin.get(name, "") for name in ("command", "folder")}
    facts["course"] = f"{package.get('version', '')} {package.get('commit', '')[:10]}{dirty}"
    for name, about in row["record"].get("identity", {}).get("inputs", {}).items():
        facts[f"path of {name}"] = about.get("path", "")
    return facts | {f"computer: {name}": value for name, value in host.items()}


def _key(row: dict[str, Any]) -> str:
    """The key of a run's identity, "" where its record does not say all of it."""
    try:
        return key(row["record"]["identity"])
    except (KeyError, TypeError, AttributeError):
        return ""


def _line(name: str, values: list) -> Line:
    """A line of a section."""
    return Line(name, [*map(_text, values)])


def _text(value: Any) -> str:
    """A value as it stands in a table."""
    if value is None or value == "":
        return MISSING
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _remark(equal: int, noun: str) -> str:
    """How many of the names are equal in all runs."""
    return f"{counted(equal, noun)} the same" if equal else ""
