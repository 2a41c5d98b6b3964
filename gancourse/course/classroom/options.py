"""The options of `gancourse class`."""

import argparse
from pathlib import Path

WORDS = "release lessons to a class, collect, grade and mark what comes back, and more"
EXAMPLE = "gancourse class release 05 --class gans"


def add(commands, whole_of) -> None:
    """Add the command `class` to those of gancourse; `whole_of(commands, name, help, example)`."""
    group = whole_of(commands, "class", WORDS, EXAMPLE)
    words = group.add_subparsers(dest="word", required=True, metavar="word")

    def word(name: str, help_: str, example: str) -> argparse.ArgumentParser:
        """A word of the command, with the option --class."""
        parser = whole_of(words, name, help_, f"gancourse class {example}")
        parser.add_argument("--class", dest="folder", type=Path, default=Path(), metavar="DIR",
                            help="the folder of the class (the present one)")
        return parser

    _add_release(word)
    _add_collect(word)
    _add_grading(word)
    _add_marks(word)
    _add_material(word)


def _add_release(word) -> None:
    """The words `release` and `leaks`."""
    release = word("release", "write what students get: notebooks without solutions, as a zip",
                   'release 05 --cut "Which mistake is cheaper?"')
    _lessons(release)
    release.add_argument("--cut", action="append", default=[], metavar="SECTION",
                         help="leave a section out; the rest still runs (only with one lesson)")
    leaks = word("leaks", "look for solutions, hidden tests and outputs in files for students",
                 "leaks gans/release")
    leaks.add_argument("paths", nargs="*", type=Path, metavar="FILE",
                       help="notebooks, zips or folders (what the class has released)")


def _add_collect(word) -> None:
    """The word `collect`."""
    collect = word("collect", "take submissions in, as Moodle, Canvas, ILIAS, Blackboard and "
                   "nbgrader export them", "collect submissions.zip --lesson 05")
    collect.add_argument("source", type=Path, help="a zip or a folder")
    collect.add_argument("--lesson", help="the lesson, if the files do not say")


def _add_grading(word) -> None:
    """The words `grade` and `regrade`."""
    grade = word("grade", "grade what was collected; go on after a stop", "grade 05 --workers 2")
    regrade = word("regrade", "grade anew after a mended check; no mark falls in silence",
                   "regrade 05")
    for parser in (grade, regrade):
        _lessons(parser)
        parser.add_argument("--workers", type=int, default=0, metavar="N",
                            help="submissions side by side (one per core)")
        parser.add_argument("--scheduler", default="", metavar="ADDRESS",
                            help="a Dask scheduler, such as tcp://host:8786")
    grade.add_argument("--only", action="append", default=[], metavar="STUDENT",
                       help="only this student, by id or pseudonym")
    grade.add_argument("--force", action="store_true", help="also what is graded already")
    regrade.add_argument("--allow-lower", action="store_true", help="accept marks that fall")


def _add_marks(word) -> None:
    """The words `marks`, `feedback` and `similar`."""
    marks = word("marks", "write marks as CSV and a page with the distribution",
                 "marks 05 --platform grades.csv")
    _lessons(marks)
    marks.add_argument("--platform", type=Path, metavar="FILE.csv",
                       help="the platform's own list: a copy of it gets the marks")
    marks.add_argument("--missing", choices=("empty", "zero"), default="empty",
                       help="what those get who have handed in nothing (empty)")
    marks.add_argument("--column", default="", metavar="NAME",
                       help="the column of that list for the marks, if it is not plain")
    feedback = word("feedback", "write a page for each student, and one zip to upload",
                    "feedback 05")
    _lessons(feedback)
    similar = word("similar", "show answers that are alike, as evidence side by side",
                   "similar 05")
    _lessons(similar)


def _add_material(word) -> None:
    """The words `slides`, `book`, `plan` and `kit`."""
    for name, help_, example in (
        ("slides", "write slides that need no network, with speaker notes", "slides 03"),
        ("book", "write solutions, rubrics, usual mistakes and the numbers to expect", "book 05"),
        ("plan", "write plans for 90 minutes, three hours and twelve weeks", "plan"),
        ("kit", "write one zip for a room without network", "kit --to kit.zip"),
    ):
        parser = word(name, help_, example)
        _lessons(parser)
        parser.add_argument("--to", type=Path, help="where (build/class)")


def _lessons(parser: argparse.ArgumentParser) -> None:
    """The lessons that a word is for."""
    parser.add_argument("lessons", nargs="*", help="numbers or names; none means all")
