"""The figures of lesson 09's study: distances on a logarithmic axis, and what they look like.

They are narrow and tall, so that their texts can be read on a phone.
"""

import math
from collections.abc import Sequence

import numpy as np

from gancourse.course.studies import stored_table
from gancourse.course.studies.what_works import comparisons
from gancourse.course.studies.what_works.sweeps import DISTANCE, SAMPLES, Rows
from gancourse.notebook import animation, plots, slider

WIDTH = 5.4  # inches
DOTS, OTHERS = "#6A3D9A", "#A8A8A8"  # where they are not told by seed: blue would mean real
RATES, MEMORIES = [0.001, 0.004, 0.016], [0.0, 0.5, 0.9]  # of the map
SEEN = {  # what made the samples that are kept, by the name of their run
    "num_steps=1000,num_images=20000": "default, longer", "beta1=0.0": "default",
    "loss=wasserstein": "Wasserstein", "network=mlp,budget=5": "one hidden layer",
    "learning_rate=3.2e-2,optimiser=sgd": "SGD, rate .032",
    "learning_rate=1e-3,beta1=0.9": "Adam,\n2 other numbers",
    "learning_rate=4e-3,optimiser=sgd": "SGD, rate .004"}
REGIMES = {  # what a row of the overview says of its runs, where it is not what most have
    "architecture": "architecture,\n5 seconds", "batch size": "batch size,\n5 seconds",
    "normalisation": "normalisation,\nno penalty"}
Settings = dict[str, Sequence[float]]  # distances by label, one a seed, NaN where a run has failed


def labelled(settings: Settings) -> Settings:
    """Return settings under labels that count the runs which have failed."""
    failed = {label: sum(map(math.isnan, runs)) for label, runs in settings.items()}
    return {f"{label}\n({failed[label]} failed)" if failed[label] else label: runs
            for label, runs in settings.items()}


def draw(settings: Settings, ax: plots.Axes, *, limits: tuple[float, float] | None = None,
         xlabel: str = "Frechet distance (lower is better)") -> None:
    """Draw the distances of settings on a logarithmic axis, on which equal margins look equal.

    A dot is a run, coloured by its seed; a bar is the median of a setting.
    """
    names = [f"seed {seed}" for seed in range(3)]
    plots.show_spread(labelled(settings), names=names, xlabel=xlabel, ax=ax)
    _set_distances(ax, limits)
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, handletextpad=0,
              borderaxespad=0.2, columnspacing=1)


def draw_runs(runs: Settings, colours: Sequence[Sequence[str]], ax: plots.Axes, *,
              xlabel: str) -> None:
    """Draw rows of runs of many settings as dots in given colours, on the axis of `draw`."""
    for i, (numbers, own) in enumerate(zip(runs.values(), colours, strict=True)):
        ax.axhspan(i - 0.4, i + 0.4, color=plots.NEUTRAL, alpha=0.05, linewidth=0)
        ax.scatter(numbers, i + np.linspace(-0.24, 0.24, len(numbers)), s=36, c=own,
                   edgecolor="white", linewidth=0.7, zorder=3)
    ax.set_yticks(range(len(runs)), list(labelled(runs)))
    ax.set(ylim=(len(runs) - 0.5, -0.5), xlabel=xlabel)
    ax.tick_params(axis="y", length=0)
    ax.grid(False, axis="y")
    _set_distances(ax)


def show_settings(settings: Settings, *, alt: str,
                  xlabel: str = "Frechet distance (lower is better)") -> None:
    """Display the distances of some settings."""
    fig, ax = plots.figure(width=WIDTH, height=1.2 + 0.4 * len(settings))
    draw(settings, ax, xlabel=xlabel)
    plots.finish(fig, alt=alt)


def show_margin(a: Sequence[float], b: Sequence[float]) -> None:
    """Display how far apart the runs of two settings lie, and a's runs moved until they touch b."""
    factor = comparisons.margin(a, b)
    moved = [distance * factor for distance in a]
    fig, ax = plots.figure(width=WIDTH, height=2.3)
    ax.scatter(a, [2] * len(a), s=60, color=DOTS, zorder=3)
    ax.scatter(moved, [1] * len(a), s=60, facecolors="none", edgecolors=DOTS, zorder=3)
    ax.scatter(b, [0] * len(b), s=60, color=OTHERS, zorder=3)
    ax.vlines(min(b), -0.3, 1.3, color=plots.NEUTRAL, linestyle=":")
    ax.set_xscale("log")
    ticks = sorted({*a, *b})
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_xticks([], minor=True)
    ax.set_yticks([2, 1, 0], ["runs of a", f"a, each × {factor:g}", "runs of b"])
    ax.set(ylim=(-0.5, 2.5), xlabel="distance (lower is better)")
    plots.finish(fig, alt=f"Three dots of a left of three dots of b; between them a's dots, each "
                          f"times {factor:g}, which just reach b's")


def seen() -> list[tuple[float, np.ndarray]]:
    """Return (distance, 16 samples, uint8) of the runs whose samples are kept, nearest first.

    The distance 0 stands for real images.
    """
    rows = stored_table.read(SAMPLES.with_suffix(".csv"))
    with np.load(SAMPLES, allow_pickle=False) as kept:
        drawn = [(float(row[DISTANCE]), kept[f"{row['sweep']}, {row['run']}"]) for row in rows]
        return [(0.0, kept["real"]), *sorted(drawn, key=lambda pair: pair[0])]


def show_seen() -> None:
    """Display real images and samples of runs near and far, a row each, eight of each."""
    rows = seen()
    fig, ax = plots.figure(width=WIDTH, height=0.3 + 0.72 * WIDTH * len(rows) / 8, layout="none")
    ax.set_position((0.27, 0.01, 0.72, 0.92))  # left, bottom, width, height
    plots.show_images(np.concatenate([images[:8] for _, images in rows]), columns=8, ax=ax)
    side = rows[0][1].shape[1] + 1  # pixels from row to row
    words = {float(row[DISTANCE]): SEEN.get(row["run"], row["run"])
             for row in stored_table.read(SAMPLES.with_suffix(".csv"))}
    names = [f"{distance:.0f}\n{words[distance]}" if distance else "real" for distance, _ in rows]
    ax.set_yticks([side * (i + 0.5) for i in range(len(rows))], names)
    ax.tick_params(length=0, labelsize=11)
    ax.set_title("Frechet distance, and what was changed")
    plots.finish(fig, alt="Rows of eight digits: real ones on top, then samples whose distance "
                          "grows from row to row, from clean digits to blots")


def show_overview(pages: dict[str, Settings]) -> None:
    """Display all runs, a row for each page, those of the default in purple."""
    fig, ax = plots.figure(width=WIDTH, height=4.8)
    runs = {REGIMES.get(name, name): sum(map(list, page.values()), [])
            for name, page in pages.items()}
    colours = [[DOTS if "(default)" in label else OTHERS
                for label, distances in page.items() for _ in distances] for page in pages.values()]
    draw_runs(runs, colours, ax, xlabel="Frechet distance; purple: runs of the default")
    ax.set_title("all runs, by the choice that was changed")
    plots.finish(fig, alt="Seven rows of dots on a logarithmic axis, one for each choice; the "
                          "upper four are far wider, and the purple ones stand on the left")


def show_map(rows: Rows) -> None:
    """Display the median distance, and each seed's, by learning rate and beta1."""
    measured = [[comparisons.distances(rows, learning_rate=h, beta1=b) for b in MEMORIES]
             for h in RATES]
    far = np.nan_to_num(measured, nan=np.inf)
    notes = [["  ".join(f"{d:.0f}" for d in runs) for runs in line] for line in far]
    plots.show_heat_map(
        np.median(far, axis=2), rows=RATES, columns=MEMORIES, notes=notes, xlabel="beta1",
        ylabel="learning rate", title="median distance; small, each seed",
        alt="A map of three learning rates and three values of beta1; darkest, so best, at rate "
            ".004 with beta1 0, lightest at rate .001 with beta1 .9")


def show_pages(rows: Rows, pages: dict[str, Settings]) -> None:
    """Display the pages behind a slider, and one of two losses at all rates that were tried."""
    rates = {}
    for words, loss in (("cross-entropy", "nonsaturating"), ("least squares", "least_squares")):
        for rate, runs in comparisons.along(rows, "learning_rate", loss=loss).items():
            rates[f"{words}, {rate:g}".replace("0.", ".")] = runs
    shown = pages | {"two losses, each at several rates": rates}
    fig, _ = plots.figure(width=WIDTH, height=5.2, layout="none")

    def turn_to(name: str) -> None:
        fig.clear()
        ax = fig.add_axes((0.36, 0.1, 0.61, 0.83))  # left, bottom, width, height
        draw(shown[name], ax, limits=(15, 1500))

    slider.show(animation.frames(fig, turn_to, shown), {"choice": list(shown)}, start=2,
                alt="One page for each choice: a row of three dots for each setting, on the axis "
                    "of the distance; at first the page of losses and penalties, where least "
                    "squares lies furthest right")


def draw_training(fig: plots.Figure, curve: Sequence[tuple[float, float]], samples: np.ndarray,
                  title: str) -> None:
    """Draw (seconds, distance) above samples into an empty figure."""
    top, bottom = fig.subplots(2, 1, height_ratios=[2, 3])
    top.plot(*zip(*curve, strict=True), color=plots.THIRD, marker=".")
    top.set(xlabel="processor seconds", ylabel="Frechet distance", yscale="log", ylim=(10, 4000))
    plots.show_images(samples, columns=8, title=title, ax=bottom)


def _set_distances(ax: plots.Axes, limits: tuple[float, float] | None = None) -> None:
    """Make the horizontal axis logarithmic, with few round numbers."""
    ax.set_xscale("log")
    if limits:
        ax.set_xlim(limits)
    low, high = ax.get_xlim()
    for digits in ((1, 2, 5), (1, 2, 3, 4, 5, 6, 8), range(1, 100), range(1, 1000)):
        ticks = [n * 10**k for k in range(-1, 4) for n in digits if low <= n * 10**k <= high]
        if len(ticks) >= 3:
            break
    ticks = sorted(set(ticks))
    ticks = ticks[::max(1, len(ticks) // 6)]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_xticks([], minor=True)
