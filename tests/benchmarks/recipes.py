"""Time to quality: how many seconds of one core each recipe needs for samples as good as the tutorial's.

    python tests/benchmarks/recipes.py                                   strokes, three seeds: about ten minutes
    python tests/benchmarks/recipes.py --dataset npz:mnist.npz --seeds 0
    python tests/benchmarks/recipes.py --arms ladder --seconds 10        the table of lesson 03

The clock counts processor time of one thread, in training only.  The distance is Frechet's, in the features of the
course's own classifier, between 5,000 samples and held-out images; of G or of its running average, as the arm says.
"""

import argparse
import json
import time
from pathlib import Path

import torch

from gancourse import data, metrics
from gancourse.metrics import feature_net
from gancourse.pt import losses, models, set_threads
from gancourse.pt.fast_loop import make_fast_loop
from gancourse.pt.train import Penalty, make_gan, sample, train_step
from gancourse.training_loop import batches

MARKS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60, 80, 100, 120, 150, 180)  # seconds
TUTORIAL = {"network": "dcgan_bn", "width": 32, "z_dim": 100, "batch_size": 128, "learning_rate": 2e-4,
            "betas": (0.5, 0.999), "r1_gamma": 0.0, "falls": False, "averaged": False}
OURS = {"network": "shallow", "width": 32, "z_dim": 32, "batch_size": 32, "learning_rate": 4e-3, "betas": (0.0, 0.99),
        "r1_gamma": 1.0, "falls": True, "averaged": True, "ema_decay": 0.995}
ARMS = {
    "race": {  # name: (recipe, seconds)
        "the tutorial's": (TUTORIAL, 120),
        "ours, 20 s": (OURS, 20),
    },
    "presets": {
        "20 s": (OURS, 20),
        "60 s": (OURS | {"ema_decay": 0.998}, 60),
        "180 s": (OURS | {"width": 48, "learning_rate": 3e-3, "ema_decay": 0.998}, 180),
    },
    "ladder": {  # each with one change more
        "tutorial: 2e-4, batch 128, width 32": (TUTORIAL, 10),
        "learning rate 1e-3": (TUTORIAL | {"learning_rate": 1e-3}, 10),
        "... and batch 32": (TUTORIAL | {"learning_rate": 1e-3, "batch_size": 32}, 10),
        "... R1 for BatchNorm in D, 2e-3 that falls": (
            OURS | {"network": "dcgan", "width": 16, "z_dim": 100, "learning_rate": 2e-3, "averaged": False}, 10),
        "... one jump for two doublings, 4e-3": (OURS | {"z_dim": 100, "averaged": False}, 10),
        "... z of 32 numbers, running average": (OURS, 10),
    },
}


def main() -> None:
    """Read the options, train every arm, print a line for each run and write all as JSON."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--arms", default="race", choices=ARMS)
    options.add_argument("--dataset", default="strokes")
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options.add_argument("--seconds", type=float, default=0, help="of every arm; 0 means each arm's own")
    options.add_argument("--precision", default="fp32", help="of our arms: fp32, bf16 or auto")
    options.add_argument("--out", type=Path, help="a .json file for the curves")
    chosen = options.parse_args()
    set_threads(1)
    curves = {}
    for seed in chosen.seeds:  # arm after arm within a seed, so that a slow minute of the machine meets all
        for name, (recipe, seconds) in ARMS[chosen.arms].items():
            precision = chosen.precision if recipe is not TUTORIAL else "fp32"
            curve = trajectory(chosen.dataset, seed, chosen.seconds or seconds, precision=precision, **recipe)
            curves.setdefault(name, []).append(curve)
            print(f"{name}, seed {seed}: " + "  ".join(f"{s:g} s {d:.1f}" for s, _, d in curve), flush=True)
            if chosen.out:
                chosen.out.write_text(json.dumps(curves))
    if chosen.arms == "race":
        for seed, target, after, reached, times in sooner(*curves.values()):
            print(f"seed {seed}: the tutorial's {target:.1f} after {after:g} s; ours from {reached:g} s on, "
                  f"{times:.0f} times sooner")


def sooner(slow: list, fast: list) -> list[tuple]:
    """Return, seed by seed, the slow arm's last distance and time, when the fast arm is below it, and their ratio.

    From the first mark on at which the fast arm stays below: a lucky dip does not count.
    """
    rows = []
    for seed, (a, b) in enumerate(zip(slow, fast, strict=True)):
        seconds, _, target = a[-1]
        reached = next((b[i][0] for i in range(len(b)) if max(d for _, _, d in b[i:]) <= target), float("nan"))
        rows.append((seed, target, seconds, reached, seconds / reached))
    return rows


def trajectory(dataset: str, seed: int, seconds: float, *, network: str, width: int, z_dim: int, batch_size: int,
               learning_rate: float, betas: tuple[float, float], r1_gamma: float, falls: bool, averaged: bool,
               ema_decay: float = 0.995, precision: str = "fp32") -> list[tuple[float, int, float]]:
    """Return (seconds, steps, distance) at each mark; a falling rate falls over the last 60 % of `seconds`."""
    images = data.load(dataset)
    lenet = feature_net.load(images)
    real = lenet.features(images.x_test[:5000])
    build, more = {"shallow": (models.shallow_pair, ()), "dcgan": (models.dcgan_pair, ()),
                   "dcgan_bn": (models.dcgan_pair, (True,))}[network]
    pair = models.seeded(build, z_dim, images.shape, width, *more, seed=seed)
    if network == "dcgan_bn":
        torch.manual_seed(seed)
        pair = [models.dcgan_init(net) for net in pair]
    else:
        pair = [net.to(memory_format=torch.channels_last) for net in pair]
    gan = make_gan(*pair, z_dim=z_dim, learning_rate=learning_rate, betas=betas, ema_decay=ema_decay, seed=seed)
    spent, k, found = 0.0, 0, []
    if network == "dcgan_bn":  # the tutorial's loop is no part of what is compared: it gets our plain one
        batch, loss = batches(images.x_train, batch_size, seed), losses.LOSSES["nonsaturating"]
        play = lambda k: train_step(gan, batch(k), k, loss)
    else:
        r1 = Penalty(lambda D, real, fake: losses.r1_penalty(D, real), r1_gamma / 2, interval=8) if r1_gamma else None
        rate = lambda k: learning_rate * (min(1.0, (1.02 - spent / seconds) / 0.6) if falls else 1.0)
        run_steps = make_fast_loop(gan, images.x_train, batch_size=batch_size, loss=losses.LOSSES["nonsaturating"],
                                   penalty=r1, schedule=rate, precision=precision)
        play = lambda k: run_steps(k, 1)
    for mark in [m for m in MARKS if m <= seconds]:
        while spent < mark:
            start = time.process_time()
            play(k)
            spent, k = spent + time.process_time() - start, k + 1
        features = lenet.features(sample(gan, 5000, averaged=averaged))
        found.append((mark, k, metrics.frechet_distance(features, real)))
    return found


if __name__ == "__main__":
    main()
