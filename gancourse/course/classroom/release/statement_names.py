"""What one statement of a lesson does with the lesson's names, read from its syntax.

    read(ast.parse("total = total + f(x)").body[0]).reads  # {"total", "f", "x"}

Python does not say which calls change what they are given, so `changes` is a careful guess: what is
in doubt counts as a change, and drawing does not.
"""

import ast
import re
from typing import NamedTuple

# functions that change what they are given, also where they return something
ACTS = re.compile(r"step|train|update|fit|apply|run|play_by|load_state|copy_")
# whose functions and methods only show something
DRAWING = {"plots", "slider", "animation", "diagram", "display", "print", "checks", "claims"}
ADDS_A_CLAIM = {"exact", "claim", "shown", "show"}  # no statement reads what these change
# whose results hold none of the objects that they were given
COMPUTING = {"np", "numpy", "stats", "math", "len", "range", "sum", "float", "int", "max", "min"}
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Facts(NamedTuple):
    """What a statement does with names."""

    binds: frozenset[str]
    reads: frozenset[str]  # when it is executed
    later: frozenset[str]  # when a function that it defines is called
    changes: frozenset[str]  # the objects of these names
    changes_later: frozenset[str]
    holds: frozenset[tuple[str, str]]  # (a name that it binds, a name of what that may hold)


def read(statement: ast.stmt, parameters: dict[str, set[str]] | None = None) -> Facts:
    """Return what a statement does; `parameters` is what `changed_parameters` says of functions."""
    reader = _Reader(parameters or {})
    reader.visit(statement)
    return Facts(frozenset(reader.binds), *map(frozenset, reader.names.values()),
                 frozenset(reader.holds))


def names_read(statement: ast.stmt) -> set[str]:
    """Return the names that a statement reads, also within functions."""
    facts = read(statement)
    return set(facts.reads | facts.later)


def is_fixed(statement: ast.stmt) -> bool:
    """Return whether what a statement binds can never change: a function, a module, a number."""
    value = getattr(statement, "value", None)
    value = value.operand if isinstance(value, ast.UnaryOp) else value
    code = isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom)
    return code or isinstance(value, ast.Constant)


def changed_parameters(function: ast.FunctionDef, parameters: dict[str, set[str]]) -> set[str]:
    """Return the parameters whose objects a function changes, each by its place and its name.

    `parameters` says the same of the functions that were defined before.
    """
    names = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
    changed = {name for node in ast.walk(function) for name in _changed_by(node, parameters)}
    return {word for i, name in enumerate(names) if name in changed for word in (str(i), name)}


class _Reader(ast.NodeVisitor):
    """Reads one statement, in the order of its execution."""

    def __init__(self, parameters: dict[str, set[str]]) -> None:
        """Begin with nothing read; `parameters` is what `changed_parameters` says of functions."""
        self.parameters = parameters
        self.binds: set[str] = set()
        self.names: dict[str, set[str]] = {
            kind: set() for kind in ("reads", "later", "changes", "changes_later")}
        self.holds: set[tuple[str, str]] = set()
        self.local: frozenset[str] = frozenset()  # names of the function or comprehension we are in
        self.inside = False  # a function

    def visit_Name(self, node: ast.Name) -> None:
        """A name is read or bound; within a function it is read later, if it is not its own."""
        if node.id in self.local:
            return
        if not isinstance(node.ctx, ast.Load):
            self.binds |= set() if self.inside else {node.id}
        elif self.inside:
            self.names["later"].add(node.id)
        elif node.id not in self.binds:
            self.names["reads"].add(node.id)

    def visit_FunctionDef(self, node) -> None:
        """A function binds its name and reads its defaults now, and the rest later."""
        for part in [*getattr(node, "decorator_list", ()), *node.args.defaults,
                     *filter(None, node.args.kw_defaults)]:
            self.visit(part)
        if not isinstance(node, ast.Lambda) and not self.inside:
            self.binds.add(node.name)
        body = node.body if isinstance(node.body, list) else [node.body]
        before = self.local, self.inside
        self.local, self.inside = self.local | _own_names(node.args, body), True
        for part in body:
            self.visit(part)
        self.local, self.inside = before

    visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """A class binds its name; its body is read now, the bodies of its methods later."""
        self._within({name for part in node.body for name in _bound_in(part)}, node)
        self.binds |= set() if self.inside else {node.name}

    def visit_Import(self, node) -> None:
        """An import binds the names after `as`, or the first part of a module's name."""
        self.binds |= set() if self.inside else _bound_in(node)

    visit_ImportFrom = visit_Import

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """The name of an exception is bound for its block."""
        self._within({node.name} - {None}, node)

    def visit_Assign(self, node) -> None:
        """The right side is read before the left side is bound."""
        self._note(node)
        targets = getattr(node, "targets", None) or [node.target]
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            self.visit_Name(ast.Name(node.target.id, ast.Load()))
        if node.value is not None:
            self.visit(node.value)
            for target in targets if not self.inside else ():
                self.holds |= _held(target, node.value)
        for target in targets:
            self.visit(target)

    visit_AnnAssign = visit_AugAssign = visit_Assign

    def visit_For(self, node: ast.For) -> None:
        """What is gone through is read before the target is bound."""
        self.holds |= set() if self.inside else _held(node.target, node.iter)
        for part in [node.iter, node.target, *node.body, *node.orelse]:
            self.visit(part)

    def generic_visit(self, node: ast.AST) -> None:
        """Comprehensions have names of their own; everything else is read part by part."""
        self._note(node)
        if isinstance(node, COMPREHENSIONS):
            self._within({name for part in node.generators for name in _bound_in(part.target)},
                         node)
        else:
            super().generic_visit(node)

    def _within(self, names: set[str], node: ast.AST) -> None:
        """Read the parts of a node that has names of its own."""
        before = self.local
        self.local |= names
        super().generic_visit(node)
        self.local = before

    def _note(self, node: ast.AST) -> None:
        """Note what a node itself may change."""
        kind = "changes_later" if self.inside else "changes"
        self.names[kind] |= _changed_by(node, self.parameters) - self.local


def _own_names(arguments: ast.arguments, body: list[ast.AST]) -> frozenset[str]:
    """The names that belong to a function: its parameters and what it binds."""
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs,
             *filter(None, (arguments.vararg, arguments.kwarg))]
    return frozenset({a.arg for a in every} | {name for part in body for name in _bound_in(part)})


def _bound_in(node: ast.AST) -> set[str]:
    """The names that are bound in a statement or target, not those within inner functions."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    if isinstance(node, (ast.Lambda, *COMPREHENSIONS)):
        return set()
    own = isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    inner = set().union(*map(_bound_in, ast.iter_child_nodes(node)))
    return inner | ({node.id} if own else set())


def _base(node: ast.AST) -> str:
    """The name at the beginning of an expression such as gan.opt_D.step, "" where there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _changed_by(node: ast.AST, parameters: dict[str, set[str]]) -> set[str]:
    """The names whose objects a node itself may change, apart from what its parts do."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Delete):
        targets = getattr(node, "targets", None) or [node.target]
        inner = [part for target in targets for part in getattr(target, "elts", [target])]
        return {_base(part) for part in inner if isinstance(part, ast.Attribute | ast.Subscript)
                or isinstance(node, ast.AugAssign)} - {""}
    call = node.value if isinstance(node, ast.Expr) else node
    return _changed_by_call(call, isinstance(node, ast.Expr), parameters)


def _changed_by_call(call: ast.AST, alone: bool, parameters: dict[str, set[str]]) -> set[str]:
    """The names whose objects a call may change; `alone`: nobody takes what it returns."""
    if not isinstance(call, ast.Call):
        return set()
    base = _base(call.func)
    last = call.func.attr if isinstance(call.func, ast.Attribute) else base
    acts = ACTS.search(last)
    if base in DRAWING or last in ADDS_A_CLAIM:
        return set()
    given = {str(i): _base(part) for i, part in enumerate(call.args)}
    given |= {word.arg or "**": _base(word.value) for word in call.keywords}
    if base in parameters:
        changed = parameters[base]
        starred = changed and any(isinstance(part, ast.Starred) for part in call.args)
        return {name for place, name in given.items() if starred or place in changed} - {""}
    if not alone and not acts:
        return set()
    if isinstance(call.func, ast.Attribute) and not acts:
        return {base} - {""}
    return {base, *given.values()} - {""}


def _held(target: ast.AST, value: ast.AST) -> set[tuple[str, str]]:
    """Which names of a target may hold objects of which names of the value, or of each other."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        if len(target.elts) == len(value.elts):
            pairs = zip(target.elts, value.elts, strict=True)
            return set().union(*(_held(one, other) for one, other in pairs))
    names = _bound_in(target)
    if not isinstance(value, ast.Call):
        return {(name, _base(value)) for name in names if _base(value)}
    if _base(value.func) in COMPUTING | DRAWING:
        return set()
    others = names | {part.id for part in value.args if isinstance(part, ast.Name)}
    return {(name, other) for name in names for other in others if name != other}
