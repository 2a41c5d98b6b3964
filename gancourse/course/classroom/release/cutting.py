"""A shorter lesson: sections are left out, and the rest still runs and judges what is left.

    short = cut(find("05").notebook, ["Which mistake is cheaper?", "Deeper"])

The words, figures, exercises and questions of a section go.  Of its code, the statements stay that
later cells need, in one folded cell; where an exercise goes, the course's own function stands in
for the answer.  From the table of claims go the lines about what is no longer measured.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import NamedTuple

from gancourse.course import folds, study_time
from gancourse.course.classroom.lesson.exercises import BEGIN, RUBRIC
from gancourse.course.classroom.release.flow import Program
from gancourse.course.classroom.release.statement_names import names_read
from gancourse.course.lessons import source
from gancourse.errors import CourseError, unknown

FOLDED = "# From the sections that were left out"
START = "Start"  # what stands above the first heading: parameters and imports
CLAIMS = "Claims"
FENCE = re.compile(r"^(```.*?^```)", re.DOTALL | re.MULTILINE)
TABLE = re.compile(r"^(\w+) = claims\.ClaimTable\(", re.MULTILINE)


class Piece(NamedTuple):
    """A top-level statement of a lesson."""

    cell: int
    first: int  # its lines in the cell, from 1 on, with the comment above it
    last: int
    text: str
    node: ast.stmt
    gone: bool  # it stands in a section that is left out
    claims: bool  # it stands in a cell that fills the table of claims, and may lose its numbers
    fills: bool  # it fills the table itself


def sections(notebook: dict) -> list[str]:
    """Return the headings of the sections that can be left out, in their order."""
    return [name for cell in notebook["cells"] if cell["cell_type"] == "markdown"
            for name, _ in _parts(source(cell), START) if name != START]


def chosen(notebook: dict, left_out: Sequence[str]) -> list[str]:
    """Return the headings that these words mean, in the order of the lesson.

    A part of a heading is enough where it is clear.  Raises CourseError for a section that is not
    there, and for a part of a heading that fits several.
    """
    known = sections(notebook)
    names = {_section(name, known) for name in left_out}
    return [name for name in known if name in names]


def cut(notebook: dict, left_out: Sequence[str]) -> dict:
    """Return a lesson without these sections, which are named as in `chosen`.

    Raises CourseError as `chosen` does, and for an exercise that needs the answer to one that would
    go.
    """
    short = deepcopy(notebook)
    names = chosen(notebook, left_out)
    if not names:
        return short
    owners = _owners(short["cells"])
    pieces = _pieces(short["cells"], owners, names)
    short["cells"] = list(_assembled(short["cells"], owners, names, pieces, _kept(pieces, names)))
    _say_so(short["cells"][0], names)
    # nobody has to study what is folded away
    folds.set_in(short)
    study_time.state(short)
    return short


def _section(name: str, known: list[str]) -> str:
    """The heading that a name means: it is the name, or the only one that holds it."""
    if name in known:
        return name
    fits = [heading for heading in known if name.casefold().strip() in heading.casefold()]
    if len(fits) > 1:
        raise CourseError(f"section {name!r} may be {' or '.join(map(repr, fits))}: write more of "
                          "the heading")
    if not fits:
        raise unknown("section", name, known)
    return fits[0]


def _parts(text: str, owner: str) -> list[tuple[str, str]]:
    """The parts of a Markdown cell, each with its section; `owner` is that of the first."""
    # a line in a block of code is no heading, whatever it looks like
    plain = FENCE.sub(lambda match: re.sub(r"[^\n]", ".", match[0]), text)
    headings = list(study_time.HEADING.finditer(plain))
    starts = [0, *(match.start() for match in headings), len(text)]
    names = [owner, *(match[1].strip() for match in headings)]
    parts = zip(names, starts[:-1], starts[1:], strict=True)
    return [(name, text[start:end]) for name, start, end in parts if text[start:end].strip()]


def _owners(cells: list[dict]) -> list[str]:
    """The section of each cell; of a Markdown cell, that of its beginning."""
    owners = []
    owner = START
    for cell in cells:
        owners.append(owner)
        if cell["cell_type"] == "markdown":
            owner = _parts(source(cell), owner)[-1][0] if source(cell).strip() else owner
    return owners


def _pieces(cells: list[dict], owners: list[str], names: list[str]) -> list[Piece]:
    """The statements of all code cells."""
    texts = {i: source(cell) for i, cell in enumerate(cells) if cell["cell_type"] == "code"}
    tables = "|".join(TABLE.findall("\n".join(texts.values()))) or "table"
    fills = re.compile(rf"\bclaims\.(own_run|ClaimTable)\(|\b({tables})\.\w+\(")
    return [piece for i, text in texts.items()
            for piece in _pieces_of(i, text, owners[i], owners[i] in names, fills)]


def _pieces_of(i: int, text: str, owner: str, gone: bool, fills: re.Pattern) -> Iterator[Piece]:
    """The statements of code cell i; `fills` matches what fills the table of claims."""
    lines = text.splitlines()
    claims = owner == CLAIMS or bool(fills.search(text))
    end = 0
    for node in ast.parse(text).body:
        first = min([node.lineno, *(part.lineno for part in getattr(node, "decorator_list", ()))])
        while first - 1 > end and lines[first - 2].startswith("#"):
            first -= 1
        end = node.end_lineno
        written = "\n".join(lines[first - 1 : end])
        adopted = _course_own(node, text) if gone else ""
        if adopted:
            written = adopted
            (node,) = ast.parse(written).body
        yield Piece(i, first, end, written, node, gone, claims, bool(fills.search(written)))


def _course_own(node: ast.stmt, text: str) -> str:
    """`f = ours` for the statement `f = checks.adopt(f, ours, check)`, "" for any other."""
    call = getattr(node, "value", None)
    if isinstance(call, ast.Call) and ast.unparse(call.func) == "checks.adopt":
        return f"{ast.unparse(node.targets[0])} = {ast.get_source_segment(text, call.args[1])}"
    return ""


def _kept(pieces: list[Piece], names: list[str]) -> dict[int, str]:
    """The text of each statement that stays, by its index; claims may have lost some lines."""
    program = Program([piece.node for piece in pieces])
    roots = {i for i, piece in enumerate(pieces) if not piece.gone and not piece.claims}
    kept = program.slice(roots)
    for i in kept:
        if pieces[i].gone and BEGIN in pieces[i].text:
            raise CourseError(f"what stays needs the answer {pieces[i].node.name}, which would go: "
                              "leave out the exercise that needs it, too")
    texts = {i: pieces[i].text for i in kept}
    if CLAIMS in names:
        return texts
    claims = [i for i, piece in enumerate(pieces) if piece.claims and i not in kept]
    there = set(kept)
    for i in claims:
        missing = {name for name in program.facts[i].reads
                   if not program.needs(i, {name}) <= there}
        if text := _without(pieces[i], missing):
            texts[i] = text
            there.add(i)
    had_a_use = set().union(*map(program.needs, range(len(pieces))))
    for i in reversed(claims):  # what was there only for lines that are gone
        if i in texts and i in had_a_use and not pieces[i].fills:
            if not any(i in program.needs(j) for j in texts):
                del texts[i]
    return texts


def _without(piece: Piece, missing: set[str]) -> str:
    """The text of a claim's statement without the parts that need missing names, "" for none."""
    if not missing:
        return piece.text
    left = _Shorter(missing).body([piece.node])
    text = ast.unparse(ast.Module(left, []))
    return re.sub(r", (same|at_least|done)=", r",\n    \1=", text)


class _Shorter:
    """Takes what needs missing names out of the statements that fill a table of claims."""

    def __init__(self, missing: set[str]) -> None:
        self.missing = set(missing)

    def body(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Return the statements that are left; what others have bound is missing from then on."""
        left = []
        for statement in statements:
            shorter = self._shortened(deepcopy(statement))
            binds = {node.id for node in ast.walk(statement)
                     if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
            if shorter is None:
                self.missing |= binds
            else:
                self.missing -= binds
                left.append(shorter)
        return left

    def _shortened(self, node: ast.stmt) -> ast.stmt | None:
        """A statement without what it cannot have, None where nothing is left."""
        if isinstance(node, ast.For | ast.If):
            head = node.iter if isinstance(node, ast.For) else node.test
            if names_read(ast.Expr(head)) & self.missing:
                return None
            node.body = self.body(node.body)
            node.orelse = self.body(node.orelse)
            return node if node.body else None
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "claims.own_run":
                self._forget(call)
        return None if names_read(node) & self.missing else node

    def _forget(self, own_run: ast.Call) -> None:
        """Take conditions on missing names out of what makes a run the lesson's own."""
        for keyword in own_run.keywords:
            if isinstance(keyword.value, ast.Dict):
                entries = [(key, value) for key, value in
                           zip(keyword.value.keys, keyword.value.values, strict=True)
                           if not names_read(ast.Expr(value)) & self.missing]
                keyword.value.keys = [key for key, _ in entries]
                keyword.value.values = [value for _, value in entries]
        own_run.keywords = [keyword for keyword in own_run.keywords
                            if getattr(keyword.value, "keys", True)
                            and not names_read(ast.Expr(keyword.value)) & self.missing]


def _assembled(cells: list[dict], owners: list[str], names: list[str], pieces: list[Piece],
               texts: dict[int, str]) -> Iterator[dict]:
    """The cells of the shorter lesson; what stays of neighbouring sections is folded into one."""
    folded: list[str] = []
    for i, cell in enumerate(cells):
        own = [j for j, piece in enumerate(pieces) if piece.cell == i]
        if cell["cell_type"] == "code" and owners[i] in names:
            folded += [texts[j] for j in own if j in texts]
            continue
        if cell["cell_type"] == "code":
            _shorten(cell, [pieces[j] for j in own], [texts.get(j, "") for j in own])
        else:
            parts = _parts(source(cell), owners[i])
            text = "".join(part for name, part in parts if name not in names)
            cell["source"] = text.rstrip().splitlines(keepends=True)
            if not RUBRIC.search(text):  # its open question is gone
                cell["metadata"].pop("gancourse", None)
        if source(cell).strip():
            yield from _fold(folded, i)
            folded = []
            yield cell
    yield from _fold(folded, len(cells))


def _shorten(cell: dict, pieces: list[Piece], texts: list[str]) -> None:
    """Take the statements out of a cell that have no text left, and renew those that have another.

    A cell that keeps all of them is not touched.
    """
    lines = source(cell).splitlines()
    changed = [(piece, text) for piece, text in zip(pieces, texts, strict=True)
               if text != piece.text]
    for piece, text in reversed(changed):
        lines[piece.first - 1 : piece.last] = text.splitlines()
    if changed:
        text = re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines)).strip()
        cell["source"] = text.splitlines(keepends=True)


def _fold(texts: list[str], i: int) -> Iterator[dict]:
    """A folded cell with these statements, before cell i; none without statements."""
    if texts:
        text = "\n".join([FOLDED, *texts])
        yield {"cell_type": "code", "id": f"left-out-{i}", "execution_count": None, "outputs": [],
               "metadata": {"tags": ["cut"]},
               "source": text.splitlines(keepends=True)}


def _say_so(first: dict, names: list[str]) -> None:
    """Say at the end of a lesson's first words which sections it lacks."""
    text = study_time.STATED.sub("", source(first)).rstrip()
    listed = ", ".join(f"*{name}*" for name in names)
    first["source"] = f"{text}\n\nLeft out here: {listed}.".splitlines(keepends=True)
