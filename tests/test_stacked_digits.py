"""Stacked digits: the count of a thousand modes by hand, and arms that differ in one thing each."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from gancourse.course.studies import stored_table
from gancourse.course.studies.stacked import counting, stacked_digits, stacked_figures
from gancourse.data.synthetic.digits import strokes
from gancourse.metrics.feature_net import FeatureNet

READER = FeatureNet({"head": 10 * np.eye(10), "head_bias": np.zeros(10)}, {})  # the largest feature is the class


def test_a_mode_has_the_digits_of_its_number():
    assert counting.mode_of([[1, 2, 3], [0, 0, 7], [9, 9, 9]]).tolist() == [123, 7, 999]


def test_a_perfect_sampler_by_hand():
    """One image shows one mode, log M from equal shares; two of two modes agree with probability 1/2."""
    assert counting.perfect(1, 50) == pytest.approx((1, math.log(50)))
    assert counting.perfect(2, 2) == pytest.approx((1.5, math.log(2) / 2))


def test_the_floor_of_the_papers_is_near_its_formula_and_what_draws_give():
    modes, kl = counting.perfect(26_000)
    draws = np.random.default_rng(0).integers(0, 1000, (30, 26_000))
    measured = np.mean([counting.metrics.modes_and_kl(draw, 1000)[1] for draw in draws])
    assert modes == pytest.approx(1000) and kl == pytest.approx(999 / 52_000, rel=0.01)
    assert measured == pytest.approx(kl, abs=0.0006)  # the mean of 30 has a standard error of 0.00015


def test_stacked_digits_are_the_given_ones_channel_by_channel():
    digits = strokes(20, seed=0).images
    images = counting.stack_digits(digits, 50, seed=1)
    assert images.shape == (50, 28, 28, 3) and images.dtype == np.uint8
    known = {digit.tobytes() for digit in digits}
    single = counting.single_digits(images)
    assert all(np.ascontiguousarray(channel).tobytes() in known for channel in single)
    assert np.array_equal(single[4, :, :, 0], images[1, :, :, 1])
    assert np.array_equal(images, counting.stack_digits(digits, 50, seed=1))


def test_scores_of_two_images_by_hand():
    """The features of image 0 say 1, 2, 3 without doubt; the last digit of image 1 is a toss-up."""
    features = np.zeros((2, 3, 10))
    for digit, hot in enumerate((1, 2, 3)):
        features[:, digit, hot] = 1.0
    features[1, 2, 4] = 1.0
    scores = counting.count_features(features, READER, features.reshape(-1, 10))
    assert scores.modes == 1 and scores.kl == pytest.approx(math.log(1000))
    assert scores.sure == 0.5 and scores.distance == pytest.approx(0, abs=1e-6)


def test_ten_drawings_are_enough_for_a_thousand_modes():
    drawn = strokes(200, seed=0)
    images = counting.forge(drawn.images, drawn.labels, 6500, seed=0)
    single = np.ascontiguousarray(counting.single_digits(images))
    assert len({digit.tobytes() for digit in single}) == 10


@pytest.mark.parametrize("arm, of, what", [
    ("packed by 2", "DCGAN", {"pack"}), ("no BatchNorm in D", "DCGAN", {"norm_D"}),
    ("R1", "no BatchNorm in D", {"r1"}), ("R1 + R2", "R1", {"r2"}),
    ("relativistic + R1 + R2", "R1 + R2", {"loss"}),
])
def test_each_arm_differs_from_another_in_one_thing(arm, of, what):
    ours, other = stacked_digits.ARMS[arm]._asdict(), stacked_digits.ARMS[of]._asdict()
    assert {name for name in ours if ours[name] != other[name]} == what


def test_every_arm_begins_with_the_same_generator():
    first = [stacked_digits.seeded(stacked_digits.build_pair, 4, arm, seed=3)[0].state_dict()
             for arm in stacked_digits.ARMS.values()]
    for state in first[1:]:
        assert all(torch.equal(state[name], first[0][name]) for name in state)


def test_a_packed_d_sees_two_images_side_by_side():
    D = stacked_digits.Packed(nn.Sequential(nn.Flatten(), nn.Linear(6, 1, bias=False)), pack=2)
    nn.init.constant_(D.D[1].weight, 1.0)
    x = torch.arange(12.0).reshape(4, 3, 1, 1)
    assert D(x).tolist() == [[0 + 1 + 2 + 3 + 4 + 5.0], [6 + 7 + 8 + 9 + 10 + 11.0]]


def test_the_penalty_of_a_linear_d_is_its_squared_weights():
    """Its gradient is (3, 4) everywhere: R1 = R2 = 25, so gamma/2 (R1 + R2) is 25 at gamma = 1."""
    D = nn.Linear(2, 1)
    D.weight.data = torch.tensor([[3.0, 4.0]])
    x = torch.zeros(5, 2)
    both, alone = [stacked_digits.penalty_of(stacked_digits.ARMS[name]) for name in ("R1 + R2", "R1")]
    assert both.penalty(D, x, x).item() == 25 and alone.penalty(D, x, x).item() == 12.5
    assert stacked_digits.penalty_of(stacked_digits.ARMS["DCGAN"]) is None


def test_the_command_of_the_full_budget_at_a_tiny_size_and_that_it_goes_on(tmp_path, capsys, monkeypatch):
    drawn = stacked_digits.data.load("strokes", num=300, resolution=28)
    few = replace(drawn, x_test=drawn.x_test[:600], y_test=drawn.y_test[:600])
    monkeypatch.setattr(stacked_digits.data, "load", lambda name, **options: few)
    monkeypatch.setitem(stacked_digits.PRESETS, "gpu", stacked_digits.PRESETS["gpu"]._replace(num_stacked=300))
    words = ["strokes", "--preset", "gpu", "--steps", "4", "--counted", "60", "--seeds", "0", "--to", str(tmp_path)]
    stacked_digits.main([*words, "--arms", "packed by 2"])
    stacked_digits.main([*words, "--arms", "packed by 2", "relativistic + R1 + R2"])
    rows = stored_table.read(tmp_path / "14_stacked.csv")
    runs = [(row["arm"], row["steps"]) for row in rows if row["steps"] != "0"]
    assert runs == [("packed by 2", "2"), ("packed by 2", "4"), ("relativistic + R1 + R2", "2"),
                    ("relativistic + R1 + R2", "4")]
    assert len(capsys.readouterr().out.splitlines()) == 2  # each run was made once
    controls = {row["arm"]: int(row["modes"]) for row in rows if row["counted"] == "26000"}
    assert list(controls) == list(stacked_digits.CONTROLS)
    assert controls["held-out digits"] == controls["noisy digits"] == 1000 and controls["one image"] == 1


def test_a_run_that_diverges_has_a_row_without_scores(tmp_path, monkeypatch):
    def diverge(*_, **options):
        raise FloatingPointError("d_loss became nan")
        yield

    monkeypatch.setattr(stacked_digits, "train", diverge)
    monkeypatch.setattr(stacked_digits.counting, "controls", lambda *_: {})
    drawn = stacked_digits.data.load("strokes", num=100, resolution=28)
    few = replace(drawn, x_test=drawn.x_test[:100], y_test=drawn.y_test[:100])
    budget = stacked_digits.PRESETS["cpu"]
    stacked_digits.study("strokes", few, budget, tmp_path / "t.csv", seeds=[0], arms=["R1"])
    (row,) = stored_table.read(tmp_path / "t.csv")
    assert row["arm"] == "R1" and row["steps"] == "1000" and "modes" not in row


def test_an_unknown_arm_is_named(tmp_path):
    with pytest.raises(ValueError, match="packed by 2"):
        stacked_digits.main(["strokes", "--arms", "packed by 3", "--to", str(tmp_path)])


def test_the_shipped_table_has_every_arm_and_seed():
    rows = stacked_figures.load()
    for arm in stacked_digits.ARMS:
        for column in ("modes", "kl", "sure", "distance"):
            assert len(stacked_figures.ends(rows, column, arm)) == 3
            assert len(stacked_figures.ends(rows, column, arm, of="mnist")) == 1
    table = stacked_figures.table(rows)
    assert len(table) == 1 + len(stacked_figures.PUBLISHED) + 12 + 2 and {len(row) for row in table} == {5}
