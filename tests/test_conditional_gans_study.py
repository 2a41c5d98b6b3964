"""The stored table of lesson 10: its parts are kept apart, and what is read from it is what stands in it."""

import math

import numpy as np
import pytest

from gancourse.course.studies.conditional import conditional_gans as study


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
    for arm in ("real only", "more copies", "affine", "GAN", "affine + GAN", "GAN, DiffAugment"):
        assert len(study.pick(rows, part=part, per_class=5, arm=arm, measure="accuracy")) == len(study.DRAWS)
    assert len(study.pick(rows, part=part, arm="noise", measure="copy share")) == len(study.DRAWS)
    assert all(math.isfinite(float(r["value"])) for r in rows)
    shares = study.pick(rows, measure="copy share")
    assert np.all((0 <= shares) & (shares <= 1))
