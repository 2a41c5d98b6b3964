"""The seeds behind lesson 11's tables of digits and slices, and how to compute them again.

    python -m gancourse.course.studies.completion.seeds_table

runs the lesson's own cells for each seed, one after another, up to those of *Deeper* that train
pairs + D and look at clear holes.  Folded cells (tag `drawing`) are left out, but for those that
are needed for more than a figure: these have the tag `code`, too.  Then it trains L2 + D with half
as many images a step, which is how many pairs + D sees, and D alone, without the squared error:
about two minutes of one core a seed.  It counts the vote of pairs + D, and reads the filled slices
from three limits.  A row a result and seed.

    python -m gancourse.course.studies.completion.seeds_table --dataset npz:mnist.npz

does the same with other digits, and writes their rows alone, here to 11_mnist.csv: slices and
faces stay as they are.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gancourse.course.lessons import find, source, tags
from gancourse.course.studies import stored_table
from gancourse.data.synthetic.slices import shows_lesion, weighed_mistakes

HERE = Path(__file__).with_name("11.csv")
MNIST = Path(__file__).with_name("11_mnist.csv")  # the rows of digits, for real handwriting
COMMAND = "python -m gancourse.course.studies.completion.seeds_table"
LAST = "on_clear = {"  # in the last cell that is run
OF_DIGITS = ("PSNR", "agreement", "distance")
OF_FACES = ("mouth kept", "smile r")
HALF, ALONE = "L2 + D, half", "D alone"
OF_SLICES = ("invented", "deleted", "mistakes", "PSNR")
PARTS = {"1/3": 1 / 3, "1/2": 1 / 2, "2/3": 2 / 3}  # of a lesion's brightness: the limits

Row = dict[str, str | int | float]


def cells(notebook: dict) -> list[str]:
    """Return the code that the study runs: the parameters first, up to the clear holes."""
    kept = []
    for cell in notebook["cells"]:
        folded = tags(cell) & {"drawing", "check"} and "code" not in tags(cell)
        if cell["cell_type"] != "code" or folded:
            continue
        kept.append(source(cell))
        if LAST in kept[-1]:
            break
    return kept


def run(seed: int, dataset: str) -> dict[str, Any]:
    """Run the cells for a seed and a data set, and return what they define."""
    parameters, *others = cells(find("11").notebook)
    names: dict[str, Any] = {}
    exec(parameters, names)
    names |= {"seed": seed, "dataset": dataset}
    for text in others:
        exec(text, names)
    add_fillers(names)
    add_vote(names)
    add_readings(names)
    return names


def add_fillers(names: dict[str, Any]) -> None:
    """Add to a run's table of digits L2 + D with half as many images a step, and D alone."""
    x, holes = names["images"].x_train, names["training_holes"]
    for name, options in {HALF: {"batch": names["batch_size"] // 2},
                          ALONE: {"weight": 0.0}}.items():
        gan, _ = names["train"](x, holes, "L2 + D", **options)
        fills = names["fill"](gan, names["x"], names["hole"])
        names["table"][name] = names["scores"](fills)
        right = names["read"](fills)[1] == names["y"]
        names["on_clear"][name] = right[names["clear"]].mean()


def add_vote(names: dict[str, Any]) -> None:
    """Add to a run how often the vote of 16 answers of pairs + D is right, and on clear holes."""
    right = names["voted"]
    names["vote"] = right.mean()
    names["on_clear"]["vote of 16"] = right[names["clear"]].mean()


def majority(answers: Sequence[np.ndarray]) -> np.ndarray:
    """Return the class that most answers give each image, int (n,); of several, the smallest.

    Each answer holds the classes that were read from all images, int (n,).
    """
    return np.array([np.bincount(classes).argmax() for classes in np.transpose(answers)])


def add_readings(names: dict[str, Any]) -> None:
    """Add to a run what the slices show: by shift, from each limit, and in a second answer."""
    ill, fills, truth = names["has_lesion"], names["slice_fills"], names["tests"].images
    shift = names["shift"]
    by_shift, by_part = names["by_shift"], names["by_part"] = {}, {}
    for part, limit in PARTS.items():
        for name, images in fills.items():
            shows = shows_lesion(images, limit)
            by_shift[name, part] = [shows[shift == k].mean() for k in range(4)]
            by_part[name, part] = weighed_mistakes(shows, shift)
        shows = shows_lesion(truth, limit)  # the truth shows its own lesions: these are counted
        by_part["truth", part] = shows[~ill].mean(), (~shows[ill]).mean()
    gan = names["slice_gans"]["pairs + D"]
    second = names["fill"](gan, truth, names["hole_of"](truth), 1)  # from another z
    other = shows_lesion(second) != shows_lesion(fills["pairs + D"])
    names["differ"] = other[shift == 3].mean()


def rows(names: dict[str, Any], seed: int) -> Iterator[Row]:
    """Yield a run's results: {"result": "slices, L2: invented", "seed": 0, "value": 0.01}."""
    both = (("digits", "table", OF_DIGITS), ("slices", "slice_table", OF_SLICES))
    for what, table, columns in both:
        for method, numbers in names[table].items():
            for column, number in zip(columns, numbers, strict=True):
                yield _row(f"{what}, {method}: {column}", seed, number)
    for (hole, maker), numbers in names.get("face_scores", {}).items():
        for column, number in zip(OF_FACES, numbers, strict=True):
            yield _row(f"faces, {hole}, {maker}: {column}", seed, number)
    yield _row("digits, vote of 16: agreement", seed, names["vote"])
    for method, share in names["on_clear"].items():
        yield _row(f"digits, {method}: on clear ones", seed, share)
    for (method, part), shares in names.get("by_shift", {}).items():
        for shift, share in enumerate(shares):
            yield _row(f"slices, {method}: lesions at shift {shift}, at {part}", seed, share)
    for (method, part), counted in names.get("by_part", {}).items():
        for column, share in zip(("invented", "deleted"), counted, strict=True):
            yield _row(f"slices, {method}: {column} at {part}", seed, share)
    yield _row("slices, pairs + D: second answer differs at shift 3", seed, names["differ"])


def load(path: Path = HERE) -> dict[str, np.ndarray]:
    """Return each result's numbers, one a seed, float64 (seeds,), by its name."""
    stored = stored_table.read(path)
    names = dict.fromkeys(row["result"] for row in stored)
    return {name: stored_table.pick(stored, "value", result=name) for name in names}


def main(words: Sequence[str] | None = None) -> None:
    """Run the study and write its table."""
    parser = argparse.ArgumentParser(description="Make the table that lesson 11 reads.")
    parser.add_argument("--dataset", default="strokes", help="as in the lesson's first cell")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--to", type=Path, default=Path("runs/studies"), help="where to")
    chosen = parser.parse_args(words)
    kind, colon, path = chosen.dataset.partition(":")
    command = f"{COMMAND} --dataset {kind}{colon}{Path(path).name}"  # no folder of this machine
    others = chosen.dataset != "strokes"
    name = f"11_{Path(path or kind).stem}.csv" if others else HERE.name
    made: list[Row] = []
    began = time.monotonic()
    for seed in chosen.seeds:
        results = rows(run(seed, chosen.dataset), seed)
        made += [row for row in results if row["result"].startswith("digits") or not others]
        head = stored_table.made_with(command, time.monotonic() - began)
        stored_table.write(chosen.to / name, made, head)  # what there is so far


def _row(result: str, seed: int, value: float) -> Row:
    """A row of the table."""
    return {"result": result, "seed": seed, "value": float(value)}


if __name__ == "__main__":
    main()
