"""One planted leak of each kind is found in what students get, wherever it lies, and nothing else is."""

import io
import json
import tarfile
import zipfile
from copy import deepcopy
from pathlib import Path

import pytest

from gancourse.course.classroom.folder import TEMPLATE, open_class
from gancourse.course.classroom.release import release
from gancourse.course.classroom.release.leaks import Leak, leaks
from gancourse.course.lessons import all_lessons, find

ANSWER = "rank = np.argsort( np.argsort(fake) )"  # of 05.1, with other spaces

HOME = "/".join(["", "home"])  # in parts, because no file of the project names a machine's folder


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory):
    """A class that has released all lessons."""
    root = tmp_path_factory.mktemp("gans")
    (root / "class.toml").write_text(TEMPLATE)
    for lesson in all_lessons():
        release.release(lesson, open_class(root))
    return root


@pytest.fixture
def student():
    """The released notebook of lesson 05, to plant something in."""
    return release.to_students(release.to_source(find("05").notebook))


def zipped(files):
    """A zip of these files as bytes, by their names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_all_lessons_are_released_and_nothing_leaks(handed_out):
    assert len(list(handed_out.glob("release/*.zip"))) == len(list(handed_out.glob("release/*/*.ipynb"))) == 15
    assert leaks(handed_out) == []


def add(text, kind="code", **more):
    """What plants a cell at the end of a notebook."""
    def plant(notebook):
        cell = {"cell_type": kind, "id": "planted", "metadata": {}, "source": [text]} | more
        notebook["cells"].append(cell | ({"outputs": [], "execution_count": None} | more if kind == "code" else {}))
    return plant


TRACEBACK = {"output_type": "error", "ename": "E", "evalue": "",
             "traceback": [f"File {HOME}/teacher/gans/05.py:3, in w1_gradient"]}
PLANTED = {
    "solution": add(ANSWER), "solution marker": add("def f(x):\n    ### END SOLUTION\n    return x"),
    "hidden test": add("### BEGIN HIDDEN TESTS\nassert f(1)"),
    "output": add("1", outputs=[{"output_type": "stream", "name": "stdout", "text": ["1"]}]),
    "execution count": add("1", execution_count=7), "path": add("1", outputs=[TRACEBACK]),
    "rubric": add("<details><summary>What a good answer says</summary>\n\nWords\n\n</details>", "markdown"),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_leak_in_a_cell_is_found_and_nothing_else(student, tmp_path, kind):
    PLANTED[kind](student)
    path = tmp_path / "any name.ipynb"
    path.write_text(json.dumps(student))
    (leak,) = leaks(path)
    assert leak[:3] == (str(path), len(student["cells"]) - 1, kind) and leak.words


def test_a_leak_in_the_metadata_is_found(student, tmp_path):
    student["metadata"]["gancourse"]["rendered"] = {"date": "2026-11-27"}
    student["metadata"]["papermill"] = {"input_path": f"{HOME}/teacher/course/05.ipynb"}
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(student))
    assert [(leak.cell, leak.kind) for leak in leaks(path)] == [(None, "rendered"), (None, "path")]


def test_of_a_solved_lesson_one_line_is_enough(tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_bytes(find("05").path.read_bytes())
    assert leaks([path]) == [Leak(str(path), None, "solved lesson", "it holds 4 solutions")]


def test_archives_are_searched_down_to_those_that_lie_in_others(student, tmp_path):
    """A wheel is a zip, too; those of other projects have tests of their own."""
    bad = deepcopy(student)
    add(ANSWER)(bad)
    wheel = zipped({"gancourse/a.py": "f = 1", "tests/test_exercises_05.py": "RIGHT = {}", "tests/more.py": ""})
    inner = zipped({"a.ipynb": json.dumps(bad), "good.ipynb": json.dumps(student)})
    path = tmp_path / "kit.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lessons/inner.zip", inner)
        archive.writestr("wheels/gancourse-0.2.0-py3-none-any.whl", wheel)
        archive.writestr("wheels/numpy-2.4.6-cp311.whl", zipped({"numpy/tests/test_a.py": ""}))
        archive.writestr("course/.git/config", "")
    leaked = [(leak.file.removeprefix(str(path)), leak.kind) for leak in leaks(tmp_path)]
    assert leaked == [("!lessons/inner.zip!a.ipynb", "solution"),
                      ("!wheels/gancourse-0.2.0-py3-none-any.whl!tests/test_exercises_05.py", "tests"),
                      ("!course/.git/config", "history")]


def test_a_tar_is_an_archive_and_one_that_cannot_be_read_is_not_safe(tmp_path):
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("05_which_distance.html")
        page = b"<p>rank = <span>np.argsort</span>(np.argsort(fake))</p>"
        member.size = len(page)
        archive.addfile(member, io.BytesIO(page))
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 and then nothing")
    assert [leak.kind for leak in leaks(tmp_path)] == ["solution", "unreadable"]


@pytest.mark.parametrize("text, kind", [("see ### BEGIN SOLUTION", "solution marker"), ("nothing", None),
                                        (r"C:\Users\teacher\gans", "path"), ("What a good answer says", "rubric")])
def test_texts_are_searched(tmp_path, text, kind):
    (tmp_path / "README.txt").write_text(text)
    assert [leak.kind for leak in leaks(tmp_path)] == [kind] * bool(kind)


def test_of_a_class_only_what_it_hands_out_is_searched(tmp_path):
    (tmp_path / "class.toml").write_text(TEMPLATE)
    for folder in ("source", "release"):
        path = tmp_path / folder / "a.ipynb"
        path.parent.mkdir()
        path.write_bytes(find("05").path.read_bytes())
    assert [Path(leak.file).parent.name for leak in leaks(tmp_path)] == ["release"]


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing.zip is not there: name a file or folder for students"):
        leaks(tmp_path / "nothing.zip")


def test_a_leak_reads_as_a_sentence():
    assert str(Leak("a.zip!b.ipynb", 3, "output", "1 output")) == "a.zip!b.ipynb, cell 3: output: 1 output"
