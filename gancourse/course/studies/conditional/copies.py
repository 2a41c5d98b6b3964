"""Which GANs of few images copy, also where their copies are disguised: measures and controls.

DiffAugment shifts all that D sees, so a G may draw *shifted* copies: these are far from their
originals in pixels, and a share that compares pixels overlooks them.  Lesson 10.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from gancourse import metrics
from gancourse.course.studies.conditional.label_rows import draw, row_pair
from gancourse.data.labels import draw_labelled
from gancourse.data.registry import Dataset, to_float
from gancourse.metrics import feature_net
from gancourse.metrics.copying import copy_ratio, copy_share
from gancourse.pt.augment import cutout, translate
from gancourse.pt.models import seeded
from gancourse.pt.train import GAN, from_numpy, make_gan

NOISES = (0.1, 0.2, 0.4, 0.8)  # spreads of the noise that is added to copies
CHANGES = {"plain": (), "DiffAugment": (translate, cutout)}  # of all that D sees
SHIFTED, CUT, THROUGH_T = "copies, shifted", "copies with a hole", "copies through T"
DISGUISES = {SHIFTED: (translate,), CUT: (cutout,), THROUGH_T: CHANGES["DiffAugment"]}
LOOKS = 8  # at each image, where it is changed at random


def least_over_shifts(samples: np.ndarray, images: np.ndarray, most: int = 4) -> np.ndarray:
    """Return squared distances (samples, images), each the least over shifts of the sample.

    A sample (height, width, channels) is shifted by up to `most` pixels down and across, and its
    border is repeated, as `translate` of DiffAugment does.
    """
    x = from_numpy(np.asarray(samples, np.float32))
    flat = from_numpy(np.asarray(images, np.float32)).flatten(1)
    squares = flat.square().sum(1)
    larger = torch.nn.functional.pad(x, [most] * 4, mode="replicate")
    height, width = x.shape[2:]
    least = torch.full((len(x), len(flat)), float("inf"))
    for r in range(2 * most + 1):
        for c in range(2 * most + 1):
            moved = larger[:, :, r : r + height, c : c + width].flatten(1)
            far = moved.square().sum(1)[:, None] + squares - 2 * moved @ flat.T
            least = torch.minimum(least, far)
    return least.numpy()


def share_over_shifts(samples: np.ndarray, train: np.ndarray, others: Sequence[np.ndarray],
                      most: int = 4) -> float:
    """Return the copy share of samples that may be shifted before they are compared, 0 to 1.

    It is `metrics.copying.copy_share` with `least_over_shifts` as distance: a shifted copy counts
    as a copy, and a G that never saw `train` still has 1/2 in the mean over picks.
    """
    far = least_over_shifts(samples, np.concatenate([train, *others]), most)
    to_train, *to_others = (part.min(1) for part in np.split(far, len(others) + 1, axis=1))
    return float(np.mean([to_train < to_other for to_other in to_others]))


def mean_logits(gan: GAN, changes: Sequence[Callable[[Tensor], Tensor]],
                *pairs: tuple[np.ndarray, np.ndarray]) -> list[float]:
    """Return D's mean logit of images (n, height, width, channels) with their labels, each pair.

    Images are float32 in [-1, 1].  D sees each of them `LOOKS` times through the random changes, or
    once as it is where there are none.
    """
    D = getattr(gan.D, "D", gan.D)  # inside Augmented
    device = next(D.parameters()).device

    def logit(x: np.ndarray, labels: np.ndarray) -> float:
        rows = torch.from_numpy(np.ascontiguousarray(labels, np.float32)).to(device)
        seen = [from_numpy(np.asarray(x, np.float32)).to(device)] * (LOOKS if changes else 1)
        return float(np.mean([float(D(through(changes, some), rows).mean()) for some in seen]))

    with torch.no_grad():
        return [logit(x, labels) for x, labels in pairs]


def place_between(first: np.ndarray, middle: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return where `middle` lies on the way from `first`, 0, to `last`, 1, element by element."""
    return (np.asarray(first) - middle) / (np.asarray(first) - last)


def few_images(x: np.ndarray, y: np.ndarray, per_class: int, more: int,
               seed: int) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Return a random pick of `per_class` images of each class and its labels, as they are in x, y.

    Then come `more` picks that share no image with it or with each other, as float32 in [-1, 1].
    """
    rows = draw_labelled(y, (1 + more) * per_class, seed).reshape(-1, 1 + more, per_class)
    first, *others = (rows[:, i].ravel() for i in range(1 + more))
    return x[first], y[first], [to_float(x[other]) for other in others]


def through(changes: Iterable[Callable[[Tensor], Tensor]], x: Tensor) -> Tensor:
    """Return a batch of images after all these changes, one after the other."""
    for change in changes:
        x = change(x)
    return x


class Look:
    """The copying and the distance of samples, given what was and what was not trained on."""

    def __init__(self, images: Dataset, x: np.ndarray, others: Sequence[np.ndarray]) -> None:
        """Read the features of held-out images; `x` were trained on, `others` were not."""
        self.judge = feature_net.load(images)
        self.real = self.judge.features(images.x_test[:2000])
        self.x = x
        self.others = others
        self.held_out = to_float(images.x_test[:1000])

    def __call__(self, made: np.ndarray) -> dict[str, float]:
        """The measures of samples (1000, height, width, channels), by name."""
        return {"copy share": copy_share(made, self.x, self.others),
                "share over shifts": share_over_shifts(made[:500], self.x, self.others[:5]),
                "copy ratio": copy_ratio(made, self.x, self.held_out),
                "distance": metrics.frechet_distance(self.judge.features(made), self.real)}


def controls(x: np.ndarray, images: Dataset, seed: int) -> dict[str, np.ndarray]:
    """Return 1000 images each of what copies nothing, and of copies of x in disguise, by name.

    Between them a GAN has to be read.
    """
    rng = np.random.default_rng(seed)
    classes = int(images.y_train.max()) + 1
    G, D = seeded(row_pair, 32, images.shape, classes, 16, seed=seed)
    untrained = make_gan(G, D, z_dim=32, seed=seed)
    shape = (1000, *images.shape)
    copies = x[rng.integers(len(x), size=1000)]
    made = {"held-out images": to_float(images.x_test[2000:3000]),
            "noise": rng.uniform(-1, 1, shape).astype(np.float32),
            "untrained G": draw(untrained, np.eye(classes)[np.arange(1000) % classes])}
    for spread in NOISES:
        noisy = copies + spread * rng.normal(size=shape)
        made[f"copies + noise {spread}"] = np.clip(noisy, -1, 1).astype(np.float32)
    for name, changes in DISGUISES.items():
        torch.manual_seed(seed)
        made[name] = through(changes, from_numpy(copies)).permute(0, 2, 3, 1).numpy()
    return made
