"""What fits into a session: sections of lessons with their minutes, in the room and at home.

    fit(sections(find("05")), 80).room

The minutes are those of `study_time`: what a reader needs who has not seen the lesson, with six for
each exercise.
"""

import math
import re
from typing import NamedTuple

from gancourse.course import study_time
from gancourse.course.classroom.lesson.exercises import exercises
from gancourse.course.lessons import Lesson, source

SHORT, LONG = 90, 180  # minutes of a session
ARRIVE, LEAVE, BREAK = 5, 5, 15  # minutes of it that are not study
WEEKS = 12
CLOSING = ("What to remember", "Claims")  # end a session, whatever was left out before
PROMPT = "**Predict.**"


class Section(NamedTuple):
    """A section of a lesson."""

    lesson: str  # "05"
    name: str
    minutes: float  # with its exercises
    exercises: tuple[str, ...]  # such as "05.1 w1_gradient"
    prompts: int  # how often it asks "Predict"


class Session(NamedTuple):
    """What is done in the room, and what is left for home."""

    room: list[Section]
    home: list[Section]
    spare: float  # minutes that are left over


def study(minutes: int) -> int:
    """Return the minutes of study in a session."""
    return minutes - ARRIVE - LEAVE - (BREAK if minutes >= LONG else 0)


def sections(lesson: Lesson) -> list[Section]:
    """Return the sections of a lesson that are read in order, without Deeper and what follows."""
    notebook = lesson.notebook
    minutes = study_time.sections(notebook)
    headings = _headings(notebook)
    prompts = dict.fromkeys(minutes, 0)
    for cell, heading in zip(notebook["cells"], headings, strict=True):
        for name, text in _texts(cell, heading):
            if name in prompts:
                prompts[name] += text.count(PROMPT)
    tasks = {name: tuple(f"{one.id} {' and '.join(one.functions)}" for one in exercises(notebook)
                         if headings[one.answer] == name) for name in minutes}
    number = f"{lesson.about['lesson']:02d}"
    return [Section(number, name, spent, tasks[name], prompts[name])
            for name, spent in minutes.items()]


def deeper(lesson: Lesson) -> tuple[dict[str, float], list[str]]:
    """Return the minutes of each part of the section Deeper, by its heading, and its exercises."""
    notebook = lesson.notebook
    headings = _headings(notebook)
    cells = []
    for cell, heading in zip(notebook["cells"], headings, strict=True):
        texts = [text for name, text in _texts(cell, heading) if name == "Deeper"]
        if cell["cell_type"] == "markdown":
            text = re.sub("^### ", "## ", "".join(texts), flags=re.MULTILINE)
            cells.append({**cell, "source": [text]})
        elif heading == "Deeper":
            cells.append(cell)
    parts = study_time.sections({"cells": cells})
    ids = [one.id for one in exercises(notebook) if headings[one.answer] == "Deeper"]
    return {name: spent for name, spent in parts.items() if name != "Start" and spent >= 1}, ids


def fit(parts: list[Section], minutes: float) -> Session:
    """Return what of the sections fits into so many minutes of study, in their order.

    The first section that does not fit leaves its exercises for home if it fits without them; from
    the next one on everything is for home.  A lesson of which at least half is done in the room
    ends there with what its last sections say.
    """
    room: list[Section] = []
    home: list[Section] = []
    left = float(minutes)
    for number in dict.fromkeys(part.lesson for part in parts):
        own = [part for part in parts if part.lesson == number]
        closing = [part for part in own if part.name in CLOSING]
        others = [part for part in own if part.name not in CLOSING]
        kept, later = _begin(others, 0 if home else left - total(closing))
        ends_here = total(kept) >= total(others) / 2
        room += kept + (closing if ends_here else [])
        home += later + ([] if ends_here else closing)
        left = minutes - total(room)
    return Session(room, home, max(0.0, left))


def pack(lessons: list[Lesson], minutes: float) -> list[list[Lesson]]:
    """Return the lessons in groups that fit into one session each, in their order."""
    groups: list[list[Lesson]] = []
    left = 0.0
    for lesson in lessons:
        spent = total(sections(lesson))
        if groups and spent <= left + 0.5:
            groups[-1].append(lesson)
        else:
            groups.append([lesson])
            left = minutes
        left -= spent
    return groups


def weeks(lessons: list[Lesson], count: int = WEEKS) -> list[list[Section]]:
    """Return the sections of each week, at most `count` weeks.

    Where there are more lessons than weeks, neighbours share a week so that the fullest week is as
    empty as possible; where weeks are left, the longest lessons get two.
    """
    parts = [sections(lesson) for lesson in lessons]
    spent = [total(own) for own in parts]
    if len(lessons) > count:
        return [[part for i in run for part in parts[i]] for run in share(spent, count)]
    long = [i for i in range(len(spent)) if spent[i] > study(SHORT)]
    halved = sorted(long, key=lambda i: -spent[i])[: count - len(lessons)]
    planned = []
    for i, own in enumerate(parts):
        runs = share([part.minutes for part in own], 2 if i in halved else 1)
        planned += [[own[j] for j in run] for run in runs]
    return planned


def share(minutes: list[float], count: int) -> list[range]:
    """Cut a row of numbers into `count` runs so that the largest sum is as small as possible."""
    best = [0.0] + [math.inf] * len(minutes)  # the largest sum in the runs so far, by their end
    cuts = []
    for _ in range(count):
        row = [(math.inf, 0)]
        for end in range(1, len(best)):
            row.append(min((max(best[start], sum(minutes[start:end])), start)
                           for start in range(end)))
        best = [largest for largest, _ in row]
        cuts.append([start for _, start in row])
    runs = []
    end = len(minutes)
    for starts in reversed(cuts):
        runs.insert(0, range(starts[end], end))
        end = starts[end]
    return runs


def total(parts: list[Section]) -> float:
    """Return the minutes of sections together."""
    return sum(part.minutes for part in parts)


def _begin(parts: list[Section], left: float) -> tuple[list[Section], list[Section]]:
    """The sections that fit, in their order, and those that do not."""
    for i, part in enumerate(parts):
        tasks = study_time.EXERCISE * len(part.exercises)
        if part.minutes <= left + 0.5:
            left -= part.minutes
            continue
        if tasks and part.minutes - tasks <= left + 0.5:
            short = part._replace(minutes=part.minutes - tasks, exercises=())
            exercise = part._replace(minutes=tasks, prompts=0)
            return [*parts[:i], short], [exercise, *parts[i + 1:]]
        return parts[:i], parts[i:]
    return parts, []


def _headings(notebook: dict) -> list[str]:
    """For each cell the heading of the section in which it begins; "Start" above the first."""
    headings = []
    heading = "Start"
    for cell in notebook["cells"]:
        headings.append(heading)
        heading = _texts(cell, heading)[-1][0]
    return headings


def _texts(cell: dict, heading: str) -> list[tuple[str, str]]:
    """What a cell says in which section; it begins in `heading`."""
    if cell["cell_type"] != "markdown":
        return [(heading, "")]
    first, *others = study_time.HEADING.split(source(cell))
    return [(heading, first), *zip(others[::2], others[1::2], strict=True)]
