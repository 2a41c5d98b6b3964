"""The first figure of lesson 14: one more seed at each place of the slider.  Lesson 14."""

import math
from collections.abc import Callable

import numpy as np

from gancourse.course.studies.own import example
from gancourse.course.studies.own import statement as statements
from gancourse.notebook import animation, plots, slider

NAMES = ("R1", "R1 + R2")
LOW, HIGH = 0.6, 1.7  # of the axis of ratios


def show_seeds(distances: dict[str, list[float]], samples: np.ndarray,
               judge: Callable[..., str] | None = None) -> None:
    """Show samples and ratio of the example's runs, one more seed at each place of the slider.

    Above, samples of the last seed of both arms with their distances; below, a dot for the ratio
    of each seed so far, and the interval of their mean from two seeds on, and the range that the
    statement allows in green.  `samples` is (arm, seed, image, height, width, 1); `judge` is
    `statement.verdict`, and without it no verdict stands in the title.
    """
    statement = statements.read(example.STATEMENT)
    fig = plots.plt.figure(figsize=(5.8, 4.3))
    grid = fig.add_gridspec(2, 2, height_ratios=(1, 1.7))
    tops = [fig.add_subplot(grid[0, i]) for i in range(2)]
    below = fig.add_subplot(grid[1, :])
    count = samples.shape[1]
    frames = animation.frames(
        fig, lambda n: _draw(tops, below, statement, distances, samples, n, judge),
        range(1, count + 1))
    slider.show(frames, {"seeds": range(1, count + 1)}, quality=20,
                alt="Above, samples with R1 and with R1 and R2, which look alike; below, the ratio "
                    "of their distances seed by seed on both sides of 1, and an interval that "
                    "becomes narrower with each seed")


def _draw(tops, below, statement: statements.Statement, distances: dict[str, list[float]],
          samples: np.ndarray, n: int, judge: Callable[..., str] | None) -> None:
    """Draw the state after n seeds."""
    first, second = (np.array(distances[arm][:n]) for arm in reversed(example.ARMS))
    for ax, arm, images, name in zip(tops, example.ARMS, samples, NAMES, strict=True):
        ax.clear()
        plots.show_images(images[n - 1], columns=3, ax=ax)
        ax.set_title(f"{name}, seed {n - 1}: {distances[arm][n - 1]:.1f}", fontsize=10)
    below.clear()
    allowed = [min(max(end, LOW), HIGH) for end in statement.range()]
    below.axhspan(*allowed, color=plots.THIRD, alpha=0.2)
    below.text(len(distances["r1"]) + 0.5, LOW * 1.02, "predicted", ha="right", va="bottom",
               fontsize=10)
    below.axhline(1, color=plots.NEUTRAL, linewidth=1)
    below.plot(range(1, n + 1), first / second, "o", color=plots.NEUTRAL)
    _draw_intervals(below, first, second)
    below.set(xlim=(0.4, len(distances["r1"]) + 0.6), ylim=(LOW, HIGH), yscale="log",
              xlabel="number of seeds", ylabel="ratio (R1 + R2) / R1")
    below.set_xticks(range(1, len(distances["r1"]) + 1))
    ticks = (0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5)
    below.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    below.minorticks_off()
    below.set_title(_title(statement, first, second, judge), fontsize=10)


def _draw_intervals(ax, first: np.ndarray, second: np.ndarray) -> None:
    """The interval after 2, 3, ... seeds as bars, the last one black."""
    for k in range(2, len(first) + 1):
        interval = statements.paired_ratio(first[:k], second[:k])
        last = k == len(first)
        colour = "black" if last else "#B0B0B0"
        ends = np.clip([interval.low, interval.high], LOW, HIGH)
        ax.plot([k + 0.15] * 2, ends, color=colour, linewidth=2.5 if last else 1.5)
        ax.plot([k + 0.15], [interval.ratio], "D", color=colour, markersize=5)


def _title(statement: statements.Statement, first: np.ndarray, second: np.ndarray,
           judge: Callable[..., str] | None) -> str:
    """What so many seeds say."""
    if len(first) == 1:
        better = NAMES[1] if first[0] < second[0] else NAMES[0]
        factor = math.exp(abs(math.log(first[0] / second[0])))
        return f"1 seed: {better} is better by a factor {factor:.2f}"
    interval = statements.paired_ratio(first, second)
    words = f"{len(first)} seeds: mean ratio {interval.in_words()}"
    return f"{words}: {judge(statement, interval)}" if judge else words
