"""Answers that are alike, side by side: evidence for a teacher who looks, never a verdict.

Two answers are compared by the fingerprints of their shapes (see shapes.py), less those of the
lesson's own code.  A fingerprint weighs the more, the fewer students have it, and what a QUARTER of
the class has weighs nothing: it is what the exercise asks for.  Evidence is counted in pieces: 1 is
as much as one fingerprint that only these two have.
"""

import math
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gancourse.course.classroom.folder import ClassFolder
from gancourse.course.classroom.marks import pages, shapes
from gancourse.course.classroom.marks.marks import as_csv
from gancourse.course.lessons import read, source
from gancourse.errors import CourseError
from gancourse.files import write_atomically

QUARTER = 0.25
LEAST_WORDS = 40  # of a shape; a shorter answer has too few ways to be right
LEAST_EVIDENCE = 8.0  # pieces; one unusual word in a usual answer is 4 to 6
LEAST_SHARE = 0.6  # of the weight of the one of two answers that has less
LEAST_CLASS = 6  # answers; with fewer nothing is known about what is rare
SHOWN = 20  # pairs of an exercise on the page; the CSV has all
COLUMNS = ("exercise", "first", "second", "evidence", "share")
PAGE = """
<p>This page shows pairs of answers that are more alike than the exercise explains. It is evidence
to look at, <b>not a verdict</b>. Two students may have worked together, which you may allow, have
read the same page, or have met by chance. An exercise that is solved in three lines has few ways to
be right, so answers below {{ least }} words of syntax are not compared at all.</p>
<p class="quiet">Compared is what Python sees: names of variables, comments, docstrings and layout
do not count, nor does the code of the lesson, nor what a quarter of the class has written. Evidence
is counted in pieces: 1 is as much as one piece of about {{ run }} words that nobody else has
written. The share says how much of what is unusual in one of the two answers, the one with less of
it, stands in the other, too. Marked lines hold such pieces.</p>
{% for exercise in exercises %}
<h2>{{ exercise.id }} {{ exercise.function }}</h2>
<p class="quiet">{{ exercise.words }}</p>
{% for pair in exercise.pairs %}
<h3>{{ pair.first }} and {{ pair.second }}</h3>
<p>Evidence {{ pair.evidence }}, share {{ pair.share }}.</p>
<div class="pair">
<div><p class="quiet">{{ pair.first }}</p>{{ pair.first_code|safe }}</div>
<div><p class="quiet">{{ pair.second }}</p>{{ pair.second_code|safe }}</div>
</div>
{% endfor %}
{% endfor %}
"""


class Pair(NamedTuple):
    """Two students whose answers to an exercise are alike."""

    exercise: str
    first: str  # keys
    second: str
    evidence: float  # in pieces
    share: float  # of the weight of the answer that has less
    lines: tuple[set[int], set[int]]  # where it stands in the first answer and in the second


class Compared(NamedTuple):
    """What came of an exercise."""

    pairs: list[Pair]  # the strongest first
    answers: int  # that were compared
    short: int  # that were too short
    unread: int  # that Python cannot read


def similar(folder: ClassFolder, lesson: str) -> tuple[Path, Path, int]:
    """Write marks/similar_LESSON.html and .csv; return their paths and the number of pairs.

    They name students by their keys only.  Raises CourseError where nothing is graded.
    """
    from tqdm import tqdm

    results = folder.results(lesson)
    if not results:
        raise CourseError(f"nothing of {lesson} is graded: gancourse class grade {lesson[:2]} "
                          "does it")
    answers: dict[str, dict[str, str]] = {}
    for key, result in results.items():
        for entry in result["exercises"]:
            answers.setdefault(entry["id"], {})[key] = entry["answer"]
    given = course_text(folder, lesson)
    exercises = []
    rows = [list(COLUMNS)]
    for id_ in tqdm(sorted(answers), desc="comparing", unit="exercise", leave=False, disable=None):
        compared = compare(id_, answers[id_], given)
        exercises.append(_section(id_, compared, answers[id_]))
        rows += [[id_, pair.first, pair.second, f"{pair.evidence:.1f}", f"{pair.share:.2f}"]
                 for pair in compared.pairs]
    page = folder.marks_page(f"similar_{lesson}")
    write_atomically(page, pages.render(PAGE, f"{pages.title_of(lesson)}: answers that are alike",
                                        exercises=exercises, least=LEAST_WORDS, run=shapes.RUN))
    table = folder.marks_csv(f"similar_{lesson}")
    write_atomically(table, as_csv(rows, "."))
    return page, table, len(rows) - 1


def course_text(folder: ClassFolder, lesson: str) -> set[int]:
    """Return the hashes of all runs in the code that students were given, stubs included."""
    path = folder.release(lesson)
    given: set[int] = set()
    for cell in read(path)["cells"] if path.exists() else []:
        if cell["cell_type"] == "code":
            try:
                words = shapes.shape(source(cell))
            except shapes.NO_PYTHON:  # a line of IPython's own, such as %pip
                continue
            given.update(value for value, _ in shapes.runs(words))
    return given


def compare(exercise: str, answers: dict[str, str], given: set[int] = frozenset()) -> Compared:
    """Compare the answers to an exercise, by key; `given` are hashes of what the course wrote."""
    prints: dict[str, dict[int, set[int]]] = {}
    short = unread = 0
    for key, answer in sorted(answers.items()):
        try:
            words = shapes.shape(answer)
        except shapes.NO_PYTHON:
            unread += 1
            continue
        if len(words) < LEAST_WORDS:
            short += 1
            continue
        own = shapes.fingerprints(words)
        prints[key] = {value: lines for value, lines in own.items() if value not in given}
    pairs = _pairs(exercise, prints) if len(prints) >= LEAST_CLASS else []
    return Compared(pairs, len(prints), short, unread)


def _pairs(exercise: str, prints: dict[str, dict[int, set[int]]]) -> list[Pair]:
    """The pairs that are alike, the strongest first, from the fingerprints of each answer."""
    counts = Counter(value for own in prints.values() for value in own)
    others = len(prints) - 1
    full = math.log(QUARTER * others)  # of a fingerprint that two students have, or one
    weights = {value: math.log(QUARTER * others / max(count - 1, 1)) / full
               for value, count in counts.items() if count - 1 < QUARTER * others}
    column = {value: i for i, value in enumerate(v for v in weights if counts[v] > 1)}
    keys = list(prints)
    own = np.zeros(len(keys))  # the weight of each answer
    has = np.zeros((len(keys), len(column)))  # the root of each weight, where an answer has it
    for row, key in enumerate(keys):
        weighed = [value for value in prints[key] if value in weights]
        own[row] = sum(weights[value] for value in weighed)
        for value in weighed:
            if value in column:
                has[row, column[value]] = math.sqrt(weights[value])
    shared = has @ has.T  # (students, students)
    least = np.minimum(own[:, None], own[None, :])
    alike = (shared >= LEAST_EVIDENCE) & (shared >= LEAST_SHARE * least)
    pairs = []
    for i, j in zip(*np.nonzero(np.triu(alike, 1)), strict=True):
        first, second = prints[keys[i]], prints[keys[j]]
        both = set(first) & set(second) & set(weights)
        lines = tuple(set().union(*(side[value] for value in both)) for side in (first, second))
        pairs.append(Pair(exercise, keys[i], keys[j], float(shared[i, j]),
                          float(shared[i, j] / least[i, j]), lines))
    return sorted(pairs, key=lambda pair: (-pair.evidence, pair.first, pair.second))


def _section(id_: str, compared: Compared, answers: dict[str, str]) -> dict[str, Any]:
    """An exercise for the page."""
    words = [f"{compared.answers} answers compared"]
    if compared.short:
        words.append(f"{compared.short} too short to compare")
    if compared.unread:
        words.append(f"{compared.unread} that Python cannot read")
    text = ", ".join(words) + ". "
    if compared.answers < LEAST_CLASS:
        text += f"With fewer than {LEAST_CLASS} nothing is known about what is rare."
    elif not compared.pairs:
        text += "No two of them are unusually alike."
    elif len(compared.pairs) > SHOWN:
        text += f"The {SHOWN} strongest of {len(compared.pairs)} pairs; the CSV has all."
    shown = []
    for pair in compared.pairs[:SHOWN]:
        shown.append({
            "first": pair.first, "second": pair.second,
            "evidence": f"{pair.evidence:.1f}", "share": f"{100 * pair.share:.0f} %",
            "first_code": pages.highlighted(answers[pair.first], pair.lines[0]),
            "second_code": pages.highlighted(answers[pair.second], pair.lines[1])})
    return {"id": id_, "function": shapes.function_of(answers.values()), "words": text,
            "pairs": shown}
