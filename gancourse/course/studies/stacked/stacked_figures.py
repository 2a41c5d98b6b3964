"""The pictures and the table of stacked digits.  Lesson 14.

They are narrow, so that their texts can be read on a phone.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from gancourse.course.studies import stored_table
from gancourse.course.studies.stacked import counting
from gancourse.course.studies.stacked.counting import Scores
from gancourse.course.studies.stacked.stacked_digits import ARMS, CONTROLS, HERE, PRESETS
from gancourse.data.registry import Dataset
from gancourse.notebook import plots

WIDTH = 5.8  # inches
SAMPLES = HERE.with_suffix(".npz")  # of the last seed, uint8, by data and arm
PANELS = {"modes": "modes, of 1000", "sure": "sure images, %"}
LAST = "relativistic + R1 + R2"
PACGAN = "PacGAN 2018: 100,000 steps of D, 6.4 million images"
R3GAN = "R3GAN 2024: a small ResNet, another budget"
PUBLISHED = (  # arm, modes, KL, whose; all of them on MNIST
    ("DCGAN", "78.9", "4.50", PACGAN),
    ("packed by 2", "1000", "0.06", PACGAN),
    ("R1", "failed", "failed", R3GAN),
    ("R1 + R2", "693", "0.927", R3GAN),
    ("relativistic + R1 + R2", "1000", "0.0781", R3GAN),
    ("VEEGAN", "150", "2.95", "VEEGAN 2017: another net and budget"))
Rows = Sequence[Mapping[str, str]]


def load() -> list[dict[str, str]]:
    """Return the rows of the stored table."""
    return stored_table.read(HERE)


def ends(rows: Rows, column: str, arm: str, *, of: str = "strokes",
         steps: int = PRESETS["cpu"].steps) -> np.ndarray:
    """Return a column at the end of an arm's runs, float64, a seed after the other."""
    return stored_table.pick(rows, column, data=of, preset="cpu", arm=arm, steps=steps)


def control(rows: Rows, column: str, name: str, *, of: str = "strokes",
            counted: int = PRESETS["cpu"].counted) -> float:
    """Return a column of a control, counted in so many samples."""
    (number,) = stored_table.pick(rows, column, data=of, preset="cpu", arm=name, counted=counted)
    return float(number)


def show_scores(rows: Rows, extra: Mapping[str, Scores] | None = None) -> None:
    """Show the modes and the share of sure images of controls and arms, a dot for each run.

    Squares are controls, and `extra` adds some; dots are the three seeds on strokes, diamonds one
    seed on MNIST.  The dotted line is what a perfect sampler of as many images has on average.
    """
    extra = extra or {}
    names = [*CONTROLS, *extra, *ARMS]
    fig, axes = plots.figure(1, 2, width=WIDTH, height=1.6 + 0.32 * len(names), sharey=True)
    best = counting.perfect(PRESETS["cpu"].counted)[0]
    for ax, (column, label) in zip(axes, PANELS.items(), strict=True):
        scale = 100 if column == "sure" else 1
        for y, name in enumerate(names):
            ax.axhspan(y - 0.4, y + 0.4, color=plots.NEUTRAL, alpha=0.05, linewidth=0)
            if name in ARMS:
                _draw_arm(ax, y, scale * ends(rows, column, name),
                          scale * ends(rows, column, name, of="mnist"))
                continue
            number = getattr(extra[name], column) if name in extra else control(rows, column, name)
            ax.plot([scale * number], [y], "s", color="black", markersize=6)
        if column == "modes":
            ax.axvline(best, color=plots.NEUTRAL, linestyle=":", linewidth=1.5)
        ax.set_xlabel(label)
        ax.grid(False, axis="y")
    axes[0].set_yticks(range(len(names)), [called(name) for name in names])
    axes[0].set_ylim(len(names) - 0.5, -0.5)
    axes[0].set_xlim(-40, 1060)
    axes[0].set_xticks([0, 500, 1000])
    axes[0].tick_params(axis="y", length=0)
    axes[1].tick_params(axis="y", length=0)
    axes[1].set_xlim(-5, 105)
    axes[1].set_xticks([0, 50, 100])
    _legend(fig)
    plots.finish(fig, alt=_in_words(rows))


def show_samples(digits: Dataset, n: int = 5) -> None:
    """Show real stacked digits, two controls and what each arm has drawn on strokes, a row each."""
    rng = np.random.default_rng(0)
    real = digits.x_test[:300]
    noisy = np.clip(real + 76 * rng.standard_normal(real.shape), 0, 255).astype(np.uint8)
    rows = {"real": counting.stack_digits(real, n, seed=0),
            "noisy digits": counting.stack_digits(noisy, n, seed=0)}
    with np.load(SAMPLES, allow_pickle=False) as kept:
        rows |= {arm: kept[f"strokes, {arm}"][:n] for arm in ARMS}
    images = np.concatenate(list(rows.values()))
    fig, ax = plots.figure(width=5.4, height=4.9)
    plots.show_images(images, columns=n, ax=ax)
    side = images.shape[1] + 1  # pixels from row to row
    names = [called(name).replace(" in D", "\nin D").replace("pairs + ", "pairs +\n")
             for name in rows]
    ax.set_yticks([side * (i + 0.5) for i in range(len(rows))], names)
    ax.tick_params(length=0, labelsize=10.5)
    plots.finish(fig, alt="Coloured images of three digits laid over each other: clear in the "
                          "row of real ones, speckled in the next, smeared in the rows of the arms")


def table(rows: Rows) -> list[list[str]]:
    """Return our runs beside published ones, arm by arm, the head first, to be shown as a table.

    Ours are means over the seeds, with their range.
    """
    counted = PRESETS["cpu"].counted
    seen = PRESETS["cpu"].steps * PRESETS["cpu"].batch_size
    body = []
    for arm in dict.fromkeys([*ARMS, *(line[0] for line in PUBLISHED)]):
        for _, modes, kl, budget in [line for line in PUBLISHED if line[0] == arm]:
            body.append([called(arm), modes, kl, "MNIST", budget])
        for of in ("mnist", "strokes"):
            if arm in ARMS:
                numbers = [_spread(ends(rows, column, arm, of=of), form)
                           for column, form in (("modes", ".0f"), ("kl", ".2f"))]
                body.append([called(arm), *numbers, of.replace("mnist", "MNIST"),
                             f"ours: {PRESETS['cpu'].steps:,} steps, {seen:,} images"])
    for n, whose in ((PRESETS["gpu"].counted, "theirs"), (counted, "ours")):
        modes, kl = counting.perfect(n)
        body.append(["a perfect sampler", f"{modes:.0f}", f"{kl:.4f}", "equal shares",
                     f"{n:,} images counted, as {whose}"])
    return [["", "modes", "KL", "data", "whose, and its budget"], *body]


def summary(rows: Rows, extra: Mapping[str, Scores] | None = None) -> list[list[str]]:
    """Return the numbers on strokes, the head first: of controls, `extra` ones and arms.

    Those of arms are means with ranges over the seeds; seconds are of one core.
    """
    forms = {"modes": ".0f", "kl": ".2f", "sure": ".0%", "distance": ".0f"}
    body = [[name, *(f"{control(rows, column, name):{form}}" for column, form in forms.items()), ""]
            for name in CONTROLS]
    for name, scores in (extra or {}).items():
        numbers = scores._asdict()
        body.append([name, *(f"{numbers[column]:{form}}" for column, form in forms.items()), ""])
    for arm in ARMS:
        cells = [_spread(ends(rows, column, arm), form) for column, form in forms.items()]
        body.append([called(arm), *cells, f"{ends(rows, 'seconds', arm).mean():.0f}"])
    return [["", "modes", "KL", "sure", "distance", "seconds"], *body]


def comparisons(rows: Rows) -> list[list[str]]:
    """Return differences of two arms, seed by seed, halfway and at the end; the head first."""
    whole = PRESETS["cpu"].steps
    body = []
    for column, arm, than in (("modes", "R1", "no BatchNorm in D"), ("distance", LAST, "R1 + R2"),
                              ("distance", LAST, "DCGAN"), ("distance", "packed by 2", "DCGAN"),
                              ("modes", LAST, "DCGAN")):
        moments = [", ".join(f"{gain:+.0f}" for gain in gains(rows, column, arm, than, steps=steps))
                   for steps in (whole // 2, whole)]
        body.append([f"{column}: {called(arm)} minus {called(than)}", *moments])
    return [["three seeds", f"{whole // 2:,} steps", f"{whole:,} steps"], *body]


def longer(rows: Rows) -> list[list[str]]:
    """Return modes, KL, share of sure images and distance of seed 0, trained on; the head first."""
    forms = {"modes": ".0f", "kl": ".2f", "sure": ".0%", "distance": ".0f"}
    body = []
    for arm in ("DCGAN", LAST):
        for steps in (500, 1000, 1500, 3000):
            numbers = [f"{ends(rows, column, arm, steps=steps)[0]:{form}}"
                       for column, form in forms.items()]
            body.append([called(arm), f"{steps:,}", *numbers])
    return [["seed 0", "steps", "modes", "KL", "sure", "distance"], *body]


def gains(rows: Rows, column: str, arm: str, than: str, **moment) -> np.ndarray:
    """Return a column of an arm minus that of another, seed by seed, on strokes."""
    return ends(rows, column, arm, **moment) - ends(rows, column, than, **moment)


def called(name: str) -> str:
    """Return what the lesson calls an arm: the relativistic loss is that of pairs."""
    return name.replace("relativistic", "pairs")


def _spread(numbers: np.ndarray, form: str) -> str:
    """A mean with the least and the greatest, or the one number."""
    if len(numbers) == 1:
        return f"{numbers[0]:{form}}"
    return f"{numbers.mean():{form}} ({numbers.min():{form}} to {numbers.max():{form}})"


def _draw_arm(ax, y: int, strokes: np.ndarray, mnist: np.ndarray) -> None:
    """An arm's runs: a dot for each seed on strokes, a diamond on MNIST."""
    height = y + np.linspace(-0.2, 0.2, len(strokes))
    colours = plots.COLOURS[: len(strokes)]
    ax.scatter(strokes, height, s=36, c=colours, edgecolor="white", linewidth=0.7, zorder=3)
    ax.plot(mnist, np.full(len(mnist), y), "D", color="black", fillstyle="none", markersize=6)


def _legend(fig) -> None:
    """What the marks mean, above the panels."""
    marks = [("s", "black", "full", "control")]
    marks += [("o", plots.COLOURS[seed], "full", f"seed {seed}") for seed in range(3)]
    marks += [("D", "black", "none", "MNIST")]
    keys = [plots.plt.Line2D([], [], linestyle="", marker=marker, color=colour, fillstyle=fill,
                             label=text) for marker, colour, fill, text in marks]
    keys.append(plots.plt.Line2D([], [], linestyle=":", color=plots.NEUTRAL,
                                 label="perfect sampler"))
    fig.legend(handles=keys, loc="outside upper center", ncols=3, handletextpad=0.2,
               columnspacing=0.9)


def _in_words(rows: Rows) -> str:
    """The figure for those who cannot see it."""
    texts = []
    for arm in ARMS:
        texts.append(f"{called(arm)} {_spread(ends(rows, 'modes', arm), '.0f')} modes, "
                     f"{_spread(100 * ends(rows, 'sure', arm), '.0f')} % sure")
    noisy = 100 * control(rows, "sure", "noisy digits")
    return ("Dots in two panels. Held-out, blurred and noisy digits lie at a thousand modes; of "
            f"the noisy ones {noisy:.0f} % are sure. The arms on strokes: {'; '.join(texts)}")
