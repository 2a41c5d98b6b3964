"""The figures of the study of recipes: every run as a dot, faces of three recipes.  Lesson 14."""

from collections.abc import Sequence

import numpy as np

from gancourse.course.studies.recipe import recipe
from gancourse.notebook import plots

NAMES = {"strokes": "digits", "faces": "faces"}
TICKS = {"strokes": [20, 50, 100, 200], "faces": [1000, 2000, 5000, 10_000]}
MARKED = "2024"


def show_arms(rows: Sequence[dict], *, alt: str) -> None:
    """Display the distance of every run, a row for each arm, a panel for each data set.

    A dot is a seed, the bar the median of an arm; the dashed line goes through the median of 2024.
    """
    names = recipe.arms()
    fig, axes = plots.figure(1, 2, width=7.5, height=0.9 + 0.34 * len(names), sharey=True)
    for ax, name in zip(axes, NAMES, strict=True):
        distances = {arm: recipe.measured(rows, name, arm) for arm in names}
        plots.show_spread(distances, ax=ax, names=[f"seed {seed}" for seed in recipe.SEEDS],
                          xlabel="distance (less is better)", title=NAMES[name])
        ax.set_xscale("log")
        ax.set_xticks(TICKS[name], [f"{tick:,}" for tick in TICKS[name]])
        ax.minorticks_off()
        ax.axvline(np.median(distances[MARKED]), color=plots.NEUTRAL, linestyle="--", linewidth=1)
        ax.get_legend().remove()
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=3)
    plots.finish(fig, alt=alt)


def show_faces(*, alt: str) -> None:
    """Display six faces of each recipe whose faces are kept, a row each; the first seed's."""
    with np.load(recipe.HERE.with_suffix(".npz"), allow_pickle=False) as kept:
        faces = {arm: kept[arm] for arm in recipe.SHOWN}
    fig, ax = plots.figure(width=7.5, height=1.0 * len(faces))
    plots.show_images(np.concatenate(list(faces.values())), columns=6, ax=ax)
    side = 33  # pixels from row to row
    ax.set_yticks([side * (i + 0.5) for i in range(len(faces))],
                  [arm.replace(" of ", " of\n") for arm in faces])
    ax.tick_params(length=0, labelsize=11)
    plots.finish(fig, alt=alt)
