"""The figures of the study of recipes: each row beside the base, some faces.  Lesson 14."""

from collections.abc import Mapping, Sequence

import numpy as np

from gancourse.course.studies.own.statement import Interval
from gancourse.course.studies.recipe import recipe
from gancourse.notebook import plots

NAMES = {"strokes": "digits", "faces": "faces"}
GROUPS = (("2016", "all of lesson 03", "residual networks"), (*recipe.LEFT_OUT, recipe.NO_AVERAGE))
TICKS = (0.5, 1, 2, 5, 10)
LOW, HIGH = 0.29, 21.0  # of the axis of ratios
GAP = 0.5  # between two groups, in rows


def show_ratios(rows: Sequence[dict], judged: Mapping[str, Mapping[str, tuple[Interval, str]]], *,
                alt: str) -> None:
    """Display each row's distance in parts of the base's, a panel for each data set.

    A dot is a seed's ratio, the bar the 95 % interval of their mean, and the dashed line, at 1, the
    base.  Two whole recipes and other networks stand first, then the base with one part changed.
    `judged` is what `recipe.verdicts` returns: a row that it decides is black, and its verdict
    stands beside its name.
    """
    fig, axes = plots.figure(2, 1, width=5.2, height=8.2)
    for ax, name in zip(axes, NAMES, strict=True):
        base = recipe.measured(rows, name, recipe.BASE)
        places: list[float] = []
        labels = []
        for k, group in enumerate(GROUPS):
            for arm in group:
                interval, word = judged[name][arm]
                decided = word != "undecided"
                places.append(len(places) + GAP * k)
                ratios = recipe.measured(rows, name, arm) / base
                _draw_row(ax, places[-1], ratios, interval, decided)
                called = recipe.SHOWN_AS.get(arm, arm)
                labels.append(f"{called}: {word}" if decided else called)
        ax.axvline(1, color=plots.NEUTRAL, linestyle="--", linewidth=1)
        ax.set(xscale="log", title=NAMES[name], xlim=(LOW, HIGH), ylim=(places[-1] + 0.5, -0.5))
        ax.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
        ax.minorticks_off()
        ax.set_yticks(places, labels)
        for label, tick in zip(labels, ax.get_yticklabels(), strict=True):
            tick.set_fontweight("bold" if ": " in label else "normal")
        ax.tick_params(axis="y", length=0)
        ax.grid(False, axis="y")
    axes[-1].set_xlabel("distance / distance of the base")
    keys = [plots.plt.Line2D([], [], linestyle="", marker="o", color=plots.NEUTRAL, label="seed"),
            plots.plt.Line2D([], [], linewidth=3.5, color="#9A9A9A", label="95 % interval")]
    fig.legend(handles=keys, loc="outside upper right", ncols=2)
    plots.finish(fig, alt=alt)


def _draw_row(ax: plots.Axes, y: float, ratios: np.ndarray, interval: Interval,
              decided: bool) -> None:
    """A dot for each seed's ratio and the interval of the mean, black where it decides."""
    colour = "black" if decided else "#9A9A9A"
    if decided:
        ax.axhspan(y - 0.42, y + 0.42, color=plots.NEUTRAL, alpha=0.15, linewidth=0)
    ax.plot([interval.low, interval.high], [y, y], color=colour, linewidth=3.5,
            solid_capstyle="butt")
    heights = y + np.linspace(-0.2, 0.2, len(ratios))  # so that equal ratios do not hide each other
    ax.plot(ratios, heights, "o", color=plots.NEUTRAL, markersize=5,
            markeredgecolor="white", markeredgewidth=0.7)


def show_faces(*, alt: str) -> None:
    """Display six faces of each recipe whose faces are kept, a row each; the first seed's."""
    with np.load(recipe.HERE.with_suffix(".npz"), allow_pickle=False) as kept:
        faces = {arm: kept[arm] for arm in recipe.SHOWN}
    fig, ax = plots.figure(width=7.5, height=1.0 * len(faces))
    plots.show_images(np.concatenate(list(faces.values())), columns=6, ax=ax)
    side = 33  # pixels from row to row
    ax.set_yticks([side * (i + 0.5) for i in range(len(faces))],
                  [recipe.SHOWN_AS.get(arm, arm) for arm in faces])
    ax.tick_params(length=0, labelsize=11)
    plots.finish(fig, alt=alt)
