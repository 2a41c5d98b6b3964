"""A sweep in the terminal: a line a run, a bar, and the table and the report kept up to date."""

import math
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gancourse.course import records, run_fingerprint
from gancourse.course.notebook_execution import CELL_TIMEOUT
from gancourse.course.sweeps import axes, cluster, plan, report, tables
from gancourse.course.sweeps.plan import Sweep
from gancourse.errors import CourseError

BAR = "{percentage:3.0f}%|{bar:30}| {n_fmt}/{total_fmt} runs, {elapsed} so far, {remaining} to go"
MARKS = {"done": "✓", "missed": "○", "failed": "✗"}
EVERY = 20  # seconds between two versions of the report while runs go on


def run(sweep: Sweep, runs: Path, folder: Path, *, metric: str = "", maximise: bool = False,
        workers: int = 0, scheduler: str = "", force: bool = False,
        cell_timeout: int = CELL_TIMEOUT) -> int:
    """Do what is left of a sweep, keep its table and report in `folder`; return how many runs fail.

    `metric` is the result that decides, or a part of its name.  Raises ValueError when no result
    has that name: at once where the lesson's stored outputs tell, else at the end, when all runs
    are kept.
    """
    from tqdm import tqdm

    metric = _whole_name(sweep, metric)
    here = not scheduler
    known = {} if force else plan.finished(sweep, runs, here)
    waiting = {name: given for name, given in sweep.runs().items() if name not in known}
    table = tables.Table(sweep, known)
    if kept := tables.set_aside(folder, run_fingerprint.code_sha256(sweep.lesson.notebook)):
        print(f"The table in {folder} is not of this code: it is kept as {kept.name}.")
    print(size(sweep, known))
    if waiting:
        print(f"  {estimate(sweep, known, workers, scheduler)}")
        print(f"  {folder / 'report.html'} shows what is done so far")
        with cluster.connect(workers, scheduler) as client:
            _save(folder, table, metric, maximise, runs)
            shown = time.monotonic()
            print(_line(sweep, {}, metric, {}), flush=True)
            with (tqdm(total=len(known) + len(waiting), initial=len(known), smoothing=0,
                       bar_format=BAR) as bar,
                  ticking(bar), reporting_dead_workers(client, bar.write)):
                for name, record in cluster.execute(client, sweep, list(waiting), runs, force,
                                                    here=here, cell_timeout=cell_timeout):
                    table.add(name, record)
                    tqdm.write(_line(sweep, waiting[name], metric, record))
                    bar.update()
                    tables.write(folder, table.rows())
                    if time.monotonic() - shown > EVERY:
                        _save(folder, table, metric, maximise, runs)
                        shown = time.monotonic()
    _save(folder, table, metric, maximise, runs)
    records.write_index(runs)
    failed = _print_outcome(table, metric, maximise)
    print(f"Look at {(folder / 'report.html').resolve()}; the numbers are in table.csv and "
          "table.parquet beside it.")
    return failed


def _print_outcome(table: tables.Table, metric: str, maximise: bool) -> int:
    """Print what became of the runs and which setting is best; return how many runs failed."""
    rows = table.rows()
    count = Counter(row["status"] for row in rows)
    done = count["done"] + count["missed"]
    print(f"\n{len(rows)} run(s): {done} done, {count['failed']} failed")
    if count["missed"]:
        print(f"In {count['missed']} of them (○) a claim that the lesson makes does not hold; "
              "their numbers count too.")
    if words := tables.mixed(rows):
        print(f"Mind that they were made under different versions: {words}.  --force makes all of "
              "them anew.")
    if not table.results:
        print("No run has a number, so there is nothing to rank.")
    elif metric:
        name = tables.measure(metric, table.metrics())
        best = tables.ranked(table.sweep, rows, name, maximise)[0]
        print(f"best: {best.text()}, with {best.median:.4g} as the median of "
              f"{len(best.numbers)} seed(s)")
    else:
        print("--measure says which result decides what is best; with it the same command repeats "
              "no run.  There are:")
        print("  " + "\n  ".join(table.metrics()))
    return count["failed"]


@contextmanager
def ticking(bar) -> Iterator[None]:
    """Draw a bar once a second on a terminal: runs may take hours, and its clock should go on."""
    over = threading.Event()

    def tick():
        while not over.wait(1):
            bar.refresh()

    if sys.stderr.isatty():
        threading.Thread(target=tick, daemon=True).start()
    try:
        yield
    finally:
        over.set()


@contextmanager
def reporting_dead_workers(client, say: Callable[[str], None]) -> Iterator[None]:
    """Say so when a worker dies in the middle of runs."""

    def report_death(event):
        """Take an event of the scheduler: when it was, and what."""
        facts = event[1]
        if facts.get("action") != "remove-worker":
            return
        if facts["processing-tasks"] and not facts["expected"]:
            say(f"↻ a worker died ({facts['worker']}); what it was at is run again")

    client.subscribe_topic("all", report_death)
    try:
        yield
    finally:
        client.unsubscribe_topic("all")


def dry_run(sweep: Sweep, runs: Path, *, metric: str = "", workers: int = 0,
            scheduler: str = "") -> None:
    """Print the runs of a sweep, which of them are done, and about how long the others take.

    Raises ValueError when the lesson's stored outputs tell that no result has the name `metric`.
    """
    _whole_name(sweep, metric)
    known = plan.finished(sweep, runs, here=not scheduler)
    print(size(sweep, known))
    for name, given in sweep.runs().items():
        print(f"  {'✓' if name in known else ' '} {sweep.run_command(given)}")
    print(estimate(sweep, known, workers, scheduler))


def _whole_name(sweep: Sweep, metric: str) -> str:
    """The whole name of the result that decides, where the lesson's stored outputs tell."""
    stored = records.results(sweep.lesson.notebook)
    return tables.measure(metric, [*stored, "seconds"]) if metric and stored else metric


def size(sweep: Sweep, known: dict[str, dict]) -> str:
    """Return in words how many runs a sweep has and how many are done."""
    factors = [f"{name} ({len(values)})" for name, values in sweep.grid.items()]
    factors.append(f"seeds ({len(sweep.seeds)})")
    return (f"{sweep.lesson.name}: {' × '.join(factors)} = {len(sweep.runs())} run(s), "
            f"{len(known)} done before")


def estimate(sweep: Sweep, known: dict[str, dict], workers: int = 0, scheduler: str = "") -> str:
    """Return in words how long the runs that are left take.

    They are taken to last like those done before, or like the lesson's stored run.
    """
    left = len(sweep.runs()) - len(known)
    taken = [record["seconds"] for record in known.values()]
    seconds = statistics.median(taken) if taken else sweep.lesson.seconds
    source = "those done before" if taken else "the lesson's own settings"
    each = f"if each takes {seconds:.0f} s like {source}"
    if scheduler:
        return f"{left} run(s), {duration(left * seconds)} of computing {each}"
    workers = min(workers or cluster.default_workers(), left)
    total = math.ceil(left / max(workers, 1)) * seconds
    return f"{left} run(s) on {workers} worker(s): about {duration(total)} {each}"


def _line(sweep: Sweep, given: dict[str, Any], metric: str, record: dict) -> str:
    """One line of the table that grows in the terminal; without a record its head."""
    cells = []
    for key, values in {**sweep.grid, "seed": sweep.seeds}.items():
        width = max(len(axes.word(value)) for value in (key, *values))
        text = axes.word(axes.value_at(key, given)) if given else key
        cells.append(text.rjust(width))
    if not record:
        return "  ".join([" ", *cells, "seconds", metric])
    status = tables.status(record)
    last = "  ".join(_numbers(record, metric))
    if status == "failed":
        last = record["error"].splitlines()[0]
    seconds = f"{records.number(record['seconds']):.1f}".rjust(len("seconds"))
    return "  ".join([MARKS[status], *cells, seconds, last])


def _numbers(record: dict, metric: str) -> list[str]:
    """The results of a record whose names hold that of the metric, in words."""
    if not metric:
        return []
    return [f"{records.number(value):.5g}" for name, value in record["results"].items()
            if metric.lower() in name.lower()]


def duration(seconds: float) -> str:
    """A length of time in words: 80 s, 3 min, 1.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _save(folder: Path, table: tables.Table, metric: str, maximise: bool, runs: Path) -> None:
    """Write the table and the report; the report ranks nothing while no result fits the metric."""
    rows = table.rows()
    tables.write(folder, rows)
    name = ""
    if metric:
        # a name that fits no result is an error once all runs are kept, not here
        with suppress(CourseError):
            name = tables.measure(metric, table.metrics())
    report.save(folder, table.sweep, rows, name, maximise, runs)
