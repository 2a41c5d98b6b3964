"""Every run that a folder holds, a row each: what the list, the page and the export show.

    for row in rows(Path("runs")):
        print(row["id"], row["run"], row["status"])

A row is a dict with these keys:

    id, run                    six hex digits, and the run's folder within the folder of runs
    lesson, title, preset      as in the record; "train" for `gancourse train`
    made_by                    "run", "sweep" or "train"; "" in records of earlier versions
    status, error              "done", "missed" (a claim) or "failed"; what went wrong
    verdict, details           what became of it, in words and further lines
    settings, params           what was chosen, in words; all parameters with their values
    metrics, sentences         numbers by short names; the sentence that each name stands for
    claims_held, claims_judged     how many
    tags, seconds, started, date
    origin                     where its numbers come from, one level deep
    address, failed            of its page, within the folder of runs; whether a cell raised
    curves                     the CSV file with the logs of its training, None where there is none
    record                     all that its file holds
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gancourse.course import record_format
from gancourse.course.lessons import under_present_names
from gancourse.course.record_format import TRAIN, number
from gancourse.files import text_sha256

GOOD = {"notebook": "notebook.ipynb", "page": "notebook.html", "record": "run.json"}
FAILED = {"notebook": "failed.ipynb", "page": "failed.html", "record": "failed.json"}
ERROR_CELL = "#papermill-error-cell"  # where the page of a failed run shows what was raised
TAGS = "tags.json"
ID_DIGITS = 6
DEEPEST = 4  # folders below that of runs in which records are looked for
NOT_COMPARED = {"checkpoint"}  # a file's name, other in each run


def rows(runs: Path) -> list[dict[str, Any]]:
    """Return every run of a folder, the newest first; files that are no records are passed over."""
    every = []
    for path in _record_files(runs):
        if record := record_format.read(path):
            try:
                every.append(_row(runs, path, record))
            except (AttributeError, KeyError, TypeError, ValueError):  # of another program
                continue
    return sorted(every, key=lambda row: (row["date"], row["run"]), reverse=True)


def tags_of(folder: Path) -> list[str]:
    """Return the tags of a run's folder, in alphabetical order."""
    try:
        tags = json.loads((folder / TAGS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return sorted(map(str, tags)) if isinstance(tags, list) else []


def _record_files(runs: Path) -> Iterator[Path]:
    """The files that may be records; a link leads to the folder that it names."""
    start = len(runs.parts)
    for folder, inner, names in os.walk(runs, followlinks=True):
        deep = len(Path(folder).parts) - start
        inner[:] = [name for name in sorted(inner) if deep < DEEPEST and not name.startswith(".")]
        for kind in (GOOD, FAILED):
            if kind["record"] in names and deep:
                yield Path(folder, kind["record"])


def _row(runs: Path, path: Path, record: dict[str, Any]) -> dict[str, Any]:
    """The row of a record; a failed run and an earlier good one in its folder are two rows."""
    folder = path.parent
    run = folder.relative_to(runs).as_posix()
    failed = path.name == FAILED["record"]
    claims = [claim for claim in record["claims"] if claim["judged"]]
    made = record.get("provenance", {})
    verdict, details = _outcome(record, failed)
    params = under_present_names(record.get("parameters", {}))
    settings = record_format.settings_in_words(record)
    return {
        "id": text_sha256(f"{run}/{path.name}")[:ID_DIGITS],
        "run": run,
        "lesson": record["lesson"],
        "title": record.get("title", record["lesson"]),
        "preset": record.get("preset", ""),
        "made_by": made.get("made_by", TRAIN if record["lesson"] == TRAIN else ""),
        "status": "failed" if failed else record_format.status(record),
        "error": record.get("error", ""),
        "verdict": verdict,
        "details": details,
        "settings": f"{folder.name}: {settings}" if record["lesson"] == TRAIN else settings,
        "params": {name: value for name, value in params.items() if name not in NOT_COMPARED},
        "metrics": {name: number(value) for name, value in record["metrics"].items()},
        "sentences": dict(zip(record["metrics"], record.get("results", {}), strict=True)),
        "claims_held": sum(claim["held"] for claim in claims),
        "claims_judged": len(claims),
        "tags": tags_of(folder),
        "seconds": number(record.get("seconds")),
        "started": made.get("started", ""),
        "date": record.get("date", ""),
        "address": (folder / _page(folder, record, failed)).relative_to(runs).as_posix()
        + (ERROR_CELL if failed and record.get("cell") else ""),
        "failed": failed,
        "curves": _curves(folder, record),
        "origin": _origin(record),
        "record": record,
    }


def _origin(record: dict[str, Any]) -> dict[str, Any]:
    """Where the numbers of a run come from; None or "" where a record of old does not say."""
    known = record.get("identity", {})
    made = record.get("provenance", {})
    machine = known.get("machine", {})
    processor = machine.get("processor", {})
    package = made.get("package", {})
    inputs = known.get("inputs", {})
    return {
        "missed": "; ".join(claim["text"] for claim in record_format.missed(record)),
        "exit_status": made.get("exit_status"),
        "data": "; ".join(f"{name}={about.get('path')}" for name, about in inputs.items()),
        "data_sha256": "; ".join(str(about.get("sha256", "")) for about in inputs.values()),
        "command": made.get("command", ""),
        "folder": made.get("folder", ""),
        "package": package.get("version", ""),
        "commit": package.get("commit", ""),
        "dirty": package.get("dirty"),
        "code_sha256": record.get("code_sha256", ""),
        "identity": known.get("key", ""),
        "threads": known.get("threads"),
        "processor": processor.get("model name", processor.get("architecture", "")),
        "card": "; ".join(machine.get("gpu", [])),
        "system": made.get("host", {}).get("system", ""),
    }


def _outcome(record: dict[str, Any], failed: bool) -> tuple[str, list[str]]:
    """What became of a run, in words, and further lines."""
    if failed:
        return (record["error"].splitlines() or ["failed"])[0], []
    if record["lesson"] == TRAIN:
        measured = record.get("results", {}).items()
        lines = [f"{name}: {number(value):.5g}" for name, value in measured]
        return f"{record.get('steps', '?')} steps", lines
    return record_format.claims_in_words(record), record_format.missed_in_words(record)


def _page(folder: Path, record: dict[str, Any], failed: bool) -> str:
    """The file that shows a run best."""
    if record["lesson"] != TRAIN:
        return FAILED["page"] if failed else GOOD["page"]
    if (folder / "samples.png").is_file():
        return "samples.png"
    return FAILED["record"] if failed else GOOD["record"]


def _curves(folder: Path, record: dict[str, Any]) -> Path | None:
    """The file of a run's logs: the one that its record names, else that of its checkpoint."""
    named = record.get("curves") or record.get("parameters", {}).get("checkpoint") or "checkpoint"
    path = folder / Path(named).with_suffix(".csv").name
    return path if path.is_file() else None
