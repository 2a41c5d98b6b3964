"""A search in the terminal: a line a run, a bar of trials, and table and report kept up to date."""

import itertools
import math
import os
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from gancourse import files
from gancourse.course import records, run_fingerprint
from gancourse.course.notebook_execution import CELL_TIMEOUT
from gancourse.course.sweeps import axes, cluster, tables
from gancourse.course.sweeps.axes import Range
from gancourse.course.sweeps.search import dry_run, outcome, report
from gancourse.course.sweeps.search.drive import Disk, Driver, Ended
from gancourse.course.sweeps.search.plan import FINALISTS, Search
from gancourse.course.sweeps.search.study import Study, set_aside
from gancourse.course.sweeps.watch import (
    BAR,
    EVERY,
    MARKS,
    duration,
    reporting_dead_workers,
    ticking,
)

STUDY = "study.journal"


def run(search: Search, runs: Path, folder: Path, *, workers: int = 0, scheduler: str = "",
        force: bool = False, cell_timeout: int = CELL_TIMEOUT) -> int:
    """Do what is left of a search, keep study, table and report in `folder`; return the status.

    That is 0 where a best point is known, 1 where no trial has come to its end.  One process at a
    time may be at a search; others wait for it.  Raises ValueError as soon as a run is done and no
    result has the name of what decides.
    """
    place = Path(os.path.relpath(folder, runs)).as_posix()
    with files.hold(records.lock_of(runs, f"search {place}"), f"the search in {folder}"):
        study, disk = _open(search, runs, folder, force)
        code = run_fingerprint.code_sha256(search.sweep.lesson.notebook)
        if kept := tables.set_aside(folder, code):
            print(f"The table in {folder} is not of this code: it is kept as {kept.name}.")
        table = tables.Table(search.sweep._replace(grid={}, seeds=[]), {})
        over = sum(trial.state != "running" for trial in study.trials())
        print(f"{dry_run.size(search)}; {over} over before")
        with ExitStack() as stack:
            pool: Any = []  # of workers: nobody where nothing is left to do
            left = _is_left(search, study, disk, force)
            if left:
                print("\n".join(dry_run.estimate(search, over, workers, scheduler)))
                client = stack.enter_context(cluster.connect(workers, scheduler))
                pool = stack.enter_context(cluster.Pool(
                    client, search.sweep, runs, force, here=False, cell_timeout=cell_timeout))
                stack.enter_context(reporting_dead_workers(client, _write))
            driver = Driver(search, study, pool, table, disk, force)
            _follow(driver, folder, runs, left)
        _save(driver, folder, runs)
        records.write_index(runs)
        known = _print_outcome(driver)
        print(f"Look at {(folder / 'report.html').resolve()}; the numbers are in table.csv and "
              "table.parquet beside it.")
        return 0 if known else 1


def _open(search: Search, runs: Path, folder: Path, force: bool) -> tuple[Study, Disk]:
    """The study in a folder; one whose runs are not on disk as they were is set aside."""
    disk = Disk(search, runs)
    study = Study(folder / STUDY, search)
    if len(study) and (force or not disk.holds(study.trials())):
        kept = set_aside(folder / STUDY)
        why = "not all of its runs are here with this code and data"
        if force:
            why = "--force begins anew"
        print(f"The study in {folder} is kept as {kept.name}: {why}.")
        study = Study(folder / STUDY, search)
    return study, disk


def _is_left(search: Search, study: Study, disk: Disk, force: bool) -> bool:
    """Whether any run is left to do."""
    trials = study.trials()
    if force or len(trials) < search.trials or any(one.state == "running" for one in trials):
        return True
    if not search.confirm:
        return False
    best = outcome.best_first(search, trials)[:FINALISTS]
    confirming = [search.runs(trial.point, seeds=search.fresh_seeds()) for trial in best]
    return any(disk.finished(given) is None for named in confirming for given in named.values())


def _follow(driver: Driver, folder: Path, runs: Path, left: bool) -> None:
    """Print a line for each run that ends, and keep table and report up to date."""
    from tqdm import tqdm

    shown = time.monotonic()
    if left:
        _save(driver, folder, runs)
        print(f"  {folder / 'report.html'} shows what is done so far")
        print(_line(driver, None), flush=True)
    whole = max(driver.search.trials, len(driver.study))
    with (tqdm(total=whole, initial=_over(driver), smoothing=0, disable=not left,
               bar_format=BAR.replace("runs", "trials")) as bar, ticking(bar)):
        for ended in itertools.chain(driver.search_on(), driver.confirm()):
            tqdm.write(_line(driver, ended))
            bar.update(_over(driver) - bar.n)
            tables.write(folder, driver.table.rows())
            if time.monotonic() - shown > EVERY:
                _save(driver, folder, runs)
                shown = time.monotonic()
        bar.update(_over(driver) - bar.n)


def _over(driver: Driver) -> int:
    """How many trials are over."""
    return sum(trial.state != "running" for trial in driver.study.trials())


def _line(driver: Driver, ended: Ended | None) -> str:
    """One line of the table that grows in the terminal; without a run its head."""
    search = driver.search
    columns = {"trial": [search.trials], **search.sweep.grid}
    if search.budget:
        columns[search.budget.name] = search.budget.values
    columns["seed"] = [*search.sweep.seeds, *search.fresh_seeds()]
    cells = []
    for key, values in columns.items():
        width = max(len(key), 9)
        if not isinstance(values, Range):
            width = max(len(axes.word(value)) for value in (key, *values))
        text = key
        if ended:
            text = axes.word(axes.value_at(key, {**ended.given, "trial": ended.trial}))
        cells.append(text.rjust(width))
    if not ended:
        return "  ".join([" ", *cells, "seconds", search.metric])
    status = tables.status(ended.record)
    seconds = f"{records.number(ended.record['seconds']):.1f}".rjust(len("seconds"))
    last = ended.record.get("error", "").partition("\n")[0]
    if status != "failed" and driver.column:
        last = f"{ended.value:.5g}"
    verdict = f"  {ended.verdict}" if ended.verdict else ""
    return "  ".join([MARKS[status], *cells, seconds, last]) + verdict


def _print_outcome(driver: Driver) -> bool:
    """Print what became of the trials and which point is best; return whether one is known."""
    search, trials = driver.search, driver.study.trials()
    count = Counter(trial.state for trial in trials)
    states = [f"{count[state]} {state}" for state in ("complete", "pruned", "failed", "running")
              if count[state]]
    rows = driver.table.rows()
    print(f"\n{records.counted(len(trials), 'trial')}: {', '.join(states)}; "
          f"{records.counted(len(rows), 'run')}")
    for trial in trials:
        if trial.state == "failed":
            print(f"  trial {trial.number} failed ({search.in_words(trial.point)}): {trial.error}")
    if words := tables.mixed(rows):
        print(f"Mind that they were made under different versions: {words}.  --force makes all of "
              "them anew.")
    driver.settle()
    order = outcome.finalists(search, trials, driver.table, driver.column)
    if not order:
        print("No trial has come to its end with a number, so there is nothing to rank.")
        return False
    best = order[0]
    print(f"best: {search.in_words(best.trial.point)}, with {best.trial.scores[-1]:.4g} in the "
          f"search")
    if best.fresh.numbers:
        print(f"  on fresh seeds: {best.fresh.median:.4g} as the median of "
              f"{len(best.fresh.numbers)}, from {min(best.fresh.numbers):.4g} to "
              f"{max(best.fresh.numbers):.4g}")
    rungs = outcome.rungs(search, trials, driver.table)
    whole = outcome.without_pruning(search, trials, rungs)
    if math.isfinite(whole):
        spent = sum(rung.seconds for rung in rungs)
        print(f"Pruning: the search took {duration(spent)} of computing; with "
              f"{search.budget.name}={search.budget.values[-1]} in every trial it would have taken "
              f"about {duration(whole)}.")
    return True


def _save(driver: Driver, folder: Path, runs: Path) -> None:
    """Write the table and the report."""
    tables.write(folder, driver.table.rows())
    driver.settle()
    report.save(folder, driver.search, driver.study.trials(), driver.table, driver.column, runs)


def _write(line: str) -> None:
    """Print a line above the bar."""
    from tqdm import tqdm

    tqdm.write(line)
