"""Drawings and tables of lesson 10, made from its stored table."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gancourse.course.studies.conditional import conditional_gans as study
from gancourse.course.studies.conditional.copies import NOISES
from gancourse.notebook import plots

MARKS = {  # of the arms in the picture of both copy measures: marker and colour
    "held-out images": ("s", plots.REAL), "noise": ("x", plots.NEUTRAL),
    "untrained G": ("^", "black"), "copies, shifted": ("P", "#6A3D9A"),
    "copies, with noise": (".", "#CC79A7"), "plain": ("o", plots.FAKE),
    "DiffAugment": ("D", plots.THIRD)}


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Display a table of these columns; each row holds a text for each."""
    from IPython.display import Markdown, display

    lines = [columns, [":--"] + ["--:"] * (len(columns) - 1), *rows]
    display(Markdown("\n".join("| " + " | ".join(line) + " |" for line in lines)))


def signed(gain: tuple[float, float], digits: int = 3) -> str:
    """Return a mean gain and half its interval in words, such as +0.091 ± 0.030."""
    return f"{gain[0]:+.{digits}f} ± {gain[1]:.{digits}f}"


def draw_gains(gains: Mapping[tuple[str, str], tuple[float, float]],
               each: Mapping[tuple[str, str], np.ndarray], titles: Mapping[str, str]) -> None:
    """Display gains with their intervals, a panel for each setting, one below the other.

    `gains` and `each` (the gain of every pick) are given by (setting, arm); `titles` by setting.
    """
    arms = list(dict.fromkeys(arm for _, arm in gains))
    fig, axes = plots.figure(len(titles), 1, width=6.2, height=2.5 * len(titles))
    for ax, (setting, title) in zip(axes, titles.items(), strict=True):
        ax.axvline(0, color=plots.NEUTRAL, linestyle=":", linewidth=1.5)
        for i, arm in enumerate(arms):
            if (setting, arm) not in gains:
                ax.text(0.5, i, "not tried", transform=ax.get_yaxis_transform(), va="center",
                        ha="center", fontsize=11, style="italic")
                continue
            mean, half = gains[setting, arm]
            colour = plots.THIRD if "affine" in arm else plots.NEUTRAL
            runs = each[setting, arm]
            ax.plot(runs, [i] * len(runs), "o", color=colour, alpha=0.4, markersize=6)
            ax.errorbar(mean, i, xerr=half, color=colour, fmt="|", markersize=15, capsize=5,
                        elinewidth=2.5, markeredgewidth=2.5)
        ax.set_yticks(range(len(arms)), arms, fontsize=12)
        ax.set_ylim(len(arms) - 0.5, -0.5)
        ax.set_title(title, fontsize=12)
        ax.tick_params(axis="x", labelsize=12)
        ax.locator_params(axis="x", nbins=5)
    axes[-1].set_xlabel("gain in accuracy over real only", fontsize=12)
    plots.finish(fig, alt="Three panels, one below the other: gains in accuracy over real "
                          "only with 95 % intervals and a dotted line at 0. The two affine arms, "
                          "green, lie to the right of it; more copies and the GANs lie about it")


def draw_measures(rows: Sequence[dict], part: str) -> None:
    """Display copy share against copy ratio of all controls and GANs, a mark for each pick."""
    fig, ax = plots.figure(width=6.2, height=5.2)
    for name, (mark, colour) in MARKS.items():
        arms = [f"copies + noise {s}" for s in NOISES] if "with noise" in name else [name]
        ratio, share = (np.concatenate([at_the_end(rows, part, arm, what) for arm in arms])
                        for what in ("copy ratio", "copy share"))
        ax.plot(ratio, share, mark, color=colour, alpha=0.75, markersize=9, label=name)
    ax.axhline(0.5, color=plots.NEUTRAL, linestyle=":", linewidth=1.5)
    ax.set_ylim(-0.05, 1.05)
    ax.set_xlabel("copy ratio (median distances)", fontsize=12)
    ax.set_ylabel("copy share (each sample by itself)", fontsize=12)
    ax.tick_params(labelsize=12)
    fig.legend(fontsize=11, loc="outside lower center", ncols=3)
    plots.finish(fig, alt="Copy share against copy ratio, a mark for each of five picks: copies "
                          "with noise stay at share 1 while their ratio rises; shifted copies lie "
                          "about one half, as held-out images and noise do; the plain GANs near 1, "
                          "those with DiffAugment in between")


def draw_paths(rows: Sequence[dict], parts: Mapping[str, str], share: str) -> None:
    """Display the share of copies against the distance while GANs train; `parts` give titles."""
    fig, axes = plots.figure(len(parts), 1, width=6.2, height=3.3 * len(parts), sharex=True)
    for ax, (part, title) in zip(axes, parts.items(), strict=True):
        for arm in ("plain", "DiffAugment"):
            mark, colour = MARKS[arm]
            for i in study.DRAWS:
                path = study.path_of(rows, part, arm, i, share)
                ax.plot(*path.T, ".-", color=colour, linewidth=1, alpha=0.8)
                ax.plot(*path[-1], mark, color=colour, markersize=8,
                        label=arm if i == 0 else None)
        ax.axhline(0.5, color=plots.NEUTRAL, linestyle=":", linewidth=1.5)
        ax.set(xscale="log", ylim=(0.45, 1.03))
        ax.set_title(title, fontsize=12)
        ax.set_ylabel("share over shifts", fontsize=12)
        ax.set_xticks([25, 50, 100, 200], ["25", "50", "100", "200"])
        ax.tick_params(labelsize=12)
        ax.minorticks_off()
    axes[-1].set_xlabel("Fréchet distance", fontsize=12)
    handles, labels = axes[0].get_legend_handles_labels()
    fig.legend(handles, labels, fontsize=12, loc="outside lower center", ncols=2)
    plots.finish(fig, alt="Share of copies over shifts against distance while GANs train, five "
                          "picks each without and with DiffAugment, strokes above MNIST; the last "
                          "moment of each training is a large mark")


def at_the_end(rows: Sequence[dict], part: str, arm: str, measure: str) -> np.ndarray:
    """Return a measure of an arm of few images after its training, a number for each pick."""
    of_arm = [row for row in rows if (row["part"], row["arm"], row["measure"])
              == (part, arm, measure) and row["per_class"] == "5"]
    last = max((int(row["step"]) for row in of_arm), default=0)
    return study.pick(of_arm, step=last)


def show_diffaugment() -> None:
    """Display who feeds whom when D sees every image through T."""
    fig, ax = plots.figure(width=7.0, height=3.0)
    ax.set(xlim=(-0.8, 9.9), ylim=(-0.5, 2.5), xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)
    z = _box(ax, 0, 0.3, "z, y", plots.NEUTRAL)
    g = _box(ax, 1.6, 0.3, "G", plots.FAKE, filled=True)
    made = _box(ax, 3.3, 0.3, "fake", plots.FAKE)
    real = _box(ax, 3.3, 1.9, "real x", plots.REAL)
    upper, lower = (_box(ax, 5.1, y, "T", plots.THIRD, filled=True) for y in (1.9, 0.3))
    d = _box(ax, 7.0, 1.1, "D", plots.NEUTRAL, filled=True)
    verdict = _box(ax, 8.9, 1.1, "is T(x)\nreal?", plots.NEUTRAL)
    for start, end, colour in ((z, g, plots.NEUTRAL), (g, made, plots.FAKE),
                               (made, lower, plots.FAKE), (real, upper, plots.REAL),
                               (lower, d, plots.FAKE), (upper, d, plots.REAL),
                               (d, verdict, plots.NEUTRAL)):
        _arrow(ax, start, end, colour)
    for start, end, bend in ((verdict, d, 0.6), (d, lower, -0.45), (lower, made, -0.6),
                             (made, g, -0.6)):
        _arrow(ax, start, end, plots.NEUTRAL, dashes=(0, (3, 2)), bend=bend)
    beside = {"ha": "center", "fontsize": 12, "color": plots.NEUTRAL, "style": "italic"}
    ax.text(8.0, 1.95, "D learns", **beside)
    ax.text(7.6, 0.0, "G learns, through D and T", **beside)
    plots.finish(fig, alt="Who feeds whom with DiffAugment: fakes and real images both pass "
                          "through T before D; dashed arrows teach D, and G through D and T")


def _box(ax: plots.Axes, x: float, y: float, text: str, colour: str, *,
         filled: bool = False) -> Any:
    """Draw a box with a text, centred, and return it; networks and T are filled."""
    return ax.text(x, y, text, ha="center", va="center", fontsize=13, zorder=3,
                   color="white" if filled else "black",
                   bbox={"boxstyle": "round,pad=0.5,rounding_size=0.3", "linewidth": 1.6,
                         "facecolor": colour if filled else "#F4F4F4", "edgecolor": colour})


def _arrow(ax: plots.Axes, start: Any, end: Any, colour: str, *, dashes: str | tuple = "solid",
           bend: float = 0.0) -> None:
    """Draw an arrow from the edge of one box to the edge of another."""
    ax.annotate("", end.get_position(), start.get_position(), zorder=2,
                arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.7,
                            "linestyle": dashes, "shrinkA": 2, "shrinkB": 2, "mutation_scale": 14,
                            "patchA": start.get_bbox_patch(), "patchB": end.get_bbox_patch(),
                            "connectionstyle": f"arc3,rad={bend}"})
