"""Which number should I see?  The claims of lessons with the numbers that their last run stored.

    for claim in headline(find("05").notebook):
        print(claim.text, claim.measured, claim.bound)
"""

import html
import re
from typing import NamedTuple

from gancourse.course.lessons import Lesson
from gancourse.notebook.claims import MIME

FEW = 6  # lines, where a lesson has not said which claims are its headline
ROW = re.compile(r'<th scope="row"[^>]*>(.*?)</th>', re.DOTALL)
WORDS = {"exact": "in every run", "own": "at the lesson's own settings"}
FOOT = """
*The numbers were measured in the run that is stored in the lesson. On another machine, with
another processor or with other versions they come out differently; what counts is the range. A
claim "in every run" holds with any data, settings and seed. A claim "at the lesson's own settings"
is not judged after a parameter was changed.*
"""


class Claim(NamedTuple):
    """A line of a lesson's table of claims, as it is stored."""

    text: str
    kind: str  # "exact", "own" or "shown"
    bound: str  # in words, such as "> 0.5, < 2"; "" for a number that is only shown
    measured: float
    headline: bool


def claims_of(notebook: dict) -> list[Claim]:
    """Return the claims that a notebook has stored; [] where its table was never shown."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if MIME in data:
                return _claims(data)
    return []


def headline(notebook: dict) -> list[Claim]:
    """Return the claims that stand in the open, or the first few where all do."""
    claims = claims_of(notebook)
    first = [claim for claim in claims if claim.headline]
    if len(claims) <= FEW or len(first) < len(claims):
        return first
    own = [claim for claim in claims if claim.kind == "own"]
    return (own or claims)[:FEW]


def card(lessons: list[Lesson]) -> str:
    """Return Markdown with a table for each lesson: what is claimed, stored, and allowed."""
    parts = ["# Which number should I see?"]
    for lesson in lessons:
        about = lesson.about
        rendered = about.get("rendered", {})
        parts.append(f"## {about['lesson']:02d} · {about['title']}")
        if rendered:
            parts.append(f"Stored on {rendered['date']}; the run took {rendered['seconds']:.0f} s.")
        claims = headline(lesson.notebook)
        parts.append(table(claims) if claims else "No table of claims is stored in this notebook.")
    return "\n\n".join([*parts, FOOT])


def table(claims: list[Claim], when: bool = True) -> str:
    """Return claims as an HTML table; `when` adds the column that says in which runs they hold."""
    titles = ["claim", "stored", "must be", *(["holds"] if when else [])]
    rows = "".join(f"<th>{title}</th>" for title in titles)
    for claim in claims:
        cells = [claim.text, f"{claim.measured:.4g}", claim.bound or "(only shown)"]
        cells += [WORDS.get(claim.kind, "")] if when else []
        rows += "</tr>\n<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
    return f"<table>\n<tr>{rows}</tr>\n</table>"


def _claims(data: dict) -> list[Claim]:
    """The claims of a stored table; which are its headline stands in its HTML alone."""
    page, *folded = "".join(data["text/html"]).split("<details>")
    in_open = set(map(html.unescape, ROW.findall(page))) if folded else set()
    stored = data[MIME]["claims"]
    return [Claim(claim["text"], claim["kind"], claim["bound"], float(claim["measured"]),
                  claim["text"] in in_open or not folded) for claim in stored]
