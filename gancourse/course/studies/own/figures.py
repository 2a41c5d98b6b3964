"""The figure of a study: every pair of runs, and the ratio on trial.  Lesson 14."""

import math

import numpy as np

from gancourse.course.studies.own import statement as statements
from gancourse.course.studies.own.plan import Plan
from gancourse.course.studies.own.runs import Runs, distances
from gancourse.notebook import plots

LEAST, MOST = 1 / 64, 64.0  # ratios beyond these are drawn at the edge


def show_pairs(plan: Plan, runs: Runs) -> None:
    """Show the distances of each seed as a line over the arms, and below it the ratio on trial.

    Above: a line is a seed, and a run that failed has no dot.  Below: the ratio of the two settings
    that the statement names, a dot for each seed, its mean with the 95 % interval, and the range
    that the statement allows as a green area.
    """
    numbers = distances(runs)
    fig, (top, below) = plots.figure(2, 1, width=5.4, height=5.2, height_ratios=(1.7, 1))
    _draw_lines(top, plan, numbers)
    _draw_ratio(below, plan, numbers)
    words = statements.in_words(plan.statement, numbers)
    plots.finish(fig, alt=f"Above, the distance of each seed for {plan.choice} = "
                          f"{', '.join(plan.values)}; below, the ratio of {plan.statement.first} "
                          f"to {plan.statement.second} with its interval. {words}")


def _draw_lines(ax, plan: Plan, numbers: dict[str, list[float]]) -> None:
    """The distances, a line for each seed."""
    places = range(len(numbers))
    for i, seed in enumerate(plan.seeds):
        line = [arm[i] for arm in numbers.values()]
        ax.plot(places, line, "o-", color=plots.COLOURS[i % len(plots.COLOURS)],
                label=f"seed {seed}", linewidth=1.2)
    ax.set_xticks(places, list(numbers))
    ax.set_xlim(-0.4, len(numbers) - 0.6)
    ax.set_xlabel(plan.choice)
    ax.set_ylabel("distance")
    ends = [some for arm in numbers.values() for some in arm if math.isfinite(some)]
    if ends:
        ax.set_ylim(0.85 * min(ends), 1.08 * max(ends))
    if len(plan.seeds) <= len(plots.COLOURS):
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))


def _draw_ratio(ax, plan: Plan, numbers: dict[str, list[float]]) -> None:
    """The ratio of the two settings on trial, with the range that the statement allows."""
    statement = plan.statement
    ratios = np.array(numbers[statement.first]) / np.array(numbers[statement.second])
    interval = statements.paired_ratio(numbers[statement.first], numbers[statement.second])
    low, high = (min(max(end, LEAST), MOST) for end in statement.range())
    ax.axvspan(low, high, color=plots.THIRD, alpha=0.2, label="predicted")
    ax.axvline(1, color=plots.NEUTRAL, linewidth=1)
    ax.plot(ratios, np.full(len(ratios), 1.0), "o", color=plots.NEUTRAL, label="each seed")
    if not interval.failed:
        reach = [[interval.ratio - interval.low], [interval.high - interval.ratio]]
        ax.errorbar([interval.ratio], [0.5], xerr=reach, fmt="D", color="black", capsize=4,
                    label="mean, 95 %\ninterval")
    ends = [end for end in (*ratios, *statement.range(), interval.low, interval.high)
            if 0 < end < math.inf]
    ax.set_xscale("log")
    ax.set_xlim(max(LEAST, 0.8 * min(*ends, 1.0)), min(MOST, 1.25 * max(*ends, 1.0)))
    _plain_ticks(ax)
    ax.set_ylim(0.1, 1.4)
    ax.set_yticks([])
    ax.set_xlabel(f"distance of {statement.first} / distance of {statement.second}")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))


def _plain_ticks(ax) -> None:
    """Ratios as plain numbers on a logarithmic axis, at most six of them."""
    low, high = ax.get_xlim()
    few = (1 / 32, 1 / 8, 0.25, 0.5, 1, 2, 4, 8, 32)
    some = (1 / 32, 1 / 8, 0.25, 0.5, 0.8, 1, 1.2, 1.5, 2, 4, 8, 32)
    many = (1 / 32, 1 / 8, 0.25, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.5, 2, 4, 8, 32)
    for tried in (many, some, few):
        ticks = [tick for tick in tried if low <= tick <= high]
        if len(ticks) <= 6:
            break
    ax.set_xticks(ticks, [f"{tick:.3g}" for tick in ticks])
    ax.minorticks_off()
