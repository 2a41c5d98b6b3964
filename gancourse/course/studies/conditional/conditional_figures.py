"""Drawings and tables of lesson 10, made from its stored table."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from gancourse.course.studies.conditional import conditional_gans as study
from gancourse.course.studies.conditional import few_labels
from gancourse.course.studies.conditional.copies import CUT, NOISES, SHIFTED, THROUGH_T
from gancourse.notebook import animation, plots, slider
from gancourse.notebook.diagram import OTHER, Box, show_boxes

LETTERS = 14  # points, on a figure WIDTH inches wide: large enough for a telephone
WIDTH = 5.6
ROW_COLOURS = {"real": plots.REAL, "nearest": plots.REAL, "drawn": plots.FAKE}  # others are black
COPY, GANS = "#CC79A7", {"plain": plots.FAKE, "DiffAugment": OTHER}  # colours
KINDS = {  # of the arms in the picture of the measures of copying: label and colour
    "noise on copies": ("copies with noise", COPY), SHIFTED: (SHIFTED, COPY), CUT: (CUT, COPY),
    THROUGH_T: ("copies, both", COPY), "held-out images": ("held-out images", plots.REAL),
    "noise": ("noise alone", plots.NEUTRAL),
    "plain": ("plain GAN", plots.FAKE), "DiffAugment": ("DiffAugment", OTHER)}
MEASURES = {"copy ratio": (1.0, (0, 1, 2)), "copy share": (0.5, (0, 0.5, 1)),
            "share over shifts": (0.5, (0, 0.5, 1))}  # without copying, and marks of the axis


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Display a table of these columns; each row holds a text for each."""
    from IPython.display import Markdown, display

    lines = [columns, [":--"] + ["--:"] * (len(columns) - 1), *rows]
    display(Markdown("\n".join("| " + " | ".join(line) + " |" for line in lines)))


def signed(gain: tuple[float, float], digits: int = 3) -> str:
    """Return a mean gain and half its interval in words, such as +0.091 ± 0.030."""
    return f"{gain[0]:+.{digits}f} ± {gain[1]:.{digits}f}"


def row_of_arm(arm: str, shares: np.ndarray) -> list[str]:
    """Return an arm, its accuracies, one for each pick, and their mean with its 95 % interval."""
    mean, half = few_labels.mean_and_half(shares)
    return [arm, " ".join(f"{share:.3f}" for share in shares), f"{mean:.3f} ± {half:.3f}"]


def show_grids(groups: Mapping[str, Mapping[str, np.ndarray]], *, alt: str,
               names: Sequence[str] = (), below: Sequence[str] = ()) -> None:
    """Display groups of labelled rows of images, a group below the other; titles by group.

    A group maps the label of its rows, "" for none, to images (n, height, width, channels).  There
    are ten images in a row, or one for each of `names`, which stand above the first row.  `below`
    are texts below the images of the last row.
    """
    columns = len(names) or 10
    lines = [sum(-(-len(images) // columns) for images in rows.values())
             for rows in groups.values()]
    height = 0.3 * len(groups) + 0.3 * bool(names) + 5.2 / columns * sum(lines)
    height += 0.17 * max((text.count("\n") + 1 for text in below if text), default=0)
    fig, axes = plots.figure(len(groups), 1, width=WIDTH, height=height, height_ratios=lines,
                             squeeze=False)
    for ax, (title, rows) in zip(axes[:, 0], groups.items(), strict=True):
        _draw_rows(ax, rows, columns, names if ax is axes[0, 0] else ())
        ax.set_title(title, fontsize=LETTERS, pad=28 if names and ax is axes[0, 0] else 6)
    bottom, right = axes[-1, 0].get_ylim()[0], axes[-1, 0].get_xlim()[1]
    for i, text in enumerate(below):
        axes[-1, 0].text((i + 0.5) * right / columns, bottom + 3, text, ha="center", va="top",
                         fontsize=10, linespacing=1.1)
    plots.finish(fig, alt=alt)


def draw_label_terms(maps: Mapping[str, np.ndarray], *, alt: str) -> None:
    """Display maps (digits shown, labels), a title for each, side by side; darker is more.

    Terms at or below the mean, 0, are white; a frame marks the digit's own label.
    """
    most = max(terms.max() for terms in maps.values())
    fig, axes = plots.figure(1, len(maps), width=WIDTH, height=3.3, sharey=True)
    for ax, (title, terms) in zip(axes, maps.items(), strict=True):
        shades = ax.imshow(terms, cmap="Greys", vmin=0, vmax=most)
        for i in range(len(terms)):
            ax.add_patch(plots.plt.Rectangle((i - 0.5, i - 0.5), 1, 1, fill=False,
                                             edgecolor=OTHER, linewidth=1.8))
        ax.set_title(title, fontsize=13)
        ax.set_xlabel("label given to D", fontsize=12)
        ax.set_xticks(range(len(terms)))
        ax.set_yticks(range(len(terms)))
        ax.tick_params(labelsize=12, length=0)
        ax.grid(False)
        ax.spines[:].set(color=plots.NEUTRAL, linewidth=0.8)
        ax.spines[:].set_visible(True)
    axes[0].set_ylabel("digit shown", fontsize=12)
    bar = fig.colorbar(shades, ax=axes, orientation="horizontal", shrink=0.6, aspect=30,
                       extend="min")
    bar.set_label("label term above its mean over labels (white: at it, or below)", fontsize=12)
    bar.ax.tick_params(labelsize=12)
    plots.finish(fig, alt=alt)


def show_draws(draws: Sequence[Mapping[str, np.ndarray]], name: str, *, alt: str) -> None:
    """Display labelled rows of images that change behind a slider, which says which draw it is."""
    rows = len(draws[0])
    fig, ax = plots.figure(width=WIDTH, height=0.5 * rows)
    columns = len(next(iter(draws[0].values())))
    images = animation.frames(fig, lambda some: _draw_rows(ax, some, columns), draws)
    slider.show(images, {name: range(1, len(draws) + 1)}, alt=alt, seconds=0.8 * len(draws),
                start=0)


def _draw_rows(ax: plots.Axes, rows: Mapping[str, np.ndarray], columns: int,
               names: Sequence[str] = ()) -> None:
    """Draw rows of images with their labels at the left, and names above the first row."""
    ax.clear()
    plots.show_images(np.concatenate(list(rows.values())), columns=columns, ax=ax)
    height, width = next(iter(rows.values())).shape[1:3]
    counts = [-(-len(images) // columns) for images in rows.values()]
    ends = np.cumsum(counts)
    middles = [(end - count / 2) * (height + 1) for end, count in zip(ends, counts, strict=True)]
    for label, y in zip(rows, middles, strict=True):
        ax.text(-4, y, label, ha="right", va="center", fontsize=LETTERS,
                color=ROW_COLOURS.get(label, "black"))
    size = LETTERS if all(len(name) <= 2 for name in names) else 9
    for i, name in enumerate(names):
        ax.text((i + 0.5) * (width + 1), -3, name, ha="center", va="bottom", fontsize=size)


def draw_gains(gains: Mapping[tuple[str, str], tuple[float, float]],
               each: Mapping[tuple[str, str], np.ndarray], titles: Mapping[str, str], *,
               alt: str, shaded: Collection[str] = ()) -> None:
    """Display gains with their intervals, a panel for each setting, one below the other.

    `gains` and `each` (the gain of every pick) are given by (setting, row); `titles` by setting.
    What a GAN's drawings add is orange, and each mean stands at the right of its row.  `shaded` are
    the rows with a control of their own, another than that of the other rows.
    """
    rows = list(dict.fromkeys(row for _, row in gains))
    height = (0.45 * len(rows) + 0.45) * len(titles)
    fig, axes = plots.figure(len(titles), 1, width=WIDTH, height=height, squeeze=False, sharex=True)
    for ax, (setting, title) in zip(axes[:, 0], titles.items(), strict=True):
        ax.axvline(0, color=plots.NEUTRAL, linestyle=":", linewidth=1.5)
        for i, row in enumerate(rows):
            mean, half = gains[setting, row]
            colour = plots.FAKE if "GAN" in row else plots.NEUTRAL
            runs = each[setting, row]
            ax.plot(runs, [i] * len(runs), "o", color=colour, alpha=0.4, markersize=6)
            ax.errorbar(mean, i, xerr=half, color=colour, fmt="|", markersize=15, capsize=5,
                        elinewidth=2.5, markeredgewidth=2.5)
            if row in shaded:
                ax.axhspan(i - 0.5, i + 0.5, color=plots.NEUTRAL, alpha=0.12, linewidth=0)
            ax.text(1.02, i, signed((mean, half)), transform=ax.get_yaxis_transform(), va="center",
                    fontsize=11)
        ax.set_yticks(range(len(rows)), rows, fontsize=12)
        ax.set_ylim(len(rows) - 0.5, -0.5)
        ax.set_title(title, fontsize=13)
        ax.tick_params(axis="x", labelsize=12, labelbottom=True)
        ax.locator_params(axis="x", nbins=4)
    axes[-1, 0].set_xlabel("gain in accuracy", fontsize=12)
    plots.finish(fig, alt=alt)


def draw_measures(rows: Sequence[dict], part: str) -> None:
    """Display three measures of copying of all controls and GANs, a dot for each pick."""
    fig, axes = plots.figure(1, len(MEASURES), width=6.0, height=3.9, sharey=True)
    for ax, (measure, (nothing, marks)) in zip(axes, MEASURES.items(), strict=True):
        ax.axvline(nothing, color=plots.NEUTRAL, linestyle=":", linewidth=1.5)
        for i, (name, (_, colour)) in enumerate(KINDS.items()):
            arms = [f"copies + noise {s}" for s in NOISES] if name == "noise on copies" else [name]
            for arm in arms:
                values = at_the_end(rows, part, arm, measure)
                ax.plot(values, [i] * len(values), "o", color=colour, alpha=0.6, markersize=7)
        for line in (3.5, 5.5):
            ax.axhline(line, color=plots.NEUTRAL, linewidth=0.8)
        ax.set_title(measure, fontsize=12)
        ax.set_xticks(marks, [f"{mark:g}" for mark in marks])
        ax.set_xlim(marks[0] - 0.12 * marks[-1], 1.18 * marks[-1])
        ax.tick_params(labelsize=12)
    axes[0].set_yticks(range(len(KINDS)), [label for label, _ in KINDS.values()])
    axes[0].set_ylim(len(KINDS) - 0.5, -0.5)
    plots.finish(fig, alt="Copy ratio, copy share and share over shifts of copies in disguise, of "
                          "two controls and of two GANs, a dot for each of five picks; a dotted "
                          "line marks no copying. Only the last measure has all copies near 1")


def draw_paths(rows: Sequence[dict], parts: Mapping[str, str], share: str) -> None:
    """Display the share of copies against the distance while GANs train; `parts` give titles."""
    fig, axes = plots.figure(len(parts), 1, width=6.2, height=3.3 * len(parts), sharex=True)
    for ax, (part, title) in zip(axes, parts.items(), strict=True):
        for arm, colour in GANS.items():
            paths = np.array([study.path_of(rows, part, arm, i, share) for i in study.DRAWS])
            ax.plot(*paths.reshape(-1, 2).T, "o", color=colour, alpha=0.3, markersize=5)
            mean = np.stack([np.exp(np.log(paths[..., 0]).mean(0)), paths[..., 1].mean(0)], 1)
            ax.plot(*mean.T, color=colour, linewidth=2, label=arm)
            ax.scatter(*mean.T, s=np.linspace(4, 15, len(mean)) ** 2, color=colour, zorder=3)
        ax.axhline(0.5, color=plots.NEUTRAL, linestyle=":", linewidth=1.5)
        ax.set(xscale="log", ylim=(0.43, 1.03))
        ax.set_title(title, fontsize=12)
        ax.set_ylabel("share over shifts", fontsize=12)
        ax.set_xticks([25, 50, 100, 200], ["25", "50", "100", "200"])
        ax.tick_params(labelsize=12)
        ax.minorticks_off()
    axes[-1].set_xlabel("Fréchet distance (log scale)", fontsize=12)
    handles, labels = axes[0].get_legend_handles_labels()
    fig.legend(handles, labels, fontsize=12, loc="outside lower center", ncols=2)
    plots.finish(fig, alt="Share of copies over shifts against distance while GANs train, without "
                          "and with DiffAugment, strokes above MNIST: dots of five picks at five "
                          "moments, and a line along their mean, whose marks grow with time")


def unlike_hands(ones: np.ndarray) -> list[int]:
    """Return the places of four unlike handwritings among images of ones (n, size, size, 1).

    They are slanted to the right, thick, slanted to the left, and thin: each some places from the
    end of its order, since what lies at the end may be broken.
    """
    ink = (ones[..., 0] + 1) / 2
    total = ink.sum((1, 2))
    y, x = np.mgrid[: ink.shape[1], : ink.shape[2]] - ink.shape[1] / 2
    x_mean, y_mean = ((ink * place).sum((1, 2)) / total for place in (x, y))
    upward = y_mean[:, None, None] - y
    slant = (ink * (x - x_mean[:, None, None]) * upward).sum((1, 2)) / (ink * upward**2).sum((1, 2))
    leaning, thick = slant.argsort(), total.argsort()
    return [int(order[at]) for order, at in ((leaning, -9), (thick, -9), (leaning, 8), (thick, 8))]


def at_the_end(rows: Sequence[dict], part: str, arm: str, measure: str) -> np.ndarray:
    """Return a measure of an arm of few images after its training, a number for each pick."""
    of_arm = [row for row in rows if (row["part"], row["arm"], row["measure"])
              == (part, arm, measure) and row["per_class"] == "5"]
    last = max((int(row["step"]) for row in of_arm), default=0)
    return study.pick(of_arm, step=last)


def show_choices() -> None:
    """Display who feeds whom, with a question mark where D may see an image through T."""
    boxes = {"z": Box(0, 0.1, "z"), "G": Box(1.5, 0.1, "G", plots.THIRD, True),
             "fake": Box(3.2, 0.1, "fake", plots.FAKE), "real": Box(3.2, 2.1, "real x", plots.REAL),
             "label": Box(3.2, 1.25, "label y", OTHER), "T, real": Box(5.1, 2.1, "T?", plots.REAL),
             "T, D": Box(5.1, 0.5, "T?", plots.FAKE), "T, G": Box(5.1, -0.5, "T?", plots.FAKE),
             "D": Box(7.2, 1.25, "D", filled=True), "verdict": Box(9.0, 1.25, "real,\nand a y?")}
    feeds = (("z", "G"), ("G", "fake"), ("label", "G"), ("label", "D"), ("real", "T, real"),
             ("T, real", "D"), ("fake", "T, D"), ("fake", "T, G"), ("T, D", "D"), ("T, G", "D"),
             ("D", "verdict"))
    teaches = (("verdict", "D", 0.6), ("D", "T, G", -0.35), ("T, G", "fake", -0.5),
               ("fake", "G", -0.6))
    words = ((8.1, 2.05, "D learns"), (7.9, 0.15, "G learns"), (5.1, 0.97, "in D's loss"),
             (5.1, -0.95, "in G's loss"))
    show_boxes(boxes, feeds, teaches, words=words, frame=(-0.8, 9.9, -1.1, 2.5), width=6.2,
               fontsize=13,
               alt="Who feeds whom: z and the label y go into G, which makes fakes; real images, "
                   "and fakes in D's loss and in G's loss, go into D with the label. On each of "
                   "these three ways stands T with a question mark")


def show_inside_D(*, alt: str) -> None:  # noqa: N802
    """Display the parts of a D that is told the label, with "?" for what Exercise 1 asks for."""
    boxes = {"x": Box(0, 0, "image\nx"), "hidden": Box(1.8, 0, "hidden\nlayers", filled=True),
             "phi": Box(3.8, 0, "features\nφ"), "psi": Box(5.7, 0, "ψ", filled=True),
             "label": Box(3.8, 1.55, "label y", OTHER), "V": Box(3.8, 0.8, "V", filled=True),
             "fits": Box(5.7, 0.95, "?"), "both": Box(7.3, 0.45, "?"),
             "logit": Box(9.0, 0.45, "logit\ns(x, y)")}
    feeds = (("x", "hidden"), ("hidden", "phi"), ("phi", "psi"), ("phi", "fits"), ("V", "fits"),
             ("label", "fits"), ("psi", "both"), ("fits", "both"), ("both", "logit"))
    show_boxes(boxes, feeds, (), words=((5.7, -0.5, "is it real?"), (5.9, 1.45, "is it a y?")),
               frame=(-0.8, 9.9, -0.7, 1.85), fontsize=12.5, width=6.2, alt=alt)
