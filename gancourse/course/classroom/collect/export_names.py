"""Who handed a file in, and when: what the names in an export say.

    readings("Anna Müller_12345_assignsubmission_file_/05.ipynb")           # Moodle
    readings("mülleranna_LATE_1234_56789_05-1.ipynb")                       # Canvas
    readings("Mueller_Anna_mueller1_4711/20261127153000_05.ipynb")          # ILIAS
    readings("Lesson 5_am17_attempt_2026-11-27-15-30-00_05.ipynb")          # Blackboard
    readings("am17+05_which_distance+2026-11-27 15:30:00.1 UTC/05.ipynb")   # nbgrader's exchange

A path is partly the platform's and partly the student's, who may write what he or she likes: only
the outermost part that a platform wrote says who it was.

The forms are those of the programs' own sources: Moodle's mod/assign/classes/downloader.php,
Canvas's lib/content_zipper.rb, ILIAS's class.ilExSubmission.php, nbgrader's exchange/submit.py;
Blackboard's are as its users' scripts read them.
"""

import re
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?P<kind>[a-z]+)_?(?P<file>.*)")
CANVAS = re.compile(r"(?:(?P<name>\w+?)_)??(?P<late>LATE_)?(?P<id>anon_[^\W_]+|\d+)_"
                    r"(?P<order>\d+)_(?P<file>.+)")
CANVAS_TEXT = re.compile(r"\w+_(?:LATE_)?\d+_(?:text|link)\.html")
ILIAS = re.compile(r"[^_]+_[^_]+(?:_[^_]+)*_\d+")
ILIAS_STAMP = re.compile(r"(?P<time>20\d{12})_(?P<file>.+)")
ILIAS_LATE = re.compile(r"[^-]*(?:late|sp(?:ä|ae|a)t)[^-]* - (?P<file>.+)", re.I)
BLACKBOARD = re.compile(r"(?P<before>.+)_attempt_(?P<time>\d{4}(?:-\d\d){5})"
                        r"(?:_(?P<file>.+)|(?P<txt>\.txt))")
NBGRADER = re.compile(r"(?P<id>.+)\+(?P<lesson>[^+]+)\+(?P<date>\d{4}-\d\d-\d\d) "
                      r"(?P<clock>\d\d[:_.-]\d\d[:_.-]\d\d)(?:[._]\d+)?"
                      r" (?P<zone>[A-Za-z/_]+|[+-]\d{4})(?:\+.*)?")
COPY = re.compile(r"[ _]?\((\d+)\)$|[ _]?-[ _]?Copy(\d+)$|-(\d{1,2})$")


class Handed(NamedTuple):
    """What the path of a file says about who handed it in."""

    platform: str = ""  # "Moodle", "Canvas", "ILIAS", "Blackboard", "nbgrader", or "" for none
    ids: tuple[str, ...] = ()  # what may be the student's id or login, the likeliest first
    names: tuple[str, ...] = ()  # what may be the student's name, likewise
    file: str = ""  # the student's own name of the file
    time: datetime | None = None  # UTC, where the path says it
    late: bool | None = None  # what the platform says; None where it says nothing
    order: int = 0  # which of several files of a student is newer
    skip: bool = False  # a text beside the files, not something handed in as a file


def readings(path: str) -> list[Handed]:
    """Return what a path in an export may say, the outermost part first.

    Moodle, Blackboard and nbgrader write what nobody else does, so what lies within is a student's
    own and says nothing.  What looks like a name of Canvas or ILIAS may be chance.  The last
    reading without a platform is the plain one: its ids and names are the folders and the file's
    name.
    """
    parts = path.split("/")
    results = []
    for i, part in enumerate(parts):
        inside = parts[i + 1:]
        for reader in (_moodle, _blackboard, _nbgrader):
            if result := reader(part, inside):
                return [*results, result]
        is_file = not inside or part.lower().endswith(".zip")
        if result := (_canvas if is_file else _ilias)(part, inside):
            results.append(result)
    words = (*parts[:-1], stem(parts[-1]))
    return [*results, Handed("", words, words, parts[-1], order=copy_number(parts[-1]))]


def copy_number(name: str) -> int:
    """Return 2 for "a (2).ipynb", "a-2.ipynb" and "a-Copy2.ipynb", 0 for "a.ipynb"."""
    match = COPY.search(stem(name))
    return int(next(filter(None, match.groups()))) if match else 0


def stem(name: str) -> str:
    """Return a file's name without its ending, also where that is doubled: "05.ipynb.txt"."""
    return re.sub(r"(\.ipynb|\.json|\.txt|\.py)+$", "", name, flags=re.I)


def _moodle(part: str, inside: list[str]) -> Handed | None:
    """Moodle: a folder for each student, or the same as the beginning of the file's name.

    In older versions a group's name and a hyphen may stand before the student's name.
    """
    match = MOODLE.fullmatch(part)
    if not match:
        return None
    words = match["name"].split("-")
    names = tuple("-".join(words[i:]).strip() for i in range(len(words)))
    file = inside[-1] if inside else match["file"]
    return Handed("Moodle", (match["id"],), names, file, order=copy_number(file),
                  skip=match["kind"] != "file")


def _canvas(part: str, inside: list[str]) -> Handed | None:
    """Canvas: name, mark, number of the student, number of the file, and the file's name.

    The number of a file grows with each that is handed in, so the highest is the newest.
    """
    if CANVAS_TEXT.fullmatch(part):
        return Handed("Canvas", file=part, skip=True)
    match = CANVAS.fullmatch(part)
    if not match:
        return None
    file = inside[-1] if inside else match["file"]
    names = (match["name"],) if match["name"] else ()
    return Handed("Canvas", (match["id"],), names, file, None, bool(match["late"]),
                  int(match["order"]))


def _ilias(part: str, inside: list[str]) -> Handed | None:
    """ILIAS: a folder "Lastname_Firstname_login_number"; a login may hold an underscore, too."""
    if not ILIAS.fullmatch(part):
        return None
    *words, number = part.split("_")
    places = range(len(words) - 1, 0, -1)
    logins = tuple("_".join(words[i:]) for i in places)
    names = tuple(" ".join(words[:i]) for i in places)
    file = inside[-1]
    time = None
    if stamp := ILIAS_STAMP.fullmatch(file):
        time = local_time(stamp["time"], "%Y%m%d%H%M%S")
        file = stamp["file"]
    late = ILIAS_LATE.fullmatch(file)
    if late:
        file = late["file"]
    return Handed("ILIAS", (*logins, number), names, file, time, bool(late), copy_number(file))


def _blackboard(part: str, inside: list[str]) -> Handed | None:
    """Blackboard: assignment, login, moment, the file's name; the text beside it has no name.

    Both the assignment and the login may hold underscores.
    """
    match = BLACKBOARD.fullmatch(part)
    if not match:
        return None
    words = match["before"].split("_")
    logins = tuple("_".join(words[i:]) for i in range(len(words) - 1, -1, -1))
    file = inside[-1] if inside else match["file"] or part
    return Handed("Blackboard", logins, (), file, local_time(match["time"], "%Y-%m-%d-%H-%M-%S"),
                  order=copy_number(file), skip=bool(match["txt"]))


def _nbgrader(part: str, inside: list[str]) -> Handed | None:
    """nbgrader's exchange: a folder "student+assignment+moment", perhaps with random letters."""
    match = NBGRADER.fullmatch(part)
    if not match or not inside:
        return None
    clock = re.sub("[_.-]", ":", match["clock"])  # Windows allows no colon in a name
    return Handed("nbgrader", (match["id"],), (), inside[-1],
                  stamped(f"{match['date']} {clock} {match['zone']}"),
                  order=copy_number(inside[-1]))


def stamped(text: str) -> datetime | None:
    """Return the moment of an nbgrader timestamp, such as "2026-11-27 15:30:00.12 UTC", in UTC.

    None where the text is none.
    """
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)?\s*(\S*)", text.strip())
    if not match:
        return None
    day, clock, zone = match.groups()
    try:
        if re.fullmatch(r"[+-]\d\d:?\d\d", zone):
            return datetime.fromisoformat(f"{day}T{clock}{zone}").astimezone(UTC)
        there = UTC if zone in ("", "Z", "UTC", "GMT") else ZoneInfo(zone)
        return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=there).astimezone(UTC)
    except (ValueError, LookupError, OSError):  # no such day, no such zone
        return None


def local_time(text: str, form: str) -> datetime | None:
    """Return a moment of this machine's local time in UTC; None where there is none such."""
    try:
        return datetime.strptime(text, form).astimezone(UTC)
    except ValueError:
        return None
