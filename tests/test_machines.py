"""tests/benchmarks/machines.py: what a margin is, which runs stand when code has changed, what the table says."""

import importlib.util
import json
import math
from pathlib import Path

import numpy as np
import pytest

from gancourse.course.lessons import Lesson
from gancourse.course.run_fingerprint import code_sha256

PATH = Path(__file__).parent / "benchmarks" / "machines.py"


@pytest.fixture(scope="module")
def machines():
    spec = importlib.util.spec_from_file_location("machines", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_margin_counts_standard_deviations_from_the_mean_to_the_nearer_bound(machines):
    values = np.array([-1.0, 0.0, 1.0])  # mean 0, standard deviation 1
    assert machines.margin(values, None, 5.0) == pytest.approx(5)
    assert machines.margin(values, -2.0, 5.0) == pytest.approx(2)
    assert machines.margin(values, 0.5, None) == pytest.approx(-0.5)


def test_ratios_scatter_by_factors_so_their_margin_is_that_of_logarithms(machines):
    assert machines.margin(np.array([1.0, 2.0, 4.0]), None, 16.0) == pytest.approx(3)  # 2 -> 16 is three doublings


def test_what_does_not_scatter_has_room_without_end_or_none(machines):
    assert machines.margin(np.full(4, 2.0), None, 3.0) == math.inf
    assert machines.margin(np.full(4, 2.0), 3.0, None) == -math.inf


def test_only_finite_numbers_within_both_bounds_hold(machines):
    assert machines.holds(1.0, None, 2.0) and machines.holds(1.0, 0.0, None)
    assert not machines.holds(3.0, None, 2.0) and not machines.holds(math.nan, None, 2.0)


def test_older_runs_stand_only_beside_a_reference_run_with_the_same_bits(machines):
    runs = {"native": {"measured": {"a": 1.0, "b": 2.0}}, "sse4": {"measured": {"a": 1.1, "b": 2.0}}}
    assert set(machines.still_true(runs, {"a": 1.0, "b": 2.0})) == {"native", "sse4"}
    assert machines.still_true(runs, {"a": np.nextafter(1.0, 2), "b": 2.0}) == {}
    assert machines.still_true(runs, {"a": 1.0, "b": 2.0, "new": 3.0}) == {}, "a new claim must be measured everywhere"
    assert machines.still_true({}, {"a": 1.0}) == {}


def test_a_number_that_is_only_shown_does_not_decide_whether_older_runs_stand(machines, tmp_path):
    """Processor seconds are such a number: they are never the same twice."""
    kinds = {"a": ["own", 0.0, None], "seconds": ["shown", None, None]}
    runs = {name: {"measured": {"a": 1.0, "seconds": seconds}} for name, seconds in (("native", 3.0), ("sse4", 4.0))}
    lesson = Lesson(tmp_path / "01_x.ipynb", notebook("x = 1"))
    store = {lesson.name: {"code": "of before", "claims": kinds, "runs": runs}}
    machines.keep(store, lesson, "native", kinds, {"measured": {"a": 1.0, "seconds": 5.0}})
    assert set(store[lesson.name]["runs"]) == {"native", "sse4"}
    store[lesson.name]["code"] = "of before"
    machines.keep(store, lesson, "native", kinds, {"measured": {"a": 2.0, "seconds": 5.0}})
    assert set(store[lesson.name]["runs"]) == {"native"}


def notebook(code):
    cell = {"cell_type": "code", "source": [code], "metadata": {}, "outputs": []}
    return {"cells": [cell], "metadata": {"gancourse": {"lesson": 1, "title": "T", "minutes": 1}}}


def run(measured):
    return {"date": "2026-01-01", "seconds": 1.0, "processor": "P", "error": "", "measured": measured}


def test_the_table_counts_the_claims_that_held_and_names_the_thinnest(machines):
    lesson = Lesson(Path("01_t.ipynb"), notebook("x = 1"))
    store = {}
    claims = {"loss": ["own", None, 2.0], "theorem": ["exact", 0.9, 1.1], "seconds": ["shown", None, None]}
    machines.keep(store, lesson, "native", claims, run({"loss": 1.0, "theorem": 1.0, "seconds": 9}))
    machines.keep(store, lesson, "sse4", claims, run({"loss": 2.5, "theorem": 1.0, "seconds": 9}))
    assert store["01_t"]["code"] == code_sha256(lesson.notebook)
    text = machines.report(store)
    assert "| 01_t | 2/2 | 1/2 |" in text and "2 runs, 1 judged claims missed" in text
    assert '(01_t, "loss")' in " ".join(text.split())
    assert "| 01 | theorem | exact | > 0.9, < 1.1 | 1 | 2 | no spread |" in text
    assert json.loads(machines.dump(store)) == store


def test_a_change_of_code_that_changes_numbers_sends_older_runs_away(machines):
    store, claims = {}, {"loss": ["own", None, 2.0]}
    for name in ("native", "sse4"):
        machines.keep(store, Lesson(Path("01_t.ipynb"), notebook("x = 1")), name, claims, run({"loss": 1.0}))
    machines.keep(store, Lesson(Path("01_t.ipynb"), notebook("x = 2")), "native", claims, run({"loss": 1.0}))
    assert set(store["01_t"]["runs"]) == {"native", "sse4"}
    machines.keep(store, Lesson(Path("01_t.ipynb"), notebook("x = 3")), "native", claims, run({"loss": 1.5}))
    assert set(store["01_t"]["runs"]) == {"native"}


def test_the_numbers_of_a_fresh_render_are_a_native_run_those_of_a_stale_one_are_not(machines, monkeypatch, tmp_path):
    monkeypatch.setattr(machines, "STORE", tmp_path / "machines.json")
    monkeypatch.setattr(machines, "is_fresh", lambda notebook: notebook["cells"][0]["source"] == ["x = 1"])
    row = {"text": "loss", "kind": "own", "low": None, "high": 2.0, "judged": True, "measured": 1.0}
    monkeypatch.setattr(machines.records, "claims", lambda notebook: [row])
    lessons = [Lesson(Path("01_t.ipynb"), notebook("x = 1")), Lesson(Path("02_t.ipynb"), notebook("x = 2"))]
    for lesson in lessons:
        lesson.about["rendered"] = {"seconds": 7.0, "versions": {"threads": "1"}}
    machines.keep_rendered({}, lessons)
    store = json.loads((tmp_path / "machines.json").read_text())
    assert list(store) == ["01_t"] and store["01_t"]["claims"] == {"loss": ["own", None, 2.0]}
    assert store["01_t"]["runs"]["native"]["measured"] == {"loss": 1.0}
