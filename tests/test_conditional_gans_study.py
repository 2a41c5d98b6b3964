"""The stored table of lesson 10: its parts are kept apart, and what is read from it is what stands in it."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from gancourse.course.studies.conditional import conditional_figures as figures
from gancourse.course.studies.conditional import conditional_gans as study
from gancourse.course.studies.conditional import copies


def row(part, seed, arm, step, measure, value):
    return part, 5, seed, arm, step, measure, value


def test_a_part_made_again_takes_the_place_of_its_rows_only(tmp_path):
    path = tmp_path / "new" / "10.csv"
    study._store(path, "strokes", ["first"], [row("strokes", 0, "affine", 0, "accuracy", 0.5)])
    study._store(path, "mnist", ["first"], [row("mnist", 0, "affine", 0, "accuracy", 0.6)])
    study._store(path, "strokes", ["again"], [row("strokes", 1, "a, b", 0, "accuracy", 0.7)])
    text = path.read_text()
    assert text.startswith("# mnist: first\n# strokes: again\npart,") and "strokes: first" not in text
    rows = study.load(path)
    assert [(r["part"], r["seed"], r["arm"], r["value"]) for r in rows] == [
        ("mnist", "0", "affine", "0.6"), ("strokes", "1", "a, b", "0.7")]


@pytest.mark.parametrize("part", ["strokes", "mnist", "labels", "portraits"])
def test_an_arms_seeds_stand_in_their_order(part):
    """`pick` returns values as they stand in the table, and figures join those of a seed."""
    seeds = {}
    for r in study.load():
        if r["part"] == part:
            seeds.setdefault((r["per_class"], r["arm"], r["step"], r["measure"]), []).append(int(r["seed"]))
    assert all(found == sorted(set(found)) for found in seeds.values())


def test_equal_distance_by_hand():
    """DiffAugment ends at distance 20; of 80, 30 and 15 the plain one's 15 is closer than 30: 4/3 < 3/2."""
    rows = []
    for arm, moments in {"plain": [(80, 0.7), (30, 0.8), (15, 0.9)], "DiffAugment": [(50, 0.5), (20, 0.6)]}.items():
        for step, (far, share) in enumerate(moments):
            for measure, value in (("copy share", share), ("distance", far)):
                rows.append({"part": "p", "per_class": 5, "seed": 3, "arm": arm, "step": step, "measure": measure,
                             "value": value})
    assert study.at_equal_distance(rows, "p", 3) == (15, 20, 0.9, 0.6)
    assert study.path_of(rows, "p", "plain", 3).tolist() == [[80, 0.7], [30, 0.8], [15, 0.9]]


@pytest.mark.parametrize("part", ["strokes", "mnist"])
def test_the_shipped_table_has_every_arm_and_draw(part):
    rows = study.load()
    for arm in ("real only", "more copies", "noisy", "mirrored", "affine", "GAN", "affine + GAN", "GAN, DiffAugment"):
        assert len(study.pick(rows, part=part, per_class=5, arm=arm, measure="accuracy")) == len(study.DRAWS)
    controls = ("noise", "untrained G", "held-out images", *copies.DISGUISES, "copies + noise 0.8")
    for arm in controls:
        assert len(study.pick(rows, part=part, arm=arm, measure="share over shifts")) == len(study.DRAWS)
    assert all(math.isfinite(float(r["value"])) for r in rows)
    shares = study.pick(rows, measure="copy share")
    assert np.all((0 <= shares) & (shares <= 1))


@pytest.mark.parametrize("part", ["strokes", "mnist"])
def test_all_gans_of_few_images_have_as_many_steps_and_are_measured_in_every_way(part):
    rows = [r for r in study.load() if r["part"] == part and r["arm"] in copies.CHANGES]
    for per_class in study.SIZES.get(part, (5,)):
        for arm in copies.CHANGES:
            of_arm = [r for r in rows if (r["arm"], int(r["per_class"])) == (arm, per_class)]
            assert max(int(r["step"]) for r in of_arm) == study.FEW_STEPS
            at_end = {(r["measure"], int(r["seed"])) for r in of_arm if int(r["step"]) == study.FEW_STEPS}
            measures = {"copy share", "share over shifts", "copy ratio", "distance", "read as asked"}
            measures |= {f"{how}, {kind}" for how in ("logit", "logit through T") for kind in study.KINDS}
            assert at_end == {(measure, seed) for measure in measures for seed in study.DRAWS}


def test_the_table_has_the_parts_that_its_study_makes_and_no_other():
    assert {r["part"] for r in study.load()} == {"labels", "portraits", "left-out", "strokes", "mnist"}


def test_picks_share_no_image_and_have_as_many_of_each_class():
    y = np.arange(60) % 3
    x = np.arange(60, dtype=np.uint8).reshape(60, 1, 1, 1)
    some, labels, others = copies.few_images(x, y, 2, 4, seed=1)
    assert labels.tolist() == [0, 0, 1, 1, 2, 2] and (some.ravel() % 3 == labels).all()
    assert len(others) == 4 and all(other.shape == some.shape for other in others)
    values = np.concatenate([some.ravel() / 127.5 - 1, *(other.ravel() for other in others)])
    assert len(np.unique(np.round(values, 5))) == 30


def test_changes_are_made_one_after_the_other():
    assert copies.through([lambda x: x + 1, lambda x: 10 * x], torch.ones(2)).tolist() == [20, 20]
    assert copies.through([], torch.ones(1)).tolist() == [1]


def test_mean_logits_by_hand():
    """D adds the pixels and ten times the label; the change halves an image."""

    class Sum(nn.Linear):
        def forward(self, x, labels):
            return x.flatten(1).sum(1, keepdim=True) + 10 * labels

    class Game:
        D = Sum(1, 1)

    x = np.array([1.0, 0.5], np.float32).reshape(2, 1, 1, 1)
    pairs = (x, np.array([[1], [0]])), (x[:1], np.array([[0]]))
    assert copies.mean_logits(Game, (), *pairs) == [5.75, 1.0]
    assert copies.mean_logits(Game, [lambda some: some / 2], *pairs) == [5.375, 0.5]


def test_the_disguises_are_those_of_copies():
    """With one training image of one bright pixel: a shift moves it, a hole makes a square of the image gray."""

    class Images:
        shape = (28, 28, 1)
        y_train = np.arange(2)
        x_test = np.zeros((3000, 28, 28, 1), np.uint8)

    x = -np.ones((1, 28, 28, 1), np.float32)
    x[0, 14, 14] = 1
    made = copies.controls(x, Images, seed=0)
    assert all(some.shape == (1000, 28, 28, 1) for some in made.values())
    shifted = made[copies.SHIFTED]
    assert np.all((shifted == 1).sum((1, 2, 3)) == 1) and not np.any(shifted == 0)
    assert 0 < np.mean(shifted[:, 14, 14] == 1) < 0.05  # 81 places are equally likely
    cut = made[copies.CUT]
    assert np.all((cut == 0).any((1, 2, 3))) and np.all(cut[cut != 0] == np.broadcast_to(x, cut.shape)[cut != 0])
    assert np.all((made[copies.THROUGH_T] == 0).any((1, 2, 3)))
    near = np.abs(made[f"copies + noise {copies.NOISES[0]}"] - x)
    assert 0.02 < near.mean() < 0.1


def test_unlike_hands_by_hand():
    """Twenty lines, each more slanted to the right than the last; their ink has an order of its own."""
    rows, columns = np.mgrid[:28, :28] - 13.5
    lines = np.stack([np.abs(columns + tilt * rows) < 1 for tilt in np.linspace(-0.5, 0.5, 20)])
    bright = 1 + np.arange(20) * 7 % 20
    ones = (2 * lines * bright[:, None, None] / 20 - 1)[..., None]
    right, thick, left, thin = figures.unlike_hands(ones)
    order = lines.sum((1, 2)) * bright
    assert (right, left) == (11, 8) and (thick, thin) == (order.argsort()[-9], order.argsort()[8])


def test_the_shipped_table_has_three_gans_whose_d_is_not_told_the_labels():
    rows = study.load()
    for measure in ("accuracy", "distance"):
        assert len(study.pick(rows, part="labels", arm=study.G_ONLY, measure=measure)) == 3
