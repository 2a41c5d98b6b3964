"""One answer against its check, in a process that gancourse.course.classroom.judging.limits starts.

    verdict = judge(job)  # {"exercise", "status", "reason", "lines", "share", "notes"}

What the lesson has defined so far runs first.  The answer gets a copy of these names, so it may
redefine what it likes: the check runs with the lesson's own, and takes over nothing but the
functions of the exercise.  Modules that the answer has patched are mended before each line.

`share` is how many of the check's lines have passed, from 0 to 1.  What passes no more lines than a
function that always returns the same, or gives back what it gets, has earned nothing.
"""

import ast
import contextlib
import copy
import linecache
import os
import random
import sys
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from gancourse.course.classroom.judging.borrowed import borrowed
from gancourse.course.classroom.judging.check_lines import (
    ANSWER,
    JUDGE,
    Recorder,
    described,
    judged_line,
    rewritten,
)
from gancourse.course.classroom.judging.trust import Trust
from gancourse.course.classroom.lesson.cells import Exercise, Job, normal, parsed

LESSON = "<the lesson>"
EMPTY = "not answered yet"
ALONE = "alone it does not count: a function that always returns the same passes this line too"
CONSTANTS = (None, False, True, 0.0, 1.0)


class _Check(NamedTuple):
    """A check, ready to be run on functions."""

    code: Any
    hints: list[str]
    names: dict[str, Any]  # of the lesson
    trust: Trust

    def lines(self, functions: dict[str, Callable]) -> list[dict]:
        """Run it with these functions in the place of the exercise's, and return its lines.

        What it defines is not kept.
        """
        recorder = Recorder(self.hints, self.trust.restore)
        self.names.update(functions)
        try:
            exec(self.code, {**self.names, JUDGE: recorder})
        except BaseException as error:  # noqa: BLE001 - raised between the statements
            recorder.broke(error)
        return recorder.lines()

    def counted(self, lines: list[dict], functions: tuple[str, ...]) -> list[dict]:
        """Return the lines with those failed that a simple function passes, if no other passed."""
        passed = [line["passed"] for line in lines]
        if all(passed) or not any(passed):
            return lines
        for simple in _simple_functions():
            others = self.lines(dict.fromkeys(functions, simple))
            if all(other["passed"] or not line for line, other in zip(passed, others, strict=True)):
                return [judged_line(line["hint"], ALONE) if line["passed"] else line
                        for line in lines]
        return lines


def judge(job: Job, ready: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Return what an answer is worth; `ready()` is called when the lesson's own code has run.

    The status is right, partial, wrong, empty, missing (no such function), broken (not Python) or
    error.  Nothing that the answer raises comes out of here.
    """
    code, hints = rewritten(job.check)
    tree, reason = _tree(job)
    if tree is None:
        status = "empty" if reason == EMPTY else "broken"
        return _verdict(job, status, reason, [judged_line(hint, reason) for hint in hints])
    names: dict[str, Any] = {"__name__": "__main__"}
    _seed()
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        _execute_text(job.before, LESSON, names)  # what the lesson shows is not the answer's print
    _seed()
    trust = Trust(names)
    own = {name: _copied(value) for name, value in names.items()} | {"display": print}
    ready()
    stopped = _execute_answer(tree, job.answer, own)
    _execute_given(job.stub, names)
    missing = [name for name in job.functions if not callable(own.get(name))]
    functions = {name: _absent(name) if name in missing else own[name] for name in job.functions}
    check = _Check(code, hints, names, trust)
    lines = check.counted(check.lines(functions), job.functions)
    verdict = _verdict(job, _status(lines, missing, job.functions), "", lines, trust)
    if missing:
        verdict["reason"] = stopped or f"there is no function {missing[0]} in the cell"
    elif stopped:
        verdict["notes"].append(f"outside of the functions, {stopped}")
    if verdict["share"]:
        shared = borrowed(job.answer, job.check, own)
        verdict["notes"] += [f"{job.exercise} calls {name}, as its check does: is it an answer?"
                             for name in shared]
    return verdict


def marked(exercise: Exercise, verdict: dict[str, Any]) -> dict[str, Any]:
    """Return a verdict as it stands in a result file: with the points of the exercise, and earned.

    A share of the points is rounded to two digits.
    """
    result = {key: verdict[key] for key in ("status", "reason", "lines", "answer", "notes")}
    earned = round(exercise.points * verdict["share"], 2)
    return {"id": exercise.id, "points": exercise.points, "earned": earned, **result}


def without_verdict(job: Job, status: str, reason: str) -> dict[str, Any]:
    """Return the verdict on an answer that could not be judged to its end."""
    try:
        hints = rewritten(job.check)[1]
    except SyntaxError:
        hints = []
    return _verdict(job, status, reason, [judged_line(hint, reason) for hint in hints])


def _verdict(job: Job, status: str, reason: str, lines: list[dict],
             trust: Trust | None = None) -> dict[str, Any]:
    """A verdict; its reason is the first line's that failed, unless it has one of its own."""
    failed = _own_reasons(lines)
    passed = sum(line["passed"] for line in lines)
    notes = [f"the answer changed {name}; the check ran with the original"
             for name in sorted(trust.patched if trust else ())]
    if status == "empty":
        reason = EMPTY
    elif failed:
        reason = reason or failed[0]
    return {"exercise": job.exercise, "status": status, "reason": reason, "lines": lines,
            "share": passed / len(lines) if lines else 0.0, "answer": job.answer, "notes": notes,
            "disturbed": bool(trust and trust.is_disturbed())}


def _status(lines: list[dict], missing: list[str], functions: tuple[str, ...]) -> str:
    """The status of an answer whose check has run."""
    if all(line["passed"] for line in lines):
        return "right"
    if any(line["passed"] for line in lines):
        return "partial"
    if set(missing) == set(functions):
        return "missing"
    failed = _own_reasons(lines)
    if all(reason.endswith(EMPTY) for reason in failed):
        return "empty"
    return "error" if ": your code " in failed[0] else "wrong"


def _own_reasons(lines: list[dict]) -> list[str]:
    """Why lines have failed, without those that would have passed with another one."""
    return [line["reason"] for line in lines
            if not line["passed"] and not line["reason"].endswith(ALONE)]


def _tree(job: Job) -> tuple[ast.Module | None, str]:
    """The syntax tree of an answer; or None, and why there is nothing to run."""
    try:
        tree = parsed(job.answer)
    except SyntaxError as error:
        where = f"line {error.lineno} of your cell" if error.lineno else "your cell"
        return None, f"{where} is not Python: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return None, f"your cell is not Python: {error}"
    bodies = [node.body for node in tree.body
              if isinstance(node, ast.FunctionDef) and node.name in job.functions]
    untouched = bodies and all(_does_nothing(body) for body in bodies)
    if untouched or not tree.body or normal(job.answer) == normal(job.stub):
        return None, EMPTY
    return tree, ""


def _does_nothing(body: list[ast.stmt]) -> bool:
    """Whether a function's body is `pass`, `...`, a docstring, or raises NotImplementedError."""
    return all(isinstance(line, ast.Pass)
               or isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)
               or isinstance(line, ast.Raise) and "NotImplementedError" in ast.unparse(line)
               for line in body)


def _execute_text(text: str, filename: str, names: dict[str, Any]) -> None:
    """Run code under a file name that tracebacks and TensorFlow can look up."""
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    exec(compile(text, filename, "exec"), names)


def _execute_answer(tree: ast.Module, text: str, names: dict[str, Any]) -> str:
    """Run an answer's statements, all of them; return why the first failed that did, or ""."""
    linecache.cache[ANSWER] = (len(text), None, text.splitlines(keepends=True), ANSWER)
    reason = ""
    for statement in tree.body:
        try:
            exec(compile(ast.Module([statement], []), ANSWER, "exec"), names)
        except BaseException as error:  # noqa: BLE001 - an answer may raise anything
            reason = reason or described(error)
    return reason


def _execute_given(stub: str, names: dict[str, Any]) -> None:
    """Run what the answer cell gives to students, such as a helper above the exercise."""
    for statement in parsed(stub).body:
        with contextlib.suppress(Exception):
            exec(compile(ast.Module([statement], []), LESSON, "exec"), names)


def _simple_functions() -> list[Callable]:
    """Functions that take no notice of what they are given, and one that gives it back."""
    constant = [lambda *args, _value=value, **kwargs: _value for value in CONSTANTS]
    return [*constant, lambda *args, **kwargs: args[0] if args else None]


def _absent(name: str) -> Callable:
    """A function in the place of one that the answer does not define."""
    def absent(*args, **kwargs) -> NoReturn:
        raise NameError(f"there is no function {name} in the cell")
    return absent


def _copied(value: Any) -> Any:
    """A copy of what an answer could change in place: arrays, lists, dicts, sets."""
    array = getattr(sys.modules.get("numpy"), "ndarray", ())
    if isinstance(value, list | dict | set) or isinstance(value, array):
        return copy.copy(value)
    return value


def _seed() -> None:
    """Begin all random numbers anew, so that an answer gets the same marks each time."""
    random.seed(0)
    for module, seeded in (("numpy", "random.seed"), ("torch", "manual_seed")):
        function: Any = sys.modules.get(module)
        for part in seeded.split(".") if function else ():
            function = getattr(function, part)
        if function:
            function(0)
