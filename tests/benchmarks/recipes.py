"""Lesson 05's table: what each setting is worth, by seconds of one core.

    python tests/benchmarks/recipes.py                     all recipes, seeds 0 1 2, 10 s each
    python tests/benchmarks/recipes.py --seconds 5 --seeds 0

Prints, for each recipe, the Frechet distance of G's samples (own features) at each mark, seed by seed.
"""

import argparse
import time
from functools import partial

import numpy as np
import torch

from gancourse import data, metrics, ruler
from gancourse.loop import batches
from gancourse.pt import losses, models, set_threads
from gancourse.pt.train import Penalty, make_gan, sample, set_learning_rate, train_step

MARKS = (2, 5, 10, 20, 40)  # seconds
TUTORIAL = {"batch_size": 128, "learning_rate": 2e-4, "betas": (0.5, 0.999), "width": 32, "plain": True}
RECIPES = {  # each with one change more; a recipe that is not plain has no BatchNorm in D, R1, and a falling rate
    "tutorial: 2e-4, batch 128, width 32": TUTORIAL,
    "learning rate 1e-3": TUTORIAL | {"learning_rate": 1e-3},
    "... and batch 32": TUTORIAL | {"learning_rate": 1e-3, "batch_size": 32},
    "... and R1, falling rate, width 16": {  # the lesson's own
        "batch_size": 32, "learning_rate": 2e-3, "betas": (0.0, 0.99), "width": 16, "plain": False},
}


def main() -> None:
    """Read the options and print a line per recipe."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options.add_argument("--only", default="", help="recipes whose name holds this text")
    chosen = options.parse_args()
    set_threads(1)
    for name, recipe in RECIPES.items():
        if chosen.only in name:
            runs = [trajectory(seed=seed, seconds=chosen.seconds, **recipe) for seed in chosen.seeds]
            print(f"    {name!r}: {runs},", flush=True)


def trajectory(*, batch_size: int, learning_rate: float, betas: tuple[float, float], width: int, plain: bool,
               seed: int, seconds: float) -> list[float]:
    """Return the distance at each mark; the clock counts processor time, in training only."""
    images = data.load("strokes")
    lenet = ruler.load(images)
    real = lenet.features(images.x_test)
    G, D = models.seeded(models.dcgan_pair, 100, images.shape, width, plain, seed=seed)
    if plain:
        torch.manual_seed(seed)
        G, D = models.dcgan_init(G), models.dcgan_init(D)
    gan = make_gan(G, D, z_dim=100, learning_rate=learning_rate, betas=betas, seed=seed)
    r1 = None if plain else Penalty(lambda D, real, fake: losses.r1_penalty(D, real), 0.25, every=8)
    step = partial(train_step, gan, loss=losses.LOSSES["nonsaturating"], penalty=r1)
    batch, spent, k, found = batches(images.x_train, batch_size, seed), 0.0, 0, []
    for mark in [m for m in MARKS if m <= seconds]:
        while spent < mark:
            start = time.process_time()
            if not plain:
                set_learning_rate(gan, learning_rate * min(1.0, (1.02 - spent / seconds) / 0.6))
            step(batch(k), k)
            k += 1
            spent += time.process_time() - start
        found.append(round(metrics.frechet_distance(lenet.features(sample(gan, 5000, averaged=False)), real), 1))
    return np.array(found).tolist()


if __name__ == "__main__":
    main()
