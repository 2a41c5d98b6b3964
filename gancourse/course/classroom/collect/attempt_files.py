"""The attempts of a student at a lesson as files, and the one that counts.

    save(folder, "am17", "05_which_distance", data, facts)     # attempts/am17/05_.../2026..._3fa9c1
    let_count(folder, "am17", "05_which_distance")             # submitted/am17/05_.../05_....ipynb

An attempt's file is named by its time and by what it holds, so the same attempt is never kept
twice, whichever export it came from.  origin.json beside the attempts says where each came from.
"""

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from gancourse.course.classroom.collect.export_names import stamped
from gancourse.course.classroom.folder import ClassFolder
from gancourse.files import write_atomically

NAME = re.compile(r"(\d{8}T\d{6})_([0-9a-f]{6})\.ipynb")
ORIGIN = "origin.json"
STAMP = "timestamp.txt"  # nbgrader's
START = datetime(2000, 1, 1, tzinfo=UTC)


class Facts(NamedTuple):
    """Where an attempt came from."""

    time: datetime  # UTC; when it was handed in, as far as the export says
    exact: bool  # the export says it to the second; else it is a guess in the student's favour
    late: bool | None = None  # the platform's own mark
    platform: str = ""
    path: str = ""  # in the export
    exported: datetime = START  # what the zip or the folder says of the file
    answered: bool = True  # it is more than what was handed out
    order: int = 0  # the newer of two files of one export has the higher number


class Attempt(NamedTuple):
    """An attempt on the disk."""

    path: Path
    time: datetime  # UTC
    digest: str  # the first six hex digits of the sha256 of what it holds
    facts: dict[str, Any]  # its line of origin.json, {} where there is none


def attempts(folder: ClassFolder, key: str, lesson: str) -> list[Attempt]:
    """Return the attempts of a student, the oldest first; the last is the latest."""
    place = folder.attempts(key, lesson)
    origins = _origins(place)
    results = []
    for path in place.glob("*.ipynb"):
        if match := NAME.fullmatch(path.name):
            time = datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
            results.append(Attempt(path, time, match[2], origins.get(path.name, {})))
    return sorted(results, key=_age)


def save(folder: ClassFolder, key: str, lesson: str, data: bytes, facts: Facts) -> bool:
    """Keep an attempt, and return whether it is new.  Raises OSError when it cannot be written.

    The same contents at another exact time are another attempt.  Where the time is a guess, they
    are one only if the student has handed in something else since, which a platform's export says
    and a folder of copies does not.
    """
    keep_foreign(folder, key, lesson)
    known = attempts(folder, key, lesson)
    digest = _digest(data)
    times = [attempt.time for attempt in known if attempt.digest == digest]
    if facts.exact:
        is_new = facts.time.replace(microsecond=0) not in times
    else:
        latest = [attempt.digest for attempt in known
                  if attempt.facts.get("exported") == known[-1].facts.get("exported")]
        is_new = not times or bool(facts.platform and digest not in latest
                                   and facts.time > known[-1].time)
    path = folder.attempts(key, lesson) / f"{facts.time:%Y%m%dT%H%M%S}_{digest}.ipynb"
    if is_new:
        write_atomically(path, data)
    origins = _origins(path.parent)
    if path.exists() and path.name not in origins:  # new, or the machine stopped just here before
        line = {"platform": facts.platform, "path": facts.path, "exact": facts.exact,
                "late": facts.late, "exported": f"{facts.exported:%Y-%m-%dT%H:%M:%SZ}",
                "answered": facts.answered, "order": facts.order}
        text = json.dumps({**origins, path.name: line}, indent=1, ensure_ascii=False)
        write_atomically(path.parent / ORIGIN, text.encode())
    return is_new


def let_count(folder: ClassFolder, key: str, lesson: str, attempt: Attempt | None = None) -> None:
    """Put an attempt, by default the latest, where the grader and nbgrader look for it.

    Files that are right already stay as they are.  Raises OSError when they cannot be written.
    """
    keep_foreign(folder, key, lesson)
    attempt = attempt or attempts(folder, key, lesson)[-1]
    path = folder.submitted(key, lesson)
    stamp = f"{attempt.time:%Y-%m-%d %H:%M:%S} UTC\n".encode()
    for target, data in ((path, attempt.path.read_bytes()), (path.with_name(STAMP), stamp)):
        if not target.exists() or target.read_bytes() != data:
            write_atomically(target, data)


def keep_foreign(folder: ClassFolder, key: str, lesson: str) -> None:
    """Keep a submission that was put into the class by other means, such as nbgrader's collect."""
    path = folder.submitted(key, lesson)
    if not path.exists():
        return
    data = path.read_bytes()
    digest = _digest(data)
    if digest in {attempt.digest for attempt in attempts(folder, key, lesson)}:
        return
    stamp = path.with_name(STAMP)
    time = stamped(stamp.read_text(encoding="utf-8")) if stamp.exists() else None
    time = time or datetime.fromtimestamp(path.stat().st_mtime, UTC)
    write_atomically(folder.attempts(key, lesson) / f"{time:%Y%m%dT%H%M%S}_{digest}.ipynb", data)


def _digest(data: bytes) -> str:
    """The six hex digits by which an attempt is known."""
    return hashlib.sha256(data).hexdigest()[:6]


def _age(attempt: Attempt) -> tuple:
    """What orders attempts in time; of one time, an untouched copy comes first."""
    facts = attempt.facts
    return (attempt.time, facts.get("exported", ""), facts.get("answered", True),
            facts.get("order", 0), attempt.path.name)


def _origins(place: Path) -> dict[str, dict[str, Any]]:
    """What origin.json says, by attempt; {} where it is not there or not whole."""
    try:
        return json.loads((place / ORIGIN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
