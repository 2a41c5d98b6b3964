"""The command line: `gancourse list`, `run`, `sweep`, `runs`, `train`, `lab`, `student`, ...

Heavy modules are imported by the command that needs them, so that --help is instant.
"""

import os
import shlex
import subprocess
import sys
import traceback
import warnings
from pathlib import Path

from gancourse.course import options
from gancourse.errors import CourseError, advice


def main(argv: list[str] | None = None) -> None:
    """Parse the command line and do what it says.

    The status is 2 for an error that names its fix, 1 for a failure, 130 for Ctrl-C.  An exception
    that is not meant for the reader is a fault of ours: its traceback is shown, with a request to
    report it.  With --debug, or GANCOURSE_DEBUG=1, every error shows its traceback.
    """
    arguments, extra = options.parser().parse_known_args(argv)
    if arguments.command == "train" and "--debug" in extra:
        extra.remove("--debug")
        arguments.debug = True
    if extra and arguments.command not in ("test", "train", "bench"):
        options.parser().error(f"unrecognised: {' '.join(extra)}")
    arguments.extra = extra
    debug = arguments.debug or os.environ.get("GANCOURSE_DEBUG") == "1"
    # without a line of our source
    warnings.formatwarning = lambda message, *_, **__: f"note: {message}\n"
    try:
        sys.exit(COMMANDS[arguments.command](arguments))
    except (CourseError, OSError) as error:
        sys.exit(_error(arguments.command, error, debug))
    except KeyboardInterrupt:
        sys.exit(_say("\nStopped.  What was finished is kept; the same command goes on from there.",
                      130))
    except Exception:
        traceback.print_exc()
        sys.exit(_say(f"gancourse {arguments.command}: this is a fault of the course, not yours: "
                      "please report it, with the lines above.", 1))


def _error(command: str, error: Exception, debug: bool) -> int:
    """Say what an error says and what to do about it, after its traceback if asked for."""
    if debug:
        traceback.print_exception(error)
    return _say(f"gancourse {command}: {error}{advice(error)}", 2)


def _list(arguments) -> None:
    """Print a line for each lesson, by parts."""
    from gancourse.course.lessons import PARTS, all_lessons

    part = 0
    for about in [lesson.about for lesson in all_lessons()]:
        if about["part"] != part:
            part = about["part"]
            print(f"{PARTS[part - 1]}:")
        print(f"{about['lesson']:02d}  {about['title']:<34} {about['minutes']:>3} min   "
              f"{about['makes']}")


def _run(arguments) -> int:
    """Run lessons, or show their parameters; return the status."""
    from gancourse.course import parameter_files
    from gancourse.course.lessons import (
        assignments,
        chosen,
        given_to_each,
        parameters_in_words,
        settings,
    )

    lessons = chosen(arguments.lessons)
    if arguments.parameters:
        print("\n".join(map(parameters_in_words, lessons)))
        return 0
    given = parameter_files.read(arguments.file) if arguments.file else {}
    given |= assignments(arguments.given)
    for lesson, own in zip(lessons, given_to_each(lessons, given), strict=True):
        settings(lesson, arguments.preset, own)  # everything is checked before anything runs
    from gancourse.course import batch

    ended = batch.run(lessons, arguments.runs, arguments.preset, given, force=arguments.force,
                      jobs=arguments.jobs, threads=arguments.threads,
                      cell_timeout=arguments.cell_timeout, wait_for_others=not arguments.no_wait)
    print(batch.summary(lessons, ended, arguments.runs))
    return batch.status(ended, arguments.strict)


def _sweep(arguments) -> int:
    """Run a lesson over a grid or search its parameters; return the status."""
    from gancourse.course.sweeps import command

    return command.sweep(arguments)


def _runs(arguments) -> None:
    """List, tag, compare or export runs."""
    from gancourse.course.runs import commands as run_commands

    print(run_commands.answer(arguments))


def _train(arguments) -> None:
    """Train a GAN and print what came of it."""
    from gancourse.course import train_options

    with train_options.report_once():
        settings, folder, force = train_options.parse(arguments.extra)
        from gancourse.pt import parallel  # first: it says what to do where PyTorch is missing
        try:
            from gancourse.course import train_command

            record = train_command.train(settings, folder, force)
        except parallel.GroupBroken as error:
            # gloo's threads still wait for the others, and the ordinary end of Python sometimes
            # aborts because of them
            os._exit(_say(f"gancourse train: {error}", 2))
    if record:  # only process 0 has one
        print(train_options.summary(record, folder))


def _lab(arguments) -> int:
    """Open JupyterLab on the first lesson; return its status."""
    from gancourse.course.lessons import FOLDER, all_lessons
    from gancourse.course.notebook_execution import THREADS
    from gancourse.system import chosen_threads

    first = all_lessons()[0].path
    folder = FOLDER
    if arguments.solutions:
        _trust([lesson.path for lesson in all_lessons()])
    else:
        folder = Path("build/student").resolve()
        _write_students([], folder)
    print(f"Opening {folder / first.name}", flush=True)
    options = ["--no-browser"] if arguments.no_browser else []
    start = [sys.executable, "-m", "jupyter", "lab", "--LabApp.news_url=None"]
    # as many threads as with `gancourse run`, so that the numbers are the same
    environment = dict.fromkeys(THREADS, str(chosen_threads())) | os.environ
    return subprocess.call([*start, *options, str(folder / first.name)], env=environment)


def _trust(paths: list[Path]) -> None:
    """Sign the course's own notebooks for Jupyter, so that their stored sliders move at once."""
    import nbformat
    from nbformat.sign import NotebookNotary

    notary = NotebookNotary()
    for path in paths:
        notary.sign(nbformat.read(path, as_version=4))


def _student(arguments) -> None:
    """Write student copies and print where they are."""
    for path, kept in _write_students(arguments.lessons, arguments.to):
        note = "  (yours, kept)" if kept else ""
        print(f"{path}{note}")


def _write_students(which: list[str], folder: Path) -> list[tuple[Path, bool]]:
    """Write student copies; a copy that exists belongs to the learner and is never overwritten."""
    import json

    from gancourse.course.lessons import chosen, without_solutions
    from gancourse.course.progress import with_line
    from gancourse.files import write_atomically

    written = []
    for lesson in chosen(which):
        path = folder / lesson.path.name
        kept = path.exists()
        if not kept:
            student = with_line(without_solutions(lesson.notebook))
            write_atomically(path, json.dumps(student, indent=1, ensure_ascii=False).encode())
        written.append((path, kept))
    return written


def _new(arguments) -> None:
    """Copy a template and print where the copy is, and the command that runs it."""
    from gancourse.course import new

    path = new.copy(arguments.kind, arguments.name, arguments.to)
    print(f"{path}\n  open it in Jupyter, or run it: gancourse run {shlex.quote(str(path))}")


def _map(arguments) -> None:
    """Write the map of the course and print where it is."""
    from gancourse.course.lessons import all_lessons
    from gancourse.course.overview import pages

    for path in pages.write(all_lessons(), arguments.to):
        print(path)


def _progress(arguments) -> None:
    """Print what a learner has passed, and where to go on."""
    from gancourse.course import progress

    print(progress.report(arguments.folder))


def _class(arguments) -> int:
    """Do what a word of `gancourse class` says; return the status."""
    from gancourse.course.classroom import command

    return command.run(arguments)


def _render(arguments) -> int:
    """Run lessons and store their outputs and minutes; return the status."""
    from gancourse.course import runner
    from gancourse.course.lessons import chosen, is_fresh

    failures = 0
    for lesson in chosen(arguments.lessons):
        if is_fresh(lesson.notebook) and not arguments.force:
            runner.store(lesson.path, lesson.notebook)
            print(f"{lesson.name}: fresh, {lesson.about['minutes']} minutes of study")
            continue
        try:
            seconds = runner.render(lesson, arguments.cell_timeout)
            print(f"{lesson.name}: {seconds:.0f} s", flush=True)
        except runner.LessonFailed as error:
            failures += 1
            print(f"✗ {error}", file=sys.stderr)
    return 1 if failures else 0


def _test(arguments) -> int:
    """Run pytest on all cores, or as the reader's own pytest options say; return its status."""
    import importlib.util

    from gancourse.course.bootstrap import ROOT

    one_process = "no:xdist" in " ".join(arguments.extra) or not importlib.util.find_spec("xdist")
    # conftest.py says how many; a later -n overrules it
    workers = [] if one_process else ["-n", "auto"]
    return subprocess.call([sys.executable, "-m", "pytest", *workers, *arguments.extra], cwd=ROOT)


def _bench(arguments) -> int:
    """Measure speed; return the status."""
    from gancourse.course.bootstrap import ROOT

    command = [sys.executable, "tests/benchmarks/bench.py", *arguments.extra]
    return subprocess.call(command, cwd=ROOT)


def _data(arguments) -> None:
    """Load a data set and describe it."""
    from gancourse import data

    what = "images"
    load = data.load
    if arguments.dataset in data.SOUNDS:
        what = "clips"
        load = data.load_sounds
        if arguments.show:
            raise CourseError(f"{arguments.dataset} holds sounds, which no sheet can show: leave "
                              "--show out")
    dataset = load(arguments.dataset)
    shape = "x".join(map(str, dataset.x_train.shape[1:]))
    print(f"{dataset.name}: {len(dataset.x_train):,} training and {len(dataset.x_test):,} test "
          f"{what}, {shape} {dataset.x_train.dtype}\n"
          f"  classes: {', '.join(dataset.class_names) or 'none'}\n  source: {dataset.source}\n"
          f"  licence: {dataset.licence}")
    if arguments.show:
        from gancourse.course.image_sheet import write_sheet

        write_sheet(dataset.x_train[:96], arguments.show)
        print(f"  a sheet: {arguments.show}")


def _doctor(arguments) -> None:
    """Print what this machine is."""
    from gancourse.course import doctor

    print(doctor.report())


def _say(message: str, status: int) -> int:
    """Print a message on standard error and return the status given."""
    print(message, file=sys.stderr, flush=True)
    return status


COMMANDS = {
    "list": _list, "run": _run, "sweep": _sweep, "runs": _runs, "train": _train, "lab": _lab,
    "student": _student, "new": _new, "map": _map, "progress": _progress, "class": _class,
    "render": _render, "test": _test, "bench": _bench, "data": _data, "doctor": _doctor,
}
