"""Stacked digits: which GANs reach a thousand modes?  The table behind a section of lesson 14.

    python -m gancourse.course.studies.stacked.stacked_digits strokes mnist=npz:mnist.npz \
        --to gancourse/course/studies/stacked

Three digits, drawn independently, are the colour channels of an image; see `counting`.  One small
convolutional pair is trained in six ways on the same number of images.  A row of 14_stacked.csv
is one moment of a run, or a control that no GAN has made; each run is stored as it ends, and a
stopped study goes on where it was.  The budget of the published tables, on a GPU:

    python -m gancourse.course.studies.stacked.stacked_digits mnist --preset gpu --device cuda
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from torch import Tensor, nn

from gancourse import data
from gancourse.course.studies import stored_pictures, stored_table
from gancourse.course.studies.stacked import counting
from gancourse.data.registry import Dataset, to_uint8
from gancourse.errors import CourseError, check_choice
from gancourse.metrics import feature_net
from gancourse.pt import losses, set_threads
from gancourse.pt.fast_loop import make_fast_loop
from gancourse.pt.models import dcgan_pair, seeded
from gancourse.pt.train import Penalty, make_gan, sample
from gancourse.training_loop import train_fast

HERE = Path(__file__).with_name("14_stacked.csv")
COMMAND = "python -m gancourse.course.studies.stacked.stacked_digits"
CONTROLS = ("held-out digits", "blurred digits", "noisy digits", "noise", "one image")
SHOWN_SEED, SHOWN = 2, 6  # of which run samples are kept to be looked at, and how many
Z_DIM = 100
SHAPE = (28, 28, 3)


class Budget(NamedTuple):
    """How much is trained and counted."""

    steps: int           # updates of D, and as many of G
    batch_size: int
    width: int           # feature maps next to the image; twice as many in the layer behind it
    num_stacked: int     # images to learn from
    counted: int         # samples that are counted
    learning_rate: float
    betas: tuple[float, float]


class Arm(NamedTuple):
    """What is changed between the runs."""

    loss: str = "nonsaturating"
    norm_D: bool = True  # BatchNorm in D, too; G has it always
    pack: int = 1        # images that D judges together
    r1: float = 0.0      # gamma of the penalty at real images
    r2: float = 0.0      # gamma of the penalty at fakes


PRESETS = {
    "cpu": Budget(1000, 64, 16, 20_000, 6_500, 1e-3, (0.5, 0.99)),
    "gpu": Budget(100_000, 64, 64, 128_000, 26_000, 2e-4, (0.5, 0.999)),
}
GAMMA = 1.0
ARMS = {
    "DCGAN": Arm(),
    "packed by 2": Arm(pack=2),
    "no BatchNorm in D": Arm(norm_D=False),
    "R1": Arm(norm_D=False, r1=GAMMA),
    "R1 + R2": Arm(norm_D=False, r1=GAMMA, r2=GAMMA),
    "relativistic + R1 + R2": Arm("relativistic", norm_D=False, r1=GAMMA, r2=GAMMA),
}


def study(name: str, digits: Dataset, budget: Budget, path: Path, *, seeds: Sequence[int],
          arms: Sequence[str] = tuple(ARMS), device: str = "cpu", preset: str = "cpu") -> None:
    """Add the runs of a data set that are not in the table yet, and first its controls.

    `name` is how the table calls the data.  Samples are those of G itself, not of its running
    average.  A run that had more steps is another run.  One whose loss or whose samples are not
    finite has a last row without scores.
    """
    net = feature_net.load(digits)
    held_out = net.features(digits.x_test[: len(digits.x_test) // 2])
    fixed = {"data": name, "preset": preset, "batch_size": budget.batch_size,
             "width": budget.width}
    if not stored_table.has(stored_table.so_far(path)[0], **fixed, arm=CONTROLS[0]):
        rows = []
        for n in sorted({budget.counted, PRESETS["gpu"].counted}):
            for arm, scores in counting.controls(digits, net, n).items():
                rows.append(fixed | {"arm": arm, "seed": 0, "steps": 0, "seconds": 0.0,
                                     "counted": n, **scores._asdict()})
        _add(path, rows, 0.0)
    for seed in seeds:
        for arm in arms:
            made, _ = stored_table.so_far(path)
            if stored_table.has(made, **fixed, arm=arm, seed=seed, steps=budget.steps):
                continue
            began = time.process_time()
            rows = []
            try:
                for steps, seconds, gan in train(digits, ARMS[arm], budget, seed=seed,
                                                 device=device):
                    images = sample(gan, budget.counted, averaged=False)
                    scores = counting.count(images, net, held_out)
                    rows.append(fixed | {"arm": arm, "seed": seed, "steps": steps,
                                         "seconds": seconds, "counted": budget.counted,
                                         **scores._asdict()})
                outcome = f"{scores.modes} modes, KL {scores.kl:.2f}"
            except (FloatingPointError, CourseError) as error:
                rows.append(fixed | {"arm": arm, "seed": seed, "steps": budget.steps})
                outcome = f"failed: {error}"
            _add(path, rows, time.process_time() - began)
            if seed == SHOWN_SEED and preset == "cpu" and "failed" not in outcome:
                pictures = path.with_suffix(".npz")
                kept = {f"{name}, {arm}": to_uint8(images[:SHOWN])}
                stored_pictures.write(pictures, stored_pictures.read(pictures) | kept)
            print(f"{name}, {arm}, seed {seed}: {outcome}", flush=True)


def build_pair(width: int, arm: Arm) -> tuple[nn.Module, nn.Module]:
    """Return G and D of an arm; G's first weights are the same in every arm of a seed."""
    G, D = dcgan_pair(Z_DIM, SHAPE, width, arm.norm_D)
    if arm.pack > 1:
        _, wide = dcgan_pair(Z_DIM, (*SHAPE[:2], SHAPE[2] * arm.pack), width, arm.norm_D)
        D = Packed(wide, arm.pack)
    return G, D


def penalty_of(arm: Arm) -> Penalty | None:
    """Return gamma/2 (R1 + R2) as the arm has them, added at every step; None without either."""
    def penalty(D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """The squared gradient norms of D's logit, weighted."""
        parts = [(arm.r1, real), (arm.r2, fake)]
        return sum(gamma / 2 * losses.r1_penalty(D, x) for gamma, x in parts if gamma)

    return Penalty(penalty, 1.0) if arm.r1 or arm.r2 else None


def train(digits: Dataset, arm: Arm, budget: Budget, *, seed: int, device: str = "cpu",
          logs: int = 2):
    """Train an arm; yield (steps, seconds, GAN) at `logs` moments, the last at its end.

    Seconds are those of the training alone, on the processor's clock, or by the wall on a GPU.
    Raises FloatingPointError when a loss is not finite.
    """
    clock = time.process_time if device == "cpu" else time.perf_counter
    G, D = seeded(build_pair, budget.width, arm, seed=seed)
    gan = make_gan(G.to(device), D.to(device), z_dim=Z_DIM, learning_rate=budget.learning_rate,
                   betas=budget.betas, seed=seed)
    x = counting.stack_digits(digits.x_train, budget.num_stacked, seed)
    run_steps = make_fast_loop(gan, x, batch_size=budget.batch_size, loss=losses.LOSSES[arm.loss],
                               penalty=penalty_of(arm))
    seconds = 0.0
    began = clock()
    for log in train_fast(run_steps, num_steps=budget.steps, progress=False,
                          log_every=max(1, budget.steps // logs)):
        seconds += clock() - began
        yield log.step, seconds, gan
        began = clock()


class Packed(nn.Module):
    """A D that judges `pack` images at once, their channels laid side by side.

    A batch of n images gives n / pack logits.  Lin et al. 2018.
    """

    def __init__(self, D: nn.Module, pack: int) -> None:
        super().__init__()
        self.D = D
        self.pack = pack

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (n / pack, 1) of images (n, channels, height, width)."""
        return self.D(x.reshape(len(x) // self.pack, -1, *x.shape[2:]))


def main(words: Sequence[str] | None = None) -> None:
    """Make the table, or add to it."""
    parser = argparse.ArgumentParser(description="Train six arms on stacked digits and count.")
    parser.add_argument("datasets", nargs="+", help="strokes, mnist, or NAME=npz:PATH")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--arms", nargs="+", default=list(ARMS), metavar="ARM",
                        help=", ".join(ARMS))
    parser.add_argument("--preset", choices=PRESETS, default="cpu")
    parser.add_argument("--steps", type=int, default=0, help="instead of the preset's")
    parser.add_argument("--counted", type=int, default=0, help="instead of the preset's")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--to", type=Path, default=Path("runs/studies"),
                        help="folder of 14_stacked.csv")
    chosen = parser.parse_args(words)
    for arm in chosen.arms:
        check_choice("arms", arm, tuple(ARMS))
    budget = PRESETS[chosen.preset]
    budget = budget._replace(steps=chosen.steps or budget.steps,
                             counted=chosen.counted or budget.counted)
    set_threads()
    for part in chosen.datasets:
        name, _, source = part.partition("=")
        digits = data.load(source or name, resolution=28, seed=0)
        study(name, digits, budget, chosen.to / HERE.name, seeds=chosen.seeds, arms=chosen.arms,
              device=chosen.device, preset=chosen.preset)


def _add(path: Path, rows: list[dict], seconds: float) -> None:
    """Write rows below those that the table has; its head sums up the seconds of all calls."""
    old, spent = stored_table.so_far(path)
    head = stored_table.made_with(COMMAND, spent + seconds)
    stored_table.write(path, [*old, *rows], head, digits=5)


if __name__ == "__main__":
    main()
