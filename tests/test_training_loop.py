"""The loop covers the data, logs means, stops when asked and resumes exactly."""

import numpy as np
import pytest

from gancourse.training_loop import History, Log, batches, train

X = np.arange(10.0)[:, None]


def echo(real, k):
    return {"first": real[0, 0], "k": k}


def test_an_epoch_visits_every_sample_once():
    batch = batches(X, 5, seed=1)
    assert sorted(np.concatenate([batch(0), batch(1)]).ravel()) == sorted(X.ravel())


def test_each_epoch_has_its_own_order():
    batch = batches(np.arange(100.0), 100)
    assert not np.array_equal(batch(0), batch(1))


def test_the_ragged_last_batch_is_dropped():
    """10 samples in batches of 4: two batches an epoch, so step 2 starts the next epoch with a full batch."""
    batch = batches(X, 4)
    assert [len(batch(k)) for k in range(5)] == [4, 4, 4, 4, 4]


def test_uint8_images_become_floats_from_minus_one_to_one():
    batch = batches(np.array([[0], [255]], np.uint8), 2)
    assert batch(0).dtype == np.float32 and sorted(batch(0).ravel()) == [-1.0, 1.0]


def test_resume_equals_straight_run():
    batch = batches(X, 2)
    whole = list(train(echo, batch, num_steps=8, log_every=2))
    halves = list(train(echo, batch, num_steps=4, log_every=2))
    halves += train(echo, batch, num_steps=8, start=4, log_every=2)
    assert whole == halves


def test_a_log_is_the_mean_since_the_last_one():
    logs = list(train(lambda real, k: {"k": k}, batches(X, 2), num_steps=5, log_every=2))
    assert logs == [Log(2, {"k": 0.5}), Log(4, {"k": 2.5}), Log(5, {"k": 4.0})]


def test_break_is_the_cancel():
    seen = []
    for log in train(lambda real, k: seen.append(k) or {"k": k}, batches(X, 2), num_steps=100, log_every=1):
        if log.step == 3:
            break
    assert seen == [0, 1, 2]


def test_a_loss_that_is_not_finite_stops_the_run_and_names_the_fix():
    with pytest.raises(FloatingPointError, match="loss became nan near step 4: lower learning_rate"):
        list(train(lambda real, k: {"loss": np.nan if k == 3 else 1.0}, batches(X, 2), num_steps=9, log_every=2))


@pytest.mark.parametrize("batch_size", [0, 11])
def test_a_batch_that_does_not_fit_is_refused(batch_size):
    with pytest.raises(ValueError, match=r"batch_size=\d+ is out of range: it must lie in \[1, 10\]"):
        batches(X, batch_size)


def test_history_as_csv():
    history = History([Log(2, {"d_loss": 1.5}), Log(4, {"d_loss": 1.25, "g_loss": 0.5})])
    assert history.csv() == "step,d_loss,g_loss\n2,1.5,nan\n4,1.25,0.5\n"
    np.testing.assert_array_equal(history.column("g_loss"), [np.nan, 0.5])
