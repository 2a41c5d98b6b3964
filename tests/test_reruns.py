"""Reruns: recorded, not repeated, atomic, and honest about failure.  On a notebook of three cells."""

import json

import nbformat
import pytest

from gancourse import cli, kernels, lessons, reruns

CELLS = [
    ("n: int = 2  # a number [0, 9]", ["parameters"]),
    ("from gancourse import checks\nassert n < 5, 'five is too many'", []),
    ("table = checks.Checkpoint()\ntable.claim('n doubled', 2 * n, below=100)\ntable.show()", []),
]


@pytest.fixture
def lesson(tmp_path):
    cells = [nbformat.v4.new_code_cell(source, metadata={"tags": tags}) for source, tags in CELLS]
    about = {"gancourse": {"lesson": 1, "title": "T $x^2$", "minutes": 1, "makes": "m", "presets": {"smoke": {"n": 1}}}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=about), tmp_path / "01_t.ipynb")
    return lessons.find(str(tmp_path / "01_t.ipynb"))


def test_a_run_is_recorded_and_not_repeated(lesson, tmp_path):
    record, done_before = reruns.run(lesson, tmp_path / "runs", given={"n": 3})
    folder = tmp_path / "runs" / "01_t" / "n=3"
    assert not done_before and record["parameters"] == {"n": 3} and record["results"] == {"n doubled": 6.0}
    assert record["judged"]
    assert json.loads((folder / "run.json").read_text()) == record
    assert sorted(p.name for p in folder.iterdir()) == ["notebook.html", "notebook.ipynb", "run.json"]
    assert "http" not in [w[:4] for w in (folder / "notebook.html").read_text().split('src="')[1:]]
    assert reruns.run(lesson, tmp_path / "runs", given={"n": 3}) == (record, True)


def test_a_run_resumes_from_the_checkpoint_of_its_own_code_only(lesson, tmp_path):
    cells = lesson.notebook["cells"]
    cells[0]["source"] = [*cells[0]["source"], '\ncheckpoint: str = ""  # file to go on from']
    used = []
    for words in ("", "\n# other code"):
        cells[1]["source"] = [*cells[1]["source"], words]
        lesson.path.write_text(json.dumps(lesson.notebook))
        used.append(reruns.run(lesson, tmp_path / "runs")[0]["parameters"]["checkpoint"])
    assert used[0] != used[1] and all(name.startswith(str(tmp_path / "runs" / "01_t" / "default")) for name in used)


def test_a_failing_cell_is_named_and_its_copy_kept(lesson, tmp_path):
    with pytest.raises(reruns.LessonFailed, match="cell 3: AssertionError: five is too many"):
        reruns.run(lesson, tmp_path / "runs", given={"n": 5})
    assert [p.name for p in (tmp_path / "runs" / "01_t" / "n=5").iterdir()] == ["failed.ipynb"]


def test_a_failed_run_keeps_the_numbers_it_had(lesson, tmp_path):
    lesson.notebook["cells"][2]["source"][1] = "table.claim('n doubled', 2 * n, below=1)\n"
    lesson.path.write_text(json.dumps(lesson.notebook))
    with pytest.raises(reruns.LessonFailed, match="did not hold") as failed:
        reruns.run(lesson, tmp_path / "runs")
    assert failed.value.results == {"n doubled": 4.0}


def test_a_kernel_that_dies_is_a_failure_of_its_cell(lesson, tmp_path):
    lesson.notebook["cells"][1]["source"] = ["import os\n", "os._exit(1)"]
    lesson.path.write_text(json.dumps(lesson.notebook))
    with pytest.raises(reruns.LessonFailed, match=r"cell 2: its kernel died \(out of memory"):
        reruns.run(lesson, tmp_path / "runs")


@pytest.mark.parametrize("deaths, ends", [(2, "n=1"), (3, "failed")])
def test_a_kernel_that_does_not_come_up_is_started_three_times(lesson, tmp_path, monkeypatch, deaths, ends):
    start, tries = kernels.Manager.start_kernel, []

    def dies_at_first(self, **options):
        tries.append(1)
        if len(tries) <= deaths:
            raise RuntimeError("Kernel died before replying to kernel_info")
        return start(self, **options)

    monkeypatch.setattr(kernels.Manager, "start_kernel", dies_at_first)
    if ends == "failed":
        with pytest.raises(reruns.LessonFailed, match=r"cell 0: its kernel does not start \(Kernel died"):
            reruns.run(lesson, tmp_path / "runs", given={"n": 1})
    else:
        assert reruns.run(lesson, tmp_path / "runs", given={"n": 1})[0]["results"] == {"n doubled": 2.0}
    assert len(tries) == 3


def test_the_code_of_a_run_is_the_notebook_and_what_it_imports(lesson, monkeypatch, tmp_path):
    """Words may change, code may not, whether it stands in the notebook, in a module, or in what that imports."""
    package = tmp_path / "course"
    package.mkdir()
    monkeypatch.setattr(reruns, "PACKAGE", package)
    lesson.notebook["cells"][1]["source"] = ["from course import one\n"]
    codes = []
    for name, text in [("__init__", ""), ("one", "from course.two import f"), ("two", "f = 1"), ("other", "g = 1"),
                       ("two", "# words\nf = 1  # one"), ("two", "f = 2"), ("__init__", "h = 1")]:
        (package / f"{name}.py").write_text(text)
        codes.append(reruns.code_sha256(lesson.notebook))
    assert codes[2] == codes[3] == codes[4] and len(set(codes[2:])) == 3
    assert codes[-1] != reruns.code_sha256({**lesson.notebook, "cells": lesson.notebook["cells"][:2]})


def test_nothing_runs_when_a_parameter_is_wrong(lesson, tmp_path):
    with pytest.raises(ValueError, match="nearest right value is 9"):
        reruns.run(lesson, tmp_path / "runs", given={"n": 10})
    assert not (tmp_path / "runs").exists()


def test_render_stores_fresh_outputs_once(lesson):
    assert not lessons.is_fresh(lesson.notebook)
    reruns.render(lesson)
    stored = lessons.read(lesson.path)
    assert lessons.is_fresh(stored) and reruns.results(stored) == {"n doubled": 4.0}


@pytest.mark.parametrize("chosen, name", [
    ({}, "default"), ({"seed": 1, "num_steps": 9}, "num_steps=9,seed=1"), ({"lr": 1e-4}, "lr=0.0001")])
def test_a_run_folder_is_named_after_its_parameters(chosen, name):
    assert reruns.run_name(chosen) == name


def test_a_path_among_the_parameters_still_makes_one_folder_name():
    name = reruns.run_name({"dataset": "folder:/photos/of mine"})
    assert "/" not in name and name != reruns.run_name({"dataset": "folder:/photos_of mine"})


@pytest.mark.parametrize("argv, status, word", [
    (["run", "17"], 2, "no lesson 17"), (["run", "01", "-p", "num_stepz=3"], 2, "unknown"),
    (["run", "01", "-p", "nonsense"], 2, "must read NAME=VALUE"),
    (["run", "01", "--preset", "gup"], 2, "did you mean 'gpu'"),
    (["data", "mnits"], 2, "did you mean 'mnist'"),
])
def test_the_command_line_names_the_fix(argv, status, word, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(argv)
    assert stop.value.code == status and word in capsys.readouterr().err


def test_a_lesson_says_what_can_be_set_and_what_its_presets_set(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["run", "09", "--parameters"])
    said = capsys.readouterr().out
    assert stop.value.code == 0 and "-p learning_rate=0.004" in said and "--preset curve: curve_seeds=6" in said


@pytest.mark.parametrize("command", ["list", "run", "lab", "student", "render", "test", "data", "doctor"])
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
