"""The table behind lesson 10's figures, and how to make its parts again.

    python -m gancourse.course.studies.conditional.conditional_gans labels portraits left-out \
        strokes mnist=npz:PATH --to gancourse/course/studies/conditional

makes these parts and puts them into the file 10.csv, in which other parts stay as they are.  A row
is one number: part, images of each class, seed, arm, step, measure, value.

    labels     digits with true, with shuffled and without labels, seeds 1 and 2; with labels for G
               but not for D, seeds 0 to 2
    portraits  faces by attribute: true labels, seeds 1 and 2; shuffled labels, seeds 0 to 2
    left-out   portraits without curls without glasses: what is drawn when asked for them
    strokes    five picks of few labelled images: what GANs of them copy, what a classifier gains
    NAME=DATA  as strokes, with another data set of 28 x 28 pixels
"""

import argparse
import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from gancourse import data, metrics
from gancourse.course.studies import stored_table
from gancourse.data.registry import Dataset, to_float
from gancourse.data.synthetic.portraits import meaning, portraits, share_all_right, shares_right
from gancourse.metrics import feature_net

HERE = Path(__file__).with_name("10.csv")
COMMAND = "python -m gancourse.course.studies.conditional.conditional_gans"
COLUMNS = ("part", "per_class", "seed", "arm", "step", "measure", "value")
ASKED = np.arange(2000) % 10
DRAWS = range(5)
SIZES = {"strokes": (5, 50)}  # images of each class; other data sets with 5 only
GAN_STEPS, FACE_STEPS = 500, 1200
FEW_STEPS = 1000  # of every GAN with few images, so that only T differs
KINDS = ("training", "held-out", "fake")  # of images that D judges
TOLD = ("true labels", "shuffled labels", "no labels")  # both networks, in the part "labels"
G_ONLY = "labels for G only"

Row = tuple[str, int, int, str, int, str, float]


def labels_part() -> Iterator[Row]:
    """Digits with labels of four kinds: is what is asked for drawn, and how well?"""
    from gancourse.course.studies.conditional import label_rows

    images = data.load("strokes", resolution=28, seed=0)
    judge = feature_net.load(images)
    held_out = judge.features(images.x_test[:2000])
    for seed, arm in ((0, G_ONLY), *itertools.product((1, 2), (*TOLD, G_ONLY))):
        y = images.y_train
        if arm == "shuffled labels":
            y = np.random.default_rng(seed).permutation(y)
        told = float(arm != "no labels")  # rows of zeros say nothing to either network
        logits = (label_rows.logits_without_labels if arm == G_ONLY
                  else label_rows.projection_logits)
        ((gan, step, _),) = label_rows.train_rows(
            images.x_train, told * np.eye(10)[y], num_steps=GAN_STEPS, seed=seed, logits=logits)
        made = label_rows.draw(gan, told * np.eye(10)[ASKED])
        right = float((judge.predict(made) == ASKED).mean())
        far = metrics.frechet_distance(judge.features(made), held_out)
        yield "labels", 2000, seed, arm, step, "accuracy", right
        yield "labels", 2000, seed, arm, step, "distance", far


def portraits_part() -> Iterator[Row]:
    """Faces by attribute: the share of each that is as asked for."""
    from gancourse.course.studies.conditional.label_rows import draw, train_rows
    from gancourse.pt.models import dcgan_pair

    reader = feature_net.load(data.load("faces", num=100, resolution=32))
    runs = [(seed, "true labels") for seed in (1, 2)]
    runs += [(seed, "shuffled labels") for seed in (0, 1, 2)]
    for seed, arm in runs:
        learnt = portraits(8000, seed=2 * seed)
        labels, wanted = learnt.labels, portraits(2000, seed=2 * seed + 1)
        if arm == "shuffled labels":
            labels = np.random.default_rng(seed).permutation(labels)
        ((gan, step, _),) = train_rows(
            learnt.images, labels, num_steps=FACE_STEPS, seed=seed, learning_rate=2e-3,
            ema_decay=0.998, build=dcgan_pair)
        made = draw(gan, wanted.labels)
        read = reader.read_attributes(made)
        shares = shares_right(read, wanted.labels)
        shares["all four"] = share_all_right(read, wanted.labels)
        colours = meaning(wanted.labels)["hair_colour"]
        shares["none of the four colours"] = float((~np.isin(read["hair_colour"], colours)).mean())
        yield from _rows(("portraits", 0, seed, arm, step), shares)
        far = metrics.frechet_distance(reader.features(made), reader.features(wanted.images))
        yield "portraits", 0, seed, arm, step, "distance", far


def left_out_part() -> Iterator[Row]:
    """Portraits without one combination, curls without glasses: what does G draw for it?"""
    from gancourse.course.studies.conditional.label_rows import draw, train_rows
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


def few_part(name: str, images: Dataset) -> Iterator[Row]:
    """Few labelled images: which GANs of them copy, and what helps a classifier."""
    from gancourse.course.studies.conditional import copies, few_labels
    from gancourse.course.studies.conditional.label_rows import draw, train_rows

    classes = int(images.y_train.max()) + 1
    eye, wanted = np.eye(classes), np.arange(2000) % classes
    unseen = to_float(images.x_test[:1000]), eye[images.y_test[:1000]]
    for per_class, seed in itertools.product(SIZES.get(name, (5,)), DRAWS):
        facts = name, per_class, seed
        x, y, others = copies.few_images(images.x_train, images.y_train, per_class, 10, seed)
        look = copies.Look(images, to_float(x), others)
        if per_class == 5:
            for arm, some in copies.controls(to_float(x), images, seed).items():
                yield from _rows((*facts, arm, 0), look(some))
        moments = 5 if per_class == 5 else 1
        batches = {}
        for arm, changes in copies.CHANGES.items():
            for gan, step, _ in train_rows(x, eye[y], num_steps=FEW_STEPS, seed=seed,
                                           changes=changes, log_every=FEW_STEPS // moments):
                made = draw(gan, eye[wanted])
                right = float((look.judge.predict(made) == wanted).mean())
                yield from _rows((*facts, arm, step), look(made[:1000]) | {"read as asked": right})
            pairs = (to_float(x), eye[y]), unseen, (made, eye[wanted])
            for how, T in (("logit", ()), ("logit through T", copies.CHANGES["DiffAugment"])):
                seen = copies.mean_logits(gan, T, *pairs)
                named = zip(KINDS, seen, strict=True)
                yield from _rows((*facts, arm, step), {f"{how}, {kind}": s for kind, s in named})
            batches[arm] = few_labels.arms(x, y, made, wanted)
        arms = batches["plain"] | {"GAN, DiffAugment": batches["DiffAugment"]["GAN"]}
        for arm, draw_batch in arms.items():
            right = few_labels.accuracy(draw_batch, images.x_test[:5000], images.y_test[:5000],
                                        classes, seed=seed)
            yield *facts, arm, 0, "accuracy", right


def _rows(facts: tuple, measured: dict[str, float]) -> list[Row]:
    """The rows of the table for what was measured; `facts` are all columns before the measure."""
    return [(*facts, name, value) for name, value in measured.items()]


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
    parts = {"labels": labels_part, "portraits": portraits_part, "left-out": left_out_part}
    parser = argparse.ArgumentParser(description="Make the table that lesson 10 reads.")
    parser.add_argument("parts", nargs="+",
                        help="labels, portraits, left-out, strokes, or NAME=DATA")
    parser.add_argument("--to", type=Path, default=Path("runs/studies"), help="folder of 10.csv")
    chosen = parser.parse_args(words)
    for part in chosen.parts:
        name, _, source = part.partition("=")
        began = time.process_time()
        if name in parts:
            rows = list(parts[name]())
        else:
            rows = list(few_part(name, data.load(source or name, resolution=28, seed=0)))
        *made, _ = stored_table.made_with(COMMAND, time.process_time() - began)
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
