"""The figures of a search's report: its history, what mattered, all points, the best on new seeds.

Better is darker, pruned is grey, and the best point is orange in all of them.
"""

import math
from typing import Any

from gancourse.course.sweeps import axes
from gancourse.course.sweeps.axes import Range
from gancourse.course.sweeps.figures import WIDTH, drawn
from gancourse.course.sweeps.search.outcome import Finalist
from gancourse.course.sweeps.search.plan import Search
from gancourse.course.sweeps.search.study import Trial
from gancourse.notebook import plots

QUIET = "#B0B0B0"  # of trials that were pruned
JITTER = 0.07  # of an axis, by which lines through the same value of a list keep apart
GOLDEN = 0.618  # multiples of it, without their whole part, never lie close for long


def history(search: Search, trials: list[Trial], best: Trial, label: str) -> dict[str, Any]:
    """Return a figure of the trials' last scores in the order in which they were drawn."""
    fig, ax = plots.figure(width=WIDTH, height=3.2)
    complete = [trial for trial in trials if trial.state == "complete"]
    pruned = [trial for trial in trials if trial.state == "pruned" and trial.scores]
    failed = [trial.number for trial in trials if trial.state == "failed"]
    words = "Score of each trial, in the order in which they were drawn."
    ax.scatter([trial.number for trial in complete], [trial.scores[-1] for trial in complete],
               s=36, color=plots.REAL, zorder=3, label="complete")
    if pruned:
        words += " A pruned one has the score at which it was stopped, with less of the budget."
        ax.scatter([trial.number for trial in pruned], [trial.scores[-1] for trial in pruned], s=26,
                   facecolor="white", edgecolor=QUIET, linewidth=1.4, zorder=2, label="pruned")
    if failed:
        at_bottom = ax.get_xaxis_transform()
        ax.scatter(failed, [0.03] * len(failed), s=40, marker="x", color=plots.NEUTRAL,
                   transform=at_bottom, zorder=3, label="failed")
    better = max if search.maximise else min
    so_far: list[float] = []
    for trial in complete:
        so_far.append(better([*so_far[-1:], trial.scores[-1]]))
    ax.step([trial.number for trial in complete], so_far, where="post", color=plots.REAL,
            linewidth=1.2, alpha=0.6, label="the best so far")
    ax.scatter([best.number], [best.scores[-1]], s=110, facecolor="none", edgecolor=plots.FAKE,
               linewidth=2.2, zorder=4, label="best on fresh seeds" if search.confirm else "best")
    if _wide([trial.scores[-1] for trial in [*complete, *pruned]]):
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(plots.LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter(plots.NullFormatter())
    ax.set_title(label, fontsize=10)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel="trial", xlim=(-0.6, len(trials) - 0.4))
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=9)
    return drawn(fig, words)


def importance(weights: dict[str, float], words: str) -> dict[str, Any]:
    """Return a figure with a bar for each axis of the space, the longest on top."""
    order = sorted(weights, key=weights.__getitem__, reverse=True)
    fig, ax = plots.figure(width=0.7 * WIDTH, height=0.7 + 0.4 * len(order))
    shares = [weights[key] for key in order]
    ax.barh(range(len(order)), shares, height=0.6, color=plots.REAL)
    for place, share in enumerate(shares):
        ax.text(share + 0.01, place, f"{share:.0%}", va="center")
    ax.set_yticks(range(len(order)), order)
    ax.set(xlim=(0, 1.08), ylim=(len(order) - 0.4, -0.6), xticks=[])
    ax.grid(False)
    ax.spines["bottom"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return drawn(fig, words)


def parallel(search: Search, trials: list[Trial], best: Trial, label: str) -> dict[str, Any]:
    """Return a figure with a line a trial through all axes of the space, and its score."""
    keys = [*search.sweep.grid]
    fig, ax = plots.figure(width=WIDTH, height=4.2)
    complete = [trial for trial in trials if trial.state == "complete"]
    order = sorted(complete, key=lambda trial: trial.scores[-1], reverse=not search.maximise)
    scale = _score_axis([trial.scores[-1] for trial in complete])
    for trial in trials:
        if trial.state in ("pruned", "failed"):
            dash = ":" if trial.state == "failed" else "-"
            ax.plot(range(len(keys)), _heights(search, trial), color=QUIET, linewidth=0.9,
                    linestyle=dash, alpha=0.6, zorder=1)
    for place, trial in enumerate(order):  # from worst to best
        colour = plots.plt.get_cmap("Blues")(0.15 + 0.8 * (place + 1) / len(order))
        width = 1.3
        if trial.number == best.number:
            colour, width = plots.FAKE, 3
        ax.plot(range(len(keys) + 1), [*_heights(search, trial), scale.share(trial.scores[-1])],
                color=colour, linewidth=width, zorder=4 if width > 2 else 2)
    for place, key in enumerate(keys):
        _draw_axis(ax, place, key, search.sweep.grid[key])
    _draw_axis(ax, len(keys), label, scale)
    ax.set(xlim=(-0.45, len(keys) + 0.3), ylim=(-0.06, 1.12))
    ax.axis("off")
    words = "One line a trial; darker is better, the best is orange."
    if len(trials) > len(complete):
        words += " Grey lines were pruned, dotted ones failed; neither has a score at the end."
    return drawn(fig, words)


def fresh(search: Search, order: list[Finalist], label: str) -> dict[str, Any]:
    """Return a figure of the best points' scores on fresh seeds, and what the search had seen."""
    names = [f"seed {seed}" for seed in search.fresh_seeds()]
    fig, ax = plots.figure(width=WIDTH, height=0.9 + 0.5 * len(order))
    plots.show_spread({finalist.fresh.text(): [*finalist.fresh.scores.values()]
                       for finalist in order}, ax=ax, names=names, xlabel=label)
    ax.scatter([finalist.trial.scores[-1] for finalist in order], range(len(order)), s=90,
               marker="D", facecolor="none", edgecolor=plots.FAKE, linewidth=1.8, zorder=4,
               label="in the search")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), handletextpad=0)
    return drawn(fig, "One dot a run with a fresh seed; the bar is their median, which decides. "
                      "The diamond is the score in the search, where being lucky helped.")


def _heights(search: Search, trial: Trial) -> list[float]:
    """Where a trial's line crosses each axis, from 0 to 1."""
    heights = []
    for key, axis in search.sweep.grid.items():
        value = axes.value_at(key, trial.point)
        if isinstance(axis, Range):
            heights.append(axis.share(value))
        else:
            aside = JITTER * (GOLDEN * trial.number % 1 - 0.5)
            heights.append(_place(axis.index(value), len(axis)) + aside)
    return heights


def _place(index: int, count: int) -> float:
    """Where a value of a list stands on its axis."""
    return (index + 0.5) / count


def _draw_axis(ax, x: float, title: str, axis: list | Range) -> None:
    """Draw an axis with its name above it and its values beside it."""
    ax.vlines(x, 0, 1, color=plots.NEUTRAL, linewidth=1.2, zorder=5)
    ax.text(x, 1.06, title, ha="center", va="bottom", fontsize=10, zorder=6)
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8}
    for height, text in _marks(axis):
        ax.text(x - 0.03, height, text, ha="right", va="center", fontsize=8.5, bbox=box, zorder=6)


def _marks(axis: list | Range) -> list[tuple[float, str]]:
    """What stands beside an axis, and at which height."""
    if not isinstance(axis, Range):
        return [(_place(i, len(axis)), axes.word(value)) for i, value in enumerate(axis)]
    values = [axis.low, axis.high]
    if axis.log:
        decades = range(math.ceil(math.log10(axis.low)), math.floor(math.log10(axis.high)) + 1)
        values += [10.0**decade for decade in decades]
    else:
        values.append((axis.low + axis.high) / 2)
    marks: list[tuple[float, str]] = []
    for value in values:  # the ends first: what would lie too near to another is left out
        height = axis.share(value)
        if all(abs(height - other) > 0.06 for other, _ in marks):
            marks.append((height, f"{value:.4g}"))
    return marks


def _score_axis(scores: list[float]) -> Range:
    """The axis of the scores, a little wider than they are."""
    low, high = min(scores), max(scores)
    if _wide(scores):
        return Range(low / 1.05, high * 1.05, log=True)
    margin = 0.03 * (high - low) or 0.5
    return Range(low - margin, high + margin)


def _wide(scores: list[float]) -> bool:
    """Whether positive scores lie over a factor of 10 apart, so that a logarithm shows more."""
    return 0 < 10 * min(scores) < max(scores)
