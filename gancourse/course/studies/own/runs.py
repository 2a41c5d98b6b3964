"""The runs of a study: each is kept as soon as it is done, and a study that was stopped goes on.

    runs = carry_out(plan, one_run, folder, about)
    distances(runs)  # {"none": [71.2, 65.0, 80.3], "r1": [...]}, in the order of the seeds

Beside this stand the figures that the notebook needs as numbers: a table, the run to keep.
Lesson 14.
"""

import inspect
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gancourse.checkpoints import load_run, save_run
from gancourse.course.studies.own import statement as statements
from gancourse.course.studies.own.plan import Plan
from gancourse.errors import CourseError
from gancourse.files import text_sha256
from gancourse.training_loop import History


class Run(NamedTuple):
    """What came of one training."""

    distance: float  # from held-out images; NaN where the training failed
    seconds: float  # of a processor, for the training alone
    steps: int  # updates of D
    weights: dict[str, np.ndarray]  # of the generator that was measured; {} where it failed
    history: History  # its losses


Runs = dict[str, list[Run]]


def carry_out(plan: Plan, one_run: Callable[[dict[str, Any], int], Run], folder: Path,
              about: dict[str, Any], say: Callable[[str], None] = print) -> Runs:
    """Return the runs of each arm, in the order of the seeds.

    `one_run(settings, seed)` trains and measures; FloatingPointError means that the training
    failed, which is a result like any other.  Seed after seed, all arms take their turn, so that a
    study which is stopped has pairs.  Each run is kept in `folder`; one that is there already is
    not made again if its settings, its seed and `about` (plain JSON: data, code, versions) are the
    same.  `say` gets a line about each.  Raises OSError when a file cannot be written.
    """
    runs: Runs = {name: [] for name in plan.values}
    for seed in plan.seeds:
        for name, settings in plan.arms().items():
            known = {"settings": settings, "seed": seed, **about}
            path = folder / f"{_file_name(plan, name)}-seed{seed}.safetensors"
            run = _kept(path, known)
            before = " (done before)" if run else ""
            if run is None:
                run = _made(one_run, settings, seed)
                _keep(path, run, known)
            runs[name].append(run)
            say(f"{plan.choice} = {name}, seed {seed}: {_outcome(run)}{before}")
    return runs


def code_sha256(*functions: Callable) -> str:
    """Return the sha256 of the source of functions, as it stands in the cells of a notebook."""
    return text_sha256("\x00".join(map(inspect.getsource, functions)))


def distances(runs: Runs) -> dict[str, list[float]]:
    """Return the distances of each arm, in the order of the seeds; NaN where a run failed."""
    return {name: [run.distance for run in arm] for name, arm in runs.items()}


def best_arm(runs: Runs) -> str:
    """Return the arm of the least mean distance (geometric), fewest failures first."""
    def order(name: str) -> tuple[int, float]:
        numbers = np.array([run.distance for run in runs[name]])
        finite = numbers[np.isfinite(numbers)]
        mean = float(np.log(finite).mean()) if len(finite) else math.inf
        return len(numbers) - len(finite), mean

    return min(runs, key=order)


def typical(runs: Runs, name: str) -> int:
    """Return which run of an arm has the median distance, the better of two in the middle.

    It is the one to show and to keep: the best of several runs is partly luck.  Raises CourseError
    where all runs of the arm failed.
    """
    finite = [i for i, run in enumerate(runs[name]) if math.isfinite(run.distance)]
    if not finite:
        raise CourseError(f"all runs of {name} failed: there are no weights to keep")
    finite.sort(key=lambda i: runs[name][i].distance)
    return finite[(len(finite) - 1) // 2]


def table(plan: Plan, runs: Runs) -> str:
    """Return the results as Markdown: a row for each arm, with its ratio to the baseline."""
    lines = [f"| {plan.choice} | distance, by seed | geometric mean | seconds | ratio to "
             f"{plan.baseline}, 95 % interval |", "|---|---|---|---|---|"]
    numbers = distances(runs)
    for name, arm in runs.items():
        each = ", ".join(_rounded(distance) for distance in numbers[name])
        logs = np.log(numbers[name])
        mean = _rounded(float(np.exp(logs.mean())))
        seconds = float(np.mean([run.seconds for run in arm]))
        ratio = ""
        if name != plan.baseline:
            interval = statements.paired_ratio(numbers[name], numbers[plan.baseline])
            ratio = interval.in_words()
        lines.append(f"| {name} | {each} | {mean} | {seconds:.1f} | {ratio} |")
    return "\n".join(lines)


def _outcome(run: Run) -> str:
    """What came of a run, in words."""
    if not math.isfinite(run.distance):
        return "failed"
    return f"distance {run.distance:.1f}, {run.steps:,} updates in {run.seconds:.1f} s"


def _rounded(number: float) -> str:
    """A distance as text, "failed" where it is not finite."""
    return f"{number:.1f}" if math.isfinite(number) else "failed"


def _file_name(plan: Plan, name: str) -> str:
    """The beginning of the name of an arm's files, which keeps to letters that all systems take."""
    kept = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name)
    return f"{plan.choice}={kept}"


def longer(run: Run, one_run: Callable[[dict[str, Any], int], Run], settings: dict[str, Any],
           seed: int) -> Run:
    """Return what `one_run(settings, seed)` makes, or `run` where that training fails."""
    made = _made(one_run, settings, seed)
    return run if math.isnan(made.distance) else made


def _made(one_run: Callable[[dict[str, Any], int], Run], settings: dict[str, Any],
          seed: int) -> Run:
    """A run, or what is known of one that failed."""
    try:
        return one_run(settings, seed)
    except FloatingPointError:
        return Run(math.nan, math.nan, 0, {}, History())


def _keep(path: Path, run: Run, known: dict[str, Any]) -> None:
    """Write a run with what it was made from."""
    outcome = [None if math.isnan(run.distance) else run.distance,
               None if math.isnan(run.seconds) else run.seconds, run.steps]
    save_run(path, run.weights, run.history, key=_key(known), known=known, outcome=outcome)


def _kept(path: Path, known: dict[str, Any]) -> Run | None:
    """A run that was kept and was made from the same, None where there is none.

    A damaged file is none: it is written anew.
    """
    try:
        kept = load_run(path)
    except CourseError:
        return None
    if kept.facts.get("key") != _key(known):
        return None
    distance, seconds, steps = kept.facts["outcome"]
    return Run(math.nan if distance is None else distance,
               math.nan if seconds is None else seconds, steps, kept.arrays, kept.history)


def _key(known: dict[str, Any]) -> str:
    """The sha256 of what a run is made from."""
    return text_sha256(json.dumps(known, sort_keys=True))
