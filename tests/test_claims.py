"""A claim is judged where it can be, and the table says in words what holds."""

import json

import numpy as np
import pytest

from gancourse.notebook import checks, claims


def table_of(*, own, measured=1.0, **bounds):
    """A table with one claim of each kind, all with the same number and bound."""
    table = claims.ClaimTable(own=own)
    table.exact("a theorem", measured, **bounds)
    table.claim("of this budget", measured, **bounds)
    table.shown("a number", measured)
    return table


@pytest.fixture
def shown(monkeypatch):
    """What `show` displays: a list of dicts by MIME type."""
    seen = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: seen.append(data))
    monkeypatch.delenv(checks.STRICT, raising=False)
    monkeypatch.setattr(checks, "PASSED", {})
    return seen


@pytest.mark.parametrize("bounds, held", [
    ({"below": 2}, True), ({"below": 1}, False), ({"above": 1}, False), ({"above": 0.5, "below": 1.5}, True),
    ({"near": 1.2, "tol": 0.3}, True), ({"near": 1.2, "tol": 0.1}, False), ({"near": 1}, True),
    ({"near": 2}, False),
])
def test_a_claim_of_one_holds_within_its_bounds(bounds, held):
    assert [row.held for row in table_of(own=True, **bounds).rows[:2]] == [held, held]


def test_exact_claims_are_judged_everywhere_others_on_the_own_run_and_numbers_never():
    assert [row.judged for row in table_of(own=True, below=2).rows] == [True, True, False]
    assert [row.judged for row in table_of(own=False, below=2).rows] == [True, False, False]


def test_a_claim_may_have_conditions_of_its_own():
    table = claims.ClaimTable(own=False)
    table.claim("needs little", 1, below=2, own=True)
    table.own = True
    table.claim("needs seed 0", 1, below=2, own=claims.own_run(same={"seed": (3, 0)}))
    found = [(row.judged, row.reasons) for row in table.rows]
    assert found == [(True, ()), (False, ("seed is 3, not 0",))]


def test_what_differs_from_the_own_run_is_said():
    own = claims.own_run(same={"dataset": ("mnist", "strokes"), "width": (32, 32)},
                         at_least={"num_steps": (1499, 1500), "samples": (9, 8)},
                         done={"the GAN": (40, 1499), "its control": (7, 7)})
    assert own.reasons == (
        "dataset is 'mnist', not 'strokes'", "num_steps is 1,499, less than 1,500",
        "the GAN stopped at step 40 of 1,499")
    assert not own and claims.own_run() and not own & claims.own_run()


@pytest.mark.parametrize("own, strict, raises", [
    (True, "1", True), (True, None, False), (True, "0", False), (False, "1", False)])
def test_a_missed_claim_raises_after_the_table_and_only_where_it_is_judged_and_strict(
        own, strict, raises, shown, monkeypatch):
    if strict is not None:
        monkeypatch.setenv(checks.STRICT, strict)
    table = claims.ClaimTable(own=own)
    table.claim("too large", 3, below=2)
    if raises:
        with pytest.raises(AssertionError, match="0 of 1 claim holds. Missed: too large"):
            table.show()
    else:
        table.show()
    assert "too large" in shown[0]["text/plain"]


def test_a_missed_exact_claim_is_judged_on_any_data(shown, monkeypatch):
    monkeypatch.setenv(checks.STRICT, "1")
    with pytest.raises(AssertionError, match="Missed: a theorem$"):
        table_of(own=False, below=0).show()


@pytest.mark.parametrize("number, stored", [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")])
def test_a_number_that_is_not_finite_never_holds_and_is_stored_as_valid_json(number, stored, shown):
    table = claims.ClaimTable(own=True)
    table.claim("any", number, above=-5, below=np.inf)
    table.show()
    (claim,) = json.loads(json.dumps(shown[0][claims.MIME], allow_nan=False))["claims"]
    assert claim == {"text": "any", "kind": "own", "bound": "> -5, < inf", "low": -5, "high": None,
                     "measured": stored, "judged": True, "held": False}


def test_results_bounds_kinds_and_verdicts_are_stored(shown):
    table = claims.ClaimTable(own=False)
    table.exact("a count", np.float32(2), near=2)
    table.claim("a distance", np.float64(7.5), below=3)
    table.shown("a time", np.int64(4))
    table.show()
    keys = ("text", "kind", "bound", "low", "high", "measured", "judged", "held")
    rows = [("a count", "exact", "= 2", 2, 2, 2, True, True),
            ("a distance", "own", "< 3", None, 3, 7.5, False, False),
            ("a time", "shown", "", None, None, 4, False, True)]
    assert shown[0][claims.MIME] == {"results": {"a count": 2, "a distance": 7.5, "a time": 4},
                                     "claims": [dict(zip(keys, row, strict=True)) for row in rows]}


def test_numbers_of_numpy_are_stored_as_plain_json(shown):
    table = claims.ClaimTable(own=np.bool_(True))
    table.claim("near", np.float64(2), near=np.float64(2.5), tol=np.float64(1))
    table.claim("between", np.float32(2), above=np.int64(1), below=np.float64(3))
    table.show()
    stored = json.loads(json.dumps(shown[0][claims.MIME]))["claims"]
    found = [(claim["low"], claim["high"], claim["held"]) for claim in stored]
    assert found == [(1.5, 3.5, True), (1, 3, True)]


def test_the_text_counts_marks_each_row_and_gives_the_reasons(shown):
    own = claims.own_run(same={"width": (8, 32)}, at_least={"num_steps": (8, 1500)})
    table_of(own=own, below=2).show()
    assert shown[0]["text/plain"].splitlines() == [
        "1 of 1 claim holds; 2 not judged",
        "✓ held  a theorem: 1 (< 2)",
        "not judged: width is 8, not 32, and 1 more  of this budget: 1 (< 2)",
        "not judged: recorded, not a claim  a number: 1",
        "",
        "Some claims are about the lesson's own data, settings and budget, and are not judged in "
        "this run: width is 8, not 32; num_steps is 8, less than 1,500."]


def test_a_missed_claim_is_explained_by_its_kind_and_a_hint_replaces_that(shown):
    table = table_of(own=True, below=0)
    table.claim("unlucky", 1, below=0, hint="Try seed 7.")
    table.show()
    for text in (shown[0]["text/plain"], shown[0]["text/html"]):
        assert "0 of 3 claims hold; 1 not judged" in text
        assert "gancourse doctor" in text and "another seed" in text
    assert "Missed: unlucky. It was 1, and the bound is < 0. Try seed 7." in shown[0]["text/plain"]


def test_the_html_says_everything_in_words_without_colours_and_escapes_what_it_shows(shown):
    table = claims.ClaimTable(own=True)
    table.claim("a < b", 3, below=2)
    table.show()
    text = shown[0]["text/html"]
    assert "a &lt; b" in text and "&lt; 2" in text and "<strong>✗ missed</strong>" in text
    assert "a < b" not in text and "color" not in text and "background" not in text
    assert '<th scope="col"' in text and '<th scope="row"' in text and "<caption" in text


def test_a_claim_needs_one_kind_of_bound():
    table = claims.ClaimTable(own=True)
    for add in (table.claim, table.exact):
        with pytest.raises(ValueError, match="has no bound"):
            add("anything", 1)
        with pytest.raises(ValueError, match="two kinds of bounds"):
            add("anything", 1, near=1, below=2)


def test_headlines_stand_in_the_open_and_the_whole_table_is_folded_below(shown):
    table = claims.ClaimTable(own=True)
    table.claim("the one to remember", 1.0, above=0, headline=True)
    table.claim("a detail", 2.0, above=0)
    table.show()
    page = shown[0]["text/html"]
    in_the_open, folded = page.split("<details>")
    assert "the one to remember" in in_the_open and "a detail" not in in_the_open
    assert "All 2 lines" in folded and "the one to remember" in folded and "a detail" in folded
    assert [claim["text"] for claim in shown[0][claims.MIME]["claims"]] == ["the one to remember", "a detail"]


def test_a_missed_detail_is_told_in_the_open(shown, monkeypatch):
    monkeypatch.delenv(checks.STRICT, raising=False)
    table = claims.ClaimTable(own=True)
    table.claim("the one to remember", 1.0, above=0, headline=True)
    table.claim("a detail", -2.0, above=0)
    table.show()
    assert "Missed: a detail. It was -2" in shown[0]["text/html"].split("<details>")[0]


def test_below_the_table_stands_how_many_answers_have_passed_and_which_comes_next(shown, monkeypatch):
    monkeypatch.setattr(checks, "PASSED", {"arc": True, "update_G": False})
    table_of(own=True, below=2).show()
    words = "Answers in this run: 1 of 2 pass their checks. Next: update_G."
    assert words in shown[0]["text/plain"] and words in shown[0]["text/html"]
