"""What Optuna does in a search: it draws points, says which trials stop, and remembers both.

    study = Study(folder / "study.journal", search)
    trial = study.ask()                       # trial.point is what to run
    goes_on = study.report(trial.number, 0.5)  # the score at its first rung
    study.complete(trial.number, 0.4)         # or study.fail(trial.number, "why")

The file is a log with one line of JSON for each thing that was asked or told (no pickle).  It
stands a kill at any moment, and may lie on a network disk, so that another machine can go on.

Trial number n is drawn by a generator of its own, seeded by the search's seed and n.  Random points
are therefore the same whatever happens; those of TPE depend on what had been told when they were
drawn as well, so they are the same where results come in the same order, as with one worker.
"""

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import rankdata

from gancourse.course.sweeps import axes
from gancourse.course.sweeps.axes import Range
from gancourse.course.sweeps.search.plan import Search
from gancourse.errors import MissingPackage

ERROR = "error"  # under which a failed trial keeps why it failed
ENOUGH = 8  # trials from which on it is worth saying which parameter mattered


class Trial(NamedTuple):
    """One point of a search and what became of it."""

    number: int
    point: dict[str, Any]  # the values of the swept parameters, by their names
    state: str  # "running", "complete", "pruned" or "failed"
    scores: list[float]  # at each rung that it has done
    error: str


class Study:
    """The trials of a search; one process at a time may have it open."""

    def __init__(self, path: Path, search: Search) -> None:
        """Open the study in a file, which is made where there is none."""
        optuna = _optuna()
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

        self.search = search
        self._optuna = optuna
        self._distributions = _distributions(search)
        self._under_way: dict[int, Any] = {}  # Optuna's trials, by number
        path.parent.mkdir(parents=True, exist_ok=True)
        _mend(path)
        # a lock that is a link, Optuna's default, needs rights that few have on Windows
        backend = JournalFileBackend(str(path), JournalFileOpenLock(str(path)))
        pruner = optuna.pruners.NopPruner()
        if search.budget:
            pruner = optuna.pruners.SuccessiveHalvingPruner(
                min_resource=1, reduction_factor=search.budget.reduce)
        self._study = optuna.create_study(
            storage=JournalStorage(backend), study_name=search.name(), pruner=pruner,
            direction="maximize" if search.maximise else "minimize", load_if_exists=True)

    def __len__(self) -> int:
        return len(self._study.get_trials(deepcopy=False))

    def trials(self) -> list[Trial]:
        """Return all trials in the order in which they were asked."""
        return [self._trial(frozen) for frozen in self._study.get_trials(deepcopy=False)]

    def ask(self) -> Trial:
        """Return a new trial with the point to run next."""
        self._study.sampler = self._sampler(len(self))
        trial = self._study.ask(self._distributions)
        self._under_way[trial.number] = trial
        return Trial(trial.number, self._point(trial.params), "running", [], "")

    def report(self, number: int, score: float) -> bool:
        """Tell a running trial's score at its next rung; return whether the trial goes on.

        One that does not is over: its state is "pruned".
        """
        trial = self._running(number)
        rung = len(self._frozen(number).intermediate_values)
        trial.report(score, self.search.budget.reduce**rung)
        return self.goes_on(number)

    def goes_on(self, number: int) -> bool:
        """Return whether a running trial goes on after what was reported last; end it if not."""
        stops = self._running(number).should_prune()
        if stops:
            self._tell(number, state=self._optuna.trial.TrialState.PRUNED)
        return not stops

    def complete(self, number: int, score: float) -> None:
        """Tell the score of a running trial at its last rung: it is over."""
        self._tell(number, score)

    def fail(self, number: int, error: str) -> None:
        """Tell that a running trial has no score, and why: it is over."""
        self._running(number).set_user_attr(ERROR, error)
        self._tell(number, state=self._optuna.trial.TrialState.FAIL)

    def _tell(self, number: int, score: float | None = None, state=None) -> None:
        """End a running trial."""
        trial = self._running(number)
        self._study.sampler = self._sampler(number)
        self._study.tell(trial, score, state=state)
        del self._under_way[number]

    def _running(self, number: int):
        """Optuna's trial of this number; one that a stopped process has asked is taken over."""
        if number not in self._under_way:
            self._study.sampler = self._sampler(number)
            # there is no public way to a running trial of another process
            trial = self._optuna.trial.Trial(self._study, self._frozen(number)._trial_id)
            for key, distribution in self._distributions.items():
                trial._suggest(key, distribution)  # what was being drawn when the process stopped
            self._under_way[number] = trial
        return self._under_way[number]

    def _frozen(self, number: int):
        """A trial as the file has it."""
        return self._study.get_trials(deepcopy=False)[number]

    def _sampler(self, number: int):
        """The sampler that draws this trial."""
        seed = int(np.random.SeedSequence([self.search.seed, number]).generate_state(1)[0])
        if self.search.sampler == "random":
            return self._optuna.samplers.RandomSampler(seed=seed)
        return self._optuna.samplers.TPESampler(seed=seed)

    def _trial(self, frozen) -> Trial:
        """One of Optuna's trials in our words."""
        params = frozen.params
        if not frozen.state.is_finished() and len(params) < len(self._distributions):
            params = self._running(frozen.number).params
        scores = [frozen.intermediate_values[step] for step in sorted(frozen.intermediate_values)]
        states = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
        state = states.get(frozen.state.name, "running")
        if state == "complete":
            scores.append(frozen.value)
        return Trial(frozen.number, self._point(params), state, scores,
                     frozen.user_attrs.get(ERROR, ""))

    def _point(self, params: dict[str, Any]) -> dict[str, Any]:
        """The values that the lesson gets, for what Optuna has drawn."""
        point = {}
        for key, axis in self.search.sweep.grid.items():
            if isinstance(axis, Range):
                point[key] = axis.rounded(params[key])
            else:
                by_word = {axes.word(value): value for value in axis}
                point |= axes.point(key, by_word[params[key]])
        return point


def set_aside(path: Path) -> Path | None:
    """Rename a study's file and return its new name, None where there is none."""
    if not path.exists():
        return None
    when = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    kept = path.with_name(f"{path.stem}-{when:%Y%m%d-%H%M%S}{path.suffix}")
    return path.replace(kept)


def importance(search: Search, points: list[dict[str, Any]],
               scores: list[float]) -> dict[str, float]:
    """Return how much each axis of a search decides the score, by its key; they add up to 1.

    It is Optuna's fANOVA: of the variance of a random forest's prediction, the share that each axis
    explains alone.  The forest learns the ranks of the scores, so that a few collapsed runs do not
    decide, and sees every range on its own scale.  {} with fewer than ENOUGH finite scores.
    """
    optuna = _optuna()
    rows = [(point, score) for point, score in zip(points, scores, strict=True)
            if math.isfinite(score)]
    if len(rows) < ENOUGH:
        return {}
    distributions = _distributions(search)
    for key, axis in search.sweep.grid.items():
        if isinstance(axis, Range):
            distributions[key] = optuna.distributions.FloatDistribution(0, 1)
    study = optuna.create_study()
    for (point, _), rank in zip(rows, rankdata([score for _, score in rows]), strict=True):
        params = {}
        for key, axis in search.sweep.grid.items():
            value = axes.value_at(key, point)
            params[key] = axis.share(value) if isinstance(axis, Range) else axes.word(value)
        study.add_trial(optuna.create_trial(params=params, distributions=distributions,
                                            value=float(rank)))
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    return optuna.importance.get_param_importances(study, evaluator=evaluator)


def _optuna():
    """The library, told to be silent: what it would say is in our own messages."""
    try:
        import optuna
    except ImportError as error:
        raise MissingPackage('a search needs Optuna: pip install "gancourse[search]"') from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def _distributions(search: Search) -> dict[str, Any]:
    """What Optuna draws from, by the axes' keys; values of a list are drawn by their words."""
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    distributions = {}
    for key, axis in search.sweep.grid.items():
        if isinstance(axis, Range):
            kind = IntDistribution if axis.whole else FloatDistribution
            distributions[key] = kind(axis.low, axis.high, log=axis.log)
        else:
            distributions[key] = CategoricalDistribution([axes.word(value) for value in axis])
    return distributions


def _mend(path: Path) -> None:
    """Drop what a killed process has left: Optuna's lock, and a last line without its end."""
    path.with_name(f"{path.name}.lock").unlink(missing_ok=True)
    if not path.exists():
        return
    with open(path, "rb+") as file:
        text = file.read()
        file.truncate(text.rfind(b"\n") + 1)
