"""Lessons side by side, as `gancourse run` shows them: each in its kernel, the longest first."""

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from gancourse.course import estimate, records, runner
from gancourse.course.estimate import Estimate
from gancourse.course.lessons import Lesson, given_to_each
from gancourse.course.notebook_execution import CELL_TIMEOUT
from gancourse.course.runner import Plan
from gancourse.errors import CourseError
from gancourse.system import chosen_threads, gpu_name, physical_cores

MARKS = {"done": "✓", "missed": "○", "failed": "✗", "refused": "✗"}
LOOK_AGAIN = 0.5  # seconds between two versions of the lines that show what is running


class Ended(NamedTuple):
    """What became of one lesson."""

    status: str  # done, missed (a claim), failed (a cell raised), refused (nothing was run)
    words: str  # seconds and claims, or what went wrong
    details: list[str] = []


def run(
    lessons: list[Lesson],
    runs: Path,
    preset: str = "laptop",
    given: dict[str, Any] | None = None,
    *,
    force: bool = False,
    jobs: int = 0,
    threads: int = 0,
    cell_timeout: int = CELL_TIMEOUT,
    wait_for_others: bool = True,
) -> list[Ended]:
    """Run lessons, `jobs` of them side by side, and return what became of each, in their order.

    By default that is one for each physical core and its threads, and one alone where a GPU is.
    What happens is printed; the index of `runs` is written anew whenever a lesson has ended.  A
    lesson that fails stops no other.  On Ctrl-C all kernels are ended, and what is finished stays.
    Raises ValueError for bad parameters before anything runs, OSError when a file cannot be
    written.
    """
    from gancourse.course.kernel_client import Group

    cwd = Path.cwd()
    threads = threads or chosen_threads()
    jobs = min(jobs or default_jobs(threads), len(lessons))
    own = given_to_each(lessons, given or {})
    plans = [
        runner.plan(lesson, runs, preset, values, cwd=cwd, threads=threads)
        for lesson, values in zip(lessons, own, strict=True)
    ]
    records.check_writable(runs)
    speed = estimate.speed()
    expected = [estimate.of_run(planned, speed) for planned in plans]
    order, left = _order(plans, expected, force)
    screen = Screen()
    kernels = Group()
    for note in _left_out(lessons, own):
        screen.say(note)
    screen.say(_head([expected[i] for i in left], len(plans), jobs, threads))

    def run_one(i: int) -> Ended:
        """Run the lesson of number `i` and return what became of it."""
        with screen.line(plans[i], expected[i]) as progress:
            execute = partial(
                runner.run,
                lessons[i],
                runs,
                preset,
                own[i],
                force,
                cwd=cwd,
                threads=threads,
                cell_timeout=cell_timeout,
                wait=wait_for_others,
                say=screen.say,
                progress=progress,
                kernels=kernels,
            )
            return _outcome(lessons[i], execute)

    ended: dict[int, Ended] = {}
    pool = ThreadPoolExecutor(jobs)
    futures: dict[Future, int] = {pool.submit(run_one, i): i for i in order}
    try:
        while futures:
            finished, _ = wait(futures, timeout=LOOK_AGAIN, return_when=FIRST_COMPLETED)
            for future in finished:
                i = futures.pop(future)
                ended[i] = future.result()
                records.write_index(runs)
                screen.say(f"[{len(ended)}/{len(plans)}] {in_words(lessons[i], ended[i])}")
            screen.draw()
    finally:  # also on Ctrl-C
        kernels.end()
        screen.clear()
        pool.shutdown(wait=True, cancel_futures=True)
    return [ended[i] for i in range(len(plans))]


def default_jobs(threads: int) -> int:
    """Return how many lessons run side by side: as many as the cores suffice for; on a GPU one."""
    return 1 if gpu_name() else max(1, physical_cores() // threads)


def in_words(lesson: Lesson, ended: Ended) -> str:
    """Return what became of a lesson: a line, and one more for each claim that it missed."""
    details = "".join(f"\n      missed: {line}" for line in ended.details)
    return f"{MARKS[ended.status]} {_label(lesson)}: {ended.words}{details}"


def summary(lessons: list[Lesson], ended: list[Ended], runs: Path) -> str:
    """Return what became of lessons, in their order where there are several, and where to look."""
    statuses = {outcome.status for outcome in ended}
    parts = []
    if len(lessons) > 1:
        parts.append("\n".join(map(in_words, lessons, ended)))
    if "missed" in statuses:
        parts.append(
            "○ A missed claim is a result of this run, not an error: the page says what it means "
            "and what to try."
        )
    if statuses - {"refused"}:
        parts.append(
            f"Look at {(runs / 'index.html').resolve()} (pages with all figures); the executed "
            "notebooks lie beside them.\n"
            'Next: "make lab" (or "python -m gancourse lab") opens the course to work in.'
        )
    return "".join(f"\n{part}\n" for part in parts).rstrip("\n")


def status(ended: list[Ended], strict: bool) -> int:
    """Return the command's status: 1 for a failure, 2 for a refusal, 0 where all is well.

    With `strict` a missed claim is a failure.
    """
    statuses = {outcome.status for outcome in ended}
    if "failed" in statuses or (strict and "missed" in statuses):
        return 1
    return 2 if "refused" in statuses else 0


class Screen:
    """Standard output with, on a terminal, a line below it for each lesson that is running."""

    def __init__(self) -> None:
        """Start with nothing running and nothing drawn."""
        self._lock = threading.RLock()
        self._running: dict[Path, Callable[[], str]] = {}
        self._drawn = 0  # lines that stand on the terminal now
        self._live = sys.stdout.isatty()

    def say(self, text: str) -> None:
        """Print a text for good; the lines of what is running move below it."""
        with self._lock:
            self.clear()
            print(text, flush=True)
            self.draw()

    @contextmanager
    def line(self, planned: Plan, expected: Estimate) -> Iterator[Callable[[int], None]]:
        """Yield a function that takes the number of cells behind; its first call shows the line."""
        key = planned.folder
        at = {"cell": 0, "started": 0.0}
        cells = len(planned.lesson.notebook["cells"])
        usual = f" ({estimate.in_words(expected.seconds)} expected)" if expected.known else ""

        def words() -> str:
            """The line as it stands now."""
            passed = int(time.monotonic() - at["started"])
            cell = f"cell {min(at['cell'] + 1, cells)} of {cells}"
            return f"  {_label(planned.lesson)}: {cell}, {passed // 60}:{passed % 60:02d}{usual}"

        def progress(behind: int) -> None:
            """Note the number of cells that have run; the first call shows the line."""
            at["cell"] = behind
            with self._lock:
                if key not in self._running:
                    at["started"] = time.monotonic()
                    self._running[key] = words
                    if not self._live:
                        print(f"  {_label(planned.lesson)} begins{usual}", flush=True)

        try:
            yield progress
        finally:
            with self._lock:
                self._running.pop(key, None)

    def draw(self) -> None:
        """Draw the lines of what is running anew, on a terminal."""
        if not self._live:
            return
        with self._lock:
            self.clear()
            width = shutil.get_terminal_size().columns - 1
            lines = [words()[:width] for words in self._running.values()]
            sys.stdout.write("".join(f"{line}\n" for line in lines))
            sys.stdout.flush()
            self._drawn = len(lines)

    def clear(self) -> None:
        """Take those lines away."""
        with self._lock:
            if self._drawn:
                # so many lines up, then erase what is below
                sys.stdout.write(f"\x1b[{self._drawn}A\x1b[J")
                sys.stdout.flush()
                self._drawn = 0


def _order(plans: list[Plan], expected: list[Estimate], force: bool) -> tuple[list[int], list[int]]:
    """The order in which runs begin, and those of them that are not done before, by their numbers.

    Those done before come first, then the others, the longest first.
    """
    done: list[int] = []
    if not force:
        finished = [records.finished(planned.folder, planned.identity) for planned in plans]
        done = [i for i, record in enumerate(finished) if record]
    left = [i for i in range(len(plans)) if i not in done]
    left.sort(key=lambda i: -expected[i].seconds)
    return done + left, left


def _left_out(lessons: list[Lesson], own: list[dict[str, Any]]) -> list[str]:
    """Return a note for each parameter that some of the lessons do not have, but others do."""
    notes = []
    for name in dict.fromkeys(name for values in own for name in values):
        lacking = [lesson.name for lesson, values in zip(lessons, own, strict=True)
                   if name not in values]
        if lacking:
            notes.append(f"note: {name} is not a parameter of {', '.join(lacking)}: left out there")
    return notes


def _head(left: list[Estimate], count: int, jobs: int, threads: int) -> str:
    """What is going to be done, and about how long it takes.

    `left` are the estimates of the runs that are not done before, `count` is the number of all.
    """
    lessons = records.counted(count, "lesson")
    if not left:
        return f"{lessons}, done before"
    before = f" ({count - len(left)} done before)" if len(left) < count else ""
    beside = f"{jobs} side by side, " if jobs > 1 else ""
    each = " each" if count > 1 else ""
    start = f"{lessons}{before}, {beside}{records.counted(threads, 'thread')}{each}"
    if not any(expected.known for expected in left):
        return f"{start}: not yet run here with these settings, so no estimate"
    seconds = estimate.seconds_side_by_side([expected.seconds for expected in left], jobs)
    run_before = sum(expected.known == "before" for expected in left)
    if run_before == len(left):
        basis = "as they took here before"
    elif run_before:
        basis = f"{run_before} as before, the others as where they were stored"
    else:
        basis = "as long as where the lessons were stored, at this machine's speed"
    return f"{start}: {estimate.in_words(seconds)} ({basis})"


def _outcome(lesson: Lesson, execute: Callable[[], tuple[dict, bool]]) -> Ended:
    """What became of a run, in words."""
    try:
        record, done_before = execute()
    except runner.LessonFailed as error:
        return Ended("failed", str(error).removeprefix(f"lesson {lesson.name} "))
    except CourseError as error:
        return Ended("refused", str(error))
    missed = records.missed_in_words(record)
    before = "done before, " if done_before else ""
    words = f"{before}{record['seconds']:.0f} s, {records.claims_in_words(record)}"
    words = "\n".join([words, *(f"  {verdict}" for verdict in record.get("verdicts", []))])
    if missed:
        return Ended("missed", words, missed)
    return Ended("done", words)


def _label(lesson: Lesson) -> str:
    """A lesson's number and title."""
    return f"{lesson.about['lesson']:02d} {lesson.about['title']}"
