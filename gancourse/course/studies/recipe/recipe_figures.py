"""The figures of the study of recipes: every run as a dot, faces of three recipes.  Lesson 14."""

from collections.abc import Mapping, Sequence

import numpy as np

from gancourse.course.studies.recipe import recipe
from gancourse.notebook import plots

NAMES = {"strokes": "digits", "faces": "faces"}
TICKS = {"strokes": [20, 50, 100, 200], "faces": [1000, 2000, 5000, 10_000]}
GROUPS = (("2016", recipe.BASE, "all of lesson 03"), ("residual networks",),
          (*recipe.LEFT_OUT, recipe.NO_AVERAGE))
SHOWN_AS = {"2016": "2016", recipe.BASE: "base", "all of lesson 03": "lesson 03"}
GAP = 0.5  # between two groups, in rows


def show_arms(rows: Sequence[dict], judged: Mapping[str, Mapping[str, tuple]] | None = None, *,
              alt: str) -> None:
    """Display the distance of every run, a row for each arm, a panel for each data set.

    A dot is a seed, the bar the median of an arm; the dashed line goes through the median of the
    base.  Three whole recipes stand first, then the base on other networks, then the base with one
    part changed.  `judged` is what `recipe.verdicts` returns: a row that it decides has a darker
    band, and its verdict beside its name.
    """
    fig, axes = plots.figure(2, 1, width=5.6, height=8.2)
    for ax, name in zip(axes, NAMES, strict=True):
        decided = {arm: word for arm, (_, word) in (judged or {}).get(name, {}).items()
                   if word != "undecided"}
        places: list[float] = []
        for k, group in enumerate(GROUPS):
            for arm in group:
                y = len(places) + GAP * k
                _draw_arm(ax, y, recipe.measured(rows, name, arm), arm in decided)
                places.append(y)
        arms = [arm for group in GROUPS for arm in group]
        base = float(np.median(recipe.measured(rows, name, recipe.BASE)))
        ax.axvline(base, color=plots.NEUTRAL, linestyle="--", linewidth=1)
        ax.set(xscale="log", title=NAMES[name], ylim=(places[-1] + 0.5, -0.5))
        ax.set_xticks(TICKS[name], [f"{tick:,}" for tick in TICKS[name]])
        ax.minorticks_off()
        ax.set_yticks(places, [_label(arm, decided) for arm in arms])
        for arm, tick in zip(arms, ax.get_yticklabels(), strict=True):
            tick.set_fontweight("bold" if arm in decided else "normal")
        ax.tick_params(axis="y", length=0)
        ax.grid(False, axis="y")
    axes[-1].set_xlabel("distance (less is better)")
    keys = [plots.plt.Line2D([], [], linestyle="", marker="o", color=colour, label=f"seed {seed}")
            for seed, colour in zip(recipe.SEEDS, plots.COLOURS, strict=False)]
    fig.legend(handles=keys, loc="outside upper right", ncols=3, handletextpad=0.1)
    plots.finish(fig, alt=alt)


def _label(arm: str, decided: Mapping[str, str]) -> str:
    """The name of a row, with its verdict where there is one."""
    called = SHOWN_AS.get(arm, arm)
    return f"{called}: {decided[arm]}" if arm in decided else called


def _draw_arm(ax: plots.Axes, y: float, distances: np.ndarray, decided: bool) -> None:
    """A dot for each seed, and a bar at the median; a darker band where the row is decided."""
    ax.axhspan(y - 0.42, y + 0.42, color=plots.NEUTRAL, alpha=0.22 if decided else 0.05,
               linewidth=0)
    ax.vlines(np.median(distances), y - 0.42, y + 0.42, color=plots.NEUTRAL, linewidth=2.5)
    heights = y + np.linspace(-0.24, 0.24, len(distances))
    ax.scatter(distances, heights, s=34, c=plots.COLOURS[: len(distances)], edgecolor="white",
               linewidth=0.7, zorder=3)


def show_faces(*, alt: str) -> None:
    """Display six faces of each recipe whose faces are kept, a row each; the first seed's."""
    with np.load(recipe.HERE.with_suffix(".npz"), allow_pickle=False) as kept:
        faces = {arm: kept[arm] for arm in recipe.SHOWN}
    fig, ax = plots.figure(width=7.5, height=1.0 * len(faces))
    plots.show_images(np.concatenate(list(faces.values())), columns=6, ax=ax)
    side = 33  # pixels from row to row
    ax.set_yticks([side * (i + 0.5) for i in range(len(faces))],
                  [SHOWN_AS.get(arm, arm) for arm in faces])
    ax.tick_params(length=0, labelsize=11)
    plots.finish(fig, alt=alt)
