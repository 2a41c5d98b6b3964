"""A search before it runs: its space, how many runs it takes, and about how long."""

from pathlib import Path

from gancourse.course import records
from gancourse.course.sweeps import axes, cluster
from gancourse.course.sweeps.axes import Range
from gancourse.course.sweeps.search.plan import FINALISTS, Search
from gancourse.course.sweeps.watch import duration


def show(search: Search, study: Path, workers: int = 0, scheduler: str = "") -> None:
    """Print what a search with its study in that file would be, and about how long it takes."""
    print(size(search))
    width = max(len(name) for name in [*search.sweep.grid, *search.sweep.fixed])
    for key, axis in search.sweep.grid.items():
        print(f"  {key.ljust(width)}  {axis_in_words(axis)}")
    for name, value in search.sweep.fixed.items():
        print(f"  {name.ljust(width)}  {value} in every run")
    print("\n".join(estimate(search, 0, workers, scheduler)))
    if study.exists():
        print(f"It goes on with the study in {study.parent}, so that less may be left.")


def size(search: Search) -> str:
    """Return in words what a search is: its sampler, its space and its number of trials."""
    each = ""
    if len(search.sweep.seeds) > 1:
        each = f" with {len(search.sweep.seeds)} seeds each"
    space = " × ".join(axes.one_key(key) for key in search.sweep.grid)
    return (f"{search.sweep.lesson.name}: {search.trials} trials{each}, drawn by {search.sampler} "
            f"from {space}, judged by {search.metric}")


def axis_in_words(axis: list | Range) -> str:
    """Return in words what an axis can be."""
    if not isinstance(axis, Range):
        return f"one of {', '.join(axes.word(value) for value in axis)}"
    kind = "whole numbers" if axis.whole else "numbers"
    scale = ", on a logarithmic scale" if axis.log else ""
    return f"{kind} from {axis.low!r} to {axis.high!r}{scale}"


def estimate(search: Search, over: int = 0, workers: int = 0, scheduler: str = "") -> list[str]:
    """Return in lines how many runs the trials that are not over take, and how long.

    A run is taken to last as long as the lesson's stored one; those with less of the budget, in
    proportion to it.
    """
    *counts, confirming = search.expected_runs(max(0, search.trials - over))
    whole = search.sweep.lesson.seconds
    each = [whole]
    lines = []
    like = f"if each takes {whole:.0f} s like the lesson's own settings"
    if budget := search.budget:
        each = [whole * value / budget.values[-1] for value in budget.values]
        rungs = ", ".join(f"{round(count)} with {value}"
                          for count, value in zip(counts, budget.values, strict=True))
        lines.append(f"  {budget.name} grows while a trial is among the best: about {rungs}")
        like = (f"if those with {budget.values[-1]} take {whole:.0f} s like the lesson's own "
                "settings, and the others in proportion")
    if confirming:
        seeds = records.counted(search.confirm, "fresh seed")
        lines.append(f"  the best {min(FINALISTS, search.trials)} are confirmed with {seeds} each: "
                     f"{records.counted(confirming, 'run')}")
    seconds = sum(count * one for count, one in zip(counts, each, strict=True))
    seconds += confirming * whole
    number = f"about {round(sum(counts)) + confirming} run(s)"
    if scheduler:
        return [*lines, f"  {number}, {duration(seconds)} of computing {like}"]
    workers = workers or cluster.default_workers()
    return [*lines, f"  {number} on {workers} worker(s): about {duration(seconds / workers)} "
                    f"{like}"]
