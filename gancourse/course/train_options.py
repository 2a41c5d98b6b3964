"""What `gancourse train` takes: its settings and their limits, like the lessons' parameters."""

import argparse
import hashlib
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from gancourse.course.lessons import Parameter, under_present_names
from gancourse.course.schedules import SCHEDULES
from gancourse.data.registry import Dataset
from gancourse.errors import CourseError

GAME = (  # what decides the numbers of a run
    Parameter("dataset", "strokes",
              "strokes, faces, landscapes, digits, mnist, fashion_mnist, cifar10, "
              "folder:PATH or npz:PATH"),
    Parameter("resolution", 0, "side of the images in pixels; 0 means the set's own", 0, 1024),
    Parameter("network", "shallow", "the pair (G, D)", choices=("mlp", "dcgan", "shallow")),
    Parameter("width", 32, "units or feature maps of the first layer", 1, 4096),
    Parameter("z_dim", 32, "length of the noise", 1, 4096),
    Parameter("loss", "nonsaturating", "the adversarial loss", choices=(
        "minimax", "nonsaturating", "least_squares", "hinge", "wasserstein", "relativistic")),
    Parameter("r1_gamma", 1.0,
              "weight of the gradient penalty, paid every eighth step; 0 switches it off", 0, 1000),
    Parameter("batch_size", 32, "real images in a step, of all processes together", 1, 10**6),
    Parameter("learning_rate", 4e-3,
              "Adam's step size, the largest of the run", 1e-8, 1),
    Parameter("schedule", "falling", "of the learning rate: falling to 0 over the last 60 % of the "
              "run, constant, or cooldown (constant, then to 0 over the last fifth); the last two "
              "can be made longer exactly", choices=SCHEDULES),
    Parameter("warmup", 0, "steps over which the learning rate rises from 0", 0, 10**9),
    Parameter("beta1", 0.0, "Adam's memory of past gradients", 0, 0.999),
    Parameter("ema_decay", 0.995,
              "share of the old average of G's weights kept at each step", 0, 1),
    Parameter("precision", "fp32", "bf16 only where the hardware has it",
              choices=("fp32", "bf16", "auto")),
    Parameter("sync_batchnorm", False,
              "BatchNorm's mean and spread over all processes (GPUs), not over each"),
    Parameter("seed", 0, "decides data, weights, batches and noise", 0, 10**9),
)
AROUND = (  # what changes no number, except that the learning rate falls with the end of the run
    Parameter("num_steps", 1500, "updates of D; a finished run goes on to a larger number",
              1, 10**9),
    Parameter("log_every", 0, "steps between logs; 0 means a twentieth of the run", 0, 10**9),
    Parameter("save_every", 30, "least seconds between checkpoints, which are those of logs; "
              "the end is always saved", 0, 86400),
    Parameter("device", "auto", "auto takes a GPU where there is one",
              choices=("auto", "cpu", "cuda")),
    Parameter("threads", 0, "of each process; 0 means OMP_NUM_THREADS, else cores / processes",
              0, 1024),
    Parameter("timeout", 300, "seconds that a process waits for the others before it gives up",
              1, 86400),
)
ANEW = "give another --out, or --force to start anew"
SHORT_RUN = "--num-steps 200 --batch-size 64 --out runs/my_run"
EXAMPLES = f"""\
example: gancourse train --dataset strokes --network shallow {SHORT_RUN}
two processes on this machine:
  torchrun --standalone --nproc-per-node 2 -m gancourse train {SHORT_RUN}
The folder then holds run.json (settings, versions, seconds, results), samples.png,
checkpoint.safetensors and, with the losses, checkpoint.csv.  The same command goes on from there,
with any number of processes."""


def parse(argv: list[str]) -> tuple[dict[str, Any], Path, bool]:
    """Return the settings by name, the folder, and whether to start anew.

    Raises CourseError, naming the fix, for a value out of range or a flag that does not exist.
    """
    about = "Train a GAN into a folder, in one process or, under torchrun, in several."
    parser = argparse.ArgumentParser(
        "gancourse train", description=about, epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/train"),
                        help="the run's folder (runs/train)")
    parser.add_argument("--force", action="store_true",
                        help="start anew, over what the folder holds")
    for p in GAME + AROUND:
        flag = "--" + p.name.replace("_", "-")
        if isinstance(p.default, bool):
            parser.add_argument(flag, action="store_true", help=p.help)
        else:
            help_ = f"{p.help} {p.limits()} ({p.default})".replace("%", "%%")
            parser.add_argument(flag, type=type(p.default), default=p.default, metavar="X",
                                help=help_)
    parser.error = _refuse
    given = vars(parser.parse_args(argv))
    settings = {p.name: p.check(given[p.name]) for p in GAME + AROUND}
    return settings, given["out"].expanduser(), given["force"]


def check_same_game(settings: dict[str, Any], before: dict[str, Any], folder: Path) -> None:
    """Raise CourseError when a folder holds a run whose settings would give other numbers.

    `before` are the settings of that run, as its checkpoint has them.
    """
    earlier = {"schedule": "falling", "warmup": 0}  # versions of the course had these only
    before = earlier | under_present_names(before)
    for p in GAME:
        if p.name in before and before[p.name] != settings[p.name]:
            raise CourseError(f"{folder} holds a run with {p.name}={before[p.name]}, not "
                              f"{settings[p.name]}: {ANEW}")


def check_same_images(dataset: str, digest: str, before: str, folder: Path) -> None:
    """Raise CourseError when the images that a data set's name stands for have changed since.

    Both digests are those of `digest_of`; `before`, that of the run in the folder, may be "", in a
    checkpoint of an earlier version.  Of sets that are drawn by this course or downloaded a warning
    says so, because their last bits may differ between two kinds of processor and their owner has
    changed nothing.
    """
    if before == digest:
        return
    if not before:
        warnings.warn(f"{folder} does not say on which images its run was trained, because an "
                      "earlier version of the course began it: it goes on with what "
                      f"{dataset} holds now", stacklevel=2)
    elif ":" in dataset:
        raise CourseError(f"{folder} holds a run on other images than {dataset} holds now, whose "
                          f"contents have changed since: {ANEW}")
    else:
        warnings.warn(f"{dataset} is not bit for bit what the run in {folder} was trained on, "
                      "because this is another kind of processor or another version of the "
                      "course: the run goes on with it", stacklevel=2)


def digest_of(images: Dataset) -> str:
    """Return 32 hexadecimal digits that stand for all training images and their labels."""
    shapes = images.x_train.shape, images.y_train.shape
    hasher = hashlib.blake2b(repr(shapes).encode(), digest_size=16)
    hasher.update(np.ascontiguousarray(images.x_train))
    hasher.update(np.ascontiguousarray(images.y_train))
    return hasher.hexdigest()


def notes(settings: dict[str, Any], before: dict[str, Any], step: int, finished: bool,
          folder: Path) -> Iterator[str]:
    """Yield what the owner of a run that goes on from `step` should know.

    That is: it is finished, or it was to be shorter.
    """
    longer = step and before["num_steps"] != settings["num_steps"]
    if finished:
        yield (f"{folder} is finished: it has gone its {step} steps, and nothing is left to "
               "train.  A larger --num-steps goes on, --force starts anew")
    elif longer and settings["schedule"] == "falling":
        yield (f"the first {step} steps had the learning rates of a run of {before['num_steps']} "
               f"steps, which fall towards its end: {settings['num_steps']} steps at once "
               "(--force) are another run.  A run with --schedule cooldown can be made longer")
    elif longer and settings["schedule"] == "cooldown":
        yield (f"the run goes on from step {step}, before its learning rate fell, and will be the "
               f"same as {settings['num_steps']} steps at once")


@contextmanager
def report_once() -> Iterator[None]:
    """Let process 0 say what all processes find wrong.

    torchrun ends the others when process 0 ends with an error, so they wait a little before they
    raise, too.
    """
    try:
        yield
    except ValueError:
        if os.environ.get("RANK", "0") != "0":
            time.sleep(2)
        raise


def summary(record: dict[str, Any], folder: Path) -> str:
    """Return what a person wants to know of a run's record, in two lines."""
    rate = record["images_per_second"]
    speed = f" (the steps alone: {rate:.0f} images/s)" if rate else ""
    measured = {**record["losses"], **record["results"]}  # in 0.2 results had no losses
    numbers = ", ".join(f"{name} {value:.4g}" for name, value in measured.items())
    return (f"{record['steps']} steps in {record['seconds']:.0f} s{speed}, {record['processes']} "
            f"process(es) on {record['device']}: {numbers}\n"
            f"Look at {(folder / 'samples.png').resolve()}; all else lies beside it.")


def _refuse(message: str) -> None:
    raise CourseError(f"{message}; gancourse train --help shows what there is")
