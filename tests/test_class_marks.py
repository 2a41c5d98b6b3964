"""Marks of a class: points, marks by hand, lateness, and the files that platforms take back."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from gancourse.course.classroom.folder import ClassFolder, Settings
from gancourse.course.classroom.grading import gradebook
from gancourse.course.classroom.marks import platform_csv
from gancourse.course.classroom.marks.by_hand import hundredths
from gancourse.course.classroom.marks.marks import days_begun, in_words, lateness, marks, penalty_of, sheet_of, total
from gancourse.errors import CourseError, MissingPackage

LESSON = "05_which_distance"
DEADLINE = datetime(2026, 12, 4, 23, tzinfo=UTC)
LATE = {"deadlines": {LESSON: DEADLINE}, "extensions": {("s3", LESSON): DEADLINE + timedelta(days=7)}}
ROSTER = """id,name,email,group,pseudonym
s1,Anna Müller,anna@x.edu,A,otter
s2,"Nguyen, Ben",ben@x.edu,A,heron
s3,Chloé O'Hara,chloe@x.edu,B,lynx
s4,Dilek Şahin,dilek@x.edu,B,wren
"""


def exercise(id_="05.1", earned=4.0, status="right", answer="def f(x):\n    return x\n", lines=(), reason="", points=4):
    """An exercise of a result, as the grader writes it."""
    lines = [{"hint": hint, "passed": passed, "reason": why} for hint, passed, why in lines]
    return {"id": id_, "points": points, "earned": earned, "status": status, "reason": reason, "lines": lines,
            "answer": answer}


def reply(answer="Because.", id_="05.Q1"):
    """An open question of a result."""
    return {"id": id_, "points": 2, "answer": answer, "earned": None}


def a_class(root, roster=ROSTER, **settings):
    """A class of four students without results; s3 has an extension of a week."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "roster.csv").write_text(roster, encoding="utf-8")
    return ClassFolder(root, Settings(**LATE | settings))


def put(folder, key, *exercises, open_=(), submitted="2026-12-04T12:00:00+00:00", lesson=LESSON, notes=(), version="1"):
    """Write a result and the submission that it is of."""
    result = {"lesson": lesson, "key": key, "version": version, "identity": "", "submitted": submitted, "graded": "",
              "seconds": 1.0, "notes": list(notes), "exercises": list(exercises), "open": list(open_)}
    path = folder.result(key, lesson)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result), encoding="utf-8")
    hand_in(folder, key, lesson)


def hand_in(folder, key, lesson=LESSON):
    """Write a submission."""
    path = folder.submitted(key, lesson)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}", encoding="utf-8")


def by_hand(folder, text):
    """Write marks/by_hand.csv."""
    folder.by_hand.parent.mkdir(parents=True, exist_ok=True)
    folder.by_hand.write_text(f"key,lesson,exercise,points,reason\n{text}", encoding="utf-8")


def of(folder, key):
    """A student's marks."""
    return next(mark for mark in sheet_of(folder, LESSON).marks if mark.student.key == key)


def rows_of(path, delimiter=","):
    """The rows of a CSV file as dicts."""
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")), delimiter=delimiter))


# the sum

def test_a_mark_is_raw_and_by_hand_less_the_penalty(tmp_path):
    """8/3 = 2.67 and 4 by the grader; 1.5 by hand; a day late takes 10 % of 8.17, which is .82."""
    folder = a_class(tmp_path)
    put(folder, "s1", exercise("05.1", 8 / 3, "partial"), exercise("05.2"), open_=[reply()],
        submitted="2026-12-05T13:00:00+00:00")
    by_hand(folder, "s1,05,05.Q1,1.5,Half of it.\n")
    mark = of(folder, "s1")
    assert [str(v) for v in (mark.raw, mark.by_hand, mark.penalty, mark.final)] == ["6.67", "1.50", "0.82", "7.35"]
    assert mark.reasons == {"05.Q1": "Half of it."}


def test_what_the_columns_show_adds_up_to_the_raw_mark(tmp_path):
    """Three thirds of 1 are .33 each; their sum is .99, not 1.00, in the file and in the mark alike."""
    folder = a_class(tmp_path)
    put(folder, "s1", *[exercise(f"05.{i}", 1 / 3, "partial", points=1) for i in (1, 2, 3)])
    assert of(folder, "s1").raw == Decimal("0.99")


@pytest.mark.parametrize("value, text", [(0.335, "0.34"), (0.345, "0.35"), (2 / 3, "0.67"), (1.005, "1.01")])
def test_halves_are_rounded_up_as_by_hand(value, text):
    assert str(hundredths(value)) == text


def test_a_reply_that_is_empty_needs_no_teacher_and_counts_0(tmp_path):
    folder = a_class(tmp_path)
    put(folder, "s1", exercise(), open_=[reply("  \n")])
    put(folder, "s2", exercise(), open_=[reply()])
    assert of(folder, "s1").points["05.Q1"] == 0
    assert of(folder, "s2").points["05.Q1"] is None
    (note,) = sheet_of(folder, LESSON).notes
    assert note.startswith("replies to open questions that count 0 because they have no mark yet: 1;")


# lateness

@pytest.mark.parametrize("minutes, late, points", [
    (0, False, 10), (15, False, 10), (16, True, 9), (24 * 60, True, 9), (24 * 60 + 1, True, 8), (7 * 24 * 60, True, 3),
    (7 * 24 * 60 + 1, True, 0), (-600, False, 10),
])
def test_lateness_costs_a_tenth_for_each_day_begun_after_the_grace(minutes, late, points):
    late_by = lateness(DEADLINE + timedelta(minutes=minutes), DEADLINE, Settings())
    assert bool(late_by) == late
    assert 10 - penalty_of(Decimal(10), late_by, Settings()) == points


def test_a_penalty_never_takes_more_than_all():
    settings = Settings(percent_per_day=40, late_limit_days=30)
    assert penalty_of(Decimal(10), timedelta(days=3), settings) == 10
    assert penalty_of(Decimal(10), timedelta(days=2), settings) == 8


def test_with_a_limit_of_0_days_late_counts_nothing():
    assert penalty_of(Decimal(10), timedelta(hours=1), Settings(late_limit_days=0)) == 10


def test_days_and_hours_in_words():
    assert [days_begun(timedelta(hours=h)) for h in (0, 1, 24, 25, 48.5)] == [0, 1, 1, 2, 3]
    assert in_words(timedelta(0)) == ""
    assert in_words(timedelta(hours=27, minutes=4, seconds=1)) == "27 h 05 min"


def test_the_same_moment_in_another_zone_is_not_late():
    deadline = datetime.fromisoformat("2026-12-05T00:00:00+01:00")
    assert lateness(datetime(2026, 12, 4, 23, tzinfo=UTC), deadline, Settings(grace_minutes=0)) == timedelta(0)


def test_an_extension_is_of_one_student(tmp_path):
    folder = a_class(tmp_path)
    for key in ("s2", "s3"):
        put(folder, key, exercise(), submitted="2026-12-06T12:00:00")  # without an offset it is UTC
    assert of(folder, "s2").penalty == Decimal("0.80")
    assert of(folder, "s3").penalty == 0


def test_without_a_deadline_nothing_is_late(tmp_path):
    folder = a_class(tmp_path, deadlines={})
    put(folder, "s1", exercise(), submitted="2036-01-01T00:00:00+00:00")
    assert of(folder, "s1").final == 4


# by hand

def test_a_mark_by_hand_below_the_graders_needs_a_reason(tmp_path):
    folder = a_class(tmp_path)
    put(folder, "s1", exercise())
    by_hand(folder, "s1,05,05.1,3,\n")
    with pytest.raises(CourseError, match="s1 gets 3 for 05.1, below the grader's 4: write the reason"):
        sheet_of(folder, LESSON)
    by_hand(folder, "s1,05,05.1,3,It sorts the real samples only.\n")
    assert of(folder, "s1").final == 3
    by_hand(folder, "s1,05,05.1,4,\n")
    assert of(folder, "s1").final == 4


@pytest.mark.parametrize("line, message", [
    ("s9,05,05.1,3,x", "student 's9' is unknown; did you mean 's"),
    ("s1,05,05.7,3,x", "exercise '05.7' is unknown; did you mean '05.1'"),
    ("s1,05,05.1,40,x", "row 2: 40 points, but there are from 0 to 4"),
    ("s1,05,05.1,-1,x", "row 2: -1 points"),
    ("s1,05,05.1,three,x", "'three' is no number of points"),
    ("s1,05,05.1,3,x\ns1,05,05.1,2,x", "row 3: another row has other points"),
])
def test_a_line_by_hand_that_cannot_be_right_is_refused(tmp_path, line, message):
    folder = a_class(tmp_path)
    put(folder, "s1", exercise())
    by_hand(folder, line + "\n")
    with pytest.raises(CourseError, match=message):
        sheet_of(folder, LESSON)


def test_a_spreadsheet_may_have_saved_by_hand_csv(tmp_path):
    """Excel turns 05 into 5 and 05.1 into 5.1, and writes ";" where decimals have a comma."""
    folder = a_class(tmp_path)
    put(folder, "s1", exercise("05.1", 2.0, "partial"))
    folder.by_hand.parent.mkdir(parents=True)
    text = ('key;lesson;exercise;points;reason\r\ns1;5;5.1;3,5;"spelt ""rank"" wrong; harmless"\r\n'
            's2;06;06.1;1;\r\n;;;;\r\n')
    folder.by_hand.write_bytes(text.encode("cp1252"))
    mark = of(folder, "s1")
    assert mark.final == Decimal("3.5")
    assert mark.reasons["05.1"] == 'spelt "rank" wrong; harmless'


def test_the_formgraders_marks_count_after_those_of_the_file(tmp_path, monkeypatch):
    folder = a_class(tmp_path)
    put(folder, "s1", exercise(), open_=[reply()])
    put(folder, "s2", exercise(), open_=[reply()])
    entered = {"s1": {"05.Q1": gradebook.ByHand(1.0, "ok"), "05.1": gradebook.ByHand(2.0, "")},
               "s2": {"05.Q1": gradebook.ByHand(None, "See me."), "05.9": gradebook.ByHand(1.0, "")}}
    monkeypatch.setattr(gradebook, "by_hand", lambda folder, lesson: entered)
    by_hand(folder, "s1,05,05.Q1,2,\n")
    mark = of(folder, "s1")
    assert mark.points == {"05.1": 2, "05.Q1": 2}
    assert of(folder, "s2").points["05.Q1"] is None
    assert of(folder, "s2").reasons == {"05.Q1": "See me."}
    notes = sheet_of(folder, LESSON).notes
    assert any("s1 has 2 for 05.1 in the formgrader, below the grader's 4, without a comment" in note for note in notes)


def test_without_nbgrader_its_marks_are_left_out_and_that_is_said(tmp_path, monkeypatch):
    def missing(folder, lesson):
        raise MissingPackage("the gradebook needs nbgrader")
    monkeypatch.setattr(gradebook, "by_hand", missing)
    folder = a_class(tmp_path)
    put(folder, "s1", exercise())
    assert of(folder, "s1").final == 4
    assert "marks in gradebook.db are left out: the gradebook needs nbgrader" in sheet_of(folder, LESSON).notes


# the files

def test_a_name_that_begins_like_a_formula_is_not_run_by_a_spreadsheet(tmp_path):
    folder = a_class(tmp_path, roster='id,name\ns1,"=HYPERLINK(""http://x"")"\n', deadlines={})
    put(folder, "s1", exercise())
    (path,), _ = marks(folder, LESSON)
    assert rows_of(path)[0]["name"] == '\'=HYPERLINK("http://x")'


def test_a_line_for_each_student_says_it_all(tmp_path):
    folder = a_class(tmp_path)
    put(folder, "s1", exercise("05.1", 3.0, "partial"), exercise("05.2"), open_=[reply()],
        submitted="2026-12-05T23:30:00+00:00", notes=["The check was edited."])
    (path,), _ = marks(folder, LESSON)
    assert path == tmp_path / "marks" / f"{LESSON}.csv"
    first, *_, last = rows_of(path)
    assert list(first)[:9] == ["key", "name", "id", "submitted", "late by", "raw", "by hand", "penalty", "final"]
    assert list(first)[9:] == ["05.1", "05.2", "05.Q1", "notes"]
    assert datetime.fromisoformat(first["submitted"]) == datetime(2026, 12, 5, 23, 30, tzinfo=UTC)
    values = [first[name] for name in list(first)[4:]]
    assert values == ["24 h 30 min", "7", "0", "1.4", "5.6", "3", "4", "", "The check was edited."]
    assert last["name"] == "Dilek Şahin"
    assert set(list(last.values())[3:]) == {""}


def test_nothing_handed_in_is_empty_or_zero_and_what_waits_for_grading_is_neither(tmp_path):
    folder = a_class(tmp_path)
    put(folder, "s1", exercise())
    hand_in(folder, "s2")
    for missing, finals in (("empty", ["4", "", "", ""]), ("zero", ["4", "", "0", "0"])):
        (path,), notes = marks(folder, LESSON, missing=missing)
        assert [row["final"] for row in rows_of(path)] == finals
    assert "not graded yet: s2 (gancourse class grade 05)" in notes


def test_a_class_with_a_decimal_comma_gets_semicolons(tmp_path):
    folder = a_class(tmp_path, decimal=",")
    put(folder, "s1", exercise("05.1", 2.5, "partial"))
    (path,), _ = marks(folder, LESSON)
    assert rows_of(path, ";")[0]["final"] == "2,5"


def test_with_pseudonyms_folders_have_them_and_the_file_has_both(tmp_path):
    folder = a_class(tmp_path, pseudonyms=True)
    put(folder, "otter", exercise(), submitted="2026-12-06T12:00:00+00:00")
    put(folder, "lynx", exercise(), submitted="2026-12-06T12:00:00+00:00")
    (path,), _ = marks(folder, LESSON)
    lines = {row["key"]: (row["id"], row["final"]) for row in rows_of(path)}
    assert lines["otter"] == ("s1", "3.2")
    assert lines["lynx"] == ("s3", "4")  # an extension goes by the id


def test_somebody_who_is_not_in_the_roster_is_marked_and_noted(tmp_path):
    folder = a_class(tmp_path)
    put(folder, "guest", exercise())
    assert of(folder, "guest").final == 4
    assert "not in roster.csv: guest" in sheet_of(folder, LESSON).notes


def test_results_of_two_versions_are_noted(tmp_path):
    folder = a_class(tmp_path)
    put(folder, "s1", exercise())
    put(folder, "s2", exercise(), version="2")
    assert any("2 versions" in note for note in sheet_of(folder, LESSON).notes)


def test_where_nothing_is_graded_the_message_names_the_command(tmp_path):
    folder = a_class(tmp_path)
    with pytest.raises(CourseError, match="gancourse class grade 05"):
        marks(folder, LESSON)
    with pytest.raises(CourseError, match="gancourse class grade"):
        total(folder)


def test_a_total_of_two_lessons(tmp_path):
    folder = a_class(tmp_path)
    put(folder, "s1", exercise("05.1", 2.5, "partial"))
    put(folder, "s1", exercise("06.1", 3.0, "partial"), lesson="06_the_game")
    put(folder, "s2", exercise("06.1"), lesson="06_the_game")
    rows = rows_of(total(folder, [LESSON, "06_the_game"]))
    assert [(row[LESSON], row["06_the_game"], row["total"], row["of"]) for row in rows] == [
        ("2.5", "3", "5.5", "8"), ("", "4", "4", "8"), ("", "", "0", "8"), ("", "", "0", "8")]


# platforms

MOODLE = ('\ufeffIdentifier,"Full name","Email address",Status,Grade,"Maximum grade","Grade can be changed",'
          '"Last modified (submission)","Last modified (grade)","Feedback comments"\n'
          '"Participant 111","Anna Müller",anna@x.edu,"Submitted for grading - ",{0},10.00,Yes,'
          '"Friday, 4 December 2026, 1:00 PM",-,\n'
          '"Participant 112","Ben Nguyen",ben@x.edu,"Submitted for grading - ",{1},10.00,Yes,-,-,'
          '"<p>two\nlines, ""so""</p>"\n'
          '"Participant 119","Zoe ""Z"" Zorn",zoe@x.edu,"No submission - ",,10.00,Yes,-,-,\n')
CANVAS = ("Student;ID;SIS User ID;SIS Login ID;Section;Lesson 05: Which distance? (9001);Essay (9002);Final Score\r\n"
          ";;;;;Manual Posting;;\r\n"
          "    Points Possible;;;;;10,00;20,00;(read only)\r\n"
          "Müller, Anna;4711;0017;s1;GAN-1;{0};17,50;60,25\r\n"
          "Nguyen, Ben;4712;0018;s2;GAN-1;{1};s1;\r\n"
          "O'Hara, Chloé;4713;0019;s3;GAN-1;EX;;\r\n"
          "\"Student, Test\";4799;;9f;GAN-1;;;\r\n")
ILIAS = ("update;usr_id;login;lastname;firstname;status;mark;notice;comment;plagiarism;plag_comment\n"
         '{2};501;s1;"Müller";"Anna";notgraded;{0};;"";;\n'
         '{3};502;s2;"Nguyen";"Ben";notgraded;{1};;"";;\n'
         '0;503;x9;"Zorn";"Zoe";notgraded;;;"";;\n')
BLACKBOARD = ('"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Last Access"\t"Availability"\t'
              '"Weighted Total [Total Pts: 100 Percentage] |1"\t"Week 3 [Total Pts: up to 10 Score] |664617"\r\n'
              '"Müller"\t"Anna"\t"s1"\t"90001"\t"2026-12-04 12:00:00"\t"Yes"\t""\t"{0}"\r\n'
              '"Nguyen"\t"Ben"\t"s2"\t"90002"\t""\t"Yes"\t""\t"{1}"\r\n')
GERMAN = ("ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung\r\n"
          'Teilnehmer/in1,Anna Müller,anna@x.edu,Zur Bewertung abgegeben,{0},"10,00"\r\n'
          'Teilnehmer/in2,Ben Nguyen,ben@x.edu,Zur Bewertung abgegeben,{1},"10,00"\r\n')
FORMS = {  # file, encoding, the cells before, the cells with the marks 7.35 and 8
    "moodle": (MOODLE, "utf-8", ("", '"3.00"'), ("7.35", '"8"')),
    "canvas": (CANVAS, "utf-8", ("", "N/A2"), ("7,35", "8")),
    "ilias": (ILIAS, "utf-8", ("", "", "0", "0"), ("7.35", "8", "1", "1")),
    "blackboard": (BLACKBOARD, "utf-16-le", ("Needs Grading", ""), ("7.35", "8")),
    "german": (GERMAN, "latin-1", ("", ""), ('"7,35"', "8")),
}


@pytest.fixture
def marked(tmp_path):
    """A class in which s1 has 7.35 of 10 points, s2 and s3 have 8, and s4 has handed in nothing."""
    folder = a_class(tmp_path / "class", deadlines={})
    for key, earned in (("s1", 7.35), ("s2", 8.0), ("s3", 8.0)):
        put(folder, key, exercise("05.1", earned, "partial", points=10))
    return folder


@pytest.mark.parametrize("form", FORMS)
def test_a_platforms_file_comes_back_with_only_the_marks_changed(marked, tmp_path, form):
    text, encoding, before, after = FORMS[form]
    bom = b"\xff\xfe" if encoding == "utf-16-le" else b""
    given = tmp_path / "grades.csv"
    given.write_bytes(bom + text.format(*before).encode(encoding))
    (_, copy), notes = marks(marked, LESSON, given)
    assert copy.name == f"{LESSON}_grades.csv"
    assert copy.read_bytes() == bom + text.format(*after).encode(encoding)
    assert given.read_bytes() == bom + text.format(*before).encode(encoding)
    assert not any("maximum" in note for note in notes)
    if form in ("moodle", "ilias"):
        assert any("rows of nobody in the class: " in note and "Zo" in note for note in notes)
    else:
        assert not any("nobody" in note for note in notes)


def test_an_excused_student_of_canvas_stays_excused_and_is_noted(marked, tmp_path):
    given = tmp_path / "grades.csv"
    given.write_text(CANVAS.format("", ""), encoding="utf-8")
    (_, copy), notes = marks(marked, LESSON, given)
    assert "O'Hara, Chloé;4713;0019;s3;GAN-1;EX;;" in copy.read_text(encoding="utf-8")
    assert any("excused" in note and "s3" in note for note in notes)


def test_an_id_is_looked_for_in_one_column_though_marks_elsewhere_may_read_like_it(marked, tmp_path):
    marked.roster.write_text(ROSTER.replace("s1,", "7,").replace("s2,", "12,"), encoding="utf-8")
    put(marked, "7", exercise("05.1", 9.0, "partial", points=10))
    put(marked, "12", exercise("05.1", 5.0, "partial", points=10))
    given = tmp_path / "grades.csv"
    given.write_text("ID,essay,mark\n7,12,\n12,7,\n40,7,\n", encoding="utf-8")
    (_, copy), _ = marks(marked, LESSON, given)
    assert copy.read_text(encoding="utf-8") == "ID,essay,mark\n7,12,9\n12,7,5\n40,7,\n"


def test_moodles_participant_number_can_be_the_id(marked, tmp_path):
    marked.roster.write_text(ROSTER.replace("s1,", "111,").replace("anna@x.edu", ""), encoding="utf-8")
    put(marked, "111", exercise("05.1", 9.0, "partial", points=10))
    given = tmp_path / "grades.csv"
    given.write_text(MOODLE.format("", ""), encoding="utf-8")
    (_, copy), _ = marks(marked, LESSON, given)
    assert '"Submitted for grading - ",9,10.00' in copy.read_text(encoding="utf-8")


def test_zero_for_nothing_handed_in_reaches_the_platform_and_empty_leaves_the_cell(marked, tmp_path):
    given = tmp_path / "grades.csv"
    given.write_text("login,mark\ns1,\ns4,old\n", encoding="utf-8")
    for missing, cell in (("empty", "old"), ("zero", "0")):
        (_, copy), _ = marks(marked, LESSON, given, missing=missing)
        assert copy.read_text(encoding="utf-8") == f"login,mark\ns1,7.35\ns4,{cell}\n"


@pytest.mark.parametrize("header, taken", [
    ("login,Essay 1905 (1),Exercise 05 (2)", 2), ("login,05_which_distance (1),Which distance? (2)", 1),
    ("login,Lesson 05 (1),05 bonus (2)", 1), ("login,Week 3 (8)", 1), ("login,Total [Total Pts: 9] |1,A |2", 2),
])
def test_the_column_of_a_lesson_is_found_by_its_name_title_or_number(tmp_path, header, taken):
    (tmp_path / "t.csv").write_text(f"{header}\ns1,,\n", encoding="utf-8")
    assert platform_csv.mark_column(platform_csv.read(tmp_path / "t.csv"), tmp_path, LESSON) == taken


def test_students_with_a_mark_and_no_row_are_listed_and_another_maximum_is_said(marked, tmp_path):
    given = tmp_path / "grades.csv"
    given.write_text("Username,Quiz [Total Pts: 100 Score] |7\ns1,\n", encoding="utf-8")
    _, notes = marks(marked, LESSON, given)
    assert "marks without a row: s2, s3" in notes
    assert any("maximum is 100, the lesson's 10" in note for note in notes)


@pytest.mark.parametrize("header", ["login,points", "login,Quiz A (1),Quiz B (2)", "login,grade,mark"])
def test_a_column_that_cannot_be_guessed_is_asked_for(marked, tmp_path, header):
    given = tmp_path / "grades.csv"
    given.write_text(f"{header}\ns1,,\n", encoding="utf-8")
    with pytest.raises(CourseError, match="--column NAME with one of: login"):
        marks(marked, LESSON, given)
    name = header.split(",")[1]
    (_, copy), _ = marks(marked, LESSON, given, column=name.partition(" (")[0])
    assert copy.read_text(encoding="utf-8").startswith(f"{header}\ns1,7.35,")
    with pytest.raises(CourseError, match="'Quiz C' is unknown"):
        marks(marked, LESSON, given, column="Quiz C")


@pytest.mark.parametrize("data, message", [
    (b"PK\x03\x04rest", "is an Excel file: save it as CSV"), (b"", "is no list of marks"),
    (b'login,mark\ns1,"open\n', "row 2: a quote opens and does not close"),
])
def test_what_is_no_csv_is_refused(tmp_path, data, message):
    (tmp_path / "grades.csv").write_bytes(data)
    with pytest.raises(CourseError, match=message):
        platform_csv.read(tmp_path / "grades.csv")


@pytest.mark.parametrize("text", ["a,b\n1,2", "a,b\r\n1,\r\n", 'a,b\n"x\ny","""q"""\n\n,\n', "a;b\r1;2\r",
                                  'a\t"b"\n\t\n'])
def test_pieces_joined_are_the_file_and_cells_are_those_of_the_csv_module(tmp_path, text):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode())
    table = platform_csv.read(path)
    assert table.data() == text.encode()
    expected = csv.reader(io.StringIO(text, newline=""), delimiter=table.separator)
    ours = [[platform_csv._plain(field) for field in row] for row in table.rows]
    assert [row for row in ours if row != [""]] == [row for row in expected if row]
