"""What lies beside the files of an export, and says more than their names do.

Moodle's zip says neither when a file was handed in nor the student's email; the grading worksheet,
which is downloaded in the same menu, says both where it lies beside the zip.  Blackboard puts a
text beside each submission, and nbgrader a timestamp.txt.
"""

import csv
import io
import re
from datetime import UTC, datetime
from typing import NamedTuple

from gancourse.course.classroom.collect.export_files import File
from gancourse.course.classroom.collect.export_names import BLACKBOARD, Handed, readings, stamped
from gancourse.errors import CourseError

STAMP = "timestamp.txt"
# How the names of the months begin in English, German, French, Spanish, Italian and Portuguese
MONTHS = (("jan", "ene", "gen"), ("feb", "fév", "fev"), ("mar", "mär", "mae"),
          ("apr", "avr", "abr"), ("may", "mai", "mag"), ("jun", "juin", "giu"),
          ("jul", "juil", "lug"), ("aug", "aoû", "aou", "ago"), ("sep", "set"),
          ("oct", "okt", "ott", "out"), ("nov",), ("dec", "dez", "déc", "dic"))


class Line(NamedTuple):
    """A line of Moodle's grading worksheet."""

    email: str
    name: str
    time: datetime | None  # of the submission, UTC


class Lists:
    """The lists of an export."""

    def __init__(self) -> None:
        """Begin without any."""
        self.paths: set[str] = set()  # of the lists themselves
        self._worksheet: dict[str, Line] = {}
        self._texts: dict[str, tuple[str, str]] = {}  # by what begins their names
        self._stamps: dict[str, datetime] = {}  # by folder

    def read(self, file: File) -> None:
        """Read a file of the export, if it is a list, and not a student's own."""
        place, _, name = file.path.rpartition("/")
        match = BLACKBOARD.fullmatch(name)
        try:
            if name.lower().endswith(".csv") and not place and not readings(name)[0].platform:
                lines = worksheet(file.read())
                self._worksheet |= lines
                is_list = bool(lines)
            elif match and match["txt"] and not any(map(BLACKBOARD.fullmatch, place.split("/"))):
                is_list = True
                if text := blackboard_text(file.read()):
                    self._texts[name.removesuffix(".txt")] = text
            elif name == STAMP and ".zip/" not in file.path.lower():
                is_list = True
                if time := stamped(file.read().decode("latin-1")):
                    self._stamps[place] = time
            else:
                is_list = False
        except CourseError:  # the reading for notebooks lists it
            is_list = False
        if is_list:
            self.paths.add(file.path)

    def complete(self, handed: Handed, path: str) -> Handed:
        """Return what a path says, with what the lists say of the same submission."""
        place = path.rpartition("/")[0]
        if handed.platform == "Moodle" and handed.ids[0] in self._worksheet:
            line = self._worksheet[handed.ids[0]]
            return handed._replace(ids=(line.email or handed.ids[0],), time=line.time,
                                   names=(line.name, *handed.names))
        if handed.platform == "Blackboard":
            for match in filter(None, map(BLACKBOARD.fullmatch, path.split("/"))):
                begin = f"{match['before']}_attempt_{match['time']}"
                if begin in self._texts:
                    name, login = self._texts[begin]
                    return handed._replace(ids=(login, *handed.ids), names=(name,))
        if not handed.platform and place in self._stamps:
            return handed._replace(time=self._stamps[place])
        return handed


def worksheet(data: bytes) -> dict[str, Line]:
    """Return the lines of Moodle's grading worksheet by participant's number, {} for another CSV.

    The column heads are in the teacher's language, so a column is known by what stands in it: a
    word and a number in the first, an email, and the first moment, which is the submission's (the
    grade's comes after it).
    """
    lines = {}
    text = data.decode("utf-8-sig", "replace")
    delimiter = ";" if text.partition("\n")[0].count(";") > 3 else ","
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error:  # a field without end
        return lines
    for row in rows:
        match = re.fullmatch(r"\D+?(\d+)", row[0].strip()) if len(row) > 3 else None
        if match:
            cells = [cell.strip() for cell in row[1:]]
            emails = [cell for cell in cells if re.fullmatch(r"[^\s@]+@[^\s@]+", cell)]
            times = [moment for cell in cells if (moment := written_out(cell))]
            lines[match[1]] = Line(emails[0] if emails else "", cells[0],
                                   times[0] if times else None)
    return lines


def written_out(text: str) -> datetime | None:
    """Return the moment of "Friday, 27 November 2026, 3:30 PM" or "27. November 2026, 15:30".

    It is taken for this machine's local time and returned in UTC.  None for any other text.
    """
    if len(text) > 80:
        return None
    clock = re.search(r"\b(\d{1,2}):(\d\d)(?::\d\d)?(?:\s*([AP])\.?M\b)?", text, re.I)
    year = re.search(r"\b20\d\d\b", text)
    words = re.findall(r"[^\W\d_]+", text.casefold())
    # the last word that fits: before the month may stand a day such as "mardi"
    months = [number for word in reversed(words) for number, begins in enumerate(MONTHS, 1)
              if word.startswith(begins)]
    if not clock or not year or not months:
        return None
    day = re.search(r"\b\d{1,2}\b", text.replace(clock[0], "").replace(year[0], ""))
    hour = int(clock[1])
    if clock[3]:
        hour = hour % 12 + 12 * (clock[3] in "pP")
    try:
        moment = datetime(int(year[0]), months[0], int(day[0]) if day else 0, hour, int(clock[2]))
    except ValueError:
        return None
    return moment.astimezone(UTC)


def blackboard_text(data: bytes) -> tuple[str, str] | None:
    """Return name and login out of a Blackboard .txt, which begins "Name: Anna Müller (am17)"."""
    text = data.decode("utf-8-sig", "replace")
    match = re.match(r"\s*Name:[ \t]*(.+?)[ \t]*\(([^()\r\n]+)\)[ \t]*[\r\n]", text)
    return (match[1], match[2]) if match else None
