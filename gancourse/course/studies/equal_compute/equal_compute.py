"""A GAN and a flow, trained for the same processor seconds on the same images.  Lesson 14.

    python -m gancourse.course.studies.equal_compute.equal_compute strokes faces \
        --to gancourse/course/studies/equal_compute

makes the lesson's table, 14_equal_compute.csv, and the samples beside it, in about 25 minutes of
one core.  Each run is kept as soon as it ends, and rows that are there are not made again.  A row
is one distance: of a short try of the settings, of a look during a training, of the trained nets'
drawing, or of a reference.  Distances are Frechet's between SAMPLES images and as many held-out
ones (2,000), in the features of the course's network for the data set.

The GAN is that of lesson 03 for the data set; the flow is `gancourse.pt.flow_matching`.  Both have
the same batch, clock, running average and schedule: the learning rate falls to 0 over the last
60 % of the seconds.  Their width and rate are the best of as many short tries each, on another
seed's images: a start, and one change of it at a time.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from gancourse import data
from gancourse.course.studies import stored_pictures, stored_table
from gancourse.course.studies.equal_compute.players import PLAYERS, Player
from gancourse.course.studies.held_out import Measure, make_measure
from gancourse.data.registry import Dataset, to_float, to_uint8
from gancourse.pt import set_threads

TABLE = "14_equal_compute.csv"
PICTURES = "14_equal_compute.npz"
SETS = {"strokes": 28, "faces": 32}  # the side of their images
MODELS = ("GAN", "flow")
SEEDS = (0, 1, 2)
TRY_SEED, TRY_SECONDS = 3, 12.0
LOOKS = (8.0, 15.0, 30.0, 60.0)  # processor seconds of training; the last is the budget
SAMPLES = 1000  # images of which each distance is taken
STEPS = (1, 2, 4, 8, 16)  # of Heun's method, two passes each
LOOK_STEPS = 8
START = {  # (width, learning rate); the GAN's are those of lesson 03
    ("strokes", "GAN"): (32, 4e-3), ("faces", "GAN"): (24, 2e-3),
    ("strokes", "flow"): (16, 4e-3), ("faces", "flow"): (16, 4e-3)}
LEVELS = 12  # of brightness that the kept samples have: it makes their file small

Row = dict[str, str | int | float]


def load(name: str, seed: int, num: int = 0) -> Dataset:
    """Return the images of a seed, `num` to learn from (0: 20,000)."""
    return data.load(name, num=num, resolution=SETS[name], seed=seed)


def rate_at(rate: float, spent: float, budget: float) -> float:
    """Return the learning rate after `spent` of `budget` seconds: it falls over the last 60 %."""
    return rate * min(1.0, max(0.0, 1 - spent / budget) / 0.6)


def trained(player: Player, rate: float, looks: Sequence[float]) -> Iterator[tuple[float, int]]:
    """Train until the last of `looks`, in processor seconds; yield (seconds, steps) at each.

    What the caller does between two looks is not counted.
    """
    spent, k = 0.0, 0
    for look in looks:
        while spent < look:
            began = time.process_time()
            player.step(k, rate_at(rate, spent, looks[-1]))
            spent += time.process_time() - began
            k += 1
        yield spent, k


def tries(name: str, model: str) -> list[tuple[int, float]]:
    """Return the settings that are tried, (width, learning rate): a start and its neighbours."""
    width, rate = START[name, model]
    return [(width, rate), (width, rate / 2), (width, 2 * rate), (round(0.6 * width / 4) * 4, rate),
            (round(1.6 * width / 4) * 4, rate)]


def run_try(images: Dataset, measure: Measure, model: str, width: int,
            rate: float) -> Iterator[Row]:
    """Yield the row of one short try."""
    player = PLAYERS[model](images, width, TRY_SEED)
    for seconds, steps in trained(player, rate, (TRY_SECONDS,)):
        distance = measure.distance(player.draw(SAMPLES, LOOK_STEPS))
        yield {"part": "try", "data": images.name, "model": model, "seed": TRY_SEED,
               "width": width, "rate": rate, "seconds": seconds, "steps": steps,
               "distance": distance}


def best_try(rows: Sequence[Row], name: str, model: str) -> tuple[int, float]:
    """Return the (width, learning rate) of the try with the least distance."""
    tried = [row for row in rows
             if (row["part"], row["data"], row["model"]) == ("try", name, model)]
    best = min(tried, key=lambda row: float(row["distance"]))
    return int(best["width"]), float(best["rate"])


def run_training(images: Dataset, measure: Measure, model: str, seed: int,
                 settings: tuple[int, float], keep: dict[str, np.ndarray]) -> Iterator[Row]:
    """Yield the looks at one training, then the drawing of the trained net.

    Eight samples go into `keep`, under the data set's and the model's name.
    """
    width, rate = settings
    player = PLAYERS[model](images, width, seed)
    facts = {"data": images.name, "model": model, "seed": seed, "width": width, "rate": rate}
    for seconds, steps in trained(player, rate, LOOKS):
        distance = measure.distance(player.draw(SAMPLES, LOOK_STEPS))
        yield {"part": "look", **facts, "seconds": seconds, "steps": steps, "distance": distance}
    for heun in STEPS if model == "flow" else (0,):
        repeats = 1 if model == "flow" else 5  # a GAN is too fast to be timed once
        began = time.process_time()
        for _ in range(repeats):
            made = player.draw(SAMPLES, heun)
        speed = repeats * SAMPLES / (time.process_time() - began)
        yield {"part": "draw", **facts, "passes": 2 * heun or 1, "per_second": speed,
               "distance": measure.distance(made)}
    keep[f"{images.name}, {model}"] = coarse(made[:8])


def coarse(images: np.ndarray) -> np.ndarray:
    """Return images as uint8 with LEVELS values of brightness from 0 to 255."""
    wide = 255 / (LEVELS - 1)
    return np.rint(np.rint(to_uint8(images) / wide) * wide).astype(np.uint8)


def references(images: Dataset, seed: int) -> dict[str, np.ndarray]:
    """Return SAMPLES images each of what could win or bounds the models.

    Real ones that nobody saw; the mean image; normal distributions with the mean and spread of
    each pixel, and with the covariance of all pixels.
    """
    rng = np.random.default_rng(seed)
    x = to_float(images.x_train[:5000]).reshape(-1, np.prod(images.shape))
    mean = x.mean(0)
    noise = rng.standard_normal((SAMPLES, len(mean)), dtype=np.float32)
    covariance = np.cov(x, rowvar=False) + 1e-4 * np.eye(len(mean))
    root = np.linalg.cholesky(covariance).astype(np.float32)
    made = {"mean image": np.broadcast_to(mean, noise.shape),
            "Gaussian of each pixel": mean + x.std(0) * noise,
            "Gaussian of all pixels": mean + noise @ root.T}
    images_of = {arm: pixels.reshape(-1, *images.shape).clip(-1, 1).astype(np.float32)
                 for arm, pixels in made.items()}
    return {"real": load(images.name, seed + 100, SAMPLES).x_train, **images_of}


def run_references(images: Dataset, measure: Measure, seed: int,
                   keep: dict[str, np.ndarray]) -> Iterator[Row]:
    """Yield the distance of each reference; eight draws of the Gaussian go into `keep`."""
    made = references(images, seed)
    keep[f"{images.name}, Gaussian"] = coarse(made["Gaussian of all pixels"][:8])
    for arm, some in made.items():
        yield {"part": "reference", "data": images.name, "model": arm, "seed": seed,
               "distance": measure.distance(some)}


def head(rows: Sequence[Row], seconds: float) -> list[str]:
    """Return the lines above the table: date, versions, what was tried and what was taken."""
    lines = stored_table.made_with(
        "python -m gancourse.course.studies.equal_compute.equal_compute strokes faces", seconds)
    for name in SETS:
        for model in MODELS:
            tried = [row for row in rows if (row["part"], row["data"], row["model"]) ==
                     ("try", name, model)]
            words = ", ".join(f"{row['width']} {row['rate']} -> {float(row['distance']):.0f}"
                              for row in tried)
            if words:
                lines.append(f"{name}, {model}: width and rate of tries of {TRY_SECONDS:g} s -> "
                             f"distance: {words}")
    return lines


class Store:
    """The table as far as it is made, and the samples beside it."""

    def __init__(self, folder: Path) -> None:
        """Read what is there."""
        self.folder = folder
        path = folder / TABLE
        self.rows: list[Row]
        self.rows, self.cost = stored_table.so_far(path)
        self.pictures = stored_pictures.read(folder / PICTURES)

    def add(self, run: Iterator[Row], **facts) -> None:
        """Make a run's rows and write them and the samples, unless rows like these are there."""
        if stored_table.has(self.rows, **facts):
            return
        began = time.process_time()
        made = [{key: f"{value:.5g}" if isinstance(value, float) else str(value)
                 for key, value in row.items()} for row in run]
        self.rows += made
        self.cost += time.process_time() - began
        self.folder.mkdir(parents=True, exist_ok=True)
        stored_table.write(self.folder / TABLE, self.rows, head=head(self.rows, self.cost))
        stored_pictures.write(self.folder / PICTURES, self.pictures)
        print(f"{facts}: distance {made[-1]['distance']}", flush=True)


def make(name: str, store: Store) -> None:
    """Make what is missing of a data set: tries, then seed after seed both models in turn."""
    images = load(name, TRY_SEED)
    measure = make_measure(images)
    for model in MODELS:
        for width, rate in tries(name, model):
            store.add(run_try(images, measure, model, width, rate), part="try", data=name,
                      model=model, width=width, rate=f"{rate:.5g}")
    for seed in SEEDS:
        images = load(name, seed)
        measure = make_measure(images)
        kept = store.pictures if seed == SEEDS[0] else {}
        for model in MODELS:
            settings = best_try(store.rows, name, model)
            store.add(run_training(images, measure, model, seed, settings, kept), part="look",
                      data=name, model=model, seed=seed)
        store.add(run_references(images, measure, seed, kept), part="reference", data=name,
                  seed=seed)


def main(words: Sequence[str] | None = None) -> None:
    """Make the study, or what is missing of it."""
    parser = argparse.ArgumentParser(description="Make the table of lesson 14's equal compute.")
    parser.add_argument("sets", nargs="+", choices=SETS)
    parser.add_argument("--to", type=Path, default=Path("runs/studies"), help="where to")
    chosen = parser.parse_args(words)
    set_threads(1)
    store = Store(chosen.to)
    for name in chosen.sets:
        make(name, store)


if __name__ == "__main__":
    main()
