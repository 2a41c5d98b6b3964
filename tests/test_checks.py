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


def test_jupyter_shows_the_fact_of_a_failed_check_and_no_traceback(capsys):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.run_cell("from gancourse.notebook import checks\nchecks.true(1 > 2, 'One is less than two.')")
    assert capsys.readouterr().out.strip() == "✗ One is less than two."


def test_nbgrader_gets_an_error_where_a_reader_goes_on(monkeypatch, capsys):
    wrong, right = lambda: 1, lambda: 2
    check = lambda f: checks.close(f(), 2, "Two is two.")
    monkeypatch.delenv(checks.STRICT, raising=False)
    monkeypatch.delenv(checks.NBGRADER, raising=False)
    assert checks.adopt(wrong, right, check) is right
    monkeypatch.setenv(checks.NBGRADER, "validate")
    with pytest.raises(AssertionError, match="Two is two."):
        checks.adopt(wrong, right, check)


def test_answers_are_counted_by_their_names_and_a_mended_one_counts_as_passed(monkeypatch):
    def two():
        return 1

    check = lambda f: checks.close(f(), 2, "Two is two.")
    monkeypatch.setattr(checks, "PASSED", {})
    monkeypatch.delenv(checks.STRICT, raising=False)
    assert checks.passed_in_words() == ""
    checks.adopt(two, lambda: 2, check)
    assert checks.passed_in_words() == "Answers in this run: 0 of 1 pass their checks. Next: two."
    two = lambda: 2
    two.__name__ = "two"
    checks.adopt(two, lambda: 2, check)
    assert checks.passed_in_words() == "Answers in this run: 1 of 1 pass their checks."
