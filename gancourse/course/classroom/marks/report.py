"""The teacher's page about a lesson: marks as pictures, and the commonest wrong answers.

No student is named on it, so it can be shown to the class.
"""

from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from statistics import mean, median
from typing import Any

from gancourse.course.classroom.folder import ClassFolder
from gancourse.course.classroom.marks import pages, shapes
from gancourse.course.classroom.marks.marks import Sheet, sheet_of
from gancourse.course.classroom.marks.platform_csv import number
from gancourse.files import write_atomically

GROUPS = 5  # of wrong answers that an exercise shows
LONGEST = 40  # lines of an example
STATUSES = {  # as the grader says it, and in words
    "right": "right", "partial": "partly right", "wrong": "wrong", "empty": "not answered",
    "missing": "no such function", "broken": "no valid Python", "error": "raises an error",
    "time": "takes too long", "memory": "needs too much memory", "output": "prints too much",
    "killed": "ends its process",
}
MAIN = ("right", "partial", "wrong", "empty")  # those with a column of their own
PAGE = """
<p class="quiet">{{ summary }}</p>
{% if total %}
<h2>All points</h2>
<p>{{ total.words }}</p>
{{ bars(total.chart) }}
{% endif %}
<h2>The exercises</h2>
<div class="scroll"><table>
<thead><tr><th>exercise</th><th></th><th class="n">points</th><th class="n">mean</th>
{% for words in columns %}
<th class="n">{{ words }}</th>
{% endfor %}
<th class="n">other</th></tr></thead><tbody>
{% for exercise in exercises %}
<tr><td><a href="#{{ exercise.id }}">{{ exercise.id }}</a></td><td>{{ exercise.function }}</td>
<td class="n">{{ exercise.points }}</td><td class="n">{{ exercise.mean }}</td>
{% for count in exercise.counts %}
<td class="n">{{ count }}</td>
{% endfor %}
</tr>
{% endfor %}
</tbody></table></div>
{% for exercise in exercises %}
<h2 id="{{ exercise.id }}">{{ exercise.id }} {{ exercise.function }}</h2>
{{ bars(exercise.chart) }}
{% if exercise.lines %}
<div class="scroll"><table>
<thead><tr><th class="n">passed by</th><th>line of the check</th></tr></thead><tbody>
{% for line in exercise.lines %}
<tr><td class="n">{{ line.share }}</td><td>{{ line.hint }}</td></tr>
{% endfor %}
</tbody></table></div>
{% endif %}
{% if exercise.groups %}
<h3>Commonest wrong answers</h3>
{% endif %}
{% for group in exercise.groups %}
<div class="group">
<p><b>{{ group.count }}</b>: {{ group.status }}</p>
{% if group.failed %}
<ul class="lines">
{% for fact in group.failed %}
<li><b class="bad" role="img" aria-label="not passed">✗</b>{{ fact }}</li>
{% endfor %}
</ul>
{% endif %}
{% if group.reason %}
<p class="quiet">{{ group.reason }}</p>
{% endif %}
{{ group.code|safe }}
{% if group.form %}
<p class="quiet">{{ group.form }}</p>
{% endif %}
</div>
{% endfor %}
{% if exercise.more %}
<p class="quiet">{{ exercise.more }}</p>
{% endif %}
{% endfor %}
{% for question in questions %}
<h2 id="{{ question.id }}">{{ question.id }}, an open question</h2>
<p>{{ question.words }}</p>
{% if question.chart %}
{{ bars(question.chart) }}
{% endif %}
{% endfor %}
"""


def report(folder: ClassFolder, lesson: str) -> Path:
    """Write the teacher's page marks/LESSON.html and return its path.

    Raises CourseError where nothing is graded, and for a mark by hand that cannot be right.
    """
    sheet = sheet_of(folder, lesson)
    results = list(folder.results(lesson).values())
    entries = defaultdict(list)
    replies = defaultdict(list)
    for result in results:
        for entry in result["exercises"]:
            entries[entry["id"]].append(entry)
        for entry in result["open"]:
            replies[entry["id"]].append(entry)
    page = pages.render(
        PAGE, f"{pages.title_of(lesson)}: marks", summary=_summary(folder, sheet),
        total=_total(sheet), columns=[STATUSES[status] for status in MAIN],
        exercises=[_exercise(id_, sheet, entries[id_]) for id_ in sheet.possible if id_ in entries],
        questions=[_question(id_, sheet, replies[id_]) for id_ in sheet.possible if id_ in replies])
    path = folder.marks_page(lesson)
    write_atomically(path, page)
    return path


def wrong_answers(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the groups of wrong answers to an exercise, the largest first.

    Answers are in one group when they end alike and fail the same lines of the check.  Within it
    they are counted by their shapes; the commonest one is the example, without comments.
    """
    groups = defaultdict(list)
    for entry in entries:
        if entry["status"] not in ("right", "empty", "missing"):
            failed = ()
            if entry["status"] in ("partial", "wrong"):
                failed = tuple(line["hint"] for line in entry["lines"] if not line["passed"])
            groups[entry["status"], failed].append(entry)
    described = []
    for (status, failed), members in groups.items():
        forms = defaultdict(list)
        for entry in members:
            forms[_form(entry["answer"])].append(entry)
        commonest = max(forms.values(), key=len)
        one = commonest[0]
        facts = [pages.fact(line) for line in one["lines"] if line["hint"] in failed]
        described.append({
            "count": len(members), "status": status, "failed": facts,
            "reason": "" if failed else pages.one_line(one["reason"]), "forms": len(forms),
            "of_form": len(commonest), "example": shapes.without_comments(one["answer"])})
    return sorted(described, key=lambda group: -group["count"])


def _form(answer: str) -> tuple[str, ...]:
    """What two answers share that do the same, whatever their variables are called."""
    try:
        return tuple(word.text for word in shapes.shape(answer, numbered=True))
    except shapes.NO_PYTHON:
        return ("no Python", shapes.without_comments(answer))


def _summary(folder: ClassFolder, sheet: Sheet) -> str:
    """How many are graded, how many came late, and what still waits for the teacher."""
    graded = [mark for mark in sheet.marks if mark.final is not None]
    late = sum(bool(mark.late) for mark in graded)
    by_hand = sum(bool(mark.by_hand) for mark in graded)
    words = [f"{len(graded)} of {len(sheet.marks)} students are graded", f"{late} came late"]
    if by_hand:
        words.append(f"{by_hand} with marks given by hand")
    waiting = len(folder.submissions(sheet.lesson)) - len(graded)
    if waiting > 0:
        words.append(f"not graded yet: {waiting}")
    return "; ".join(words) + "."


def _total(sheet: Sheet) -> dict[str, Any] | None:
    """The distribution of the final marks."""
    finals = [mark.final for mark in sheet.marks if mark.final is not None]
    if not finals or not sheet.most:
        return None
    words = (f"Of {number(sheet.most)} points, after lateness: mean {mean(finals):.1f}, median "
             f"{median(finals):.1f}, from {number(min(finals))} to {number(max(finals))}.")
    steps = pages.steps_of(sheet.most)
    return {"words": words,
            "chart": pages.chart(finals, sheet.most, steps, "students by final points")}


def _exercise(id_: str, sheet: Sheet, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """An exercise for the page."""
    statuses = Counter(entry["status"] for entry in entries)
    counts = [statuses[status] for status in MAIN]
    points = _points(id_, sheet)
    top = sheet.possible[id_]
    groups = wrong_answers(entries)
    lines: dict[str, list[bool]] = {}
    for entry in entries:
        for line in entry["lines"]:
            lines.setdefault(line["hint"], []).append(line["passed"])
    parts = max((len(entry["lines"]) for entry in entries), default=0)
    rest = sum(group["count"] for group in groups[GROUPS:])
    steps = parts if 0 < parts <= 12 else pages.steps_of(top)
    more = f"{rest} wrong answers more, in {len(groups) - GROUPS} smaller groups." if rest else ""
    return {
        "id": id_, "function": shapes.function_of(entry["answer"] for entry in entries),
        "points": number(top), "mean": f"{mean(points):.1f}" if points else "",
        "counts": [*counts, len(entries) - sum(counts)],
        "chart": pages.chart(points, top, steps, f"students by points in {id_}"),
        "lines": [{"hint": hint, "share": f"{sum(passed)} of {len(passed)}"}
                  for hint, passed in lines.items()],
        "groups": [_described(group) for group in groups[:GROUPS]],
        "more": more,
    }


def _described(group: dict[str, Any]) -> dict[str, Any]:
    """A group of wrong answers for the page."""
    code = group["example"].splitlines()
    if len(code) > LONGEST:
        code = [*code[:LONGEST], f"# {len(code) - LONGEST} more lines"]
    form = "All are written in this form."
    if group["forms"] > 1:
        form = (f"Written in {group['forms']} forms; this is the commonest, of "
                f"{group['of_form']}.")
    elif group["count"] == 1:
        form = ""
    count = f"{group['count']} answer{'s' * (group['count'] > 1)}"
    return {"count": count, "status": STATUSES.get(group["status"], group["status"]),
            "failed": group["failed"], "reason": group["reason"], "form": form,
            "code": pages.highlighted("\n".join(code))}


def _question(id_: str, sheet: Sheet, replies: list[dict[str, Any]]) -> dict[str, Any]:
    """An open question for the page: how many replied, and the marks that a teacher has given."""
    empty = sum(not entry["answer"].strip() for entry in replies)
    points = _points(id_, sheet)
    waiting = len(replies) - len(points)
    words = f"{len(replies) - empty} of {len(replies)} replied; without a mark yet: {waiting}."
    top = sheet.possible[id_]
    chart = None
    if len(points) > empty:  # somebody has marked a reply
        chart = pages.chart(points, top, pages.steps_of(top), f"students by points in {id_}")
    return {"id": id_, "words": words, "chart": chart}


def _points(id_: str, sheet: Sheet) -> list[Decimal]:
    """The points of all students in an exercise, by hand where a teacher changed them."""
    points = (mark.points.get(id_) for mark in sheet.marks)
    return [value for value in points if value is not None]
