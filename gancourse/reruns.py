"""Run lessons with papermill: with other parameters, resumably, into folders that explain themselves.

The folder of a run, such as runs/05_dcgan_pt/num_steps=2000,seed=1, is described in `gancourse.records`.
"""

import hashlib
import json
import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from gancourse import doctor, estimate, identity, locks, pages, records, resume
from gancourse.checkpoints import write_atomically
from gancourse.checks import MIME
from gancourse.errors import CourseError
from gancourse.lessons import Lesson, parameters, settings, source

CELL_TIMEOUT = 3600  # seconds; a cell that hangs must not hang the course
QUIET = ["--log-level=ERROR"]  # the kernel's own remarks are not the learner's concern
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
           "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


class LessonFailed(RuntimeError):
    """A cell of a lesson raised, or its kernel ended; `record` is what failed.json holds."""

    def __init__(self, message: str, record: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.record = record or {}


class Plan(NamedTuple):
    """A run before it starts."""

    lesson: Lesson
    preset: str
    settings: dict[str, Any]    # the parameters that differ from the lesson's own
    parameters: dict[str, Any]  # all of them
    folder: Path
    identity: dict[str, Any]


def plan(lesson: Lesson, runs: Path, preset: str = "laptop", given: dict[str, Any] | None = None, *,
         cwd: Path | None = None, threads: int = 0, code: dict[str, Any] | None = None) -> Plan:
    """Return what a run would be; nothing is run or written.

    `threads` is that of its kernel, by default `default_threads()`; `code` is
    `identity.of_code(lesson.notebook)` where it is known.  Raises ValueError for bad parameters, OSError
    when an input cannot be read.
    """
    chosen = settings(lesson, preset, given)
    values = {name: p.default for name, p in parameters(lesson.notebook).items()} | chosen
    known = identity.of_run(lesson.notebook, values, cwd or Path.cwd(), threads or default_threads(), code)
    return Plan(lesson, preset, chosen, values, runs / lesson.name / run_name(chosen), known)


def run(lesson: Lesson, runs: Path, preset: str = "laptop", given: dict[str, Any] | None = None,
        again: bool = False, *, cwd: Path | None = None, threads: int = 0, cell_timeout: int = CELL_TIMEOUT,
        here: bool = True, wait: bool = True, say: Callable[[str], None] | None = None,
        progress: Callable[[int], None] | None = None, kernels=None) -> tuple[dict, bool]:
    """Run a lesson and return its record (the content of run.json) and whether it had been done before.

    A run that is done, with the same identity, is not repeated unless `again`; with here=False one that
    another computer has done counts, too.  A claim that is missed is a part of the record.  The lesson
    runs in the folder `cwd`, by default the present one, on `threads` threads, and no cell longer than
    `cell_timeout` seconds.  Where another process is at work on the same run, `say` gets a sentence that
    names it, and it is waited for.  `progress` is called with the number of cells that are behind, and
    `kernels` is the `kernels.Group` that the kernel shall belong to.

    Raises ValueError for bad parameters before anything runs, CourseError for a checkpoint of the
    reader's that was made from other data or settings, locks.Busy instead of waiting unless `wait`,
    LessonFailed when a cell raises, locks.Stopped when the group was ended meanwhile.
    """
    from gancourse.kernels import Group

    cwd, kernels = cwd or Path.cwd(), kernels or Group()
    planned = plan(lesson, runs, preset, given, cwd=cwd, threads=threads)
    named = resume.path_of(planned.parameters["checkpoint"], cwd) if planned.parameters.get("checkpoint") else None
    with ExitStack() as held:
        for name, what in _locks(planned, named):
            held.enter_context(locks.hold(records.lock_of(runs, name), what, wait=wait, say=say,
                                          stopped=lambda: kernels.ended))
        done = records.finished(planned.folder, planned.identity, here)
        if done and not again:
            return done, True
        about = {"lesson": lesson.name, "title": lesson.about["title"], "preset": preset,
                 "settings": planned.settings, "parameters": planned.parameters}
        checkpoint = {}
        if named:
            about["notes"] = resume.check(named, lesson.name, planned.parameters, planned.identity)
            for note in about["notes"]:
                (say or print)(f"note: {note}")
            resume.note(named, lesson.name, planned.parameters, planned.identity)
        elif "checkpoint" in planned.parameters:
            checkpoint["checkpoint"] = str(_own_checkpoint(planned, again))
            about["parameters"] = about["parameters"] | checkpoint
        started = time.monotonic()
        notebook, error = _execute(planned, planned.settings | checkpoint, cwd, cell_timeout, progress, kernels)
        record = about | {
            "results": results(notebook), "claims": claims(notebook),
            "seconds": round(time.monotonic() - started, 1), "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": doctor.versions() | {"threads": str(planned.identity["threads"])},
            "code_sha256": planned.identity["code_sha256"],
            "identity": {"key": identity.key(planned.identity), **planned.identity},
        }
        if error:
            record |= {"status": "failed", **error}
            records.write_failure(planned.folder, record, notebook)
            page = planned.folder / "failed.html"
            raise LessonFailed(f"lesson {lesson.name} {record['error']}\n  the page of what had run: {page}", record)
        records.write(planned.folder, record, notebook)
        return record, False


def default_threads() -> int:
    """Return how many threads a lesson's kernel gets unless the command says so: OMP_NUM_THREADS, else one.

    Raises CourseError when OMP_NUM_THREADS is not a number from 1 on.
    """
    text = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip() or "1"
    if not text.isdigit() or int(text) < 1:
        raise CourseError(f"OMP_NUM_THREADS={text!r} must be a number of threads, such as 1; or give --threads 1")
    return int(text)


def environment(threads: int, strict: bool = False) -> dict[str, str]:
    """Return the variables that a lesson's kernel gets beside those of this process.

    `threads` for every library that counts its own; with `strict` a claim that is missed raises.
    """
    return {**dict.fromkeys(THREADS, str(threads)), "GANCOURSE_STRICT": "1" if strict else "0"}


def run_name(chosen: dict[str, Any]) -> str:
    """Return the name of a run's folder: its parameters where they make a short file name, else a short hash."""
    name = ",".join(f"{key}={value}" for key, value in sorted(chosen.items())) or "default"
    if len(name) <= 80 and re.fullmatch(r"[\w=,.+-]+", name):
        return name
    digest = hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:10]
    return re.sub(r"[^\w=,.+-]+", "_", name)[:60] + "-" + digest


def results(notebook: dict) -> dict[str, float | str]:
    """Return the numbers that a notebook's tables of claims have stored in it; "nan" and "inf" are texts there."""
    found: dict[str, float | str] = {}
    for table in _tables(notebook):
        found |= table.get("results", {})
    return found


def claims(notebook: dict) -> list[dict[str, Any]]:
    """Return the claims that a notebook's tables have stored: text, kind, bound, measured, judged, held."""
    return [claim for table in _tables(notebook) for claim in table.get("claims", [])]


def render(lesson: Lesson, cell_timeout: int = CELL_TIMEOUT) -> float:
    """Run a lesson at its stored defaults, keep the fresh outputs in its own file, and return the seconds.

    Widget state, run-time metadata and progress bars are dropped, so that outputs are small and do not
    change without a reason.  Raises LessonFailed and leaves the file as it was when a cell raises, which
    a missed claim does here.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    from gancourse.kernels import Group, patiently

    notebook, threads = nbformat.reads(json.dumps(lesson.notebook), as_version=4), default_threads()
    manager = Group().manager(environment(threads, strict=True))
    gflops = estimate.speed()
    started = time.monotonic()
    try:
        patiently(NotebookClient(notebook, timeout=cell_timeout, kernel_name="python3", kernel_manager_class=manager,
                                 extra_arguments=QUIET, shutdown_kernel="immediate", log=_silent()).execute)
    except CellTimeoutError as error:
        raise LessonFailed(f"lesson {lesson.name} failed: {_too_long(cell_timeout)}") from error
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
        **identity.of_code(notebook, drawing=True), "seconds": round(seconds, 1), "gflops": round(gflops),
        "date": datetime.now(UTC).date().isoformat(), "versions": doctor.versions() | {"threads": str(threads)}}
    nbformat.validate(notebook)
    write_atomically(lesson.path, (nbformat.writes(notebook).rstrip("\n") + "\n").encode())
    return seconds


def _locks(planned: Plan, named: Path | None) -> Iterator[tuple[str, str]]:
    """The name and the words of each lock that a run holds: that of its folder, and of a checkpoint of the reader's."""
    yield f"{planned.lesson.name}/{planned.folder.name}", str(planned.folder)
    if named:
        yield f"checkpoint {os.path.abspath(named)}", str(named)


def _own_checkpoint(planned: Plan, again: bool) -> Path:
    """The checkpoint that a run keeps by itself: one of another identity has another name; with `again` it goes."""
    digest = identity.key(planned.identity)[:8]
    path = Path(os.path.abspath(planned.folder / f"checkpoint-{digest}.safetensors"))
    if again:
        path.unlink(missing_ok=True)
    return path


def _execute(planned: Plan, chosen: dict[str, Any], cwd: Path, cell_timeout: int,
             progress: Callable[[int], None] | None, kernels) -> tuple[dict, dict[str, Any]]:
    """Run with papermill into a temporary name, then rename; return the executed copy and what went wrong.

    The latter is {} where all went well, else {"error": in words, "cell": where}.  Raises locks.Stopped
    when the kernels were ended.
    """
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from gancourse.kernels import patiently

    folder = planned.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob(".running-*"):  # left by a run that was killed: we hold the lock
        stale.unlink(missing_ok=True)
    temporary = folder / f".running-{os.getpid()}.ipynb"
    _silent()
    try:
        patiently(
            papermill.execute_notebook, str(planned.lesson.path.absolute()), str(temporary), parameters=chosen,
            kernel_name="python3", language="python", progress_bar=False, execution_timeout=cell_timeout,
            kernel_manager_class=kernels.manager(environment(planned.identity["threads"])), extra_arguments=QUIET,
            shutdown_kernel="immediate", resources={"metadata": {"path": str(cwd)}},
            on_cell_start=lambda cell, cell_index: progress(cell_index) if progress else None)
    except (PapermillExecutionError, CellTimeoutError, RuntimeError) as error:
        if kernels.ended:
            temporary.unlink(missing_ok=True)
            raise locks.Stopped from error
        if isinstance(error, PapermillExecutionError):
            why = f"{error.ename}: {_plain(error.evalue)[:1500]}"
        elif isinstance(error, DeadKernelError):
            why = "its kernel died (out of memory?)"
        elif isinstance(error, CellTimeoutError):
            why = _too_long(cell_timeout)
        else:
            why = f"its kernel does not start ({error})"
        os.replace(temporary, folder / "failed.ipynb")
        copy = json.loads((folder / "failed.ipynb").read_text(encoding="utf-8"))
        cell = _last_started(copy)
        where = f' in cell [{cell["number"]}] of failed.ipynb, "{cell["first_line"]}"' if cell else ""
        return copy, {"error": f"failed{where}: {why}", "cell": cell}
    except BaseException:  # Ctrl-C: nothing half-done stays
        temporary.unlink(missing_ok=True)
        raise
    notebook = json.loads(temporary.read_text(encoding="utf-8"))
    os.replace(temporary, folder / "notebook.ipynb")
    return notebook, {}


def _last_started(notebook: dict) -> dict[str, Any]:
    """The cell of an executed copy that was started last: its number in brackets beside it, and its first line."""
    started = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and source(cell).strip()
               and cell["metadata"]["papermill"]["exception"] is not None]
    if not started:
        return {}
    return {"number": len(started), "first_line": source(started[-1]).strip().splitlines()[0][:80]}


def _too_long(seconds: int) -> str:
    return f"it took over {seconds} s; --cell-timeout gives a cell more"


def _silent() -> logging.Logger:
    """papermill's logger, told to be silent: what it would say is in our own messages."""
    logger = logging.getLogger("papermill")
    logger.setLevel(logging.CRITICAL)
    return logger


def _tables(notebook: dict) -> Iterator[dict]:
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if MIME in output.get("data", {}):
                yield output["data"][MIME]


def _plain(text: str) -> str:
    """Text without terminal colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
