"""The course's figures in one style.  Real is blue, fake is orange, everywhere.

Each `show_*` draws one claim.  Without `ax` it makes a figure of its own and displays it with the alt
text; with `ax` it only draws and returns the axes, and `finish` displays the whole figure.
Nothing here trains or measures.  Images are (n, height, width, channels), uint8 or float in [-1, 1].
"""

import io
import time
from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from gancourse.data.registry import to_uint8
from gancourse.errors import CourseError

REAL, FAKE, NEUTRAL, THIRD = "#0072B2", "#E66100", "#4D4D4D", "#009E73"  # told apart by colour-blind readers too
DPI = 100
plt.rcParams.update({
    "axes.grid": True, "axes.prop_cycle": plt.cycler(color=[REAL, FAKE, THIRD, "#CC79A7", "#F0B800", NEUTRAL]),
    "axes.spines.right": False, "axes.spines.top": False, "axes.titlelocation": "left", "axes.titlesize": 11,
    "figure.constrained_layout.use": True, "font.size": 10, "grid.alpha": 0.25, "grid.linewidth": 0.6,
    "legend.frameon": False, "lines.linewidth": 2,
})


def figure(rows: int = 1, columns: int = 1, *, width: float = 0, height: float = 0, **options) -> tuple[Figure, Axes]:
    """Return a new figure and its axes; sizes in inches, 8 wide at most unless given."""
    size = (width or min(8, 4 * columns + 1), height or 2.8 * rows)
    return plt.subplots(rows, columns, figsize=size, **options)


def show_pictures(pictures: Sequence[np.ndarray], *, alt: str, titles: Sequence[str] = (), columns: int = 1,
                  width: float = 8) -> None:
    """Display photographs or paintings, uint8 (height, width, 3), large: as JPEG, a fifth of a PNG's size."""
    rows = -(-len(pictures) // columns)
    shape = max(p.shape[0] / p.shape[1] for p in pictures)
    fig, axes = figure(rows, columns, width=width, height=rows * (width / columns * shape + 0.3), squeeze=False)
    for ax in axes.ravel():
        ax.axis("off")
    for ax, picture, title in zip(axes.ravel(), pictures, [*titles, *[""] * len(pictures)], strict=False):
        ax.imshow(picture)
        ax.set_title(title, fontsize=10)
    buffer = io.BytesIO()
    fig.savefig(buffer, format="jpeg", dpi=DPI, pil_kwargs={"quality": 85})
    plt.close(fig)
    _display({"image/jpeg": buffer.getvalue()}, alt)


def png(fig: Figure, dpi: int = DPI) -> bytes:
    """Return a figure as PNG bytes and close it; 200 dpi suit a slide."""
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    plt.close(fig)
    return buffer.getvalue()


def finish(fig: Figure, *, alt: str) -> None:
    """Display a finished figure with its alt text, and close it."""
    _display({"image/png": png(fig)}, alt)


def show_images(images: np.ndarray, *, alt: str = "", columns: int = 0, titles: Sequence[str] = (),
                title: str = "", scale: float = 0, ax: Axes | None = None) -> Axes | None:
    """Draw images as one grid, row by row; `titles` stand above the first row, `scale` is inches per image.

    Raises ValueError when there is no image.
    """
    if len(images) == 0:
        raise CourseError("there is no image to show")
    columns = columns or min(len(images), 10)
    grid = tile(images, columns)
    rows = -(-len(images) // columns)
    scale = scale or min(0.8, 8 / columns)
    own = ax is None
    if own:
        head = 0.3 * bool(title) + 0.25 * bool(len(titles))
        _, ax = figure(width=scale * columns, height=scale * rows * images.shape[1] / images.shape[2] + head)
    ax.imshow(grid, cmap="gray", vmin=0, vmax=255, interpolation="nearest" if images.shape[1] < 100 else "antialiased")
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)
    if title:
        ax.set_title(title, pad=18 if len(titles) else 6)
    for i, text in enumerate(titles):
        ax.text((i + 0.5) * grid.shape[1] / columns, -2, text, ha="center", va="bottom", fontsize=9)
    return _end(ax, own, alt)


def tile(images: np.ndarray, columns: int, gap: int = 1) -> np.ndarray:
    """Return images laid out in a grid as one uint8 image, with white gaps of `gap` pixels."""
    images = to_uint8(images)
    n, h, w, c = images.shape
    rows = -(-n // columns)
    grid = np.full((rows * (h + gap) - gap, columns * (w + gap) - gap, c), 255, np.uint8)
    for i, image in enumerate(images):
        y, x = divmod(i, columns)
        grid[y * (h + gap) : y * (h + gap) + h, x * (w + gap) : x * (w + gap) + w] = image
    return grid[..., 0] if c == 1 else grid


def show_curves(history, *, alt: str = "", names: Sequence[str] = (), title: str = "", ylabel: str = "",
                levels: dict[str, float] | None = None, ax: Axes | None = None) -> Axes | None:
    """Draw scalars of a `loop.History` against the step; `levels` are named horizontal lines, such as log 4."""
    own = ax is None
    if own:
        _, ax = figure(width=6, height=2.8)
    colours = {"d_loss": NEUTRAL, "g_loss": FAKE}
    for name in names or history.names():
        ax.plot(history.column("step"), history.column(name), label=name, color=colours.get(name), marker=".")
    for label, level in (levels or {}).items():
        ax.axhline(level, color=NEUTRAL, linestyle=":", linewidth=1)
        ax.annotate(label, (1, level), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=9)
    ax.set(xlabel="step", ylabel=ylabel, title=title)
    ax.legend()
    return _end(ax, own, alt)


def show_heat_map(values: np.ndarray, *, rows: Sequence, columns: Sequence, notes: Sequence[Sequence[str]] = (),
                  lower_is_better: bool = True, limits: tuple[float, float] | None = None,
                  frame: tuple[int, int] | None = None, alt: str = "", title: str = "", xlabel: str = "",
                  ylabel: str = "", ax: Axes | None = None) -> Axes | None:
    """Draw numbers (rows, columns) as a map: the first row at the bottom, better is darker, not finite is grey.

    `notes` stand small under the numbers; `frame` is the (row, column) to mark.  `limits` are the least and
    the greatest value of the colours, so that several maps can share them; where they lie over a factor
    of 10 apart the colours follow the logarithm.
    """
    values, own = np.asarray(values, float), ax is None
    if own:
        _, ax = figure(width=1.5 + 1.1 * len(columns), height=1 + 0.6 * len(rows))
    finite = values[np.isfinite(values)]
    low, high = limits or ((finite.min(), finite.max()) if len(finite) else (0.0, 1.0))
    scale = np.log if 0 < 10 * low < high else lambda v: v
    span = (scale(high) - scale(low)) or 1.0
    for (i, j), value in np.ndenumerate(values):
        share = (scale(value) - scale(low)) / span if np.isfinite(value) else 0.0
        share = 1 - share if lower_is_better else share
        colour = plt.get_cmap("Blues")(0.08 + 0.82 * share) if np.isfinite(value) else "#E8E8E8"
        ax.add_patch(plt.Rectangle((j, i), 1, 1, facecolor=colour, edgecolor="white", linewidth=2))
        ink = "white" if np.isfinite(value) and share > 0.55 else "#222222"
        note = notes[i][j] if len(notes) else ""
        ax.text(j + 0.5, i + (0.66 if note else 0.5), f"{value:.3g}" if np.isfinite(value) else "none", ha="center",
                va="center", color=ink, fontsize=12)
        ax.text(j + 0.5, i + 0.3, note, ha="center", va="center", color=ink, fontsize=8.5)
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


def show_spread(scores: dict[str, Sequence[float]], *, names: Sequence = (), alt: str = "", title: str = "",
                xlabel: str = "", ax: Axes | None = None) -> Axes | None:
    """Draw each label's numbers as dots on a line of its own, the first label on top, with a bar at their median.

    `names` says what the dots of a line are, such as seeds: up to six get a colour each and a legend.
    The dots stand a little above one another, so that none hides another.  Numbers that are not finite
    are left out.
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
        colours = [f"C{k}" for k in range(len(numbers))] if coloured else REAL
        y = i + np.linspace(-0.24, 0.24, len(numbers)) if len(numbers) > 1 else [i]
        ax.scatter(numbers, y, s=36, c=colours, edgecolor="white", linewidth=0.7, zorder=3)
    if coloured:
        for k, name in enumerate(names):
            ax.scatter([], [], s=36, color=f"C{k}", label=str(name))
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1), handletextpad=0)
    every = np.concatenate([np.asarray(n, float) for n in scores.values()])
    every = every[np.isfinite(every)]
    if len(every) and 0 < 10 * every.min() < every.max():
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


def frames(fig: Figure, draw, states) -> list[np.ndarray]:
    """Return the figure after each `draw(state)` as an image for `animate`, uint8 (height, width, 3), and close it.

    `draw` moves what stands in the figure, which costs a tenth of a new figure for each frame; the layout of
    the first frame stays.
    """
    fig.set_dpi(DPI)
    images = []
    for state in states:
        draw(state)
        fig.canvas.draw()
        fig.set_layout_engine("none")
        images.append(np.asarray(fig.canvas.buffer_rgba())[..., :3].copy())
    plt.close(fig)
    return images


def animate(frames: Sequence[np.ndarray], *, alt: str, seconds: float = 4.0) -> None:
    """Display images (height, width[, channels]), uint8, as an animation that repeats; its last frame stays longer."""
    from PIL import Image

    pictures = [Image.fromarray(np.ascontiguousarray(f)) for f in frames]
    pictures = [p.quantize(64) if p.mode == "RGB" else p for p in pictures]
    pace = [int(1000 * seconds / len(frames))] * (len(frames) - 1) + [1500]
    buffer = io.BytesIO()
    pictures[0].save(buffer, "GIF", save_all=True, append_images=pictures[1:], duration=pace, loop=0)
    _display({"image/gif": buffer.getvalue()}, alt)


class Live:
    """A figure that is drawn again while training goes on.

    `live = Live(draw, alt=...)`, then `live.update(...)` calls `draw(fig, ...)` on an empty figure and
    puts it in the place of the last one, at most every `every` seconds; `live.close()` draws the last
    state once more, whatever the clock says, so that the stored page shows the end of the run.
    """

    def __init__(self, draw, *, alt: str, width: float = 8, height: float = 2.8, every: float = 0.5) -> None:
        self.draw, self.alt, self.size, self.every = draw, alt, (width, height), every
        self._handle = self._waiting = None
        self._last = -np.inf

    def update(self, *state) -> None:
        """Show a new state, unless the last one is fresher than `every` seconds."""
        self._waiting = state
        if time.monotonic() - self._last >= self.every:
            self._show()

    def close(self) -> None:
        """Show the last state if it has not been shown."""
        if self._waiting is not None:
            self._show()

    def _show(self) -> None:
        fig = plt.figure(figsize=self.size)
        self.draw(fig, *self._waiting)
        self._waiting = None
        data, metadata = _bundle({"image/png": png(fig)}, self.alt)
        if self._handle is None:
            from IPython.display import display

            self._handle = display(data, metadata=metadata, raw=True, display_id=True)
        else:
            self._handle.update(data, metadata=metadata, raw=True)
        self._last = time.monotonic()


def _end(ax: Axes, own: bool, alt: str) -> Axes | None:
    """Display a figure of one's own; a part of a larger figure waits for `finish`."""
    if not own:
        return ax
    finish(ax.figure, alt=alt)
    return None  # a cell that ends here shows the figure alone


def _display(data: dict[str, bytes], alt: str) -> None:
    from IPython.display import display

    data, metadata = _bundle(data, alt)
    display(data, metadata=metadata, raw=True)


def _bundle(data: dict[str, bytes], alt: str) -> tuple[dict, dict]:
    """A display bundle; an image without alt text is an error, since some readers hear the page."""
    if not alt:
        raise CourseError("say in alt= what the figure shows")
    from base64 import b64encode

    coded = {mime: b64encode(raw).decode() for mime, raw in data.items()}
    return {**coded, "text/plain": alt}, {mime: {"alt": alt} for mime in data}
