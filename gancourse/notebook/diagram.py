"""A drawing of who feeds whom in a GAN: real is blue, fake is orange, gradients are dashed."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.text import Text

from gancourse.notebook import plots

PAPER = "#F4F4F4"
BOX = {"boxstyle": "round,pad=0.5,rounding_size=0.3", "linewidth": 1.6}


def show_game(*, alt: str, noise: str = "noise z", generator: str = "generator\nG",
              fake: str = "fake\nG(z)", data: str = "training\ndata", real: str = "real\nx",
              discriminator: str = "discrimi-\nnator D", verdict: str = "D(x): how\nprobably real",
              condition: str = "", extra: str = "",
              gradients: Sequence[str] = ("D learns", "G learns, through D")) -> None:
    """Display the diagram of a GAN; each text is that of one box, and "\\n" breaks its line.

    Without a text for `noise`, nothing feeds G.  `condition`, such as "label y", is a box that
    feeds both networks.  `extra` is a second loss that judges the fake beside D, such as "keeps
    the\\nphotograph?".  `gradients` are the texts at the dashed arrows that teach D, and G through
    D and the fake.
    """
    low = -1.6 if extra else -0.5
    fig, ax = plots.figure(width=7.0, height=2.5 - low)
    ax.set(xlim=(-0.8, 9.9), ylim=(low, 2.5), xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)
    g = _box(ax, 2.3, 0.3, generator, plots.FAKE, filled=True)
    made = _box(ax, 4.6, 0.3, fake, plots.FAKE)
    source = _box(ax, 2.3, 1.9, data, plots.REAL)
    drawn = _box(ax, 4.6, 1.9, real, plots.REAL)
    d = _box(ax, 6.7, 1.1, discriminator, plots.NEUTRAL, filled=True)
    answer = _box(ax, 8.9, 1.1, verdict, plots.NEUTRAL)
    if noise:
        z = _box(ax, 0, 0.3, noise, plots.NEUTRAL)
        _arrow(ax, z, g, plots.NEUTRAL)
    _arrow(ax, g, made, plots.FAKE)
    _arrow(ax, source, drawn, plots.REAL)
    _arrow(ax, drawn, d, plots.REAL)
    _arrow(ax, made, d, plots.FAKE)
    _arrow(ax, d, answer, plots.NEUTRAL)
    to_d, to_g = gradients
    _gradient(ax, answer, d, bend=0.75)
    _gradient(ax, d, made, bend=-0.45)  # D's weights stay as they are
    _gradient(ax, made, g, bend=-0.5)
    beside = {"ha": "center", "fontsize": 10.5, "color": plots.NEUTRAL, "style": "italic"}
    ax.text(7.8, 2.0, to_d, **beside)
    ax.text(7.7, 0.1, to_g, **beside)
    if condition:
        given = _box(ax, 4.6, 1.1, condition, plots.THIRD)
        _arrow(ax, given, d, plots.THIRD)
        _arrow(ax, given, g, plots.THIRD)
    if extra:
        second = _box(ax, 4.6, -1.15, extra, plots.THIRD)
        _arrow(ax, made, second, plots.FAKE)
        _gradient(ax, second, g, bend=-0.3)
    plots.finish(fig, alt=alt)


def _box(ax: Axes, x: float, y: float, text: str, colour: str, *, filled: bool = False) -> Text:
    """Draw a box with a text, centred, and return it; networks are filled."""
    face = colour if filled else PAPER
    ink = "white" if filled else "black"
    return ax.text(x, y, text, ha="center", va="center", fontsize=11, color=ink, zorder=3,
                   linespacing=1.25, bbox={**BOX, "facecolor": face, "edgecolor": colour})


def _arrow(ax: Axes, start: Text, end: Text, colour: str, *, width: float = 1.8,
           dashes: str | tuple = "solid", bend: float = 0.0) -> None:
    """Draw an arrow from the edge of one box to the edge of another."""
    style = {"arrowstyle": "-|>", "color": colour, "linewidth": width, "linestyle": dashes,
             "shrinkA": 2, "shrinkB": 2, "mutation_scale": 14,
             "patchA": start.get_bbox_patch(), "patchB": end.get_bbox_patch(),
             "connectionstyle": f"arc3,rad={bend}"}
    ax.annotate("", end.get_position(), start.get_position(), zorder=2, arrowprops=style)


def _gradient(ax: Axes, start: Text, end: Text, *, bend: float) -> None:
    """Draw a dashed arrow from a verdict back to the network that it teaches."""
    _arrow(ax, start, end, plots.NEUTRAL, width=1.4, dashes=(0, (3, 2)), bend=bend)
