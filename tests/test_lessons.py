"""Parameters, presets, student versions and freshness of a lesson, on a small notebook made here."""

import copy
import os

import pytest

from gancourse.course import lessons, run_fingerprint


def cell(kind, source, *tags):
    made = {"cell_type": kind, "id": "x", "metadata": {"tags": list(tags)}, "source": source.splitlines(keepends=True)}
    return {**made, "outputs": ["old"], "execution_count": 3} if kind == "code" else made


SOLVED = '''def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION'''
NOTEBOOK = {
    "metadata": {"gancourse": {"lesson": 5, "title": "T", "minutes": 1, "makes": "m",
                               "presets": {"smoke": {"num_steps": 8}}}},
    "cells": [
        cell("code", 'num_steps: int = 600  # updates of D [1, 1000]\nlr: float = 1e-3  # step size [1e-6, 1]\n'
                     'precision: str = "fp32"  # arithmetic {fp32, bf16}\n'
                     'dataset: str = "strokes"  # a name or folder:PATH', "parameters"),
        cell("code", SOLVED), cell("code", "assert double(2) == 4", "check"), cell("markdown", "prose"),
    ],
}


@pytest.fixture
def lesson(tmp_path):
    return lessons.Lesson(tmp_path / "05_t.ipynb", copy.deepcopy(NOTEBOOK))


def test_parameters_are_read_with_type_help_and_limits():
    found = lessons.parameters(NOTEBOOK)
    assert list(found) == ["num_steps", "lr", "precision", "dataset"]
    assert found["num_steps"] == lessons.Parameter("num_steps", 600, "updates of D", 1, 1000)
    assert found["precision"].choices == ("fp32", "bf16") and found["dataset"].default == "strokes"


def test_settings_are_the_preset_then_the_given_less_the_defaults(lesson):
    assert lessons.settings(lesson) == {}
    assert lessons.settings(lesson, "smoke") == {"num_steps": 8}
    assert lessons.settings(lesson, "smoke", {"num_steps": 9, "lr": 1}) == {"num_steps": 9, "lr": 1.0}
    assert lessons.settings(lesson, given={"lr": 1e-3}) == {}


@pytest.mark.parametrize("given, word", [
    ({"num_step": 9}, "'num_step' is unknown; did you mean 'num_steps'"),
    ({"num_steps": 2.5}, "float; it must be int, such as 600"),
    ({"num_steps": "many"}, "it must be int"),
    ({"num_steps": True}, "bool; it must be int"),
    ({"lr": -1}, r"out of range \[1e-06, 1\]; the nearest right value is 1e-06"),
    ({"lr": float("nan")}, "out of range"),
    ({"num_steps": 5000}, "nearest right value is 1000"),
    ({"precision": "bf61"}, "did you mean 'bf16'"),
    ({"dataset": "stroks"}, "did you mean 'strokes'"),
])
def test_a_wrong_parameter_is_refused_with_the_nearest_right_one(lesson, given, word):
    with pytest.raises(ValueError, match=word):
        lessons.settings(lesson, given=given)


def test_an_unknown_preset_is_refused(lesson):
    with pytest.raises(ValueError, match="'smok' is unknown; did you mean 'smoke'"):
        lessons.settings(lesson, "smok")


def test_a_parameter_line_without_help_is_refused():
    with pytest.raises(ValueError, match="must read  name: type = literal  # help"):
        lessons.parameters({"cells": [cell("code", "x = 3", "parameters")]})


def test_the_student_version_has_stubs_and_no_outputs():
    student = lessons.without_solutions(NOTEBOOK)
    exercise, check = student["cells"][1], student["cells"][2]
    assert lessons.source(exercise) == "def double(x):\n    raise NotImplementedError  # your turn"
    assert exercise["outputs"] == [] and exercise["execution_count"] is None
    assert "raises-exception" in lessons.tags(check) and "raises-exception" not in lessons.tags(student["cells"][0])
    assert NOTEBOOK["cells"][1]["outputs"] == ["old"], "the source is left as it was"


def rendered(notebook):
    """A notebook whose outputs belong to its code, and to the package's."""
    fresh = copy.deepcopy(notebook)
    fresh["metadata"]["gancourse"]["rendered"] = run_fingerprint.of_code(fresh, drawing=True)
    return fresh


def test_prose_may_change_without_a_new_run_but_code_may_not():
    assert not lessons.is_fresh(NOTEBOOK), "never rendered"
    notebook = rendered(NOTEBOOK)
    notebook["cells"][3]["source"] = ["other prose"]
    assert lessons.is_fresh(notebook)
    notebook["cells"][1]["source"] = ["def double(x): return x + x"]
    assert not lessons.is_fresh(notebook)


@pytest.mark.parametrize("file, text, fresh", [
    ("one.py", "# words\nf = 1  # one", True), ("other.py", "g = 2", True), ("one.py", "f = 2", False),
    ("plots.py", "colour = 'red'", False), ("rulers/r.bin", "2", False)])
def test_outputs_are_stale_once_the_package_that_made_them_is_another(tmp_path, monkeypatch, file, text, fresh):
    package = tmp_path / "course"
    (package / "rulers").mkdir(parents=True)
    for name, code in {"__init__.py": "", "one.py": "f = 1", "other.py": "g = 1", "plots.py": "colour = 'blue'",
                       "rulers/r.bin": "1"}.items():
        (package / name).write_text(code)
    monkeypatch.setattr(run_fingerprint, "PACKAGE", package)
    notebook = copy.deepcopy(NOTEBOOK)
    notebook["cells"].append(cell("code", "from course import one, plots\nread('rulers')"))
    notebook = rendered(notebook)
    (package / file).write_text(text)
    os.utime(package / file, ns=(1, 1))
    assert lessons.is_fresh(notebook) is fresh


@pytest.mark.parametrize("which", ["1", "01", "01_adversarial_loss"])
def test_a_lesson_is_found_by_number_or_name(which):
    assert lessons.find(which).about["lesson"] == 1


@pytest.mark.parametrize("which, word", [("17", 'no lesson 17; there are 00, .*"gancourse list"'),
                                         ("05_dcgan", "did you mean '03_dcgan_pt'")])
def test_an_unknown_lesson_is_named(which, word):
    with pytest.raises(ValueError, match=word):
        lessons.find(which)


def test_a_file_that_is_no_course_notebook_is_named(tmp_path):
    (tmp_path / "a.ipynb").write_text("{")
    with pytest.raises(ValueError, match="is not a notebook of this course"):
        lessons.read(tmp_path / "a.ipynb")
