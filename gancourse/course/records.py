"""What a run leaves in its folder, and the page that lists all runs.

runs/index.html                         every run of every lesson; written anew after each
runs/03_dcgan_pt/num_steps=2000,seed=1/
    notebook.ipynb, notebook.html       the executed copy
    run.json                            the record: see gancourse.course.record_format
    failed.ipynb, failed.html, failed.json      the same of a later run in which a cell raised
    tags.json                           the tags that `gancourse runs tag` has given it
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gancourse import files
from gancourse.course import html_pages, run_fingerprint
from gancourse.course.record_format import (
    claims_in_words,
    completed,
    counted,
    missed,
    missed_in_words,
    number,
    read,
    settings_in_words,
    status,
)
from gancourse.course.runs import pages as run_pages
from gancourse.course.runs import rows as run_rows
from gancourse.course.runs.rows import FAILED, GOOD
from gancourse.errors import NO_PERMISSION, CourseError, advice
from gancourse.files import write_atomically
from gancourse.notebook.claims import MIME

__all__ = [  # of this module, and what it hands on
    "FAILED", "GOOD", "check_writable", "claims", "claims_in_words", "completed", "counted",
    "finished", "lock_of", "missed", "missed_in_words", "number", "read", "results",
    "settings_in_words", "status", "verdicts", "write", "write_failure", "write_index",
]


def lock_of(runs: Path, name: str) -> Path:
    """Return the lock of something in a folder of runs: a run's "LESSON/RUN", or another name."""
    return runs / ".locks" / f"{run_fingerprint.text_sha256(name)[:16]}.lock"


def check_writable(runs: Path) -> None:
    """Raise CourseError where no file can be made in a folder of runs, which is made if need be."""
    try:
        runs.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=runs).close()
    except OSError as error:
        raise CourseError(f"--runs {runs}: no file can be made there ({error.strerror})"
                          f"{advice(error) or NO_PERMISSION}") from error


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


def verdicts(notebook: dict) -> list[str]:
    """Return the sentences in which a study has judged its prediction, with where its model is."""
    return [table["verdict"] for table in _tables(notebook) if "verdict" in table]


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
        text = run_pages.index("gancourse: your runs", run_rows.rows(runs), sweeps)
        write_atomically(page, text.encode())
    return page


def _tables(notebook: dict) -> Iterator[dict]:
    """The tables of results and claims that a notebook's cells have put out."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if MIME in output.get("data", {}):
                yield output["data"][MIME]


def _write_page(path: Path, notebook: dict, record: dict) -> None:
    """Write an executed notebook as a page with the record's title."""
    write_atomically(path, html_pages.to_html(notebook, record["title"]).encode())


def _write_record(path: Path, record: dict) -> None:
    """Write a record; one that another module has put together gets its short names here."""
    text = json.dumps(completed(record), indent=1, ensure_ascii=False)
    write_atomically(path, text.encode())
