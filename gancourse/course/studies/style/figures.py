"""The figures of lesson 04, and what they measure.  Pictures are uint8 (height, width, 3)."""

from collections.abc import Mapping, Sequence

import numpy as np

from gancourse.data.images import encoded
from gancourse.data.synthetic import brushwork
from gancourse.notebook import animation, image_output, plots
from gancourse.notebook.diagram import OTHER, Box, show_boxes

SCORES = {"texture distance": "smaller is better", "content correlation": "larger is better",
          "colour agreement": "larger is better", "mean luminance": "the painter's line is right"}
DRAWN = "texture distance", "colour agreement", "mean luminance"  # over the steps


def show_players(*, alt: str) -> None:
    """Display who feeds whom, and with dashed arrows who teaches whom."""
    boxes = {"pile": Box(0, 3.6, "other\npaintings", plots.REAL),
             "streaks": Box(2.2, 2.9, "streaks,\ndirections"),
             "under": Box(0, 1.8, "smeared,\nbrightness\nmatched"),
             "photo": Box(0, 0.1, "photo-\ngraph"),
             "G": Box(2.2, 1.7, "generator\nG", plots.THIRD, True),
             "fake": Box(4.4, 1.7, "repainted\nphotograph", plots.FAKE),
             "Ds": Box(4.4, 3.6, "two discri-\nminators D", filled=True),
             "loss": Box(6.2, 2.65, "which is\nmore real?"),
             "content": Box(3.9, 0.1, "light and dark\nstill in place?", OTHER)}
    feeds = (("pile", "Ds"), ("pile", "under"), ("streaks", "G"), ("photo", "under"),
             ("under", "G"), ("G", "fake"), ("fake", "Ds"), ("Ds", "loss"), ("under", "content"),
             ("fake", "content"))
    teaches = (("loss", "Ds", 0.7), ("loss", "fake", -0.5), ("fake", "G", -0.5),
               ("content", "fake", 0.3))
    show_boxes(boxes, feeds, teaches, width=5.8, frame=(-0.8, 7.3, -0.4, 4.1), fontsize=12, alt=alt)


def patches(pictures: Sequence[np.ndarray], num: int, side: int, seed: int = 0) -> np.ndarray:
    """Return random squares of the pictures in turn, uint8 (num, side, side, 3)."""
    rng = np.random.default_rng(seed)
    squares = []
    for i in range(num):
        picture = pictures[i % len(pictures)]
        y, x = (rng.integers(n - side + 1) for n in picture.shape[:2])
        squares.append(picture[y : y + side, x : x + side])
    return np.stack(squares)


def show_piles(photographs: Sequence[np.ndarray], paintings: Sequence[np.ndarray], side: int, *,
               alt: str, quality: int = 55) -> None:
    """Display the pile for G at the left and D's at the right, with patches of each below."""
    rows = max(len(photographs), len(paintings))
    fig, axes = plots.figure(rows + 1, 2, width=6.4, height=2.25 * rows + 1.9, squeeze=False,
                             height_ratios=[2.25] * rows + [1.7])
    for ax in axes.flat:
        ax.axis("off")
    columns = (("for G: photographs", photographs), ("for D: paintings", paintings))
    for (title, pile), column in zip(columns, axes.T, strict=True):
        for ax, picture in zip(column, pile, strict=False):
            ax.imshow(_middle(picture))
        column[0].set_title(title, loc="center", fontsize=13)
        squares = patches(pile, 8, min(side, *(min(p.shape[:2]) for p in pile)))
        column[-1].imshow(plots.tile(squares, 4, 2))
        column[-1].set_title(f"patches of {side} x {side} pixels", loc="center", fontsize=12)
    _store(fig, alt, quality)


def show_grid(pictures: Sequence[np.ndarray], titles: Sequence[str], *, alt: str,
              quality: int = 55, width: float = 6.4, columns: int = 2) -> None:
    """Display pictures, `columns` in a row, with titles above the first of them."""
    rows = -(-len(pictures) // columns)
    tallest = max(picture.shape[0] / picture.shape[1] for picture in pictures)
    fig, axes = plots.figure(rows, columns, width=width, squeeze=False,
                             height=width / columns * tallest * rows + 0.15 * (len(titles) + 1))
    for ax in axes.flat:
        ax.axis("off")
    for ax, picture in zip(axes.flat, pictures, strict=False):
        ax.imshow(picture)
    for ax, title in zip(axes.flat, titles, strict=False):
        ax.set_title(title, loc="center", fontsize=13)
    _store(fig, alt, quality)


def draw_progress(fig: plots.Figure, history, picture: np.ndarray) -> None:
    """Draw the picture so far above the two losses and the content term."""
    top, middle, bottom = fig.subplots(3, 1, height_ratios=[5, 4, 2.5])
    top.imshow(_preview(picture), interpolation="nearest")
    top.axis("off")
    top.set_title(f"step {history[-1].step}, a small preview", loc="center")
    plots.show_curves(history, names=["d_loss", "g_loss"], title="losses of the game", ax=middle,
                      levels={"2 log 2": 2 * np.log(2)})
    middle.set_xlabel("")
    bottom.plot(history.column("step"), history.column("content"), color=OTHER, marker=".")
    bottom.set(title="content term, without its weight", xlabel="step")
    bottom.set_ylim(bottom=0)


def show_scores(steps: Sequence[int], scores: np.ndarray, levels: Mapping[str, Sequence[float]],
                *, alt: str) -> None:
    """Draw scores (steps, 4) of G during its training; `levels` are horizontal lines by name."""
    fig, axes = plots.figure(3, 1, width=5.6, height=6.4, sharex=True)
    styles = ("--", ":", "-.")
    for ax, name in zip(axes, DRAWN, strict=True):
        i = list(SCORES).index(name)
        ax.plot(steps, scores[:, i], color=plots.FAKE, marker=".", label="G")
        for style, colour, (label, level) in zip(styles, plots.COLOURS, levels.items(),
                                                 strict=False):
            ax.axhline(level[i], color=colour, linestyle=style, label=label)
        ax.set_title(f"{name}: {SCORES[name]}", fontsize=12)
    axes[-1].set_xlabel("step", fontsize=11)
    handles, labels = axes[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=11)
    plots.finish(fig, alt=alt)


def show_fields(pictures: Mapping[str, np.ndarray], logits: Mapping[str, np.ndarray],
                sides: Sequence[int], *, alt: str, quality: int = 55) -> None:
    """Display each picture with a square of each side, and D's logits for it beside.

    `logits` (rows, columns) hold one number a patch, minus the mean of all, since only differences
    mean something to a relativistic loss; all maps share their colours.
    """
    fig, axes = plots.figure(len(pictures), 2, width=6.6, height=2.35 * len(pictures) + 0.3,
                             squeeze=False)
    reach = max(np.abs(values).max() for values in logits.values())
    for (left, right), name in zip(axes, pictures, strict=True):
        height, width = pictures[name].shape[:2]
        left.imshow(pictures[name])
        for i, side in enumerate(sides):
            corner = (width * (2 + 4 * i) // 10, (height - side) // 2)
            left.add_patch(plots.plt.Rectangle(corner, side, side, fill=False, edgecolor="white",
                                               linewidth=2.5))
        left.set_title(name, loc="center", fontsize=12)
        shown = right.imshow(logits[name], cmap="PRGn", vmin=-reach, vmax=reach,
                             extent=(0, width, height, 0), interpolation="nearest")
        right.set_title("D's logits minus their mean", loc="center", fontsize=12)
        left.axis("off")
        right.axis("off")
    bar = fig.colorbar(shown, ax=axes[:, 1].tolist(), orientation="horizontal", fraction=0.05,
                       ticks=[-reach, 0, reach])
    bar.ax.set_xticklabels([f"{-reach:.1f}\nless real", "0\nthe mean", f"{reach:.1f}\nmore real"],
                           fontsize=11)
    _store(fig, alt, quality)


def colour_agreement(a: np.ndarray, b: np.ndarray, block: int = 16) -> float:
    """Return the correlation of colours without their brightness, over blocks of `block` pixels."""
    first, second = (hues(picture, block).ravel() for picture in (a, b))
    return float(np.corrcoef(first, second)[0, 1])


def blocks(picture: np.ndarray, side: int) -> np.ndarray:
    """Return the mean of each square of a picture, float64 (squares, channels), row by row."""
    rows, columns = (n // side for n in picture.shape[:2])
    whole = picture[: rows * side, : columns * side].astype(np.float64)
    means = whole.reshape(rows, side, columns, side, -1).mean(axis=(1, 3))
    return means.reshape(rows * columns, -1)


def halved(picture: np.ndarray) -> np.ndarray:
    """Return a picture at half its size, uint8: the means of squares of 2 x 2 pixels."""
    height, width = (n // 2 for n in picture.shape[:2])
    return np.rint(blocks(picture, 2).reshape(height, width, 3)).astype(np.uint8)


def hues(picture: np.ndarray, side: int) -> np.ndarray:
    """Return the mean colour of each square minus its own mean, float64 (squares, 3)."""
    colours = blocks(picture, side)
    return colours - colours.mean(axis=1, keepdims=True)


def follows(picture: np.ndarray, angles: np.ndarray) -> float:
    """Return the mean of cos 2(a - b) between a picture's strokes and a field, in [-1, 1].

    1: every stroke lies along the field; 0: no relation; -1: every stroke lies across it.
    """
    drawn, _ = brushwork.directions(brushwork.luminance(picture), blur=1.0)
    return float(np.cos(2 * (drawn - angles)).mean())


def _preview(picture: np.ndarray, width: int = 320, levels: int = 7) -> np.ndarray:
    """A smaller picture, about `width` wide, in few colours, which a PNG packs well."""
    step = max(1, picture.shape[1] // width)
    rows, columns = (n // step for n in picture.shape[:2])
    colours = blocks(picture, step).reshape(rows, columns, 3)
    return np.rint(colours / 255 * (levels - 1)) / (levels - 1)


def _middle(picture: np.ndarray) -> np.ndarray:
    """The middle of a picture, three wide and two high."""
    height, width = picture.shape[:2]
    high = min(height, width * 2 // 3)
    wide = min(width, height * 3 // 2)
    y, x = (height - high) // 2, (width - wide) // 2
    return picture[y : y + high, x : x + wide]


def _store(fig: plots.Figure, alt: str, quality: int) -> None:
    """Display a figure full of brush strokes as WebP, which takes half of a JPEG's size."""
    (image,) = animation.frames(fig, lambda _: None, [0])
    image_output.show_image("image/webp", encoded(image, "WEBP", quality=quality), alt)
