"""What a teacher prepares with: plans of sessions, the solution book, the card of numbers.

    write_plan([find("05")], Path("build/class"))    # plan.md and plan.html
    write_book([find("05")], Path("build/class"))    # book.html and card.html
"""

import math
from pathlib import Path

from gancourse.course import html_pages, study_time
from gancourse.course.classroom.material import book, card
from gancourse.course.classroom.material.plans import (
    ARRIVE,
    BREAK,
    LEAVE,
    LONG,
    SHORT,
    WEEKS,
    Section,
    Session,
    deeper,
    fit,
    pack,
    sections,
    study,
    total,
    weeks,
)
from gancourse.course.lessons import Lesson
from gancourse.errors import CourseError
from gancourse.files import write_atomically

FEW = 4  # parts of Deeper that are proposed for time that is left over
INTRODUCTION = f"""# Plans

The minutes are counted from each lesson: words / {study_time.WORDS} + lines of code /
{study_time.LINES} + figures + {study_time.EXERCISE} for each exercise.  One reader who has not seen
the lesson needs about that long.  A session of {SHORT} minutes has {study(SHORT)} of study, one of
three hours has {study(LONG)}: {ARRIVE} go to arriving, {LEAVE} to leaving, and {BREAK} to the break
of the long one.  At each prompt ask for a show of hands before the next cell is run; where a class
argues, it takes longer than it says here.
"""


def write_plan(lessons: list[Lesson], to: Path) -> list[Path]:
    """Write plan.md and plan.html into a folder; return their paths."""
    text = plan(lessons)
    write_atomically(to / "plan.md", text.encode())
    write_atomically(to / "plan.html", page(text, "Plans").encode())
    return [to / "plan.md", to / "plan.html"]


def write_book(lessons: list[Lesson], to: Path) -> list[Path]:
    """Write the solution book and the card of numbers into a folder; return their paths."""
    pages = {"book.html": page(book.book(lessons), "Solutions"),
             "card.html": page(card.card(lessons), "Which number should I see?")}
    for name, text in pages.items():
        write_atomically(to / name, text.encode())
    return [to / name for name in pages]


def page(markdown: str, title: str) -> str:
    """Return Markdown as one HTML page that needs no network."""
    cell = {"cell_type": "markdown", "metadata": {}, "source": markdown}
    notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}
    return html_pages.to_html(notebook, title)


def plan(lessons: list[Lesson]) -> str:
    """Return plans of lessons for 90 minutes, three hours and twelve weeks, as Markdown."""
    parts = [INTRODUCTION, f"## {SHORT} minutes"]
    for lesson in lessons:
        parts.append(_session([lesson], fit(sections(lesson), study(SHORT))))
    parts.append("## Three hours")
    for group in pack(lessons, study(LONG)):
        own = [part for lesson in group for part in sections(lesson)]
        parts.append(_session(group, fit(own, study(LONG)), pause=True))
    return "\n\n".join([*parts, _weeks(lessons)]) + "\n"


def _session(lessons: list[Lesson], session: Session, pause: bool = False) -> str:
    """A session as a table of minutes; `pause` puts a break into its middle."""
    titles = [f"{_number(lesson)} · {lesson.about['title']} ({total(sections(lesson)):.0f} min)"
              for lesson in lessons]
    seconds = sum(lesson.about.get("rendered", {}).get("seconds", 0) for lesson in lessons)
    computing = max(1, math.ceil(seconds / 60))
    lines = [f"### {', '.join(titles)}", "", "| minutes | section | with |", "|---|---|---|",
             f"| 0–{ARRIVE} | arriving | Run All: it computes for {computing} min |"]
    clock = float(ARRIVE)
    middle = clock + total(session.room) / 2
    for part in session.room:
        if pause and clock >= middle:
            lines.append(f"| {_span(clock, BREAK)} | break | |")
            clock += BREAK
            pause = False
        name = part.name if len(lessons) == 1 else f"{part.lesson} {part.name}"
        if part.minutes >= 0.5:
            lines.append(f"| {_span(clock, part.minutes)} | {_cell(name)} | {_with(part)} |")
        clock += part.minutes
    lines.append(f"| {_span(clock, LEAVE)} | leaving | questions |")
    return "\n".join([*lines, "", *_home(session, lessons), *_deeper(session, lessons)])


def _home(session: Session, lessons: list[Lesson]) -> list[str]:
    """What is left for home, and the command that hands a lesson out without it."""
    if not session.home:
        return ["Nothing is left for home."]
    listed = "; ".join(_in_words(part) for part in session.home)
    lines = [f"For home, about {total(session.home):.0f} min: {listed}."]
    begun = {(part.lesson, part.name) for part in session.room}
    for lesson in lessons:
        number = _number(lesson)
        names = [part.name for part in session.home if part.lesson == number
                 and (number, part.name) not in begun and part.name != "Claims"]
        if names and _can_be_cut(lesson, names):
            cut = " ".join(f'--cut "{name}"' for name in names)
            lines += ["", f"Or hand {number} out without them:", "", "```",
                      f"gancourse class release {number} {cut}", "```"]
    return lines


def _can_be_cut(lesson: Lesson, names: list[str]) -> bool:
    """Whether a lesson can do without these sections."""
    from gancourse.course.classroom.release import cutting

    try:
        cutting.cut(lesson.notebook, names)
    except CourseError:
        return False
    return True


def _deeper(session: Session, lessons: list[Lesson]) -> list[str]:
    """What Deeper holds: parts for time that is left over, and exercises that nobody reaches."""
    lines = []
    parts = [(name, spent) for lesson in lessons for name, spent in deeper(lesson)[0].items()]
    fits = [f"{name} ({spent:.0f})" for name, spent in parts if spent <= session.spare]
    if not session.home and session.spare >= 5:
        more = f", or parts of Deeper: {'; '.join(fits[:FEW])}" if fits else ""
        lines += ["", f"About {session.spare:.0f} min are left: for questions{more}."]
    ids = [one for lesson in lessons for one in deeper(lesson)[1]]
    if ids:
        plural = "s" if len(ids) > 1 else ""
        lines += ["", f"Deeper, which this plan leaves out, holds exercise{plural} "
                      f'{", ".join(ids)}: for home, or left out with `--cut "Deeper"`.']
    return lines


def _weeks(lessons: list[Lesson]) -> str:
    """The plan of a term, a line a week."""
    planned = weeks(lessons)
    lines = [f"## {len(planned)} week{'s' if len(planned) > 1 else ''} of {SHORT} minutes", "",
             "| week | in the room | at home |", "|---|---|---|"]
    whole = {_number(lesson): len(sections(lesson)) for lesson in lessons}
    for number, parts in enumerate(planned, 1):
        session = fit(parts, study(SHORT))
        room, home = (_by_lesson(own, whole) for own in (session.room, session.home))
        lines.append(f"| {number} | {room} | {home or '–'} |")
    left = WEEKS - len(planned)
    if left > 0:
        lines += ["", f"Of {WEEKS} weeks {left} {'is' if left == 1 else 'are'} left, for the "
                      "sections Deeper or for projects."]
    return "\n".join(lines)


def _by_lesson(parts: list[Section], whole: dict[str, int]) -> str:
    """Sections by lesson with their minutes, such as "05, all (60 min; exercises 05.1, 05.2)"."""
    listed = []
    for number in dict.fromkeys(part.lesson for part in parts):
        own = [part for part in parts if part.lesson == number]
        tasks = [task.split()[0] for part in own for task in part.exercises]
        listing = f"; exercises {', '.join(tasks)}" if tasks else ""
        names = ": " + ", ".join(_cell(part.name) for part in own)
        if len(own) == whole[number]:
            names = ", all"
        listed.append(f"**{number}**{names} ({total(own):.0f} min{listing})")
    return "<br>".join(listed)


def _span(start: float, minutes: float) -> str:
    """From which minute to which, such as "5–18"; one number where both are the same."""
    first, last = (f"{minute:.0f}" for minute in (start, start + minutes))
    return first if first == last else f"{first}–{last}"


def _with(part: Section) -> str:
    """A section's prompts and exercises in words."""
    words = [f"{part.prompts} prompt{'s' if part.prompts > 1 else ''}"] if part.prompts else []
    return ", ".join([*words, *(f"exercise {task}" for task in part.exercises)])


def _in_words(part: Section) -> str:
    """A section for home: its name, its exercises, its minutes."""
    tasks = f" with {', '.join(part.exercises)}" if part.exercises else ""
    return f"{part.name}{tasks} ({part.minutes:.0f})"


def _number(lesson: Lesson) -> str:
    """A lesson's number as it stands in its file's name."""
    return f"{lesson.about['lesson']:02d}"


def _cell(text: str) -> str:
    """Text within a cell of a table."""
    return text.replace("|", r"\|")
