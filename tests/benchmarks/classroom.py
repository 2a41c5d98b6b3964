"""How long a class takes to grade, and whether every mark is as it must be.

    python tests/benchmarks/classroom.py                        200 submissions of lesson 05 and 50 of lesson 01
    python tests/benchmarks/classroom.py --size 60 --only 05 --ways "two workers"
    python tests/benchmarks/classroom.py --write                also into RESULTS.md

The submissions (made_up_class.py) are collected from a zip as Moodle writes it, and graded by one worker, by two, by
two of which the grader is killed in the middle and started again, and on a scheduler by address.  Nothing is measured
on a busy machine: two cores must be free.
"""

import argparse
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from made_up_class import BANKS, UNREADABLE, Case, a_class, moodle_zip, roster, wrong_marks

from gancourse import system
from gancourse.course.classroom.collect import collect
from gancourse.course.classroom.folder import ClassFolder, make_class, open_class
from gancourse.course.classroom.grading import grade
from gancourse.course.classroom.release import release
from gancourse.course.lessons import find
from gancourse.files import write_atomically


def made(root: Path, number: str, size: int, killers: int, **settings) -> tuple[ClassFolder, str, list[Case]]:
    """Release a lesson in a new class and collect submissions to it; return class, lesson and submissions."""
    folder = make_class(root)
    limits = "".join(f"{name} = {value}\n" for name, value in settings.items())
    (root / "class.toml").write_text(f'name = "made up"\n\n[limits]\n{limits}')
    folder = open_class(root)
    lesson = find(number)
    release.release(lesson, folder)
    released = json.loads(folder.release(lesson.name).read_text(encoding="utf-8"))
    cases = a_class(released, BANKS[number], size, killers=killers)
    folder.roster.write_text(roster(cases), encoding="utf-8")
    export = root / "submissions.zip"
    export.write_bytes(moodle_zip(cases))
    collected = collect.collect(folder, export, lesson.name, say=lambda words: None)
    left_out = [case for case in cases if not folder.submitted(case.key, lesson.name).exists()]
    if {case.kind for case in left_out} - UNREADABLE or len(collected.unmatched) != len(left_out):
        print("NOT COLLECTED AS IT MUST BE:", *collected.unmatched, sep="\n")
    return folder, lesson.name, [case for case in cases if case not in left_out]


def points_of(folder: ClassFolder, lesson: str) -> dict[str, float]:
    """Return the points of each exercise of a release."""
    return {entry["id"]: entry["points"] for entry in folder.facts(lesson)["exercises"]}


def main() -> None:
    """Read the options, grade the classes in each way, compare every mark, and print a table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--only", nargs="+", choices=SIZES, default=list(SIZES), help="lessons")
    options.add_argument("--size", type=int, default=0, help="submissions of each lesson (200 of 05 and 50 of 01)")
    options.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="ways to grade")
    options.add_argument("--write", action="store_true", help="write the table into RESULTS.md")
    options.add_argument("--grade", nargs=4, metavar=("DIR", "LESSON", "WORKERS", "ADDRESS"),
                         help="grade a class (used by this program itself)")
    chosen = options.parse_args()
    if chosen.grade:
        root, lesson, workers, address = chosen.grade
        sys.exit(grade.grade(open_class(Path(root)), lesson, workers=int(workers), scheduler=address.strip("-")))
    rows = []
    for number in chosen.only:
        with tempfile.TemporaryDirectory() as parent:
            rows += measured(Path(parent), number, chosen.size or SIZES[number], chosen.ways)
    text = "\n".join(["| lesson, submissions | way | minutes | x one worker | marks as they must be |",
                      "|---|---|---|---|---|", *rows])
    print(text)
    if chosen.write:
        write_results(text)


def measured(parent: Path, number: str, size: int, ways: list[str]) -> list[str]:
    """Return the rows of a lesson; the class is made once, and graded anew in each way."""
    _, lesson, cases = made(parent / "new", number, size, killers=max(1, size // 100))
    print(f"{lesson}: {len(cases)} submissions of {len({case.kind for case in cases})} kinds", flush=True)
    rows, alone = [], None
    for way in ways:
        root = parent / way.replace(" ", "_")
        shutil.copytree(parent / "new", root)
        folder = open_class(root)
        start = time.monotonic()
        notes = WAYS[way](root, lesson)
        minutes = (time.monotonic() - start) / 60
        alone = alone or minutes
        wrong = wrong_marks(folder.results(lesson), cases, points_of(folder, lesson))
        print(f"{way}: {minutes:.1f} minutes; {notes}", *wrong, sep="\n", flush=True)
        right = f"all {len(cases) * len(cases[0].answers)}" if not wrong else f"{len(wrong)} are not"
        rows.append(f"| {number}, {size} | {way}{notes and '; ' + notes} | {minutes:.1f} | {minutes / alone:.2f} | "
                    f"{right} |")
    return rows


def command(root: Path, lesson: str, workers: int, address: str = "-") -> list[str]:
    """Return the command that grades a class in a process of its own."""
    return [sys.executable, __file__, "--grade", str(root), lesson, str(workers), address]


def one_worker(root: Path, lesson: str) -> str:
    """Grade with one worker."""
    subprocess.run(command(root, lesson, 1), check=True)
    return ""


def two_workers(root: Path, lesson: str) -> str:
    """Grade with two workers."""
    subprocess.run(command(root, lesson, 2), check=True)
    return ""


def killed(root: Path, lesson: str) -> str:
    """Grade with two workers, kill the grader when half is done, and start it again; nobody is graded twice."""
    folder = open_class(root)
    half = len(folder.submissions(lesson)) // 2
    grader = subprocess.Popen(command(root, lesson, 2))
    while len(folder.results(lesson)) < half and grader.poll() is None:
        time.sleep(0.5)
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    before = {key: result["graded"] for key, result in folder.results(lesson).items()}
    subprocess.run(command(root, lesson, 2), check=True)
    after = {key: result["graded"] for key, result in folder.results(lesson).items()}
    twice = sum(after[key] != when for key, when in before.items())
    return f"{len(before)} were there when it was killed, {twice} of them graded twice"


def at_an_address(root: Path, lesson: str) -> str:
    """Grade on a scheduler by address, with two workers that this process starts."""
    address = "tcp://127.0.0.1:18786"
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "18786", "--no-dashboard"]
    work = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--nworkers", "2",
            "--no-dashboard", "--memory-limit", "0"]
    with tempfile.TemporaryDirectory() as elsewhere:
        services = [subprocess.Popen(argv, cwd=elsewhere, stderr=subprocess.DEVNULL) for argv in (dask, work)]
        try:
            subprocess.run(command(root, lesson, 0, address), check=True)
        finally:
            for service in reversed(services):
                service.terminate()
                service.wait()
    return ""


def write_results(text: str) -> None:
    """Write the section about the classroom into RESULTS.md; the others stay as they are."""
    path = Path(__file__).with_name("RESULTS.md")
    machine = f"{system.processor().get('model name', 'unknown processor')}, {system.physical_cores()} cores"
    versions = ", ".join(f"{name} {system.installed(name)}" for name in ("distributed", "numpy", "nbgrader"))
    section = (f"{MARK}\n## A class, wall time\n`python tests/benchmarks/classroom.py`, {datetime.now(UTC):%Y-%m-%d}, "
               f"{machine}; {versions}\n\n{text}\n")
    others = re.sub(rf"{MARK}\n.*?(?=\n<!-- |\Z)", "", path.read_text(encoding="utf-8"), flags=re.S)
    write_atomically(path, f"{others.rstrip()}\n\n{section}".encode())


SIZES = {"05": 200, "01": 50}
MARK = "<!-- classroom -->"
WAYS = {"one worker": one_worker, "two workers": two_workers, "two workers, killed in the middle": killed,
        "two workers at an address": at_an_address}


if __name__ == "__main__":
    main()
