"""What the map says of each lesson: its questions, its headline claims, what it needs."""

import html
import re
from collections.abc import Iterable
from typing import NamedTuple

from gancourse.course.lessons import Lesson
from gancourse.course.overview import prose
from gancourse.notebook.claims import MIME

MOST_QUESTIONS = 4  # of a lesson
SHORTEST, LONGEST = 4, 25  # words of a question
NOT_ASKED = {"What to remember", "Deeper", "Claims", "Try", "FAQ", "Sources"}
ROW = re.compile(r'<th scope="row"[^>]*>(.*?)</th>', re.DOTALL)


class Claim(NamedTuple):
    """A headline claim with what the stored run has measured."""

    text: str
    bound: str
    measured: float | str
    held: bool


class Stop(NamedTuple):
    """A lesson on the map."""

    number: int
    title: str
    part: int  # from 1 on
    minutes: int
    makes: str
    file: str  # its name in the folder of notebooks
    needs: tuple[int, ...]  # lessons that it needs, less those that these need, too
    questions: tuple[str, ...]
    claims: tuple[Claim, ...]


def stops(lessons: Iterable[Lesson]) -> list[Stop]:
    """Return what the map says of lessons, in their order."""
    lessons = list(lessons)
    needs = {lesson.about["lesson"]: set(lesson.about["needs"]) for lesson in lessons}
    on_map = []
    for lesson in lessons:
        about = lesson.about
        on_map.append(Stop(
            about["lesson"], about["title"], about["part"], about["minutes"], about["makes"],
            lesson.path.name, tuple(direct_needs(about["lesson"], needs)),
            tuple(questions(lesson)), tuple(headline_claims(lesson))))
    return on_map


def direct_needs(number: int, needs: dict[int, set[int]]) -> list[int]:
    """Return the lessons that one needs and that no other of them needs already.

    If 10 needs 03 and 07, and 07 needs 03, the way from 03 to 10 leads by 07.
    """
    return sorted(need for need in needs.get(number, set())
                  if not any(need in _before(other, needs) for other in needs[number]))


def questions(lesson: Lesson) -> list[str]:
    """Return the questions that a lesson asks, as Markdown: its own, and those of its sections.

    Its own stand in its first cell; a section opens with the question that it answers.  At most
    MOST_QUESTIONS.  What a reader is to predict is no question of the lesson.
    """
    listed = []
    for section in prose.sections(lesson):
        if section.heading in NOT_ASKED:
            continue
        opening = section.paragraphs if section.heading == prose.START else section.paragraphs[:1]
        for paragraph in opening:
            own = paragraph.partition("**Predict")[0]
            asking = [prose.plain(sentence) for sentence in prose.sentences(own)
                      if sentence.endswith("?")]
            listed += [question for question in asking
                       if SHORTEST <= len(question.split()) <= LONGEST]
    return list(dict.fromkeys(listed))[:MOST_QUESTIONS]


def headline_claims(lesson: Lesson) -> list[Claim]:
    """Return the claims that stand in the open below a lesson, as its stored run has judged them.

    [] where no outputs are stored.
    """
    claims = []
    for cell in lesson.notebook["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if MIME not in data:
                continue
            open_table = "".join(data.get("text/html", "")).partition("</table>")[0]
            headlines = [html.unescape(text) for text in ROW.findall(open_table)]
            for claim in data[MIME].get("claims", []):
                if claim["text"] in headlines and claim["judged"]:
                    claims.append(Claim(claim["text"], claim["bound"], claim["measured"],
                                       claim["held"]))
    return claims


def _before(number: int, needs: dict[int, set[int]]) -> set[int]:
    """All lessons on the ways that lead to one."""
    direct = needs.get(number, set())
    return direct.union(*(_before(other, needs) for other in direct))
