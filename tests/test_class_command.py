"""The ten commands of the README take a class from nothing to marks and feedback."""

import csv
import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from gancourse.course.classroom import command
from gancourse.course.classroom.folder import open_class
from gancourse.course.classroom.release import release
from gancourse.course.cli import main
from gancourse.course.options import parser

for package in ("distributed", "nbgrader", "pyreveal"):
    pytest.importorskip(package, reason='needs: pip install "gancourse[sweep,classroom]"')

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

from made_up_class import BANKS, a_class, moodle_zip

ROOT = Path(__file__).parents[1]
LESSON = "05_which_distance"
BLOCK = (ROOT / "README.md").read_text().split("## Teach with it")[1].split("```")[1]
COMMANDS = [re.split(r"\s{3,}", line)[0] for line in BLOCK.strip().splitlines()]


def run(text):
    """Run a command of the README; return its status."""
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(text)[1:])
    return ended.value.code


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """The folder of a class of six after all ten commands, and the status of each."""
    root = tmp_path_factory.mktemp("teacher")
    status = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        for text in COMMANDS:
            if text.startswith("mkdir"):
                (root / "gans").mkdir()
                patch.chdir(root / "gans")
                continue
            if " collect " in text:
                released = json.loads(open_class(Path()).release(LESSON).read_text())
                cases = a_class(released, BANKS["05"], 6, killers=0)
                Path("submissions.zip").write_bytes(moodle_zip(cases))
                asked = Path("class.toml").read_text()
                Path("class.toml").write_text(asked.replace("seconds = 20", "seconds = 2"))  # one loops without end
            status[text] = run(text)
    return root / "gans", status


def test_there_are_ten_and_each_ends_well(taught):
    _, status = taught
    assert len(COMMANDS) == 10
    assert set(status.values()) <= {0, None}, status


def test_each_handed_in_notebook_has_a_mark_and_a_page(taught):
    root, _ = taught
    folder = open_class(root)
    marks = list(csv.DictReader(folder.marks_csv(LESSON).open(encoding="utf-8-sig")))
    assert len(marks) == len(folder.results(LESSON)) > 3
    assert {line["key"] for line in marks} == set(folder.submissions(LESSON))
    assert all(folder.feedback(key, LESSON).exists() for key in folder.submissions(LESSON))


def test_what_a_teacher_looks_at_is_there(taught):
    root, _ = taught
    for name in ("build/class/plan.html", f"build/class/{LESSON}.slides.html", f"release/{LESSON}.zip",
                 f"release/{release.PACKAGE_ZIP}",
                 f"feedback/{LESSON}.zip", f"marks/{LESSON}.html", f"marks/similar_{LESSON}.html", "class.toml"):
        assert (root / name).stat().st_size > 100, name


def test_a_command_outside_a_class_says_how_to_make_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run("gancourse class grade 05") == 2
    assert "gancourse class release 05" in capsys.readouterr().err


def test_a_section_is_cut_from_one_lesson_only(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run("gancourse class release 05 06 --cut Deeper") == 2
    assert "--cut is for one lesson" in capsys.readouterr().err
    assert not (tmp_path / "class.toml").exists()


@pytest.mark.parametrize("word", command.WORDS)
def test_each_word_has_help_with_an_example(word, capsys):
    with pytest.raises(SystemExit):
        parser().parse_args(["class", word, "--help"])
    assert f"example: gancourse class {word}" in capsys.readouterr().out
