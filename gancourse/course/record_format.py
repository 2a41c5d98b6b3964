"""The record of a run, as run.json and failed.json hold it, and what it says in words.

`gancourse run`, `sweep` and `train` write the same keys:

    lesson, title, preset      the lesson's name, "03_dcgan_pt"; "train" for `gancourse train`
    settings, parameters       what the reader has chosen; all parameters with their values
    status, error, cell        "done", "missed" (a claim) or "failed"; what went wrong, and where
    results                    the numbers, each by the sentence that the lesson gives it
    metrics                    the same numbers by short names that stay the same: see result_names
    claims                     text, name, kind, bound, measured, judged, held
    verdicts                   what a study says of its prediction, and where its model lies
    curves                     the CSV file beside the record that holds the logs of its training
    seconds, date              how long it took, and when it ended
    versions, code_sha256      of libraries, of the code of the lesson
    identity                   what decides the numbers, data with their digest: see run_fingerprint
    provenance                 command, folder, commit, computer, start and end: see provenance

Records of earlier versions lack some of these; `read` adds what follows from the rest.
"""

import json
import math
from pathlib import Path
from typing import Any

from gancourse.course.result_names import names_of

TRAIN = "train"  # what stands for the lesson in a record of `gancourse train`


def read(path: Path) -> dict[str, Any]:
    """Return a record, {} where there is none or it is not whole."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(record, dict):
        return {}
    try:
        return completed(record)
    except (AttributeError, KeyError, TypeError, ValueError):  # a file of another program
        return {}


def completed(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with everything that follows from what it holds, such as short names.

    A record that is complete is returned as it is.
    """
    names = names_of([*record.get("results", {}), *(c["text"] for c in record.get("claims", []))])
    added = {
        "metrics": {names[text]: value for text, value in record.get("results", {}).items()},
        "claims": [{"name": names[claim["text"]], **claim} for claim in record.get("claims", [])],
        "status": status(record),
    }
    if "lesson" not in record and "steps" in record:  # `gancourse train` of 0.2
        added |= {"lesson": TRAIN, "title": "gancourse train"}
        added["parameters"] = record.get("parameters", record.get("settings", {}))
    return record | added


def status(record: dict[str, Any]) -> str:
    """Return what became of a run that has ended: "done", "missed" (a claim) or "failed"."""
    if record.get("status", "done") == "failed":
        return "failed"
    return "missed" if missed(record) else "done"


def missed(record: dict[str, Any]) -> list[dict]:
    """Return the claims of a record that were judged and do not hold."""
    return [claim for claim in record.get("claims", []) if claim["judged"] and not claim["held"]]


def claims_in_words(record: dict[str, Any]) -> str:
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


def missed_in_words(record: dict[str, Any]) -> list[str]:
    """Return one line for each missed claim: what it says, what was measured, and its bound."""
    return [
        f"{claim['text']}: measured {number(claim['measured']):.5g}, claimed {claim['bound']}"
        for claim in missed(record)
    ]


def settings_in_words(record: dict[str, Any]) -> str:
    """Return the parameters that a run has other than its lesson, as on the command line."""
    chosen = record.get("settings", {})
    return (
        ", ".join(f"{name}={value}" for name, value in chosen.items())
        or "the lesson's own settings"
    )


def number(value: float | str | None) -> float:
    """Return a number of a record as a float; what JSON cannot hold is "nan", "inf" or "-inf"."""
    return math.nan if value is None else float(value)


def counted(count: int, noun: str) -> str:
    """Return a count and its noun: "1 claim", "3 claims"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
