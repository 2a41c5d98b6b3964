"""A platform's own list of marks: its mark column filled, every other byte left as it was.

Known are Moodle's grading worksheet, Canvas's gradebook, Blackboard's grade centre and the status
file of ILIAS.  A student is the one whose id, or else email, stands in a row.  The `csv` module
would write quotes and line ends its own way, so fields are cut and joined here as they stand.
"""

import codecs
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from gancourse.course.classroom.folder import Student
from gancourse.course.lessons import find
from gancourse.errors import CourseError, MissingFile, unknown

BOMS = {
    codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be",
}
SEPARATORS = (",", ";", "\t")
MARK_NAMES = {"grade", "mark", "bewertung", "note", "nota", "calificación", "cijfer",
              "valutazione"}
MAXIMA = {"maximum grade", "bestwertung", "höchste bewertung", "note maximale",
          "calificación máxima"}
# Canvas writes "Title (4711)", Blackboard "Title [Total Pts: 10 Score] |4711"
ASSIGNMENT = re.compile(r"\(\d+\)$|\|\s*\d+$")
TOTALS = ("Weighted Total", "Total")  # of Blackboard, which computes them itself
POINTS = re.compile(r"Total Pts:\s*(?:up to\s*)?([\d.,]+)")
POSSIBLE = "points possible"  # the first cell of the row in which Canvas gives the maxima
NO_STUDENT = re.compile(r"points possible|student, test|manual posting|muted", re.IGNORECASE)
EXCUSED = ("EX", "N/A")  # Canvas: excused, and not assigned to this student
NUMBER = re.compile(r"-?\d+([.,])\d+")
PARTICIPANT = re.compile(r"\D+?(\d+)")  # Moodle's "Participant 4711", in any language


class Table(NamedTuple):
    """A CSV file in pieces: joined again they are the file."""

    bom: bytes
    encoding: str
    separator: str
    rows: list[list[str]]  # the fields as they stand, with their quotes
    ends: list[str]  # the end of each row's line

    def cell(self, row: int, column: int) -> str:
        """Return a cell's text without quotes and blanks around it; "" where a row is short."""
        fields = self.rows[row]
        return _plain(fields[column]).strip() if column < len(fields) else ""

    def header(self) -> list[str]:
        """Return the names of the columns."""
        return [_plain(field).strip() for field in self.rows[0]]

    def put(self, row: int, column: int, text: str) -> None:
        """Set a cell, in quotes if it was in quotes or needs them."""
        fields = self.rows[row]
        fields += [""] * (column + 1 - len(fields))
        if fields[column].startswith('"') or self.separator in text:
            text = f'"{text}"'
        fields[column] = text

    def data(self) -> bytes:
        """Return the whole file."""
        lines = [self.separator.join(row) + end
                 for row, end in zip(self.rows, self.ends, strict=True)]
        return self.bom + "".join(lines).encode(self.encoding)


def read(path: Path) -> Table:
    """Return a CSV file in pieces; its encoding and separator are found out.

    Raises MissingFile when it is not there, CourseError when it is a spreadsheet or no CSV.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MissingFile(f"cannot read {path}: {error.strerror}") from error
    if data.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        raise CourseError(f"{path} is an Excel file: save it as CSV (UTF-8) and give that one")
    bom = next((bom for bom in BOMS if data.startswith(bom)), b"")
    encoding = BOMS.get(bom, "utf-8")
    try:
        text = data[len(bom):].decode(encoding)
    except UnicodeDecodeError:  # then it comes from Excel in western Europe, or alike
        encoding = "latin-1"  # unlike cp1252 it reads every byte, and writes it back
        text = data[len(bom):].decode(encoding)
    lines = re.sub(r'"(?:[^"]|"")*"', "", text).splitlines() or [""]
    separator = max(SEPARATORS, key=lines[0].count)
    rows, ends = _pieces(path, text, separator)
    if len(rows) < 2 or len(rows[0]) < 2:
        raise CourseError(f"{path} is no list of marks: it needs a line of column names and a line "
                          "for each student")
    return Table(bom, encoding, separator, rows, ends)


def fill(path: Path, lesson: str, marks: dict[Student, Decimal | None], points: Decimal,
         decimal: str = ".", column: str = "") -> tuple[bytes, list[str]]:
    """Return a platform's file with the marks in it, and notes for the teacher.

    A mark of None leaves the cell as it is.  `column` names the column of the marks where it cannot
    be guessed; `points` are those that the lesson gives in all; `decimal` is the decimal sign where
    the file shows none.  Raises CourseError when no column, or more than one, can be the right one.
    """
    table = read(path)
    at = mark_column(table, path, lesson, column)
    owners = _owners(table, at, list(marks))
    header = table.header()
    sign = _decimal_sign(table, decimal)
    update = header.index("update") if {"update", "usr_id", "mark"} <= set(header) else None
    notes = [f"{path.name}: marks go to the column {header[at]!r}"]
    kept = []
    for row, student in owners.items():
        if marks[student] is None:
            continue
        if table.cell(row, at) in EXCUSED:
            kept.append(student.id)
            continue
        table.put(row, at, number(marks[student], sign))
        if update is not None:
            table.put(row, update, "1")  # ILIAS reads only the rows that say so
    if kept:
        notes.append(f"left as they are (excused, or not assigned): {', '.join(kept)}")
    notes += _unmatched(table, owners, marks)
    most = _maximum(table, at, header)
    if most is not None and most != points:
        notes.append(f"the platform's maximum is {number(most)}, the lesson's {number(points)}: "
                     "marks are in points of the lesson; set the maximum there to match")
    return table.data(), notes


def mark_column(table: Table, path: Path, lesson: str, column: str = "") -> int:
    """Return which column takes the marks: the named one, or the only one that fits.

    Raises CourseError when there is none, or more than one.
    """
    header = table.header()
    if column:
        fits = [i for i, name in enumerate(header) if name == column] or [
            i for i, name in enumerate(header) if _title(name) == column]
        if len(fits) != 1:
            raise unknown(f"column of {path.name}", column, header)
        return fits[0]
    fits = [i for i, name in enumerate(header) if name.casefold() in MARK_NAMES]
    assignments = [i for i, name in enumerate(header)
                   if ASSIGNMENT.search(name) and _title(name) not in TOTALS]
    for words in _names_of(lesson):
        if len(fits) != 1:
            whole = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")
            fits = [i for i in assignments if whole.search(_title(header[i]).casefold())]
    if len(fits) != 1 and len(assignments) == 1:
        fits = assignments
    if len(fits) != 1:
        raise CourseError(f"which column of {path.name} takes the marks of {lesson}?  Say "
                          f"--column NAME with one of: {', '.join(header)}")
    return fits[0]


def number(value: Decimal | None, sign: str = ".") -> str:
    """Return a number of points as text without needless zeros, "" for None."""
    if value is None:
        return ""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace(".", sign)


def _pieces(path: Path, text: str, separator: str) -> tuple[list[list[str]], list[str]]:
    """The fields of each row as they stand, and the end of each row's line."""
    field = re.compile(rf'("(?:[^"]|"")*"|(?!")[^{separator}\r\n]*)({separator}|\r\n|\n|\r|\Z)')
    rows: list[list[str]] = [[]]
    ends = []
    place = 0
    while place < len(text):
        match = field.match(text, place)
        if not match:
            raise CourseError(f"{path}, row {len(rows)}: a quote opens and does not close")
        rows[-1].append(match[1])
        place = match.end()
        if match[2] != separator:
            ends.append(match[2])
            rows.append([])
        elif place == len(text):  # the last field of all is empty
            rows[-1].append("")
    if len(ends) < len(rows):
        if rows[-1]:
            ends.append("")
        else:
            rows.pop()
    return rows, ends


def _plain(field: str) -> str:
    """A field's text without its quotes."""
    return field[1:-1].replace('""', '"') if field.startswith('"') else field


def _title(name: str) -> str:
    """The title of an assignment, from the name of its column in Canvas or Blackboard."""
    return re.sub(r"\s*\(\d+\)$|\s*\[[^\]]*\]\s*\|\s*\d+$|\s*\|\s*\d+$", "", name)


def _names_of(lesson: str) -> list[str]:
    """What a platform may call a lesson, the surest first."""
    names = [lesson, lesson.replace("_", " ")]
    try:
        names.append(find(lesson).about["title"])
    except CourseError:
        pass  # a class may hold a lesson of its own
    return [name.casefold() for name in [*names, f"lesson {lesson[:2]}", lesson[:2]]]


def _owners(table: Table, at: int, students: list[Student]) -> dict[int, Student]:
    """Whose each row is, by its number; a row of nobody is left out.

    Ids are looked for in the one column that names most students, each once: a mark in another
    column may read like somebody's id.
    """
    owners: dict[int, Student] = {}
    for what in ("email", "id"):  # the surer one overwrites
        known = {getattr(s, what).casefold(): s for s in students if getattr(s, what)}
        named: list[dict[int, Student]] = []
        for column in range(len(table.rows[0])):
            rows = {row: _known(table, row, column, known) for row in range(1, len(table.rows))}
            named.append({row: student for row, student in rows.items()
                          if student and column != at})
        best = max(named, key=lambda rows: (len(set(rows.values())), -len(rows)))
        owners |= best
    return dict(sorted(owners.items()))


def _known(table: Table, row: int, column: int, known: dict[str, Student]) -> Student | None:
    """The student whom a cell names, if any; Moodle's first column says "Participant 4711"."""
    text = table.cell(row, column).casefold()
    participant = PARTICIPANT.fullmatch(text) if column == 0 else None
    return known.get(text) or (known.get(participant[1]) if participant else None)


def _unmatched(table: Table, owners: dict[int, Student], marks: dict) -> list[str]:
    """Notes about rows without a student of the class, and students with a mark but no row."""
    notes = []
    strangers = []
    for row in range(1, len(table.rows)):
        words = [cell for cell in map(_plain, table.rows[row][:4]) if cell.strip()]
        if row not in owners and words and not NO_STUDENT.search(" ".join(words)):
            strangers.append(" ".join(words))
    if strangers:
        notes.append(f"rows of nobody in the class: {'; '.join(strangers)}")
    rowless = [s.id for s in set(marks) - set(owners.values()) if marks[s] is not None]
    if rowless:
        notes.append(f"marks without a row: {', '.join(sorted(rowless))}")
    return notes


def _decimal_sign(table: Table, usual: str) -> str:
    """The decimal sign of a file's numbers, the usual one where it has none with a fraction."""
    fields = (_plain(field).strip() for row in table.rows[1:] for field in row)
    signs = Counter(match[1] for field in fields if (match := NUMBER.fullmatch(field)))
    return signs.most_common(1)[0][0] if signs else usual


def _maximum(table: Table, at: int, header: list[str]) -> Decimal | None:
    """The most that the platform lets a mark be, None where the file does not say."""
    texts = []
    for column, name in enumerate(header):
        if name.casefold() in MAXIMA:
            texts.append(table.cell(1, column))
    for row in range(1, min(4, len(table.rows))):
        if table.cell(row, 0).casefold() == POSSIBLE:
            texts.append(table.cell(row, at))
    texts += POINTS.findall(header[at])
    numbers = [text.replace(",", ".") for text in texts if re.fullmatch(r"\d+([.,]\d+)?", text)]
    return Decimal(numbers[0]) if numbers else None
