"""Answers that call what the check itself calls: the course's own function, in place of a thought.

    borrowed("def r1(D, real): return losses.r1_penalty(D, real)", check, names)
    # ["gancourse.pt.losses.r1_penalty"]

A check adopts the course's function until the answer is right, so its name stands in the notebook.
An answer that only calls it passes.  That is for the teacher to see, and to judge.
"""

import ast
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from gancourse.course.classroom.lesson.cells import parsed

NO_ANSWERS = {"gancourse.pt.train.sample"}  # what answers and stand-ins may both need


def borrowed(answer: str, check: str, names: dict[str, Any]) -> list[str]:
    """Return the functions of the package, by full name, that an answer and its stand-in both use.

    The stand-in is what the check gives to `checks.adopt` in second place, and the function of the
    check that it names.  `names` are those that the answer sees.
    """
    tree = parsed(check)
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    words = set()
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "checks.adopt":
            stand_in = call.args[1]
            words |= _words(stand_in)
            if isinstance(stand_in, ast.Name) and stand_in.id in defined:
                words |= _words(defined[stand_in.id])
    used = set(_functions(parsed(answer), names)) - NO_ANSWERS
    return sorted(name for name in used if name.rpartition(".")[2] in words)


def _words(tree: ast.AST) -> set[str]:
    """All names and attributes in a piece of code."""
    return {node.id if isinstance(node, ast.Name) else node.attr for node in ast.walk(tree)
            if isinstance(node, ast.Name | ast.Attribute)}


def _functions(tree: ast.AST, names: dict[str, Any]) -> Iterator[str]:
    """The functions of the package that code names, such as gancourse.pt.train.d_step."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            value = names.get(node.id)
            home = getattr(value, "__module__", None) or ""
            if _is_function(value) and home.startswith("gancourse."):
                yield f"{home}.{value.__name__}"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = names.get(node.value.id)
            if isinstance(module, ModuleType) and module.__name__.startswith("gancourse."):
                value = getattr(module, node.attr, None)
                if _is_function(value):
                    home = getattr(value, "__module__", None) or module.__name__
                    yield f"{home}.{node.attr}"


def _is_function(value: Any) -> bool:
    """Whether a value is called for what it does: neither a class nor a module."""
    return callable(value) and not isinstance(value, type) and hasattr(value, "__name__")
