"""The teacher's page and the students' feedback: what stands on them, and what never does."""

import json
import re
import zipfile
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from test_class_marks import LESSON, a_class, by_hand, exercise, hand_in, put, reply

from gancourse.course.classroom.marks import pages
from gancourse.course.classroom.marks.feedback import feedback, upload_name
from gancourse.course.classroom.marks.report import report, wrong_answers
from gancourse.errors import CourseError

FIRST, SECOND = "Nudging each fake changes W1 as you say.", "Four fakes to the right, exactly."
HALF = [(FIRST, True, ""), (SECOND, False, f"{SECOND}\n  largest difference from yours: 0.5")]
NONE = [(FIRST, False, f"{FIRST}\n  yours has shape (1,), expected (12,)"), (SECOND, False, "")]
BOTH = [(FIRST, True, ""), (SECOND, True, "")]
ALONE = {"meta", "br"}  # tags that nothing closes


class Checker(HTMLParser):
    """Reads a page: the text in it, and whether each tag closes."""

    def __init__(self, page):
        super().__init__()
        self.open, self.words = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag not in ALONE:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        assert tag in ("rect", "line")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.words.append(data)


def text_of(path):
    """The words on a page, which is checked to be whole and to need no network."""
    page = path.read_text(encoding="utf-8")
    checker = Checker(page)
    assert checker.open == []
    assert not re.findall(r'(?:src|href)="(?!#)|@import|url\(|<script|<link', page)
    assert "width=device-width" in page
    return re.sub(r"\s+", " ", " ".join(checker.words))


def some_class(tmp_path, **settings):
    """Three results: all right and late, half right with a comment by hand, and nothing right."""
    folder = a_class(tmp_path, **settings)
    put(folder, "s1", exercise("05.1", 4.0, lines=BOTH), open_=[reply("Adam divides <b>by</b> the size.")],
        submitted="2026-12-06T12:00:00+00:00")
    answer = "def f(x):\n    '''Ben did it.'''\n    return x  # by Ben"
    put(folder, "s2", exercise("05.1", 2.0, "partial", answer, HALF),
        open_=[reply("")], notes=["The check of 05.1 was edited; the course's own was run.",
                                  "The same file came from Chloé O'Hara."])
    put(folder, "s3", exercise("05.1", 0.0, "wrong", "def f(x):\n    return -x", NONE), open_=[reply("No.")])
    by_hand(folder, "s1,05,05.Q1,1.5,Well argued & short.\n")
    return folder


# bars

def test_each_value_counts_at_the_nearest_bar_halves_upwards():
    """From 0 to 4 in four steps: 0 and .49 at 0, .5 at 1, 3.6 and 4 at 4, and a bonus of 5 there, too."""
    chart = pages.chart([Decimal(v) for v in ("0", "0.49", "0.5", "3.6", "4", "5")], Decimal(4), 4, "students")
    assert [(bar.label, bar.count) for bar in chart["bars"]] == [("0", 2), ("1", 1), ("2", 0), ("3", 0), ("4", 3)]
    heights = [bar.height for bar in chart["bars"]]
    assert heights[0] / heights[4] == pytest.approx(2 / 3, abs=0.01)
    assert chart["words"] == "Bar chart, students. 0: 2, 1: 1, 2: 0, 3: 0, 4: 3."


@pytest.mark.parametrize("top, steps", [(4, 4), (18, 9), (10, 10), (100, 10), (37, 10), ("7.5", 10), (12, 12)])
def test_a_total_is_cut_into_few_equal_steps(top, steps):
    assert pages.steps_of(Decimal(top)) == steps


def test_reasons_become_one_line_without_a_traceback():
    assert pages.one_line("T stays.\n  yours has shape (1,)") == "T stays: yours has shape (1,)"
    assert pages.one_line('ValueError\nTraceback (most recent call last):\n  File "x.py", line 3') == "ValueError"
    assert pages.one_line('  File "/srv/t/secret.py", line 3\n    x\n    ^') == ""
    assert pages.one_line(None) == ""
    assert len(pages.one_line("x" * 5000)) < 500


# wrong answers

def test_wrong_answers_are_grouped_by_the_lines_that_they_fail():
    """Five fail the second line, three of them in one form; two fail both; right and empty ones are not wrong."""
    plus, times = "def f(x):\n    y = x + 1\n    return y", "def f(x):\n    return x * 2"
    entries = [exercise(answer=plus, status="partial", lines=HALF),
               exercise(answer=plus.replace("y", "better") + "  # mine", status="partial", lines=HALF),
               exercise(answer=plus.replace("y", "z"), status="partial", lines=HALF),
               *[exercise(answer=times, status="partial", lines=HALF) for _ in range(2)],
               *[exercise(answer=times, status="wrong", lines=NONE) for _ in range(2)],
               exercise(), exercise(status="empty", lines=NONE), exercise(status="missing", lines=NONE)]
    first, second = wrong_answers(entries)
    assert (first["count"], first["forms"], first["of_form"], first["example"]) == (5, 2, 3, plus)
    assert first["failed"] == ["Four fakes to the right, exactly: largest difference from yours: 0.5"]
    assert (second["count"], second["forms"], second["status"]) == (2, 1, "wrong")
    assert second["failed"] == ["Nudging each fake changes W1 as you say: yours has shape (1,), expected (12,)", SECOND]


def test_answers_that_end_early_are_grouped_by_their_end():
    entries = [exercise(status="time", lines=NONE, reason="It does not end within 20 seconds.") for _ in range(2)]
    entries.append(exercise(status="broken", answer="def f(:  # Anna", lines=(), reason="Line 1 is no valid Python."))
    loops, broken = wrong_answers(entries)
    assert (loops["count"], loops["failed"], loops["reason"]) == (2, [], "It does not end within 20 seconds.")
    assert broken["example"] == "def f(:"


# the teacher's page

def test_the_teachers_page_counts_and_names_nobody(tmp_path):
    folder = some_class(tmp_path)
    hand_in(folder, "s4")
    path = report(folder, LESSON)
    assert path == tmp_path / "marks" / f"{LESSON}.html"
    text = text_of(path)
    assert "Lesson 05, Which distance?: marks" in text
    assert "3 of 4 students are graded; 1 came late; 1 with marks given by hand; not graded yet: 1." in text
    assert "Of 6 points, after lateness: mean 2.1, median 2.0, from 0 to 4.4." in text  # 5.5 less 2 days
    assert "05.1 f 4 2.0 1 1 1 0 0" in text
    assert f"2 of 3 {FIRST}" in text
    assert f"1 of 3 {SECOND}" in text
    assert "2 of 3 replied; without a mark yet: 1." in text
    for name in ("Anna", "Müller", "Ben", "Chloé", "s1", "s2", "otter", "x.edu"):
        assert not re.search(rf"\b{name}\b", text)


def test_every_picture_says_in_words_what_it_shows(tmp_path):
    page = report(some_class(tmp_path), LESSON).read_text(encoding="utf-8")
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) == 3  # all points, the exercise, the open question
    assert all(re.search(r'role="img"\s+aria-label="Bar chart, students by', picture) for picture in pictures)
    assert "students by points in 05.1. 0: 1, 2: 1, 4: 1." in pictures[1]


def test_an_answer_of_a_student_cannot_write_into_a_page(tmp_path):
    folder = a_class(tmp_path)
    bad = "def f(x):\n    return '</pre><script>alert(1)</script>'"
    lines = [("<img src=x>", False, "<b>wrong</b>")]
    put(folder, "s1", exercise("05.1", 0, "wrong", bad, lines), open_=[reply("<script>alert(2)</script>")],
        notes=["<i>odd</i>"])
    put(folder, "s2", exercise("05.1", 0, "error", bad, lines, reason="<u>raised</u>"))
    feedback(folder, LESSON)
    for path in (report(folder, LESSON), folder.feedback("s1", LESSON), folder.feedback("s2", LESSON)):
        assert not re.search(r"<script|<img|<u>|<i>odd", path.read_text(encoding="utf-8"))
        text_of(path)


def test_one_empty_submission_makes_a_page(tmp_path):
    folder = a_class(tmp_path)
    put(folder, "s1", exercise(earned=0, status="empty", answer="", reason="Not answered yet."))
    assert "05.1 4 0.0 0 0 0 1 0" in text_of(report(folder, LESSON))
    assert "0 of 4 points , not answered." in text_of_feedback(folder, "s1")


def test_without_results_both_name_the_command(tmp_path):
    for write in (report, feedback):
        with pytest.raises(CourseError, match="gancourse class grade 05"):
            write(a_class(tmp_path), LESSON)


# feedback

def text_of_feedback(folder, key):
    """The words of a student's page."""
    feedback(folder, LESSON)
    return text_of(folder.feedback(key, LESSON))


def test_a_student_sees_points_facts_answer_reply_and_comment(tmp_path):
    text = text_of_feedback(some_class(tmp_path), "s1")
    assert "4.4 of 6 points. That is 4 from the checks, 1.5 more by hand, 1.1 less for lateness." in text
    assert "Handed in 37 h 00 min after the deadline: 2 days begun, 10 % of the points for each." in text
    assert f"✓ {FIRST} ✓ {SECOND}" in text
    assert "def f ( x ): return x" in text
    assert "1.5 of 2 points" in text
    assert "Adam divides <b>by</b> the size." in text
    assert "Well argued & short." in text


def test_a_wrong_line_has_a_cross_and_its_fact_in_one_line(tmp_path):
    folder = some_class(tmp_path)
    assert f"✓ {FIRST} ✗ {SECOND[:-1]}: largest difference from yours: 0.5" in text_of_feedback(folder, "s2")
    assert f"✗ {FIRST[:-1]}: yours has shape (1,), expected (12,) ✗ {SECOND}" in text_of_feedback(folder, "s3")
    assert "Not marked yet (2 points)" in text_of_feedback(folder, "s3")
    assert "0 of 2 points, not answered" in text_of_feedback(folder, "s2")


def test_no_page_names_another_student_even_where_a_note_does(tmp_path):
    text = text_of_feedback(some_class(tmp_path), "s2")
    assert "The check of 05.1 was edited; the course's own was run." in text
    assert "Chloé" not in text


def test_no_page_has_a_traceback(tmp_path):
    folder = a_class(tmp_path)
    reason = 'Your function raises ValueError: 3.\nTraceback (most recent call last):\n  File "/srv/t/x.py", line 1'
    put(folder, "s1", exercise("05.1", 0, "error", lines=[(FIRST, False, reason)], reason=reason))
    text = text_of_feedback(folder, "s1")
    assert f"✗ {FIRST[:-1]}: Your function raises ValueError: 3." in text
    assert not re.search("Traceback|File|/srv", text)


def test_an_answer_that_was_not_judged_says_why_once(tmp_path):
    folder = a_class(tmp_path)
    why = "line 2 of your cell is not Python: '(' was never closed"
    lines = [(hint, False, f"{hint[:-1]}: {why}") for hint in (FIRST, SECOND)]
    put(folder, "s1", exercise("05.1", 0, "broken", "def f(x):\n    return (x", lines, why))
    text = text_of_feedback(folder, "s1")
    assert f"0 of 4 points , no valid Python: {why}. Your answer def f ( x ): return ( x" in text
    assert text.count("not Python") == 1


def test_a_mark_by_hand_is_shown_beside_the_checks_with_its_reason(tmp_path):
    folder = some_class(tmp_path)
    by_hand(folder, "s2,05,05.1,3,The idea is right.\n")
    text = text_of_feedback(folder, "s2")
    assert "3 of 4 points , marked by hand (2 from the check)." in text
    assert "The idea is right." in text


def test_too_late_counts_nothing_and_says_so(tmp_path):
    folder = a_class(tmp_path)
    put(folder, "s1", exercise(), submitted="2026-12-20T12:00:00+00:00")
    text = text_of_feedback(folder, "s1")
    assert "0 of 4 points. That is 4 from the checks, 4 less for lateness." in text
    assert "after 7 days nothing counts." in text


def test_a_decimal_comma_is_used_where_the_class_has_one(tmp_path):
    assert "4,4 of 6 points" in text_of_feedback(some_class(tmp_path, decimal=","), "s1")


def a_release(folder):
    """A release with three hints before the exercise, and a question that has a fold."""
    hints = "".join(f"<details><summary>Hint {i}: {what}</summary>\n\n{text}\n\n</details>\n\n" for i, what, text in
                    ((1, "the fact", "Only *one* term has $y_i$."), (2, "the formula", "**Sort** with `np.sort`."),
                     (3, "the shape of the code", "Three lines.")))
    def cell(kind, text, **facts):
        return {"cell_type": kind, "metadata": {"gancourse": facts} if facts else {}, "source": [text]}
    cells = [cell("markdown", f"**Exercise 1.** Write it.\n\n{hints}"),
             cell("code", "def f(x):\n    raise NotImplementedError", exercise="05.1", role="answer"),
             cell("markdown", "Before.\n\n**Think.** Would $G$ come home?\n\n## After", open="05.Q1", role="question")]
    path = folder.release(LESSON)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"cells": cells, "metadata": {"gancourse": {"lesson": 5}}}), encoding="utf-8")


def test_the_next_hint_is_the_second_where_some_of_the_check_passes(tmp_path):
    folder = some_class(tmp_path)
    a_release(folder)
    assert "Look next at" not in text_of_feedback(folder, "s1")
    assert "Look next at Hint 2: the formula Sort with np.sort ." in text_of_feedback(folder, "s2")
    text = text_of_feedback(folder, "s3")
    assert "Look next at Hint 1: the fact Only one term has y i ." in text
    assert "Hint 3" not in text
    put(folder, "s4", exercise("05.1", 0, "time", "while True: pass", reason="does a loop never end?"))
    assert "05.1 f 0 of 4 points , takes too long: does a loop never end? Look next" in text_of_feedback(folder, "s4")
    assert "Think. Would G come home?" in text
    assert "After" not in text
    assert "<math" in folder.feedback("s3", LESSON).read_text(encoding="utf-8")


@pytest.mark.parametrize("path, name", [
    ("export.zip/Anna Müller_123_assignsubmission_file_/05.ipynb", "Anna Müller_123_assignsubmission_file_/{0}.html"),
    ("GANs/Anna Müller_123_assignsubmission_file/a/05.ipynb", "Anna Müller_123_assignsubmission_file/{0}.html"),
    ("Anna Müller_123_assignsubmission_file_05.ipynb", "Anna Müller_123_assignsubmission_file_/{0}.html"),
    ("submissions.zip/mulleranna_LATE_4711_90001_05_which_distance.ipynb", "mulleranna_LATE_4711_90001_{0}.html"),
    ("mulleranna_4711_90001_lesson-1.ipynb", "mulleranna_4711_90001_{0}.html"),
    ("Week3_s1_attempt_2026-12-04-12-00-00_05.ipynb", "s1/{0}.html"),
    ("Abgaben/Müller_Anna_s1_501/05.ipynb", "s1/{0}.html"),
    (None, "s1/{0}.html"),
])
def test_a_page_lies_in_the_zip_where_the_platform_looks_for_it(tmp_path, path, name):
    folder = some_class(tmp_path)
    place = folder.attempts("s1", LESSON)
    names = ["20261201T120000_aaaaaa.ipynb", "20261204T120000_bbbbbb.ipynb"]
    origins = {}
    for attempt, origin in zip(names, [None, path], strict=True):  # the first came by other means
        place.mkdir(parents=True, exist_ok=True)
        (place / attempt).write_text("{}")
        if origin:
            origins[attempt] = {"platform": "", "path": origin}
    (place / "origin.json").write_text(json.dumps(origins), encoding="utf-8")
    assert upload_name(folder, "s1", LESSON) == name.format(LESSON)
    packed, count = feedback(folder, LESSON)
    assert count == 3
    with zipfile.ZipFile(packed) as archive:
        assert archive.namelist() == [name.format(LESSON), f"s2/{LESSON}.html", f"s3/{LESSON}.html"]
        assert archive.read(f"s2/{LESSON}.html") == folder.feedback("s2", LESSON).read_bytes()


def test_with_pseudonyms_no_name_and_no_id_is_on_a_page_or_in_the_zip(tmp_path):
    folder = a_class(tmp_path, pseudonyms=True)
    put(folder, "otter", exercise())
    packed, _ = feedback(folder, LESSON)
    with zipfile.ZipFile(packed) as archive:
        assert archive.namelist() == [f"otter/{LESSON}.html"]
    assert not re.search(r"Anna|s1\b|x\.edu", text_of(folder.feedback("otter", LESSON)))
