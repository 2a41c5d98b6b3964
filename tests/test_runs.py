"""`gancourse runs`: every run that is kept, found, sorted, tagged, compared, exported.  On made-up records."""

import html
import json
import re
import threading

import pytest

from gancourse.course import cli, record_format, records
from gancourse.course.runs import compare as run_compare
from gancourse.course.runs import filter as run_filter
from gancourse.course.runs import list as run_list
from gancourse.course.runs import rows as run_rows

DATE = "2026-11-{}T10:00:00+00:00"
IDENTITY = {
    "code_sha256": "c" * 64, "package_data": {}, "parameters_sha256": "p", "inputs": {}, "threads": 1,
    "versions": {"numpy": "2"}, "machine": {"processor": {"model name": "P"}, "gpu": [], "limits": {}},
}


def write(runs, run, results, *, width=8, status="done", date="2026-11-20T10:00:00+00:00", **more):
    """Write a made-up record into a folder of runs and return the folder; one claim bounds the first number by 5."""
    folder = runs / run
    folder.mkdir(parents=True, exist_ok=True)
    claims = [{"text": text, "kind": "exact", "bound": "< 5", "low": None, "high": 5, "measured": value,
               "judged": True, "held": float(value) < 5} for text, value in list(results.items())[:1]]
    record = {"lesson": run.partition("/")[0], "title": "T", "settings": {"width": width}, "date": date,
              "parameters": {"width": width, "seed": 0, "checkpoint": f"{folder}/ck.safetensors"},
              "results": results, "claims": claims, "seconds": 2.0, "versions": {"numpy": "2"},
              "identity": IDENTITY, "provenance": {"made_by": "run", "command": "gancourse run 03"}, **more}
    name = "failed.json" if status == "failed" else "run.json"
    if status == "failed":
        record |= {"status": "failed", "error": "failed in cell [3]: no", "cell": {"number": 3}}
    (folder / name).write_text(json.dumps(record))
    return folder


@pytest.fixture
def runs(tmp_path):
    """Five runs: two of lesson 03 that are done, one that misses its claim, one that failed, one of lesson 06."""
    runs = tmp_path / "runs"
    write(runs, "03_d/a", {"distance of the samples": 4.0, "loss of G": 0.7}, width=8)
    write(runs, "03_d/b", {"distance of the samples": 3.0, "loss of G": 0.7}, width=16, date=DATE.format(21))
    write(runs, "03_d/c", {"distance of the samples": 9.0}, width=32, date=DATE.format(22))
    write(runs, "03_d/d", {"distance of the samples": "nan"}, width=4, status="failed", date=DATE.format(23))
    write(runs, "06_g/default", {"steps": 2.0}, date=DATE.format(24))
    return runs


def main(*argv):
    """Run the command and return its status."""
    with pytest.raises(SystemExit) as stop:
        cli.main([*map(str, argv)])
    return stop.value.code or 0


def names(rows):
    return [row["run"] for row in rows]


def test_every_run_is_a_row_the_newest_first(runs):
    rows = run_rows.rows(runs)
    assert names(rows) == ["06_g/default", "03_d/d", "03_d/c", "03_d/b", "03_d/a"]
    assert [row["status"] for row in rows] == ["done", "failed", "missed", "done", "done"]
    assert rows[0]["metrics"] == {"steps": 2.0} and rows[0]["params"] == {"width": 8, "seed": 0}
    assert len({row["id"] for row in rows}) == 5


def test_a_good_run_and_a_later_failure_in_its_folder_are_two_rows(runs):
    write(runs, "03_d/a", {}, status="failed", date=DATE.format(25))
    both = [row for row in run_rows.rows(runs) if row["run"] == "03_d/a"]
    assert [row["status"] for row in both] == ["failed", "done"] and both[0]["id"] != both[1]["id"]
    assert run_filter.find(both, "03_d/a", runs)["status"] == "done"


def test_files_of_other_programs_are_no_runs(runs):
    for name, text in {"w": "{", "x": "[1]", "y": '{"claims": 3}', "z": '{"lesson": "z"}'}.items():
        (runs / name / "1").mkdir(parents=True)
        (runs / name / "1" / "run.json").write_text(text)
    assert [row["run"] for row in run_rows.rows(runs) if not row["run"].startswith("0")] == ["z/1"]


@pytest.mark.parametrize("options, kept", [
    ({"lesson": "03"}, "dcba"), ({"lesson": "3"}, "dcba"), ({"lesson": "03_d"}, "dcba"), ({"lesson": "d"}, "dcba"),
    ({"failed": True}, "d"), ({"since": "2026-11-22"}, "dc"), ({"where": ["width>=16"]}, "cb"),
    ({"where": ["params.width=8"], "lesson": "03"}, "a"), ({"where": ["width!=8"]}, "dcb"),
    ({"where": ["status=missed"]}, "c"), ({"where": ["distance < 5", "width>8"]}, "b"),
    ({"where": ["error~cell"]}, "d"), ({"where": ["width>9", "date<2026-11-22"]}, "b"),
    ({"where": ["steps>0"]}, ""), ({"where": ["width>x"]}, ""),
])
def test_conditions_leave_the_runs_that_meet_all_of_them(runs, options, kept):
    """The letters are folders of lesson 03, the newest first; "x" is no number, so nothing is more than it."""
    rows = [row for row in run_filter.select(run_rows.rows(runs), **options) if row["lesson"] == "03_d"]
    assert "".join(row["run"][-1] for row in rows) == kept


@pytest.mark.parametrize("options, words", [
    ({"lesson": "04"}, "lesson with runs here: '04' is unknown.*03_d, 06_g"),
    ({"where": ["widht>3"]}, "did you mean 'width'"),
    ({"where": ["width"]}, 'must read COLUMN, one of >= .*"width>=8"'), ({"since": "yesterday"}, "such as 2026-11-01"),
    ({"tag": "best"}, "tag 'best' is unknown"), ({"where": ["claims>0"]}, "fits 2 columns.*\n  claims_held\n")])
def test_a_condition_that_no_run_can_meet_names_what_there_is(runs, options, words):
    with pytest.raises(ValueError, match=words):
        run_filter.select(run_rows.rows(runs), **options)


@pytest.mark.parametrize("by, reverse, order", [
    ("distance", False, "bacd"), ("distance of the", True, "cabd"), ("width", False, "dabc"), ("run", True, "dcba")])
def test_runs_are_sorted_by_any_column_and_what_lacks_it_comes_last(runs, by, reverse, order):
    """Of d the distance is no number."""
    rows = run_filter.ordered([row for row in run_rows.rows(runs) if row["lesson"] == "03_d"], by, reverse)
    assert "".join(row["run"][-1] for row in rows) == order


def test_a_column_is_meant_by_its_name_a_part_of_it_or_its_sentence(runs):
    rows = run_rows.rows(runs)
    whole = "metrics.distance_of_the_samples"
    for name in (whole, "distance_of_the_samples", "distance of the samples", "samples", "dist"):
        assert run_filter.column_of(rows, name) == whole
    assert run_filter.column_of(rows, "seconds") == "seconds" and run_filter.column_of(rows, "seed") == "params.seed"


def test_the_list_shows_what_was_asked_for(runs, capsys):
    assert main("runs", "--runs", runs, "--lesson", "03", "--sort", "distance", "-w", "width>=4", "--limit", "3") == 0
    head, *lines, words = capsys.readouterr().out.splitlines()
    assert head.split() == ["id", "lesson", "settings", "status", "claims", "width", "distance_of_the_samples", "tags",
                            "seconds", "date"]
    assert [line.split()[2:7] for line in lines] == [
        ["width=16", "done", "1/1", "16", "3"], ["width=8", "done", "1/1", "8", "4"],
        ["width=32", "missed", "0/1", "32", "9"]]
    assert words == "4 runs of 5, 1 failed; the first 3 are shown"


def test_a_failed_run_says_what_went_wrong_below_its_line(runs, capsys):
    assert main("runs", "--runs", runs, "--failed") == 0
    out = capsys.readouterr().out
    assert "  failed  " in out and "\n        failed in cell [3]: no\n" in out


def test_without_runs_the_list_says_how_to_make_one(tmp_path, capsys):
    assert main("runs", "--runs", tmp_path / "none") == 0
    assert "no runs in" in capsys.readouterr().out and not (tmp_path / "none").exists()


def test_a_narrow_terminal_cuts_the_settings_not_what_became_of_the_run(runs):
    rows = run_rows.rows(runs)
    rows[0]["settings"] = "x" * 200
    first = run_list.table(rows, [], width=80).splitlines()[1]
    assert len(first) <= 80 and first.count("x") == 16 and " done " in first and "2026-11-24" in first


def test_tags_are_given_taken_and_found(runs, capsys):
    which = run_filter.find(run_rows.rows(runs), "03_d/b", runs)["id"]
    assert main("runs", "--runs", runs, "tag", which, "best") == 0
    assert main("runs", "tag", "03_d/b", "paper", "--runs", runs) == 0
    assert capsys.readouterr().out == "03_d/b: best\n03_d/b: best, paper\n"
    assert names(run_filter.select(run_rows.rows(runs), tag="paper")) == ["03_d/b"]
    assert '<span class="tag">best</span>' in (runs / "index.html").read_text()
    assert main("runs", "--runs", runs, "tag", which[:4], "best", "--remove") == 0
    assert capsys.readouterr().out == "03_d/b: paper\n"


def test_tags_that_several_commands_give_at_once_are_all_kept(runs):
    threads = [threading.Thread(target=run_list.set_tag, args=[runs, "03_d/a", f"t{i}"]) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert run_rows.tags_of(runs / "03_d" / "a") == [f"t{i}" for i in range(8)]


@pytest.mark.parametrize("argv, words", [
    (["tag", "nobody", "best"], "no run 'nobody'"), (["tag", "03_d", "best"], "fits 4 runs; give the id of one"),
    (["tag", "03_d/a", "two words"], "must be of letters"), (["diff", "03_d/a"], "give two runs or more"),
    (["diff", "03_d/a", "03_d/a"], "each once"), (["export"], "say where to"),
    (["export", "x.xls"], "must end in .csv or"),
    (["export", "x.csv", "--lesson", "6", "--failed"], "nothing to write")])
def test_a_wrong_word_is_refused_with_what_is_right(runs, argv, words, capsys):
    assert main("runs", "--runs", runs, *argv) == 2
    assert words in capsys.readouterr().err


# ---- the page


def cells(page):
    """The text of each row of the page's table."""
    rows = page.split("<tbody>")[1].split("</tbody>")[0].split("<tr")[1:]
    return [html.unescape(re.sub(r"<[^>]*>", " ", row.partition(">")[2])).split() for row in rows]


def test_the_page_lists_every_run_and_needs_no_network(runs):
    write(runs, "mine", {"Frechet distance": 41.8}, lesson="train", title="gancourse train", steps=200)
    (runs / "sweeps" / "s-1").mkdir(parents=True)
    (runs / "sweeps" / "s-1" / "report.html").touch()
    page = records.write_index(runs).read_text()
    assert [line[:1] + line[-1:] for line in cells(page)] == [
        [row["title"].split()[0] if row["lesson"] == "train" else row["lesson"][:2], row["id"]]
        for row in run_rows.rows(runs)]
    assert "http" not in page and "src=" not in page and 'href="sweeps/s-1/report.html"' in page
    assert 'href="03_d/d/failed.html#papermill-error-cell"' in page and "41.8" in page


def test_the_page_knows_each_number_of_each_run(runs):
    page = records.write_index(runs).read_text()
    numbers = json.loads(page.split('id="numbers">')[1].split("</script>")[0])
    places = {name: str(place) for place, name in enumerate(numbers["names"])}
    assert [row.get(places["distance_of_the_samples"]) for row in numbers["rows"]] == [None, None, 9, 3, 4]
    assert '<option value="distance_of_the_samples">distance of the samples</option>' in page


def test_a_number_s_sentence_cannot_break_the_page(runs):
    write(runs, "03_d/e", {"</script><b>": 1.0})
    page = records.write_index(runs).read_text()
    assert "</script><b>" not in page and page.count("</script>") == 2


# ---- side by side


def test_two_runs_side_by_side_show_what_differs(runs, capsys):
    assert main("runs", "--runs", runs, "diff", "03_d/a", "03_d/b") == 0
    out = capsys.readouterr().out
    assert re.search(r"^  width +8 +16$", out, re.MULTILINE) and "Parameters (1 parameter the same)" in out
    assert re.search(r"^  distance_of_the_samples +4 +3 +-1 \(-25 %\)$", out, re.MULTILINE)
    assert "loss_of_g" not in out and "Numbers (1 number the same)" in out
    assert "What decides numbers and differs: parameters." in out
    (page,) = (runs / "compared").glob("*.html")
    text = page.read_text()
    assert str(page) in out and 'href="../03_d/a/notebook.html"' in text and "distance_of_the_samples" in text
    assert names(run_rows.rows(runs)).count("03_d/a") == 1


@pytest.mark.parametrize("change, words", [
    ({}, "Nothing that decides numbers differs, yet numbers do"),
    ({"threads": 2}, "What decides numbers and differs: threads."),
    ({"versions": {"numpy": "3"}}, "differs: version of numpy."),
    ({"inputs": {"dataset": {"path": "own.npz", "sha256": "d" * 64}}}, "differs: data of dataset."),
    ({"machine": {"processor": {"model name": "Q"}, "gpu": ["a card"]}}, "differs: processor, card.")])
def test_the_cause_of_a_difference_is_named(runs, change, words):
    write(runs, "03_d/e", {"distance of the samples": 4.5}, identity=IDENTITY | change)
    rows = [run_filter.find(run_rows.rows(runs), run, runs) for run in ("03_d/a", "03_d/e")]
    assert words in run_compare.cause_in_words(rows)


def test_a_record_without_an_identity_says_no_cause(runs):
    write(runs, "03_d/e", {"distance of the samples": 4.5}, identity={})
    rows = [run_filter.find(run_rows.rows(runs), run, runs) for run in ("03_d/a", "03_d/e")]
    assert "does not say all that has decided" in run_compare.cause_in_words(rows)


def test_curves_are_overlaid_where_runs_kept_their_logs(runs):
    (runs / "03_d" / "a" / "ck.csv").write_text("step,d_loss\n50,1.5\n100,1.25\n")
    (runs / "03_d" / "b" / "logs.csv").write_text("step,d_loss\n50,nan\n")
    write(runs, "03_d/b", {}, curves="logs.csv")
    a, b = (run_filter.find(run_rows.rows(runs), run, runs) for run in ("03_d/a", "03_d/b"))
    assert run_compare.curves(a["curves"]) == {"d_loss": [(50, 1.5), (100, 1.25)]}
    run_compare.compare(runs, ["03_d/a", "03_d/b", "03_d/c"])
    (page,) = (runs / "compared").glob("*.html")
    words = f"d_loss against the step, a line for each of {a['id']}, {b['id']}. "
    assert words in page.read_text() and page.read_text().count("data:image/png") == 1


# ---- one table


def test_the_table_has_every_run_failures_too_under_names_that_stay(runs, tmp_path, capsys):
    pandas = pytest.importorskip("pandas", reason='the table needs: pip install "gancourse[sweep]"')
    for name in ("all.csv", "all.parquet"):
        assert main("runs", "--runs", runs, "export", tmp_path / name) == 0
    assert "all.csv: 5 runs, 1 failed" in capsys.readouterr().out
    csv, parquet = pandas.read_csv(tmp_path / "all.csv"), pandas.read_parquet(tmp_path / "all.parquet")
    assert list(csv) == list(parquet) and len(csv) == 5
    assert csv["status"].tolist() == ["done", "failed", "missed", "done", "done"]
    assert csv["metrics.distance_of_the_samples"].tolist()[2:] == [9, 3, 4]
    assert parquet["params.width"].tolist() == [8, 4, 32, 16, 8] and csv["missed"][2] == "distance of the samples"
    assert {"command", "commit", "data_sha256", "processor", "threads", "versions.numpy", "exit_status"} <= set(csv)


def test_a_parameter_of_two_kinds_becomes_text(runs, tmp_path):
    pandas = pytest.importorskip("pandas", reason='the table needs: pip install "gancourse[sweep]"')
    write(runs, "03_d/e", {}, width="wide")
    assert main("runs", "--runs", runs, "export", tmp_path / "all.parquet", "-w", "status=done") == 0
    assert sorted(pandas.read_parquet(tmp_path / "all.parquet")["params.width"]) == ["16", "8", "8", "wide"]


def test_a_column_keeps_its_name_whatever_other_runs_there_are(runs, tmp_path):
    """Options stand before or after the inner command."""
    pandas = pytest.importorskip("pandas", reason='the table needs: pip install "gancourse[sweep]"')
    main("runs", "--runs", runs, "--lesson", "06", "export", tmp_path / "before.csv")
    main("runs", "export", tmp_path / "after.csv", "--lesson", "06", "--runs", runs)
    assert (tmp_path / "before.csv").read_text() == (tmp_path / "after.csv").read_text()
    assert "metrics.steps" in pandas.read_csv(tmp_path / "after.csv")


# ---- MLflow itself


def test_mlflow_reads_what_is_exported(runs, tmp_path, capsys):
    mlflow = pytest.importorskip("mlflow", reason='needs: pip install "gancourse[mlflow]"')
    (runs / "03_d" / "a" / "ck.csv").write_text("step,d_loss\n50,1.5\n100,1.25\n")
    run_list.set_tag(runs, "03_d/a", "best")
    for words in ("5 runs written\n", "0 runs written, 5 stood there before\n"):
        assert main("runs", "--runs", runs, "export", "--mlflow", tmp_path / "store") == 0
        assert words in capsys.readouterr().out
    client = mlflow.MlflowClient(tracking_uri=(tmp_path / "store").as_uri())
    experiment = client.get_experiment_by_name("gancourse 03_d").experiment_id
    kept = {run.info.run_name: run for run in client.search_runs([experiment], "metrics.distance_of_the_samples < 5")}
    assert set(kept) == {"a", "b"} and kept["a"].data.params == {"width": "8", "seed": "0"}
    assert kept["a"].data.tags["best"] == "yes" and kept["a"].data.metrics["loss_of_g"] == 0.7
    points = client.get_metric_history(kept["a"].info.run_id, "curve.d_loss")
    assert [(point.step, point.value) for point in points] == [(50, 1.5), (100, 1.25)]
    assert {run.info.run_name: run.info.status for run in client.search_runs([experiment])} == {
        "a": "FINISHED", "b": "FINISHED", "c": "FINISHED", "d": "FAILED"}


def test_without_mlflow_the_export_says_what_brings_it(runs, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(__import__("sys").modules, "mlflow", None)
    assert main("runs", "--runs", runs, "export", "--mlflow", tmp_path / "store") == 2
    assert 'pip install "gancourse[mlflow]"' in capsys.readouterr().err


# ---- records of earlier versions


def test_a_record_of_an_earlier_version_gets_what_follows_from_it(tmp_path):
    """Until 0.2 a lesson's record had no short names, and that of `gancourse train` no lesson."""
    write(tmp_path, "03_d/a", {"loss of G": 0.5}, provenance={})
    old = record_format.read(tmp_path / "03_d" / "a" / "run.json")
    assert old["metrics"] == {"loss_of_g": 0.5} and old["claims"][0]["name"] == "loss_of_g"
    (tmp_path / "mine").mkdir()
    trained = {"settings": {"width": 8, "ema": 0.9}, "steps": 3, "losses": {}, "results": {"d": 1.0}, "date": "2026"}
    (tmp_path / "mine" / "run.json").write_text(json.dumps(trained))
    (train,) = [row for row in run_rows.rows(tmp_path) if row["lesson"] == "train"]
    assert train["params"] == {"width": 8, "ema_decay": 0.9} and train["made_by"] == "train"
    assert record_format.completed(old) == old
