"""The trials of a search on their way through runs, and what of that is on disk already.

A run is never done twice: what has a record counts, whoever made it and in whichever search, as
long as code, parameters, inputs and threads are the same.  Processor and versions may be others,
so that a search can go on elsewhere; the report says where versions differ.
"""

import math
import statistics
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from gancourse.course import records, run_fingerprint, runner
from gancourse.course.sweeps import tables
from gancourse.course.sweeps.search import outcome
from gancourse.course.sweeps.search.plan import FINALISTS, Search
from gancourse.course.sweeps.search.study import Study, Trial
from gancourse.errors import CourseError


class Ended(NamedTuple):
    """A run that has ended, and what that means for its trial."""

    given: dict[str, Any]
    record: dict
    trial: int
    value: float  # of what decides, NaN where there is none
    verdict: str  # in words; "" where nothing is decided yet


class Disk:
    """The records of a search's runs in a folder of runs."""

    def __init__(self, search: Search, runs: Path) -> None:
        """Take the folder; each record is read when it is asked for."""
        self.search = search
        self.runs = runs
        self._code = run_fingerprint.of_code(search.sweep.lesson.notebook)

    def finished(self, given: dict[str, Any]) -> dict | None:
        """Return the record of a run that is finished, wherever that was, else None."""
        planned = self._plan(given)
        return records.finished(planned.folder, planned.identity, here=False)

    def failed(self, given: dict[str, Any]) -> dict | None:
        """Return the record of a run that has failed, else None."""
        planned = self._plan(given)
        record = records.read(planned.folder / records.FAILED["record"])
        try:
            key = run_fingerprint.key(record["identity"], here=False)
        except (KeyError, TypeError):  # none, or one of an older version
            return None
        return record if key == run_fingerprint.key(planned.identity, here=False) else None

    def holds(self, trials: list[Trial]) -> bool:
        """Return whether every score of these trials has its runs here.

        Where not, code or data have changed since, or runs were deleted.
        """
        for trial in trials:
            for rung in range(len(trial.scores)):
                for given in self.search.runs(trial.point, rung).values():
                    if self.finished(given) is None:
                        return False
        return True

    def _plan(self, given: dict[str, Any]) -> runner.Plan:
        """One of the search's runs, as `runner` plans it."""
        sweep = self.search.sweep
        return runner.plan(sweep.lesson, self.runs, sweep.preset, given, threads=1, code=self._code)


class Driver:
    """Asks a study for points, lets a pool run them, and tells the study what came of them.

    The pool is a `cluster.Pool`, or what has its `submit`, `free` and iteration.  The table gets a
    row for each run.  With force=True nothing on disk counts.
    """

    def __init__(self, search: Search, study: Study, pool, table: tables.Table, disk: Disk,
                 force: bool = False) -> None:
        """Take what takes part; the runs of trials that are over go into the table at once."""
        self.search = search
        self.study = study
        self.pool = pool
        self.table = table
        self.disk = disk
        self.force = force
        self.column = ""  # what decides; known once a run is done
        self._given: dict[str, dict[str, Any]] = {}  # the runs under way, by name
        self._waiting: dict[str, list[int]] = {}  # trials that wait for a run, by its name
        self._at: dict[int, tuple[dict[str, Any], int]] = {}  # a trial's point and rung
        for trial in study.trials():
            done = len(trial.scores) + (trial.state == "failed")
            for rung in range(min(done, search.rungs())):
                self._remember(trial, rung)

    def search_on(self) -> Iterator[Ended]:
        """Go on with the search until all its trials are over; yield each run as it ends."""
        for trial in self.study.trials():
            if trial.state == "running":  # its process was stopped
                if not trial.scores or self.study.goes_on(trial.number):
                    rung = len(trial.scores)
                    self._remember(trial, rung)
                    self._start(trial.number, trial.point, rung)
        self._ask()
        for name, record in self.pool:
            ended = self._end(name, record)
            self._ask()  # first, so that no worker waits for whatever the caller does
            yield ended

    def confirm(self) -> Iterator[Ended]:
        """Run the best points with fresh seeds; yield each run as it ends."""
        for trial in outcome.best_first(self.search, self.study.trials())[:FINALISTS]:
            if self.search.confirm:
                runs = self.search.runs(trial.point, seeds=self.search.fresh_seeds())
                for name, given in runs.items():
                    self._expect(name, given, trial.number, "confirm")
                    self._submit(name, given)
        for name, record in self.pool:
            yield self._end(name, record)

    def settle(self) -> None:
        """Find out which column decides, where the runs so far have one of that name."""
        with suppress(CourseError):
            self.column = self.column or self._decider()

    def _decider(self) -> str:
        """The column of the result that decides; ValueError where there is none, or several."""
        return tables.measure(self.search.metric, self.table.metrics())

    def _ask(self) -> None:
        """Start new trials while there are workers for them."""
        while len(self.study) < self.search.trials and self.pool.free() > 0:
            trial = self.study.ask()
            self._start(trial.number, trial.point, 0)

    def _start(self, number: int, point: dict[str, Any], rung: int) -> None:
        """Bring a trial to a rung: what has a record counts, the rest is run."""
        self._at[number] = (point, rung)
        for name, given in self.search.runs(point, rung).items():
            self._expect(name, given, number)
            if self._submit(name, given):
                self._waiting.setdefault(name, []).append(number)
        self._advance(number)

    def _remember(self, trial: Trial, rung: int) -> None:
        """Take the runs of an earlier process from the disk; those that failed, too."""
        for name, given in self.search.runs(trial.point, rung).items():
            self._expect(name, given, trial.number)
            if not self.table.ended(name) and (record := self.disk.failed(given)):
                self.table.add(name, record)

    def _expect(self, name: str, given: dict[str, Any], number: int,
                phase: str = "search") -> None:
        """Give a run its row in the table, with its record where it is finished already."""
        if self.table.expects(name):
            return
        self.table.expect(name, given, trial=number, phase=phase)
        if not self.force and (record := self.disk.finished(given)):
            self.table.add(name, record)

    def _submit(self, name: str, given: dict[str, Any]) -> bool:
        """Let the pool do a run unless it has ended or is under way; return whether to wait."""
        if self.table.ended(name):
            return False
        if name not in self._given:
            self._given[name] = given
            self.pool.submit(name, given)
        return True

    def _end(self, name: str, record: dict) -> Ended:
        """Take in a run that has ended; each trial that has waited for it goes on."""
        given = self._given.pop(name)
        self.table.add(name, record)
        waiting = self._waiting.pop(name, [])
        verdicts = [self._advance(number) for number in waiting]
        number = waiting[0] if waiting else self.table.trial(name)
        value = self.table.value(name, self.column) if self.column else math.nan
        return Ended(given, record, number, value, "".join(verdicts[:1]))

    def _advance(self, number: int) -> str:
        """Decide about a trial whose runs at its rung have all ended; return what, in words."""
        point, rung = self._at[number]
        names = [*self.search.runs(point, rung)]
        if not all(self.table.ended(name) for name in names):
            return ""
        score, error = self._score(names)
        if error:
            self.study.fail(number, error)
            return "the trial failed"
        if rung == self.search.rungs() - 1:
            self.study.complete(number, score)
            best = outcome.best_first(self.search, self.study.trials())[0]
            return "the best so far" if best.number == number else ""
        if not self.study.report(number, score):
            return "pruned"
        self._start(number, point, rung + 1)
        return f"goes on with {self.search.budget.name}={self.search.budget.values[rung + 1]}"

    def _score(self, names: list[str]) -> tuple[float, str]:
        """The median of what decides over a trial's runs, and why there is none.

        Raises ValueError when a run is done and no result has the name of what decides: nothing can
        be learned then.
        """
        for name in names:
            if error := self.table.error(name):
                return math.nan, error
        self.column = self.column or self._decider()
        scores = [self.table.value(name, self.column) for name in names]
        lacking = [score for score in scores if not math.isfinite(score)]
        if lacking:
            return math.nan, f"{self.column} is {lacking[0]}, no number to go by"
        return statistics.median(scores), ""
