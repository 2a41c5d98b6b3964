"""Run lessons: with other parameters, resumably, into folders that explain themselves.

The folder of a run, such as runs/03_dcgan_pt/num_steps=2000,seed=1, is described in
`gancourse.course.records`.
"""

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from gancourse import files
from gancourse.course import (
    check_inputs,
    doctor,
    estimate,
    folds,
    html_pages,
    notebook_execution,
    provenance,
    records,
    resume_training,
    run_fingerprint,
    study_time,
)
from gancourse.course.lessons import Lesson, defaults, settings
from gancourse.course.notebook_execution import CELL_TIMEOUT
from gancourse.files import write_atomically
from gancourse.system import chosen_threads

WRITTEN = {"tags", "gancourse", "slideshow"}  # of a cell's metadata, what its author wrote


class LessonFailed(RuntimeError):
    """A cell of a lesson raised, or its kernel ended; `record` is what failed.json holds."""

    def __init__(self, message: str, record: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.record = record or {}


class Plan(NamedTuple):
    """A run before it starts."""

    lesson: Lesson
    preset: str
    settings: dict[str, Any]  # the parameters that differ from the lesson's own
    parameters: dict[str, Any]  # all of them
    folder: Path
    identity: dict[str, Any]


def plan(lesson: Lesson, runs: Path, preset: str = "laptop", given: dict[str, Any] | None = None, *,
         cwd: Path | None = None, threads: int = 0, code: dict[str, Any] | None = None) -> Plan:
    """Return what a run would be; nothing is run or written.

    `threads` is that of its kernel, by default `system.chosen_threads()`; `code` is
    `run_fingerprint.of_code(lesson.notebook)` where it is known.  Raises ValueError for bad
    parameters and for files that do not fit them, OSError when an input cannot be read.
    """
    chosen = settings(lesson, preset, given)
    values = defaults(lesson) | chosen
    check_inputs.check(lesson, values, cwd or Path.cwd())
    known = run_fingerprint.of_run(lesson.notebook, values, cwd or Path.cwd(),
                                   threads or chosen_threads(), code)
    return Plan(lesson, preset, chosen, values, runs / lesson.name / run_name(chosen), known)


def run(lesson: Lesson, runs: Path, preset: str = "laptop", given: dict[str, Any] | None = None,
        force: bool = False, *, cwd: Path | None = None, threads: int = 0,
        cell_timeout: int = CELL_TIMEOUT, here: bool = True, wait: bool = True,
        say: Callable[[str], None] | None = None, progress: Callable[[int], None] | None = None,
        kernels=None) -> tuple[dict, bool]:
    """Run a lesson; return its record (what run.json holds) and whether it had been done before.

    A run that is done, with the same identity, is not repeated unless `force`; with here=False one
    that another computer has done counts, too.  A claim that is missed is a part of the record.
    The lesson runs in the folder `cwd`, by default the present one, on `threads` threads, and no
    cell longer than `cell_timeout` seconds.  Where another process is at work on the same run,
    `say` gets a sentence that names it, and it is waited for.  `progress` is called with the number
    of cells that are behind, and `kernels` is the `kernel_client.Group` that the kernel shall
    belong to.

    Raises ValueError for bad parameters before anything runs, CourseError for a checkpoint of the
    reader's that was made from other data or settings, files.Busy instead of waiting unless `wait`,
    LessonFailed when a cell raises, files.Stopped when the group was ended meanwhile.
    """
    from gancourse.course.kernel_client import Group

    cwd = cwd or Path.cwd()
    kernels = kernels or Group()
    planned = plan(lesson, runs, preset, given, cwd=cwd, threads=threads)
    with ExitStack() as locks:
        for name, what in _locks(planned, cwd).items():
            locks.enter_context(files.hold(records.lock_of(runs, name), what, wait=wait, say=say,
                                           stopped=lambda: kernels.ended))
        done = records.finished(planned.folder, planned.identity, here)
        if done and not force:
            return done, True
        checkpoint, notes = _checkpoint(planned, cwd, force)
        places = checkpoint | _results(planned, force)
        for note in notes:
            (say or print)(f"note: {note}")
        began = datetime.now(UTC)
        started = time.monotonic()
        notebook, error = notebook_execution.to_folder(
            lesson.path, planned.folder, planned.settings | places, kernels, cwd=cwd,
            threads=planned.identity["threads"], cell_timeout=cell_timeout, progress=progress)
        kept_in = {name: provenance.without_home(path) for name, path in places.items()}
        origin = provenance.of_process(began, exit_status=1 if error else 0, folder=cwd)
        record = records.completed(about(planned, origin) | {
            "parameters": planned.parameters | kept_in, "notes": notes,
            "results": records.results(notebook), "claims": records.claims(notebook),
            "verdicts": [provenance.without_home(line) for line in records.verdicts(notebook)],
            "curves": _curves(checkpoint),
            "seconds": round(time.monotonic() - started, 1)})
        if error:
            record |= {"status": "failed", **error}
            records.write_failure(planned.folder, record, notebook)
            page = planned.folder / "failed.html"
            raise LessonFailed(f"lesson {lesson.name} {record['error']}\n"
                               f"  the page of what had run: {page}", record)
        records.write(planned.folder, record, notebook)
        return record, False


def about(planned: Plan, origin: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what the record of a run says whatever becomes of it; its date is now.

    `origin` is its `provenance`; by default that of a run of which nothing is left.
    """
    known = planned.identity
    now = datetime.now(UTC)
    return {
        "lesson": planned.lesson.name, "title": planned.lesson.about["title"],
        "preset": planned.preset, "settings": planned.settings, "parameters": planned.parameters,
        "date": provenance.in_utc(now),
        "versions": doctor.versions() | {"threads": str(known["threads"])},
        "code_sha256": known["code_sha256"],
        "identity": {"key": run_fingerprint.key(known), **known},
        "provenance": origin or provenance.of_process(now, exit_status=1),
    }


def run_name(chosen: dict[str, Any]) -> str:
    """Return the name of a run's folder: its parameters, with a hash where they are too long."""
    name = ",".join(f"{key}={value}" for key, value in sorted(chosen.items())) or "default"
    if len(name) <= 80 and re.fullmatch(r"[\w=,.+-]+", name):
        return name
    digest = hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:10]
    return re.sub(r"[^\w=,.+-]+", "_", name)[:60] + "-" + digest


def render(lesson: Lesson, cell_timeout: int = CELL_TIMEOUT) -> float:
    """Run a lesson at its stored defaults, keep the outputs in its own file, return the seconds.

    Widget state, run-time metadata and progress bars are dropped, so that outputs are small and do
    not change without a reason.  Raises LessonFailed and leaves the file as it was when a cell
    raises, which a missed claim does here.
    """
    import nbformat

    notebook = nbformat.reads(json.dumps(lesson.notebook), as_version=4)
    threads = chosen_threads()
    gflops = estimate.speed()
    started = time.monotonic()
    try:
        notebook_execution.in_place(notebook, threads=threads, cell_timeout=cell_timeout)
    except notebook_execution.CellFailed as error:
        raise LessonFailed(f"lesson {lesson.name} failed: {error}") from error
    seconds = time.monotonic() - started
    for cell in notebook["cells"]:
        cell["metadata"] = {k: v for k, v in cell["metadata"].items() if k in WRITTEN}
        if cell["cell_type"] == "code":
            cell["outputs"] = html_pages.without_bars(cell["outputs"])
    notebook["metadata"].pop("widgets", None)
    notebook["metadata"]["language_info"] = {"name": "python"}
    notebook["metadata"]["gancourse"]["rendered"] = {
        **run_fingerprint.of_code(notebook, drawing=True), "seconds": round(seconds, 1),
        "gflops": round(gflops), "date": datetime.now(UTC).date().isoformat(),
        "versions": doctor.versions() | {"threads": str(threads)}}
    store(lesson.path, notebook)
    return seconds


def store(path: Path, notebook: dict) -> None:
    """Write a lesson to its file, with the minutes that it takes to study, and its folds."""
    import nbformat

    study_time.state(notebook)
    folds.set_in(notebook)
    whole = nbformat.reads(json.dumps(notebook), as_version=4)
    nbformat.validate(whole)
    write_atomically(path, (nbformat.writes(whole).rstrip("\n") + "\n").encode())


def _locks(planned: Plan, cwd: Path) -> dict[str, str]:
    """The locks that a run holds, and what each is for: its folder, places named by the reader."""
    locks = {f"{planned.lesson.name}/{planned.folder.name}": str(planned.folder)}
    if named := planned.parameters.get("checkpoint"):
        locks[f"checkpoint {os.path.abspath(resume_training.path_of(named, cwd))}"] = named
    if named := planned.parameters.get("results"):
        locks[f"results {os.path.abspath(Path(cwd, named))}"] = named
    return locks


def _curves(checkpoint: dict[str, str]) -> str:
    """The name of the file with the logs of a run's training, "" where its lesson keeps none."""
    if not checkpoint:
        return ""
    path = Path(checkpoint["checkpoint"]).with_suffix(".csv")
    return path.name if path.is_file() else ""


def _checkpoint(planned: Plan, cwd: Path, force: bool) -> tuple[dict[str, str], list[str]]:
    """The checkpoint that papermill sets, if the lesson keeps one, and what the reader should know.

    That of a run lies in its folder, and one of another identity has another name; with `force` it
    goes. One that the reader has named is his: it is checked and left where it is.
    """
    if named := planned.parameters.get("checkpoint"):
        path = resume_training.path_of(named, cwd)
        made_from = (planned.lesson.name, planned.parameters, planned.identity)
        notes = resume_training.check(path, *made_from)
        resume_training.note(path, *made_from)
        return {}, notes
    if "checkpoint" not in planned.parameters:
        return {}, []
    digest = run_fingerprint.key(planned.identity)[:8]
    path = Path(os.path.abspath(planned.folder / f"checkpoint-{digest}.safetensors"))
    if force:
        path.unlink(missing_ok=True)
    return {"checkpoint": str(path)}, []


def _results(planned: Plan, force: bool) -> dict[str, str]:
    """The folder in which a study keeps its runs and its model, if the notebook has a place for it.

    It lies in the folder of the run.  One of another identity has another name; with `force` it is
    emptied.  One that the reader has named is the reader's.
    """
    if planned.parameters.get("results") != "":
        return {}
    digest = run_fingerprint.key(planned.identity)[:8]
    folder = Path(os.path.abspath(planned.folder / f"study-{digest}"))
    if force:
        shutil.rmtree(folder, ignore_errors=True)
    return {"results": str(folder)}
