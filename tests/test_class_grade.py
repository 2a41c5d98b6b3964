"""The grader: each submission once, whatever the others do; and no mark falls in silence.

Most tests play the workers themselves; the last ones run Dask, and judge a class of a dozen.
"""

import contextlib
import csv
import json
import os
import signal
import sys
from datetime import datetime
from pathlib import Path

import nbformat
import pytest

from gancourse.course.classroom.collect import attempt_files
from gancourse.course.classroom.folder import Settings, make_class
from gancourse.course.classroom.grading import grade, gradebook, results, worker
from gancourse.course.classroom.release import release
from gancourse.course.lessons import find
from gancourse.course.sweeps import cluster, cluster_calls
from gancourse.errors import CourseError, MissingFile

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

from made_up_class import BANKS, a_class, wrong_marks

pytest.importorskip("distributed", reason='the grader needs: pip install "gancourse[sweep]"')

LESSON = "05_which_distance"
WRITE_GRADEBOOK, CONNECT = gradebook.write, cluster.connect
OUTCOMES, JUDGE = cluster_calls.outcomes, worker.judge_submission


def cell(kind, text, tags=(), **ours):
    code = {"outputs": [], "execution_count": None} if kind == "code" else {}
    metadata = {"tags": list(tags)} if tags else {}
    return {"cell_type": kind, "id": f"c{abs(hash(text)) % 10**8}", "source": [text], **code,
            "metadata": metadata | ({"gancourse": ours} if ours else {})}


def lesson(first, second, reply):
    """A lesson with two exercises and an open question."""
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"gancourse": {"lesson": 5}}, "cells": [
        cell("code", first, exercise="05.1", points=4, role="answer"),
        cell("code", "assert f()", ["check"], exercise="05.1", role="check"),
        cell("code", second, exercise="05.2", points=3, role="answer"),
        cell("code", "assert g()", ["check"], exercise="05.2", role="check"),
        cell("markdown", "Why?", open="05.Q1", points=2, role="question"),
        cell("markdown", reply, open="05.Q1", points=2, role="reply")]}


RELEASED = lesson("def f():\n    raise NotImplementedError", "def g():\n    raise NotImplementedError", "YOUR ANSWER")
SOLVED = lesson("def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION",
                "def g():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION", "What a good answer says.")


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value) if isinstance(value, dict) else value, encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    """A class of three who have handed in; what a submission gets is its text, in points."""
    folder = make_class(tmp_path)
    folder.roster.write_text("id,name,email,group,pseudonym\nann,Ann,,,owl\nbob,Bob,,,fox\ncem,Cem,,,elk\n")
    write(folder.release(LESSON), RELEASED)
    write(folder.source(LESSON), SOLVED)
    write(folder.release_facts(LESSON), {"version": "v1"})
    for key, marks in (("ann", "4 3"), ("bob", "2 3"), ("cem", "0 0")):
        hand_in(folder, key, marks)
    return folder


def hand_in(folder, key, marks, when="2026-12-01 10:00:00 UTC"):
    write(folder.submitted(key, LESSON), marks)
    write(folder.submitted(key, LESSON).with_name("timestamp.txt"), when)


@pytest.fixture(autouse=True)
def judged():
    """Play the worker: a submission's text is its points; return whom it has judged."""
    judged = []

    def judge(assignment, data):
        judged.append(data.decode())
        if data == b"death":
            return None
        if data == b"trouble":
            return {"failed": "OSError: no room"}
        earned = map(float, data.split())
        exercises = [{"id": id_, "points": points, "earned": value, "status": "right" if value == points else "wrong",
                      "reason": "" if value == points else "The sign is wrong.", "lines": [], "answer": "def f(): ...",
                      "notes": []}
                     for (id_, points), value in zip((("05.1", 4), ("05.2", 3)), earned, strict=True)]
        return {"exercises": exercises, "open": [{"id": "05.Q1", "points": 2, "answer": "Because.", "earned": None}],
                "notes": [], "seconds": 1.0}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "connect", lambda workers, scheduler: contextlib.nullcontext())
        patch.setattr(cluster_calls, "outcomes", lambda client, function, calls: (
            (name, function(*given)) for name, given in calls))
        patch.setattr(worker, "judge_submission", judge)
        patch.setattr(gradebook, "write", lambda folder, lesson: None)
        yield judged


def marks(folder):
    return {key: [entry["earned"] for entry in result["exercises"]] for key, result in folder.results(LESSON).items()}


def test_each_submission_gets_a_result_and_a_clean_copy(folder, capsys):
    assert grade.grade(folder, LESSON) == 0
    assert marks(folder) == {"ann": [4, 3], "bob": [2, 3], "cem": [0, 0]}
    result = folder.results(LESSON)["bob"]
    assert (result["earned"], result["points"], result["key"], result["lesson"]) == (5, 7, "bob", LESSON)
    assert result["submitted"] == "2026-12-01T10:00:00+00:00" and result["version"] == "v1"
    copy = nbformat.read(folder.autograded("bob", LESSON), 4)
    assert copy.cells[1].outputs[0].text == "2 of 4 points" and copy.cells[5].source == "Because."
    assert "3 submission(s), 3 graded now" in capsys.readouterr().out


def test_what_is_graded_is_not_graded_anew_until_it_changes(folder, judged, capsys):
    grade.grade(folder, LESSON)
    grade.grade(folder, LESSON)
    assert len(judged) == 3
    hand_in(folder, "bob", "4 3")
    grade.grade(folder, LESSON)
    assert judged[3:] == ["4 3"] and marks(folder)["bob"] == [4, 3]
    assert "1 graded now" in capsys.readouterr().out
    grade.grade(folder, LESSON, force=True, only=["cem"])
    assert judged[4:] == ["0 0"]


def test_a_time_that_becomes_known_later_needs_no_grading(folder, judged):
    grade.grade(folder, LESSON)
    hand_in(folder, "bob", "2 3", "2026-12-03 11:30:00 UTC")
    grade.grade(folder, LESSON)
    assert folder.results(LESSON)["bob"]["submitted"] == "2026-12-03T11:30:00+00:00" and len(judged) == 3


@pytest.mark.parametrize("change", [
    lambda folder: write(folder.release_facts(LESSON), {"version": "v2"}),
    lambda folder: write(folder.source(LESSON), SOLVED | {"cells": [*SOLVED["cells"], cell("code", "a = 1")]}),
    lambda folder: folder._replace(settings=folder.settings._replace(memory_mb=9)),
    lambda folder: folder._replace(settings=folder.settings._replace(seconds=9)),
    lambda folder: folder._replace(settings=folder.settings._replace(output_kb=9)),
], ids=["the release", "the lesson's code", "memory", "time", "output"])
def test_another_release_or_other_limits_grade_all_anew(folder, judged, change):
    grade.grade(folder, LESSON)
    grade.grade(change(folder) or folder, LESSON)
    assert len(judged) == 6


def test_a_grader_that_is_stopped_goes_on_where_it_was(folder, judged, monkeypatch):
    def stopped(client, function, calls):
        """End like a reader who presses Ctrl-C while the second is graded."""
        name, given = next(calls)
        yield name, function(*given)
        next(calls)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(cluster_calls, "outcomes", stopped)
        with pytest.raises(KeyboardInterrupt):
            grade.grade(folder, LESSON)
    assert marks(folder) == {"ann": [4, 3]}
    grade.grade(folder, LESSON)
    assert marks(folder) == {"ann": [4, 3], "bob": [2, 3], "cem": [0, 0]}
    assert sorted(judged) == ["0 0", "2 3", "4 3"]


def test_a_submission_whose_worker_dies_each_time_is_named(folder, capsys):
    hand_in(folder, "bob", "death")
    assert grade.grade(folder, LESSON) == 0
    result = folder.results(LESSON)["bob"]
    assert {entry["status"] for entry in result["exercises"]} == {"killed"} and result["earned"] == 0
    assert result["notes"] == [worker.DIED] and result["open"][0]["answer"]
    assert "bob: 05.1, 05.2: its code ended the grader's worker each time" in capsys.readouterr().out
    assert marks(folder)["ann"] == [4, 3]


def test_where_the_grader_itself_fails_nothing_is_written_and_it_is_tried_the_next_time(folder, judged, capsys):
    hand_in(folder, "bob", "trouble")
    assert grade.grade(folder, LESSON) == 1
    assert set(folder.results(LESSON)) == {"ann", "cem"}
    assert f"NOT GRADED: {folder.submitted('bob', LESSON)}: OSError: no room" in capsys.readouterr().out
    grade.grade(folder, LESSON)
    assert judged.count("trouble") == 2


def test_only_names_students_by_id_or_by_pseudonym(folder, judged):
    grade.grade(folder, LESSON, only=["bob"])
    assert judged == ["2 3"]
    folder = folder._replace(settings=Settings(pseudonyms=True))
    hand_in(folder, "elk", "1 1")
    grade.grade(folder, LESSON, only=["cem"])
    grade.grade(folder, LESSON, only=["elk"], force=True)
    assert judged[1:] == ["1 1", "1 1"]
    with pytest.raises(CourseError, match="submission of 'bobb' is unknown; did you mean 'bob'"):
        grade.grade(folder, LESSON, only=["bobb"])


def test_without_a_release_or_a_submission_the_next_command_is_named(folder):
    with pytest.raises(MissingFile, match="gancourse class release 03"):
        grade.grade(folder, "03_dcgan_pt")
    write(folder.release_facts("03_dcgan_pt"), {"version": "v1"})
    for path in (folder.source("03_dcgan_pt"), folder.release("03_dcgan_pt")):
        write(path, RELEASED)
    with pytest.raises(CourseError, match="gancourse class collect"):
        grade.grade(folder, "03_dcgan_pt")


def test_without_nbgrader_all_is_graded_and_one_line_says_how_to_get_it(folder, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "nbgrader", None)
        patch.setattr(gradebook, "write", WRITE_GRADEBOOK)
        assert grade.grade(folder, LESSON) == 0
    assert 'pip install "gancourse[classroom]"' in capsys.readouterr().out and len(marks(folder)) == 3


def test_nothing_about_students_travels_to_a_worker(folder):
    folder = folder._replace(settings=folder.settings._replace(extensions={("ann", LESSON): None}))
    assert "ann" not in repr(worker.assignment_of(folder, LESSON).limits)


# ---- grading anew


def after(folder, **anew):
    """Grade, mend the check so that these get other marks, and return the comparison that regrade writes."""
    grade.grade(folder, LESSON)
    write(folder.release_facts(LESSON), {"version": "v2"})
    with pytest.MonkeyPatch.context() as patch:
        judge = worker.judge_submission
        mended = {folder.submitted(key, LESSON).read_bytes(): value.encode() for key, value in anew.items()}
        patch.setattr(worker, "judge_submission", lambda a, data: judge(a, mended.get(data, data)))
        grade.regrade(folder, LESSON)
    return compared(folder)


def compared(folder):
    with folder.marks_csv(f"{LESSON}_regrade").open(encoding="utf-8") as file:
        return {(row["key"], row["exercise"]): [float(row[name]) for name in ("old", "new", "counts")]
                for row in csv.DictReader(file)}


def test_old_and_new_marks_stand_side_by_side_and_the_better_one_counts(folder, capsys):
    table = after(folder, ann="4 1", bob="4 3")
    assert table["ann", "05.2"] == [3, 1, 3] and table["bob", "05.1"] == [2, 4, 4] and table["cem", "05.1"] == [0, 0, 0]
    assert marks(folder) == {"ann": [4, 3], "bob": [4, 3], "cem": [0, 0]}
    text = capsys.readouterr().out
    assert "6 marks compared: 1 rise, 1 fall" in text and "--allow-lower" in text
    assert folder.results(LESSON)["ann"]["notes"] == [
        "05.2: graded anew it gets 1 of 3; the 3 of the earlier grading count."]


def test_a_lower_mark_counts_once_a_teacher_accepts_it(folder, judged):
    after(folder, ann="4 1")
    grade.regrade(folder, LESSON, allow_lower=True)
    assert marks(folder)["ann"] == [4, 1] and folder.results(LESSON)["ann"]["notes"] == []
    assert folder.results(LESSON)["ann"]["earned"] == 5 and compared(folder)["ann", "05.2"] == [3, 1, 1]
    assert len(judged) == 6  # nobody a third time


def test_a_mark_stays_when_the_same_is_graded_once_more(folder):
    after(folder, ann="4 1")
    grade.grade(folder, LESSON, force=True)
    assert marks(folder)["ann"] == [4, 3]


def test_a_new_submission_may_get_less_than_the_one_before(folder):
    grade.grade(folder, LESSON)
    hand_in(folder, "ann", "1 1")
    grade.grade(folder, LESSON)
    assert marks(folder)["ann"] == [1, 1]


def test_marks_by_hand_are_not_touched(folder):
    write(folder.by_hand, "key,lesson,exercise,points,reason\nann,05,05.2,2,see me\n")
    after(folder, ann="4 1")
    assert folder.by_hand.read_text().endswith("ann,05,05.2,2,see me\n")


def test_an_exercise_that_is_worth_other_points_keeps_its_share():
    old = {"submission": "s", "identity": "a", "version": "1", "graded": "then", "notes": [],
           "exercises": [{"id": "05.1", "points": 4, "earned": 3}]}
    new = old | {"identity": "b", "exercises": [{"id": "05.1", "points": 8, "earned": 2}]}
    assert results.better_of(old, new)["exercises"] == [{"id": "05.1", "points": 8, "earned": 6, "measured": 2}]


# ---- several attempts


def test_the_best_attempt_counts_after_what_lateness_costs(folder, judged):
    deadline = datetime.fromisoformat("2026-12-01T12:00:00+00:00")
    folder.submitted("bob", LESSON).unlink()
    folder = folder._replace(settings=folder.settings._replace(attempt="best", deadlines={LESSON: deadline}))
    for when, text in (("2026-12-01T09:00", b"4 2"), ("2026-12-01T10:00", b"3 2"),
                       ("2026-12-02T10:00", b"4 2.5")):  # a day late: 6.5 less a tenth is 5.85
        time = datetime.fromisoformat(f"{when}:00+00:00")
        attempt_files.save(folder, "bob", LESSON, text, attempt_files.Facts(time, True))
    attempt_files.let_count(folder, "bob", LESSON)
    grade.grade(folder, LESSON)
    assert marks(folder)["bob"] == [4, 2] and folder.submitted("bob", LESSON).read_text() == "4 2"
    assert folder.results(LESSON)["bob"]["submitted"] == "2026-12-01T09:00:00+00:00"
    assert folder.submitted("bob", LESSON).with_name("timestamp.txt").read_text() == "2026-12-01 09:00:00 UTC\n"
    grade.grade(folder, LESSON)
    assert len(judged) == 5  # ann, cem, and each attempt of bob once


# ---- on Dask, with the real judge


@pytest.fixture(scope="module")
def client():
    import dask

    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), CONNECT(2) as client:
        yield client


def square(number):
    """What a worker does in these tests: it dies of 3."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number**2


def test_a_call_that_kills_its_workers_stops_no_other(client):
    under_way, most = set(), []

    def calls():
        for number in range(7):
            under_way.add(str(number))
            most.append(len(under_way))
            yield str(number), (number,)

    ended = {}
    for name, result in OUTCOMES(client, square, calls()):
        under_way.discard(name)
        ended[name] = result
    assert ended == {"0": 0, "1": 1, "2": 4, "3": None, "4": 16, "5": 25, "6": 36}
    assert max(most) <= 3  # two at work, and the one that takes the place of one that has ended


def test_what_a_call_raises_is_raised(client):
    with pytest.raises(TypeError):
        list(OUTCOMES(client, square, [("a", ("no number",))]))


def test_a_worker_with_other_code_is_refused(folder):
    assignment = worker.assignment_of(folder, LESSON)._replace(code="of another version")
    with pytest.raises(CourseError, match="install the same one there"):
        JUDGE(assignment, b"")


def test_a_class_of_a_dozen_gets_the_marks_that_it_must_get(tmp_path, client):
    kinds = ["plain", "plain", "plain", "answer cell deleted", "answer split", "answer turned into markdown",
             "check edited", "module patched", "no metadata", "saved as nbformat 3", "an endless loop"]
    folder = make_class(tmp_path)
    folder = folder._replace(settings=folder.settings._replace(seconds=2))
    release.release(find("05"), folder)
    released = json.loads(folder.release(LESSON).read_text(encoding="utf-8"))
    cases = a_class(released, BANKS["05"], len(kinds), kinds)
    for case in cases:
        folder.submitted(case.key, LESSON).parent.mkdir(parents=True)
        folder.submitted(case.key, LESSON).write_bytes(case.data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "connect", lambda workers, scheduler: contextlib.nullcontext(client))
        patch.setattr(cluster_calls, "outcomes", OUTCOMES)
        patch.setattr(worker, "judge_submission", JUDGE)
        assert grade.grade(folder, LESSON) == 0
    points = {entry["id"]: entry["points"] for entry in folder.facts(LESSON)["exercises"]}
    assert wrong_marks(folder.results(LESSON), cases, points) == []
    for case in cases:
        nbformat.validate(nbformat.read(folder.autograded(case.key, LESSON), 4))
