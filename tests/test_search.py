"""Searches beyond the grid: what is drawn, pruned, confirmed and remembered.  On a formula in the place of runs."""

import contextlib
import csv
import itertools
import json
import math
import os
import random
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import planted
import pytest

from gancourse.course import cli, records, runner
from gancourse.course.sweeps import axes, cluster, plan, tables
from gancourse.course.sweeps.axes import Range
from gancourse.course.sweeps.search import dry_run, outcome, report, watch
from gancourse.course.sweeps.search.drive import Disk, Driver
from gancourse.course.sweeps.search.plan import make_search
from gancourse.course.sweeps.search.study import Study, importance

pytest.importorskip("optuna", reason='a search needs: pip install "gancourse[search]"')
pytest.importorskip("pandas", reason='a search needs: pip install "gancourse[sweep]"')
pytest.importorskip("distributed", reason='a search needs: pip install "gancourse[sweep]"')

ROOT = Path(__file__).parents[1]
PARAMETERS = """x: float = 5.0  # a number [0, 10]
rate: float = 0.1  # a number [0, 1]
n: int = 4  # a whole number [1, 64]
kind: str = "p"  # a word {p, q}
flag: bool = False  # yes or no
steps: int = 8  # how long [1, 1000]
seed: int = 0  # a seed [0, 99]"""
KILL = """import os, pathlib, signal
mark = pathlib.Path('killed')
if not mark.exists():
    mark.touch()
    os.kill(os.getppid(), signal.SIGKILL)"""  # the first run kills its worker


@pytest.fixture
def lesson(tmp_path):
    return planted.plant(tmp_path / "01_t.ipynb", planted.table(("score", "(x - 3) ** 2 + seed / 100", 100)),
                         parameters=PARAMETERS)


def searched(lesson, space="x=0..10", **more):
    return make_search(lesson, space=axes.read(shlex.split(space)),
                       **{"metric": "score", "sampler": "random", "reduce": 2, **more})


class StandIn:
    """Workers and disk at once: a run's score is a formula, and `which` of those under way ends next is chosen."""

    def __init__(self, score, workers=1, which=lambda count: 0):
        self.score, self.workers, self.which = score, workers, which
        self.under_way, self.done, self.disk = {}, [], {}

    def submit(self, name, given):
        assert name not in self.under_way
        self.under_way[name] = given

    def free(self):
        return self.workers - len(self.under_way)

    def __iter__(self):
        while self.under_way:
            yield self.end([*self.under_way][self.which(len(self.under_way))])

    def end(self, name):
        given = self.under_way.pop(name)
        self.done.append(name)
        score = self.score(given)
        failed = {"status": "failed", "error": score, "results": {}} if isinstance(score, str) else {}
        record = {"results": {"score": score}, "seconds": 1.0, "versions": {}, "date": "now", "code_sha256": "c" * 64,
                  **failed}
        self.disk[json.dumps(given, sort_keys=True)] = record
        return name, record

    def finished(self, given):
        record = self.disk.get(json.dumps(given, sort_keys=True))
        return record if record and "error" not in record else None

    def failed(self, given):
        record = self.disk.get(json.dumps(given, sort_keys=True))
        return record if record and "error" in record else None


def drive(search, path, stand_in, most=10**9):
    """Search with at most so many runs; return the driver."""
    table = tables.Table(search.sweep._replace(grid={}, seeds=[]), {})
    driver = Driver(search, Study(path / "study.journal", search), stand_in, table, stand_in)
    for _ in itertools.islice(itertools.chain(driver.search_on(), driver.confirm()), most):
        pass
    return driver


def square(given):
    return (given["x"] - 3) ** 2


# ---- what a space is


@pytest.mark.parametrize("text, axis", [
    ("x=0..10", Range(0, 10)), ("x=1e-4..1e-2", Range(1e-4, 1e-2)), ("x=log:1e-4..1e-2", Range(1e-4, 1e-2, True)),
    ("x=-1..1", Range(-1, 1)), ("x=1,2", [1, 2]), ("x=folder:../a,b", ["folder:../a", "b"]), ("x=a..b", ["a..b"]),
    ("x=1e-4...1e-2", ["1e-4...1e-2"]), ("x,n=0.5:8,1e-3:16", [(0.5, 8), (1e-3, 16)]),
    ("x,n=('a:b',8),('c',16)", [("a:b", 8), ("c", 16)])])
def test_an_axis_reads_from_the_command_line_and_is_written_back(text, axis):
    ((key, values),) = axes.read([text]).items()
    assert values == axis and axes.values(axes.text(values), key) == axis


@pytest.mark.parametrize("space, words", [
    ("x=0..11", r"x=11.0 is out of range \[0, 10\]; the nearest right value is 10.0"), ("x=-1..1", "x=-1.0 is out of"),
    ("rate=log:0..1", "must begin above 0"), ("x=5..5", "from a smaller number to a larger one"),
    ("x=7..5", "from a smaller number"), ("n=1.5..8", "n=1.5 is float; it must be int"), ("kind=1..2", "list its val"),
    ("flag=0..1", "flag is no number .* list its values"), ("xx=0..1", "'xx' is unknown; did you mean 'x'"),
    ("x,n=0..1", "only lists can move together"), ("x,n=1,2", "must read like 1:2, one for each name; 1 does not"),
    ("x,n=1:2:3", "must read like 1:2"), ("x,n=1:2,1.0:2", "x,n has a value twice: 1:2,1.0:2"),
    ("x=1 x,n=2:3", "x is given twice"), ("x,n=11:2", r"x=11.0 is out of range"), ("seed=0..9", "--seeds"),
    ("kind=p,r", "'r' is unknown"), ("", "a search needs a space")])
def test_a_wrong_space_is_refused_before_anything_runs(lesson, space, words):
    with pytest.raises(ValueError, match=words):
        searched(lesson, space)


@pytest.mark.parametrize("more, words", [
    ({"sampler": "tpes"}, "did you mean 'tpe'"), ({"metric": ""}, "a search needs --measure"),
    ({"trials": 0}, "--trials 0 must be 1 or more"), ({"confirm": -1}, "--confirm -1 must be 0 or more"),
    ({"seeds": [99]}, "seed=100 is out of range"), ({"fixed": {"x": 1}}, "both fixed"),
    ({"budget": "steps"}, "must read like num_steps=100..800"), ({"budget": "steps=log:1..8"}, "must read like"),
    ({"budget": "step=1..8"}, "did you mean 'steps'"), ({"budget": "x=1..8"}, "x is the budget: leave it out of -g"),
    ({"budget": "steps=8..2000"}, "steps=2000 is out of range"), ({"budget": "kind=1..8"}, "unknown"),
    ({"budget": "steps=0..8"}, "steps=0 is out of range"), ({"budget": "rate=0..1"}, "must begin above 0"),
    ({"reduce": 1}, "--reduce 1 must be 2")])
def test_a_wrong_search_is_refused_before_anything_runs(lesson, more, words):
    with pytest.raises(ValueError, match=words):
        searched(lesson, **more)


def test_a_parameter_cannot_have_the_name_of_a_column(tmp_path):
    lesson = planted.plant(tmp_path / "01_t.ipynb", "1", parameters=PARAMETERS.replace("flag:", "trial:"))
    with pytest.raises(ValueError, match="has a parameter named 'trial'"):
        searched(lesson)


def test_a_drawn_number_has_as_many_digits_as_matter():
    assert Range(0.0, 10.0).rounded(3.14159) == 3.14 and Range(0.99, 0.999).rounded(0.9934567) == 0.993457
    assert Range(1e-4, 1e-2, True).rounded(0.00123456) == 0.001235 and Range(1, 9).rounded(4) == 4
    assert Range(0.0, 0.3333).rounded(0.33329999) == 0.3333 and Range(0.12344, 1.0).rounded(0.12344) == 0.12344


def test_a_logarithmic_range_has_its_middle_at_the_geometric_mean():
    assert Range(1e-4, 1e-2, True).share(1e-3) == pytest.approx(0.5) and Range(0, 8).share(2) == 0.25


def test_values_that_move_together_are_one_axis_of_a_grid(lesson):
    grid = axes.read(["x,n=1:8,2:16", "kind=p,q"])
    sweep = plan.make_sweep(lesson, grid=grid, seeds=[0])
    assert sweep.settings() == [{"x": 1.0, "n": 8, "kind": "p"}, {"x": 1.0, "n": 8, "kind": "q"},
                                {"x": 2.0, "n": 16, "kind": "p"}, {"x": 2.0, "n": 16, "kind": "q"}]
    assert "-g x,n=1.0:8,2.0:16 -g kind=p,q" in sweep.command() and sweep.names() == ["x", "n", "kind"]


def test_a_grid_refuses_a_range_and_says_what_takes_it(lesson):
    with pytest.raises(ValueError, match="x=0.0..10.0 is a range, and a grid needs lists: --search tpe"):
        plan.make_sweep(lesson, grid={"x": Range(0, 10)})


@pytest.mark.parametrize("budget, reduce, values", [
    ("steps=100..800", 2, [100, 200, 400, 800]), ("steps=100..800", 3, [100, 283, 800]), ("x=1..8", 4, [1, 2.828, 8]),
    ("steps=100..1000", 3, [100, 316, 1000]), ("steps=5..8", 3, [5, 8])])
def test_a_budget_grows_by_the_same_factor_from_its_least_value_to_its_greatest(lesson, budget, reduce, values):
    """100 times the square root of 8 is 283."""
    assert searched(lesson, "n=1..9", budget=budget, reduce=reduce).budget.values == values


def test_more_trials_are_the_same_search_and_another_space_is_not(lesson):
    one = searched(lesson)
    assert one.name() == searched(lesson, trials=80, confirm=9).name()
    others = [searched(lesson, "x=0..9"), searched(lesson, seed=1), searched(lesson, sampler="tpe"),
              searched(lesson, budget="steps=1..8"), searched(lesson, seeds=[0, 1]), searched(lesson, maximise=True)]
    assert len({one.name(), *(other.name() for other in others)}) == 7


# ---- what is drawn


def points(search, path, score=square, **more):
    driver = drive(search, path, StandIn(score, **more))
    return [trial.point for trial in driver.study.trials()]


def test_random_points_do_not_depend_on_what_the_runs_bring_or_in_which_order(lesson, tmp_path):
    search = searched(lesson, "x=0..10 n=1..64 kind=p,q", trials=20)
    shuffled = random.Random(0).randrange
    assert points(search, tmp_path / "a") == points(search, tmp_path / "b", lambda given: -given["x"], workers=4,
                                                    which=shuffled)
    assert points(search, tmp_path / "a") != points(search._replace(seed=1), tmp_path / "c")


def test_points_of_tpe_are_the_same_where_results_come_in_the_same_order(lesson, tmp_path):
    search = searched(lesson, "x=0..10 n=1..64", sampler="tpe", trials=25)
    first, other = points(search, tmp_path / "a"), points(search, tmp_path / "c", lambda given: given["n"])
    assert first == points(search, tmp_path / "b") and first[:10] == other[:10] and first[10:] != other[10:]


def test_tpe_comes_near_the_best_of_a_quadratic_and_draws_there_more_often(lesson, tmp_path):
    """The best of (x - 3)^2 is 3; of forty random points four are to be expected within 0.5 of it."""
    near = {}
    for sampler in ("tpe", "random"):
        xs = [point["x"] for point in points(searched(lesson, sampler=sampler), tmp_path / sampler)]
        near[sampler] = sum(abs(x - 3) < 0.5 for x in xs)
        if sampler == "tpe":
            assert min(abs(x - 3) for x in xs) < 0.05
    assert near["tpe"] >= 8 and near["random"] < 8


def test_more_of_it_is_better_where_the_search_says_so(lesson, tmp_path):
    driver = drive(searched(lesson, maximise=True, sampler="tpe"), tmp_path, StandIn(lambda given: -square(given)))
    (best, *_), worst = (order := outcome.best_first(driver.search, driver.study.trials())), order[-1]
    assert abs(best.point["x"] - 3) < 0.05 and worst.scores[0] < best.scores[0]


def test_values_of_a_list_and_values_that_move_together_are_drawn_as_they_stand(lesson, tmp_path):
    drawn = points(searched(lesson, "x,n=1:8,2:16 kind=p,q", trials=30), tmp_path, lambda given: given["x"])
    assert {tuple(point.values()) for point in drawn} == {
        (1.0, 8, "p"), (1.0, 8, "q"), (2.0, 16, "p"), (2.0, 16, "q")}


def test_a_point_that_is_drawn_twice_runs_once(lesson, tmp_path):
    """Two points, thirty trials, eight workers: two runs, however the trials overlap."""
    stand_in = StandIn(square, workers=8, which=random.Random(0).randrange)
    driver = drive(searched(lesson, "x=1,2", trials=30, confirm=0), tmp_path, stand_in)
    assert sorted(stand_in.done) == ["x=1.0", "x=2.0"]
    assert Counter((trial.point["x"], trial.scores[-1]) for trial in driver.study.trials()).keys() == {(1, 4), (2, 1)}


# ---- pruning


def test_a_trial_goes_on_while_it_is_among_the_better_half(lesson, tmp_path):
    """By hand: 5 is the first, so it goes on; 4 beats it; of 5, 4, 8 and then 5, 4, 8, 4.5 the better half is one and
    two: 8 stops, 4.5 goes on; of the five with 6 the better half is two: 6 stops."""
    scores = [5, 4, 8, 4.5, 6]
    search = searched(lesson, budget="steps=1..2", trials=5)
    study = Study(tmp_path / "study.journal", search)
    assert [study.report(study.ask().number, score) for score in scores] == [True, True, False, True, False]


def test_pruning_keeps_the_best_and_spends_less(lesson, tmp_path):
    """The score does not depend on the budget here, so that the first rung tells all: the best point comes through."""
    search = searched(lesson, budget="steps=1..8", trials=40, confirm=0)
    stand_in = StandIn(square)
    driver = drive(search, tmp_path / "a", stand_in)
    trials = driver.study.trials()
    steps = sum(given.get("steps", 8) for given in map(json.loads, stand_in.disk))
    best = min(trials, key=lambda trial: trial.scores[0])
    assert best.state == "complete" and best.scores == [square(best.point)] * 4
    assert steps < 0.7 * 40 * 8 and len(set(stand_in.done)) == len(stand_in.done)
    rungs = outcome.rungs(search, trials, driver.table)
    assert [rung.budget for rung in rungs] == [1, 2, 4, 8] and rungs[0].trials == 40
    assert sum(rung.runs for rung in rungs) == len(stand_in.done)
    assert outcome.without_pruning(search, trials, rungs) == 40  # each run of the stand-in lasts a second


def test_a_rung_is_a_run_of_its_own(lesson):
    search = searched(lesson, budget="steps=1..8", fixed={"n": 2})
    assert [*search.runs({"x": 1.0}, 0)] == ["n=2,steps=1,x=1.0"] and [*search.runs({"x": 1.0})] == ["n=2,x=1.0"]


# ---- stopped, killed, continued


@pytest.mark.parametrize("sampler, budget", [("random", ""), ("tpe", ""), ("tpe", "steps=1..8")])
def test_a_search_that_is_stopped_again_and_again_runs_what_an_uninterrupted_one_runs(
        lesson, tmp_path, sampler, budget):
    """With one worker nothing depends on who is first, so that both are the same to the last run."""
    search = searched(lesson, sampler=sampler, budget=budget, trials=25)
    whole, parts = StandIn(square), StandIn(square)
    drive(search, tmp_path / "whole", whole)
    for most in (1, 1, 5, 2, 9):
        drive(search, tmp_path / "parts", parts, most)
        parts.under_way.clear()  # its workers died with it
    drive(search, tmp_path / "parts", parts)
    assert parts.done == whole.done and len(set(whole.done)) == len(whole.done)


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_lost_and_nothing_is_done_twice_whatever_dies_in_whichever_order(lesson, tmp_path, seed):
    """Four workers; the driver dies after a few runs, and those under way end without it, or are lost."""
    rng = random.Random(seed)
    search = searched(lesson, "x=0..10 n=1..3", budget="steps=1..4", trials=20, sampler="tpe")
    stand_in = StandIn(lambda given: "failed: no" if given["x"] > 9 else square(given), 4, rng.randrange)
    for _ in range(6):
        drive(search, tmp_path, stand_in, rng.randrange(1, 8))
        for name in [*stand_in.under_way]:
            if rng.random() < 0.5:
                stand_in.end(name)  # nobody was there to see it
        stand_in.under_way.clear()
    driver = drive(search, tmp_path, stand_in)
    trials = driver.study.trials()
    assert len(set(stand_in.done)) == len(stand_in.done) and len(trials) == 20
    assert {trial.state for trial in trials} <= {"complete", "pruned", "failed"}
    assert {row["run"] for row in driver.table.rows()} == {*stand_in.done}
    assert all(row["status"] != "waiting" for row in driver.table.rows())
    assert all(trial.scores == [square(trial.point)] * len(trial.scores) for trial in trials)


def test_more_trials_go_on_from_those_there_are(lesson, tmp_path):
    stand_in = StandIn(square)
    drive(searched(lesson, trials=10, confirm=0), tmp_path, stand_in)
    drive(searched(lesson, trials=12, confirm=0), tmp_path, stand_in)
    whole = StandIn(square)
    drive(searched(lesson, trials=12, confirm=0), tmp_path / "whole", whole)
    assert stand_in.done == whole.done and len(whole.done) == 12


def test_half_a_line_and_a_lock_that_a_killed_process_has_left_are_dropped(lesson, tmp_path):
    search = searched(lesson, trials=5)
    driver = drive(search, tmp_path, StandIn(square))
    with open(tmp_path / "study.journal", "ab") as file:
        file.write(b'{"op_code":4,"wor')
    (tmp_path / "study.journal.lock").touch()  # Optuna would wait half a minute for whoever holds it
    trials = Study(tmp_path / "study.journal", search).trials()
    assert trials == driver.study.trials() and len(trials) == 5
    assert all(json.loads(line) for line in (tmp_path / "study.journal").read_text().splitlines())


def test_a_trial_that_was_being_drawn_when_the_process_died_is_drawn_to_its_end(lesson, tmp_path):
    search = searched(lesson, "x=0..10 n=1..64", trials=3, confirm=0)
    Study(tmp_path / "study.journal", search).ask()
    lines = (tmp_path / "study.journal").read_text().splitlines(keepends=True)
    (tmp_path / "study.journal").write_text("".join(lines[:-1]))  # n is not drawn yet
    driver = drive(search, tmp_path, StandIn(square))
    assert [trial.state for trial in driver.study.trials()] == ["complete"] * 3
    assert all(1 <= trial.point["n"] <= 64 for trial in driver.study.trials())


# ---- what fails, what wins


def test_a_failed_trial_is_named_and_the_others_go_on(lesson, tmp_path):
    """Above 5 a cell raises, below 1 the result is no number: neither teaches the sampler a score."""
    def score(given):
        return "failed: too much\nmore" if given["x"] > 5 else math.nan if given["x"] < 1 else square(given)

    driver = drive(searched(lesson, trials=20), tmp_path, StandIn(score))
    trials = driver.study.trials()
    for trial in trials:
        x = trial.point["x"]
        assert trial.state == ("complete" if 1 <= x <= 5 else "failed")
        assert trial.error == ("failed: too much" if x > 5 else "score is nan, no number to go by" if x < 1 else "")
    rows = {row["x"]: row["status"] for row in driver.table.rows()}
    assert all(rows[trial.point["x"]] == ("failed" if trial.point["x"] > 5 else "done") for trial in trials)
    page = report.page(driver.search, trials, driver.table, driver.column)
    assert "Trials that failed" in page and "failed: too much" in page and "✗ <a href" in page


def test_a_collapsed_run_keeps_its_number_and_its_place(lesson, tmp_path):
    driver = drive(searched(lesson, trials=10, confirm=0), tmp_path,
                   StandIn(lambda given: 1e6 if given["x"] > 5 else square(given)))
    order = outcome.best_first(driver.search, driver.study.trials())
    assert len(order) == 10 and order[-1].scores == [1e6]


def test_a_search_whose_result_has_another_name_stops_at_once(lesson, tmp_path):
    with pytest.raises(ValueError, match="'loss' is no result of this lesson; there are:\n  score\n  seconds"):
        drive(searched(lesson, metric="loss", trials=5), tmp_path, stand_in := StandIn(square))
    assert len(stand_in.done) == 1


def test_the_score_of_several_seeds_is_their_median(lesson, tmp_path):
    driver = drive(searched(lesson, seeds=[0, 1, 2], trials=2, confirm=0), tmp_path,
                   StandIn(lambda given: given["x"] + [0, 5, 1][given["seed"]]))
    assert [trial.scores[0] - trial.point["x"] for trial in driver.study.trials()] == pytest.approx([1, 1])
    assert len(driver.table.rows()) == 6
    page = report.page(driver.search, driver.study.trials(), driver.table, "score")
    assert page.count(">seed 0</a>") == 2 and "cannot confirm it. --confirm 3 tests it" in page


def test_the_winner_is_the_best_on_fresh_seeds_and_not_the_luckiest(lesson, tmp_path):
    """x = 1 is lucky with seed 0: 0 there, 9 elsewhere.  x = 2 has 1 everywhere, x = 3 has 2."""
    def score(given):
        return {1: 9 * (given["seed"] > 0), 2: 1, 3: 2}.get(given["x"], 5)

    driver = drive(searched(lesson, "x=1,2,3,4", trials=40), tmp_path, StandIn(score))
    trials = driver.study.trials()
    order = outcome.finalists(driver.search, trials, driver.table, "score")
    assert outcome.best_first(driver.search, trials)[0].point == {"x": 1}
    assert [(one.trial.point["x"], one.trial.scores[0], one.fresh.median) for one in order] == [
        (2, 1, 1), (3, 2, 2), (1, 0, 9)]
    assert driver.search.fresh_seeds() == [1, 2, 3]
    phases = Counter((row["phase"], row["seed"] > 0) for row in driver.table.rows())
    assert phases == {("search", False): 4, ("confirm", True): 9}
    page = report.page(driver.search, trials, driver.table, "score")
    assert "<b>x=2.0</b>" in page and "The search itself had liked x=1.0 better, with 0;" in page
    assert "on fresh seeds its median is 9" in page and "1 to 1 over 3 fresh seeds" in page


def test_what_mattered_is_the_share_of_the_variance(lesson):
    """Of 3 x + (n's share) the variance is nine parts to one, whatever the scale: the score's logarithm has the same
    ranks.  rate has nothing to do with it."""
    rng = random.Random(0)
    search = searched(lesson, "x=0..10 n=1..64 rate=log:1e-3..1")
    drawn = [{"x": rng.uniform(0, 10), "n": rng.randint(1, 64), "rate": 10 ** rng.uniform(-3, 0)} for _ in range(120)]
    scores = [math.exp(0.3 * point["x"] + (point["n"] - 1) / 63) for point in drawn]
    weights = importance(search, drawn, scores)
    assert sum(weights.values()) == pytest.approx(1) and weights["x"] == pytest.approx(0.9, abs=0.06)
    assert weights["n"] == pytest.approx(0.1, abs=0.06) and weights["rate"] < 0.03
    assert importance(search, drawn[:7], scores[:7]) == {} and importance(search, drawn[:8], [math.nan] * 8) == {}


# ---- what is said


def test_the_page_shows_the_search_and_needs_no_network(lesson, tmp_path):
    search = searched(lesson, "x=0..10 rate=log:1e-3..1 kind=p,q", sampler="tpe", budget="steps=1..8", trials=20)
    driver = drive(search, tmp_path, StandIn(lambda given: 1 + square(given)))
    page = report.page(search, driver.study.trials(), driver.table, "score", home="../..")
    for heading in ("The best points on fresh seeds", "The way there", "What mattered", "All trials", "Pruning"):
        assert f"<h2>{heading}</h2>" in page
    assert "It is estimated from 20 trials at steps=1, the only one that all have" in page.replace("\n", " ")
    assert page.count("<img") == page.count(' alt="') == 4 and "http:" not in page and "https:" not in page
    assert page.count("<tr class=best>") == 1 and 'href="../../01_t/' in page and search.command() in page
    assert 'http-equiv="refresh"' not in page


def test_a_page_before_any_trial_has_ended_says_so(lesson, tmp_path):
    search = searched(lesson, trials=5)
    driver = drive(search, tmp_path, StandIn(square), 0)
    page = report.page(search, driver.study.trials(), driver.table)
    assert "No trial has come to its end" in page and 'http-equiv="refresh"' in page


def test_the_time_and_the_runs_of_a_search_are_told_before_it_runs(lesson):
    """The stored run lasts 60 s: 40 trials at 1/8, 20 at 1/4, 10 at 1/2, 5 at the whole and 9 that confirm are
    5 + 5 + 5 + 5 + 9 whole runs, on two workers 14.5 minutes."""
    lines = dry_run.estimate(searched(lesson, budget="steps=1..8"), workers=2)
    assert "about 40 with 1, 20 with 2, 10 with 4, 5 with 8" in lines[0]
    assert "the best 3 are confirmed with 3 fresh seeds each: 9 runs" in lines[1]
    assert "about 84 run(s) on 2 worker(s): about 14 min if those with 8 take 60 s" in lines[2]
    assert "about 10 run(s)" in dry_run.estimate(searched(lesson, confirm=0), over=30, workers=2)[-1]


def test_a_search_s_command_makes_the_same_search(lesson, tmp_path, monkeypatch, capsys):
    search = searched(lesson, "x=0..10 rate,n=0.5:8,0.25:16", fixed={"kind": "q"}, seeds=[3, 4], maximise=True,
                      trials=7, seed=5, confirm=1, budget="steps=1..9", reduce=4)
    made = []
    monkeypatch.setattr(watch, "run", lambda search, *_, **__: made.append(search) or 0)
    with pytest.raises(SystemExit) as stop:
        cli.main(shlex.split(search.command())[1:])
    assert made == [search] and stop.value.code == 0
    (tmp_path / "s.toml").write_text(f"""lesson = "{lesson}"
seeds = [3, 4]
measure = "score"
maximise = true
[parameters]
kind = "q"
[grid]
x = "0..10"
"rate, n" = [[0.5, 8], [0.25, 16]]
[search]
sampler = "random"
trials = 7
seed = 5
confirm = 1
budget = "steps=1..9"
reduce = 4
""")
    for more, trials in (([], 7), (["--trials", "9"], 9)):
        with pytest.raises(SystemExit):
            cli.main(["sweep", "--file", str(tmp_path / "s.toml"), *more])
        assert made[-1] == search._replace(trials=trials)


@pytest.mark.parametrize("text, words", [
    ("[search]\ntrial = 3", r"\[search\] key 'trial' is unknown; did you mean 'trials'"),
    ("[search]\ntrials = true", "trials = True must be of type int"), ("search = 3", "search = 3 must be of type dict"),
    ('[grid]\nx = "0..b"', "must be a list, such as .* or for a search a range")])
def test_a_wrong_file_is_refused(tmp_path, text, words):
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(ValueError, match=words):
        plan.from_file(tmp_path / "s.toml")


@pytest.mark.parametrize("argv, words", [
    (["-g", "learning_rate=log:1e-4..1e-2"], "a grid needs lists: --search tpe (or random) draws from ranges"),
    (["-g", "width=8,16", "--trials", "9"], "--trials is for a search: add --search tpe"),
    (["-g", "width=8,16", "--search-seed", "9"], "--search-seed is for a search"),
    (["-g", "width=8..1000", "--search", "tpe", "--measure", "seconds"], "width=1000 is out of range [2, 512]"),
    (["-g", "width=8..16", "--search", "tpe"], "--measure, the result that decides:\n  R1 at"),
    (["-g", "width=8..16", "--search", "tpe", "--measure", "nonsense"], "there are:\n  R1 at"),
    (["--search", "tpe", "--measure", "seconds"], "a search needs a space")])
def test_nothing_starts_on_bad_input(argv, words, capsys, tmp_path):
    with pytest.raises(SystemExit) as stop:
        cli.main(["sweep", "03", *argv, "--runs", str(tmp_path / "runs")])
    assert stop.value.code == 2 and words in capsys.readouterr().err and not (tmp_path / "runs").exists()


def test_a_dry_run_shows_the_space(capsys, tmp_path):
    with pytest.raises(SystemExit) as stop:
        cli.main(["sweep", "03", "-g", "learning_rate=log:1e-4..1e-2", "-g", "width=8..32",
                  "-g", "network=shallow,dcgan", "--search", "tpe", "--measure", "distance of the samples",
                  "--dry-run", "--runs", str(tmp_path / "r")])
    out = capsys.readouterr().out
    assert stop.value.code == 0 and not (tmp_path / "r").exists()
    assert "learning_rate  numbers from 0.0001 to 0.01, on a logarithmic scale" in out
    assert "width          whole numbers from 8 to 32" in out and "network        one of shallow, dcgan" in out
    assert "40 trials, drawn by tpe" in out and "about 49 run(s)" in out


def test_without_optuna_the_pip_command_is_named(lesson, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r'pip install "gancourse\[search\]"'):
        Study(tmp_path / "study.journal", searched(lesson))


def test_a_grid_imports_no_optuna():
    code = ("import sys; from gancourse.course import cli\n"
            "try: cli.main(['sweep', '03', '-g', 'width=8,16', '--dry-run'])\n"
            "except SystemExit: print('optuna' in sys.modules)")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert out.stdout.splitlines()[-1] == "False"


# ---- with workers and a disk


@pytest.fixture(scope="module")
def client():
    import dask

    with dask.config.set({"distributed.scheduler.allowed-failures": 1}), cluster.connect(workers=2) as client:
        yield client


def test_a_search_runs_on_workers_is_reported_and_goes_on(tmp_path, client, monkeypatch, capsys):
    """The first run kills its worker and is run again; the same command finds all done, another adds a trial."""
    monkeypatch.chdir(tmp_path)
    lesson = planted.plant(tmp_path / "01_t.ipynb", KILL, planted.table(
        ("score", "(x - 3) ** 2 + seed / 100", 100)), parameters=PARAMETERS)
    argv = ["sweep", lesson, "-g", "x=0..10", "--search", "random", "--measure", "score", "--confirm", "1"]
    connected = []
    monkeypatch.setattr(cluster, "connect", lambda *_: connected.append(1) or contextlib.nullcontext(client))
    dates = {}
    for trials, over in ((2, 0), (2, 2), (3, 2)):
        with pytest.raises(SystemExit) as stop:
            cli.main([*argv, "--trials", str(trials)])
        out = capsys.readouterr().out
        assert stop.value.code == 0 and f"; {over} over before" in out and f"{trials} trials: {trials} complete" in out
        made = {path: json.loads(path.read_text())["date"] for path in Path("runs").glob("01_t/*/run.json")}
        assert dates.items() <= made.items()  # nothing was run twice
        dates = made
    assert len(connected) == 2 and (tmp_path / "killed").exists()
    (folder,) = Path("runs/sweeps").iterdir()
    rows = list(csv.DictReader((folder / "table.csv").open()))
    xs = [float(row["x"]) for row in rows if row["phase"] == "search"]
    assert len(xs) == 3 and {row["status"] for row in rows} == {"done"} and (folder / "table.parquet").exists()
    assert all(float(row["score"]) == (float(row["x"]) - 3) ** 2 + int(row["seed"]) / 100 for row in rows)
    best = min(xs, key=lambda x: (x - 3) ** 2)
    assert f"best: x={best}" in out and "on fresh seeds" in out
    assert folder.name in Path("runs/index.html").read_text() and f"<b>x={best}</b>" in (
        folder / "report.html").read_text()


def test_a_study_of_other_code_is_set_aside(lesson, tmp_path):
    search = searched(lesson, trials=2, confirm=0)
    disk = Disk(search, tmp_path / "runs")
    study = Study(tmp_path / "study.journal", search)
    for score in (1.0, 2.0):
        trial = study.ask()
        study.complete(trial.number, score)
        ((_, given),) = search.runs(trial.point).items()
        planned = runner.plan(search.sweep.lesson, tmp_path / "runs", "laptop", given, threads=1)
        planned.folder.mkdir(parents=True)
        (planned.folder / "run.json").write_text(json.dumps(runner.about(planned) | {"results": {"score": score}}))
    assert disk.holds(study.trials()) and len(watch._open(search, tmp_path / "runs", tmp_path, False)[0]) == 2
    lines = Path(lesson).read_text()
    Path(lesson).write_text(lines.replace("seed / 100", "seed / 50"))
    other = searched(lesson, trials=2, confirm=0)
    assert len(watch._open(other, tmp_path / "runs", tmp_path, False)[0]) == 0
    assert len([*tmp_path.glob("study-*.journal")]) == 1


def test_a_failed_run_counts_by_its_identity(lesson, tmp_path):
    search = searched(lesson)
    ((_, given),) = search.runs({"x": 1.0}).items()
    planned = runner.plan(search.sweep.lesson, tmp_path, "laptop", given, threads=1)
    disk = Disk(search, tmp_path)
    assert disk.failed(given) is None
    planned.folder.mkdir(parents=True)
    record = runner.about(planned) | {"status": "failed", "error": "failed: no", "results": {}}
    (planned.folder / records.FAILED["record"]).write_text(json.dumps(record))
    assert disk.failed(given)["error"] == "failed: no" and disk.finished(given) is None
    record["identity"]["parameters_sha256"] = "another"
    (planned.folder / records.FAILED["record"]).write_text(json.dumps(record))
    assert disk.failed(given) is None


def test_one_process_at_a_time_is_at_a_search(lesson, tmp_path, monkeypatch):
    from gancourse import files

    search = searched(lesson, trials=1)
    monkeypatch.setattr(files, "_print_to_stderr", lambda sentence: (_ for _ in ()).throw(InterruptedError(sentence)))
    folder = tmp_path / "runs" / "sweeps" / "s"
    lock = records.lock_of(tmp_path / "runs", "search sweeps/s")
    with files.hold(lock, "it"), pytest.raises(InterruptedError, match=f"process {os.getpid()} .* the search in"):
        watch.run(search, tmp_path / "runs", folder)
