"""A check cell, rewritten so that each of its lines is judged by itself.

    code, hints = rewritten(check)  # the places of its calls of checks.close and checks.true
    recorder = Recorder(hints)
    exec(code, names | {JUDGE: recorder})
    recorder.lines()  # for each such place whether it passed, and why not

In a notebook a check stops at its first line that fails.  Here each counts: a line becomes a call
of the recorder, which runs its arguments itself, and every other statement may fail without ending
the check.  Where one fails, such as `got = answer(x)`, its names are gone, so that the lines that
need them fail as well, and those alone.  A line in a loop has passed if it did so in each run.
"""

import ast
import re
import traceback
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from gancourse.notebook import checks

JUDGE = "__judge__"  # the recorder's name among those of the check
ANSWER, CHECK = "<your answer>", "<check>"  # the names of their files, in tracebacks
LINES = {"checks.close": 2, "checks.true": 1}  # the place of the hint among the arguments
LONGEST = 200  # letters of a message
NAME = re.compile(r"'(\w+)'")
SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr)


class Recorder:
    """Runs the lines of a check, and keeps whether they passed."""

    def __init__(self, hints: list[str], trust: Callable[[], Any] = lambda: None) -> None:
        """`hints` are those of the lines as far as they are plain text.

        `trust()` is called before anything is compared: it mends what an answer has patched.
        """
        self.hints = list(hints)
        self.reasons: list[list[str]] = [[] for _ in hints]  # "" for a run that passed
        self.lost: dict[str, str] = {}  # names whose statement failed, and why
        self.first = ""  # why the first such statement did
        self.trust = trust

    def line(self, number: int, kind: str, given: Callable, hint: Callable) -> None:
        """Run a line; `given` returns its arguments, `hint` its hint."""
        try:
            text = str(hint())
        except Exception:  # it names what a statement that failed should have made
            text = self.hints[number]
        if not any(self.reasons[number]):  # of several runs, the hint of the first that fails
            self.hints[number] = text
        self.reasons[number].append(self._judged(kind, given))

    def given(self, *args, **kwargs) -> tuple:
        """Return the arguments of a line as they come."""
        return args, kwargs

    def broke(self, error: BaseException, names: tuple[str, ...] = ()) -> None:
        """Note that a statement between the lines has failed, and has not made these names."""
        reason = self._described(error)
        self.first = self.first or reason
        self.lost |= dict.fromkeys(names, reason)

    def adopt(self, yours: Callable, check: Callable) -> Callable:
        """In the place of checks.adopt: run a check on the answer."""
        check(yours)
        return yours

    def lines(self) -> list[dict]:
        """Return hint, passed and reason of each line, in the order of the check."""
        lines = []
        for hint, reasons in zip(self.hints, self.reasons, strict=True):
            why = [reason for reason in reasons if reason]
            if not reasons:
                why = [self.first or "the check did not come so far"]
            lines.append(judged_line(hint, why[0] if why else ""))
        if self.first and all(line["passed"] for line in lines):  # no line has noticed it
            lines[-1:] = [judged_line(line["hint"], self.first) for line in lines[-1:]]
        return lines

    def _judged(self, kind: str, given: Callable) -> str:
        """Why a line fails, "" where it passes."""
        try:
            self.trust()
            args, kwargs = given()
            self.trust()
        except BaseException as error:  # noqa: BLE001 - an answer may raise anything
            return self._described(error)
        try:
            COMPARE[kind](*args, **kwargs)
        except AssertionError as error:
            return _one_line(str(error).partition("\n")[2]) or "this does not hold for yours"
        except BaseException as error:  # noqa: BLE001 - a value that cannot even be compared
            return described(error)
        return ""

    def _described(self, error: BaseException) -> str:
        """Why something failed: where a lost name is missing, why that is lost."""
        missing = NAME.search(str(error)) if isinstance(error, NameError) else None
        return self.lost.get(missing[1] if missing else "") or described(error)


def judged_line(hint: str, reason: str) -> dict:
    """Return a line as it stands in a verdict; it has passed where there is no reason against."""
    hint = hint.strip()
    return {"hint": hint, "passed": not reason,
            "reason": reason and f"{hint.rstrip('.')}: {reason}"}


def rewritten(check: str) -> tuple[CodeType, list[str]]:
    """Return the code of a check with its lines as calls of the recorder, and their hints.

    What a hint computes is "…" here.  Raises SyntaxError.
    """
    tree = ast.parse(check)
    rewriter = _Rewriter()
    tree.body = rewriter.body(tree.body)
    return compile(ast.fix_missing_locations(tree), CHECK, "exec"), rewriter.hints


def described(error: BaseException) -> str:
    """Return an exception in one line, with the line of the answer that it comes from."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)
              if frame.filename == ANSWER]
    name = type(error).__name__
    message = _one_line(str(error))
    if isinstance(error, NotImplementedError):
        return "not answered yet"
    if isinstance(error, SystemExit | KeyboardInterrupt):
        what = "your code ends Python (exit, quit)"
    elif isinstance(error, EOFError):
        what = "your code waits for input; what it works on comes as its arguments"
    elif isinstance(error, RecursionError):
        what = "your code calls itself without end (RecursionError)"
    elif not frames and isinstance(error, TypeError | ValueError | AttributeError | IndexError):
        return f"what your code returned does not fit here ({name}: {message})"
    else:
        what = f"your code stopped with {name}{': ' if message else ''}{message}"
    return f"{what}, in line {frames[-1].lineno} of your cell" if frames else what


class _Rewriter(ast.NodeTransformer):
    """Turns the lines of a check into calls of the recorder, in order."""

    def __init__(self) -> None:
        """No lines yet."""
        self.hints: list[str] = []

    def body(self, statements: list[ast.stmt], local: set[str] | None = None) -> list[ast.stmt]:
        """Rewrite statements that may each fail without ending the ones below.

        `local` are the names of the function that they are in.
        """
        guarded = []
        for statement in statements:
            if isinstance(statement, ast.FunctionDef) and _has_lines(statement):
                statement.body = self.body(statement.body, _own_names(statement))
            elif _has_lines(statement):
                self._blocks(statement, local)
                if not hasattr(statement, "body"):
                    statement = self.visit(statement)
            if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                guarded.append(statement)
            else:
                names = _made(statement) if local is None else _made(statement) & local
                guarded.append(_may_fail(statement, sorted(names)))
        return guarded

    def _blocks(self, statement: ast.stmt, local: set[str] | None) -> None:
        """Rewrite the blocks of a loop, a condition, a `with` or a `try`."""
        for part in (statement, *getattr(statement, "handlers", ())):
            for block in ("body", "orelse", "finalbody"):
                if isinstance(getattr(part, block, None), list):
                    setattr(part, block, self.body(getattr(part, block), local))

    def visit_Call(self, node: ast.Call) -> ast.AST:  # noqa: N802 - ast's name
        """Turn one call into the recorder's."""
        name = ast.unparse(node.func)
        if name not in LINES:
            if name == "checks.adopt":
                node.func = ast.parse(f"{JUDGE}.adopt", mode="eval").body
                del node.args[1]  # the course's own, which a slice need not hold
            return self.generic_visit(node)
        hint = _hint(node, LINES[name])
        given = ast.Call(ast.parse(f"{JUDGE}.given", mode="eval").body, node.args, node.keywords)
        parts = hint.values if isinstance(hint, ast.JoinedStr) else [hint]
        self.hints.append("".join(str(part.value) if isinstance(part, ast.Constant) else "…"
                                  for part in parts))
        line = ast.parse(f"{JUDGE}.line({len(self.hints) - 1}, {name!r}, lambda: 0, lambda: 0)",
                         mode="eval").body
        line.args[2].body = given
        line.args[3].body = hint
        return ast.copy_location(line, node)


def _may_fail(statement: ast.stmt, names: list[str]) -> ast.stmt:
    """A statement that, where it fails, takes with it the names that it should have made."""
    lines = ["try: pass", "except BaseException as _error:",
             f"    {JUDGE}.broke(_error, {tuple(names)!r})"]
    for name in names:
        lines += ["    try:", f"        del {name}", "    except NameError: pass"]
    (wrapped,) = ast.parse("\n".join(lines)).body
    wrapped.body = [statement]
    return wrapped


def _made(statement: ast.stmt) -> set[str]:
    """The names that a simple statement makes, or whose values it changes by a method."""
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        method = statement.value.func
        targets = [method] if isinstance(method, ast.Attribute) else []
    made = set()
    for target in targets if isinstance(statement, SIMPLE) else ():
        for part in getattr(target, "elts", [target]):
            while isinstance(part, ast.Attribute | ast.Subscript | ast.Starred):
                part = part.value
            made |= {part.id} if isinstance(part, ast.Name) else set()
    return made - {JUDGE}


def _own_names(function: ast.FunctionDef) -> set[str]:
    """The names that belong to a function: its arguments, and what it binds."""
    return {getattr(part, "arg", getattr(part, "id", "")) for part in ast.walk(function)
            if isinstance(part, ast.arg)
            or isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def _has_lines(node: ast.AST) -> bool:
    """Whether something holds a line, or adopts an answer."""
    return any(isinstance(part, ast.Call) and ast.unparse(part.func) in {*LINES, "checks.adopt"}
               for part in ast.walk(node))


def _hint(call: ast.Call, place: int) -> ast.expr:
    """The hint among the arguments of a line."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == "hint"]
    return named[0] if named else call.args[place]


def _private(function: Callable) -> Callable:
    """A copy of a function of `checks` that an answer does not reach by patching the module."""
    copy = FunctionType(function.__code__, dict(vars(checks)), function.__name__,
                        function.__defaults__)
    copy.__kwdefaults__ = dict(function.__kwdefaults__ or {})
    return copy


def _one_line(text: str) -> str:
    """A message without line breaks, cut where it is long."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"


COMPARE = {"checks.close": _private(checks.close), "checks.true": _private(checks.true)}
