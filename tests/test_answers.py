"""The page of questions and answers: every number and every place in it exists."""

import re

import pytest

from gancourse.course.lessons import FOLDER, all_lessons
from gancourse.course.overview import answers, prose
from gancourse.course.overview.stored_numbers import PLACE

ALL = [answer for group in answers.GROUPS.values() for answer in group]


@pytest.fixture(scope="module")
def headings():
    """The sections of each lesson by its number."""
    return {lesson.name[:2]: {section.heading for section in prose.sections(lesson)} for lesson in all_lessons()}


@pytest.mark.parametrize("answer", ALL, ids=lambda answer: answer.question)
def test_each_answer_leads_to_sections_that_exist(answer, headings):
    assert answer.where
    for number, heading in answer.where:
        assert heading in headings[number], f"lesson {number} has no section {heading!r}"


@pytest.mark.parametrize("answer", ALL, ids=lambda answer: answer.question)
def test_a_number_comes_from_a_lesson_that_the_answer_names(answer):
    assert {match[1] for match in PLACE.finditer(answer.text)} <= {number for number, _ in answer.where}


def test_all_numbers_are_filled_in_and_none_is_missing():
    text = answers.in_markdown()
    assert not re.search(r"\{\d\d:", text) and "nan" not in text.split() and answers.MISSING not in text
    assert all(answer.question in text for answer in ALL)


def test_an_answer_without_its_number_says_so(tmp_path):
    text = answers._filled("It is {99: how long as .1f} m.", tmp_path)
    assert text.startswith(answers.MISSING) and "99" not in text.partition(":")[0]


def test_links_lead_from_where_the_text_will_stand():
    text = answers.in_markdown(to_lessons="notebooks/")
    for file in re.findall(r"\]\(notebooks/([^)#]+)#", text):
        assert (FOLDER / file).exists()


def test_folded_answers_have_their_question_in_the_open():
    text = answers.in_markdown(folded=True)
    assert text.count("<details>") == text.count("</details>") == len(ALL)


def test_the_article_asks_about_differences_uses_challenges_and_solutions():
    words = " ".join(answer.question for answer in ALL).lower()
    for asked in ("differ", "faces", "style", "missing", "data", "speak", "write", "translate", "hard", "stable",
                  "good", "settings", "deepfakes", "memory", "consent", "medicine"):
        assert asked in words, asked
