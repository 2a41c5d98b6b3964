"""The top-level statements of a lesson, and the names that each deals with.

    (statement,) = statements("total[0] = f(x)", cell=3)
    statement.reads, statement.changes  # {"total", "f", "x"}, {"total"}
"""

import ast
import re
import symtable
from functools import lru_cache
from typing import NamedTuple

from gancourse.course.classroom.lesson.cells import parsed

SILENT = {"print", "display", "plots", "slider", "animation", "diagram", "checks", "claims",
          "audio"}  # calls of these change no value that an exercise needs
SETS_UP = re.compile(r"^set_|seed$|^filterwarnings$|^simplefilter$")
CHANGES = {"pop", "popitem", "setdefault", "update"}  # methods that change, and return something
COMPREHENSIONS = {"listcomp", "setcomp", "dictcomp", "genexpr"}
BINDS_SURELY = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.FunctionDef, ast.ClassDef, ast.Import,
                ast.ImportFrom, ast.With)


class Statement(NamedTuple):
    """A top-level statement, and the names that it deals with."""

    node: ast.stmt
    cell: int
    binds: frozenset[str]
    reads: frozenset[str]  # while it runs
    later: frozenset[str]  # when a function in it is called
    passes: frozenset[str]  # of those that it reads, what it does not merely call
    changes: frozenset[str]  # in place
    lends: frozenset[tuple[str, int | str, str]]  # a function called for its effect, the place of
    # an argument, and the name given there

    @property
    def imports(self) -> bool:
        """Whether it is an import."""
        return isinstance(self.node, ast.Import | ast.ImportFrom)

    @property
    def kills(self) -> bool:
        """Whether no earlier value of its names is left."""
        return isinstance(self.node, BINDS_SURELY)

    def sets_up(self, imported: set[str]) -> bool:
        """Whether it calls something imported on which all later statements may depend."""
        call = getattr(self.node, "value", None)
        if not isinstance(call, ast.Call) or not SETS_UP.search(_called(call)):
            return False
        dotted = ast.unparse(call.func)  # not a method of an object just made: Generator().seed
        return dotted.partition(".")[0] in imported and "(" not in dotted

    @property
    def is_backward(self) -> bool:
        """Whether it fills the gradients of a tensor, as `loss.backward()` does."""
        call = getattr(self.node, "value", None)
        return isinstance(call, ast.Call) and _called(call) == "backward"


@lru_cache(maxsize=4096)
def statements(text: str, cell: int) -> tuple[Statement, ...]:
    """Return the top-level statements of a cell; where one adopts an answer, only its check stays.

    Raises SyntaxError when it is not Python.
    """
    nodes = [_check_of(node) if _adopts(node) else node for node in parsed(text).body]
    return tuple(_statement(node, cell) for node in nodes)


def changed_places(function: ast.FunctionDef, names: frozenset[str]) -> set[int | str]:
    """Return the places that these arguments have in a call: numbers, and keywords."""
    ordered = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return {place for place, name in enumerate(ordered) if name in names} | set(names)


def _statement(node: ast.stmt, cell: int) -> Statement:
    """A statement with its names, by Python's own table of symbols."""
    table = symtable.symtable(ast.unparse(node), "cell", "exec")
    symbols = table.get_symbols()
    binds = {s.get_name() for s in symbols if s.is_assigned() or s.is_imported()}
    reads = {s.get_name() for s in symbols if s.is_referenced()}
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        reads.add(node.target.id)
    later: set[str] = set()
    for child in table.get_children():
        now, then = _global_reads(child)
        reads |= now
        later |= then
    return Statement(node, cell, frozenset(binds), frozenset(reads), frozenset(later),
                     frozenset(_passed(node) & reads), frozenset(_changed(node)),
                     frozenset(_lent(node)))


def _global_reads(table: symtable.SymbolTable) -> tuple[set[str], set[str]]:
    """The global names that a scope reads: while its statement runs, and when it is called."""
    names = {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
    now: set[str] = set()
    later: set[str] = set()
    for child in table.get_children():
        child_now, child_later = _global_reads(child)
        now |= child_now
        later |= child_later
    runs_at_once = table.get_type() == "class" or table.get_name() in COMPREHENSIONS
    return (now | names, later) if runs_at_once else (set(), now | later | names)


def _passed(node: ast.stmt) -> set[str]:
    """The names of a statement that stand elsewhere than in the place of a called function."""
    called = {id(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name)
            and isinstance(name.ctx, ast.Load) and id(name) not in called}


def _changed(node: ast.AST) -> set[str]:
    """The names whose values a statement changes; of a function, those of its arguments."""
    if isinstance(node, ast.FunctionDef):
        return set().union(*map(_changed, node.body)) & {a.arg for a in ast.walk(node.args)
                                                         if isinstance(a, ast.arg)}
    if isinstance(node, ast.Lambda | ast.ClassDef):
        return set()
    changed: set[str] = set()
    if isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
        changed.add(_root(node))
    if isinstance(node, ast.Call) and _called(node) in CHANGES:
        changed.add(_root(node.func))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        if isinstance(node.value.func, ast.Attribute) and _root(node.value.func) not in SILENT:
            changed.add(_root(node.value.func))
    for child in ast.iter_child_nodes(node):
        changed |= _changed(child)
    return changed - {""}


def _lent(node: ast.stmt) -> set[tuple[str, int | str, str]]:
    """The functions that a statement calls for their effect, with the names that it gives them."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return set()
    lent: set[tuple[str, int | str, str]] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            function = _root(part.value.func)
            given = [*enumerate(part.value.args), *((k.arg, k.value) for k in part.value.keywords)]
            if function not in SILENT:
                lent |= {(function, place, _root(value)) for place, value in given}
    return lent


def _root(node: ast.AST) -> str:
    """The name at the start of `a.b[c].d()`, or "" where there is none."""
    while True:
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            return node.id if isinstance(node, ast.Name) else ""


def _called(call: ast.Call) -> str:
    """The last part of the name of a called function, "" where it has none."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _adopts(node: ast.stmt) -> bool:
    """Whether a statement reads `f = checks.adopt(f, ours, check)`."""
    call = getattr(node, "value", None)
    return isinstance(call, ast.Call) and ast.unparse(call.func) == "checks.adopt"


def _check_of(node: ast.stmt) -> ast.Expr:
    """The name of the check in `f = checks.adopt(f, ours, check)`, as a statement."""
    return ast.Expr(node.value.args[2])
