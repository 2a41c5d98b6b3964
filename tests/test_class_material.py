"""Plans add up and keep their order, the book holds answers and the mistakes that tests hold, the card its bounds."""

import ast
from copy import deepcopy

import pytest

from gancourse.course import study_time
from gancourse.course.classroom.material import book, card, material, plans
from gancourse.course.classroom.material.plans import Section
from gancourse.course.lessons import all_lessons, find, source

LESSONS = all_lessons()


def section(name, minutes, exercises=(), lesson="05"):
    return Section(lesson, name, minutes, tuple(exercises), 0)


def names(parts):
    return [part.name for part in parts]


def test_what_fits_is_done_in_the_room_and_the_rest_at_home():
    """30 + 20 fit into 60 beside the 5 of the end; C would need 20 more."""
    parts = [section("A", 30), section("B", 20), section("C", 20), section("D", 5), section("What to remember", 5)]
    session = plans.fit(parts, 60)
    assert names(session.room) == ["A", "B", "What to remember"] and names(session.home) == ["C", "D"]
    assert session.spare == 5


def test_an_exercise_goes_home_where_its_section_fits_without_it():
    """B takes 16 with two exercises of 6, and 4 without; 10 are left."""
    session = plans.fit([section("A", 20), section("B", 16, ["05.1 f", "05.2 g"]), section("C", 1)], 30)
    assert [(part.name, part.minutes, part.exercises) for part in session.room] == [("A", 20, ()), ("B", 4, ())]
    assert [(part.name, part.minutes) for part in session.home] == [("B", 12), ("C", 1)]


def test_a_lesson_that_is_hardly_begun_ends_at_home():
    parts = [section("A", 50), section("Claims", 1), section("B", 10, lesson="06"), section("C", 40, lesson="06"),
             section("What to remember", 1, lesson="06")]
    assert names(plans.fit(parts, 65).room) == ["A", "Claims", "B"]


def test_neighbours_share_a_week_so_that_the_fullest_week_is_as_empty_as_possible():
    """5 3 | 4 4 and not 5 3 4 | 4."""
    assert plans.share([5, 3, 4, 4], 2) == [range(0, 2), range(2, 4)]
    assert plans.share([1, 1, 9], 2) == [range(0, 2), range(2, 3)]


def test_every_section_is_planned_once_and_in_order():
    for planned in (plans.weeks(LESSONS), plans.weeks(LESSONS[5:8]), plans.weeks(LESSONS[:1])):
        parts = [part for week in planned for part in week]
        lessons = {part.lesson for part in parts}
        wanted = [part for lesson in LESSONS if f"{lesson.about['lesson']:02d}" in lessons
                  for part in plans.sections(lesson)]
        assert parts == wanted and len(planned) <= plans.WEEKS


def longer(which):
    """A lesson with fifty minutes of words in a section of its own more."""
    lesson = deepcopy(find(which))
    text = ["## A long story\n", "word " * 6500]
    at = next(i for i, cell in enumerate(lesson.notebook["cells"]) if "## What to remember" in source(cell))
    lesson.notebook["cells"].insert(at, {"cell_type": "markdown", "id": "x", "metadata": {}, "source": text})
    return lesson


def test_the_longest_lessons_get_two_weeks_where_weeks_are_left():
    """07, with fifty minutes of words more, takes more than the 80 minutes of a session; 05 and 06 take less."""
    lessons = [find("05"), find("06"), longer("07")]
    assert [week[0].lesson for week in plans.weeks(lessons)] == ["05", "06", "07", "07"]
    assert [week[0].lesson for week in plans.weeks(lessons, 3)] == ["05", "06", "07"]


def test_lessons_share_a_session_of_three_hours_while_they_fit():
    """Its 155 minutes of study hold 05 and 06, about 60 each, and not 07 as well, longer by fifty."""
    groups = plans.pack([find("05"), find("06"), longer("07")], plans.study(plans.LONG))
    assert [[lesson.about["lesson"] for lesson in group] for group in groups] == [[5, 6], [7]]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_the_minutes_of_a_plan_are_those_of_the_lesson(lesson):
    parts = plans.sections(lesson)
    assert {part.name: part.minutes for part in parts} == study_time.sections(lesson.notebook)
    session = plans.fit(parts, plans.study(plans.SHORT))
    assert plans.total(session.room) <= plans.study(plans.SHORT) + 0.5
    assert plans.total(session.room + session.home) == pytest.approx(plans.total(parts))
    held = [task.split()[0] for part in parts for task in part.exercises] + plans.deeper(lesson)[1]
    assert len(held) == len(set(held)) >= 2


def test_a_plan_names_the_command_that_hands_a_lesson_out_without_what_is_for_home():
    text = material.plan([longer("12")])
    assert 'gancourse class release 12 --cut "' in text and '--cut "Claims"' not in text
    assert "| 0–5 | arriving |" in text and "## Three hours" in text and "## 2 weeks of 90 minutes" in text


def test_a_plan_tells_of_exercises_in_deeper():
    assert "exercises 05.3, 05.4" in material.plan([find("05")])


LISTS = '''
HEADS = {"f": "def f(x):"}
RIGHT = {"g": """
def g(x):
    return x + 1
"""}
PLUS = "+ 1"
WRONG = [("f", "a body", "return 0"), ("g", "a change", (PLUS, f"{PLUS}0")), ("g", "two", ("x", "y"), ("1", "2"))]
BASE = "def h(x):\\n    return 'a'\\n"
MISREAD = [("another letter", ("'a'", "'b'"))]
NUMBERS = some_function()


@pytest.mark.parametrize("what, change", MISREAD, ids=[what for what, _ in MISREAD])
def test_a_wrong_letter_is_refused(names, what, change):
    with pytest.raises(AssertionError):
        judge("05", names, "h", BASE.replace(*change))


def test_an_answer_that_is_empty_is_refused(names):
    with pytest.raises(AssertionError):
        judge("05", names, "h", BASE)


def test_a_wrong_answer_is_refused(names, exercise, change):
    judge("05", names, exercise, RIGHT[exercise].replace(*change))
'''


def test_wrong_answers_are_read_in_all_their_forms_without_running_the_file(tmp_path):
    (tmp_path / "test_exercises_05.py").write_text(LISTS)
    wrong = book.wrong_answers(find("05"), tmp_path)
    assert [(one.function, one.words) for one in wrong] == [
        ("f", "a body"), ("g", "a change"), ("g", "two"), ("h", "another letter"),
        ("h", "an answer that is empty is refused")]
    assert wrong[0].code == "def f(x):\n    return 0" and wrong[1].code == "\ndef g(x):\n    return x + 10\n"
    assert wrong[2].code == "\ndef g(y):\n    return y + 2\n" and wrong[3].code == "def h(x):\n    return 'b'\n"


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_the_book_knows_the_wrong_answers_of_every_exercise(lesson):
    """Each is Python, differs from the right answer, and none of the list in the tests is lost."""
    wrong = book.wrong_answers(lesson)
    tree = ast.parse((book.TESTS / f"test_exercises_{lesson.about['lesson']:02d}.py").read_text())
    listed = next(node.value.elts for node in tree.body
                  if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "WRONG")
    assert len(wrong) >= len(listed)
    for one in wrong:
        ast.parse(one.code)
        assert one.code != one.right and one.words
    for exercise in book.exercises(lesson.notebook):
        assert sum(one.function in exercise.functions for one in wrong) >= 3, exercise.id


def test_the_book_holds_tasks_solutions_points_checks_and_what_a_good_answer_says():
    text = book.book([find("05")])
    assert "### Exercise 05.1 · w1_gradient · 5 points" in text and "SOLUTION" not in text
    assert "rank = np.argsort(np.argsort(fake))" in text and "The check has 3 lines:" in text
    assert "- **a sum instead of a mean**" in text and "Hint" not in text
    assert "### Question 05.Q1" in text and "Adam undoes the tininess" in text


def test_without_the_tests_the_book_says_where_the_mistakes_are(tmp_path):
    assert book.NO_TESTS in book.book([find("05")], tmp_path)


def test_the_card_has_the_stored_numbers_and_their_bounds():
    text = card.card([find("05")])
    assert "<td>sorted = cheapest of 5040: difference</td><td>0</td><td>0 ± 1e-09</td><td>in every run</td>" in text
    assert len(card.headline(find("05").notebook)) == 5
    assert card.claims_of({"cells": []}) == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_every_lesson_has_a_few_numbers_for_the_card(lesson):
    assert 4 <= len(card.headline(lesson.notebook)) <= card.FEW
    assert len(card.claims_of(lesson.notebook)) >= 5


def test_pages_are_written_whole(tmp_path):
    lessons = [find("00")]
    paths = material.write_plan(lessons, tmp_path) + material.write_book(lessons, tmp_path)
    assert [path.name for path in paths] == ["plan.md", "plan.html", "book.html", "card.html"]
    assert all(path.stat().st_size > 1000 for path in paths)
    assert "<table" in paths[1].read_text() and "<math" in paths[2].read_text()
