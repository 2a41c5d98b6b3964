"""The kit for a room without network holds all but the wheels, no answer, and is the same bytes each time."""

import io
import json
import os
import subprocess
import sys
import zipfile

import pytest

from gancourse.course.classroom.material import kit
from gancourse.course.classroom.release import leaks
from gancourse.course.lessons import STUB, find, source
from gancourse.errors import CourseError, MissingFile

LESSON = find("00")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return kit.kit(tmp_path_factory.mktemp("kit") / "kit.zip", [LESSON])


@pytest.fixture(scope="module")
def files(path):
    """The files of the kit by their names within its one folder."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert all(name.startswith(f"{kit.NAME}/") for name in names) and names == sorted(names)
        return {name.removeprefix(f"{kit.NAME}/"): archive.read(name) for name in names}


@pytest.fixture(scope="module")
def unpacked(path, tmp_path_factory):
    folder = tmp_path_factory.mktemp("room")
    zipfile.ZipFile(io.BytesIO(path.read_bytes())).extractall(folder)
    return folder / kit.NAME


def test_the_same_course_makes_the_same_bytes(path, tmp_path):
    assert kit.kit(tmp_path / "kit.zip", [LESSON]).read_bytes() == path.read_bytes()


def test_no_answer_is_in_it(path, files):
    assert leaks.leaks([path]) == []
    assert not [name for name in files if "test" in name.split("/")[0] or name.endswith(".pyc")]


def test_a_page_that_gives_an_answer_away_stops_the_kit(tmp_path, monkeypatch):
    monkeypatch.setattr(kit, "page", lambda lesson: "<p>return np.array([np.mean(push * z), np.mean(push)])</p>")
    with pytest.raises(CourseError, match="would give away: .*00_start_here.html"):
        kit.kit(tmp_path / "kit.zip", [LESSON])
    assert not (tmp_path / "kit.zip").exists()


def test_lessons_are_those_of_students_and_pages_have_their_figures(files):
    cells = json.loads(files["notebooks/00_start_here.ipynb"])["cells"]
    assert sum(STUB in source(cell) for cell in cells) == 2 and not any(cell.get("outputs") for cell in cells)
    page = files["pages/00_start_here.html"].decode()
    assert page.count("<img") >= 3 and "<math" in page and "your turn" in page
    assert "00_start_here.html" in files["pages/index.html"].decode()
    assert "worst error of the mean" in files["pages/numbers.html"].decode()


def test_package_cards_and_pictures_are_there(files):
    wanted = {"pyproject.toml", "LICENSE", "README.md", "gancourse/course/cli.py", "gancourse/data/datasets.toml",
              "data/README.md", "notebooks/pictures/results.jpg", "START_HERE.txt", "install.py", "requirements.txt"}
    assert wanted <= set(files)


def test_requirements_are_the_pins_of_what_the_lessons_need(files):
    lines = files["requirements.txt"].decode().splitlines()
    assert "torch==2.13.0" in lines and "numpy==2.4.6" in lines and not any("tensorflow" in line for line in lines)
    assert [line for line in lines if "==" not in line] == ["setuptools>=77"]
    assert kit._extras([find("02")]) == ["pt", "tf"] and kit._extras([find("12")]) == ["pt", "speech"]


def test_the_words_name_the_one_command_for_the_wheels_and_the_one_for_the_room(files):
    words = files["START_HERE.txt"].decode()
    assert "python -m pip download -r requirements.txt -d wheels\n" in words and "python install.py\n" in words
    assert "lessons 00" in words and max(map(len, words.splitlines())) <= 100


def test_the_installer_uses_no_network_and_says_what_is_missing(unpacked):
    text = (unpacked / "install.py").read_text()
    assert '"--no-index", "--find-links"' in text and '[{EXTRAS}]' in text and 'EXTRAS = "pt"' in text
    done = subprocess.run([sys.executable, "install.py"], cwd=unpacked, capture_output=True, text=True)
    assert done.returncode == 1 and "pip download -r requirements.txt" in done.stderr
    assert not (unpacked / ".venv").exists()


def test_the_unpacked_kit_is_a_course_of_its_own(unpacked):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-m", "gancourse", "list"], cwd=unpacked, env=environment,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "00  Start here" in done.stdout and "01  " not in done.stdout


def test_without_the_courses_folder_the_reason_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(kit, "ROOT", tmp_path)
    with pytest.raises(MissingFile, match="made from the course's folder"):
        kit.kit(tmp_path / "kit.zip", [LESSON])
