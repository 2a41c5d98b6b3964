"""Run lessons with papermill: with other parameters, resumably, into folders that explain themselves.

    runs/05_dcgan_pt/num_steps=2000,seed=1/
        notebook.ipynb, notebook.html   the executed copy
        run.json                        parameters, versions, seconds, results
"""

import ast
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gancourse import doctor, pages
from gancourse.checkpoints import write_atomically
from gancourse.checks import MIME
from gancourse.lessons import Lesson, fingerprint, parameters, settings, source

PACKAGE = Path(__file__).parent
NO_NUMBERS = {"plots.py"}  # draws only: a figure of another colour is not another result
CELL_TIMEOUT = 3600  # seconds; a cell that hangs must not hang the course
QUIET = ["--log-level=ERROR"]  # the kernel's own remarks are not the learner's concern


class LessonFailed(RuntimeError):
    """A cell of a lesson raised; the message names the cell, the executed copy is kept, `results` are those it had."""

    results: dict[str, float] = {}


def run(lesson: Lesson, runs: Path, preset: str = "laptop", given: dict[str, Any] | None = None,
        again: bool = False, *, cwd: Path | None = None, bar: bool = True) -> tuple[dict, bool]:
    """Run a lesson and return its record (the content of run.json) and whether it had been done before.

    A run that is done, from the same code and parameters, is not repeated unless `again`.  The folder
    appears file by file under its final names only when each is complete: a killed run leaves the last
    good one.  The lesson runs in the folder `cwd`, by default the present one; `bar` shows its progress.
    Raises ValueError for bad parameters before anything runs, LessonFailed when a cell raises.
    """
    chosen = settings(lesson, preset, given)
    folder, code = runs / lesson.name / run_name(chosen), code_sha256(lesson.notebook)
    done = finished(folder, code)
    if done and not again:
        return done, True
    if "checkpoint" in parameters(lesson.notebook) and "checkpoint" not in chosen:
        # a run goes on from its own code's checkpoint only
        chosen["checkpoint"] = str((folder / f"checkpoint-{code[:8]}.safetensors").resolve())
        if again:
            Path(chosen["checkpoint"]).unlink(missing_ok=True)
    started = time.monotonic()
    notebook = _execute(lesson, folder, chosen, cwd or Path.cwd(), _bar(lesson) if bar else False)
    record = {
        "lesson": lesson.name, "preset": preset,
        "parameters": {name: p.default for name, p in parameters(lesson.notebook).items()} | chosen,
        "results": results(notebook), "judged": judged(notebook), "seconds": round(time.monotonic() - started, 1),
        "date": datetime.now(UTC).isoformat(timespec="seconds"), "versions": doctor.versions(),
        "code_sha256": code,
    }
    write_atomically(folder / "notebook.html", pages.to_html(notebook, lesson.about["title"]).encode())
    write_atomically(folder / "run.json", json.dumps(record, indent=1, ensure_ascii=False).encode())
    return record, False


def finished(folder: Path, code: str, file: str = "run.json") -> dict | None:
    """Return the record of a run folder that is done by this code (its `code_sha256`), else None."""
    try:
        record = json.loads((folder / file).read_text(encoding="utf-8"))
        return record if record["code_sha256"] == code else None
    except (OSError, json.JSONDecodeError, KeyError, TypeError):
        return None


def code_sha256(notebook: dict) -> str:
    """Return the sha256 of the code that decides a run's numbers.

    That is the notebook's own, and every module of the course that it imports, directly or through
    others.  Comments and docstrings of the modules do not count.
    """
    waiting = [source(cell) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    modules: dict[Path, str] = {}
    while waiting:
        for path in _course_modules(waiting.pop()) - set(modules):
            modules[path] = _without_words(path.read_text(encoding="utf-8"))
            waiting.append(modules[path])
    code = [fingerprint(notebook), *(modules[path] for path in sorted(modules))]
    return hashlib.sha256("\x00".join(code).encode()).hexdigest()


def run_name(chosen: dict[str, Any]) -> str:
    """Return the name of a run's folder: its parameters where they make a short file name, else a short hash."""
    name = ",".join(f"{key}={value}" for key, value in sorted(chosen.items())) or "default"
    if len(name) <= 80 and re.fullmatch(r"[\w=,.+-]+", name):
        return name
    digest = hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:10]
    return re.sub(r"[^\w=,.+-]+", "_", name)[:60] + "-" + digest


def results(notebook: dict) -> dict[str, float]:
    """Return the numbers that a notebook's checkpoint tables have stored in it."""
    found: dict[str, float] = {}
    for output in _outputs(notebook):
        found |= output.get("data", {}).get(MIME, {}).get("results", {})
    return found


def judged(notebook: dict) -> bool:
    """Return whether a notebook's claims were asserted, its settings being those they are made for."""
    tables = [output["data"][MIME] for output in _outputs(notebook) if MIME in output.get("data", {})]
    return bool(tables) and all(table["judged"] for table in tables)


def render(lesson: Lesson) -> float:
    """Run a lesson at its stored defaults, keep the fresh outputs in its own file, and return the seconds.

    Widget state, run-time metadata and progress bars are dropped, so that outputs are small and do not
    change without a reason.  Raises LessonFailed and leaves the file as it was when a cell raises.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    from gancourse.kernels import Manager, patiently

    notebook = nbformat.reads(json.dumps(lesson.notebook), as_version=4)
    started = time.monotonic()
    try:
        patiently(NotebookClient(notebook, timeout=CELL_TIMEOUT, kernel_name="python3", kernel_manager_class=Manager,
                                 extra_arguments=QUIET).execute)
    except (CellExecutionError, DeadKernelError) as error:
        raise LessonFailed(f"lesson {lesson.name} failed: {_plain(str(error))[-2000:]}") from error
    seconds = time.monotonic() - started
    for cell in notebook["cells"]:
        cell["metadata"] = {k: v for k, v in cell["metadata"].items() if k == "tags"}
        if cell["cell_type"] == "code":
            cell["outputs"] = pages.without_bars(cell["outputs"])
    notebook["metadata"].pop("widgets", None)
    notebook["metadata"]["language_info"] = {"name": "python"}
    notebook["metadata"]["gancourse"]["rendered"] = {
        "code_sha256": fingerprint(notebook), "seconds": round(seconds, 1),
        "date": datetime.now(UTC).date().isoformat(), "versions": doctor.versions()}
    nbformat.validate(notebook)
    write_atomically(lesson.path, (nbformat.writes(notebook).rstrip("\n") + "\n").encode())
    return seconds


def _course_modules(text: str) -> set[Path]:
    """The files of this package that a piece of code imports; none where it is not plain Python."""
    names = set()
    try:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    except SyntaxError:
        return set()
    inside = [name.split(".")[1:] for name in names if name.split(".")[0] == PACKAGE.name]
    files = {PACKAGE.joinpath(*parts[:i], "__init__.py") for parts in inside for i in range(len(parts) + 1)}
    files |= {PACKAGE.joinpath(*parts).with_suffix(".py") for parts in inside if parts}
    return {path for path in files if path.is_file() and path.name not in NO_NUMBERS}


def _without_words(text: str) -> str:
    """Python code without its comments, docstrings and layout."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(getattr(node, "body", None), list):
            node.body = [line for line in node.body if not (
                isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))] or [ast.Pass()]
    return ast.unparse(tree)


def _execute(lesson: Lesson, folder: Path, chosen: dict[str, Any], cwd: Path, bar: dict | bool) -> dict:
    """Run with papermill into a temporary name, then rename; a failed copy is kept as failed.ipynb."""
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from gancourse.kernels import Manager, patiently

    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob(".running-*"):  # left by a run that was killed
        stale.unlink(missing_ok=True)
    temporary, failed = folder / f".running-{os.getpid()}.ipynb", folder / "failed.ipynb"
    try:
        patiently(
            papermill.execute_notebook, str(lesson.path), str(temporary), parameters=chosen, kernel_name="python3",
            language="python", progress_bar=bar, execution_timeout=CELL_TIMEOUT, cwd=str(cwd),
            kernel_manager_class=Manager, extra_arguments=QUIET)
    except (PapermillExecutionError, CellTimeoutError, RuntimeError) as error:
        os.replace(temporary, failed)
        copy = json.loads(failed.read_text(encoding="utf-8"))
        if isinstance(error, PapermillExecutionError):
            why = f"{error.ename}: {_plain(error.evalue)[:1500]}"
        elif isinstance(error, DeadKernelError):
            why = "its kernel died (out of memory?)"
        else:
            late = isinstance(error, CellTimeoutError)
            why = f"it took over {CELL_TIMEOUT} s" if late else f"its kernel does not start ({error})"
        cell = sum(cell["cell_type"] == "code" and cell["metadata"]["papermill"]["exception"] is not None
                   for cell in copy["cells"])  # those that ran
        failure = LessonFailed(f"lesson {lesson.name} failed in cell {cell}: {why}\n  the executed copy is {failed}")
        failure.results = results(copy)
        raise failure from error
    except BaseException:  # Ctrl-C: nothing half-done stays
        temporary.unlink(missing_ok=True)
        raise
    notebook = json.loads(temporary.read_text(encoding="utf-8"))
    os.replace(temporary, folder / "notebook.ipynb")
    failed.unlink(missing_ok=True)
    return notebook


def _bar(lesson: Lesson) -> dict[str, Any]:
    """papermill's tqdm bar over cells, named after the lesson; it clears itself when the lesson ends."""
    return {"desc": f"  {lesson.name}", "leave": False, "unit": "cell",
            "bar_format": "{desc} {percentage:3.0f}%|{bar:30}| cell {n_fmt}/{total_fmt}, {elapsed}"}


def _outputs(notebook: dict) -> Iterator[dict]:
    for cell in notebook["cells"]:
        yield from cell.get("outputs", [])


def _plain(text: str) -> str:
    """Text without terminal colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)

