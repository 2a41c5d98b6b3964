"""A search over ranges of a lesson's parameters: what it is, checked before anything runs.

A trial is one point of the space.  It is run with each of the search's seeds, and its score is the
median of what decides.  With a budget, such as num_steps=100..800, a trial begins with the smallest
and goes on with the next only while it is among the best.  Each rung is a run of its own, because
no lesson says how good its samples are while it trains: two keep the losses of their steps beside
their checkpoint, and the losses of a GAN do not tell.
"""

import hashlib
import json
import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from gancourse.course import records, runner
from gancourse.course.lessons import parameters, settings
from gancourse.course.sweeps import axes, plan, tables
from gancourse.course.sweeps.axes import Range
from gancourse.course.sweeps.plan import Sweep
from gancourse.errors import CourseError, check_choice

SAMPLERS = ("tpe", "random")
DEFAULTS = {"trials": 40, "seed": 0, "confirm": 3, "budget": "", "reduce": 3}
FINALISTS = 3  # of the best points, which fresh seeds are run with
# of the table, beside those of every sweep
COLUMNS = ("trial", "phase")


class Budget(NamedTuple):
    """A parameter that says how long a run trains, and its values from the least to the whole."""

    name: str
    values: list
    reduce: int  # of so many trials that reach a rung, about one goes on

    def text(self) -> str:
        """The budget as it stands on the command line."""
        return f"{self.name}={self.values[0]}..{self.values[-1]}"


class Search(NamedTuple):
    """What to search, how, and when to stop."""

    sweep: Sweep  # lesson, preset, fixed parameters, the space as its grid, the seeds of a trial
    sampler: str  # one of SAMPLERS
    metric: str  # the result that decides, or a part of its name
    maximise: bool
    trials: int
    seed: int  # of the sampler
    confirm: int  # fresh seeds for the best points
    budget: Budget | None

    def name(self) -> str:
        """Return a name for its folder.

        A search that goes on with more trials or other fresh seeds keeps its name.
        """
        sweep = self.sweep
        text = json.dumps([sweep.preset, sweep.fixed, sweep.grid, sweep.seeds, self.sampler,
                           self.metric, self.maximise, self.seed, self.budget])
        digest = hashlib.sha256(text.encode()).hexdigest()[:6]
        what = ",".join([sweep.lesson.name, *sweep.grid])[:54]
        return f"{what}-{self.sampler}-{digest}"

    def rungs(self) -> int:
        """Return how many budgets there are, 1 without any."""
        return len(self.budget.values) if self.budget else 1

    def runs(self, point: dict[str, Any], rung: int = -1,
             seeds: Iterable[int] | None = None) -> dict[str, dict[str, Any]]:
        """Return the runs of a point at a rung, by default at the last: what is given, by names.

        There is one for each of `seeds`, by default the search's own.
        """
        sweep = self.sweep
        named = {}
        for seed in sweep.seeds if seeds is None else seeds:
            given = sweep.fixed | point | {"seed": seed}
            if self.budget:
                given[self.budget.name] = self.budget.values[rung]
            named[runner.run_name(settings(sweep.lesson, sweep.preset, given))] = given
        return named

    def in_words(self, point: dict[str, Any]) -> str:
        """Return a point as a page and a line show it."""
        return ", ".join(f"{name}={value}" for name, value in point.items())

    def fresh_seeds(self) -> list[int]:
        """Return the seeds that confirm the best points; none of them took part in the search."""
        first = max(self.sweep.seeds) + 1
        return [*range(first, first + self.confirm)]

    def expected_runs(self, trials: int) -> list[float]:
        """Return about how many runs so many trials take at each rung, and last those to confirm.

        The first trials meet few others, so that some more than one of `reduce` goes on.
        """
        each = trials * len(self.sweep.seeds)
        shrink = self.budget.reduce if self.budget else 1
        confirming = min(FINALISTS, self.trials) * self.confirm
        return [*(each / shrink**rung for rung in range(self.rungs())), confirming]

    def command(self) -> str:
        """Return the command line of this search."""
        words = [self.sweep.command(self.metric, self.maximise), f"--search {self.sampler}",
                 f"--trials {self.trials}"]
        if self.budget:
            words.append(f"--budget {self.budget.text()}")
        chosen = {"search-seed": self.seed, "confirm": self.confirm,
                  "reduce": self.budget.reduce if self.budget else DEFAULTS["reduce"]}
        for option, value in chosen.items():
            if value != DEFAULTS[option.removeprefix("search-")]:
                words.append(f"--{option} {value}")
        return " ".join(words)


def make_search(lesson: str, preset: str = "laptop", fixed: dict[str, Any] | None = None,
                space: dict[str, list | Range] | None = None, seeds: list[int] | None = None, *,
                sampler: str = "tpe", metric: str = "", maximise: bool = False,
                trials: int = DEFAULTS["trials"], seed: int = DEFAULTS["seed"],
                confirm: int = DEFAULTS["confirm"], budget: str = DEFAULTS["budget"],
                reduce: int = DEFAULTS["reduce"]) -> Search:
    """Return a checked search; without `seeds` each point is run with seed 0 alone.

    Raises ValueError when there is nothing to search, for an unknown sampler, parameter, preset,
    lesson or result, for a value out of range, and where no result is named that decides.
    """
    check_choice("--search", sampler, SAMPLERS)
    fixed, space = dict(fixed or {}), dict(space or {})
    if not space:
        raise CourseError("a search needs a space, such as -g learning_rate=log:1e-4..1e-2")
    for option, value, least in (("trials", trials, 1), ("search-seed", seed, 0),
                                 ("confirm", confirm, 0), ("reduce", reduce, 2)):
        if value < least:
            raise CourseError(f"--{option} {value} must be {least} or more")
    sweep = plan.checked(lesson, preset, fixed, space, [0] if seeds is None else seeds)
    known = parameters(sweep.lesson.notebook)
    if taken := sorted(set(known) & set(COLUMNS)):
        raise CourseError(f"lesson {sweep.lesson.name} has a parameter named {taken[0]!r}, as a "
                          "column of a search's table is named: rename it in the notebook")
    search = Search(sweep, sampler, _whole_name(sweep, metric), maximise, trials, seed, confirm,
                    _budget(budget, reduce, sweep, known))
    for one in search.fresh_seeds():
        known["seed"].check(one)
    return search


def _whole_name(sweep: Sweep, metric: str) -> str:
    """The whole name of the result that decides, where the lesson's stored outputs tell."""
    stored = records.results(sweep.lesson.notebook)
    if not metric:
        names = ":\n  " + "\n  ".join(stored) if stored else ""
        raise CourseError(f"a search needs --measure, the result that decides{names}")
    return tables.measure(metric, [*stored, "seconds"]) if stored else metric


def _budget(text: str, reduce: int, sweep: Sweep, known: dict) -> Budget | None:
    """The budget that a text such as num_steps=100..800 describes, None where it is empty.

    From one value to the next is the same factor, as near to `reduce` as the two ends allow.
    """
    if not text:
        return None
    name, equals, rest = text.partition("=")
    limits = axes.values(rest)
    if not equals or not isinstance(limits, Range) or limits.log:
        raise CourseError(f"--budget {text!r} must read like num_steps=100..800")
    if name in sweep.names() or name in sweep.fixed:
        raise CourseError(f"{name} is the budget: leave it out of -g and -p")
    settings(sweep.lesson, sweep.preset, {name: limits.low})  # an unknown name, a wrong value
    limits = axes.checked(name, limits, known)
    if limits.low <= 0:
        raise CourseError(f"--budget {text} must begin above 0")
    steps = max(1, round(math.log(limits.high / limits.low, reduce)))
    between = [limits.low * (limits.high / limits.low) ** (i / steps) for i in range(1, steps)]
    values = [limits.low, *map(limits._replace(log=True).rounded, between), limits.high]
    return Budget(name, values, reduce)
