"""The checks of lesson 09 refuse wrong answers and accept other right ones."""

import csv
import math
import shlex
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import pytest
from exercises import code_cells, judge, names_from, solution

from gancourse.course.lessons import source

pytest.importorskip("torch", reason="needs PyTorch")

HEADS = {"margin": "def margin(a, b):", "best_slope": "def best_slope(theta, gp_weight):",
         "largest_singular_value": "def largest_singular_value(W, rounds=100):"}
RIGHT = [
    ("margin", "a, b = ([math.inf if math.isnan(d) else d for d in runs] for runs in (a, b))\n"
               "    return min(y / x if x < math.inf else 0.0 for x in a for y in b)"),
    ("best_slope", "return (2 * gp_weight + theta) / gp_weight / 2"),
    ("largest_singular_value", "return np.linalg.norm(W, 2)"),
]
WRONG = [
    ("margin", "medians", "return float(np.median(b) / np.median(a))"),
    ("margin", "the best of both", "return float(np.nanmin(b) / np.nanmin(a))"),
    ("margin", "seed by seed", "return float(np.min(np.array(b) / np.array(a)))"),
    ("margin", "failed runs left out", "return float(np.nanmin(b) / np.nanmax(a))"),
    ("margin", "two failures compared", "a, b = ([math.inf if d != d else d for d in runs] for runs in (a, b))\n"
                                        "    return min(b) / max(a)"),
    ("margin", "upside down", "a, b = (np.nan_to_num(x, nan=np.inf) for x in (a, b))\n"
                              "    return float(np.max(a) / np.min(b))"),
    ("best_slope", "slope 1, as the penalty asks", "return 1.0"),
    ("best_slope", "the 2 of the square forgotten", "return 1 + theta / gp_weight"),
    ("best_slope", "weight and distance exchanged", "return 1 + gp_weight / (2 * theta)"),
    ("best_slope", "the valley of the wrong sign", "return 1 - theta / (2 * gp_weight)"),
    ("largest_singular_value", "Frobenius", "return np.linalg.norm(W)"),
    ("largest_singular_value", "the largest entry", "return np.abs(W).max()"),
    ("largest_singular_value", "one round only, from a fixed start",
     "v = np.ones(W.shape[1])\n    v = W.T @ (W @ v)\n    return np.linalg.norm(W @ v) / np.linalg.norm(v)"),
    ("largest_singular_value", "eigenvalues of a square part",
     "n = min(W.shape)\n    return np.abs(np.linalg.eigvals(W[:n, :n])).max()"),
    ("largest_singular_value", "its square", "return np.linalg.eigvalsh(W.T @ W).max()"),
]


@pytest.fixture(scope="module")
def names():
    return names_from("09", ["num_steps: int", "import csv"])


@pytest.mark.parametrize("exercise", HEADS)
def test_the_solution_passes(names, exercise):
    judge("09", names, exercise, solution("09", exercise))


@pytest.mark.parametrize("exercise, body", RIGHT)
def test_another_right_answer_passes(names, exercise, body):
    judge("09", names, exercise, f"{HEADS[exercise]}\n    {body}")


@pytest.mark.parametrize("exercise, why, body", WRONG)
def test_a_wrong_answer_is_refused(names, exercise, why, body):
    with pytest.raises(AssertionError):
        judge("09", names, exercise, f"{HEADS[exercise]}\n    {body}")


def test_the_judge_of_the_lesson_is_the_solution_of_the_exercise(names):
    scope = dict(names)
    scope |= names_from("09", ["import csv", "def separation("])
    exec(solution("09", "margin"), scope)
    for a, b in [([40, 50, 60], [90, 120, 300]), ([40, math.nan], [1, 2]), ([1, 2], [math.nan, 5])]:
        assert scope["separation"](a, b) == scope["margin"](a, b)


def test_the_study_is_made_anew_where_runs_fail_and_stops_where_a_sweep_stops(tmp_path, monkeypatch):
    """A sweep with failed runs ends with status 1 and a table; one that was refused or stopped has another status."""
    monkeypatch.chdir(tmp_path)
    scope = names_from("09", ["num_steps: int", "import csv", "SWEEPS = {"], dataset="folder:my photos")
    exec(next(source(cell) for cell in code_cells("09") if "def read_study" in source(cell)), scope)
    status = 1

    def sweep(words):
        assert "dataset=folder:my photos" in words
        folder = Path(words[words.index("--to") + 1])
        folder.mkdir(parents=True)
        (folder / "table.csv").write_text("seed,status\n0,failed\n")
        return SimpleNamespace(returncode=status)

    monkeypatch.setattr(scope["subprocess"], "run", sweep)
    assert len(scope["read_study"]("rebuild")) == len(scope["SWEEPS"])
    status = 2
    with pytest.raises(RuntimeError, match="start again: gancourse sweep 09"):
        monkeypatch.chdir(tmp_path / "runs")
        scope["read_study"]("rebuild")


def test_the_card_says_what_the_table_says():
    """Each line's margin is the best distance of the one side over the worst of the other; the largest comes first."""
    cell = next(cell for cell in code_cells("09") if source(cell).startswith("CARD ="))
    lines = "".join(cell["outputs"][0]["data"]["text/markdown"]).splitlines()[2:]
    margins = []
    for line in lines:
        gain, _, ours, _, theirs = (part.strip() for part in line.strip("|").split("|"))
        margins.append(float(gain))
        assert margins[-1] == pytest.approx(float(theirs.split(" to ")[0]) / float(ours.split(" to ")[1]), rel=0.03)
    assert len(lines) == 6 and margins == sorted(margins, reverse=True) and min(margins) > 1


def test_the_shipped_table_holds_every_run_of_the_sweeps_and_what_made_it():
    """Each sweep of the lesson has a row for every combination of its values and each of seeds 0, 1, 2."""
    scope = names_from("09", ["num_steps: int", "import csv", "SWEEPS = {"])
    rows = list(csv.DictReader((files("gancourse.course") / "studies" / "09.csv").read_text().splitlines()))
    assert {row["sweep"] for row in rows} == set(scope["SWEEPS"])
    for name, words in scope["SWEEPS"].items():
        words = shlex.split(words)
        grid = dict(word.split("=") for option, word in zip(words[::2], words[1::2], strict=True) if option == "-g")
        mine = [tuple(row[key] for key in (*grid, "seed")) for row in rows if row["sweep"] == name]
        assert len(set(mine)) == len(mine) == 3 * math.prod(len(v.split(",")) for v in grid.values())
        assert {row["seed"] for row in rows if row["sweep"] == name} == {"0", "1", "2"}
    for row in rows:
        done = row["status"] == "done" and float(row["distance of the samples"]) > 0
        assert done or (row["status"] == "failed" and "FloatingPointError" in row["error"])
        assert row["version of torch"] and row["version of threads"] == "1" and row["date"] and row["code"]
