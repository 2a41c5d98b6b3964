"""A drawing of who feeds whom: real is blue, fake is orange, gradients are dashed.

G is green and D is gray, as their losses are in `plots.show_curves`.  `show_game` draws a GAN,
`show_boxes` whatever differs too much from it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.text import Text

from gancourse.notebook import plots

PAPER = "#F4F4F4"
OTHER = plots.COLOURS[4]  # of what is given beside, and of a second loss


class Box(NamedTuple):
    """A box of a diagram: the place of its middle, its text, its colour; networks are filled."""

    x: float
    y: float
    text: str
    colour: str = plots.NEUTRAL
    filled: bool = False


def show_game(*, alt: str, noise: str = "noise z", generator: str = "generator\nG",
              fake: str = "fake\nG(z)", data: str = "training\ndata", real: str = "real\nx",
              discriminator: str = "discrimi-\nnator D", verdict: str = "D(x): is\nx real?",
              condition: str = "", extra: str = "",
              gradients: Sequence[str] = ("D learns", "G learns, through D"),
              told: Sequence[str] = ("", "")) -> None:
    """Display the diagram of a GAN; each text is that of one box, and "\\n" breaks its line.

    Without a text for `noise`, nothing feeds G.  `condition`, such as "label y", is a box that
    feeds both networks.  `extra` is a second loss that judges the fake beside D, such as "keeps
    the\\nphotograph?".  `gradients` are the texts at the dashed arrows that teach D, and G through
    D and the fake.  `told` are the texts at the arrows from the real and the fake into D; they
    stand where the condition would.
    """
    boxes = {"G": Box(2.3, 0.3, generator, plots.THIRD, True),
             "fake": Box(4.6, 0.3, fake, plots.FAKE), "data": Box(2.3, 1.9, data, plots.REAL),
             "real": Box(4.6, 1.9, real, plots.REAL),
             "D": Box(6.7, 1.1, discriminator, filled=True), "verdict": Box(8.9, 1.1, verdict)}
    feeds = [("G", "fake"), ("data", "real"), ("real", "D"), ("fake", "D"), ("D", "verdict")]
    teaches = [("verdict", "D", 0.75), ("D", "fake", -0.45), ("fake", "G", -0.5)]
    if noise:
        boxes["noise"] = Box(0, 0.3, noise)
        feeds.append(("noise", "G"))
    if condition:
        boxes["condition"] = Box(4.6, 1.1, condition, OTHER)
        feeds += [("condition", "D"), ("condition", "G")]
    if extra:
        boxes["extra"] = Box(4.6, -1.15, extra, OTHER)
        feeds.append(("fake", "extra"))
        teaches.append(("extra", "G", -0.3))
    to_d, to_g = gradients
    low = -1.6 if extra else -0.5
    words = [(7.8, 2.0, to_d), (7.9, 0.2, to_g)]
    words += [(4.85, y, text) for y, text in zip((1.32, 0.9), told, strict=True)]
    show_boxes(boxes, feeds, teaches, words=words, frame=(-0.8, 9.9, low, 2.5), alt=alt)


def show_boxes(boxes: Mapping[str, Box], feeds: Iterable[tuple[str, str]],
               teaches: Iterable[tuple[str, str, float]], *, alt: str,
               words: Iterable[tuple[float, float, str]] = (), width: float = 5.8,
               frame: tuple[float, float, float, float] = (-0.8, 9.9, -0.5, 2.5),
               fontsize: float = 11) -> None:
    """Display boxes by name, and arrows between them.

    `feeds` are pairs of names: what feeds what, in the colour of the first; an arrow out of a
    network has the colour of what it makes.  `teaches` are dashed arrows, with how far they bend.
    `words` (x, y, text) stand beside.  `frame` is the part of the plane that is shown, from left
    to right and from low to high; the figure is `width` inches wide and keeps its scale.
    """
    left, right, low, high = frame
    fig, ax = plots.figure(width=width, height=high - low)
    ax.set(xlim=(left, right), ylim=(low, high), xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)
    drawn = {name: _box(ax, box, fontsize) for name, box in boxes.items()}
    for start, end in feeds:
        colour = boxes[end if boxes[start].filled else start].colour
        _arrow(ax, drawn[start], drawn[end], colour)
    for start, end, bend in teaches:
        _arrow(ax, drawn[start], drawn[end], plots.NEUTRAL, width=1.4, dashes=(0, (3, 2)),
               bend=bend)
    for x, y, text in words:
        ax.text(x, y, text, ha="center", va="center", fontsize=fontsize - 0.5,
                color=plots.NEUTRAL, style="italic")
    plots.finish(fig, alt=alt)


def _box(ax: Axes, box: Box, fontsize: float) -> Text:
    """Draw a box with its text, and return it."""
    return ax.text(box.x, box.y, box.text, ha="center", va="center", fontsize=fontsize, zorder=3,
                   color="white" if box.filled else "black", linespacing=1.25,
                   bbox={"boxstyle": "round,pad=0.4,rounding_size=0.3", "linewidth": 1.6,
                         "facecolor": box.colour if box.filled else PAPER,
                         "edgecolor": box.colour})


def _arrow(ax: Axes, start: Text, end: Text, colour: str, *, width: float = 1.8,
           dashes: str | tuple = "solid", bend: float = 0.0) -> None:
    """Draw an arrow from the edge of one box to the edge of another."""
    style = {"arrowstyle": "-|>", "color": colour, "linewidth": width, "linestyle": dashes,
             "shrinkA": 2, "shrinkB": 2, "mutation_scale": 14,
             "patchA": start.get_bbox_patch(), "patchB": end.get_bbox_patch(),
             "connectionstyle": f"arc3,rad={bend}"}
    ax.annotate("", end.get_position(), start.get_position(), zorder=2, arrowprops=style)
