"""The course's figures in one style.  Real is blue, fake is orange, everywhere.

Each `show_*` draws one claim.  Without `ax` it makes a figure of its own and displays it with the
alt text; with `ax` it only draws and returns the axes, and `finish` displays the whole figure.
Nothing here trains or measures.  Images are (n, height, width, channels), uint8 or float in
[-1, 1].  Moving pictures are in `gancourse.notebook.animation`.
"""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from gancourse.data import images as data_images
from gancourse.data.registry import to_uint8
from gancourse.errors import CourseError
from gancourse.notebook import image_output

# Colours that colour-blind readers can tell apart, too
REAL = "#0072B2"
FAKE = "#E66100"
NEUTRAL = "#4D4D4D"
THIRD = "#009E73"
COLOURS = [THIRD, "#CC79A7", "#F0B800", NEUTRAL, "#6A3D9A", "#8C564B"]  # of whatever else
plt.rcParams.update({
    "axes.grid": True, "axes.prop_cycle": plt.cycler(color=COLOURS), "axes.spines.right": False,
    "axes.spines.top": False, "axes.titlelocation": "left", "axes.titlesize": 11,
    "figure.constrained_layout.use": True, "font.size": 10, "grid.alpha": 0.25,
    "grid.linewidth": 0.6, "legend.frameon": False, "lines.linewidth": 2,
})


def figure(
    rows: int = 1, columns: int = 1, *, width: float = 0, height: float = 0, **options
) -> tuple[Figure, Axes]:
    """Return a new figure and its axes; sizes in inches, 8 wide at most unless given."""
    size = (width or min(8, 4 * columns + 1), height or 2.8 * rows)
    return plt.subplots(rows, columns, figsize=size, **options)


def show_pictures(pictures: Sequence[np.ndarray], *, alt: str, titles: Sequence[str] = (),
                  columns: int = 1, width: float = 8) -> None:
    """Display photographs or paintings, uint8 (height, width, 3), large.

    They are stored as JPEG, which takes a fifth of a PNG's size.
    """
    rows = -(-len(pictures) // columns)
    proportion = max(picture.shape[0] / picture.shape[1] for picture in pictures)
    height = rows * (width / columns * proportion + 0.3)
    fig, axes = figure(rows, columns, width=width, height=height, squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for ax, picture in zip(axes.flat, pictures, strict=False):
        ax.imshow(picture)
    for ax, title in zip(axes.flat, titles, strict=False):
        ax.set_title(title, fontsize=10)
    buffer = io.BytesIO()
    fig.savefig(buffer, format="jpeg", dpi=image_output.DPI, pil_kwargs={"quality": 80})
    plt.close(fig)
    image_output.show_image("image/jpeg", buffer.getvalue(), alt)


def finish(fig: Figure, *, alt: str) -> None:
    """Display a finished figure with its alt text, and close it."""
    image_output.show_image("image/png", image_output.png(fig), alt)


def show_images(images: np.ndarray, *, alt: str = "", columns: int = 0,
                titles: Sequence[str] = (), title: str = "", scale: float = 0,
                ax: Axes | None = None) -> Axes | None:
    """Draw images as one grid, row by row; `titles` stand above the first row.

    `scale` is the width of an image in inches.  Raises ValueError when there is no image.
    """
    if len(images) == 0:
        raise CourseError("there is no image to show")
    columns = columns or min(len(images), 10)
    grid = tile(images, columns)
    rows = -(-len(images) // columns)
    scale = scale or min(0.8, 8 / columns)
    own = ax is None
    if own:
        height = scale * rows * images.shape[1] / images.shape[2]
        head = 0.3 if title else 0.0
        if len(titles):
            head += 0.25
        _, ax = figure(width=scale * columns, height=height + head)
    interpolation = "nearest" if images.shape[1] < 100 else "antialiased"
    ax.imshow(grid, cmap="gray", vmin=0, vmax=255, interpolation=interpolation)
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)
    if title:
        ax.set_title(title, pad=18 if len(titles) else 6)
    for i, text in enumerate(titles):
        centre = (i + 0.5) * grid.shape[1] / columns
        ax.text(centre, -2, text, ha="center", va="bottom", fontsize=9)
    return _end(ax, own, alt)


def tile(images: np.ndarray, columns: int, gap: int = 1) -> np.ndarray:
    """Return images laid out in a grid as one uint8 image, with white gaps of `gap` pixels."""
    return data_images.tile(to_uint8(images), columns, gap)


def show_curves(history, *, alt: str = "", names: Sequence[str] = (), title: str = "",
                ylabel: str = "", levels: dict[str, float] | None = None,
                ax: Axes | None = None) -> Axes | None:
    """Draw the named scalars of a `training_loop.History` against the step, all unless named.

    `levels` are named horizontal lines, such as {"log 4": 1.386}.
    """
    own = ax is None
    if own:
        _, ax = figure(width=6, height=2.8)
    colours = {"d_loss": NEUTRAL, "g_loss": THIRD}
    for name in names or history.names():
        steps, values = history.column("step"), history.column(name)
        ax.plot(steps, values, label=name, color=colours.get(name), marker=".")
    for label, level in (levels or {}).items():
        ax.axhline(level, color=NEUTRAL, linestyle=":", linewidth=1)
        at_right = ("axes fraction", "data")
        ax.annotate(label, (1, level), xycoords=at_right, ha="right", va="bottom", fontsize=9)
    ax.set(xlabel="step", ylabel=ylabel, title=title)
    ax.legend()
    return _end(ax, own, alt)


def show_heat_map(values: np.ndarray, *, rows: Sequence, columns: Sequence,
                  notes: Sequence[Sequence[str]] = (), lower_is_better: bool = True,
                  limits: tuple[float, float] | None = None, frame: tuple[int, int] | None = None,
                  alt: str = "", title: str = "", xlabel: str = "", ylabel: str = "",
                  ax: Axes | None = None) -> Axes | None:
    """Draw numbers (rows, columns) as a map with the first row at the bottom; better is darker.

    Numbers that are not finite are grey.  `notes` stand small under the numbers; `frame` is the
    (row, column) to mark.  `limits` are the least and the greatest value of the colours, so that
    several maps can share them; where they lie over a factor of 10 apart the colours follow the
    logarithm.
    """
    values = np.asarray(values, float)
    own = ax is None
    if own:
        _, ax = figure(width=1.5 + 1.1 * len(columns), height=1 + 0.6 * len(rows))
    shares = _shares(values, limits)
    if lower_is_better:
        shares = 1 - shares
    for (i, j), value in np.ndenumerate(values):
        colour = "#E8E8E8"
        ink = "#222222"
        text = "none"
        if np.isfinite(value):
            colour = plt.get_cmap("Blues")(0.08 + 0.82 * shares[i, j])
            text = f"{value:.3g}"
            if shares[i, j] > 0.55:
                ink = "white"
        note = notes[i][j] if len(notes) else ""
        y = 0.66 if note else 0.5
        centred = {"ha": "center", "va": "center", "color": ink}
        ax.add_patch(plt.Rectangle((j, i), 1, 1, facecolor=colour, edgecolor="white", linewidth=2))
        ax.text(j + 0.5, i + y, text, fontsize=12, **centred)
        ax.text(j + 0.5, i + 0.3, note, fontsize=8.5, **centred)
    if frame:
        i, j = frame
        ax.add_patch(plt.Rectangle((j, i), 1, 1, fill=False, edgecolor=FAKE, linewidth=3, zorder=3))
    ax.set(xlim=(0, len(columns)), ylim=(0, len(rows)), xlabel=xlabel, ylabel=ylabel, title=title)
    ax.set_xticks(np.arange(len(columns)) + 0.5, [str(c) for c in columns])
    ax.set_yticks(np.arange(len(rows)) + 0.5, [str(r) for r in rows])
    ax.tick_params(length=0)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return _end(ax, own, alt)


def show_spread(scores: dict[str, Sequence[float]], *, names: Sequence = (), alt: str = "",
                title: str = "", xlabel: str = "", ax: Axes | None = None) -> Axes | None:
    """Draw each label's numbers as dots on a line of its own, with a bar at their median.

    The first label is on top.  `names` says what the dots of a line are, such as seeds: up to six
    get a colour each and a legend.  The dots stand a little above one another, so that none hides
    another.  Numbers that are not finite are left out.
    """
    own = ax is None
    if own:
        _, ax = figure(width=8, height=1 + 0.4 * len(scores))
    coloured = 1 < len(names) <= 6
    for i, numbers in enumerate(scores.values()):
        numbers = np.asarray(numbers, float)
        finite = numbers[np.isfinite(numbers)]
        if len(finite):
            ax.axhspan(i - 0.4, i + 0.4, color=NEUTRAL, alpha=0.05, linewidth=0)
            ax.vlines(np.median(finite), i - 0.4, i + 0.4, color=NEUTRAL, linewidth=2.5, zorder=2)
        colours = [f"C{k}" for k in range(len(numbers))] if coloured else THIRD
        reach = 0.24 if len(numbers) > 1 else 0.0
        y = i + np.linspace(-reach, reach, len(numbers))
        ax.scatter(numbers, y, s=36, c=colours, edgecolor="white", linewidth=0.7, zorder=3)
    if coloured:
        for k, name in enumerate(names):
            ax.scatter([], [], s=36, color=f"C{k}", label=str(name))
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1), handletextpad=0)
    pooled = np.concatenate([np.asarray(numbers, float) for numbers in scores.values()])
    pooled = pooled[np.isfinite(pooled)]
    if len(pooled) and _needs_logarithm(pooled.min(), pooled.max()):
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_yticks(range(len(scores)), list(scores))
    ax.set(ylim=(len(scores) - 0.5, -0.5), xlabel=xlabel, title=title)
    ax.tick_params(axis="y", length=0)
    ax.grid(False, axis="y")
    return _end(ax, own, alt)


def show_latent_walk(images: np.ndarray, *, alt: str = "", title: str = "", rows: int = 1,
                     ax: Axes | None = None) -> Axes | None:
    """Draw images along a path through z, one path a row."""
    return show_images(images, alt=alt, columns=len(images) // rows, title=title, ax=ax)


def _shares(values: np.ndarray, limits: tuple[float, float] | None) -> np.ndarray:
    """Where each number lies between the limits, from 0 to 1; 0 where it is not finite.

    The limits are the least and the greatest finite number unless given.
    """
    shares = np.zeros(values.shape)
    finite = np.isfinite(values)
    numbers = values[finite]
    if len(numbers) == 0:
        return shares
    low, high = limits or (numbers.min(), numbers.max())
    if _needs_logarithm(low, high):
        numbers, low, high = np.log(numbers), np.log(low), np.log(high)
    shares[finite] = (numbers - low) / ((high - low) or 1.0)
    return shares


def _needs_logarithm(low: float, high: float) -> bool:
    """Whether positive numbers lie over a factor of 10 apart."""
    return 0 < 10 * low < high


def _end(ax: Axes, own: bool, alt: str) -> Axes | None:
    """Display a figure of one's own; a part of a larger figure waits for `finish`."""
    if not own:
        return ax
    finish(ax.figure, alt=alt)
    return None  # a cell that ends here shows the figure alone
