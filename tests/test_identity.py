"""Two runs with one key have the same code, data, inputs, threads, libraries and machine."""

import hashlib
import json
import os

import pytest

from gancourse import system
from gancourse.course import run_fingerprint


def notebook(*cells):
    return {
        "cells": [{"cell_type": "code", "source": [cell], "metadata": {}} for cell in cells],
        "metadata": {"gancourse": {"lesson": 1}},
    }


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A package of three modules and two data files, and a folder of pictures."""
    package = tmp_path / "course"
    (package / "rulers").mkdir(parents=True)
    (package / "studies").mkdir()
    for name, text in {
        "__init__.py": "",
        "one.py": "from course.two import f\nread('rulers')",
        "two.py": "f = 1",
        "plots.py": "colour = 'blue'",
        "other.py": "g = 1",
        "rulers/r.bin": "1",
        "studies/s.csv": "1",
        "worker.py": "w = 1",
    }.items():
        (package / name).write_text(text)
    (tmp_path / "pictures" / "cats").mkdir(parents=True)
    (tmp_path / "pictures" / "cats" / "a.png").write_text("meow")
    (tmp_path / "own.npz").write_text("12")
    monkeypatch.setattr(run_fingerprint, "PACKAGE", package)
    return tmp_path


LESSON = notebook("n: int = 2", "from course import one, plots")


def key(folder, threads=1, **parameters):
    given = {"data": "npz:own.npz", "pictures": "folder:pictures"} | parameters
    return run_fingerprint.key(run_fingerprint.of_run(LESSON, given, folder, threads))


@pytest.mark.parametrize(
    "file, text",
    [
        ("own.npz", "34"),
        ("own.npz", "123"),
        ("pictures/cats/a.png", "woof"),
        ("pictures/cats/b.png", "meow"),
        ("pictures/dogs/a.png", "meow"),
        ("course/one.py", "from course.two import f, g\nread('rulers')"),
        ("course/two.py", "f = 2"),
        ("course/rulers/r.bin", "2"),
        ("course/rulers/new.bin", ""),
    ],
)
def test_whatever_decides_the_numbers_changes_the_key(course, file, text):
    """Also where the file keeps its size: 12 and 34, meow and woof."""
    before = key(course)
    (course / file).parent.mkdir(exist_ok=True)
    (course / file).write_text(text)
    os.utime(course / file, ns=(1, 1))  # whatever the clock of the disk
    assert key(course) != before


@pytest.mark.parametrize(
    "file, text",
    [
        ("course/two.py", "# words\nf = 1  # one"),
        ("course/other.py", "g = 2"),
        ("course/plots.py", "colour = 'red'"),
        ("course/studies/s.csv", "2"),
        ("course/worker.py", "w = 2"),
    ],
)
def test_what_a_run_does_not_use_leaves_the_key(course, file, text):
    before = key(course)
    (course / file).write_text(text)
    os.utime(course / file, ns=(1, 1))
    assert key(course) == before


def test_the_same_contents_elsewhere_are_the_same_inputs(course, tmp_path):
    before = key(course)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (course / "own.npz").rename(elsewhere / "own.npz")
    (course / "pictures").rename(elsewhere / "pictures")
    found = run_fingerprint.of_run(
        LESSON, {"data": "npz:own.npz", "pictures": "folder:pictures"}, elsewhere, 1
    )
    assert run_fingerprint.key(found) == before
    assert found["inputs"]["data"]["path"] == str(elsewhere / "own.npz")


def test_threads_parameters_libraries_processor_and_its_limits_change_the_key(course, monkeypatch):
    keys = {key(course), key(course, threads=2), key(course, n=3)}
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "avx2")
    keys.add(key(course))
    monkeypatch.setattr(system, "processor", lambda: {"model": "another"})
    keys.add(key(course))
    monkeypatch.setattr(system, "gpus", lambda: ["a card, its driver"])
    keys.add(key(course))
    monkeypatch.setattr(system, "library_versions", lambda: {"numpy": "0"})
    keys.add(key(course))
    assert len(keys) == 7


def test_the_run_s_own_checkpoint_is_no_input(course):
    (course / "ck").write_text("weights")
    before = key(course, checkpoint="ck")
    (course / "ck").write_text("more weights")
    assert key(course, checkpoint="ck") == before == key(course, checkpoint="")


def test_a_key_survives_its_way_through_json(course):
    found = run_fingerprint.of_run(LESSON, {"data": "npz:own.npz", "learning_rate": 1e-3}, course, 1)
    assert run_fingerprint.key(json.loads(json.dumps(found))) == run_fingerprint.key(found)
    assert run_fingerprint.key(found, here=False) == run_fingerprint.key(
        found | {"machine": {}, "versions": {}}, here=False
    )


@pytest.mark.parametrize(
    "value, is_input",
    [
        ("folder:pictures", True),
        ("npz:own.npz", True),
        ("file:own.npz", True),
        ("own.npz", True),
        ("./pictures", True),
        ("pictures", False),
        ("strokes", False),
        ("npz:gone.npz", False),
        ("", False),
        (3, False),
        ("a\x00b", False),
    ],
)
def test_a_value_that_names_a_file_or_folder_is_an_input(course, value, is_input):
    """A folder called like a value, such as cpu, does not make an input of device=cpu."""
    assert bool(run_fingerprint.inputs({"p": value}, course)) is is_input


def test_a_folder_is_its_names_sizes_and_contents(course):
    """By hand: a line a file, with its name in the folder, its size, the sha256 of its bytes."""
    (course / "pictures" / "z.png").write_text("")
    meow, nothing = hashlib.sha256(b"meow").hexdigest(), hashlib.sha256(b"").hexdigest()
    lines = f"cats/a.png\x004\x00{meow}\nz.png\x000\x00{nothing}\n"
    facts = run_fingerprint.folder_facts(course / "pictures")
    assert facts["sha256"] == hashlib.sha256(lines.encode()).hexdigest()
    assert facts["files"] == 2 and facts["bytes"] == 4


def test_what_a_link_to_a_folder_leads_to_counts_once(course, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "b.png").write_text("woof")
    (course / "pictures" / "dogs").symlink_to(elsewhere)
    (course / "pictures" / "all").symlink_to(course / "pictures")
    facts = run_fingerprint.folder_facts(course / "pictures")
    assert facts["files"] == 2 and facts["bytes"] == 8  # cats/a.png and dogs/b.png
    (elsewhere / "b.png").write_text("bark")
    assert run_fingerprint.folder_facts(course / "pictures")["sha256"] != facts["sha256"]


def test_figures_count_where_outputs_are_stored(course):
    stored = run_fingerprint.code_sha256(LESSON, drawing=True)
    (course / "course" / "plots.py").write_text("colour = 'red'")
    assert run_fingerprint.code_sha256(LESSON, drawing=True) != stored


@pytest.mark.parametrize(
    "cell",
    [
        "import subprocess\nrun('-m', 'course.worker')",
        "%matplotlib inline\nfrom course import worker",
    ],
)
def test_a_module_that_runs_in_a_process_of_its_own_or_below_a_magic_counts(course, cell):
    before = run_fingerprint.code_sha256(notebook(cell))
    (course / "course" / "worker.py").write_text("w = 2")
    os.utime(course / "course" / "worker.py", ns=(1, 1))
    assert run_fingerprint.code_sha256(notebook(cell)) != before


def test_a_processor_is_read_from_what_linux_says(monkeypatch):
    said = "processor\t: 0\nvendor_id\t: V\nmodel\t\t: 7\nmodel name\t: N\n"
    said += "flags\t\t: fpu avx2 fma\n\nprocessor\t: 1\n"
    monkeypatch.setattr(system.Path, "read_text", lambda path, **_: said)
    found = system.processor.__wrapped__()
    assert found["vendor_id"] == "V" and found["model"] == "7" and found["model name"] == "N"
    assert found["instructions"] == ["fma", "avx2"]
