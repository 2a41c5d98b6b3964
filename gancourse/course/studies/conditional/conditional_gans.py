"""The table behind lesson 10's figures, and how to make its parts again.

    python -m gancourse.course.studies.conditional.conditional_gans labels portraits left-out \
        strokes strokes-gans mnist=npz:PATH mnist-gans=npz:PATH \
        --to gancourse/course/studies/conditional

makes these parts and puts them into the file 10.csv, in which other parts stay as they are.  A row
is one number: part, images of each class, seed, arm, step, measure, value.

    labels        digits with true, with shuffled and without labels, seeds 1 and 2
    portraits     faces by attribute: true labels, seeds 1 and 2; shuffled labels, seed 0
    left-out      portraits without curls without glasses: what is drawn when asked for them
    strokes       few labelled images: a classifier's arms, GANs that copy; five draws of images
    strokes-gans  the GANs again, all with as many steps: shifted copies, what D has learnt
    NAME=DATA     as strokes, with another data set of 28 x 28 pixels; NAME-gans=DATA likewise
"""

import argparse
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from gancourse import data, metrics
from gancourse.course.studies import stored_table
from gancourse.data.labels import draw_labelled
from gancourse.data.registry import Dataset, to_float
from gancourse.data.synthetic.portraits import portraits, shares_right
from gancourse.metrics import feature_net
from gancourse.metrics.copying import copy_ratio, copy_share

HERE = Path(__file__).with_name("10.csv")
COMMAND = "python -m gancourse.course.studies.conditional.conditional_gans"
COLUMNS = ("part", "per_class", "seed", "arm", "step", "measure", "value")
ASKED = np.arange(2000) % 10
DRAWS = range(5)
SIZES = {"strokes": (5, 50)}  # images of each class; other data sets with 5 only
GAN_STEPS, DIFF_STEPS, FACE_STEPS = 500, 1000, 1200

Row = tuple[str, int, int, str, int, str, float]


def labels_part() -> Iterator[Row]:
    """Digits with true, shuffled and without labels: is what is asked for drawn, and how well?"""
    from gancourse.course.studies.conditional.label_rows import draw, train_rows

    images = data.load("strokes", resolution=28, seed=0)
    judge = feature_net.load(images)
    held_out = judge.features(images.x_test[:2000])
    for seed in (1, 2):
        for arm in ("true labels", "shuffled labels", "no labels"):
            y = images.y_train
            if arm == "shuffled labels":
                y = np.random.default_rng(seed).permutation(y)
            told = float(arm != "no labels")  # rows of zeros say nothing to either network
            ((gan, step, _),) = train_rows(images.x_train, told * np.eye(10)[y],
                                           num_steps=GAN_STEPS, seed=seed)
            made = draw(gan, told * np.eye(10)[ASKED])
            right = float((judge.predict(made) == ASKED).mean())
            far = metrics.frechet_distance(judge.features(made), held_out)
            yield "labels", 2000, seed, arm, step, "accuracy", right
            yield "labels", 2000, seed, arm, step, "distance", far


def portraits_part() -> Iterator[Row]:
    """Faces by attribute: the share of each that is as asked for."""
    from gancourse.course.studies.conditional.label_rows import draw, train_rows
    from gancourse.pt.models import dcgan_pair

    reader = feature_net.load(data.load("faces", num=100, resolution=32))
    for seed, arm in ((1, "true labels"), (2, "true labels"), (0, "shuffled labels")):
        learnt = portraits(8000, seed=2 * seed)
        labels, wanted = learnt.labels, portraits(2000, seed=2 * seed + 1)
        if arm == "shuffled labels":
            labels = np.random.default_rng(seed).permutation(labels)
        ((gan, step, _),) = train_rows(
            learnt.images, labels, num_steps=FACE_STEPS, seed=seed, learning_rate=2e-3,
            ema_decay=0.998, build=dcgan_pair)
        made = draw(gan, wanted.labels)
        for name, share in shares_right(reader.read_attributes(made), wanted.labels).items():
            yield "portraits", 0, seed, arm, step, name, share
        far = metrics.frechet_distance(reader.features(made), reader.features(wanted.images))
        yield "portraits", 0, seed, arm, step, "distance", far


def few_part(name: str, images: Dataset) -> Iterator[Row]:
    """Few labelled images: what helps a classifier, and which GANs copy."""
    from gancourse.course.studies.conditional import few_labels
    from gancourse.course.studies.conditional.label_rows import draw, train_rows
    from gancourse.pt.augment import cutout, translate

    classes = int(images.y_train.max()) + 1
    wanted = np.arange(2000) % classes
    for per_class in SIZES.get(name, (5,)):
        for seed in DRAWS:
            rows = draw_labelled(images.y_train, 11 * per_class, seed).reshape(classes, -1)
            rows, *other_rows = np.split(rows, 11, axis=1)
            x, y = images.x_train[rows.ravel()], images.y_train[rows.ravel()]
            others = [images.x_train[other.ravel()] for other in other_rows]
            look = _Look(images, x, others)
            facts = (name, per_class, seed)
            drawings = {}
            trainings = {"plain": (GAN_STEPS, ())}
            if per_class == 5:
                trainings["DiffAugment"] = (DIFF_STEPS, (translate, cutout))
                yield from _controls(facts, look, x, images, seed)
            for arm, (steps, changes) in trainings.items():
                for gan, step, _ in train_rows(x, np.eye(classes)[y], num_steps=steps, seed=seed,
                                               changes=changes, log_every=steps // 5):
                    made = draw(gan, np.eye(classes)[wanted])
                    if per_class == 5:
                        yield from look((*facts, arm, step), made[:1000])
                drawings[arm] = made
            arms = few_labels.arms(x, y, drawings["plain"], wanted)
            if per_class == 5:
                with_diff = few_labels.arms(x, y, drawings["DiffAugment"], wanted)
                arms["GAN, DiffAugment"] = with_diff["GAN"]
            for arm, batches in arms.items():
                right = few_labels.accuracy(batches, images.x_test[:5000], images.y_test[:5000],
                                            classes, seed=seed)
                yield *facts, arm, 0, "accuracy", right


class _Look:
    """The copying and the distance of samples, given what was and what was not trained on."""

    def __init__(self, images: Dataset, x: np.ndarray, others: list[np.ndarray]) -> None:
        """Read the features of held-out images; `x` were trained on, `others` were not."""
        self.judge = feature_net.load(images)
        self.real = self.judge.features(images.x_test[:2000])
        self.x, self.others = to_float(x), [to_float(other) for other in others]
        self.held_out = to_float(images.x_test[:1000])

    def __call__(self, facts: tuple, made: np.ndarray) -> list[Row]:
        """The rows of samples (1000, height, width, channels)."""
        measured = {"copy share": copy_share(made, self.x, self.others),
                    "copy ratio": copy_ratio(made, self.x, self.held_out),
                    "distance": metrics.frechet_distance(self.judge.features(made), self.real)}
        return [(*facts, name, value) for name, value in measured.items()]


def _controls(facts: tuple, look: _Look, x: np.ndarray, images: Dataset,
              seed: int) -> Iterator[Row]:
    """What copies nothing, and what is a copy: between them a GAN has to be read."""
    from gancourse.course.studies.conditional.copies import NOISES
    from gancourse.course.studies.conditional.label_rows import draw, row_pair
    from gancourse.pt.models import seeded
    from gancourse.pt.train import make_gan

    rng = np.random.default_rng(seed)
    classes = int(images.y_train.max()) + 1
    G, D = seeded(row_pair, 32, images.shape, classes, 16, seed=seed)
    untrained = make_gan(G, D, z_dim=32, seed=seed)
    shape = (1000, *images.shape)
    copies = to_float(x)[rng.integers(len(x), size=1000)]
    made = {"held-out images": to_float(images.x_test[2000:3000]),
            "noise": rng.uniform(-1, 1, shape).astype(np.float32),
            "untrained G": draw(untrained, np.eye(classes)[np.arange(1000) % classes])}
    for spread in NOISES:
        noisy = copies + spread * rng.normal(size=shape)
        made[f"copies + noise {spread}"] = np.clip(noisy, -1, 1).astype(np.float32)
    for arm, some in made.items():
        yield from look((*facts, arm, 0), some)


def load(path: Path = HERE) -> list[dict[str, str]]:
    """Return the rows of the table."""
    return stored_table.read(path)


def pick(rows: Iterable[dict], **wanted) -> np.ndarray:
    """Return the values of the rows with these entries, float64, a draw or seed after the other."""
    return stored_table.pick(rows, "value", **wanted)


def path_of(rows: Sequence[dict], part: str, arm: str, draw: int,
            share: str = "copy share") -> np.ndarray:
    """Return the distance and the copy share of one GAN's training as it goes on, (moments, 2).

    Of a part of the table with five images a class; `arm` is plain or DiffAugment, and `share` is
    the measure of copying.
    """
    facts = {"part": part, "per_class": 5, "seed": draw, "arm": arm}
    return np.stack([pick(rows, **facts, measure=name) for name in ("distance", share)], 1)


def at_equal_distance(rows: Sequence[dict], part: str, draw: int,
                      share: str = "copy share") -> tuple[float, ...]:
    """Return what copying remains where two trainings on the same images draw equally well.

    DiffAugment's at its end, and the plain one at the moment whose distance is closest, in its
    ratio: (plain distance, DiffAugment's, plain copy share, DiffAugment's).
    """
    plain = path_of(rows, part, "plain", draw, share)
    distance, copied = path_of(rows, part, "DiffAugment", draw, share)[-1]
    closest = plain[np.abs(np.log(plain[:, 0] / distance)).argmin()]
    return closest[0], distance, closest[1], copied


def main(words: Sequence[str] | None = None) -> None:
    """Make parts of the table."""
    from gancourse.course.studies.conditional import copies

    parts = {"labels": labels_part, "portraits": portraits_part, "left-out": copies.left_out_part}
    parser = argparse.ArgumentParser(description="Make the table that lesson 10 reads.")
    parser.add_argument("parts", nargs="+",
                        help="labels, portraits, left-out, strokes, strokes-gans, or NAME=DATA")
    parser.add_argument("--to", type=Path, default=Path("runs/studies"), help="folder of 10.csv")
    chosen = parser.parse_args(words)
    for part in chosen.parts:
        name, _, source = part.partition("=")
        began = time.process_time()
        if name in parts:
            rows = list(parts[name]())
        else:
            kind = copies.copies_part if name.endswith("-gans") else few_part
            images = data.load(source or name.removesuffix("-gans"), resolution=28, seed=0)
            rows = list(kind(name, images))
        made = stored_table.made_with(f"{COMMAND} {name}", time.process_time() - began)
        _store(chosen.to / "10.csv", name, made, rows)


def _store(path: Path, part: str, made: Sequence[str], rows: list[Row]) -> None:
    """Put the rows of a part and how they were made into the file, in the place of those it had."""
    others, heads = [], []
    if path.exists():
        others = [row for row in stored_table.read(path) if row["part"] != part]
        heads = [line for line in stored_table.head_of(path) if not line.startswith(f"{part}:")]
    new = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    heads.append(f"{part}: {', '.join(made)}")
    stored_table.write(path, [*others, *new], heads, digits=5)


if __name__ == "__main__":
    main()
