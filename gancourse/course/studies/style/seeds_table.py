"""The three seeds behind lesson 04's scores, and how to compute them again.

    python -m gancourse.course.studies.style.seeds_table

runs the lesson's own cells for each seed, up to its table of scores: about two and a half minutes
of one core a seed.  It writes a row a picture and seed.
"""

import argparse
import io
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from gancourse.course.lessons import find, source, tags
from gancourse.course.studies import stored_table
from gancourse.course.studies.style.figures import SCORES

HERE = Path(__file__).with_name("04.csv")
COMMAND = "python -m gancourse.course.studies.style.seeds_table"
LAST = "table = {"  # in the last cell that is run
LEFT_OUT = ("slider.show(", "figures.show_", "show_images(", "show_pictures(", "frechet_distance(",
            "seeds_table.load(")

Row = dict[str, str | int | float]
Painter = Callable[[np.ndarray, int], np.ndarray]


def cells(notebook: dict) -> list[str]:
    """Return the code that the study runs: the parameters first, up to the table of scores.

    Cells that show pictures are left out; the one that gathers the two piles also shows them.
    """
    kept = []
    for cell in notebook["cells"]:
        text = source(cell)
        if cell["cell_type"] != "code" or "check" in tags(cell):
            continue
        if any(word in text for word in LEFT_OUT):
            continue
        kept.append(text)
        if LAST in text:
            break
    return kept


def run(seed: int, painter: Painter | None = None, **parameters) -> dict[str, Any]:
    """Run the cells for a seed and return all that they have named, such as `table` and `rows`.

    `painter` takes the place of the lesson's own; `parameters` are those of the first cell.
    """
    first, *others = cells(find("04").notebook)
    names: dict[str, Any] = {}
    exec(first, names)
    names.update(parameters, seed=seed)
    with redirect_stdout(io.StringIO()):  # what the cells print, and the picture that moves
        for text in others:
            exec(text, names)
            if painter is not None:
                names["paint"] = painter  # from the cell of imports on
    return names


def rows(table: dict[str, Sequence[float]], seed: int) -> Iterator[Row]:
    """Yield a run's results: {"picture": "matched", "seed": 0, "texture distance": 0.07, ...}."""
    for picture, numbers in table.items():
        scores = zip(SCORES, map(float, numbers), strict=True)
        yield {"picture": picture, "seed": seed, **dict(scores)}


def load(path: Path = HERE) -> dict[str, np.ndarray]:
    """Return each picture's scores, float64 (seeds, 4), by its name."""
    stored = stored_table.read(path)
    names = dict.fromkeys(row["picture"] for row in stored)
    return {name: np.stack([stored_table.pick(stored, score, picture=name) for score in SCORES],
                           axis=1) for name in names}


def complete(path: Path, command: str, wanted: Iterable[dict[str, Any]],
             make: Callable[..., list[Row]]) -> None:
    """Add to the table at `path` the runs that are not in it yet, and write it after each.

    `wanted` names each run by its columns; `make(**columns)` returns the rows of one.
    """
    made, before = stored_table.so_far(path)
    began = time.monotonic()
    for columns in wanted:
        if not stored_table.has(made, **columns):
            made += make(**columns)
            head = stored_table.made_with(command, before + time.monotonic() - began)
            stored_table.write(path, made, head, digits=6)


def main(words: Sequence[str] | None = None) -> None:
    """Run the study and write its table."""
    parser = argparse.ArgumentParser(description="Make the table that lesson 04 reads.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--to", type=Path, default=Path("runs/studies"), help="where to")
    chosen = parser.parse_args(words)
    made: list[Row] = []
    began = time.monotonic()
    for seed in chosen.seeds:
        made += rows(run(seed)["table"], seed)
        head = stored_table.made_with(COMMAND, time.monotonic() - began)
        stored_table.write(chosen.to / "04.csv", made, head, digits=6)  # what there is so far


if __name__ == "__main__":
    main()
