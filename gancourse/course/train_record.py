"""The record that `gancourse train` leaves in its folder: the same keys as that of a lesson's run.

Beside those of `gancourse.course.record_format` it has steps, losses, processes, device and
images_per_second.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gancourse import system
from gancourse.course import provenance, record_format, records, run_fingerprint
from gancourse.course.runs.rows import FAILED, GOOD
from gancourse.course.train_folder import CHECKPOINT
from gancourse.course.train_options import AROUND, GAME
from gancourse.files import write_atomically
from gancourse.training_loop import History

CODE = "from gancourse.course import train_command"  # a notebook's cell that would run it


def make(settings: dict[str, Any], history: History, *, results: dict[str, float], device: str,
         threads: int, processes: int, images: int, digest: str, began: datetime, seconds: float,
         rate: float, error: str = "") -> dict[str, Any]:
    """Return the record of a run that has ended, with an error where it has failed.

    `began` is when this command began, `seconds` what the run took in all its parts, `rate` its
    images a second.  `images` is the number of images, and `digest` stands for their contents.
    """
    defaults = {parameter.name: parameter.default for parameter in GAME + AROUND}
    chosen = {name: value for name, value in settings.items() if value != defaults[name]}
    losses = history[-1].scalars if history else {}
    known = _identity(settings, threads, processes, images, digest)
    failure = {"status": "failed", "error": error, "cell": {}} if error else {}
    return record_format.completed({
        "lesson": record_format.TRAIN, "title": "gancourse train", "preset": "",
        "settings": chosen, "parameters": settings, "date": provenance.in_utc(datetime.now(UTC)),
        "versions": system.library_versions() | {"threads": str(threads)},
        "code_sha256": known["code_sha256"],
        "identity": {"key": run_fingerprint.key(known), **known},
        "provenance": provenance.of_process(began, exit_status=1 if error else 0),
        "notes": [], "results": {**results, **losses}, "claims": [],
        "curves": Path(CHECKPOINT).with_suffix(".csv").name, "seconds": round(seconds, 2),
        "steps": history[-1].step if history else 0, "losses": losses, "processes": processes,
        "device": device, "images_per_second": round(rate, 1), **failure,
    })


def write(folder: Path, record: dict[str, Any]) -> None:
    """Write a record, finished or failed, and renew the page of all runs where one is kept."""
    kind = FAILED if record["status"] == "failed" else GOOD
    write_atomically(folder / kind["record"],
                     json.dumps(record, indent=1, ensure_ascii=False).encode())
    if kind is GOOD:
        (folder / FAILED["record"]).unlink(missing_ok=True)
    runs = folder.absolute().parent
    if runs.name == "runs" or (runs / "index.html").is_file():
        records.write_index(runs)


def _identity(settings: dict[str, Any], threads: int, processes: int, images: int,
              digest: str) -> dict[str, Any]:
    """What decides the numbers of a run, in the form of `run_fingerprint.of_run`."""
    notebook = {"cells": [{"cell_type": "code", "source": [CODE]}]}
    parameters = settings | {"processes": processes}
    known = run_fingerprint.of_run(notebook, parameters, Path.cwd(), threads)
    # of a set that the course draws there is no file, but its images have a digest all the same
    facts = known["inputs"].get("dataset", {"path": settings["dataset"], "sha256": digest})
    known["inputs"]["dataset"] = {**facts, "images": images, "digest": digest}
    return known
