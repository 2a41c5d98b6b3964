"""A check says yes to the truth and no to everything else, and right answers are played with."""

import numpy as np
import pytest

from gancourse.notebook import checks


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


def check_double(f):
    checks.close(f(3.0), 6.0, "Twice three is six.")


def test_a_right_answer_is_adopted_and_a_wrong_or_empty_one_is_not(monkeypatch, capsys):
    monkeypatch.delenv(checks.STRICT, raising=False)

    def ours(x):
        return x + x

    def right(x):
        return 2 * x

    def wrong(x):
        return x**2

    def broken(x):
        return x + "?"

    def empty(x):
        raise NotImplementedError

    assert checks.adopt(right, ours, check_double) is right
    assert "plays with your right" in capsys.readouterr().out
    assert checks.adopt(wrong, ours, check_double) is ours
    assert "wrong is not right yet. Twice three is six." in capsys.readouterr().out
    assert checks.adopt(broken, ours, check_double) is ours
    assert "broken is not right yet. TypeError" in capsys.readouterr().out
    assert checks.adopt(empty, ours, check_double) is ours
    assert "empty is still empty" in capsys.readouterr().out


@pytest.mark.parametrize("answer, error", [(9.0, AssertionError), (None, NotImplementedError)])
def test_where_it_is_strict_a_wrong_or_empty_answer_raises(monkeypatch, answer, error):
    monkeypatch.setenv(checks.STRICT, "1")

    def mine(x):
        if answer is None:
            raise NotImplementedError
        return answer

    with pytest.raises(error):
        checks.adopt(mine, abs, check_double)
