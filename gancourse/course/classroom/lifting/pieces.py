"""The cells of a submission, each with what it belongs to and what it defines.

    for piece in pieces(notebook_bytes.read(data).cells, released_notebook, notes):
        piece.tag, piece.defines, piece.code
"""

from functools import lru_cache
from typing import NamedTuple

from gancourse.course.classroom.lesson.exercises import about, normal
from gancourse.course.classroom.lifting import answer_code
from gancourse.course.classroom.lifting.notebook_bytes import Cell
from gancourse.course.lessons import source

PARTS = 5  # into how many cells one may have been split
NOBODY = ("", "")


class Piece(NamedTuple):
    """A cell of a submission, or several that were one before it was split."""

    number: int  # of the cell, from 1
    kind: str  # "code", "markdown" or "raw"
    text: str  # as it was handed in
    code: str  # what is Python in it, without IPython's lines; "" for prose
    dropped: list[str]  # those lines
    shape: tuple[str, str]  # equal for cells that differ in comments and layout alone
    released: bool  # it stands in the release just so
    tag: tuple[str, str]  # ("05.1", "answer"), ("05.1", "check"), ("05.Q1", "reply") or NOBODY
    defines: frozenset[str]  # functions


def pieces(cells: list[Cell], release: dict, notes: list[str]) -> list[Piece]:
    """Return the cells of a submission, looked at; a note says which were joined."""
    released = {shape(cell["cell_type"], source(cell)) for cell in release["cells"]}
    tags = [tag_of(cell["metadata"]) for cell in release["cells"]]
    by_id = {cell["id"]: tag for cell, tag in zip(release["cells"], tags, strict=True)
             if "id" in cell}
    known = {id_ for id_, _ in tags}
    results = []
    i = 0
    while i < len(cells):
        cell = cells[i]
        count, text = _joined(cells, i, released)
        if count > 1:
            notes.append(f"Cells {i + 1} to {i + count} were one cell; they were joined.")
        tag = tag_of(cell.metadata)
        if tag[0] not in known or tag == NOBODY:
            tag = by_id.get(cell.id, NOBODY)
        code, dropped = _code(cell.kind, text, tag)
        form = shape(cell.kind, text)
        results.append(Piece(i + 1, cell.kind, text, code, dropped, form, form in released, tag,
                             frozenset(answer_code.definitions(code))))
        i += count
    return results


@lru_cache(maxsize=4096)  # most cells of a class are the same
def shape(kind: str, text: str) -> tuple[str, str]:
    """Return what two cells have in common that differ in comments, layout and space alone."""
    return ("code", normal(text)) if kind == "code" else ("text", " ".join(text.split()))


def in_release(cell: dict) -> tuple[str, str]:
    """Return the shape of a cell of the release."""
    return shape(cell["cell_type"], source(cell))


def replies_blank(release: dict, question: str) -> list[str]:
    """Return what stands in the cells of a release that wait for the reply to a question."""
    return [source(cell).strip() for cell in release["cells"]
            if about(cell).get("open") == question and about(cell).get("role") == "reply"]


def tag_of(metadata: dict) -> tuple[str, str]:
    """Return which exercise or question a cell's metadata name, and as what; NOBODY for none.

    The course's own say so, else nbgrader's.
    """
    facts = metadata.get("gancourse")
    if isinstance(facts, dict):
        for name, role in (("exercise", "answer"), ("open", "question")):
            if isinstance(facts.get(name), str):
                return facts[name], str(facts.get("role", role))
    facts = metadata.get("nbgrader")
    grade_id = facts.get("grade_id") if isinstance(facts, dict) else None
    if isinstance(grade_id, str):
        name = grade_id.removesuffix("_check").replace("_", ".")
        role = "check" if grade_id.endswith("_check") else "reply" if ".Q" in name else "answer"
        return name, role
    return NOBODY


def _code(kind: str, text: str, tag: tuple[str, str]) -> tuple[str, list[str]]:
    """The Python in a cell, and IPython's lines that were in it.

    A cell that has become text holds Python where it was an answer, or can be nothing else.
    """
    if kind == "code":
        return answer_code.clean(text)
    if tag[1] != "answer" and "def " not in text:
        return "", []
    code, dropped = answer_code.clean(answer_code.from_markdown(text))
    if tag[1] == "answer" or (answer_code.tree_of(code) and answer_code.definitions(code)):
        return code, dropped
    return "", []


def _joined(cells: list[Cell], i: int, released: set[tuple[str, str]]) -> tuple[int, str]:
    """How many cells from cell i were one before they were split, and their text together.

    They were one where one of the two is no Python by itself, and both together are.
    """
    text = cells[i].text
    best = 1, text
    if cells[i].kind != "code" or shape("code", text) in released:
        return best
    whole = _is_whole(text)
    for j in range(i + 1, min(i + PARTS, len(cells))):
        after = cells[j].text
        if cells[j].kind != "code" or shape("code", after) in released:
            break
        if whole and _is_whole(after):
            break
        text = f"{text}\n{after}"
        whole = answer_code.tree_of(text) is not None
        if whole:
            best = j - i + 1, text
    return best


def _is_whole(text: str) -> bool:
    """Whether a cell is Python by itself, as far as IPython understands it."""
    return answer_code.tree_of(answer_code.clean(text)[0]) is not None
