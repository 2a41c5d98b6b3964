"""The study of lesson 09 as the lesson reads it: its rows, its pages, its card, what is judged.

A setting is OURS but for some changes; its distances are those of its seeds, NaN where a run has
failed.  The sweeps that made the rows are in `sweeps`.
"""

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from gancourse.course.studies import stored_table
from gancourse.course.studies.what_works.sweeps import DISTANCE, PARTS, Rows, run

OURS = {  # the setting around which the study varies one choice or two
    "loss": "nonsaturating", "penalty": "r1", "optimiser": "adam", "learning_rate": 4e-3,
    "beta1": 0.0, "batch_size": 32, "network": "cnn", "norm": "batch_G", "ema_decay": 0.995,
    "decay": 0.6, "num_steps": 500, "budget": 0.0}
PAGES = {  # the comparisons of the lesson's figures: what is on a page, and what differs there
    "learning rate, β1": (["learning rate"], ["learning_rate", "beta1"]),
    "optimiser": (["sgd", "rmsprop", "learning rate"], ["optimiser", "learning_rate"]),
    "loss, penalty": (["loss", "wasserstein, gp", "relativistic, r1r2"], ["loss", "penalty"]),
    "architecture": (["architecture"], ["network"]),
    "batch size": (["equal time"], ["batch_size"]),
    "normalisation": (["norm", "norm control"], ["norm"]),
    "average, decay": (["average"], ["ema_decay", "decay"]),
}
AXES = {  # numbers tried at several values; all else is as in OURS but for what is given
    "Adam's learning rate": ("learning_rate", {}),
    "Adam's β1": ("beta1", {}),
    "gradient descent's learning rate": ("learning_rate", {"optimiser": "sgd"}),
    "RMSProp's learning rate": ("learning_rate", {"optimiser": "rmsprop"}),
    "learning rate with least squares": ("learning_rate", {"loss": "least_squares"}),
    "learning rate with Wasserstein": ("learning_rate", {"loss": "wasserstein"}),
    "batch size in equal time": ("batch_size", {"budget": 5.0}),
    "learning rate, batches of 128": ("learning_rate", {"batch_size": 128, "budget": 5.0}),
    "decay": ("decay", {}),
    "share that the average keeps": ("ema_decay", {}),
}

WORDS = {  # what a page says of a value; {} is a number without its leading 0
    "loss": {"nonsaturating": "cross-entropy", "least_squares": "least squares",
             "wasserstein": "Wasserstein"},
    "penalty": {"none": "alone", "r1": "R1", "r1r2": "R1 + R2", "gp": "GP"},
    "optimiser": {"adam": "Adam", "rmsprop": "RMSProp", "sgd": "SGD"},
    "network": {"cnn": "convolutions", "mlp": "one hidden layer", "gru": "recurrent G"},
    "norm": {"none": "none", "batch_G": "BatchNorm in G", "batch_both": "BatchNorm in both",
             "spectral": "spectral in D and\nBatchNorm in G", "spectral_only": "spectral in D"},
    "learning_rate": "rate {}", "beta1": "β1 {}", "batch_size": "batches of {}",
    "ema_decay": "average {}", "decay": "decay {}",
}

# The lines of the card: start with, its changes of OURS, instead of, its changes
CHOSEN = [
    ("rate .004", {}, "rate .001", {"learning_rate": 1e-3}),
    ("β1 = 0", {}, "β1 = .9", {"beta1": 0.9}),
    ("convolutions, in equal time, at rate .004", {"budget": 5.0},
     "one hidden layer", {"budget": 5.0, "network": "mlp"}),
    ("cross-entropy with R1 at its best rate, .004", {},
     "least squares with R1 at its best rate, .002",
     {"loss": "least_squares", "learning_rate": 2e-3}),
    ("batches of 32, in equal time", {"budget": 5.0}, "128", {"budget": 5.0, "batch_size": 128}),
    ("a rate that falls to 0, without an average", {"ema_decay": 0.0},
     "a constant rate", {"ema_decay": 0.0, "decay": 0.0}),
    ("BatchNorm in G, without a penalty", {"penalty": "none"},
     "no normalisation", {"penalty": "none", "norm": "none"}),
]

BOTH = ("made", "wider")  # the parts with seeds 0 to 2
FOUR_TIMES = {"num_steps": 2000}, {"budget": 20.0}  # as many updates, or as many seconds


class Line(NamedTuple):
    """A line of the card, with its margin on each part of the study, NaN where that was not run."""

    start: str
    instead: str
    made: float
    confirm: float
    faces: float
    faces_longer: float  # trained four times as long


def read(which: str = "shipped", dataset: str = "strokes") -> Rows:
    """Return the rows of the study, a run each; a row's "part" and "sweep" say where it belongs.

    `which` is none, shipped (the tables that come with the course), or rebuild, which runs the
    sweeps of the part `made` on a data set first.
    """
    if which == "none":
        return []
    if which == "rebuild":
        return run("made", dataset)
    rows = []
    for part, (*_, file) in PARTS.items():
        path = Path(__file__).with_name(file)
        if path.exists():
            rows += [{"part": part} | row for row in stored_table.read(path)]
    return rows


def page(rows: Rows, name: str) -> dict[str, list[float]]:
    """Return the distances on one of PAGES by setting, in the order of the seeds, NaN: failed."""
    sweeps, differ = PAGES[name]
    chosen = [row for row in rows if row["part"] in BOTH and row["sweep"] in sweeps]
    if name == "optimiser":  # Adam as the others: without momentum
        chosen = [row for row in chosen if float(row["beta1"]) == 0]
    result: dict[str, dict[str, float]] = {}
    for row in chosen:
        label = ", ".join(_in_words(key, row[key]) for key in differ)
        if all(_same(row[key], OURS[key]) for key in differ):
            label += " (default)" if len(label) < 16 else "\n(default)"
        result.setdefault(label, {})[row["seed"]] = _distance(row)
    return {label: [runs[seed] for seed in sorted(runs)] for label, runs in result.items()}


def distances(rows: Rows, parts: Sequence[str] = ("made",), **changes) -> list[float]:
    """Return the distances of a setting in some parts, in the order of the seeds, NaN where failed.

    The setting is OURS but for the changes.
    """
    wanted = OURS | changes
    runs = {int(row["seed"]): _distance(row) for row in rows if row["part"] in parts
            and all(_same(row[name], value) for name, value in wanted.items())}
    return [runs[seed] for seed in sorted(runs)]


def updates(rows: Rows) -> str:
    """Return how many updates the runs of five seconds made, by network and batch size."""
    lines = []
    for words, changes in (("convolutions", {}), ("one hidden layer", {"network": "mlp"}),
                           ("recurrent G", {"network": "gru"}),
                           ("convolutions, batches of 128", {"batch_size": 128})):
        wanted = OURS | {"budget": 5.0} | changes
        counts = [int(float(row["steps"])) for row in rows if row["part"] == "made" and row["steps"]
                  and all(_same(row[name], value) for name, value in wanted.items())]
        if counts:
            lines.append(f"updates in five seconds, {words}: {min(counts)} to {max(counts)}")
    return "\n".join(lines)


def along(rows: Rows, axis: str, **changes) -> dict[float, list[float]]:
    """Return the distances by the value of a number, smallest first, all else as in OURS."""
    values = sorted({float(row[axis]) for row in rows if row["part"] in BOTH})
    result = {value: distances(rows, BOTH, **changes | {axis: value}) for value in values}
    return {value: runs for value, runs in result.items() if runs}


def best(tried: dict[float, list[float]]) -> tuple[float, str]:
    """Return the value with the least median, and where it lies among all that were tried."""
    values = list(tried)
    value = min(values, key=lambda value: statistics.median(_far(tried[value])))
    if value == values[0]:
        return value, "the lowest tried"
    return value, "the highest tried" if value == values[-1] else "inside"


def hold_one_out(settings: dict[str, Sequence[float]]) -> Iterable[tuple[str, int, float]]:
    """Choose the best setting by all seeds but one, and look at the seed that is left out.

    Yields the setting, its rank there, and how many times as far it is as the best there.
    """
    for out in range(min(map(len, settings.values()))):
        known = {label: [far for i, far in enumerate(_far(runs)) if i != out]
                 for label, runs in settings.items()}
        chosen = min(known, key=lambda label: statistics.median(known[label]))
        fresh = {label: _far(runs)[out] for label, runs in settings.items()}
        rank = 1 + sum(far < fresh[chosen] for far in fresh.values())
        yield chosen, rank, fresh[chosen] / min(fresh.values())


def misses(pages: dict[str, dict[str, Sequence[float]]]) -> tuple[list[int], str]:
    """Return the ranks of what `hold_one_out` chooses on some pages, and the misses."""
    ranks, lines = [], []
    for name, settings in pages.items():
        for seed, (label, rank, factor) in enumerate(hold_one_out(settings)):
            ranks.append(rank)
            if rank > 1:
                lines.append(f"{name}: {label} has rank {rank} on seed {seed}, "
                             f"{factor:.2f} times the best distance there".replace("\n", " "))
    return ranks, "\n".join(lines)


def margin(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the best of b over the worst of a; a run that failed, NaN, is infinitely far."""
    worst, nearest = max(_far(a)), min(_far(b))
    return 0.0 if math.isinf(worst) else nearest / worst


def card(rows: Rows, margin: Callable = margin) -> list[Line]:
    """Return the decision card, the largest margin first; `margin(a, b)` is how it is judged."""
    lines = []
    for start, ours, instead, theirs in CHOSEN if rows else []:
        margins = []
        longer = FOUR_TIMES["budget" in ours]
        for parts, more in ((BOTH, {}), (["confirm"], {}), (["faces"], {}), (["faces"], longer)):
            a, b = (distances(rows, parts, **changes | more) for changes in (ours, theirs))
            margins.append(margin(a, b) if a and b else math.nan)
        lines.append(Line(start, instead, *margins))
    return sorted(lines, key=lambda line: -line.made)


def against_itself(rows: Rows, margin: Callable = margin) -> list[float]:
    """Return the margin between seeds 0 to 2 and 3 to 5 of each setting of the card: luck alone."""
    sides = [changes for _, ours, _, theirs in CHOSEN for changes in (ours, theirs)]
    groups = [(distances(rows, BOTH, **changes), distances(rows, ["confirm"], **changes))
              for n, changes in enumerate(sides) if changes not in sides[:n]]
    return [max(margin(a, b), margin(b, a)) for a, b in groups if a and b]


def in_markdown(lines: Sequence[Line]) -> str:
    """Return the card as a table in Markdown; a column of which nothing was run is left out."""
    columns = {"margin, seeds 0 to 2": "made", "seeds 3 to 5": "confirm", "faces": "faces",
               "faces, four times as long": "faces_longer"}
    columns = {head: field for head, field in columns.items()
               if not all(math.isnan(getattr(line, field)) for line in lines)}
    table = [["start with", "instead of", *columns], ["---"] * (2 + len(columns))]
    for line in lines:
        numbers = [getattr(line, field) for field in columns.values()]
        words = ["not run" if math.isnan(number) else f"{number:.3g}" for number in numbers]
        table.append([line.start, line.instead, *words])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in table)


def edges(rows: Rows) -> str:
    """Return, for each of AXES, the best value that was tried and whether it lies at an edge."""
    lines = []
    for words, (axis, changes) in AXES.items() if rows else ():
        tried = along(rows, axis, **changes)
        value, place = best(tried)
        median = statistics.median(_far(tried[value]))
        values = ", ".join(f"{v:g}" for v in tried)
        lines.append(f"{words}: best {value:g} (median {median:.0f}), {place} of {values}")
    return "\n".join(lines)


def reruns(rows: Rows) -> list[tuple[str, float, float]]:
    """Return (the change of the default, distance in the table, again) of runs made twice.

    Setting and seed are the same; only the days, and how sums were rounded, are not.
    """
    measured = []
    for row in rows:
        if row["part"] == "seen" and _same(row["num_images"], 5000) and _same(row["budget"], 0):
            changes = {key: row[key] if isinstance(OURS[key], str) else float(row[key])
                       for key in OURS if not _same(row[key], OURS[key])}
            named = dict.fromkeys([*changes, "learning_rate"]) if changes else ()
            words = ", ".join(_in_words(key, row[key]) for key in named)
            measured += [(words or "default", first, _distance(row))
                         for first in distances(rows, BOTH, **changes)[:1]]
    return measured


def verdict(there: float, back: float, least: float) -> str:
    """Return what a claimed margin is worth, by the margin found and the one the other way."""
    if there >= least:
        return "separated by your margin: your claim holds"
    if there > 1:
        return "separated, but by less than you claimed"
    if back > 1:
        return "separated, the other way round: you have learnt something"
    return "not separated: three seeds cannot tell the two apart"


def example() -> tuple[str, str, str, float, str]:
    """Return the experiment that the lesson makes until the learner has designed one."""
    return "penalty", "r1r2", "mine", 1.05, "A steep D is as harmful at fakes as at real images."


def _distance(row: dict[str, str]) -> float:
    """What a run has reached, NaN where it failed."""
    return float(row.get(DISTANCE) or "nan")


def _in_words(key: str, value: str) -> str:
    """A value as the pages say it, such as "rate .004" or "R1"."""
    words = WORDS[key]
    if isinstance(words, dict):
        return words.get(value, value)
    if key in ("ema_decay", "decay") and float(value) == 0:
        return "no " + words.removesuffix(" {}")
    return words.format(f"{float(value):g}".removeprefix("0") or "0")


def _far(runs: Sequence[float]) -> list[float]:
    """The distances, with a run that failed infinitely far."""
    return [math.inf if math.isnan(distance) else float(distance) for distance in runs]


def _same(text: str, value: str | float) -> bool:
    """Whether a table's text is a value."""
    return text == value if isinstance(value, str) else float(text) == value
