"""What has come of a search so far: the best points, how they do on fresh seeds, the time spent."""

import math
import statistics
from typing import NamedTuple

from gancourse.course.sweeps.search.plan import FINALISTS, Search
from gancourse.course.sweeps.search.study import Trial
from gancourse.course.sweeps.tables import Setting, Table


class Finalist(NamedTuple):
    """One of the best points: its trial, and its scores on the seeds that did not choose it."""

    trial: Trial
    fresh: Setting


class Rung(NamedTuple):
    """What was done with one value of the budget."""

    budget: float
    trials: int  # that have come so far
    runs: int
    seconds: float  # of all its runs
    each: float  # seconds of a run, the mean of those that are done


def best_first(search: Search, trials: list[Trial]) -> list[Trial]:
    """Return the complete trials from the best score to the worst, each point once."""
    sign = -1 if search.maximise else 1
    complete = [trial for trial in trials if trial.state == "complete"]
    order = sorted(complete, key=lambda trial: (sign * trial.scores[-1], trial.number))
    points = {repr(trial.point): trial for trial in reversed(order)}
    return [trial for trial in order if points[repr(trial.point)] is trial]


def finalists(search: Search, trials: list[Trial], table: Table, column: str) -> list[Finalist]:
    """Return the best points of a search, from the best median over fresh seeds to the worst.

    Those that lack a fresh seed come last, in the order of the search.
    """
    sign = -1 if search.maximise else 1
    chosen = []
    for trial in best_first(search, trials)[:FINALISTS]:
        scores = {}
        for seed in search.fresh_seeds():
            (name,) = search.runs(trial.point, seeds=[seed])
            scores[seed] = table.value(name, column) if table.ended(name) else math.nan
        chosen.append(Finalist(trial, Setting(trial.point, scores)))

    def place(finalist: Finalist) -> tuple[bool, float]:
        whole = finalist.fresh.whole and bool(finalist.fresh.numbers)
        return not whole, sign * finalist.fresh.median if whole else 0.0

    return sorted(chosen, key=place)  # which keeps the order of those that are equal


def rungs(search: Search, trials: list[Trial], table: Table) -> list[Rung]:
    """Return what was done with each value of the budget; [] where there is none."""
    rows = []
    for rung, budget in enumerate(search.budget.values if search.budget else []):
        names: set[str] = set()
        come = 0
        for trial in trials:
            own = [name for name in search.runs(trial.point, rung) if table.ended(name)]
            reached = len(trial.scores) > rung or (trial.state == "failed"
                                                   and len(trial.scores) == rung)
            come += reached
            names.update(own if reached else [])
        seconds = [table.value(name, "seconds") for name in names]
        known = [one for one in seconds if math.isfinite(one)]
        each = statistics.fmean(known) if known else math.nan
        rows.append(Rung(budget, come, len(names), sum(known), each))
    return rows


def without_pruning(search: Search, trials: list[Trial], rows: list[Rung]) -> float:
    """Return the seconds that all trials would have taken at the whole budget, NaN if unknown.

    A run is taken to last as long as those at the whole budget did.
    """
    if not rows:
        return math.nan
    ended = sum(trial.state != "running" for trial in trials)
    return ended * len(search.sweep.seeds) * rows[-1].each
