"""nbgrader's gradebook: the grader's marks go in, what a teacher enters in the formgrader comes out and stays."""

import copy
import json
import os
import shutil
import sys
from datetime import datetime, timedelta

import pytest

from gancourse.course.classroom.folder import Settings, make_class
from gancourse.course.classroom.grading import gradebook
from gancourse.errors import CourseError, MissingPackage

api = pytest.importorskip("nbgrader.api", reason='the gradebook needs: pip install "gancourse[classroom]"')

LESSON = "05_which_distance"


def cell(kind, text, grade_id="", points=None, **ours):
    """A cell of a release; with `points` it is graded, as a check or as the reply to an open question."""
    metadata = {"gancourse": ours} if ours else {}
    if grade_id:
        reply = kind == "markdown"
        metadata["nbgrader"] = {"schema_version": 3, "grade_id": grade_id, "grade": points is not None, "task": False,
                                "solution": reply or points is None, "locked": points is not None and not reply,
                                "cell_type": kind, "checksum": "0" * 32}
        if points is not None:
            metadata["nbgrader"]["points"] = points
    code = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "metadata": metadata, "source": [text], **code}


RELEASED = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "python3"}}, "cells": [
    cell("markdown", "# A lesson"),
    cell("code", "def f(): ...", "05_1", exercise="05.1", role="answer"),
    cell("code", "assert f()", "05_1_check", 4, exercise="05.1", role="check"),
    cell("code", "def g(): ...", "05_2", exercise="05.2", role="answer"),
    cell("code", "assert g()", "05_2_check", 3, exercise="05.2", role="check"),
    cell("markdown", "Why?", open="05.Q1", role="question"),
    cell("markdown", "*Your answer.*", "05_Q1", 2, open="05.Q1", role="reply")]}


def result(key, first, second, reply):
    """A result as the grader writes it, as far as the gradebook reads it."""
    return {"lesson": LESSON, "key": key, "submitted": "2026-12-01T12:00:00+01:00", "exercises": [
        {"id": "05.1", "points": 4, "earned": first, "reason": "" if first == 4 else "The sign is wrong."},
        {"id": "05.2", "points": 3, "earned": second, "reason": ""}],
        "open": [{"id": "05.Q1", "points": 2, "answer": reply, "earned": None}]}


@pytest.fixture(scope="module")
def empty_book(tmp_path_factory):
    """An empty gradebook; nbgrader needs seconds to make one."""
    folder = make_class(tmp_path_factory.mktemp("empty"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "/nowhere")  # alembic, which nbgrader runs, lies beside Python
        gradebook.write(prepare(folder), LESSON)
        assert os.environ["PATH"] == "/nowhere"
    with opened(folder) as book:
        book.remove_assignment(LESSON)
    return folder.root / "gradebook.db"


def prepare(folder):
    write(folder.release(LESSON), RELEASED)
    return folder


@pytest.fixture
def folder(tmp_path, empty_book):
    """A class of three, of whom two have been graded."""
    folder = prepare(make_class(tmp_path))
    shutil.copy(empty_book, tmp_path)
    folder.roster.write_text("id,name,email,group,pseudonym\ns1,Emmy Noether,e@x.org,A,owl\n"
                             's2,"Gauß, Carl Friedrich",,A,fox\ns3,Plato,,B,elk\n', encoding="utf-8")
    grade(folder, result("s1", 4, 3, "Because it saturates."), result("s2", 1, 0, "  "))
    return folder._replace(settings=Settings(deadlines={LESSON: datetime.fromisoformat("2026-12-01T10:00+01:00")}))


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data), encoding="utf-8")


def grade(folder, *results):
    for entry in results:
        write(folder.result(entry["key"], LESSON), entry)


def opened(folder):
    """The gradebook as nbgrader opens it, with the settings that the folder's config gives it."""
    config = {}
    exec(compile(folder.root.joinpath("nbgrader_config.py").read_text(), "nbgrader_config.py", "exec"),
         {"get_config": lambda: nested(config), "__file__": str(folder.root / "nbgrader_config.py")})
    return api.Gradebook(config["CourseDirectory"]["db_url"], config["CourseDirectory"]["course_id"])


def nested(values):
    """An object that puts `c.A.b = v` into values["A"]["b"]."""
    class Section:
        def __init__(self, target):
            self.__dict__["target"] = target

        def __getattr__(self, name):
            value = self.target.setdefault(name, {})
            return Section(value) if isinstance(value, dict) else value

        def __setattr__(self, name, value):
            self.target[name] = value

    return Section(values)


def enter(folder, key, cell_name, points, comment=""):
    """Do what the formgrader does when a teacher enters a score and a comment."""
    with opened(folder) as book:
        grade = book.find_grade(cell_name, LESSON, LESSON, key)
        grade.manual_score = points
        grade.needs_manual_grade = False
        if comment:
            book.find_comment(cell_name.removesuffix("_check"), LESSON, LESSON, key).manual_comment = comment
        book.db.commit()


def test_the_formgrader_sees_the_class(folder):
    gradebook.write(folder, LESSON)
    with opened(folder) as book:
        assert [(s.id, s.first_name, s.last_name) for s in book.students] == [
            ("s2", "Carl Friedrich", "Gauß"), ("s1", "Emmy", "Noether"), ("s3", "", "Plato")]
        assert book.find_assignment(LESSON).max_score == 9
        assert [(s.student.id, s.score) for s in book.assignment_submissions(LESSON)] == [("s1", 7), ("s2", 1)]
        assert book.find_submission(LESSON, "s1").timestamp == datetime(2026, 12, 1, 11)
        assert book.find_submission(LESSON, "s1").total_seconds_late == 2 * 3600
        assert book.find_comment("05_1", LESSON, LESSON, "s2").comment == "The sign is wrong."
        assert book.find_source_cell("05_1_check", LESSON, LESSON).source == "assert f()"


def test_an_open_question_waits_for_the_teacher_unless_nothing_was_written(folder):
    gradebook.write(folder, LESSON)
    with opened(folder) as book:
        assert book.find_submission(LESSON, "s1").needs_manual_grade
        assert not book.find_submission(LESSON, "s2").needs_manual_grade
        assert book.find_comment("05_Q1", LESSON, LESSON, "s2").comment == "No response."


def test_what_a_teacher_enters_is_read_back_and_survives_the_next_grading(folder):
    assert gradebook.by_hand(folder, LESSON) == {}
    gradebook.write(folder, LESSON)
    enter(folder, "s1", "05_Q1", 1.5, "Well argued.")
    enter(folder, "s2", "05_1_check", 2)
    gradebook.write(folder, LESSON)
    assert gradebook.by_hand(folder, LESSON) == {"s1": {"05.Q1": gradebook.ByHand(1.5, "Well argued.")},
                                                 "s2": {"05.1": gradebook.ByHand(2, "")}}
    with opened(folder) as book:
        assert not book.find_grade("05_1_check", LESSON, LESSON, "s2").needs_manual_grade


def test_a_measured_mark_that_changes_below_a_mark_by_hand_asks_the_teacher_to_look(folder):
    gradebook.write(folder, LESSON)
    enter(folder, "s2", "05_1_check", 2)
    grade(folder, result("s2", 4, 0, ""))
    gradebook.write(folder, LESSON)
    with opened(folder) as book:
        entry = book.find_grade("05_1_check", LESSON, LESSON, "s2")
        assert (entry.auto_score, entry.score, entry.needs_manual_grade) == (4, 2, True)


def test_an_exercise_that_is_gone_goes_unless_it_has_a_mark_by_hand(folder):
    gradebook.write(folder, LESSON)
    shorter = copy.deepcopy(RELEASED)
    del shorter["cells"][3:5]
    write(folder.release(LESSON), shorter)
    gradebook.write(folder, LESSON)
    with opened(folder) as book:
        assert book.find_assignment(LESSON).max_score == 6
        assert book.find_submission(LESSON, "s1").score == 4
    write(folder.release(LESSON), RELEASED)
    gradebook.write(folder, LESSON)
    enter(folder, "s1", "05_2_check", 2)
    write(folder.release(LESSON), shorter)
    gradebook.write(folder, LESSON)
    with opened(folder) as book:
        assert book.find_submission(LESSON, "s1").score == 6


def test_a_resubmission_moves_the_time(folder):
    gradebook.write(folder, LESSON)
    grade(folder, result("s1", 4, 3, "Because.") | {"submitted": "2026-12-02T00:00:00+00:00"})
    gradebook.write(folder, LESSON)
    with opened(folder) as book:
        assert book.find_submission(LESSON, "s1").timestamp == datetime(2026, 12, 2)


def test_an_extension_counts_for_the_student_who_has_it(folder):
    later = datetime.fromisoformat("2026-12-03T10:00+01:00")
    folder = folder._replace(settings=folder.settings._replace(extensions={("s1", LESSON): later}))
    gradebook.write(folder, LESSON)
    with opened(folder) as book:
        assert book.find_submission(LESSON, "s1").extension == timedelta(days=2)
        assert book.find_submission(LESSON, "s1").total_seconds_late == 0
        assert book.find_submission(LESSON, "s2").total_seconds_late == 2 * 3600


def test_with_pseudonyms_no_name_gets_into_the_gradebook(folder):
    folder = folder._replace(settings=Settings(pseudonyms=True))
    for path in folder.root.glob("results/*/*.json"):
        path.unlink()
    grade(folder, result("owl", 4, 3, ""))
    gradebook.write(folder, LESSON)
    assert "Noether" not in folder.root.joinpath("gradebook.db").read_bytes().decode("latin-1")
    with opened(folder) as book:
        assert {(s.id, s.last_name, s.email) for s in book.students} == {
            (key, None, None) for key in ("owl", "fox", "elk")}


def test_a_broken_gradebook_is_named_with_what_to_do(folder):
    folder.root.joinpath("gradebook.db").write_text("no database, but a text that is long enough to be read as one")
    with pytest.raises(CourseError, match="gradebook.db does not take or give marks .* are safe"):
        gradebook.write(folder, LESSON)


def test_without_nbgrader_one_line_says_how_to_get_it(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader", None)
    with pytest.raises(MissingPackage, match=r'pip install "gancourse\[classroom\]"'):
        gradebook.write(folder, LESSON)
