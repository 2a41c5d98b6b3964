"""Exports of five platforms come into the class: each notebook to its student and lesson, or onto a list with a reason.

The class has four students and two released lessons of one exercise each; 05 is due on 1 December 2026, 12:00 UTC.
Exports are made here in the forms that the platforms' own programs write (named in export_names.py).
"""

import io
import json
import os
import time
import unicodedata
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from gancourse.course.classroom.collect import attempt_files, export_files, export_lists, export_names
from gancourse.course.classroom.collect.collect import collect
from gancourse.course.classroom.collect.collected import in_words
from gancourse.course.classroom.folder import ClassFolder, Settings
from gancourse.errors import CourseError, MissingFile

FIVE, SIX = "05_which_distance", "06_the_game"
ROSTER = """id,name,email,group,pseudonym
am17,Anna Müller,anna.mueller@uni.example,A,fox
jl18,"Lévêque, Jean-Luc",jl@uni.example,A,owl
bc19,Bo Chen,bo.chen@uni.example,B,elk
bc20,Chen Bo,bo2@uni.example,B,bee
"""
DUE = datetime(2026, 12, 1, 12, tzinfo=UTC)
IN_TIME, LATE = datetime(2026, 11, 27, 15, 30, tzinfo=UTC), datetime(2026, 12, 2, 15, 30, tzinfo=UTC)
DOWNLOADED = datetime(2026, 12, 5, 8, tzinfo=UTC)


def notebook(lesson, function, answer="raise NotImplementedError", words="", **metadata):
    """A small notebook of a lesson."""
    number = int(lesson[:2])
    facts = {"gancourse": {"exercise": f"{number:02d}.1", "role": "answer", "points": 5}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"gancourse": {"lesson": number}} | metadata, "cells": [
        {"cell_type": "markdown", "source": f"# {lesson} {words}", "metadata": {}},
        {"cell_type": "code", "source": f"def {function}(x):\n    {answer}", "metadata": facts, "outputs": [],
         "execution_count": None},
        {"cell_type": "code", "source": f"assert {function}(2) == 4", "outputs": [], "execution_count": None,
         "metadata": {"tags": ["check"], "gancourse": {"exercise": f"{number:02d}.1", "role": "check"}}}]}


def five(answer="return 2 * x", **more):
    return json.dumps(notebook(FIVE, "double", answer, **more)).encode()


def six(answer="return x ** 2", **more):
    return json.dumps(notebook(SIX, "square", answer, **more)).encode()


@pytest.fixture
def folder(tmp_path):
    """A class; times on this machine are UTC, so that the names in exports can be read off."""
    return a_class(tmp_path / "class")


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # a hundred classes need not outlive the machine
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def a_class(root, roster=ROSTER, **settings):
    root.mkdir(parents=True, exist_ok=True)
    (root / "roster.csv").write_text(roster, encoding="utf-8")
    for name, released in ((FIVE, notebook(FIVE, "double")), (SIX, notebook(SIX, "square"))):
        (root / "release" / name).mkdir(parents=True, exist_ok=True)
        (root / "release" / name / f"{name}.ipynb").write_text(json.dumps(released), encoding="utf-8")
        (root / "release" / f"{name}.json").write_text("{}", encoding="utf-8")
    return ClassFolder(root, Settings(deadlines={FIVE: DUE}, **settings))


def zipped(files, at=DOWNLOADED):
    """The bytes of a zip; a name may be a ZipInfo."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            info.date_time = at.timetuple()[:6]
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return memory.getvalue()


def taken(folder, tmp_path, files, lesson=None, name="export.zip", at=DOWNLOADED):
    """What is collected out of a zip with these files."""
    (tmp_path / name).write_bytes(files if isinstance(files, bytes) else zipped(files, at))
    return collect(folder, tmp_path / name, lesson, say=lambda text: None)


def submitted(folder, key, lesson=FIVE):
    """The notebook that counts, its time, and how many attempts there are."""
    path = folder.submitted(key, lesson)
    moment = export_names.stamped(path.with_name("timestamp.txt").read_text(encoding="utf-8"))
    return path.read_bytes(), moment, len(attempt_files.attempts(folder, key, lesson))


def contents(folder):
    """Every file of a class, locks aside."""
    return {path.relative_to(folder.root).as_posix(): path.read_bytes() for path in sorted(folder.root.rglob("*"))
            if path.is_file() and ".locks" not in path.parts}


# ---- the platforms


@pytest.mark.parametrize("name", [
    "Anna Müller_12345_assignsubmission_file_/05_which_distance.ipynb",  # until Moodle 4.0
    "Anna Müller_12345_assignsubmission_file/05_which_distance.ipynb",
    "Anna Müller_12345_assignsubmission_file/drafts/my.ipynb",
    "Anna Müller_12345_assignsubmission_file_05_which_distance.ipynb",  # not in folders
    "Group A-Anna Müller_12345_assignsubmission_file_/x.ipynb",
    "MÜLLER Anna_12345_assignsubmission_file_/x.ipynb",
    "Anna Muller_12345_assignsubmission_file_/x.ipynb",
    "Anna Mueller_12345_assignsubmission_file_/x.ipynb",
    "mülleranna_1234_56789_05_which_distance-1.ipynb",  # Canvas
    "muelleranna_1234_56789_05_which_distance.ipynb",
    "Mueller_Anna_am17_4711/05_which_distance.ipynb",  # ILIAS
    "Team 3/Mueller_Anna_am17_4711/05_which_distance.ipynb",
    "Lesson 5_am17_attempt_2026-11-27-15-30-00_05_which_distance.ipynb",  # Blackboard
    "gradebook_GAN_Lesson_5_am17_attempt_2026-11-27-15-30-00_a_b.ipynb",
    "am17+05_which_distance+2026-11-27 15:30:00.123456 UTC+aGFzaA==/05_which_distance.ipynb",  # nbgrader
    "am17+05_which_distance+2026-11-27 15:30:00.123456 UTC/05_which_distance.ipynb",
    "am17+05_which_distance+2026-11-27 16:30:00.123456 +0100/05_which_distance.ipynb",
    "am17/05_which_distance.ipynb", "export/am17/a/b/work.ipynb", "anna.mueller@uni.example/x.ipynb",
    "Anna Müller/x.ipynb", "Müller, Anna/x.ipynb", "am17_05_which_distance.ipynb",
    "05_which_distance - Anna Müller.ipynb",
])
def test_a_file_of_every_platform_comes_to_its_student(folder, tmp_path, name):
    collected = taken(folder, tmp_path, {name: five()})
    assert collected.unmatched == []
    assert [(row.key, row.lesson, row.attempts, row.new) for row in collected.rows] == [("am17", FIVE, 1, 1)]
    assert submitted(folder, "am17")[0] == five()
    assert collected.missing == {FIVE: ["jl18", "bc19", "bc20"]}


@pytest.mark.parametrize("name", [
    "Lesson 5_am17_attempt_2026-11-27-15-30-00_05.ipynb",
    "Mueller_Anna_am17_4711/20261127153000_05.ipynb",
    "am17+05_which_distance+2026-11-27 15:30:00.123456 UTC/05.ipynb",
    "am17+05_which_distance+2026-11-27 16-30-00.123456 +0100/05.ipynb",  # as Windows unpacks it
])
def test_a_time_in_a_name_is_the_time_of_the_attempt(folder, tmp_path, name):
    taken(folder, tmp_path, {name: five()})
    assert submitted(folder, "am17") == (five(), IN_TIME, 1)
    (path,) = folder.attempts("am17", FIVE).glob("*.ipynb")
    assert path.name.startswith("20261127T153000_")


def test_nbgraders_own_reading_of_timestamp_txt_is_ours(folder, tmp_path):
    from nbgrader.utils import parse_utc

    taken(folder, tmp_path, {"am17/05.ipynb": five(), "am17/timestamp.txt": b"2026-11-27 16:30:00.5 +0100"})
    text = folder.submitted("am17", FIVE).with_name("timestamp.txt").read_text(encoding="utf-8")
    assert text == "2026-11-27 15:30:00 UTC\n" and parse_utc(text.strip()) == IN_TIME.replace(tzinfo=None)


def test_blackboards_text_says_who_it_is(folder, tmp_path):
    """The login is unknown here; the text beside the file has the name."""
    begin = "Lesson_5_x99_attempt_2026-12-02-15-30-00"
    text = "Name: Anna Müller (x99)\nAssignment: Lesson 5\nDate Submitted: Wednesday, December 2, 2026 3:30:00 PM UTC\n"
    collected = taken(folder, tmp_path, {f"{begin}_my work.ipynb": five(), f"{begin}.txt": text})
    assert submitted(folder, "am17")[1] == LATE
    assert collected.rows[0].late == timedelta(days=1, hours=3, minutes=30) and collected.unmatched == []


def test_online_texts_are_skipped_and_a_zip_of_a_student_is_opened(folder, tmp_path):
    collected = taken(folder, tmp_path, {
        "Anna Müller_1_assignsubmission_onlinetext_/onlinetext.html": b"hello",
        "Bo Chen_2_assignsubmission_onlinetext_onlinetext.html": b"hello",
        "mülleranna_1234_text.html": b"hello", "mülleranna_1234_link.html": b"hello",
        "levequejeanluc_2_3_work.zip": zipped({"work/05.ipynb": five(), "work/photo.png": b"x"})})
    assert [row.key for row in collected.rows] == ["jl18"]
    assert collected.unmatched == [] and collected.others == {".png": 1}


# ---- times and lateness


def test_moodles_moment_of_download_makes_nobody_late_and_its_worksheet_says_who_is(folder, tmp_path):
    submissions = {"Anna Müller_11_assignsubmission_file_/05.ipynb": five(words="a"),
                   "Bo Chen_12_assignsubmission_file_/05.ipynb": five(words="b")}
    collected = taken(folder, tmp_path, {name: data for name, data in submissions.items() if "Anna" in name})
    assert submitted(folder, "am17")[1] == DUE and not collected.rows[0].late
    assert "says no time" in collected.rows[0].notes[0] and "grading worksheet" in collected.notes[0]
    both = tmp_path / "both"
    both.mkdir()
    (both / "GANs-Lesson 5-77.zip").write_bytes(zipped(submissions))
    (both / "Bewertungen.csv").write_text(
        '\ufeffID,"Vollständiger Name",E-Mail-Adresse,Status,Bewertung,"Zuletzt geändert (Abgabe)",Bewertet\n'
        '"Teilnehmer/in11","Anna Müller",anna.mueller@uni.example,"Zur Bewertung abgegeben",,'
        '"Freitag, 27. November 2026, 15:30",-\n'
        '"Teilnehmer/in12","Bo Chen",bo.chen@uni.example,"Zur Bewertung abgegeben",,'
        '"Mittwoch, 2. Dezember 2026, 15:30","Freitag, 4. Dezember 2026, 09:00"\n', encoding="utf-8")
    collected = collect(folder, both, say=lambda text: None)
    assert submitted(folder, "bc19")[1] == LATE  # by email, although two students are called Bo and Chen
    assert {row.key: bool(row.late) for row in collected.rows} == {"am17": False, "bc19": True}
    assert submitted(folder, "am17")[2] == 2 and collected.notes == [] and collected.unmatched == []


def test_canvass_mark_says_who_is_late(folder, tmp_path):
    collected = taken(folder, tmp_path, {"mülleranna_LATE_1_21_05.ipynb": five(words="a"),
                                         "levequejeanluc_2_22_05.ipynb": five(words="b")})
    assert {row.key: bool(row.late) for row in collected.rows} == {"am17": True, "jl18": False}
    assert submitted(folder, "am17")[1] == DUE + timedelta(minutes=16)  # just over the quarter of an hour of grace
    assert "counts as one day" in collected.rows[0].notes[0] + collected.rows[1].notes[0]


@pytest.mark.parametrize("mark", ["Late Submission", "Verspaetete Abgabe", "Verspätete Abgabe"])
def test_ilias_mark_says_who_is_late(folder, tmp_path, mark):
    collected = taken(folder, tmp_path, {f"Mueller_Anna_am17_4711/{mark} - 05_which_distance.ipynb": five()})
    assert collected.rows[0].late and submitted(folder, "am17")[1] == DUE + timedelta(minutes=16)


def test_an_export_from_before_the_deadline_needs_no_time(folder, tmp_path):
    collected = taken(folder, tmp_path, {"Anna Müller_1_assignsubmission_file_/05.ipynb": five()}, at=IN_TIME)
    assert submitted(folder, "am17")[1] == IN_TIME and collected.rows[0].notes == []


@pytest.mark.parametrize("text", [
    "Friday, 27 November 2026, 3:30 PM", "Friday, November 27, 2026, 3:30 PM", "Freitag, 27. November 2026, 15:30",
    "vendredi 27 novembre 2026, 15:30", "viernes, 27 de noviembre de 2026, 15:30", "venerdì, 27 novembre 2026, 15:30",
])
def test_a_moment_is_read_as_moodle_writes_it_in_a_teachers_language(text):
    assert export_lists.written_out(text) == IN_TIME


@pytest.mark.parametrize("text, moment", [
    ("mardi 3 mars 2026, 00:05", (2026, 3, 3, 0, 5)), ("Monday, 4 May 2026, 12:00 AM", (2026, 5, 4, 0, 0)),
    ("Samstag, 14. März 2026, 08:00", (2026, 3, 14, 8, 0)), ("-", None), ("Submitted for grading", None),
    ("Participant 2026", None), ("31 February 2026, 3:30 PM", None),
])
def test_other_moments_and_no_moments(text, moment):
    assert export_lists.written_out(text) == (moment and datetime(*moment, tzinfo=UTC))


# ---- attempts


def test_all_attempts_are_kept_and_the_latest_counts(folder, tmp_path):
    begin = "Lesson 5_am17_attempt_2026-11"
    collected = taken(folder, tmp_path, {f"{begin}-27-15-30-00_05.ipynb": five("return x + x"),
                                         f"{begin}-26-15-30-00_05.ipynb": five("return x"),
                                         f"{begin}-25-15-30-00_05.ipynb": five("return x + x")})
    assert submitted(folder, "am17") == (five("return x + x"), IN_TIME, 3)
    assert [(row.attempts, row.new) for row in collected.rows] == [(3, 3)]


def test_the_same_export_adds_nothing_the_second_time(folder, tmp_path):
    files = {"Anna Müller_1_assignsubmission_file_/05.ipynb": five(), "jl18/05.ipynb": five(words="j"),
             "Anna Müller_1_assignsubmission_file_/05 (1).ipynb": five(words="other"),
             "Lesson 5_bc19_attempt_2026-11-27-15-30-00_05.ipynb": five(words="b"), "nobody/05.ipynb": five()}
    first = taken(folder, tmp_path, files)
    before = contents(folder)
    second = taken(folder, tmp_path, files)
    assert contents(folder) == before
    assert [row._replace(new=0) for row in first.rows] == second.rows and first.unmatched == second.unmatched


def test_a_later_download_adds_only_what_has_changed(folder, tmp_path):
    names = ["mülleranna_1_21_05.ipynb", "levequejeanluc_2_22_05.ipynb"]
    taken(folder, tmp_path, {names[0]: five(words="a"), names[1]: five(words="b")}, at=DUE - timedelta(days=2))
    later = taken(folder, tmp_path, {names[0]: five(words="a"), "levequejeanluc_2_99_05-1.ipynb": five(words="c")},
                  at=DUE - timedelta(days=1))
    assert {row.key: (row.attempts, row.new) for row in later.rows} == {"am17": (1, 0), "jl18": (2, 1)}
    assert submitted(folder, "jl18")[0] == five(words="c")
    taken(folder, tmp_path, {names[0]: five(words="a"), names[1]: five(words="b")}, at=DUE - timedelta(days=2))
    assert submitted(folder, "jl18")[::2] == (five(words="c"), 2)  # the old export does not bring the old one back


def test_who_goes_back_to_an_earlier_attempt_has_it_counted(folder, tmp_path):
    for days, words in ((3, "a"), (2, "b"), (1, "a")):
        taken(folder, tmp_path, {"mülleranna_1_21_05.ipynb": five(words=words)}, at=DUE - timedelta(days=days))
    assert submitted(folder, "am17") == (five(words="a"), DUE - timedelta(days=1), 3)


def test_copies_of_a_folder_with_new_times_add_nothing(folder, tmp_path):
    export = tmp_path / "export"
    (export / "am17").mkdir(parents=True)
    for days, words in ((2, "new"), (9, "old")):
        path = export / "am17" / f"{words}.ipynb"
        path.write_bytes(five(words=words))
        os.utime(path, ((DUE - timedelta(days=days)).timestamp(),) * 2)
    collect(folder, export, say=lambda text: None)
    assert submitted(folder, "am17") == (five(words="new"), DUE - timedelta(days=2), 2)
    before = contents(folder)
    for path in export.rglob("*.ipynb"):
        os.utime(path, (DUE.timestamp(),) * 2)
    collect(folder, export, say=lambda text: None)
    assert contents(folder) == before


def test_of_two_notebooks_of_one_lesson_the_newer_counts_and_that_is_said(folder, tmp_path):
    place = "Anna Müller_1_assignsubmission_file_"
    collected = taken(folder, tmp_path, {f"{place}/05.ipynb": five(words="old"),
                                         f"{place}/05 (2).ipynb": five(words="new"),
                                         f"{place}/05 (1).ipynb": five(words="old")})
    assert submitted(folder, "am17")[::2] == (five(words="new"), 2)  # (1) is 05 once more
    assert any("2 notebooks of the same time" in note and "05 (2).ipynb counts" in note
               for note in collected.rows[0].notes)


def test_an_untouched_copy_counts_less_than_an_answer_of_the_same_time(folder, tmp_path):
    place = "Anna Müller_1_assignsubmission_file_"
    taken(folder, tmp_path, {f"{place}/05 (1).ipynb": five("raise NotImplementedError"), f"{place}/05.ipynb": five()})
    assert submitted(folder, "am17")[0] == five()


def test_the_file_with_the_higher_number_is_canvass_newer_one(folder, tmp_path):
    taken(folder, tmp_path, {"mülleranna_1_100_05.ipynb": five(words="new"),
                             "mülleranna_1_99_a.ipynb": five(words="old")})
    assert submitted(folder, "am17")[0] == five(words="new")


def test_two_lessons_from_one_student_are_told_apart(folder, tmp_path):
    taken(folder, tmp_path, {"am17/a.ipynb": five(), "am17/b.ipynb": six()})
    assert submitted(folder, "am17", FIVE)[0] == five() and submitted(folder, "am17", SIX)[0] == six()


def test_an_attempt_says_where_it_came_from(folder, tmp_path):
    name = "mülleranna_LATE_1_21_05.ipynb"
    taken(folder, tmp_path, {name: five()})
    (attempt,) = attempt_files.attempts(folder, "am17", FIVE)
    assert attempt.facts == {"platform": "Canvas", "path": name, "exact": False, "late": True,
                             "exported": "2026-12-05T08:00:00Z", "answered": True, "order": 21}


def test_what_nbgrader_has_collected_is_kept(folder, tmp_path):
    path = folder.submitted("am17", FIVE)
    path.parent.mkdir(parents=True)
    path.write_bytes(five(words="by nbgrader"))
    path.with_name("timestamp.txt").write_text("2026-11-20 10:00:00.000000 UTC", encoding="utf-8")
    taken(folder, tmp_path, {"Lesson 5_am17_attempt_2026-11-27-15-30-00_05.ipynb": five()})
    assert submitted(folder, "am17") == (five(), IN_TIME, 2)
    assert (folder.attempts("am17", FIVE) / attempt_files.attempts(folder, "am17", FIVE)[0].path.name
            ).read_bytes() == five(words="by nbgrader")


def test_an_earlier_attempt_can_be_made_to_count(folder, tmp_path):
    taken(folder, tmp_path, {"Lesson 5_am17_attempt_2026-11-27-15-30-00_05.ipynb": five(words="b"),
                             "Lesson 5_am17_attempt_2026-11-26-15-30-00_05.ipynb": five(words="a")})
    attempt_files.let_count(folder, "am17", FIVE, attempt_files.attempts(folder, "am17", FIVE)[0])
    assert submitted(folder, "am17") == (five(words="a"), IN_TIME - timedelta(days=1), 2)


@pytest.mark.parametrize("stop", range(9))
def test_after_a_stop_at_any_write_the_next_collect_completes_the_class(tmp_path, monkeypatch, stop):
    files = {"am17/05.ipynb": five(words="a"), "mülleranna_1_9_05.ipynb": five(words="c"),
             "jl18/05.ipynb": five(words="b")}
    whole = a_class(tmp_path / "whole")
    taken(whole, tmp_path, files)
    broken = a_class(tmp_path / "broken")
    writes = []

    def write(path, data):
        if len(writes) == stop:
            raise KeyboardInterrupt
        writes.append(path)
        original(path, data)

    original = attempt_files.write_atomically
    monkeypatch.setattr(attempt_files, "write_atomically", write)
    with pytest.raises(KeyboardInterrupt):
        taken(broken, tmp_path, files)
    monkeypatch.setattr(attempt_files, "write_atomically", original)
    taken(broken, tmp_path, files)
    assert contents(broken) == contents(whole)


# ---- which student


@pytest.mark.parametrize("name, why", [
    ("Carla Nova_1_assignsubmission_file_/05.ipynb", "Carla Nova is not on the roster"),
    ("Anna Muler_1_assignsubmission_file_/05.ipynb", "is it Anna Müller (am17)?"),
    ("Bo Chen_1_assignsubmission_file_/05.ipynb", "Bo Chen may be Bo Chen (bc19) or Chen Bo (bc20)"),
    ("chenbo_1_2_05.ipynb", "may be Bo Chen (bc19) or Chen Bo (bc20)"),
    ("Participant_123_assignsubmission_file_/05.ipynb", "not on the roster"),
    ("Chen_Bo_am17_4711/05.ipynb", "is Anna Müller (am17)'s, the name is Bo Chen (bc19) or Chen Bo (bc20)'s"),
    ("Nova_Carla_am17_4711/05.ipynb", "is Anna Müller (am17)'s, but the name is Nova Carla"),
    ("am17/jl18_05.ipynb", "speaks of Anna Müller (am17) and Lévêque, Jean-Luc (jl18)"),
    ("nobody/05.ipynb", "names nobody on the roster"), ("05_which_distance.ipynb", "names nobody on the roster"),
])
def test_what_is_not_sure_is_listed_with_its_reason_and_never_guessed(folder, tmp_path, name, why):
    collected = taken(folder, tmp_path, {name: five()})
    assert collected.rows == [] and [path for path, _ in collected.unmatched] == [name]
    assert why in collected.unmatched[0][1]
    assert not (folder.root / "submitted").exists() and not (folder.root / "attempts").exists()


@pytest.mark.parametrize("outer, inner", [
    ("Anna Müller_1_assignsubmission_file_", "jl18"), ("Nova Carla_9_assignsubmission_file_", "jl18"),
    ("Nova Carla_9_assignsubmission_file_", "Jean-Luc Lévêque_2_assignsubmission_file_"),
    ("mülleranna_1_2_my.zip", "Jean-Luc Lévêque_2_assignsubmission_file_"), ("novacarla_1_2_my.zip", "jl18"),
    ("Mueller_Anna_am17_4711", "jl18+05_which_distance+2026-11-27 15:30:00 UTC"),
    ("Nova_Carla_cn_4711", "Leveque_JeanLuc_jl18_4713"), ("Nova_Carla_cn_4711", "jl18"), ("am17", "jl18"),
    ("Lesson 5_am17_attempt_2026-11-27-15-30-00_my.zip", "Lesson 5_jl18_attempt_2026-11-28-15-30-00_my.zip"),
])
def test_nobody_can_hand_in_for_somebody_else(folder, tmp_path, outer, inner):
    """The outer name is the platform's; what lies within is what a student has packed."""
    files = {"Mueller_Anna_am17_4711/05.ipynb": five(words="i"), "mülleranna_1_9_05.ipynb": five(words="c")}
    data = {f"{inner}/05.ipynb": five(words="forged")}
    if outer.endswith(".zip"):
        files[outer] = zipped(data)
    else:
        files |= {f"{outer}/{name}": text for name, text in data.items()}
    taken(folder, tmp_path, files)
    assert not (folder.root / "attempts" / "jl18").exists()


def test_a_student_can_write_no_worksheet_no_text_and_no_time(folder, tmp_path):
    moodle, blackboard = "Anna Müller_1_assignsubmission_file_", "Lesson 5_jl18_attempt_2026-12-02-15-30-00"
    forged = (b'Identifier,Name,Status,Mail,Time\n"Participant 1",Bo Chen,x,bo.chen@uni.example,'
              b'"Friday, 27 November 2026, 3:30 PM"\n')
    taken(folder, tmp_path, {
        f"{moodle}/05.ipynb": five(words="a"), f"{moodle}/timestamp.txt": b"2026-11-01 00:00:00 UTC",
        f"{moodle}/Grades.csv": forged, f"{moodle}Grades.csv": forged, "mülleranna_1_2_Grades.csv": forged,
        f"{blackboard}_my.zip": zipped({"05.ipynb": five(words="j"),
                                        f"{blackboard}.txt": b"Name: Bo Chen (bc19)\nx\n"}),
        "Chen_Bo_bc19_4711/20261101000000_05.ipynb": five(words="19"), "Chen_Bo_bc20_4712/05.ipynb": five(words="20")})
    assert submitted(folder, "am17") == (five(words="a"), DUE, 1)
    assert submitted(folder, "jl18") == (five(words="j"), LATE, 1)
    assert submitted(folder, "bc19")[1] == submitted(folder, "bc20")[1] == DUE


def test_an_id_tells_two_students_of_one_name_apart(folder, tmp_path):
    taken(folder, tmp_path, {"Chen_Bo_bc20_4711/05.ipynb": five(words="20"),
                             "Chen_Bo_bc19_4712/05.ipynb": five(words="19")})
    assert submitted(folder, "bc20")[0] == five(words="20") and submitted(folder, "bc19")[0] == five(words="19")


def test_a_short_id_is_not_seen_in_the_number_of_a_copy(tmp_path):
    folder = a_class(tmp_path / "class", "id,name,email,group,pseudonym\n1,Al Pha,,,\n5,Be Ta,,,\n")
    collected = taken(folder, tmp_path, {"1/05_which_distance (5).ipynb": five()})
    assert [row.key for row in collected.rows] == ["1"]


def test_pseudonyms_name_the_folders(tmp_path):
    folder = a_class(tmp_path / "class", pseudonyms=True)
    taken(folder, tmp_path, {"am17/05.ipynb": five()})
    assert submitted(folder, "fox")[0] == five() and not (folder.root / "submitted" / "am17").exists()
    (folder.root / "roster.csv").write_text("id,name,email,group,pseudonym\n", encoding="utf-8")
    with pytest.raises(CourseError, match="pseudonyms = true"):
        taken(folder, tmp_path, {"am17/05.ipynb": five()})


@pytest.mark.parametrize("name, key", [
    ("Anna Müller_1_assignsubmission_file_/05.ipynb", "Anna_Müller"), ("mülleranna_1234_9_05.ipynb", "1234"),
    ("Mueller_Anna_am17_4711/05.ipynb", "am17"), ("Lesson 5_am17_attempt_2026-11-27-15-30-00_05.ipynb", "am17"),
    ("am17+05_which_distance+2026-11-27 15:30:00.1 UTC/05.ipynb", "am17"), ("am17/a/05.ipynb", "am17"),
    ("am17/05_which_distance/05_which_distance.ipynb", "am17"), ("am17_05_which_distance.ipynb", "am17"),
])
def test_with_an_empty_roster_all_are_taken_as_they_are(tmp_path, name, key):
    folder = a_class(tmp_path / "class", "id,name,email,group,pseudonym\n")
    collected = taken(folder, tmp_path, {name: five()})
    assert [row.key for row in collected.rows] == [key] and collected.missing == {FIVE: []}


def test_a_folder_around_all_students_is_nobodys_name(tmp_path):
    folder = a_class(tmp_path / "class", "id,name\n")
    collected = taken(folder, tmp_path, {"export/am17/05.ipynb": five(), "export/jl18/05.ipynb": five()})
    assert sorted(row.key for row in collected.rows) == ["am17", "jl18"]


def test_two_of_one_name_are_not_made_one_where_the_roster_is_empty(tmp_path):
    folder = a_class(tmp_path / "class", "id,name\n")
    collected = taken(folder, tmp_path, {"Bo Chen_1_assignsubmission_file_/05.ipynb": five(words="a"),
                                         "Bo Chen_2_assignsubmission_file_/05.ipynb": five(words="b"),
                                         "Bo Chen_7_assignsubmission_file_/06.ipynb": six()})
    kept = [(row.key, row.lesson, row.attempts) for row in collected.rows]
    assert kept == [("Bo_Chen", FIVE, 1), ("Bo_Chen", SIX, 1)]
    assert "Bo Chen is the name of two" in collected.unmatched[0][1]


def test_the_folders_of_one_student_are_lessons_and_no_students(tmp_path):
    folder = a_class(tmp_path / "class", "id,name\n")
    collected = taken(folder, tmp_path, {f"am17/{FIVE}/{FIVE}.ipynb": five(), f"am17/{SIX}/{SIX}.ipynb": six()})
    assert {row.key for row in collected.rows} == {"am17"}


# ---- which lesson, and what is none


@pytest.mark.parametrize("change", [
    lambda nb: nb["metadata"].clear(),
    lambda nb: (nb["metadata"].clear(), [part["metadata"].clear() for part in nb["cells"]]),
    lambda nb: (nb["metadata"].clear(), [part["metadata"].clear() for part in nb["cells"]],
                nb["cells"][1].update(source="def f(x):\n    return 2 * x")),
], ids=["by exercise ids", "by function names", "by a check that is as it was"])
def test_the_lesson_is_known_without_its_metadata(folder, tmp_path, change):
    nb = notebook(FIVE, "double", "return 2 * x")
    change(nb)
    assert taken(folder, tmp_path, {"am17/x.ipynb": json.dumps(nb)}).rows[0].lesson == FIVE


def test_a_notebook_of_another_course_or_lesson_is_listed(folder, tmp_path):
    other = {"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": "1", "metadata": {}}]}
    collected = taken(folder, tmp_path, {
        "am17/a.ipynb": json.dumps(other), "am17/b.ipynb": json.dumps(notebook("07_measuring", "f"))}, lesson="05")
    assert collected.rows == []
    assert dict(collected.unmatched) == {
        "am17/a.ipynb": "is not a notebook of this course: nothing in it is of a released lesson",
        "am17/b.ipynb": "is of lesson 07, which is not released in this class"}
    assert collected.missing == {FIVE: ["am17", "jl18", "bc19", "bc20"]}


@pytest.mark.parametrize("name", ["05_which_distance.ipynb.txt", "05.json", "my work", "05.IPYNB"])
def test_a_notebook_is_known_under_other_endings(folder, tmp_path, name):
    assert [row.key for row in taken(folder, tmp_path, {f"am17/{name}": five()}).rows] == ["am17"]


def test_an_exported_python_file_counts_where_there_is_no_notebook(folder, tmp_path):
    text = b"# %%\ndef double(x):\n    return 2 * x\n"
    collected = taken(folder, tmp_path, {"am17/05.py": text, "am17/tools.py": b"def tool(): pass",
                                         "jl18/05 (1).py": text, "jl18/05.ipynb": five()})
    assert {row.key: row.attempts for row in collected.rows} == {"am17": 1, "jl18": 2}
    assert submitted(folder, "am17")[0] == text and submitted(folder, "jl18")[0] == five()
    assert "exported Python file" in "".join(sum((row.notes for row in collected.rows), []))


def test_what_is_no_notebook_is_listed_where_a_student_has_handed_in_nothing_else(folder, tmp_path):
    collected = taken(folder, tmp_path, {"am17/05.ipynb": five(), "am17/data.csv": b"1", "am17/notes.txt": b"hi",
                                         "jl18/05.pdf": b"%PDF", "bc19/05.html": b"<html>"})
    assert collected.unmatched == [("bc19/05.html", "is not a notebook"), ("jl18/05.pdf", "is not a notebook")]
    assert collected.others == {".csv": 1, ".txt": 1}


@pytest.mark.parametrize("data, why", [
    (five()[:100], "no longer JSON"), (b"", "empty"), (b"PK\x03\x04", "a zip"),
    (b"<<<<<<< a\n{\n=======\n[\n>>>>>>> b\n", "git"),
])
def test_a_damaged_notebook_is_listed(folder, tmp_path, data, why):
    collected = taken(folder, tmp_path, {"am17/05.ipynb": data})
    assert collected.rows == [] and why in collected.unmatched[0][1]


# ---- zips


def test_zips_in_zips_are_opened_and_a_broken_one_stops_no_other(folder, tmp_path):
    inner = zipped({"deep/05.ipynb": five(words="deep")})
    collected = taken(folder, tmp_path, {
        "am17/work.zip": zipped({"again.zip": inner}), "jl18/bad.zip": b"PK\x03\x04 no",
        "bc19/05.ipynb": five(words="b"), "bc20/05.rar": b"Rar!"})
    assert {row.key for row in collected.rows} == {"am17", "bc19"}
    reasons = dict(collected.unmatched)
    assert "not a whole zip" in reasons["jl18/bad.zip"] and "not a zip" in reasons["bc20/05.rar"]


def test_rubbish_of_operating_systems_is_passed_over(folder, tmp_path):
    collected = taken(folder, tmp_path, {
        "am17/05.ipynb": five(), "am17/.ipynb_checkpoints/05-checkpoint.ipynb": five(words="old"),
        "__MACOSX/am17/._05.ipynb": b"\0\5\26\7", "am17/._05.ipynb": b"\0", "am17/Thumbs.db": b"x",
        "am17/.DS_Store": b"x", "am17/desktop.ini": b"x"})
    assert submitted(folder, "am17")[2] == 1 and collected.unmatched == [] and collected.others == {}


@pytest.mark.parametrize("name", ["../../evil.ipynb", "/etc/am17/05.ipynb", "am17/../../05.ipynb", "C:\\am17\\05.ipynb",
                                  "..\\am17\\05.ipynb"])
def test_paths_that_lead_outside_are_refused(folder, tmp_path, name):
    before = contents(folder)
    collected = taken(folder, tmp_path, {name: five()})
    assert collected.rows == [] and "would lie outside" in collected.unmatched[0][1]
    assert contents(folder) == before and not (tmp_path / "evil.ipynb").exists()


def test_backslashes_are_folders(folder, tmp_path):
    assert [row.key for row in taken(folder, tmp_path, {"am17\\work\\05.ipynb": five()}).rows] == ["am17"]


@pytest.mark.parametrize("encoding", ["cp437", "cp850", "cp1252", "utf-8", "utf-8 in pieces"])
def test_names_in_a_zip_are_read_as_windows_and_macos_write_them(folder, tmp_path, encoding):
    """The name is written in this alphabet, and the zip does not say which it is."""
    name = "Anna Müller/05.ipynb"
    if encoding == "utf-8 in pieces":
        name, encoding = unicodedata.normalize("NFD", name), "utf-8"
    raw = name.encode(encoding)
    place = "#" * len(raw)
    data = zipped({place: five()}).replace(place.encode(), raw)
    assert [row.key for row in taken(folder, tmp_path, data).rows] == ["am17"]


def test_names_on_a_disk_may_be_in_pieces(folder, tmp_path):
    place = tmp_path / "export" / unicodedata.normalize("NFD", "Anna Müller")
    place.mkdir(parents=True)
    (place / "05.ipynb").write_bytes(five())
    assert [row.key for row in collect(folder, tmp_path / "export", say=lambda text: None).rows] == ["am17"]


def test_a_bomb_is_not_unpacked(folder, tmp_path, monkeypatch):
    """Four kilobytes that hold four megabytes, over a limit that is lowered to one; and many under it in one zip."""
    monkeypatch.setattr(export_files, "FILE_LIMIT", 2**20)
    monkeypatch.setattr(export_files, "ZIP_LIMIT", 2**21)
    many = {f"{i}.ipynb": b" " * 2**20 for i in range(5)}
    collected = taken(folder, tmp_path, {"am17/05.ipynb": b" " * 2**22, "jl18/bomb.zip": zipped(many),
                                         "bc19/05.ipynb": five()})
    assert [row.key for row in collected.rows] == ["bc19"]
    reasons = dict(collected.unmatched)
    assert "too large" in reasons["am17/05.ipynb"]
    assert sum("too large" in why for path, why in collected.unmatched if "bomb" in path) == 4


def test_a_size_that_a_zip_only_claims_counts_for_nothing(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(export_files, "FILE_LIMIT", 2**20)
    honest = zipped({"am17/05.ipynb": b" " * 2**22})
    liar = honest.replace((2**22).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert liar != honest
    collected = taken(folder, tmp_path, liar)
    assert collected.rows == [] and len(collected.unmatched) == 1


def test_zips_without_end_are_left(folder, tmp_path):
    data = five()
    for _ in range(6):
        data = zipped({"x.zip" if data[:2] == b"PK" else "05.ipynb": data})
    collected = taken(folder, tmp_path, {"am17/w.zip": data})
    assert collected.rows == [] and "zips deep" in collected.unmatched[0][1]


def test_links_are_not_followed(folder, tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(five())
    place = tmp_path / "export" / "am17"
    place.mkdir(parents=True)
    os.symlink(secret, place / "05.ipynb")
    os.symlink(tmp_path, place / "all")
    collected = collect(folder, tmp_path / "export", say=lambda text: None)
    assert collected.rows == [] and {why for _, why in collected.unmatched} == {"is a link, not a file"}


def test_an_export_that_is_not_whole_is_said(folder, tmp_path):
    whole = zipped({"am17/05.ipynb": five()})
    with pytest.raises(CourseError, match="download it once more"):
        taken(folder, tmp_path, whole[:-30])
    with pytest.raises(MissingFile, match="there is no"):
        collect(folder, tmp_path / "nowhere.zip")
    for path in (folder.root / "release").glob("*.json"):
        path.unlink()
    with pytest.raises(MissingFile, match="no lesson is released"):
        collect(folder, tmp_path / "export.zip")


# ---- the table


def test_the_table_says_what_became_of_each(folder, tmp_path):
    collected = taken(folder, tmp_path, {
        "Lesson 5_am17_attempt_2026-12-02-15-30-00_05.ipynb": five(), "jl18/05.ipynb": five(words="j"),
        "Carla Nova_1_assignsubmission_file_/05.ipynb": five()}, at=IN_TIME)
    assert in_words(collected).splitlines() == [
        "am17     05_which_distance  02 Dec 15:30  late 1 d 3 h 30 min  1 attempt, 1 new",
        "jl18     05_which_distance  27 Nov 15:30  in time          1 attempt, 1 new",
        "05_which_distance: 2 students, 1 late, 2 new attempts",
        "not collected (1):",
        "  Carla Nova_1_assignsubmission_file_/05.ipynb: Carla Nova is not on the roster",
        "05_which_distance: 2 have not handed in: bc19, bc20",
    ]


def test_collect_prints_the_table_it_returns(folder, tmp_path, capsys):
    (tmp_path / "a.zip").write_bytes(zipped({"am17/05.ipynb": five()}))
    collected = collect(folder, tmp_path / "a.zip")
    assert capsys.readouterr().out.rstrip() == in_words(collected)
