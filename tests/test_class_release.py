"""What a class hands out: a notebook to fill in and a zip, which nbgrader accepts, and nothing that gives answers."""

import io
import json
import zipfile
from copy import deepcopy
from functools import cache
from pathlib import Path

import nbformat
import pytest

from gancourse.course.classroom.folder import TEMPLATE, open_class
from gancourse.course.classroom.lesson.exercises import exercises, open_questions, stub_of, version
from gancourse.course.classroom.release import leaks, release
from gancourse.course.lessons import STUB, Lesson, all_lessons, find, source

each_lesson = pytest.mark.parametrize("lesson", all_lessons(), ids=lambda lesson: lesson.name)


@pytest.fixture
def folder(tmp_path):
    """A class with a deadline for lesson 05."""
    text = TEMPLATE.replace("# 05_which_distance = 2026-12-04T23:59:00", "05_which_distance = 2026-12-04T22:30:00Z")
    (tmp_path / "class.toml").write_text(text)
    return open_class(tmp_path)


@cache
def both(name):
    """The source of a lesson and what students get; tests only read them."""
    solved = release.to_source(find(name).notebook)
    return solved, release.to_students(solved)


def cells_by_role(notebook):
    """The cells of exercises and open questions, by (id, role)."""
    facts = [(cell["metadata"].get("gancourse", {}), cell) for cell in notebook["cells"]]
    return {(about.get("exercise") or about["open"], about["role"]): cell for about, cell in facts if about}


@each_lesson
def test_students_get_every_exercise_to_fill_in_and_no_answer(lesson):
    solved, student = both(lesson.name)
    assert version(student) == version(lesson.notebook) == student["metadata"]["gancourse"]["release"]["version"]
    cells = cells_by_role(student)
    for exercise in exercises(lesson.notebook):
        answer, check = cells[exercise.id, "answer"], cells[exercise.id, "check"]
        assert source(answer) == stub_of(lesson.notebook, exercise) and STUB in source(answer)
        assert source(check) == source(lesson.notebook["cells"][exercise.check])
        assert {"raises-exception"} <= set(answer["metadata"]["tags"]) & set(check["metadata"]["tags"])
    for question in open_questions(lesson.notebook):
        assert source(cells[question.id, "question"]).endswith(question.question)
        assert source(cells[question.id, "reply"]) == release.REPLY
        assert question.rubric in source(cells_by_role(solved)[question.id, "reply"])
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in student["cells"])
    assert [e[:3] for e in exercises(student)] == [e[:3] for e in exercises(lesson.notebook)]


@each_lesson
def test_nothing_of_the_prose_is_lost_but_what_good_answers_say(lesson):
    def words(notebook):
        prose = "\n".join(source(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
        return release.RUBRIC.sub("", prose).replace(release.REPLY, "").split()
    assert words(both(lesson.name)[1]) == words(lesson.notebook)


@each_lesson
def test_nbgrader_accepts_both_notebooks(lesson):
    nbgraderformat = pytest.importorskip("nbgrader.nbgraderformat")
    for notebook in both(lesson.name):
        whole = nbformat.reads(json.dumps(notebook), as_version=4)
        nbformat.validate(whole)
        nbgraderformat.MetadataValidator().validate_nb(whole)
        graded = [cell.metadata.nbgrader for cell in whole.cells if "nbgrader" in cell.metadata]
        assert sum(facts.get("points", 0) for facts in graded) == sum(
            part.points for part in [*exercises(lesson.notebook), *open_questions(lesson.notebook)])


def test_nbgrader_itself_makes_the_same_release_from_the_source():
    """Its own preprocessors, with the settings of nbgrader_config.py, leave the same cells and checksums."""
    preprocessors = pytest.importorskip("nbgrader.preprocessors")
    solved, student = both("05_which_distance")
    notebook, resources = nbformat.reads(json.dumps(solved), as_version=4), {}
    clear = preprocessors.ClearSolutions(begin_solution_delimeter="### BEGIN SOLUTION",
                                         end_solution_delimeter="### END SOLUTION", code_stub={"python": STUB})
    for step in (preprocessors.LockCells(), clear, preprocessors.ClearOutput(), preprocessors.CheckCellMetadata(),
                 preprocessors.ClearHiddenTests(), preprocessors.ComputeChecksums()):
        notebook, resources = step.preprocess(notebook, resources)
    for theirs, ours in zip(notebook.cells, student["cells"], strict=True):
        assert theirs.source == source(ours)
        for name in ("nbgrader", "deletable", "editable"):
            assert theirs.metadata.get(name) == ours["metadata"].get(name)


def test_a_release_is_written_as_nbgrader_and_the_class_expect_it(folder):
    facts = release.release(find("05"), folder)
    written = sorted(path.relative_to(folder.root).as_posix() for path in folder.root.rglob("*.*"))
    assert written == ["class.toml", "release/05_which_distance.json", "release/05_which_distance.zip",
                       "release/05_which_distance/05_which_distance.ipynb",
                       "source/05_which_distance/05_which_distance.ipynb"]
    assert folder.facts("05_which_distance") == facts and folder.released() == ["05_which_distance"]
    assert [entry["id"] for entry in facts["exercises"]] == ["05.1", "05.2", "05.3", "05.4"]
    assert facts["points"] == sum(entry["points"] for entry in facts["exercises"] + facts["open"])
    assert "rubric" not in json.dumps(facts)


def test_the_zip_holds_the_notebook_and_plain_words(folder):
    release.release(find("05"), folder)
    with zipfile.ZipFile(folder.release_zip("05_which_distance")) as archive:
        names = archive.namelist()
        words = archive.read("05_which_distance/README.txt").decode()
        assert archive.read(names[0]) == folder.release("05_which_distance").read_bytes()
    assert names == [f"05_which_distance/{name}" for name in ("05_which_distance.ipynb", "README.txt")]
    for word in ("hand in this one file under its own name, 05_which_distance.ipynb", "the latest counts",
                 "Deadline: Friday, 04 December 2026", "05.2      6   critic_slope", "05.Q1     2   open question",
                 'pip install "gancourse-0.2.0.zip"'):
        assert word in words
    assert "Deadline" not in readme_of("03", folder) and 'gancourse-0.2.0.zip[pt]"' in readme_of("03", folder)


def readme_of(number, folder):
    lesson = find(number)
    release.release(lesson, folder)
    with zipfile.ZipFile(folder.release_zip(lesson.name)) as archive:
        return archive.read(f"{lesson.name}/README.txt").decode()


def test_the_same_lesson_gives_the_same_zip(folder):
    lesson = find("05")
    release.release(lesson, folder)
    first = folder.release_zip(lesson.name).read_bytes()
    release.release(lesson, folder)
    assert folder.release_zip(lesson.name).read_bytes() == first


def test_a_release_can_be_shorter(folder):
    """What is judged is what is left."""
    facts = release.release(find("05"), folder, ["Carrying earth", "densities"])
    assert facts["cut"] == ["Densities that do not meet", "Carrying earth"]
    assert [entry["id"] for entry in facts["exercises"]] == ["05.2", "05.3", "05.4"]
    student = json.loads(folder.release("05_which_distance").read_text())
    assert "Carrying earth\n" not in "".join(source(cell) for cell in student["cells"])
    assert facts["version"] != version(find("05").notebook)


def planted(tmp_path, change):
    """Lesson 05 with a change, in a folder of its own."""
    lesson = find("05")
    notebook = deepcopy(lesson.notebook)
    change(notebook["cells"])
    return Lesson(tmp_path / "lessons" / lesson.path.name, notebook)


def test_what_would_give_an_answer_away_is_not_released(folder, tmp_path):
    text = "**Hint.** `np.sign(fake - np.sort(real)[rank]) / len(fake)`"
    lesson = planted(tmp_path, lambda cells: cells.append(
        {"cell_type": "markdown", "id": "x", "metadata": {}, "source": [text]}))
    with pytest.raises(ValueError, match="is not released, because it would give away: .*: solution: np"):
        release.release(lesson, folder)
    assert not folder.release("05_which_distance").exists() and not folder.source("05_which_distance").exists()


def test_hidden_tests_stay_with_the_teacher(folder, tmp_path):
    lines = ["\n### BEGIN HIDDEN TESTS\n", "checks.true(w1_gradient(a, b).sum() == 0, 'hidden')\n",
             "### END HIDDEN TESTS\n", "# after them"]
    exercise = exercises(find("05").notebook)[0]
    lesson = planted(tmp_path, lambda cells: cells[exercise.check]["source"].extend(lines))
    facts = release.release(lesson, folder)
    assert "'hidden'" in folder.source(lesson.name).read_text()
    released = folder.release(lesson.name).read_text()
    assert "'hidden'" not in released and "HIDDEN TESTS" not in released
    assert "# after them" in folder.release(lesson.name).read_text()
    assert facts["version"] != version(find("05").notebook)


def test_a_picture_beside_the_lesson_comes_along_and_nothing_from_elsewhere(folder, tmp_path):
    text = "![a](pictures/a.png) [b](../secret.csv) [c](06_the_game.ipynb) [d](https://e.org/d.png) [e](none.png)"
    lesson = planted(tmp_path, lambda cells: cells.append(
        {"cell_type": "markdown", "id": "x", "metadata": {}, "source": [text]}))
    for name in ("lessons/pictures/a.png", "secret.csv", "lessons/06_the_game.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"1")
    release.release(lesson, folder)
    with zipfile.ZipFile(folder.release_zip(lesson.name)) as archive:
        assert [name for name in archive.namelist() if "README" not in name][1:] == [f"{lesson.name}/pictures/a.png"]


def test_the_package_for_students_holds_no_lessons_no_tests_and_can_be_installed(tmp_path):
    files = release.package_files()
    assert {Path("pyproject.toml"), Path("README.md"), Path("LICENSE"), Path("gancourse/__init__.py"),
            Path("gancourse/data/datasets.toml"), Path("gancourse/metrics/feature_nets/sha256.json")} <= set(files)
    assert not [file for file in files if {"tests", "notebooks", ".git", "__pycache__"} & set(file.parts)]
    assert not [file for file in files if file.suffix == ".ipynb"]
    release.write_package(tmp_path / "gancourse-0.2.0.zip")
    assert leaks.leaks(tmp_path) == []
    with zipfile.ZipFile(io.BytesIO((tmp_path / "gancourse-0.2.0.zip").read_bytes())) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"gancourse-0.2.0"}
