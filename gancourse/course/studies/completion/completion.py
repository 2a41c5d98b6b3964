"""The seeds behind lesson 11's tables of digits and slices, and how to compute them again.

    python -m gancourse.course.studies.completion.completion

runs the lesson's own cells for each seed, one after another, without those that draw, the faces and
*Deeper*: about two minutes of one core a seed.  It writes a row a result and seed.
"""

import argparse
import csv
import io
import os
import platform
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from gancourse.course.lessons import find, source, tags
from gancourse.files import write_atomically
from gancourse.system import installed

HERE = Path(__file__).with_name("11.csv")
LAST = "slice_table = {}"  # in the last cell that is run
LEFT_OUT = ("faces.faces(", "face_holes(", "done_faces", "completion.load(")
OF_DIGITS = ("PSNR", "agreement", "on clear ones", "no digit", "distance")
OF_SLICES = ("invented", "deleted", "mistakes", "PSNR")

Row = tuple[str, int, float]  # result, seed, value


def cells(notebook: dict) -> list[str]:
    """Return the code that the study runs: the parameters first, up to the table of the slices."""
    kept = []
    for cell in notebook["cells"]:
        text = source(cell)
        passed_over = tags(cell) & {"drawing", "check"} or any(word in text for word in LEFT_OUT)
        if cell["cell_type"] != "code" or passed_over:
            continue
        kept.append(text)
        if LAST in text:
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
    return names


def rows(names: dict[str, Any], seed: int) -> Iterator[Row]:
    """Yield the results of a run, such as ("slices, L2: invented", 0, 0.01)."""
    both = (("digits", "table", OF_DIGITS), ("slices", "slice_table", OF_SLICES))
    for what, table, columns in both:
        for method, numbers in names[table].items():
            for column, number in zip(columns, numbers, strict=True):
                yield f"{what}, {method}: {column}", seed, float(number)
    yield "digits, pairs + D: agreement of the vote of 16", seed, float(names["vote"])


def head(dataset: str) -> str:
    """Return the first lines of the file: when, with what and where it was made."""
    versions = ", ".join(f"{name} {installed(name)}" for name in ("torch", "numpy"))
    return (f"# lesson 11, dataset={dataset}, made {datetime.now(UTC):%Y-%m-%d} by "
            f"python -m gancourse.course.studies.completion.completion\n"
            f"# python {platform.python_version()}, {versions}\n"
            f"# {platform.machine()}, {platform.system()}, {os.cpu_count()} cores\n")


def load(path: Path = HERE) -> dict[str, np.ndarray]:
    """Return each result's numbers, one a seed, float64 (seeds,), by its name."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines()
             if not line.startswith("#")]
    results: dict[str, list[float]] = {}
    for row in csv.DictReader(lines):
        results.setdefault(row["result"], []).append(float(row["value"]))
    return {name: np.array(numbers) for name, numbers in results.items()}


def main(words: Sequence[str] | None = None) -> None:
    """Run the study and write its table."""
    parser = argparse.ArgumentParser(description="Make the table that lesson 11 reads.")
    parser.add_argument("--dataset", default="strokes", help="as in the lesson's first cell")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--to", type=Path, default=Path("runs/studies"), help="where to")
    chosen = parser.parse_args(words)
    buffer = io.StringIO(head(chosen.dataset))
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("result", "seed", "value"))
    name = "11.csv" if chosen.dataset == "strokes" else "11_other.csv"
    for seed in chosen.seeds:
        writer.writerows(rows(run(seed, chosen.dataset), seed))
        write_atomically(chosen.to / name, buffer.getvalue().encode())  # what there is so far


if __name__ == "__main__":
    main()
