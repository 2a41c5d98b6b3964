"""A sweep while someone looks on: a line a run, a bar, and the table and the report kept up to date."""

import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gancourse.course import identity, records
from gancourse.course.execution import CELL_TIMEOUT
from gancourse.course.sweeps import cluster, plan, report, tables
from gancourse.course.sweeps.plan import Sweep

BAR = "{percentage:3.0f}%|{bar:30}| {n_fmt}/{total_fmt} runs, {elapsed} so far, {remaining} to go"
MARKS = {"done": "✓", "missed": "○", "failed": "✗"}
EVERY = 20  # seconds between two versions of the report while runs go on


def run(sweep: Sweep, runs: Path, folder: Path, *, asked: str = "", maximise: bool = False, workers: int = 0,
        scheduler: str = "", force: bool = False, cell_timeout: int = CELL_TIMEOUT) -> int:
    """Do what is left of a sweep, keep its table and report in `folder`, and return how many runs failed.

    `asked` is the result that decides, or a part of its name.  Raises ValueError when no result has
    that name: at once where the lesson's stored outputs tell, else at the end, when all runs are
    kept.
    """
    from tqdm import tqdm

    asked = _measure(sweep, asked)
    names, here = list(sweep.runs()), not scheduler
    known = {} if force else plan.finished(sweep, runs, here)
    waiting = [name for name in names if name not in known]
    if kept := tables.set_aside(folder, identity.code_sha256(sweep.lesson.notebook)):
        print(f"The table in {folder} is not of this code: it is kept as {kept.name}.")
    print(size(sweep, known))
    if waiting:
        print(f"  {estimate(sweep, known, workers, scheduler)}\n  {folder / 'report.html'} shows what is done so far")
        with cluster.connect(workers, scheduler) as client:
            _save(folder, sweep, known, asked, maximise, runs)
            shown = time.monotonic()
            print(_line(sweep, {}, asked, {}), flush=True)
            with (tqdm(total=len(names), initial=len(known), smoothing=0, bar_format=BAR) as bar, _ticking(bar),
                  _reporting_dead_workers(client, bar.write)):
                for name, record in cluster.execute(client, sweep, waiting, runs, force, here=here,
                                                    cell_timeout=cell_timeout):
                    known[name] = record
                    tqdm.write(_line(sweep, sweep.runs()[name], asked, record))
                    bar.update()
                    tables.write(folder, tables.rows(sweep, known))
                    if time.monotonic() - shown > EVERY:
                        _save(folder, sweep, known, asked, maximise, runs)
                        shown = time.monotonic()
    _save(folder, sweep, known, asked, maximise, runs)
    records.write_index(runs)
    table = tables.rows(sweep, known)
    count = Counter(row["status"] for row in table)
    print(f"\n{len(table)} run(s): {count['done'] + count['missed']} done, {count['failed']} failed")
    if count["missed"]:
        print(f"In {count['missed']} of them (○) a claim that the lesson makes does not hold; their "
              "numbers count too.")
    if words := tables.mixed(table):
        print(f"Mind that they were made under different versions: {words}.  --force makes all of them anew.")
    columns = [*tables.measures(sweep, known).values(), "seconds"]
    if not any(record["results"] for record in known.values()):
        print("No run has a number, so there is nothing to rank.")
    elif asked:
        best = tables.ranked(sweep, table, tables.measure(asked, columns), maximise)[0]
        print(f"best: {best.text()}, with {best.middle:.4g} as the median of {len(best.numbers)} seed(s)")
    else:
        print("--measure says which result decides what is best; with it the same command repeats no run.  There are:")
        print("  " + "\n  ".join(columns))
    print(f"Look at {(folder / 'report.html').resolve()}; the numbers are in table.csv and table.parquet beside it.")
    return count["failed"]


@contextmanager
def _ticking(bar) -> Iterator[None]:
    """Draw the bar once a second on a terminal: runs may take hours, and its clock should go on."""
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
def _reporting_dead_workers(client, say: Callable[[str], None]) -> Iterator[None]:
    """Say so when a worker dies in the middle of runs."""

    def hear(event):
        facts = event[1]
        if facts.get("action") == "remove-worker" and not facts["expected"] and facts["processing-tasks"]:
            say(f"↻ a worker died ({facts['worker']}); what it was at is run again")

    client.subscribe_topic("all", hear)
    try:
        yield
    finally:
        client.unsubscribe_topic("all")


def foresee(sweep: Sweep, runs: Path, *, asked: str = "", workers: int = 0, scheduler: str = "") -> None:
    """Print the runs of a sweep, which of them are done, and about how long the others take."""
    _measure(sweep, asked)
    known = plan.finished(sweep, runs, here=not scheduler)
    print(size(sweep, known))
    for name, given in sweep.runs().items():
        print(f"  {'✓' if name in known else ' '} {sweep.run_command(given)}")
    print(estimate(sweep, known, workers, scheduler))


def _measure(sweep: Sweep, asked: str) -> str:
    """The whole name of the result asked for, where the lesson's stored outputs tell."""
    stored = records.results(sweep.lesson.notebook)
    return tables.measure(asked, [*stored, "seconds"]) if asked and stored else asked


def size(sweep: Sweep, known: dict[str, dict]) -> str:
    """Return in words how many runs a sweep has and how many are done."""
    factors = [*(f"{name} ({len(values)})" for name, values in sweep.grid.items()), f"seeds ({len(sweep.seeds)})"]
    return f"{sweep.lesson.name}: {' × '.join(factors)} = {len(sweep.runs())} run(s), {len(known)} done before"


def estimate(sweep: Sweep, known: dict[str, dict], workers: int = 0, scheduler: str = "") -> str:
    """Return in words how long the runs that are left take: from those done, else from the lesson's stored run."""
    left = len(sweep.runs()) - len(known)
    taken = [record["seconds"] for record in known.values()]
    seconds = statistics.median(taken) if taken else sweep.lesson.seconds
    source = "those done before" if taken else "the lesson's own settings"
    if scheduler:
        return f"{left} run(s), {_duration(left * seconds)} of computing if each takes {seconds:.0f} s like {source}"
    workers = min(workers or cluster.default_workers(), left)
    total = -(-left // max(workers, 1)) * seconds
    return f"{left} run(s) on {workers} worker(s): about {_duration(total)} if each takes {seconds:.0f} s like {source}"


def _line(sweep: Sweep, given: dict[str, Any], asked: str, record: dict) -> str:
    """One line of the table that grows in the terminal; without a record its head."""
    columns = {**sweep.grid, "seed": sweep.seeds}
    cells = [str(given.get(name, name)).rjust(max(len(str(v)) for v in (name, *values)))
             for name, values in columns.items()]
    if not record:
        return "  ".join([" ", *cells, "seconds", asked])
    numbers = [f"{records.number(value):.5g}" for name, value in record["results"].items()
               if asked and asked.lower() in name.lower()]
    status = tables.status(record)
    said = record["error"].splitlines()[0] if status == "failed" else "  ".join(numbers)
    seconds = f"{records.number(record['seconds']):.1f}".rjust(len("seconds"))
    return "  ".join([MARKS[status], *cells, seconds, said])


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _save(folder: Path, sweep: Sweep, known: dict[str, dict], asked: str, maximise: bool, runs: Path) -> None:
    table = tables.rows(sweep, known)
    columns = [*tables.measures(sweep, known).values(), "seconds"]
    tables.write(folder, table)
    try:
        name = tables.measure(asked, columns) if asked else ""
    except ValueError:  # said when all runs are kept
        name = ""
    report.save(folder, sweep, table, name, maximise, runs)
