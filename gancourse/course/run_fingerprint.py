"""What decides a run's numbers: code, data, inputs, parameters, threads, processor, versions.

    known = of_run(notebook, {"dataset": "npz:own.npz"}, cwd=Path.cwd(), threads=1)
    key(known)                       # 64 hex digits; where they differ, other numbers are possible

`of_run` returns plain JSON, which `gancourse run` writes to run.json, so that a reader can see in
what two runs differ.
"""

import ast
import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from gancourse import system
from gancourse.course.provenance import without_home
from gancourse.files import file_sha256, folder_facts, module_code, text_sha256

PACKAGE = Path(__file__).parents[1]
DRAWS_ONLY = {"plots.py", "animation.py"}  # a figure of another colour is not another result
PREFIXES = ("folder", "npz", "file")  # dataset=folder:PATH and the like
NOT_INPUTS = {"checkpoint", "results"}  # written by the run itself: see runner


def of_run(
    notebook: dict,
    parameters: dict[str, Any],
    cwd: Path,
    threads: int,
    code: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what decides the numbers of a run of a notebook, as plain JSON.

    `parameters` are all parameters with the values that the run has; relative paths among them are
    resolved against `cwd`, the folder in which the lesson runs.  `threads` is the number of threads
    that its kernel gets.  `code` is `of_code(notebook)` where it is known already.
    Raises OSError when an input cannot be read.
    """
    given = {name: value for name, value in parameters.items() if name not in NOT_INPUTS}
    return {
        **(code or of_code(notebook)),
        "parameters_sha256": text_sha256(json.dumps(given, sort_keys=True)),
        "inputs": inputs(given, cwd),
        "threads": threads,
        "versions": system.library_versions(),
        "machine": system.hardware(),
    }


def of_code(notebook: dict, drawing: bool = False) -> dict[str, Any]:
    """Return the sha256 of the code that a notebook runs, and of the package data that it may read.

    With `drawing` the code that only draws figures counts, too.
    """
    return {"code_sha256": code_sha256(notebook, drawing), "package_data": package_data(notebook)}


def key(identity: dict[str, Any], here: bool = True) -> str:
    """Return the sha256 of an identity; with here=False without what depends on the computer.

    That is the processor, the card and the versions of libraries.  The names of inputs do not
    count, their contents do.  Raises KeyError when the identity is not whole.
    """
    counted = {
        name: identity[name]
        for name in ("code_sha256", "package_data", "parameters_sha256", "threads")
    }
    counted["inputs"] = {name: facts["sha256"] for name, facts in identity["inputs"].items()}
    if here:
        counted |= {name: identity[name] for name in ("machine", "versions")}
    return text_sha256(json.dumps(counted, sort_keys=True))


def code_sha256(notebook: dict, drawing: bool = False) -> str:
    """Return the sha256 of the code that decides a run's numbers; with `drawing`, its figures too.

    That is the notebook's own, and every module of the course that it imports, directly or through
    others, but for those that run the course.  Comments and docstrings of the modules do not count.
    """
    cells = [cell.rstrip() for cell in _code_cells(notebook)]
    modules = _modules(notebook, drawing)
    return text_sha256("\x00".join([*cells, *(modules[path] for path in sorted(modules))]))


def package_data(notebook: dict) -> dict[str, str]:
    """Return the sha256 of each data file of the package that a notebook may read, by its name.

    A file or folder that lies beside the modules, on any level, counts when its name stands
    anywhere in the notebook's code or in the code of a module that it imports.
    """
    code = "\x00".join([*_code_cells(notebook), *_modules(notebook, drawing=True).values()])
    files: list[Path] = []
    for entry in _data_entries(PACKAGE):
        if entry.name in code:
            inside = [entry, *sorted(entry.rglob("*"))]
            files += [path for path in inside if path.is_file()]
    return {path.relative_to(PACKAGE).as_posix(): file_sha256(path) for path in files}


def inputs(parameters: dict[str, Any], cwd: Path) -> dict[str, dict[str, Any]]:
    """Return the path, size and sha256 of each parameter that names a file or folder.

    Such a value reads folder:PATH, npz:PATH or file:PATH, or is the path of a file, or that of a
    folder with a separator in it: a folder that happens to be called "cpu" is no input.  Relative
    paths start at `cwd`.  A path that leads nowhere is left out.  Raises OSError when a file cannot
    be read.
    """
    facts = {}
    for name, value in parameters.items():
        if not isinstance(value, str) or not value:
            continue
        prefix, colon, rest = value.partition(":")
        prefixed = bool(colon) and prefix in PREFIXES
        written = rest if prefixed else value
        path = Path(cwd, os.path.expanduser(written))
        if os.path.isfile(path):
            facts[name] = {
                "path": without_home(os.path.abspath(path)),
                "bytes": path.stat().st_size,
                "sha256": file_sha256(path),
            }
        elif os.path.isdir(path) and (prefixed or re.search(r"[/\\.]", value)):
            whole = folder_facts(path)
            facts[name] = whole | {"path": without_home(whole["path"])}
    return facts


def _data_entries(package: Path) -> Iterator[Path]:
    """The files and folders of a package, and of the packages in it, that hold no code."""
    for entry in sorted(package.iterdir()):
        if (entry / "__init__.py").exists():
            yield from _data_entries(entry)
        elif entry.suffix != ".py" and not entry.name.startswith("__"):
            yield entry


def _code_cells(notebook: dict) -> list[str]:
    """The text of each code cell."""
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _modules(notebook: dict, drawing: bool) -> dict[Path, str]:
    """The modules of the course that a notebook imports, directly or through others: their code."""
    waiting = _code_cells(notebook)  # code whose imports are still to be followed
    modules: dict[Path, str] = {}
    while waiting:
        for path in _imported(waiting.pop(), PACKAGE) - set(modules):
            if _decides(path) and (drawing or path.name not in DRAWS_ONLY):
                modules[path] = module_code(path)
                waiting.append(modules[path])
    return modules


def _decides(path: Path) -> bool:
    """Whether a module can decide a number: what runs the course cannot, but for its studies."""
    course = PACKAGE / "course"
    return course not in path.parents or course / "studies" in path.parents


@cache
def _imported(text: str, package: Path) -> frozenset[Path]:
    """The files of the package that a piece of code imports, or names as a module to be run.

    Lines of magic are skipped; where the rest is not plain Python there are none.
    """
    names = set()
    module_name = re.compile(rf"{package.name}(\.\w+)+")
    try:
        tree = ast.parse(re.sub(r"^\s*[%!].*$", "", text, flags=re.MULTILINE))
    except SyntaxError:
        return frozenset()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and module_name.fullmatch(str(node.value)):
            names.add(node.value)  # such as python -m gancourse.pt.train_feature_net
    files = set()
    for name in names:
        top, *parts = name.split(".")
        if top == package.name:
            folders = [package.joinpath(*parts[:i]) for i in range(len(parts) + 1)]
            files |= {folder / "__init__.py" for folder in folders}
            if parts:
                files.add(folders[-1].with_suffix(".py"))
    return frozenset(path for path in files if path.is_file())
