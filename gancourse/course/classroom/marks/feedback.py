"""The page that each student gets back, and all pages in one zip to upload.

A page shows the student's own work: points, each line of a check with its fact, the hint to look at
next, the answer, and what the teacher wrote.  It holds no traceback, no solution, no number that a
check wanted, and no other student's name.

In the zip a page lies where the platform looks for it, by the path that the submission had in the
platform's export: for Moodle's "Upload multiple feedback files in a zip" in the folder of the
export, for Canvas's "Upload submissions" under the export's file name with another ending.  Where
`collect` has noted no such path it lies in a folder KEY.
"""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

from gancourse.course.classroom.folder import ClassFolder, Settings, Student
from gancourse.course.classroom.marks import pages
from gancourse.course.classroom.marks.by_hand import hundredths
from gancourse.course.classroom.marks.marks import Mark, Sheet, days_begun, in_words, sheet_of
from gancourse.course.classroom.marks.platform_csv import number
from gancourse.course.classroom.marks.report import STATUSES
from gancourse.course.classroom.marks.shapes import function_of
from gancourse.course.lessons import read, source
from gancourse.files import write_atomically

MOODLE = re.compile(r"[^/\\!]+_\d+_assignsubmission_(?:file|onlinetext)_?")
CANVAS = re.compile(r"(?:^|[/\\!])([^/\\!_]+(?:_late)?_\d+_\d+)_[^/\\]*$", re.IGNORECASE)
HINT = re.compile(r"<summary>\s*(Hint[^<]*?)\s*</summary>(.*?)</details>", re.DOTALL)
WORD = re.compile(r"[\w@-]+")
JUDGED = ("right", "partial", "wrong", "error")  # with a word on each line of the check
HINTED = ("empty", "partial", "wrong", "error", "time")  # where a hint can help
NEAR = 4  # cells before an answer in which its hints stand
PAGE = """
<p class="card"><b>{{ final }} of {{ most }} points.</b>
{% if sum %}
{{ sum }}
{% endif %}
{% if late %}
<br>{{ late }}
{% endif %}
</p>
{% for note in notes %}
<p class="note">{{ note }}</p>
{% endfor %}
{% for exercise in exercises %}
<h2>{{ exercise.id }} {{ exercise.function }}</h2>
<p><b>{{ exercise.points }} of {{ exercise.most }} points</b>, {{ exercise.status }}</p>
{% if exercise.comment %}
<p class="card">{{ exercise.comment }}</p>
{% endif %}
{% if exercise.lines %}
<ul class="lines">
{% for line in exercise.lines %}
{% if line.passed %}
<li><b class="good" role="img" aria-label="passed">✓</b>{{ line.fact }}</li>
{% else %}
<li><b class="bad" role="img" aria-label="not passed">✗</b>{{ line.fact }}</li>
{% endif %}
{% endfor %}
</ul>
{% endif %}
{% if exercise.hint %}
<details><summary>Look next at {{ exercise.hint.title }}</summary>
<div>{{ exercise.hint.text|safe }}</div></details>
{% endif %}
{% if exercise.code %}
<h3>Your answer</h3>
{{ exercise.code|safe }}
{% endif %}
{% endfor %}
{% for question in questions %}
<h2>{{ question.id }}, an open question</h2>
{{ question.question|safe }}
<p><b>{{ question.points }}</b></p>
{% if question.reply %}
<h3>Your reply</h3>
<blockquote>{{ question.reply }}</blockquote>
{% endif %}
{% if question.comment %}
<p class="card">{{ question.comment }}</p>
{% endif %}
{% endfor %}
"""


class Help(NamedTuple):
    """What a release says of an exercise or an open question."""

    function: str = ""
    hints: list[tuple[str, str]] = []  # title and HTML of each, in the lesson's order
    question: str = ""  # the open question, as HTML


def feedback(folder: ClassFolder, lesson: str) -> tuple[Path, int]:
    """Write a page for each student with a result, and the zip; return its path and their number.

    Raises CourseError where nothing is graded, and for a mark by hand that cannot be right.
    """
    from tqdm import tqdm

    sheet = sheet_of(folder, lesson)
    results = folder.results(lesson)
    help_ = helps(folder, lesson)
    names = _names(sheet)
    packed = io.BytesIO()
    graded = [mark for mark in sheet.marks if mark.student.key in results]
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for mark in tqdm(graded, desc="feedback", unit="page", leave=False, disable=None):
            key = mark.student.key
            page = page_of(sheet, mark, results[key], folder.settings, help_,
                           _others_unnamed(mark, names))
            write_atomically(folder.feedback(key, lesson), page)
            archive.writestr(upload_name(folder, key, lesson), page)
    path = folder.feedback_zip(lesson)
    write_atomically(path, packed.getvalue())
    return path, len(graded)


def page_of(sheet: Sheet, mark: Mark, result: dict[str, Any], settings: Settings,
            help_: dict[str, Help], notes: list[str]) -> bytes:
    """Return a student's page.  `help_` is what `helps` returns, `notes` what was odd."""
    sign = settings.decimal
    hand = mark.by_hand
    words = []
    if hand or mark.penalty:
        words = [f"{number(mark.raw, sign)} from the checks"]
    if hand:
        words.append(f"{number(abs(hand), sign)} {'more' if hand > 0 else 'less'} by hand")
    if mark.penalty:
        words.append(f"{number(mark.penalty, sign)} less for lateness")
    sum_ = f"That is {', '.join(words)}." if words else ""
    return pages.render(
        PAGE, f"{pages.title_of(sheet.lesson)}: your work", final=number(mark.final, sign),
        most=number(sheet.most, sign), sum=sum_, late=_late(mark, settings), notes=notes,
        exercises=[_exercise(entry, sheet, mark, help_, sign) for entry in result["exercises"]],
        questions=[_question(entry, sheet, mark, help_, sign) for entry in result["open"]])


def helps(folder: ClassFolder, lesson: str) -> dict[str, Help]:
    """Return what the release says of each exercise and open question, {} without a release."""
    path = folder.release(lesson)
    cells = read(path)["cells"] if path.exists() else []
    known = {}
    for i, cell in enumerate(cells):
        facts = cell["metadata"].get("gancourse", {})
        if facts.get("role") == "answer":
            texts = [source(near) for near in cells[max(i - NEAR, 0):i]
                     if near["cell_type"] == "markdown" and HINT.search(source(near))]
            hints = [(title, pages.small_markdown(text))
                     for title, text in HINT.findall(texts[-1] if texts else "")]
            known[facts["exercise"]] = Help(function_of([source(cell)]), hints)
        elif facts.get("role") == "question":
            known[facts["open"]] = Help(question=pages.small_markdown(_question_in(source(cell))))
    return known


def upload_name(folder: ClassFolder, key: str, lesson: str) -> str:
    """Return a page's name in the zip, by the path that its submission had in the export."""
    for path in _origins(folder.attempts(key, lesson)):
        if match := MOODLE.search(path):
            return f"{match[0]}/{lesson}.html"
        if match := CANVAS.search(path):
            return f"{match[1]}_{lesson}.html"
    return f"{key}/{lesson}.html"


def _origins(place: Path) -> list[str]:
    """The paths in the platform's export that a student's attempts had, the latest first.

    They stand in origin.json, which `collect` writes beside the attempts, by the attempt's name.
    """
    try:
        known = json.loads((place / "origin.json").read_text(encoding="utf-8"))
        return [str(known[name].get("path", "")) for name in sorted(known, reverse=True)]
    except (OSError, ValueError, AttributeError):  # there is none, or it is not whole
        return []


def _exercise(entry: dict[str, Any], sheet: Sheet, mark: Mark, help_: dict[str, Help],
              sign: str) -> dict[str, Any]:
    """An exercise for the page."""
    id_ = entry["id"]
    points = mark.points[id_]
    status = STATUSES.get(entry["status"], entry["status"])
    if points != hundredths(entry["earned"]):
        status = f"marked by hand ({number(hundredths(entry['earned']), sign)} from the check)"
    judged = entry["status"] in JUDGED
    if not judged and entry["status"] != "empty" and entry["reason"]:
        status += f": {pages.one_line(entry['reason'])}"
    status += "" if status.endswith((".", "?")) else "."
    lines = [{"passed": line["passed"], "fact": pages.fact(line)} for line in entry["lines"]]
    answered = entry["answer"].strip() and entry["status"] != "empty"
    of_release = help_.get(id_, Help())
    function = of_release.function or function_of([entry["answer"]])
    return {"id": id_, "function": function, "points": number(points, sign),
            "most": number(sheet.possible[id_], sign), "status": status,
            "lines": lines if judged else [], "comment": mark.reasons.get(id_, ""),
            "hint": _next_hint(entry, of_release.hints),
            "code": pages.highlighted(entry["answer"]) if answered else ""}


def _question(entry: dict[str, Any], sheet: Sheet, mark: Mark, help_: dict[str, Help],
              sign: str) -> dict[str, Any]:
    """An open question for the page."""
    id_ = entry["id"]
    points = mark.points[id_]
    most = number(sheet.possible[id_], sign)
    reply = entry["answer"].strip()
    words = f"{number(points, sign)} of {most} points" + ("" if reply else ", not answered")
    if points is None:
        words = f"Not marked yet ({most} points)"
    return {"id": id_, "question": help_.get(id_, Help()).question, "points": words, "reply": reply,
            "comment": mark.reasons.get(id_, "")}


def _next_hint(entry: dict[str, Any], hints: list[tuple[str, str]]) -> dict[str, str] | None:
    """The hint to look at next: the first one, or the second where some of the check passes."""
    if entry["status"] not in HINTED or not hints:
        return None
    title, text = hints[1 if entry["status"] == "partial" and len(hints) > 1 else 0]
    return {"title": title, "text": text}


def _question_in(markdown: str) -> str:
    """The paragraph of a cell that asks: the last one that begins with a bold word."""
    paragraphs = re.split(r"\n\s*\n", re.sub(r"<details>.*?</details>", "", markdown,
                                             flags=re.DOTALL))
    asking = [text for text in paragraphs if re.match(r"\s*\*\*\w+\.\*\*", text)]
    return asking[-1] if asking else ""


def _late(mark: Mark, settings: Settings) -> str:
    """What lateness did to a mark, "" where nothing came late."""
    if not mark.late:
        return ""
    when = f"Handed in {in_words(mark.late)} after the deadline"
    days = days_begun(mark.late)
    if mark.late.total_seconds() > 86400 * settings.late_limit_days:
        return (f"{when}; after {settings.late_limit_days:g} day"
                f"{'s' * (settings.late_limit_days != 1)} nothing counts.")
    return (f"{when}: {days} day{'s' * (days > 1)} begun, {settings.percent_per_day:g} % of the "
            "points for each.")


def _names(sheet: Sheet) -> dict[str, Student]:
    """What can name a student, and whom."""
    return {_spaced(text): mark.student for mark in sheet.marks
            for text in (mark.student.name, mark.student.id, mark.student.email) if text}


def _others_unnamed(mark: Mark, names: dict[str, Student]) -> list[str]:
    """The notes about a submission that name no other student."""
    kept = []
    for note in mark.notes:
        words = _spaced(note)
        if not any(text in words and student != mark.student for text, student in names.items()):
            kept.append(pages.one_line(note))
    return kept


def _spaced(text: str) -> str:
    """The words of a text with a space around each, so that no part of a word is taken for one."""
    return f" {' '.join(WORD.findall(text.casefold()))} "
