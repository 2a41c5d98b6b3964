"""Sweeps: checked before anything runs, each run once, nothing lost when a worker dies.  On tiny lessons."""

import contextlib
import csv
import errno
import json
import math
import os
import shlex
from pathlib import Path
from unittest import mock

import planted
import pytest

from gancourse import system
from gancourse.course import cli
from gancourse.course.sweeps import axes, cluster, plan, report, tables, watch
from gancourse.notebook import image_output, plots

pandas = pytest.importorskip("pandas", reason='sweeps need: pip install "gancourse[sweep]"')
pytest.importorskip("distributed", reason='sweeps need: pip install "gancourse[sweep]"')

ROOT = Path(__file__).parents[1]
PARAMETERS = """a: int = 2  # a number [0, 9]
b: float = 0.5  # another [0, 1]
kind: str = "x"  # a word {x, y}
seed: int = 0  # a seed [0, 99]"""
CELLS = ["assert a < 9, 'nine is too many'",
         planted.table(("sum of all", "a + b + seed", 100), ("a alone", "a", 100))]
KILL = """import os, pathlib, signal
mark = pathlib.Path(f'killed-{a}')
if a in (3, 4) and not (mark.exists() and a == 3):
    mark.touch()
    os.kill(os.getppid(), signal.SIGKILL)"""  # a = 3 kills its worker once, a = 4 always


def plant(folder, *cells, parameters=PARAMETERS):
    return planted.plant(folder / "01_t.ipynb", *(cells or CELLS), parameters=parameters,
                         presets={"smoke": {"b": 0.25}})


@pytest.fixture
def lesson(tmp_path):
    return plant(tmp_path)


@pytest.fixture(scope="module")
def client():
    import dask

    with dask.config.set({"distributed.scheduler.allowed-failures": 1}), cluster.connect(workers=2) as client:
        yield client


def record(sweep, results, **more):
    versions = {"torch": "1"}
    return {"results": results, "seconds": 1.0, "versions": versions, "date": "now", "code_sha256": "c" * 64, **more}


def records(sweep, score):
    """Made-up records: `score` of a run's parameters, or None for a run that failed."""
    found = {}
    for name, given in sweep.runs().items():
        value = score(given)
        failed = {"error": "failed: no", "status": "failed"} if value is None else {}
        found[name] = record(sweep, {} if failed else {"score": value}, **failed)
    return found


def test_every_setting_runs_once_with_every_seed_before_the_next_seed(lesson):
    sweep = plan.make_sweep(lesson, fixed={"b": 0.25}, grid={"a": [1, 2], "kind": ["x", "y"]}, seeds=[0, 1])
    assert [(r["seed"], r["a"], r["kind"]) for r in sweep.runs().values()] == [
        (0, 1, "x"), (0, 1, "y"), (0, 2, "x"), (0, 2, "y"), (1, 1, "x"), (1, 1, "y"), (1, 2, "x"), (1, 2, "y")]
    assert list(sweep.runs())[0] == "a=1,b=0.25" and list(sweep.runs())[-1] == "b=0.25,kind=y,seed=1"
    assert sweep.name() == plan.make_sweep(lesson, fixed={"b": 0.25}, grid=sweep.grid, seeds=[0, 1]).name()
    assert sweep.name() != sweep._replace(seeds=[0]).name()


def test_values_take_the_type_of_the_parameter(lesson):
    assert plan.make_sweep(lesson, grid={"b": [0, 1]}).grid == {"b": [0.0, 1.0]}
    assert [type(v) for v in plan.make_sweep(lesson, grid={"b": [0, 1]}).grid["b"]] == [float, float]


@pytest.mark.parametrize("given, words", [
    ({}, "the grid is empty: give the values"), ({"grid": {"a": []}}, "the grid is empty: a has no values"),
    ({"grid": {"a": [1]}, "seeds": []}, "the grid is empty: seed has no values"),
    ({"grid": {"aa": [1]}}, "parameter of lesson 01_t: 'aa' is unknown; did you mean 'a'"),
    ({"grid": {"a": [1, 10]}}, r"a=10 is out of range \[0, 9\]; the nearest right value is 9"),
    ({"grid": {"a": [1.5]}}, "must be int"), ({"grid": {"kind": ["z"]}}, "'z' is unknown"),
    ({"grid": {"a": [1, 2, 1]}}, "a has a value twice: 1,2,1"), ({"grid": {"b": [1, 1.0]}}, "b has a value twice"),
    ({"grid": {"seed": [1]}}, "--seeds"), ({"grid": {"a": [1]}, "fixed": {"a": 2}}, "both fixed .* and swept"),
    ({"grid": {"a": [1]}, "seeds": [100]}, "seed=100 is out of range"),
    ({"grid": {"checkpoint": ["c"]}}, "every run keeps its own"),
    ({"grid": {"a": [1]}, "preset": "gpu"}, "preset of lesson 01_t: 'gpu' is unknown"),
])
def test_a_wrong_grid_is_refused(lesson, given, words):
    with pytest.raises(ValueError, match=words):
        plan.make_sweep(lesson, **given)


def test_a_parameter_cannot_have_the_name_of_a_column(tmp_path):
    lesson = plant(tmp_path, parameters=PARAMETERS.replace("kind: str", "seconds: str"))
    with pytest.raises(ValueError, match="has a parameter named 'seconds', as a column .* rename it"):
        plan.make_sweep(lesson, grid={"a": [1]})


def test_a_sweep_s_command_makes_the_same_sweep(lesson, monkeypatch):
    sweep = plan.make_sweep(lesson, "smoke", {"kind": "y"}, {"a": [1, 2], "b": [0.5, 1e-5]}, [0, 3])
    said = []
    monkeypatch.setattr("gancourse.course.sweeps.watch.dry_run", lambda sweep, runs, **_: said.append(sweep))
    assert sweep.command() == f"gancourse sweep {lesson} -g a=1,2 -g b=0.5,1e-05 -p kind=y --preset smoke --seeds 0,3"
    with pytest.raises(SystemExit):
        cli.main([*sweep.command().split()[1:], "--dry-run"])
    assert said == [sweep]


def test_the_command_line_overrules_the_file(lesson, tmp_path, monkeypatch):
    (tmp_path / "s.toml").write_text(f'lesson = "{lesson}"\nseeds = [5]\n[parameters]\nb = 0.75\n[grid]\na = [1, 2]\n')
    said = []
    monkeypatch.setattr("gancourse.course.sweeps.watch.dry_run", lambda sweep, runs, **_: said.append(sweep))
    with pytest.raises(SystemExit):
        cli.main(["sweep", "--file", str(tmp_path / "s.toml"), "-g", "a=3", "--seeds", "0-2,7", "--dry-run"])
    assert said == [plan.make_sweep(lesson, fixed={"b": 0.75}, grid={"a": [3]}, seeds=[0, 1, 2, 7])]


def test_the_readme_s_file_and_its_command_are_the_same_sweep(tmp_path, monkeypatch):
    readme = (ROOT / "README.md").read_text()
    (tmp_path / "sweep.toml").write_text(readme.split("```toml")[1].split("```")[0])
    (line,) = [line for line in readme.splitlines() if line.startswith("gancourse sweep") and "--measure" in line]
    said = []
    monkeypatch.setattr("gancourse.course.sweeps.watch.run",
                        lambda sweep, *_, metric, **__: said.append((sweep, metric)))
    for argv in (["sweep", "--file", str(tmp_path / "sweep.toml")], shlex.split(line)[1:]):
        with pytest.raises(SystemExit):
            cli.main(argv)
    assert said[0] == said[1] and len(said[0][0].runs()) == 24


@pytest.mark.parametrize("text, words", [
    ("grids = 1", "did you mean 'grid'"), ("[grid]\na = 1", r"must be a list, such as \[1\]"),
    ("seeds = 3", "type list"), ("lesson", "is not TOML"), ("maximise = 1", "type bool")])
def test_a_wrong_file_is_refused(tmp_path, text, words):
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(ValueError, match=words):
        plan.from_file(tmp_path / "s.toml")


@pytest.mark.parametrize("text, found", [
    ("8,16", [8, 16]), ("1e-3", [1e-3]), ("x,y", ["x", "y"]), ("True,False", [True, False]), ("", []),
    ("'folder:a,b','strokes'", ["folder:a,b", "strokes"]), ("folder:a b,strokes", ["folder:a b", "strokes"])])
def test_values_on_the_command_line(text, found):
    assert axes.values(text) == found


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit):
        cli.main(["sweep", "--help"])
    assert "example: gancourse sweep 03 -g" in capsys.readouterr().out


@pytest.mark.parametrize("argv, status, words", [
    (["sweep", "03", "-g", "widht=8"], 2, "did you mean 'width'"), (["sweep", "03"], 2, "the grid is empty"),
    (["sweep", "-g", "a=1"], 2, "say which lesson"), (["sweep", "03", "-g", "width=8", "--seeds", "0..3"], 2, "0-9"),
    (["sweep", "03", "-g", "width=8", "--measure", "nonsense"], 2, "distance of the samples"),
    (["sweep", "03", "-g", "width=8", "--measure", "nonsense", "--dry-run"], 2, "distance of the samples"),
    (["sweep", "03", "-g", "width=8", "--file", "none.toml"], 2, "no file 'none.toml'"),
    (["sweep", "03", "-g", "width=8", "-g", "width=16"], 2, "width is given twice"),
    (["sweep", "03", "-g", "width=8", "-p", "ema_decay=0", "-p", "ema_decay=0.5"], 2, "ema_decay is given twice"),
    (["sweep", "03", "-g", "width=8", "--seeds", "5-3"], 2, "seed has no values; give them as in --seeds 0-9"),
])
def test_nothing_starts_on_bad_input(argv, status, words, capsys, tmp_path):
    with pytest.raises(SystemExit) as stop:
        cli.main([*argv, "--runs", str(tmp_path / "runs")])
    assert stop.value.code == status and words in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("code, words", [
    (errno.EROFS, "choose a folder that you may write to"), (errno.EEXIST, "a file stands where a folder is needed"),
    (errno.ENOSPC, "make room; what was finished is kept")])
def test_a_folder_that_takes_no_table_is_named_with_what_to_do(lesson, code, words, monkeypatch, capsys):
    def full(*_, **__):
        raise OSError(code, os.strerror(code), "there")

    monkeypatch.setattr("gancourse.course.sweeps.watch.run", full)
    with pytest.raises(SystemExit) as stop:
        cli.main(["sweep", lesson, "-g", "a=1"])
    said = capsys.readouterr().err
    assert stop.value.code == 2 and "'there'" in said and words in said


def test_a_scheduler_that_is_not_there_is_said_to_be_so(monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 0.2)
    with pytest.raises(ConnectionError, match="no Dask scheduler answers at tcp://127.0.0.1:9"), \
            cluster.connect(scheduler="tcp://127.0.0.1:9"):
        pass


def test_the_table_has_one_row_a_run_whatever_became_of_it(lesson):
    sweep = plan.make_sweep(lesson, grid={"a": [1, 2, 3]}, seeds=[0, 1])
    known = records(sweep, lambda given: None if given["a"] == 2 else 10.0 * given["a"] + given["seed"])
    known.pop("a=3,seed=1")
    rows = tables.rows(sweep, known)
    assert [(r["a"], r["seed"], r["status"], r["score"]) for r in rows if r["a"] != 2] == [
        (1, 0, "done", 10), (3, 0, "done", 30), (1, 1, "done", 11),
        (3, 1, "waiting", pytest.approx(math.nan, nan_ok=True))]
    assert [(r["status"], r["error"], r["seconds"]) for r in rows if r["a"] == 2] == [("failed", "failed: no", 1.0)] * 2
    assert all(list(row) == list(rows[0]) for row in rows) and {r["kind"] for r in rows} == {"x"}


def test_each_record_is_read_once_however_many_runs_there_are(lesson, tmp_path, monkeypatch):
    """Four times the runs cost four times the reads: none is read again when the table is written again."""
    class Counted(dict):
        reads = 0

        def get(self, key, default=None):
            Counted.reads += 1
            return super().get(key, default)

        def __getitem__(self, key):
            Counted.reads += 1
            return super().__getitem__(key)

    listings, written = [], []
    list_runs = plan.Sweep.runs
    monkeypatch.setattr(plan.Sweep, "runs", lambda sweep: listings.append(sweep) or list_runs(sweep))
    monkeypatch.setattr(cluster, "connect", lambda *_: contextlib.nullcontext(mock.Mock()))
    monkeypatch.setattr(tables, "write", lambda folder, table: written.append(len(table)))
    monkeypatch.setattr(report, "save", lambda *_: None)
    monkeypatch.setattr(watch, "EVERY", -1)  # a look after every run
    costs = []
    for count in (10, 40):
        sweep = plan.make_sweep(lesson, grid={"a": [1, 2]}, seeds=range(count // 2))
        ended = [(name, Counted(made)) for name, made in records(sweep, lambda given: 1.0).items()]
        monkeypatch.setattr(cluster, "execute", lambda *_, ended=ended, **__: iter(ended))
        Counted.reads = 0
        listings.clear()
        assert watch.run(sweep, tmp_path / "runs", tmp_path, metric="score") == 0
        costs.append((Counted.reads / count, len(listings)))
    assert costs[0] == costs[1] and costs[0][0] > 0 and written.count(40) > 40


def test_a_result_named_like_a_parameter_keeps_both(lesson):
    sweep = plan.make_sweep(lesson, grid={"a": [1]}, seeds=[0])
    (row,) = tables.rows(sweep, {"a=1": record(sweep, {"b": 7.0})})
    assert row["b"] == 0.5 and row["b (result)"] == 7.0


def test_csv_and_parquet_hold_the_same(lesson, tmp_path):
    sweep = plan.make_sweep(lesson, grid={"a": [1, 2]}, seeds=[0, 1])
    tables.write(tmp_path, tables.rows(sweep, records(sweep, lambda given: given["a"] / 3)))
    a, b = pandas.read_csv(tmp_path / "table.csv"), pandas.read_parquet(tmp_path / "table.parquet")
    assert list(a) == list(b) and len(a) == 4
    assert a["score"].tolist() == b["score"].tolist() == [1 / 3, 2 / 3, 1 / 3, 2 / 3]


@pytest.mark.parametrize("metric, found", [("loss of G", "loss of G"), ("LOSS OF d", "loss of D"), ("sec", "seconds")])
def test_a_part_of_a_result_s_name_is_enough(metric, found):
    assert tables.measure(metric, ["loss of G", "loss of D", "loss of G, mean", "seconds"]) == found


@pytest.mark.parametrize("metric, words", [
    ("gloss", "no result of this lesson; there are:\n  loss"), ("of", "fits 2 results")])
def test_a_name_that_fits_none_or_several_lists_them(metric, words):
    with pytest.raises(ValueError, match=words):
        tables.measure(metric, ["loss of G", "loss of D", "seconds"])


def test_the_median_ranks_and_a_lost_seed_ranks_last(lesson):
    """Medians: a = 1 has 5, a = 2 has 4, a = 3 has 1 on the one seed that ended, so it cannot win."""
    sweep = plan.make_sweep(lesson, grid={"a": [1, 2, 3]}, seeds=[0, 1, 2])
    scores = {1: [5, 0, 9], 2: [4, 100, 3], 3: [1, None, math.inf]}
    table = tables.rows(sweep, records(sweep, lambda given: scores[given["a"]][given["seed"]]))
    order = tables.ranked(sweep, table, "score")
    assert [(s.values["a"], s.median, s.whole) for s in order] == [(2, 4, True), (1, 5, True), (3, 1, False)]
    assert [s.values["a"] for s in tables.ranked(sweep, table, "score", maximise=True)] == [1, 2, 3]


def test_a_table_of_other_code_is_set_aside(lesson, tmp_path):
    sweep = plan.make_sweep(lesson, grid={"a": [1, 2]}, seeds=[0])
    assert tables.set_aside(tmp_path, "c" * 64) is None
    tables.write(tmp_path, tables.rows(sweep, records(sweep, lambda given: 1.0)))
    assert tables.set_aside(tmp_path, "c" * 64) is None
    kept = tables.set_aside(tmp_path, "d" * 64)
    assert kept.name.startswith("table-cccccccc-") and not (tmp_path / "table.csv").exists()
    assert len(pandas.read_csv(kept)) == len(pandas.read_parquet(kept.with_suffix(".parquet"))) == 2
    (tmp_path / "table.csv").write_text("someone's own,table\n1,2\n")
    assert tables.set_aside(tmp_path, "d" * 64).read_text() == "someone's own,table\n1,2\n"


def test_runs_under_different_versions_are_named(lesson):
    sweep = plan.make_sweep(lesson, grid={"a": [1, 2]}, seeds=[0])
    known = records(sweep, lambda given: 1.0)
    assert tables.mixed(tables.rows(sweep, known)) == ""
    known["default"]["versions"] = {"torch": "2"}
    table = tables.rows(sweep, known)
    assert tables.mixed(table) == "torch 1 and 2" and "torch 1 and 2" in report.page(sweep, table)


def test_the_page_names_the_best_setting_and_the_command_that_repeats_it(lesson):
    sweep = plan.make_sweep(lesson, "smoke", grid={"a": [1, 2], "kind": ["x", "y"]}, seeds=[0, 1, 2])
    known = records(sweep, lambda given: given["a"] + given["seed"] / 8 + 2 * (given["kind"] == "y"))
    known["a=1,b=0.25,kind=y,seed=1"] = record(
        sweep, {}, error="lesson 01_t failed in cell 2: <ValueError>", status="failed")
    page = report.page(sweep, tables.rows(sweep, known), "score", home="../..")
    assert "<b>a=1, kind=x</b><br>median 1.125, 1 to 1.25 over 3 seeds" in page
    assert f"OMP_NUM_THREADS=1 gancourse run {lesson} -p a=1 -p kind=x -p seed=1 --preset smoke" in page
    assert "runner-up, a=2, kind=x, on 3 of 3 seeds" in page and "a seed inside its range: 0 of 3" in page
    assert "--seeds 3-5" in page and "11 done, 1 failed" in page and "&lt;ValueError&gt;" in page
    assert 'href="../../01_t/a=1,b=0.25/notebook.html"' in page
    assert page.count("data:image/png") == 2 and page.count("<img") == page.count(' alt="') == 2 and "http:" not in page


def test_the_heat_map_marks_better_darker_and_missing_grey():
    _, ax = plots.figure()
    plots.show_heat_map([[1.0, 4.0], [2.0, math.nan]], rows=[8, 16], columns=["u", "v"], frame=(0, 0), ax=ax)
    one, four, two, missing, frame = ax.patches
    darkness = [1 - sum(patch.get_facecolor()[:3]) / 3 for patch in (one, two, four)]
    assert darkness == sorted(darkness, reverse=True)
    assert missing.get_facecolor()[:3] == pytest.approx([0.91] * 3, abs=0.01)
    assert frame.get_xy() == (0, 0) and not frame.get_fill() and "none" in [t.get_text() for t in ax.texts]
    image_output.png(ax.figure)


def test_every_seed_is_a_dot():
    _, ax = plots.figure()
    plots.show_spread({"p": [1, 2, 40], "q": [3, math.nan, 5]}, names=["seed 0", "seed 1", "seed 2"], ax=ax)
    dots = [d.get_offsets() for d in ax.collections if len(d.get_offsets()) == 3]
    assert [sorted(x for x, _ in d if x == x) for d in dots] == [[1, 2, 40], [3, 5]]
    assert len({y for d in dots for _, y in d.data}) == 6 and ax.get_xscale() == "log"
    image_output.png(ax.figure)


def test_a_sweep_runs_is_reported_and_goes_on_where_it_was(lesson, tmp_path, client, monkeypatch, capsys):
    """At a = 1 a claim does not hold but all is measured; at a = 9 a cell raises, so only that one runs again."""
    monkeypatch.chdir(tmp_path)
    argv = ["sweep", lesson, "-g", "a=1,9", "--seeds", "99", "--measure", "sum"]
    for done_before in (0, 1):
        with pytest.raises(SystemExit) as stop:
            cli.main([*argv, "--scheduler", client.scheduler.address])
        out = capsys.readouterr().out
        assert stop.value.code == 1 and f"= 2 run(s), {done_before} done before" in out
        assert out.count("✗") == 1 and out.count("100.5\n") == 1 - done_before and "2 run(s): 1 done, 1 failed" in out
        assert "In 1 of them (○) a claim" in out
    (folder,) = (tmp_path / "runs" / "sweeps").iterdir()
    rows = list(csv.DictReader((folder / "table.csv").open()))
    assert [(r["a"], r["seed"], r["status"], r["sum of all"]) for r in rows] == [
        ("1", "99", "missed", "100.5"), ("9", "99", "failed", "")]
    assert rows[0]["missed"] == "sum of all: measured 100.5, claimed < 100"
    assert rows[0]["error"] == ""
    assert rows[1]["error"].startswith("failed in cell [3] of failed.ipynb, ")
    assert rows[1]["error"].endswith("AssertionError: nine is too many") and rows[1]["missed"] == ""
    assert {r["version of threads"] for r in rows} == {"1"}
    page = (folder / "report.html").read_text()
    index = (tmp_path / "runs" / "index.html").read_text()
    assert "nine is too many" in page and 'href="../../01_t/a=9,seed=99/failed.html"' in page
    assert '○ <a href="../../01_t/a=1,seed=99/notebook.html">100.5</a>' in page
    assert "nine is too many" in index and "1 of 2 claims hold" in index and folder.name in index
    assert not list((tmp_path / "runs").rglob("unmet.json"))


def test_a_sweep_whose_runs_all_fail_says_so(lesson, tmp_path, client, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        cli.main(["sweep", lesson, "-g", "a=9", "--seeds", "0", "--measure", "sum",
                  "--scheduler", client.scheduler.address])
    out = capsys.readouterr().out
    assert stop.value.code == 1 and "0 done, 1 failed" in out and "nothing to rank" in out


def test_a_name_that_no_result_has_stops_no_run(lesson, tmp_path, client, monkeypatch, capsys):
    """Before its first run a lesson's results have no names; the table and the report are kept all the same."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(watch, "EVERY", 0)
    with pytest.raises(SystemExit) as stop:
        cli.main(["sweep", lesson, "-g", "a=1,2", "--seeds", "0", "--measure", "nonsense", "--to", "here",
                  "--scheduler", client.scheduler.address])
    assert stop.value.code == 2 and "there are:\n  a alone\n  sum of all\n  seconds" in capsys.readouterr().err
    assert [row["status"] for row in csv.DictReader(Path("here/table.csv").open())] == ["done", "done"]


def test_a_killed_worker_s_run_is_run_again_and_a_hopeless_one_fails(tmp_path, client, monkeypatch):
    """The lesson kills its own worker: once at a = 3, every time at a = 4."""
    monkeypatch.chdir(tmp_path)
    sweep = plan.make_sweep(plant(tmp_path, KILL, *CELLS), grid={"a": [3, 4]}, seeds=[0])
    ((_, once),) = cluster.execute(client, sweep, ["a=3"], tmp_path / "runs")
    ((_, always),) = cluster.execute(client, sweep, ["a=4"], tmp_path / "runs")
    assert (tmp_path / "killed-3").exists() and once["results"]["sum of all"] == 3.5 and "error" not in once
    assert always["status"] == "failed" and "its worker died again and again" in always["error"]
    assert not list((tmp_path / "runs" / "01_t" / "a=3").glob(".running*"))
    assert "again and again" in (tmp_path / "runs" / "01_t" / "a=4" / "failed.html").read_text()


def test_a_worker_with_other_code_stops_the_sweep(lesson, tmp_path, client, monkeypatch):
    sweep = plan.make_sweep(lesson, grid={"a": [1]}, seeds=[0])
    changed = json.loads((tmp_path / "01_t.ipynb").read_text())
    changed["cells"][1]["source"] += "\n# changed"
    (tmp_path / "01_t.ipynb").write_text(json.dumps(changed))
    with pytest.raises(ValueError, match="is not the one this sweep started with"):
        list(cluster.execute(client, sweep, list(sweep.runs()), tmp_path / "runs"))


def test_a_run_that_is_under_way_elsewhere_is_waited_for(lesson, tmp_path, client):
    """The same run submitted twice: the second finds it done, and the folder holds one record."""
    sweep = plan.make_sweep(lesson, grid={"a": [1]}, seeds=[0])
    both = list(cluster.execute(client, sweep, ["a=1", "a=1"], tmp_path / "runs"))
    assert len(both) == 2 and both[0] == both[1]


def test_a_file_that_a_slow_disk_shows_late_is_waited_for(monkeypatch):
    """The third look finds it; what never comes is looked for during PATIENCE seconds."""
    waited, looks = [], iter([False, False, True])
    monkeypatch.setattr(cluster.time, "sleep", waited.append)
    assert cluster._appears(lambda: next(looks)) and waited == [0.2, 0.2]
    assert not cluster._appears(lambda: False)
    assert sum(waited) == pytest.approx(0.4 + cluster.PATIENCE)


def test_runs_of_other_computers_count_with_a_scheduler_only(lesson, tmp_path, client, monkeypatch):
    sweep = plan.make_sweep(lesson, grid={"a": [1]}, seeds=[0])
    list(cluster.execute(client, sweep, ["a=1"], tmp_path / "runs"))
    assert list(plan.finished(sweep, tmp_path / "runs")) == ["a=1"]
    monkeypatch.setattr(system, "processor", lambda: {"model": "another"})
    assert plan.finished(sweep, tmp_path / "runs") == {}
    assert list(plan.finished(sweep, tmp_path / "runs", here=False)) == ["a=1"]


def test_parameters_that_move_together_are_one_axis_of_map_table_and_terminal(lesson):
    """By hand: a + b of the three pairs is 1.5, 2.25 and 4, and y adds 2."""
    sweep = plan.make_sweep(lesson, grid=axes.read(["a,b=1:0.5,2:0.25,3:1", "kind=x,y"]), seeds=[0])
    known = records(sweep, lambda given: given["a"] + given["b"] + 2 * (given["kind"] == "y"))
    table = tables.rows(sweep, known)
    order = tables.ranked(sweep, table, "score")
    assert [setting.median for setting in order] == [1.5, 2.25, 3.5, 4, 4.25, 6]
    page = report.page(sweep, table, "score")
    assert "<b>a=1, b=0.5, kind=x</b>" in page and "<h2>a,b and kind together</h2>" in page
    assert "-g a,b=1:0.5,2:0.25 -g kind=x --seeds 1-3" in page  # the best and the second, on fresh seeds
    assert watch.size(sweep, {}).startswith("01_t: a,b (3) × kind (2) × seeds (1) = 6 run(s)")
    head, line = (watch._line(sweep, given, "score", record) for given, record in (
        ({}, {}), (next(iter(sweep.runs().values())), next(iter(known.values())))))
    assert head.split() == ["a,b", "kind", "seed", "seconds", "score"] and line.split()[1:] == [
        "1:0.5", "x", "0", "1.0", "1.5"]
