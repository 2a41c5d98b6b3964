"""The options of the command line."""

import argparse
from pathlib import Path

from gancourse import __version__
from gancourse.course.classroom import options as class_options

ASSIGNMENT = {"dest": "given", "action": "append", "default": [], "metavar": "NAME=VALUE"}
RUNS = {"type": Path, "default": Path("runs")}
REPEAT = "repeat runs that are already done"


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line; `command` is the name of the command."""
    whole = argparse.ArgumentParser(
        prog="gancourse", description="A course on generative adversarial networks.",
        epilog="example: gancourse run 03 -p learning_rate=1e-4 --preset laptop")
    whole.add_argument("--version", action="version", version=f"gancourse {__version__}")
    whole.add_argument("--debug", action="store_true", help="show the traceback of every error")
    commands = whole.add_subparsers(dest="command", required=True, metavar="command")
    _add(commands, "list", "show the lessons, what each makes, and its minutes", "gancourse list")
    _add_run(commands)
    _add_sweep(commands)
    _add_runs(commands)
    # the options of train stand in gancourse.course.train_options
    commands.add_parser("train", add_help=False,
                        help="train a GAN into a folder, in one process or in several")
    _add_lab(commands)
    _add_student(commands)
    progress = _add(commands, "progress", "show which exercises you have passed, and where to go "
                    "on", "gancourse progress")
    progress.add_argument("folder", nargs="?", type=Path, help="your copies (build/student)")
    class_options.add(commands, _add)
    _add_new(commands)
    _add_map(commands)
    _add_render(commands)
    _add(commands, "test", "run the unit tests and the notebooks as tests (nbval) on all cores; "
         "pytest options may follow", "gancourse test tests/test_training_loop.py -x -n 0")
    _add(commands, "bench", "measure speed and write tests/benchmarks/RESULTS.md; options of "
         "bench.py may follow", "gancourse bench --only start")
    data = _add(commands, "data", "load a data set and describe it; downloads it if need be",
                "gancourse data faces --show faces.png")
    data.add_argument("dataset", nargs="?", default="strokes",
                      help="a name, folder:PATH or npz:PATH")
    data.add_argument("--show", type=Path, metavar="FILE.png",
                      help="write a sheet of its first 96 training images to this file")
    _add(commands, "doctor", "show versions, device, cores, memory, speed and the preset that fits",
         "gancourse doctor")
    return whole


def _add_run(commands) -> None:
    """The command `run`."""
    run = _add(commands, "run", "run lessons with papermill, all of them by default",
               "gancourse run 03 -p learning_rate=1e-4 -p dataset=folder:photos")
    _add_lessons(run)
    run.add_argument("-p", **ASSIGNMENT, help="set a parameter")
    run.add_argument("-f", dest="file", type=Path, metavar="FILE",
                     help="parameters by name from a YAML or TOML file; -p overrules it")
    run.add_argument("--preset", default="laptop",
                     help="smoke (seconds), laptop (default), gpu, or another that --parameters "
                          "shows")
    run.add_argument("--runs", **RUNS, help="where the results go (runs/)")
    run.add_argument("--force", action="store_true", help=REPEAT)
    run.add_argument("--strict", action="store_true", help="status 1 also where a claim is missed")
    run.add_argument("--jobs", type=_from_one, default=0, metavar="N",
                     help="lessons side by side (as the cores suffice; one where a GPU is)")
    run.add_argument("--threads", type=_from_one, default=0, metavar="N",
                     help="threads of each lesson (OMP_NUM_THREADS, else 1); more give other "
                          "numbers")
    run.add_argument("--no-wait", action="store_true",
                     help="stop where another process runs the same")
    _add_timeout(run)
    run.add_argument("--parameters", action="store_true",
                     help="show the lesson's parameters and presets and stop")


def _add_sweep(commands) -> None:
    """The command `sweep`."""
    sweep = _add(commands, "sweep",
                 "run a lesson over a grid of parameters and seeds, or search ranges, on all cores "
                 "or a Dask cluster",
                 "gancourse sweep 03 -g learning_rate=1e-3,2e-3 -g width=8,16 --seeds 0-2 "
                 "--measure 'distance of the'")
    sweep.add_argument("lesson", nargs="?", help="number or name, unless the file says it")
    sweep.add_argument("-g", dest="grid", action="append", default=[], metavar="NAME=V1,V2,...",
                       help="the values of a parameter; every combination is run.  A,B=1:x,2:y "
                            "moves two together; for a search also LOW..HIGH or log:LOW..HIGH")
    sweep.add_argument("--seeds", metavar="LIST",
                       help="such as 0,1,2 (the default of a grid; a search has 0) or 0-9")
    sweep.add_argument("-p", **ASSIGNMENT, help="set in every run")
    sweep.add_argument("--preset", help="smoke (seconds), laptop (default) or gpu")
    sweep.add_argument("--file", type=Path,
                       help="a TOML file that says all this; the command line overrules it")
    sweep.add_argument("--measure", metavar="RESULT",
                       help="what decides which is best; a part of its name is enough")
    sweep.add_argument("--maximise", action="store_true", help="more of it is better, not less")
    sweep.add_argument("--workers", type=int,
                       help="runs side by side (one per core; one where a GPU is)")
    sweep.add_argument("--scheduler", default="", metavar="ADDRESS",
                       help="a Dask scheduler, such as tcp://host:8786")
    sweep.add_argument("--runs", **RUNS, help="where the runs go (runs/)")
    sweep.add_argument("--to", type=Path,
                       help="where the table and the report go (runs/sweeps/NAME)")
    sweep.add_argument("--force", action="store_true", help=REPEAT)
    _add_timeout(sweep)
    sweep.add_argument("--dry-run", action="store_true",
                       help="print the runs and their time, and stop")
    search = sweep.add_argument_group("search, in the place of a grid (needs Optuna)")
    search.add_argument("--search", metavar="SAMPLER",
                        help="draw points: tpe (learns from those before) or random")
    search.add_argument("--trials", type=int, metavar="N", help="how many points (40)")
    search.add_argument("--budget", metavar="NAME=LOW..HIGH",
                        help="begin each point with little, such as num_steps=100..800, and go on "
                             "while it is among the best")
    search.add_argument("--reduce", type=int, metavar="N",
                        help="about one in N goes on, with about N times the budget (3)")
    search.add_argument("--confirm", type=int, metavar="K",
                        help="run the best points with K fresh seeds (3)")
    search.add_argument("--search-seed", type=int, metavar="SEED",
                        help="decides what is drawn (0)")


def _add_runs(commands) -> None:
    """The command `runs` and its own commands tag, diff and export."""
    runs = _add(commands, "runs", "list the runs that are kept, the newest first; tag, compare and "
                "export them", 'gancourse runs --lesson 03 -w "width>=8" --sort distance')
    _add_conditions(runs, {"lesson": "", "where": [], "failed": False, "tag": "", "since": "",
                           "runs": Path("runs")})
    runs.add_argument("--sort", metavar="COLUMN", default="",
                      help="the smallest of a column first; a part of its name is enough")
    runs.add_argument("--reverse", action="store_true", help="the other way round")
    runs.add_argument("--column", dest="columns", action="append", default=[], metavar="COLUMN",
                      help="show this column, too; may be repeated")
    runs.add_argument("--limit", type=_from_one, default=0, metavar="N", help="the first N only")
    inner = runs.add_subparsers(dest="action", metavar="tag | diff | export")
    tag = _add(inner, "tag", "give a run a tag, or take it away", "gancourse runs tag 3f2a91 best")
    tag.add_argument("run", help="its id, its folder, or a part of either")
    tag.add_argument("name", help="of letters, digits and the signs _ . + -")
    tag.add_argument("--remove", action="store_true", help="take the tag away")
    diff = _add(inner, "diff", "show in what runs differ, with their curves in one figure",
                "gancourse runs diff 3f2a91 77bc01")
    diff.add_argument("which", nargs="+", metavar="RUN", help="ids or folders, two or more")
    diff.add_argument("--to", type=Path, metavar="FILE.html",
                      help="where the page goes (runs/compared/)")
    export = _add(inner, "export", "write one table of all runs, failures too",
                  "gancourse runs export all.parquet --lesson 03")
    export.add_argument("file", nargs="?", type=Path, help="FILE.csv or FILE.parquet")
    export.add_argument("--mlflow", type=Path, metavar="DIR", help="write an MLflow file store")
    for command in (tag, diff):
        command.add_argument("--runs", type=Path, default=argparse.SUPPRESS,
                             help="where the runs are (runs/)")
    _add_conditions(export, {})


def _add_conditions(command: argparse.ArgumentParser, defaults: dict) -> None:
    """The options that say which runs are meant.

    A command within `runs` has no defaults of its own: they would undo what stands before it.
    """
    def add(*names, **more) -> None:
        """Add an option with its default, if the command has any."""
        default = defaults.get(names[-1].strip("-"), argparse.SUPPRESS)
        command.add_argument(*names, default=default, **more)

    add("--lesson", help="its number or name, or train")
    add("-w", "--where", action="append", metavar="CONDITION",
        help='such as "width>=8", "status=missed" or "dataset~folder"; may be repeated')
    add("--failed", action="store_true", help="those in which a cell raised")
    add("--tag", metavar="NAME", help="those with this tag")
    add("--since", metavar="DATE", help="those that ended on this day or later, 2026-11-01")
    add("--runs", type=Path, help="where the runs are (runs/)")


def _add_lab(commands) -> None:
    """The command `lab`."""
    lab = _add(commands, "lab",
               "open JupyterLab on lesson 00, in your own copy with exercises to fill in",
               "gancourse lab")
    lab.add_argument("--solutions", action="store_true", help="open the solved lessons instead")
    lab.add_argument("--no-browser", action="store_true", help="only print the address")


def _add_student(commands) -> None:
    """The command `student`."""
    student = _add(commands, "student",
                   "write the student version of lessons (exercises to fill in)",
                   "gancourse student 01 --to my_course")
    _add_lessons(student)
    student.add_argument("--to", type=Path, default=Path("build/student"),
                         help="folder (build/student)")


def _add_new(commands) -> None:
    """The command `new`."""
    new = _add(commands, "new", "begin a study of your own: copies a notebook in which you write "
               "question, prediction, seeds and budget, and which gives a verdict and a model card",
               "gancourse new study longer_memory --to my_studies, then "
               "gancourse run my_studies/longer_memory.ipynb -p seeds=0-4")
    new.add_argument("kind", choices=["study"], help="what to begin: study")
    new.add_argument("name", nargs="?", default="my_study", help="of the copy (my_study); a file "
                     "that exists is never overwritten")
    new.add_argument("--to", type=Path, default=Path("."), help="folder (the present one)")


def _add_map(commands) -> None:
    """The command `map`."""
    course_map = _add(commands, "map", "write a one-page map of the course and a glossary, made "
                      "from the lessons: map.html and map.md", "gancourse map --to my_course")
    course_map.add_argument("--to", type=Path, default=Path("build/map"),
                            help="folder (build/map)")


def _add_render(commands) -> None:
    """The command `render`."""
    render = _add(commands, "render",
                  "run lessons and store their outputs, where the code has changed",
                  "gancourse render 03")
    _add_lessons(render)
    render.add_argument("--force", action="store_true", help="also where outputs are fresh")
    _add_timeout(render)


def _add(commands, name: str, help_: str, example: str) -> argparse.ArgumentParser:
    """A command that takes --debug behind its name, too."""
    command = commands.add_parser(name, help=help_, description=help_,
                                  epilog=f"example: {example}")
    if name not in ("test", "bench"):  # pytest has a --debug of its own
        command.add_argument("--debug", action="store_true", default=argparse.SUPPRESS,
                             help=argparse.SUPPRESS)
    return command


def _add_lessons(command: argparse.ArgumentParser) -> None:
    """The lessons that a command is for."""
    command.add_argument("lessons", nargs="*", help="numbers or names; none means all")


def _add_timeout(command: argparse.ArgumentParser) -> None:
    """The option --cell-timeout."""
    command.add_argument("--cell-timeout", type=_from_one, default=3600, metavar="SECONDS",
                         help="the longest that a cell may take (3600)")


def _from_one(text: str) -> int:
    """A whole number from 1 on, for argparse."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number from 1 on")
    return int(text)
