"""The figures of lesson 14's study at equal compute, and of what a flow does.

`read` gives the stored table; every `show_*` displays one figure with its alt text.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from gancourse.course.studies import stored_table
from gancourse.course.studies.equal_compute import equal_compute as study
from gancourse.data.synthetic.digits import strokes
from gancourse.data.synthetic.faces import faces
from gancourse.notebook import animation, plots
from gancourse.notebook.diagram import Box, show_boxes

HERE = Path(__file__).parent
COLOUR = {"GAN": "#6A3D9A", "flow": plots.THIRD}
NAMES = {"GAN": "GAN", "flow": "flow matching"}
TITLES = {"strokes": "digits", "faces": "faces"}
BOUNDS = {"real": "real images", "Gaussian of all pixels": "Gaussian"}  # drawn as lines
WIDTH = 7.0  # inches
FACES_FROM = 300.0  # where the axis of faces begins, between real images and the curves
Rows = list[dict[str, str]]


def read(folder: Path = HERE) -> Rows:
    """Return the rows of the stored table; CourseError where it is missing."""
    return stored_table.read(folder / study.TABLE)


def column(rows: Rows, name: str, **wanted) -> np.ndarray:
    """Return a column of the rows with these entries, (seeds, the seed's rows), in their order."""
    seeds = sorted({row["seed"] for row in rows if row["part"] == wanted["part"]})
    return np.stack([stored_table.pick(rows, name, seed=seed, **wanted) for seed in seeds])


def looks(rows: Rows, images: str, model: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the seconds of training and the distances of the looks, (seeds, looks) each."""
    wanted = {"part": "look", "data": images, "model": model}
    return column(rows, "seconds", **wanted), column(rows, "distance", **wanted)


def drawing(rows: Rows, images: str, model: str) -> dict[str, np.ndarray]:
    """Return passes, per_second and distance of a model's drawing, (seeds, numbers of steps)."""
    wanted = {"part": "draw", "data": images, "model": model}
    return {name: column(rows, name, **wanted) for name in ("passes", "per_second", "distance")}


def reference(rows: Rows, images: str, arm: str) -> np.ndarray:
    """Return the distance of a reference, such as "real" or "mean image", a seed each."""
    return column(rows, "distance", part="reference", data=images, model=arm)[:, 0]


def ratios(rows: Rows, images: str) -> np.ndarray:
    """Return the flow's distance over the GAN's at the end of the budget, a seed each."""
    flow, gan = (looks(rows, images, model)[1][:, -1] for model in ("flow", "GAN"))
    return flow / gan


def faster(rows: Rows, images: str) -> np.ndarray:
    """Return how many times as many samples a second the GAN draws as the flow of the looks."""
    at = study.STEPS.index(study.LOOK_STEPS)
    flow, gan = (drawing(rows, images, model)["per_second"] for model in ("flow", "GAN"))
    return gan[:, 0] / flow[:, at]


def table_of(rows: Rows) -> str:
    """Return Markdown: the distances of all seeds at the budget, beside what bounds them."""
    lines = [f"| after {study.LOOKS[-1]:g} s | " + " | ".join(TITLES.values()) + " |",
             "|---|" + "---|" * len(study.SETS)]
    for model in study.MODELS:
        cells = [_each(looks(rows, name, model)[1][:, -1]) for name in study.SETS]
        lines.append(f"| {NAMES[model]} | " + " | ".join(cells) + " |")
    arms = {"real": "real images that nobody saw (the floor)",
            "Gaussian of all pixels": "normal distribution, covariance of all pixels",
            "Gaussian of each pixel": "normal distribution, pixel by pixel",
            "mean image": "the mean image, always"}
    for arm, words in arms.items():
        cells = [_each(reference(rows, name, arm)) for name in study.SETS]
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def settings(rows: Rows) -> str:
    """Return Markdown: what was tried, a line for each data set and model, the best in bold."""
    lines = ["| | width, rate: distance after a short try |", "|:--|:--|"]
    for name in study.SETS:
        for model in study.MODELS:
            tried = [row for row in rows if (row["part"], row["data"], row["model"]) ==
                     ("try", name, model)]
            best = min(float(row["distance"]) for row in tried)
            cells = [f"{row['width']}, {row['rate']}: " +
                     (f"**{best:.0f}**" if float(row["distance"]) == best
                      else f"{float(row['distance']):.0f}") for row in tried]
            lines.append(f"| {TITLES[name]}, {NAMES[model]} | {'; '.join(cells)} |")
    return "\n".join(lines)


def show_compute(rows: Rows, *, alt: str) -> None:
    """Display the distance by seconds of training, a panel for each data set.

    Thin lines are seeds, thick ones their median; dotted lines are references.
    """
    fig, axes = plots.figure(len(study.SETS), 1, width=5.4, height=2.9 * len(study.SETS))
    for name, ax in zip(study.SETS, axes, strict=True):
        for model in study.MODELS:
            _lines(ax, *looks(rows, name, model), model)
        ax.set(xscale="log", yscale="log", ylabel="distance", title=TITLES[name])
        ax.minorticks_off()
        ax.margins(y=0.15)
        if name == "faces":
            ax.set_ylim(bottom=FACES_FROM)
        _bounds(ax, rows, name, 18, above=name == "strokes")
        _few_ticks(ax, "y", (1, 3))
        ax.set_xticks(study.LOOKS, [f"{look:g}" for look in study.LOOKS])
    axes[-1].set_xlabel("seconds of training")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    plots.finish(fig, alt=alt)


def show_speed(rows: Rows, *, alt: str) -> None:
    """Display the distance at the end by samples a second, a panel for each data set.

    Lines are the flow's seeds and their median, the numbers its passes; circles are GANs.
    """
    fig, axes = plots.figure(len(study.SETS), 1, width=5.4, height=2.9 * len(study.SETS))
    for name, ax in zip(study.SETS, axes, strict=True):
        for model in study.MODELS:
            drawn = drawing(rows, name, model)
            _lines(ax, drawn["per_second"], drawn["distance"], model)
        ax.set(xscale="log", yscale="log", ylabel="distance", title=TITLES[name])
        ax.minorticks_off()
        ax.margins(0.1, 0.15)
        _name_passes(ax, drawing(rows, name, "flow"))
        _bounds(ax, rows, name, ax.get_xlim()[0], above=name == "strokes")
        _few_ticks(ax, "y", (1,))
        _few_ticks(ax, "x", (1,))
    axes[-1].set_xlabel("samples a second")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    plots.finish(fig, alt=alt)


def show_samples(folder: Path = HERE, *, alt: str) -> None:
    """Display eight real images and, below them, eight of each model that are stored.

    Rows are real images, the GAN's, the flow's, and draws of the Gaussian of all pixels.
    """
    drawn = {"strokes": strokes(8, size=28, seed=1).images,
             "faces": faces(8, size=32, seed=1).images}
    sheets: dict[str, dict[str, np.ndarray]] = {}
    with np.load(folder / study.PICTURES, allow_pickle=False) as kept:
        for name, real in drawn.items():
            sheets[name] = {"real": real} | {
                model: kept[f"{name}, {model}"] for model in (*study.MODELS, "Gaussian")
                if f"{name}, {model}" in kept}
    height = 0.74 * sum(map(len, sheets.values()))
    fig, axes = plots.figure(len(sheets), 1, width=WIDTH, height=height)
    for (name, rows), ax in zip(sheets.items(), axes, strict=True):
        plots.show_images(np.concatenate([*rows.values()]), columns=8, ax=ax)
        side = study.SETS[name] + 1
        ax.set_yticks([side * (i + 0.5) for i in range(len(rows))], rows)
        ax.tick_params(length=0, labelsize=11)
        ax.set_anchor("E")  # room for the names on the left
    plots.finish(fig, alt=alt)


def show_way(*, alt: str) -> None:
    """Display who feeds whom in flow matching: no opponent, a target for each point."""
    boxes = {"noise": Box(0, 0.2, "noise\nx0"),
             "data": Box(0, 1.9, "training\ndata x1", plots.REAL),
             "point": Box(2.6, 1.05, "point x(t)\nand time t"),
             "net": Box(4.9, 1.05, "velocity\nnet v", plots.THIRD, True),
             "answer": Box(6.9, 1.9, "v(x(t), t)", plots.THIRD),
             "target": Box(6.9, 0.2, "target:\nx1 - x0", plots.REAL),
             "loss": Box(8.9, 1.05, "squared\ndifference")}
    feeds = (("noise", "point"), ("data", "point"), ("point", "net"), ("net", "answer"),
             ("answer", "loss"), ("target", "loss"))
    show_boxes(boxes, feeds, (("loss", "net", 0.0),), words=((6.7, 0.88, "v learns"),),
               frame=(-0.9, 9.9, -0.5, 2.4), alt=alt)


def show_stream(ways: Callable[[float], np.ndarray], carried: Iterable[np.ndarray], *, alt: str,
                followed: int = 10) -> None:
    """Display, behind a slider of t, the straight ways and the stream that was learnt.

    `ways(t)` gives the points (n, 2) on the straight ways at time t; `carried` the points of the
    stream at equally spaced times from 0 to 1, noise first.  The way of the first `followed`
    points is drawn.
    """
    stream = np.stack(list(carried))
    times = np.linspace(0, 1, len(stream))
    straight = np.stack([ways(t) for t in times])
    fig, axes = plots.figure(1, 2, width=6.2, height=3.3)
    parts = []
    titles = ("straight ways, noise to data", "the stream that v has learnt")
    for ax, points, colour, title in zip(axes, (straight, stream), (plots.REAL, plots.FAKE),
                                         titles, strict=True):
        (dots,) = ax.plot([], [], ".", color=colour, markersize=2.5, alpha=0.55)
        lines = [ax.plot([], [], color=plots.NEUTRAL, linewidth=1.1)[0] for _ in range(followed)]
        (heads,) = ax.plot([], [], "o", color=plots.NEUTRAL, markersize=4)
        ax.set(xlim=(-2.9, 2.9), ylim=(-2.9, 2.9), aspect="equal", xticks=[], yticks=[],
               title=title)
        ax.grid(False)
        parts.append((points, dots, lines, heads))

    def at(k: int) -> None:
        """Move the points to the k-th time."""
        for points, dots, lines, heads in parts:
            dots.set_data(*points[k].T)
            heads.set_data(*points[k, :followed].T)
            for i, line in enumerate(lines):
                line.set_data(*points[:k + 1, i].T)

    frames = animation.frames(fig, at, range(len(times)))
    animation.animate(frames, name="time t", values=[f"{t:.2f}" for t in times], alt=alt,
                      seconds=5, quality=25)


def show_ends(clouds: dict[str, np.ndarray], dots: np.ndarray, *, alt: str) -> None:
    """Draw the ends of streams, points (n, 2) by their panel's title, over the data's dots."""
    fig, axes = plots.figure(1, len(clouds), width=5.6, height=2.9)
    for ax, (title, points) in zip(axes, clouds.items(), strict=True):
        ax.plot(*dots.T, "o", color=plots.REAL, markersize=13, alpha=0.3)
        ax.plot(*points.T, ".", color=plots.FAKE, markersize=2.5, alpha=0.7)
        ax.set(xlim=(-2.9, 2.9), ylim=(-2.9, 2.9), aspect="equal", xticks=[], yticks=[],
               title=title)
        ax.grid(False)
    plots.finish(fig, alt=alt)


def _each(numbers: np.ndarray) -> str:
    """The numbers of all seeds, rounded."""
    return ", ".join(f"{number:.0f}" for number in numbers)


def _lines(ax: plots.Axes, x: np.ndarray, y: np.ndarray, model: str) -> None:
    """A thin line for each seed, and their median."""
    marker = "o" if y.shape[1] == 1 else "."
    for some_x, some_y in zip(x, y, strict=True):
        ax.plot(some_x, some_y, color=COLOUR[model], linewidth=0.8, alpha=0.6, marker=marker)
    ax.plot(np.median(x, 0), np.median(y, 0), color=COLOUR[model], linewidth=2.2,
            label=NAMES[model])


def _bounds(ax: plots.Axes, rows: Rows, images: str, x: float, *, above: bool) -> None:
    """A dotted line for each reference, its name at x above or below it."""
    for arm, words in BOUNDS.items():
        level = float(np.median(reference(rows, images, arm)))
        low = ax.get_ylim()[0]
        if level < low:  # too far below the curves to be drawn
            ax.text(x, 1.06 * low, f" {words}: {level:.0f}, below", fontsize=10,
                    color=plots.NEUTRAL)
            continue
        ax.axhline(level, color=plots.NEUTRAL, linestyle=":", linewidth=1.5)
        side = "bottom" if above else "top"
        ax.text(x, level, f" {words}", va=side, fontsize=10, color=plots.NEUTRAL)


def _few_ticks(ax: plots.Axes, axis: str, digits: tuple[int, ...]) -> None:
    """Put ticks at these digits times 1, 10, 100 and so on, written in full."""
    low, high = getattr(ax, f"get_{axis}lim")()
    ticks = [n * 10**k for k in range(6) for n in digits if low <= n * 10**k <= high]
    getattr(ax, f"set_{axis}ticks")(ticks, [f"{tick:,}" for tick in ticks])


def _name_passes(ax: plots.Axes, drawn: dict[str, np.ndarray]) -> None:
    """Write the number of passes beside the median of each number of steps."""
    for passes, x, y in zip(drawn["passes"][0], np.median(drawn["per_second"], 0),
                            np.median(drawn["distance"], 0), strict=True):
        ax.annotate(f"{passes:.0f}", (x, y), (-3, 5), textcoords="offset points", fontsize=10,
                    ha="right", color=COLOUR["flow"])
