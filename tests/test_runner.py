"""Reruns: recorded, not repeated, atomic, honest about missed claims and failures.  On tiny lessons."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from planted import PARAMETERS, plant, table

from gancourse import errors, system
from gancourse.checkpoints import save_run
from gancourse.course import cli, kernel_client, lessons, notebook_execution, records, run_fingerprint, runner
from gancourse.training_loop import History, Log

ROOT = Path(__file__).parents[1]
OURS = {**os.environ, "PYTHONPATH": str(ROOT)}
MAIN = [sys.executable, "-c", "from gancourse.course.cli import main; main()"]
DOUBLED = table(("n doubled", "2 * n", 10), ("own half", "n / 2", 1), ("shown one", "1", 0))


@pytest.fixture
def lesson(tmp_path):
    cells = ("assert n < 9, 'nine is too many'", DOUBLED)
    return lessons.find(
        plant(tmp_path / "01_t.ipynb", *cells, title="T $x^2$", presets={"smoke": {"n": 1}})
    )


@pytest.fixture
def made_up(monkeypatch):
    """No kernel: a run takes no time and has no outputs; returns the parameters of each."""
    calls = []

    def execute(path, folder, chosen, kernels, **_):
        calls.append(chosen)
        folder.mkdir(parents=True, exist_ok=True)
        return {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, {}

    monkeypatch.setattr(notebook_execution, "to_folder", execute)
    return calls


def test_a_run_is_recorded_and_not_repeated(lesson, tmp_path):
    record, done_before = runner.run(lesson, tmp_path / "runs", given={"n": 3})
    folder = tmp_path / "runs" / "01_t" / "n=3"
    assert (
        not done_before
        and record["parameters"] == {"n": 3, "data": ""}
        and record["settings"] == {"n": 3}
    )
    assert record["results"] == {"n doubled": 6, "own half": 1.5, "shown one": 1}
    assert [(claim["kind"], claim["judged"], claim["held"]) for claim in record["claims"]] == [
        ("exact", True, True),
        ("own", False, False),
        ("shown", False, False),
    ]
    assert json.loads((folder / "run.json").read_text()) == record
    assert sorted(p.name for p in folder.iterdir()) == [
        "notebook.html",
        "notebook.ipynb",
        "run.json",
    ]
    assert "http" not in [w[:4] for w in (folder / "notebook.html").read_text().split('src="')[1:]]
    assert runner.run(lesson, tmp_path / "runs", given={"n": 3}) == (record, True)


def test_run_json_says_what_decided_the_numbers(lesson, tmp_path, made_up):
    (tmp_path / "own.npz").write_bytes(b"1234")
    record, _ = runner.run(
        lesson, tmp_path / "runs", given={"data": f"npz:{tmp_path}/own.npz"}, threads=2
    )
    found = record["identity"]
    assert (
        found["inputs"]["data"]["bytes"] == 4
        and found["threads"] == 2
        and record["versions"]["threads"] == "2"
    )
    assert (
        found["machine"]["processor"]["architecture"]
        and found["versions"]["numpy"] == np.__version__
    )
    assert found["code_sha256"] == record["code_sha256"] == run_fingerprint.code_sha256(lesson.notebook)
    assert found["key"] == run_fingerprint.key(found)


@pytest.mark.parametrize(
    "value, file",
    [
        ("npz:own.npz", "own.npz"),
        ("folder:mine", "mine/cats/a.png"),
        ("me.jpg", "me.jpg"),
        ("file:poems.txt", "poems.txt"),
    ],
)
def test_changed_data_are_never_done_before(lesson, tmp_path, made_up, value, file):
    """The new bytes are as many as the old ones; the old ones put back are done before again."""
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    done = []
    for i, text in enumerate(["old", "old", "new", "old"]):
        path.write_text(text)
        os.utime(path, ns=(i, i))  # whatever the clock of the disk
        done.append(runner.run(lesson, tmp_path / "runs", given={"data": value}, cwd=tmp_path)[1])
    assert done == [False, True, False, False] and len(made_up) == 3


def test_the_same_name_in_another_folder_is_not_done_before(lesson, tmp_path, made_up):
    done = []
    for i in range(2):
        (tmp_path / f"{i}" / "flat").mkdir(parents=True)
        (tmp_path / f"{i}" / "flat" / "a.png").write_text(f"{i}")
        done.append(
            runner.run(
                lesson, tmp_path / "runs", given={"data": "folder:flat"}, cwd=tmp_path / f"{i}"
            )[1]
        )
    assert done == [False, False]


def test_other_threads_or_another_processor_are_another_run(lesson, tmp_path, made_up, monkeypatch):
    runs = tmp_path / "runs"
    done = [runner.run(lesson, runs)[1], runner.run(lesson, runs, threads=2)[1]]
    monkeypatch.setattr(system, "processor", lambda: {"model": "another"})
    done += [
        runner.run(lesson, runs, threads=2, here=False)[1],
        runner.run(lesson, runs, threads=2)[1],
    ]
    assert done == [False, False, True, False]


def test_a_run_goes_on_from_the_checkpoint_of_its_own_code_and_data_only(tmp_path, made_up):
    parameters = PARAMETERS + '\ncheckpoint: str = ""  # file to go on from'
    (tmp_path / "own.npz").write_text("1")
    for code, data in [("1", "1"), ("2", "1"), ("2", "2")]:
        lesson = lessons.find(plant(tmp_path / "01_t.ipynb", code, parameters=parameters))
        (tmp_path / "own.npz").write_text(data)
        os.utime(tmp_path / "own.npz", ns=(int(data), int(data)))
        runner.run(lesson, tmp_path / "runs", given={"data": "npz:own.npz"}, cwd=tmp_path)
    used = {Path(chosen["checkpoint"]) for chosen in made_up}
    assert len(used) == 3 and len({path.parent for path in used}) == 1
    assert {path.parent.parent for path in used} == {tmp_path / "runs" / "01_t"}


def test_a_named_checkpoint_never_meets_other_data(tmp_path, made_up):
    parameters = PARAMETERS + '\ncheckpoint: str = ""  # file to go on from'
    lesson = lessons.find(plant(tmp_path / "01_t.ipynb", "1", parameters=parameters))
    given = {"data": "npz:own.npz", "checkpoint": "ck"}
    (tmp_path / "own.npz").write_text("old")
    runner.run(lesson, tmp_path / "runs", given=given, cwd=tmp_path)
    save_run(tmp_path / "ck", {"w": np.zeros(1)}, History([Log(1, {})]))
    (tmp_path / "own.npz").write_text("new")
    os.utime(tmp_path / "own.npz", ns=(1, 1))
    with pytest.raises(
        errors.CourseError, match="ck was made from other data .*what data= names has changed"
    ):
        runner.run(lesson, tmp_path / "runs", given=given, cwd=tmp_path)
    runner.run(lesson, tmp_path / "runs", given=given | {"checkpoint": "ck2"}, cwd=tmp_path)
    assert len(made_up) == 2


def test_a_missed_claim_ends_no_run(lesson, tmp_path, monkeypatch):
    """Not even where the reader's shell is strict, which is for tests."""
    monkeypatch.setenv("GANCOURSE_STRICT", "1")
    strict = "import os\nassert os.environ['GANCOURSE_STRICT'] == '0'"
    lesson = lessons.find(plant(tmp_path / "01_t.ipynb", strict, DOUBLED))
    record, _ = runner.run(lesson, tmp_path / "runs", given={"n": 8})
    assert (
        records.claims_in_words(record)
        == "0 of 1 claim holds (1 not judged: other data or settings than the lesson's)"
    )
    assert records.missed_in_words(record) == ["n doubled: measured 16, claimed < 10"]
    assert "a table" in (tmp_path / "runs" / "01_t" / "n=8" / "notebook.html").read_text()


def test_a_failing_cell_is_named_and_its_copy_page_and_record_are_kept(lesson, tmp_path):
    """The third code cell of the copy, after the parameters, own and given; [3] stands beside it."""
    with pytest.raises(runner.LessonFailed) as failed:
        runner.run(lesson, tmp_path / "runs", given={"n": 9})
    folder = tmp_path / "runs" / "01_t" / "n=9"
    assert (
        """lesson 01_t failed in cell [3] of failed.ipynb, "assert n < 9, 'nine is too many'": """
        "AssertionError: nine is too many\n"
    ) in str(failed.value)
    assert sorted(p.name for p in folder.iterdir()) == [
        "failed.html",
        "failed.ipynb",
        "failed.json",
    ]
    record = json.loads((folder / "failed.json").read_text())
    assert (
        record == failed.value.record
        and record["cell"]["number"] == 3
        and record["settings"] == {"n": 9}
    )
    assert record["results"] == {} and record["status"] == "failed" and record["seconds"] > 0
    copy = json.loads((folder / "failed.ipynb").read_text())
    (cell,) = [c for c in copy["cells"] if c.get("execution_count") == record["cell"]["number"]]
    assert (
        "nine is too many" in lessons.source(cell)
        and "nine is too many" in (folder / "failed.html").read_text()
    )


def test_a_failed_run_keeps_the_numbers_it_had_and_goes_when_it_is_mended(lesson, tmp_path):
    bad = lessons.find(plant(tmp_path / "01_t.ipynb", DOUBLED, "1 / 0"))
    with pytest.raises(runner.LessonFailed, match="ZeroDivisionError") as failed:
        runner.run(bad, tmp_path / "runs")
    assert (
        failed.value.record["results"]["n doubled"] == 4 and len(failed.value.record["claims"]) == 3
    )
    runner.run(lessons.find(plant(tmp_path / "01_t.ipynb", DOUBLED)), tmp_path / "runs")
    assert sorted(p.name for p in (tmp_path / "runs" / "01_t" / "default").iterdir()) == [
        "notebook.html",
        "notebook.ipynb",
        "run.json",
    ]


def test_a_kernel_that_dies_is_a_failure_of_its_cell(tmp_path):
    lesson = lessons.find(plant(tmp_path / "01_t.ipynb", "import os\nos._exit(1)"))
    with pytest.raises(
        runner.LessonFailed, match=r'cell \[2\] .*"import os": its kernel died \(out of memory'
    ):
        runner.run(lesson, tmp_path / "runs")


def test_a_cell_that_takes_too_long_ends_in_one_sentence(tmp_path, capfd):
    lesson = lessons.find(plant(tmp_path / "01_t.ipynb", "import time\ntime.sleep(600)"))
    with pytest.raises(
        runner.LessonFailed,
        match=r"cell \[2\] .*: it took over 1 s; --cell-timeout gives a cell more",
    ):
        runner.run(lesson, tmp_path / "runs", cell_timeout=1)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("deaths, ends", [(2, "n=1"), (3, "failed")])
def test_a_kernel_that_does_not_come_up_is_started_three_times(
    lesson, tmp_path, monkeypatch, deaths, ends
):
    start, tries = kernel_client.Manager.start_kernel, []

    def dies_at_first(self, **options):
        tries.append(1)
        if len(tries) <= deaths:
            raise RuntimeError("Kernel died before replying to kernel_info")
        return start(self, **options)

    monkeypatch.setattr(kernel_client.Manager, "start_kernel", dies_at_first)
    if ends == "failed":
        with pytest.raises(
            runner.LessonFailed, match=r"01_t failed: its kernel does not start \(Kernel died"
        ):
            runner.run(lesson, tmp_path / "runs", given={"n": 1})
    else:
        assert runner.run(lesson, tmp_path / "runs", given={"n": 1})[0]["results"]["n doubled"] == 2
    assert len(tries) == 3


def test_two_processes_on_one_run_compute_it_once(tmp_path, capsys):
    """The first waits, in its cell, for the file "go"; the second leaves, or waits and finds it done."""
    wait = "from pathlib import Path\nimport time\n"
    wait += "with open('ran', 'a') as file:\n    file.write('x')\n"
    wait += "while not Path('go').exists():\n    time.sleep(0.05)"
    path = plant(tmp_path / "01_t.ipynb", wait, DOUBLED)
    command = [*MAIN, "run", path, "--runs", "runs", "--cell-timeout", "60"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=OURS, stdout=subprocess.PIPE, text=True
    ) as first:
        while "begins" not in (line := first.stdout.readline()):
            assert line, "the first run has ended"
        (running,) = (tmp_path / "runs" / "01_t" / "default").glob(".running-*")
        with pytest.raises(SystemExit) as stop:
            cli.main(["run", path, "--runs", str(tmp_path / "runs"), "--no-wait"])
        assert stop.value.code == 2 and f"process {first.pid} on " in capsys.readouterr().out
        said = []

        def say(sentence):
            said.append(sentence)
            assert running.exists()
            (tmp_path / "go").touch()

        record, done_before = runner.run(
            lessons.find(path), tmp_path / "runs", cwd=tmp_path, threads=1, say=say
        )
        assert "1 of 1 claim holds" in first.stdout.read() and first.wait() == 0
    assert (
        done_before
        and record["results"]["n doubled"] == 4
        and (tmp_path / "ran").read_text() == "x"
    )
    assert (
        len(said) == 1
        and f"process {first.pid} on " in said[0]
        and "01_t/default.  Waiting for it" in said[0]
    )


def test_nothing_runs_when_a_parameter_is_wrong(lesson, tmp_path):
    with pytest.raises(ValueError, match="nearest right value is 9"):
        runner.run(lesson, tmp_path / "runs", given={"n": 10})
    assert not (tmp_path / "runs").exists()


def test_render_stores_fresh_outputs_once(lesson):
    assert not lessons.is_fresh(lesson.notebook)
    runner.render(lesson)
    stored = lessons.read(lesson.path)
    assert lessons.is_fresh(stored) and records.results(stored)["n doubled"] == 4


def test_render_keeps_what_an_author_wrote_about_a_cell_and_drops_what_a_run_did(lesson):
    written = {"tags": ["check"], "gancourse": {"exercise": "01.1", "points": 5}, "slideshow": {"slide_type": "skip"}}
    (code,) = [cell for cell in lesson.notebook["cells"] if "parameters" not in lessons.tags(cell)][-1:]
    code["metadata"] = written | {"execution": {"iopub.execute_input": "now"}}
    runner.render(lesson)
    folded = {"jupyter": {"source_hidden": True}}  # a check is
    assert lessons.read(lesson.path)["cells"][-1]["metadata"] == written | folded


@pytest.mark.parametrize("said, threads", [("", 1), ("3", 3)])
def test_a_kernel_has_one_thread_unless_the_environment_says_otherwise(
    lesson, monkeypatch, said, threads
):
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert runner.plan(lesson, Path("runs")).identity["threads"] == threads
    assert set(notebook_execution.environment(threads).values()) == {str(threads), "0"}


@pytest.mark.parametrize(
    "chosen, name",
    [
        ({}, "default"),
        ({"seed": 1, "num_steps": 9}, "num_steps=9,seed=1"),
        ({"lr": 1e-4}, "lr=0.0001"),
    ],
)
def test_a_run_folder_is_named_after_its_parameters(chosen, name):
    assert runner.run_name(chosen) == name


def test_a_path_among_the_parameters_still_makes_one_folder_name():
    name = runner.run_name({"dataset": "folder:/photos/of mine"})
    assert "/" not in name and name != runner.run_name({"dataset": "folder:/photos_of mine"})


@pytest.mark.parametrize(
    "argv, status, word",
    [
        (["run", "17"], 2, "no lesson 17"),
        (["run", "01", "-p", "num_stepz=3"], 2, "unknown"),
        (["run", "01", "-p", "nonsense"], 2, "must read NAME=VALUE"),
        (["run", "01", "--preset", "gup"], 2, "did you mean 'gpu'"),
        (["data", "mnits"], 2, "did you mean 'mnist'"),
    ],
)
def test_the_command_line_names_the_fix(argv, status, word, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(argv)
    assert stop.value.code == status and word in capsys.readouterr().err


def test_a_lesson_says_what_can_be_set_and_what_its_presets_set(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["run", "10", "--parameters"])
    said = capsys.readouterr().out
    assert (
        stop.value.code == 0
        and "-p learning_rate=0.004" in said
        and "--preset mnist: dataset=" in said
    )


@pytest.mark.parametrize(
    "command", ["list", "run", "runs", "lab", "student", "render", "test", "data", "doctor"]
)
def test_every_command_has_help_with_an_example(command, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([command, "--help"])
    assert stop.value.code == 0 and f"example: gancourse {command}" in capsys.readouterr().out


def test_a_student_copy_that_exists_is_never_overwritten(tmp_path, capsys):
    mine = tmp_path / "01_adversarial_loss.ipynb"
    mine.write_text("my work")
    with pytest.raises(SystemExit):
        cli.main(["student", "01", "--to", str(tmp_path)])
    assert mine.read_text() == "my work" and "yours, kept" in capsys.readouterr().out
