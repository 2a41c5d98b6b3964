"""The code of an answer: Python without IPython's lines, whole, with the helpers that it needs.

Nothing here runs a student's code.
"""

import ast
import builtins
import re
import symtable
import warnings
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

LONGEST = 20_000  # characters
# possessive (+), so that no text makes it slow
IPYTHON = re.compile(r"^([ \t]*+)(?:[\w,. \t]++=[ \t]*+)?get_ipython\(\)\.(\w+)\((.*)\)[ \t]*;?$",
                     re.M)
DEFINITION = re.compile(r"^[ \t]*+(?:async[ \t]+def|def|class)[ \t]+(\w+)", re.M)
NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)


class Statement(NamedTuple):
    """A statement at the top level of a cell, and the names that it binds."""

    node: ast.stmt
    code: str  # without comments and layout
    binds: frozenset[str]

    @property
    def imports(self) -> bool:
        """Whether it is an import."""
        return isinstance(self.node, ast.Import | ast.ImportFrom)


def clean(text: str) -> tuple[str, list[str]]:
    """Return a cell's code without the lines that only IPython understands, and those lines.

    They are %magics, !commands, help? and their exported forms; within a function `pass` takes
    their place.  As in Jupyter, indentation and prompts (>>>) before the whole cell do not count.
    Text that is not Python even so comes back as it is, and so does what is longer than any answer,
    on which IPython would be slow.
    """
    if len(text) > LONGEST or (tree_of(text) and "get_ipython" not in text):
        return text, []
    from IPython.core.inputtransformer2 import TransformerManager

    dropped = []
    head, _, rest = text.lstrip("\n").partition("\n")
    if head.startswith("%%"):
        dropped.append(head)
        text = rest
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            plain = TransformerManager().transform_cell(text)
        except Exception:  # nobody has promised what it does with what is no code at all
            plain = text

    def leave_out(match: re.Match) -> str:
        """Note a line for IPython, and return what takes its place."""
        values = re.findall(r"'([^']*)'", match[3])
        sign = "!" if match[2] in ("system", "getoutput") else "%"
        dropped.append(sign + " ".join(values).strip()[:40])
        return f"{match[1]}pass" if match[1] else ""

    plain = IPYTHON.sub(leave_out, plain)
    return (plain if dropped or tree_of(plain) else text), dropped


def from_markdown(text: str) -> str:
    """Return the code in a cell that has become text: what stands between fences, if any do."""
    lines: list[str] = []
    is_inside = False
    for line in text.split("\n"):
        if line.startswith("```"):
            is_inside = not is_inside
        elif is_inside:
            lines.append(line)
    return "\n".join(lines) or text


@lru_cache(maxsize=4096)  # most cells of a class are the same
def tree_of(text: str) -> ast.Module | None:
    """Return the syntax tree of code that Python accepts, None for any other text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as an invalid escape sequence
        try:
            tree = ast.parse(text)
            compile(tree, "answer", "exec", dont_inherit=True)  # finds a return outside a function
        except NOT_PYTHON:
            return None
    return tree


def definitions(text: str) -> set[str]:
    """Return the functions that code defines at its top level, also by `f = lambda` and the like.

    Code that is not Python is searched for lines with `def`.
    """
    tree = tree_of(text)
    if tree is None:
        return set(DEFINITION.findall(text))
    names = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            # f = checks.adopt(f, ...) in a check defines nothing anew
            read = {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}
            names |= {target.id for target in node.targets
                      if isinstance(target, ast.Name) and target.id not in read}
    return names


def is_empty(text: str, function: str) -> bool:
    """Return whether a function in code does nothing but `raise NotImplementedError` or `pass`."""
    tree = tree_of(text)
    for node in tree.body if tree else ():
        if isinstance(node, ast.FunctionDef) and node.name == function:
            body = [line for line in node.body if not _is_constant(line)]
            if all(isinstance(line, ast.Pass) or _raises_not_implemented(line) for line in body):
                return True
    return False


@lru_cache(maxsize=4096)
def statements(text: str) -> tuple[Statement, ...]:
    """Return the statements of code at its top level; none where it is not Python.

    IPython's lines do not count.
    """
    tree = tree_of(clean(text)[0])
    parts = [(node, ast.unparse(node)) for node in tree.body] if tree else []
    return tuple(Statement(node, code, frozenset(_bound(code))) for node, code in parts)


def names_read(text: str) -> set[str]:
    """Return the names that code takes from outside its functions, without Python's own."""
    names: set[str] = set()
    try:
        tables = [symtable.symtable(text, "answer", "exec")]
    except NOT_PYTHON:
        return names
    while tables:
        table = tables.pop()
        tables += table.get_children()
        names |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()
                  and (symbol.is_global() or table.get_type() == "module")}
    return names - set(dir(builtins))


def only(text: str, functions: Iterable[str]) -> str:
    """Return only the definitions of these functions out of code."""
    wanted = set(functions)
    return "\n\n\n".join(statement.code for statement in statements(text)
                         if statement.binds & wanted)


def helpers(answer: str, known: set[str], others: list[Statement]) -> tuple[str, list[str]]:
    """Return the statements among `others` that an answer needs, as code, and their names.

    `known` are the names that the lesson has bound before.  Of several statements that bind a name
    the last counts; of an import only what is needed.
    """
    own = set().union(*(statement.binds for statement in statements(answer)))
    queue = sorted(names_read(answer) - own - known)
    taken: dict[int, set[str]] = {}
    seen = set(queue)
    while queue:
        name = queue.pop()
        place = next((i for i in reversed(range(len(others))) if name in others[i].binds), None)
        if place is None:
            continue
        taken.setdefault(place, set()).add(name)
        more = names_read(others[place].code) - own - known - seen
        seen |= more
        queue += sorted(more)
    code = "\n".join(_needed(others[i], taken[i]) for i in sorted(taken))
    return code, sorted(set().union(*taken.values()))


def _bound(code: str) -> set[str]:
    """The names that code binds outside of functions."""
    try:
        table = symtable.symtable(code, "answer", "exec")
    except NOT_PYTHON:
        return set()
    return {symbol.get_name() for symbol in table.get_symbols()
            if symbol.is_assigned() or symbol.is_imported()}


def _needed(statement: Statement, names: set[str]) -> str:
    """The code of a statement; of an import only these names."""
    node = statement.node
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return statement.code
    aliases = [alias for alias in node.names
               if alias.name == "*" or (alias.asname or alias.name.split(".")[0]) in names]
    if isinstance(node, ast.Import):
        return ast.unparse(ast.Import(aliases))
    return ast.unparse(ast.ImportFrom(node.module, aliases, node.level))


def _is_constant(node: ast.stmt) -> bool:
    """Whether a statement is a docstring or three dots."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _raises_not_implemented(node: ast.stmt) -> bool:
    """Whether a statement is `raise NotImplementedError`, with or without a text."""
    raised = getattr(node, "exc", None)
    raised = raised.func if isinstance(raised, ast.Call) else raised
    return isinstance(node, ast.Raise) and getattr(raised, "id", "") == "NotImplementedError"
