"""The shape of an answer: its syntax tree as words, and fingerprints of runs of them.

Names of variables, comments, docstrings, annotations and layout are not part of a shape.  Names
that the answer does not make itself are: np.argsort stays np.argsort.

Fingerprints are chosen by winnowing (Schleimer, Wilkerson and Aiken, SIGMOD 2003): of every WINDOW
runs of RUN words that follow each other, the one with the lowest hash.  Where two answers share
RUN + WINDOW - 1 words in a row, they share a fingerprint, and no shorter run than RUN counts.
"""

import ast
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

RUN, WINDOW = 10, 4
DEFINED = re.compile(r"^def (\w+)\(", re.MULTILINE)
NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)  # what a shape may fail with
IGNORED = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)  # said by the parent


class Word(NamedTuple):
    """A word of a shape, and the line of the answer on which it stands."""

    text: str
    line: int


def shape(source: str, numbered: bool = False) -> list[Word]:
    """Return an answer's syntax tree as words, from its top down.

    Variables are all called "_", or _1, _2 ... in the order of their first use where `numbered`:
    then equal shapes do the same with the same variables.  Texts are not compared.  Raises one of
    NO_PYTHON when the source cannot be read.
    """
    tree = ast.parse(source)
    own = _own_names(tree)
    numbers = {name: "_" for name in own}
    if numbered:
        order = [name for name, _ in _names(tree) if name in own]
        numbers = {name: f"_{i}" for i, name in enumerate(dict.fromkeys(order), 1)}
    return [Word(text, line) for text, line in _words(tree, numbers, 1)]


def without_comments(source: str) -> str:
    """Return an answer without comments, docstrings and layout of its own.

    What is no Python loses only what follows a "#".
    """
    try:
        tree = ast.parse(source)
    except NO_PYTHON:
        lines = [line.partition("#")[0].rstrip() for line in source.splitlines()]
        return "\n".join(line for line in lines if line)
    for node in ast.walk(tree):
        if isinstance(getattr(node, "body", None), list):
            node.body = _statements(node) or [ast.Pass()]
    return ast.unparse(tree)


def function_of(answers: Iterable[str]) -> str:
    """Return the function that most answers define first, "" where none does."""
    names = Counter(match[1] for answer in answers if (match := DEFINED.search(answer)))
    return names.most_common(1)[0][0] if names else ""


def runs(words: list[Word]) -> list[tuple[int, set[int]]]:
    """Return the hash of every run of RUN words, and the lines on which it stands."""
    hashes = []
    for start in range(len(words) - RUN + 1):
        run = words[start:start + RUN]
        text = "\x00".join(word.text for word in run)
        hashes.append((zlib.crc32(text.encode()), {word.line for word in run}))
    return hashes


def fingerprints(words: list[Word]) -> dict[int, set[int]]:
    """Return the fingerprints of a shape, each with the lines on which it stands."""
    hashes = runs(words)
    chosen: dict[int, set[int]] = {}
    for start in range(max(len(hashes) - WINDOW + 1, min(len(hashes), 1))):
        window = hashes[start:start + WINDOW]
        value, lines = min(reversed(window), key=lambda run: run[0])  # of equal ones the last
        chosen.setdefault(value, set()).update(lines)
    return chosen


def _own_names(tree: ast.AST) -> set[str]:
    """The names that an answer makes: variables, parameters, functions, and "as" in an import."""
    own = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
        elif isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own.add(node.name)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            own.add(node.name)
    return own


def _names(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Every name in a tree, from its top down."""
    name = _name(node)
    if name:
        yield name, node
    for child in _children(node):
        yield from _names(child)


def _name(node: ast.AST) -> str:
    """The name that a node makes or uses, "" where it has none."""
    for attribute in ("id", "arg", "name"):
        value = getattr(node, attribute, None)
        if isinstance(value, str) and not isinstance(node, ast.keyword | ast.alias):
            return value
    return ""


def _words(node: ast.AST, numbers: dict[str, str], line: int) -> Iterator[tuple[str, int]]:
    """A tree as words with lines: the kind of each node with what is particular to it."""
    line = getattr(node, "lineno", line)
    kind = type(node).__name__.replace("AnnAssign", "Assign")
    yield f"{kind} {_particular(node, numbers)}".strip(), line
    for child in _children(node):
        yield from _words(child, numbers, line)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that count: no docstring, no annotation, no sign that its word has."""
    statements = _statements(node) if isinstance(getattr(node, "body", None), list) else None
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "type_comment", "type_params"):
            continue
        if field == "body" and statements is not None:
            value = statements
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, IGNORED):
                yield child


def _statements(node: ast.AST) -> list[ast.stmt]:
    """The statements of a body that do something: no docstring, no "x: int" alone."""
    return [line for line in node.body
            if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
            and not (isinstance(line, ast.AnnAssign) and line.value is None)]


def _particular(node: ast.AST, numbers: dict[str, str]) -> str:
    """What tells a node from others of its kind: its operator, name, attribute or number."""
    if isinstance(node, ast.BinOp | ast.UnaryOp | ast.BoolOp | ast.AugAssign):
        return type(node.op).__name__
    if isinstance(node, ast.Compare):
        return " ".join(type(op).__name__ for op in node.ops)
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Constant):
        return "text" if isinstance(node.value, str | bytes) else repr(node.value)
    if isinstance(node, ast.keyword):
        return node.arg or "**"
    if isinstance(node, ast.alias):
        return node.name
    name = _name(node)
    return numbers.get(name, name)
