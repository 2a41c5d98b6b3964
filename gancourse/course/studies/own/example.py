"""An example of a study: does R2 help beside R1?  Twelve seeds, and the training of lesson 14.

    python -m gancourse.course.studies.own.example            # 36 short runs, three minutes
    python -m gancourse.course.studies.own.example --seeds 3 --to example

writes example.csv, a row for each run, and example.npz, a few samples of each.  A control has R1
with twice its weight: as strong a penalty as R1 and R2 together.  The row "real" has the distance
of real images, which no generator goes much below.  Lesson 14.
"""

import argparse
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from gancourse import data
from gancourse.course.studies import stored_pictures, stored_table
from gancourse.course.studies.held_out import NUM_SAMPLES, make_measure
from gancourse.course.studies.own.short_runs import SETTINGS, train
from gancourse.data.registry import to_uint8
from gancourse.pt import losses, set_threads
from gancourse.pt.train import sample

HERE = Path(__file__).with_name("example.csv")
COMMAND = "python -m gancourse.course.studies.own.example"
ARMS = ("r1", "r1r2")  # that the statement compares
STATEMENT = "r1r2 below r1 by a factor 1.1"  # written down before the first run
SHOWN = 6  # samples of a run that are kept
REAL = "real"  # the row of real images


def r1(D: Callable, real: Tensor, fake: Tensor) -> Tensor:
    """Return the mean squared norm of D's gradient at real images."""
    return losses.r1_penalty(D, real)


def r1r2(D: Callable, real: Tensor, fake: Tensor) -> Tensor:
    """Return R1 at real images and the same at fakes (R2)."""
    return losses.r1_penalty(D, real) + losses.r1_penalty(D, fake)


def r1_twice(D: Callable, real: Tensor, fake: Tensor) -> Tensor:
    """Return twice R1: as strong a penalty as both together, and at real images alone."""
    return 2 * losses.r1_penalty(D, real)


PENALTIES = {"r1": r1, "r1r2": r1r2, "r1_twice": r1_twice}


def make_table(num_seeds: int, to: Path) -> None:
    """Train each arm with each seed; a run is written as it ends, and one that is there is kept."""
    set_threads()
    images = data.load("strokes", num=5000, resolution=28, seed=0)
    measure = make_measure(images)
    rows: list[dict[str, Any]] = list(stored_table.read(to)) if to.exists() else []
    pictures = stored_pictures.read(to.with_suffix(".npz")) if rows else {}
    done = {(row["arm"], int(row["seed"])) for row in rows}
    if (REAL, 0) not in done:
        rows.append({"arm": REAL, "seed": 0, "distance": round(measure.floor, 3), "updates": 0,
                     "processor seconds": 0})
    for seed, arm in itertools.product(range(num_seeds), PENALTIES):
        if (arm, seed) in done:
            continue
        gan, history, seconds = train(images.x_train, PENALTIES, **SETTINGS | {"penalty": arm},
                                      seed=seed)
        samples = sample(gan, NUM_SAMPLES)
        pictures[f"{arm} {seed}"] = to_uint8(samples[:SHOWN])
        rows.append({"arm": arm, "seed": seed, "distance": round(measure.distance(samples), 3),
                     "updates": history[-1].step, "processor seconds": round(seconds, 2)})
        spent = sum(float(row["processor seconds"]) for row in rows)
        stored_pictures.write(to.with_suffix(".npz"), pictures)
        stored_table.write(to, rows, stored_table.made_with(COMMAND, spent))
        print(f"{arm}, seed {seed}: {rows[-1]['distance']:.2f} in {seconds:.1f} s")


def read(path: Path = HERE) -> tuple[dict[str, list[float]], np.ndarray]:
    """Return the distances of each arm by seed, and samples of ARMS.

    The samples are uint8 (arm, seed, image, height, width, channels).
    """
    rows = stored_table.read(path)
    rows.sort(key=lambda row: int(row["seed"]))
    distances = {arm: stored_table.pick(rows, "distance", arm=arm).tolist() for arm in PENALTIES}
    seeds = range(len(distances[ARMS[0]]))
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as file:
        samples = np.array([[file[f"{arm} {seed}"] for seed in seeds] for arm in ARMS])
    return distances, samples


def floor(path: Path = HERE) -> float:
    """Return the distance of real images that are not those compared with."""
    (number,) = stored_table.pick(stored_table.read(path), "distance", arm=REAL)
    return float(number)


def main() -> None:
    """Read the command line and make the table."""
    parser = argparse.ArgumentParser(description="Does R2 help beside R1?  The example of lesson "
                                     "14, such as: --seeds 3 --to example")
    parser.add_argument("--seeds", type=int, default=12, help="how many, from 0 on")
    parser.add_argument("--to", type=Path, default=HERE.parent, help="folder of the two files")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    make_table(options.seeds, options.to / HERE.name)


if __name__ == "__main__":
    main()
