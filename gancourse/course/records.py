"""What a run leaves in its folder, what that says in words, and the page that lists all runs.

runs/index.html                         every run of every lesson; written anew after each
runs/03_dcgan_pt/num_steps=2000,seed=1/
    notebook.ipynb, notebook.html       the executed copy
    run.json                            parameters, identity, versions, seconds, results, claims
    failed.ipynb, failed.html, failed.json      the same of a later run in which a cell raised
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gancourse import files
from gancourse.course import html_pages, run_fingerprint
from gancourse.files import write_atomically
from gancourse.notebook.claims import MIME

GOOD = {"notebook": "notebook.ipynb", "page": "notebook.html", "record": "run.json"}
FAILED = {"notebook": "failed.ipynb", "page": "failed.html", "record": "failed.json"}
ERROR_CELL = "#papermill-error-cell"  # where the page of a failed run shows what was raised


def lock_of(runs: Path, name: str) -> Path:
    """Return the lock of something in a folder of runs: a run's "LESSON/RUN", or another name."""
    return runs / ".locks" / f"{run_fingerprint.text_sha256(name)[:16]}.lock"


def finished(folder: Path, known: dict[str, Any], here: bool = True) -> dict | None:
    """Return the record of a run folder that holds a finished run of this identity, else None.

    With here=False a run counts that another computer has finished.
    """
    record = read(folder / GOOD["record"])
    try:
        same = run_fingerprint.key(record["identity"], here) == run_fingerprint.key(known, here)
    except (KeyError, TypeError, AttributeError):  # no record, or one of an older version
        return None
    return record if same else None


def read(path: Path) -> dict:
    """Return a record, {} where there is none or it is not whole."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def write(folder: Path, record: dict, notebook: dict) -> None:
    """Write the page and the record of a finished run; what an earlier failure has left goes."""
    _write_page(folder / GOOD["page"], notebook, record)
    _write_record(folder / GOOD["record"], record)
    for name in FAILED.values():
        (folder / name).unlink(missing_ok=True)


def write_failure(folder: Path, record: dict, notebook: dict | None) -> None:
    """Write the page and the record of a run that failed; an earlier good run stays beside it.

    Without a notebook, where nothing of the run is left, the page holds the error alone.
    """
    if notebook is None:
        page = html_pages.message(record["title"], record["error"])
        write_atomically(folder / FAILED["page"], page.encode())
    else:
        _write_page(folder / FAILED["page"], notebook, record)
    _write_record(folder / FAILED["record"], record)


def results(notebook: dict) -> dict[str, float | str]:
    """Return the numbers that a notebook's tables hold; "nan" and "inf" are texts there."""
    numbers: dict[str, float | str] = {}
    for table in _tables(notebook):
        numbers |= table.get("results", {})
    return numbers


def claims(notebook: dict) -> list[dict[str, Any]]:
    """Return the claims in a notebook's tables: text, kind, bound, measured, judged, held."""
    return [claim for table in _tables(notebook) for claim in table.get("claims", [])]


def missed(record: dict) -> list[dict]:
    """Return the claims of a record that were judged and do not hold."""
    return [claim for claim in record.get("claims", []) if claim["judged"] and not claim["held"]]


def claims_in_words(record: dict) -> str:
    """Return how many of the judged claims hold; what is only shown does not count."""
    claims = [claim for claim in record.get("claims", []) if claim["kind"] != "shown"]
    judged = [claim for claim in claims if claim["judged"]]
    held = sum(claim["held"] for claim in judged)
    aside = len(claims) - len(judged)
    other = "other data or settings than the lesson's"
    if not claims:
        return "no claims"
    if not judged:
        return f"{counted(aside, 'claim')} shown, not judged: {other}"
    hold = "claim holds" if len(judged) == 1 else "claims hold"
    unjudged = f" ({aside} not judged: {other})" if aside else ""
    return f"{held} of {len(judged)} {hold}{unjudged}"


def missed_in_words(record: dict) -> list[str]:
    """Return one line for each missed claim: what it says, what was measured, and its bound."""
    return [
        f"{claim['text']}: measured {number(claim['measured']):.5g}, claimed {claim['bound']}"
        for claim in missed(record)
    ]


def number(value: float | str | None) -> float:
    """Return a number of a record as a float; what JSON cannot hold is "nan", "inf" or "-inf"."""
    return math.nan if value is None else float(value)


def counted(count: int, noun: str) -> str:
    """Return a count and its noun: "1 claim", "3 claims"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def settings_in_words(record: dict) -> str:
    """Return the parameters that a run has other than its lesson, as on the command line."""
    chosen = record.get("settings", {})
    return (
        ", ".join(f"{name}={value}" for name, value in chosen.items())
        or "the lesson's own settings"
    )


def rows(runs: Path) -> list[dict[str, Any]]:
    """Return what the page of all runs shows, a row a run, in the order of lessons, then of dates.

    A row has: lesson (its name), title, settings, address, verdict, details (a list of lines),
    seconds, date, failed (whether it is a run in which a cell raised).
    """
    every = [*_good_rows(runs), *_failed_rows(runs), *_train_rows(runs)]
    return sorted(every, key=lambda row: (row["lesson"], row["date"]))


def write_index(runs: Path) -> Path:
    """Write the page of all runs in a folder, index.html, and return its path.

    One process at a time writes it, from what all of them have left.
    """
    page = runs / "index.html"
    with files.hold(lock_of(runs, "index"), str(page), say=lambda sentence: None):
        sweeps = [
            (path.relative_to(runs).as_posix(), path.parent.name)
            for path in sorted(runs.glob("sweeps/*/report.html"))
        ]
        text = html_pages.index("gancourse: your runs", rows(runs), sweeps)
        write_atomically(page, text.encode())
    return page


def _tables(notebook: dict) -> Iterator[dict]:
    """The tables of results and claims that a notebook's cells have put out."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if MIME in output.get("data", {}):
                yield output["data"][MIME]


def _good_rows(runs: Path) -> Iterator[dict[str, Any]]:
    """A row for each finished run of a lesson."""
    for path in sorted(runs.glob("*/*/run.json")):
        record = read(path)
        if "lesson" in record:
            page = path.with_name(GOOD["page"])
            yield _row(runs, page, record, claims_in_words(record), missed_in_words(record))


def _failed_rows(runs: Path) -> Iterator[dict[str, Any]]:
    """A row for each run of a lesson in which a cell raised; it leads to that cell."""
    for path in sorted(runs.glob("*/*/failed.json")):
        record = read(path)
        if "lesson" in record:
            page = path.with_name(FAILED["page"])
            row = _row(runs, page, record, record["error"].splitlines()[0], [])
            at_cell = ERROR_CELL if record.get("cell") else ""
            yield {**row, "address": row["address"] + at_cell, "failed": True}


def _train_rows(runs: Path) -> Iterator[dict[str, Any]]:
    """A row for each run of `gancourse train`."""
    for path in sorted(runs.glob("*/run.json")):
        record = read(path)
        if "settings" in record:
            measured = record.get("results", {}).items()
            details = [f"{name}: {number(value):.5g}" for name, value in measured]
            row = _row(runs, path, record, f"{record.get('steps', '?')} steps", details)
            settings = f"{path.parent.name}: {row['settings']}"
            yield {**row, "lesson": "train", "title": "gancourse train", "settings": settings}


def _row(runs: Path, page: Path, record: dict, verdict: str, details: list[str]) -> dict[str, Any]:
    """A row of `rows`; `page` is where it leads to."""
    return {
        "lesson": record.get("lesson", ""),
        "title": record.get("title", record.get("lesson", "")),
        "settings": settings_in_words(record),
        "address": page.relative_to(runs).as_posix(),
        "verdict": verdict,
        "details": details,
        "seconds": number(record.get("seconds")),
        "date": record.get("date", ""),
        "failed": False,
    }


def _write_page(path: Path, notebook: dict, record: dict) -> None:
    """Write an executed notebook as a page with the record's title."""
    write_atomically(path, html_pages.to_html(notebook, record["title"]).encode())


def _write_record(path: Path, record: dict) -> None:
    write_atomically(path, json.dumps(record, indent=1, ensure_ascii=False).encode())
