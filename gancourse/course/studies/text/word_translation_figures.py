"""What lesson 13 shows of the dictionary that nobody wrote: two clouds, the starts, the table."""

from collections.abc import Sequence

import numpy as np

from gancourse.course.studies import stored_table
from gancourse.course.studies.text import word_translation
from gancourse.course.studies.text.two_languages import Pair
from gancourse.notebook import animation, plots

NAMES = {  # of the ways, as the table names them
    "frequency rank": "frequency rank", "nearest structure": "nearest structure",
    "no game": "no game: random maps", "game": "**the game**",
    "game, words alike": "the game, all words count alike", "20 true pairs": "given 20 true pairs",
    "all true pairs": "given the dictionary"}
LINKED = ("child", "dog", "bread", "knife", "house")  # the first word of each kind of noun
PAIR_COLOURS = [*plots.COLOURS[:3], *plots.COLOURS[4:]]


def read_clouds() -> dict[str, np.ndarray]:
    """Return the stored arrays of `word_translation.clouds`."""
    path = word_translation.HERE / word_translation.FILES["clouds"]
    with np.load(path, allow_pickle=False) as kept:
        return dict(kept)


def moments() -> list[int]:
    """Return the step of each stored moment of the games."""
    return [*word_translation.LOOKS, word_translation.STEPS]


def cloud_frames(clouds: dict[str, np.ndarray], pair: Pair,
                 steps: Sequence[int]) -> list[np.ndarray]:
    """Return an image for each step: both clouds in the start that is chosen and in the worst.

    A line leads from each word of LINKED to the word of B that means the same.
    """
    fig, axes = plots.figure(1, 2, width=6.0, height=3.5)

    def turn_to(k: int) -> None:
        for ax, name, share in zip(axes, ("chosen", "worst"), clouds["right"], strict=True):
            ax.clear()
            ax.plot(*clouds["target"].T, ".", color=plots.REAL, markersize=5, label="words of B")
            ax.plot(*clouds[name][k].T, ".", color=plots.FAKE, markersize=5,
                    label="words of A, turned by G")
            for word in LINKED:
                number = pair.words_a.index(word)
                start, end = clouds[name][k][number], clouds["target"][pair.truth[number]]
                ax.plot(*np.array([start, end]).T, color="black", linewidth=1)
                for place, colour in ((start, plots.FAKE), (end, plots.REAL)):
                    ax.plot(*place, "o", color=colour, markeredgecolor="black", markersize=6,
                            zorder=5)
                ax.annotate(word, end, fontsize=10, xytext=(4, 5), textcoords="offset points",
                            bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.5})
            ax.set(xlim=(-1.15, 1.15), ylim=(-1.4, 1.05), xticks=[], yticks=[], aspect="equal",
                   title=f"{'a good' if name == 'chosen' else 'a bad'} start: "
                         f"{share[k]:.0%} right")
        axes[0].legend(loc="lower left", fontsize=10, handletextpad=0)

    return animation.frames(fig, turn_to, [moments().index(step) for step in steps])


def show_starts(starts: Sequence[dict], level: float, *, alt: str) -> None:
    """Display the criterion and the accuracy of every start; `level` is the best of shuffled B."""
    fig, ax = plots.figure(width=6.5, height=3.2)
    for pair, colour in enumerate(PAIR_COLOURS):
        ax.plot(stored_table.pick(starts, "criterion", pair=pair),
                stored_table.pick(starts, "accuracy", pair=pair), "o", color=colour, alpha=0.7,
                markersize=6, label=f"pair {pair}")
    ax.axvline(level, color=plots.NEUTRAL, linestyle=":", label="best of B shuffled")
    ax.set(xlabel="mean CSLS, which needs no dictionary", ylabel="share of right words",
           ylim=(-0.04, 1.04))
    ax.legend(loc="lower right")
    plots.finish(fig, alt=alt)


def in_markdown(rows: Sequence[dict], condition: str = "other topics") -> str:
    """Return the table of all ways for the pairs of a condition; chosen by the criterion."""
    seeds = sorted({row["pair"] for row in rows if row["condition"] == condition})
    lines = [f"| way (starts) | right words, pairs {seeds[0]} to {seeds[-1]} | starts that reach a "
             "dictionary | seconds |", "|-|-|-|-|"]
    for way, name in NAMES.items():
        pick = lambda column, way=way: stored_table.pick(rows, column, condition=condition, way=way)
        num = int(pick("starts")[0])
        reached = f"{pick('reached').sum():.0f} of {num * len(seeds)}"
        shares = " ".join(f"{share:.2f}" for share in pick("accuracy"))
        lines.append(f"| {name} ({num}) | {shares} | {reached} | {pick('seconds').mean():.1f} |")
    return "\n".join(lines)
