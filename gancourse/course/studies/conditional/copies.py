"""Which GANs of few images copy, also where what they copy is shifted.  Lesson 10.

DiffAugment shifts all that D sees, so a G may draw *shifted* copies: these are far from their
originals in pixels, and a share that compares pixels overlooks them.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from gancourse import data, metrics
from gancourse.data.labels import draw_labelled
from gancourse.data.registry import Dataset, to_float
from gancourse.metrics import feature_net
from gancourse.metrics.copying import copy_ratio, copy_share
from gancourse.pt.augment import cutout, translate
from gancourse.pt.train import GAN, from_numpy

PER_CLASS = 5
STEPS = 1000  # of every GAN, so that only T differs
NOISES = (0.1, 0.2, 0.4, 0.8)  # spreads of the noise that is added to copies
CHANGES = {"plain": (), "DiffAugment": (translate, cutout)}

Row = tuple[str, int, int, str, int, str, float]


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


def mean_logits(gan: GAN, *pairs: tuple[np.ndarray, np.ndarray]) -> list[float]:
    """Return D's mean logit of images (n, height, width, channels) with their labels, each pair.

    Images are float32 in [-1, 1].  D sees them as they are, without a random change.
    """
    D = getattr(gan.D, "D", gan.D)  # inside Augmented
    device = next(D.parameters()).device

    def logits(x: np.ndarray, labels: np.ndarray) -> Tensor:
        rows = torch.from_numpy(np.ascontiguousarray(labels, np.float32))
        return D(from_numpy(np.asarray(x, np.float32)).to(device), rows.to(device))

    with torch.no_grad():
        return [float(logits(x, labels).mean()) for x, labels in pairs]


def copies_part(name: str, images: Dataset, picks: Sequence[int] = range(5)) -> Iterator[Row]:
    """GANs of five images a class, all with STEPS steps: what they copy, and what D has learnt."""
    from gancourse.course.studies.conditional import few_labels
    from gancourse.course.studies.conditional.label_rows import draw, train_rows

    classes = int(images.y_train.max()) + 1
    eye, wanted = np.eye(classes), np.arange(2000) % classes
    for pick in picks:
        rows = draw_labelled(images.y_train, 11 * PER_CLASS, pick).reshape(classes, -1)
        first, *rest = np.split(rows, 11, axis=1)
        x, y = images.x_train[first.ravel()], images.y_train[first.ravel()]
        others = [to_float(images.x_train[other.ravel()]) for other in rest]
        look = _Look(images, to_float(x), others)
        for arm, some in _controls(to_float(x), images, classes, pick).items():
            yield from _rows(name, pick, arm, 0, look(some))
        for arm, changes in CHANGES.items():
            for gan, step, _ in train_rows(x, eye[y], num_steps=STEPS, seed=pick, changes=changes,
                                           log_every=STEPS // 5):
                made = draw(gan, eye[wanted])
                yield from _rows(name, pick, arm, step, look(made[:1000]))
            held_out = to_float(images.x_test[:1000]), eye[images.y_test[:1000]]
            seen = mean_logits(gan, (to_float(x), eye[y]), held_out, (made, eye[wanted]))
            kinds = ("logit, training", "logit, held-out", "logit, fake")
            yield from _rows(name, pick, arm, STEPS, dict(zip(kinds, seen, strict=True)))
            arms = few_labels.arms(x, y, made, wanted)
            right = few_labels.accuracy(arms["GAN"], images.x_test[:5000], images.y_test[:5000],
                                        classes, seed=pick)
            yield from _rows(name, pick, arm, STEPS, {"accuracy": right})


class _Look:
    """The copying and the distance of samples, given what was and what was not trained on."""

    def __init__(self, images: Dataset, x: np.ndarray, others: list[np.ndarray]) -> None:
        """Read the features of held-out images; `x` were trained on, `others` were not."""
        self.judge = feature_net.load(images)
        self.real = self.judge.features(images.x_test[:2000])
        self.x, self.others = x, others
        self.held_out = to_float(images.x_test[:1000])

    def __call__(self, made: np.ndarray) -> dict[str, float]:
        """The measures of samples (1000, height, width, channels), by name."""
        return {"copy share": copy_share(made, self.x, self.others),
                "share over shifts": share_over_shifts(made[:500], self.x, self.others[:5]),
                "copy ratio": copy_ratio(made, self.x, self.held_out),
                "distance": metrics.frechet_distance(self.judge.features(made), self.real)}


def _controls(x: np.ndarray, images: Dataset, classes: int, pick: int) -> dict[str, np.ndarray]:
    """What copies nothing, and what is a copy: between them a GAN has to be read."""
    from gancourse.course.studies.conditional.label_rows import draw, row_pair
    from gancourse.pt.models import seeded
    from gancourse.pt.train import make_gan

    rng = np.random.default_rng(pick)
    G, D = seeded(row_pair, 32, images.shape, classes, 16, seed=pick)
    untrained = make_gan(G, D, z_dim=32, seed=pick)
    shape = (1000, *images.shape)
    copies = x[rng.integers(len(x), size=1000)]
    torch.manual_seed(pick)
    shifted = translate(from_numpy(copies)).permute(0, 2, 3, 1).numpy()
    made = {"held-out images": to_float(images.x_test[2000:3000]),
            "noise": rng.uniform(-1, 1, shape).astype(np.float32),
            "untrained G": draw(untrained, np.eye(classes)[np.arange(1000) % classes]),
            "copies, shifted": shifted}
    for spread in NOISES:
        noisy = copies + spread * rng.normal(size=shape)
        made[f"copies + noise {spread}"] = np.clip(noisy, -1, 1).astype(np.float32)
    return made


def _rows(name: str, pick: int, arm: str, step: int, measured: dict[str, float]) -> list[Row]:
    """The rows of the table for what was measured."""
    return [(name, PER_CLASS, pick, arm, step, what, value) for what, value in measured.items()]


def left_out_part() -> Iterator[Row]:
    """Portraits without one combination, curls without glasses: what does G draw for it?"""
    from gancourse.course.studies.conditional.label_rows import draw, train_rows
    from gancourse.data.synthetic.portraits import portraits, shares_right
    from gancourse.pt.models import dcgan_pair

    reader = feature_net.load(data.load("faces", num=100, resolution=32))
    for seed in (0, 1, 2):
        learnt = portraits(8000, seed=2 * seed)
        known = ~bare_curls(learnt.labels)
        ((gan, step, _),) = train_rows(
            learnt.images[known], learnt.labels[known], num_steps=1200, seed=seed,
            learning_rate=2e-3, ema_decay=0.998, build=dcgan_pair)
        wanted = portraits(8000, seed=2 * seed + 1).labels
        wishes = {"curls without glasses": wanted[bare_curls(wanted)],
                  "no curls, without glasses": wanted[(wanted[:, 2] == 0) & (wanted[:, 7] == 0)]}
        for wish, labels in wishes.items():
            read = reader.read_attributes(draw(gan, labels[:1000]))
            hair = shares_right(read, labels[:1000])["hair_style"]
            yield "left-out", 0, seed, wish, step, "hair as asked", hair
            worn = float((read["glasses"] > 0).mean())
            yield "left-out", 0, seed, wish, step, "with glasses", worn


def bare_curls(labels: np.ndarray) -> np.ndarray:
    """Return which rows of labels (n, 9) ask for curls without glasses, bool (n,)."""
    return (labels[:, 2] == 1) & (labels[:, 7] == 0)
