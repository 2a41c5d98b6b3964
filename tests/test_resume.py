"""A checkpoint of the reader's: gone on from if it fits, refused if another run has made it."""

import numpy as np
import pytest

from gancourse.checkpoints import save_run
from gancourse.course import resume_training
from gancourse.errors import CourseError
from gancourse.training_loop import History, Log

PARAMETERS = {
    "num_steps": 600,
    "width": 16,
    "dataset": "npz:own.npz",
    "device": "auto",
    "checkpoint": "ck",
}
KNOWN = {
    "code_sha256": "c",
    "package_data": {},
    "threads": 1,
    "versions": {"torch": "1"},
    "machine": {"model": "7"},
    "inputs": {"dataset": {"path": "/own.npz", "sha256": "a"}},
}


@pytest.fixture
def ck(tmp_path):
    path = tmp_path / "ck"
    save_run(
        path, {"w": np.zeros(2)}, History([Log(600, {"loss": 1.0})]), dataset="npz:own.npz", seed=0
    )
    resume_training.note(path, "03", PARAMETERS, KNOWN)
    return path


def check(ck, lesson="03", known=None, **parameters):
    return resume_training.check(ck, lesson, PARAMETERS | parameters, KNOWN | (known or {}))


def test_where_there_is_none_yet_nothing_is_said(tmp_path):
    assert check(tmp_path / "ck") == []


def test_the_same_run_goes_on_in_silence(ck):
    assert check(ck) == [] == check(ck, device="cpu")


@pytest.mark.parametrize(
    "change, words",
    [
        (
            {"known": {"inputs": {"dataset": {"path": "/own.npz", "sha256": "b"}}}},
            "what dataset= names has changed: /own",
        ),
        ({"width": 32}, "width=16 then, 32 now"),
        ({"dataset": "strokes"}, "dataset=npz:own.npz then, strokes now"),
        ({"lesson": "12"}, "lesson 03 then, 12 now"),
        ({"num_steps": 300}, "num_steps=600 then, 300 now: training cannot"),
    ],
)
def test_other_data_or_settings_are_refused(ck, change, words):
    with pytest.raises(CourseError, match="was made from other data or settings") as refused:
        check(ck, **change)
    assert words in str(refused.value) and "-p checkpoint= another file" in str(refused.value)


def test_a_lesson_that_has_got_another_number_or_name_of_a_parameter_is_the_same(ck):
    """Until November 2026 lesson 03_dcgan_pt was 05_dcgan_pt, and its `ema_decay` was `ema`."""
    resume_training.note(ck, "05_dcgan_pt", PARAMETERS | {"ema": 0.995}, KNOWN)
    assert check(ck, "03_dcgan_pt", ema_decay=0.995) == []
    with pytest.raises(CourseError, match=r"settings \(ema_decay=0.995 then, 0.9 now\)"):
        check(ck, "03_dcgan_pt", ema_decay=0.9)
    with pytest.raises(CourseError, match="lesson 05_dcgan_pt then, 05_which_distance now"):
        check(ck, "05_which_distance", ema_decay=0.995)


def test_a_longer_run_goes_on_and_says_what_that_means(ck):
    (note,) = check(ck, num_steps=1200)
    assert "going on from a run of 600 steps" in note and "not those of 1200 steps at once" in note


def test_another_computer_or_other_code_goes_on_and_says_so(ck):
    (note,) = check(ck, known={"threads": 2, "machine": {"model": "8"}})
    assert "another number of threads, another kind of processor or card" in note


def test_a_checkpoint_that_does_not_say_what_made_it_is_known_by_its_facts(ck):
    ck.with_name("ck.identity.json").unlink()
    assert "taken to fit" in check(ck)[0]
    with pytest.raises(CourseError, match="dataset=npz:own.npz then, strokes now"):
        check(ck, dataset="strokes")


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path):
    (tmp_path / "ck").write_text("no")
    with pytest.raises(CourseError, match="is not a checkpoint of this course"):
        check(tmp_path / "ck")
