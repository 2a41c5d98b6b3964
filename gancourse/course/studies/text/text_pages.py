"""What lesson 13 draws: sentences with their mistakes marked, the plane, tables for a page.

Sentences are drawn as pictures so that a slider can turn over them; a wrong word is pink and
underlined, in a fixed-width font.
"""

from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType

import numpy as np

from gancourse.course.studies.text.languages import Language
from gancourse.data.synthetic import agreement
from gancourse.data.synthetic.grammar import Grammar
from gancourse.notebook import animation, plots

WRONG = "#CC79A7"  # the first wrong word of a sentence
GAN = "#6A3D9A"
STYLE = {  # mark and colour of each model of the lesson
    "weak MLE": ("o", plots.NEUTRAL), "SeqGAN": ("s", GAN), "shuffled rewards": ("X", WRONG),
    "Gumbel, soft": ("v", "#8C564B"), "Gumbel, straight": ("^", "#F0B800"),
    "SeqGAN, no rollouts": ("d", GAN), "SeqGAN, D of pairs": (">", GAN),
    "full MLE + SeqGAN": ("D", GAN),
    "weak + more MLE": ("P", plots.THIRD), "full MLE": ("o", plots.THIRD)}
SIZE = 10  # of letters, in points
PITCH = 0.602 * SIZE / 72  # width of a letter of the fixed-width font, in inches
LINE = 0.2  # height of a line, in inches
LEAST = 48  # letters in the width of a page, where its lines are short
BEGINNING = "two birds that see a dog"  # whose verb is asked for during the training
ITS_VERBS = "plural verbs"  # the right ones
CONTROLS = ("shuffled rewards", "SeqGAN, no rollouts", "SeqGAN, D of pairs")  # drawn hollow


def page(height: float, lines: Sequence[str]) -> tuple[plots.Figure, plots.Axes]:
    """Return a figure `height` inches high with an empty axes over all of it.

    It is no wider than the longest of the lines needs, so that a phone shows large letters.
    """
    letters = max(LEAST, 2 + max(map(len, lines)))
    fig, ax = plots.figure(width=letters * PITCH, height=height, layout="none")
    ax.set_position((0, 0, 1, 1))
    return fig, ax


def draw_sentences(ax: plots.Axes, lines: Sequence[str], wrong: Sequence[int], *, title: str = "",
                   numbered: bool = False) -> None:
    """Draw sentences below each other; `wrong` is the place of a word to mark in each, or -1."""
    place = ax.get_position()
    width, height = ax.figure.get_size_inches() * (place.width, place.height)
    ax.clear()
    ax.set(xlim=(0, width / PITCH), ylim=(height / LINE, 0))
    ax.axis("off")
    ax.text(1, 1, title, fontsize=11, va="center")
    for k, (line, place) in enumerate(zip(lines, wrong, strict=True)):
        at = 1
        if numbered:
            ax.text(at, k + 2.2, f"{k + 1}", fontsize=SIZE, va="center", color=plots.NEUTRAL,
                    family="monospace")
            at += 3
        for i, word in enumerate(line.split(" ")):
            marked = i == place
            ax.text(at, k + 2.2, word, fontsize=SIZE, va="center", family="monospace",
                    color=WRONG if marked else "black", weight="bold" if marked else "normal")
            if marked:
                ax.plot([at, at + len(word)], [k + 2.65, k + 2.65], color=WRONG, linewidth=1.5)
            at += len(word) + 1


def quiz_frames(language: Grammar, n: int = 8, seed: int = 0) -> list[np.ndarray]:
    """Return two images for each of agreement.MISTAKES, without and with the mistakes marked."""
    rounds = {mistake: agreement.quiz(language, mistake, n, seed) for mistake in agreement.MISTAKES}
    lines = [f"1  {line}" for rows in rounds.values() for line in language.text(rows)]
    fig, ax = page(LINE * (2.8 + n), lines)

    def turn_to(state: tuple[str, bool]) -> None:
        mistake, marked = state
        rows = rounds[mistake]
        wrong = agreement.first_wrong(language, rows) if marked else [-1] * n
        draw_sentences(ax, language.text(rows), wrong, numbered=True,
                       title=f"{n // 2} of these {n} are wrong: {mistake}")

    states = [(name, marked) for name in rounds for marked in (False, True)]
    return animation.frames(fig, turn_to, states)


def sentence_frames(language: Language, written: dict[str, np.ndarray],
                    n: int = 20) -> list[np.ndarray]:
    """Return an image for each model: n of its sentences, and above them the share that is valid.

    `written` are many sentences; those shown are `typical` of them.
    """
    chosen = {name: typical(language, rows, n) for name, rows in written.items()}
    fig, ax = page(LINE * (2.8 + n), [line for rows in chosen.values()
                                      for line in language.text(rows)])

    def turn_to(name: str) -> None:
        rows = chosen[name]
        wrong = language.first_wrong(rows)
        share = np.mean(language.first_wrong(written[name]) < 0)
        draw_sentences(ax, language.text(rows), wrong, title=(
            f"{name}: {share:.2f} of {len(written[name]):,} are valid, "
            f"and {sum(wrong < 0)} of these {len(rows)}"))

    return animation.frames(fig, turn_to, written)


def typical(language: Language, rows: np.ndarray, n: int, seed: int = 0) -> np.ndarray:
    """Return n of the rows, drawn so that the share of valid ones is that of all, but for rounding.

    `n` must be at most the number of rows.
    """
    valid = language.first_wrong(rows) < 0
    num_valid = round(n * valid.mean())
    rng = np.random.default_rng(seed)
    chosen = [*rng.choice(np.flatnonzero(valid), num_valid, replace=False),
              *rng.choice(np.flatnonzero(~valid), n - num_valid, replace=False)]
    return rows[rng.permutation(np.array(chosen, int))]


def show_plane(curves: dict[str, np.ndarray], places: dict[str, np.ndarray],
               axes: tuple[str, str], ends: Mapping[str, tuple[str, str]], *, alt: str) -> None:
    """Display models on the plane: `places` (seeds, 2) by names of STYLE; see `draw_curves`."""
    fig, ax = plots.figure(width=5.6, height=4.6)
    draw_curves(ax, curves, axes, ends)
    ax.margins(x=0.22)
    legend = []
    for name in STYLE:
        if name in places:
            ax.plot(*places[name].T, **_looks(name, 8), linestyle="none")
            line = "-" if name in curves else "none"
            legend += ax.plot([], [], **_looks(name, 8), linestyle=line, label=name)
    _tick(ax)
    ax.set_title("better is right and down; lines: any temperature")
    ax.legend(handles=legend, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, fontsize=10)
    plots.finish(fig, alt=alt)


def _looks(name: str, size: float) -> dict[str, object]:
    """Return the mark and colour of a model for `ax.plot`; controls are hollow, diamonds black."""
    mark, colour = STYLE[name]
    hollow = {"markerfacecolor": "none", "markeredgewidth": 1.6} if name in CONTROLS else {}
    hollow |= {"markeredgecolor": "black"} if mark == "d" else {}  # among the purple squares
    return {"marker": mark, "color": colour, "markersize": size, "alpha": 0.85, **hollow}


def show_rule(shares: dict[str, np.ndarray], singular: float, *, alt: str) -> None:
    """Display for each model, by names of STYLE, the share of right cases in each seed.

    `singular` is the share of cases whose subject is singular.
    """
    fig, ax = plots.figure(width=5.6, height=1 + 0.45 * len(shares))
    for row, (name, of_seeds) in enumerate(shares.items()):
        places = row + np.linspace(-0.22, 0.22, len(of_seeds))  # so that no seed hides another
        ax.axhspan(row - 0.4, row + 0.4, color=plots.NEUTRAL, alpha=0.05, linewidth=0)
        ax.plot(of_seeds, places, **_looks(name, 8), linestyle="none")
    ax.axvline(0.5, color=plots.NEUTRAL, linestyle=":", linewidth=1)
    ax.set(xlim=(-0.03, 1.03), ylim=(len(shares) - 0.5, -0.5),
           title=f"dotted: half of the cases; always singular: {singular:.2f}",
           xlabel="right number preferred, share of cases")
    ax.set_yticks(range(len(shares)), list(shares))
    ax.grid(False, axis="y")
    plots.finish(fig, alt=alt)


def draw_curves(ax: plots.Axes, curves: dict[str, np.ndarray], axes: tuple[str, str],
                ends: Mapping[str, tuple[str, str]] = MappingProxyType({})) -> None:
    """Draw models over temperatures on the plane of quality (x) and what is missing (y).

    `curves` are places (temperatures, seeds, 2), by names of STYLE.  The thick line is their median
    over the seeds, thin lines are the seeds; `ends` by name are what stands at both ends of a line.
    """
    for name, places in curves.items():
        _, colour = STYLE[name]
        for one in np.moveaxis(places, 1, 0):
            ax.plot(*one.T, color=colour, linewidth=0.6, alpha=0.5)
        middle = np.median(places, 1)
        ax.plot(*middle.T, color=colour, linewidth=1.8, label=f"{name}, any temperature")
        rightmost = max(other[-1, :, 0].max() for other in curves.values())
        side = "left" if middle[-1, 0] > rightmost - 0.05 else "right"  # where no other line runs
        for end, at, ha, move in zip(ends.get(name, ()), (0, -1), ("right", side),
                                     ((-2, -13), (5 if side == "left" else -6, -3)), strict=False):
            ax.annotate(end, middle[at], fontsize=10, color=colour, ha=ha,
                        xytext=move, textcoords="offset points")
    ax.set(xlabel=axes[0], ylabel=f"{axes[1]}, log scale", yscale="log")


def _tick(ax: plots.Axes) -> None:
    """Label a logarithmic axis with plain numbers."""
    low, high = ax.get_ylim()
    ticks = [tick for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20) if low <= tick <= high]
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()


def training_frames(language: Language, curves: dict[str, np.ndarray],
                    places: dict[int, Sequence], written: dict[int, np.ndarray],
                    fits: dict[int, float] | None = None) -> list[np.ndarray]:
    """Return an image for each look at SeqGAN's training: the plane above, sentences below.

    By the number of the update, `places` are (seeds, 2), and `written` sentences of the first seed.
    `fits` are its shares of verbs of the right number after BEGINNING, which are drawn as a bar.
    """
    looks = list(places)
    path = np.array([places[look] for look in looks])  # (looks, seeds, 2)
    low = LINE * (2.8 + len(written[looks[0]]) + (2.4 if fits else 0))
    total = low + 2.9
    fig, below = page(total, [line for rows in written.values() for line in language.text(rows)])
    below.set_position((0, 0, 1, low / total))
    above = fig.add_axes((0.12, (low + 0.5) / total, 0.85, 2.1 / total))
    draw_curves(above, curves, language.axes())
    above.set(xlim=(min(0.3, path[..., 0].min() - 0.05), 1.03),
              ylim=(0.07, max(3.0, path[..., 1].max())))
    _tick(above)
    seeds = range(path.shape[1])
    trails = [above.plot([], [], color=GAN, linewidth=1)[0] for _ in seeds]
    heads = [above.plot([], [], "s", color=GAN, markersize=7)[0] for _ in seeds]
    heads[0].set_label(f"SeqGAN, {len(seeds)} seeds")
    above.legend(loc="lower left", fontsize=10)

    def at(k: int) -> None:
        for i in seeds:
            trails[i].set_data(*path[: k + 1, i].T)
            heads[i].set_data(*path[k : k + 1, i].T)
        rows = written[looks[k]]
        draw_sentences(below, language.text(rows), language.first_wrong(rows),
                       title=f"update {looks[k]}, first seed: {path[k, 0, 0]:.2f} valid")
        if fits:
            draw_bar(below, len(rows) + 2.8, fits[looks[k]])

    return animation.frames(fig, at, range(len(looks)))


def draw_bar(ax: plots.Axes, y: float, share: float) -> None:
    """Draw BEGINNING in line y of a page, and below it the share of verbs that are right."""
    ax.text(1, y, f"{BEGINNING} …", fontsize=SIZE, va="center", family="monospace")
    ax.barh(y + 1.1, 30 * share, left=1, height=0.7, color=plots.THIRD)
    ax.barh(y + 1.1, 30 * (1 - share), left=1 + 30 * share, height=0.7, color=WRONG)
    ax.text(32, y + 1.1, f"{share:.2f} {ITS_VERBS}", fontsize=SIZE, va="center")


def in_markdown(rows: dict[str, np.ndarray], columns: Sequence[str], seeds: Sequence[int]) -> str:
    """Return a table: a model a line, each column's mean over the seeds and the seeds' own numbers.

    `rows` give numbers (seeds, columns) for each name.
    """
    each = f" (seeds {', '.join(map(str, seeds))})"
    lines = ["| |" + "|".join(f" {column}{each} " for column in columns) + "|",
             "|---|" + "---|" * len(columns)]
    for name, numbers in rows.items():
        cells = [f" **{column.mean():.2f}** ({', '.join(f'{number:.2f}' for number in column)}) "
                 for column in np.asarray(numbers).T]
        lines.append(f"| {name} |" + "|".join(cells) + "|")
    return "\n".join(lines)


def beaten(points: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """Return for each seed whether its point is beaten by its own curve over temperatures, bool.

    That is: whether some temperature has at least the quality, at no more that is missing.
    `points` are (seeds, 2), `curve` (temperatures, seeds, 2).
    """
    return ((curve[..., 0] >= points[:, 0]) & (curve[..., 1] <= points[:, 1])).any(0)


def agreement_table(language: Grammar, cases: agreement.Cases, expected: dict[str, np.ndarray],
                    n: int = 8) -> tuple[str, str]:
    """Return the first n beginnings of sentences with each model's verb, as HTML and as text.

    `expected` gives for each model the probabilities (cases, words) at the place of the verb.  The
    subject is green and bold, the noun that misleads pink.  A cell holds the number that has more
    probability, as its likeliest verb, whether it is right, and the share of verbs of the right
    number among all verbs.
    """
    left = 'style="text-align:left"'
    verbs = agreement.numbers_of(language, "transitive", "intransitive")
    shares = {name: agreement.right_share(language, cases, of_words)
              for name, of_words in expected.items()}
    head = "".join(f"<th {left}>{escape(name)}</th>" for name in expected)
    body = plain = ""
    for k in range(min(n, len(cases.rows))):
        words = [language.words[word] for word in cases.rows[k][: cases.verb[k]]]
        parts = [escape(word) for word in words]
        parts[cases.subject[k]] = f"<b style='color:{plots.THIRD}'>{parts[cases.subject[k]]}</b>"
        parts[-1] = f"<b style='color:{WRONG}'>{parts[-1]}</b>"
        body += f"<tr><td {left}>{' '.join(parts)} …</td>"
        plain += " ".join(words) + " ..."
        for name, probabilities in expected.items():
            right = shares[name][k]
            number = cases.singular[k] == (right > 0.5)  # whether the preferred one is singular
            likeliest = max((word for word in verbs if verbs[word] == number),
                            key=probabilities[k].item)
            verb = f"{language.words[likeliest]} {'✓' if right > 0.5 else '✗'}"
            body += f"<td {left}><b>{escape(verb)}</b> {right:.2f}</td>"
            plain += f"   {name}: {verb} {right:.2f}"
        body += "</tr>"
        plain += "\n"
    return f"<table><tr><th {left}>beginning</th>{head}</tr>{body}</table>", plain
