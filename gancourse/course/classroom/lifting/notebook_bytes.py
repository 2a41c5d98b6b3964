"""A notebook out of whatever bytes a student handed in.

    notebook = read(path.read_bytes())
    notebook.cells[3].text, notebook.notes

It reads files of nbformat 2 to 4, of any encoding that Windows writes, with marks of a merge
between its lines, and Python files that Jupyter, jupytext or VS Code exported.
"""

import ast
import json
import re
from typing import Any, NamedTuple

from gancourse.errors import CourseError

LIMIT = 64 * 2**20  # bytes; a lesson with its outputs has 1.5 MB
CONFLICT = re.compile(r"^<{7}(?: .*)?$", re.M)
CELL_LINE = re.compile(r"^# ?%%(.*)|^# In ?\[[ \d*]*\]:?[ \t]*$", re.M)
SURROGATE = re.compile("[\ud800-\udfff]")
OTHERS = {b"PK\x03\x04": "a zip", b"%PDF": "a PDF", b"\x89PNG": "a picture",
          b"\x1f\x8b": "a gzip archive", b"\xd0\xcf\x11\xe0": "a Word file"}


class Cell(NamedTuple):
    """A cell as it was handed in."""

    kind: str  # "code", "markdown" or "raw"
    text: str
    metadata: dict[str, Any]
    id: str


class Notebook(NamedTuple):
    """A notebook as it was handed in, and what was odd about the file, in sentences."""

    cells: list[Cell]
    metadata: dict[str, Any]
    notes: list[str]


def read(data: bytes) -> Notebook:
    """Return the notebook in a file's bytes.  Raises CourseError where there is none."""
    if len(data) > LIMIT:
        raise CourseError(f"the file has {len(data) / 2**20:.0f} MB, and {LIMIT // 2**20} are the "
                          "limit: clear its outputs and hand it in anew")
    if not data.strip(b"\0 \r\n\t"):
        raise CourseError("the file is empty")
    for begin, what in OTHERS.items():
        if data.startswith(begin):
            raise CourseError(f"the file is {what}, not a notebook")
    notes: list[str] = []
    text = _decode(data, notes)
    if "<<<<<<<" in text and CONFLICT.search(text):
        return _of_json(_whole_side(text, notes), notes)
    if text.lstrip()[:1] in ("{", "["):
        return _of_json(_parsed(text), notes)
    return _of_python(text, notes)


def _decode(data: bytes, notes: list[str]) -> str:
    """The text of a file, with "\\n" at the end of each line.

    Bytes that are not UTF-8 are read as Windows writes them (cp1252), each by itself, so that one
    of them spoils nothing else.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        notes.append("The file was saved as UTF-16.")
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            notes.append("The file was not all UTF-8; the rest was read as Windows writes it.")
            text = SURROGATE.sub(lambda m: bytes([ord(m[0]) - 0xDC00]).decode("cp1252", "replace"),
                                 data.decode("utf-8-sig", "surrogateescape"))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _parsed(text: str) -> Any:
    """What a JSON text holds.  Raises CourseError where it is damaged."""
    try:
        return json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        raise CourseError(f"the notebook is damaged: in line {error.lineno} it is no longer JSON "
                          f"({error.msg}).  Perhaps the upload broke off") from error
    except (ValueError, RecursionError) as error:  # a number or a nesting without end
        raise CourseError("the notebook is damaged: its JSON has no end") from error


def _whole_side(text: str, notes: list[str]) -> Any:
    """What the first side of a merge that is whole holds; the marks of the merge stand in the text.

    Raises CourseError where neither side is a notebook.
    """
    sides: tuple[list[str], ...] = ([], [])
    open_sides = sides
    for line in text.split("\n"):
        mark = line[:7] if line[7:8] in ("", " ") else ""
        if mark == "<<<<<<<":
            open_sides = sides[:1]
        elif mark == "|||||||":  # here follows what both sides began with
            open_sides = ()
        elif mark == "=======":
            open_sides = sides[1:]
        elif mark == ">>>>>>>":
            open_sides = sides
        else:
            for side in open_sides:
                side.append(line)
    for side, name in zip(sides, ("first", "second"), strict=True):
        try:
            content = _parsed("\n".join(side))
        except CourseError:
            continue
        notes.append(f"The file holds the marks of a git merge; its {name} side is a whole "
                     "notebook, and was taken.")
        return content
    raise CourseError("the file holds the marks of a git merge (<<<<<<<), and neither side is a "
                      "whole notebook: ask for the merged one")


def _of_json(content: Any, notes: list[str]) -> Notebook:
    """The notebook of what a JSON file holds.  Raises CourseError where it is none."""
    if not isinstance(content, dict):
        raise CourseError("the file is JSON, but not a notebook")
    cells = content.get("cells")
    sheets = content.get("worksheets")
    if cells is None and isinstance(sheets, list):  # nbformat 2 and 3
        notes.append("The notebook was saved in the old format nbformat 3.")
        cells = [cell for sheet in sheets if isinstance(sheet, dict)
                 for cell in sheet.get("cells") or []]
    if not isinstance(cells, list):
        raise CourseError("the file is JSON, but not a notebook: it has no cells")
    # half a character, which JSON can hold, could not be written to any file
    metadata = json.loads(SURROGATE.sub("�", json.dumps(content.get("metadata"),
                                                        ensure_ascii=False)))
    whole = [_cell(cell) for cell in cells if isinstance(cell, dict)]
    if len(whole) < len(cells):
        notes.append(f"{len(cells) - len(whole)} cells were no cells.")
    return Notebook(whole, metadata if isinstance(metadata, dict) else {}, notes)


def _cell(cell: dict[str, Any]) -> Cell:
    """A cell of a file of any version; what is missing or of another type becomes empty."""
    kind = cell.get("cell_type")
    lines = cell.get("source", cell.get("input", ""))
    if isinstance(lines, list):
        lines = "".join(line for line in lines if isinstance(line, str))
    text = lines if isinstance(lines, str) else ""
    text = SURROGATE.sub("�", text).replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    metadata = cell.get("metadata")
    return Cell(kind if kind in ("code", "raw") else "markdown", text,
                metadata if isinstance(metadata, dict) else {}, str(cell.get("id", "")))


def _of_python(text: str, notes: list[str]) -> Notebook:
    """The notebook that was exported as a Python file, or a plain Python file as a single cell.

    Raises CourseError where the text is neither.
    """
    marks = list(CELL_LINE.finditer(text))
    if not marks:
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            tree = ast.Module([], [])
        if not any(isinstance(node, ast.FunctionDef) for node in tree.body):
            raise CourseError("the file is neither a notebook nor a Python file with a function")
        notes.append("A Python file was handed in, not a notebook.")
        return Notebook([Cell("code", text, {}, "")], {}, notes)
    notes.append("The notebook was handed in as an exported Python file.")
    cells = []
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        body = text[mark.end(): after.start() if after else len(text)].strip("\n")
        head = (mark[1] or "").lower()
        kind = "markdown" if "[markdown]" in head or "[md]" in head else "code"
        if kind == "markdown":
            body = re.sub(r"^# ?", "", body, flags=re.M)
        cells.append(Cell(kind, body, {}, ""))
    return Notebook(cells, {}, notes)
