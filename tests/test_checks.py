"""A check says yes to the truth, no to everything else, and a checkpoint cannot pass by accident."""

import numpy as np
import pytest

from gancourse import checks


def test_close_prints_the_fact(capsys):
    checks.close(2.00001, 2, "Two is two.")
    assert capsys.readouterr().out == "✓ Two is two.\n"


@pytest.mark.parametrize("got", [2.1, np.nan, np.inf, [2.0], [[2.0, 2.0]]])
def test_close_rejects(got):
    with pytest.raises(AssertionError, match="Two is two."):
        checks.close(got, 2, "Two is two.")


def test_close_names_both_shapes():
    with pytest.raises(AssertionError, match=r"yours has shape \(3,\), expected \(3, 1\)"):
        checks.close(np.zeros(3), np.zeros((3, 1)), "A column.")


@pytest.mark.parametrize("got, reason", [
    (None, "yours is None: is a `return` missing?"),
    ("two", "yours is of type str, expected numbers"),
    (abs, "yours is of type builtin_function_or_method, expected numbers"),
])
def test_close_says_what_came_instead_of_numbers(got, reason):
    with pytest.raises(AssertionError, match="Two is two.") as error:
        checks.close(got, 2, "Two is two.")
    assert str(error.value).endswith(reason)


def test_true():
    checks.true(np.array([True, True]), "all")
    with pytest.raises(AssertionError, match="all"):
        checks.true(np.array([True, False]), "all")


@pytest.mark.parametrize("bounds, held", [
    ({"below": 2}, True), ({"below": 1}, False), ({"above": 1}, False), ({"above": 0.5, "below": 1.5}, True),
    ({"near": 1.2, "tol": 0.3}, True), ({"near": 1.2, "tol": 0.1}, False),
])
def test_a_claim_of_one_holds_within_its_bounds(bounds, held):
    table = checks.Checkpoint()
    table.claim("one", 1.0, **bounds)
    assert table.rows[0][3] is held


def test_a_checkpoint_with_a_false_claim_raises_after_it_is_shown(capsys):
    table = checks.Checkpoint()
    table.claim("true", 1, below=2)
    table.claim("false", np.nan, below=2)
    with pytest.raises(AssertionError, match="did not hold on this run: false"):
        table.show()
    assert "✓ true" in capsys.readouterr().out


def test_too_short_a_run_is_shown_but_not_judged(capsys):
    table = checks.Checkpoint(enough=False)
    table.claim("false", 3, below=2)
    table.show()
    assert "✗ false" in (out := capsys.readouterr().out) and "Not judged" in out


def test_a_claim_needs_a_bound():
    with pytest.raises(ValueError, match="has no bound"):
        checks.Checkpoint().claim("anything", 1)
