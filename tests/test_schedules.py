"""The learning rate of `gancourse train`, and which runs can be made longer exactly."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from test_train import X, Y, saved, train  # the same small run

from gancourse.course import schedules, train_folder
from gancourse.errors import CourseError


@pytest.fixture(autouse=True)
def folder(tmp_path):
    before = torch.get_num_threads()
    np.savez(tmp_path / "own.npz", x_train=X, y_train=Y, x_test=X[:9], y_test=Y[:9])
    yield tmp_path
    torch.set_num_threads(before)


def rates(num_steps, *more):
    return [round(schedules.learning_rate_at(k, num_steps, 1.0, *more), 3) for k in range(num_steps)]


def test_each_schedule_by_hand():
    assert rates(5) == [1, 1, 1, 0.667, 0.333]  # falls over the last 60 %: 3 steps
    assert rates(5, "constant") == [1] * 5
    assert rates(10, "cooldown") == [1] * 8 + [1, 0.5]  # the last fifth: 2 steps, from 1 down
    assert rates(4, "constant", 2) == [0.5, 1, 1, 1]
    assert rates(3, "cooldown") == [1, 1, 1]  # too short for a fall


def same(a, b):
    assert a.step == b.step
    for name, value in a.arrays.items():
        np.testing.assert_array_equal(b.arrays[name], value, err_msg=name)


@pytest.mark.parametrize("words", [("--schedule", "constant"), ("--schedule", "cooldown"),
                                   ("--schedule", "cooldown", "--warmup", "5")], ids=" ".join)
def test_twelve_steps_and_then_to_twenty_are_twenty_at_once_bit_for_bit(folder, words):
    train(folder, *words)
    train(folder, *words, "--num-steps", "20")
    longer = saved(folder)
    train(folder, *words, "--num-steps", "20", "--out", str(folder / "at_once"))
    same(longer, saved(folder, "at_once"))


def test_a_falling_run_made_longer_is_another_and_is_told_what_to_use(folder):
    train(folder)
    with pytest.warns(UserWarning, match="are another run.  A run with --schedule cooldown can be made longer"):
        train(folder, "--num-steps", "20")
    longer = saved(folder)
    train(folder, "--num-steps", "20", "--out", str(folder / "at_once"))
    with pytest.raises(AssertionError):
        same(longer, saved(folder, "at_once"))


def test_a_longer_cooldown_says_from_where_it_goes_on(folder):
    train(folder, "--schedule", "cooldown")
    with pytest.warns(UserWarning, match="goes on from step 10, before its learning rate fell"):
        train(folder, "--schedule", "cooldown", "--num-steps", "20")


def test_without_the_state_before_the_cooldown_a_longer_run_is_refused(folder):
    train(folder, "--schedule", "cooldown")
    (folder / "run" / train_folder.UNCOOLED).unlink()
    with pytest.raises(CourseError, match="before_cooldown.safetensors is missing.*--num-steps 12, or --force"):
        train(folder, "--schedule", "cooldown", "--num-steps", "20")


def test_another_schedule_is_another_game(folder):
    train(folder)
    with pytest.raises(CourseError, match="holds a run with schedule=falling, not constant"):
        train(folder, "--schedule", "constant")
