"""The map and the glossary as files: map.md for a repository, map.html for a browser.

The page needs no network: its picture is a drawing in it, its formulas are MathML.
"""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from gancourse.course import html_pages
from gancourse.course.lessons import FOLDER, PARTS, Lesson
from gancourse.course.overview import answers, course_map, drawing, glossary, prose
from gancourse.course.overview.course_map import Claim, Stop
from gancourse.course.overview.glossary import Entry
from gancourse.files import write_atomically

TITLE = "The course on one page"
INTRODUCTION = (
    "Every lesson with the questions that it asks, what you make in it, and the claims that its "
    "stored run has put to the test. Minutes are minutes of study. This page is made from the "
    "lessons by `gancourse map`.")


def write(lessons: Sequence[Lesson], folder: Path) -> list[Path]:
    """Write map.md and map.html into a folder and return their paths.

    Links to lessons lead from there to where the notebooks lie.  Raises OSError when a file cannot
    be written.
    """
    folder = Path(folder)
    stops = course_map.stops(lessons)
    entries = glossary.entries(lessons)
    place = lessons[0].path.parent if lessons else FOLDER
    to_lessons = Path(os.path.relpath(place, folder.absolute())).as_posix()
    questions = ""
    if answers.lessons_named() <= {stop.number for stop in stops}:
        questions = answers.in_markdown(place, f"{to_lessons}/")
    paths = [folder / "map.md", folder / "map.html"]
    write_atomically(paths[0], markdown(stops, entries, to_lessons, questions).encode())
    write_atomically(paths[1], page(stops, entries, to_lessons, questions).encode())
    return paths


def markdown(stops: Sequence[Stop], entries: Sequence[Entry], to_lessons: str,
             questions: str = "") -> str:
    """Return the map with a diagram that GitHub and JupyterLab draw, and the glossary.

    `questions` are questions with their answers, as Markdown, "" to leave them out.
    """
    diagram = f"```mermaid\n{_mermaid(stops)}\n```"
    return _text(stops, entries, to_lessons, diagram, questions)


def page(stops: Sequence[Stop], entries: Sequence[Entry], to_lessons: str,
         questions: str = "") -> str:
    """Return the same with its drawing as one HTML page."""
    text = _text(stops, entries, to_lessons, "MAP-DRAWING", questions)
    cell = {"cell_type": "markdown", "id": "map", "metadata": {},
            "source": text.splitlines(keepends=True)}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    whole = html_pages.to_html(notebook, TITLE)
    return whole.replace("<p>MAP-DRAWING</p>", drawing.svg(stops, PARTS), 1)


def _text(stops: Sequence[Stop], entries: Sequence[Entry], to_lessons: str, picture: str,
          questions: str) -> str:
    """The whole as Markdown, with a picture of what needs what."""
    contents = "[The glossary](#glossary)"
    if questions:
        contents = f"[Questions and answers](#answers) · {contents}"
    lines = [f"# {TITLE}", INTRODUCTION, contents, "## What needs what",
             "An arrow leads from a lesson to those that need it.", picture]
    part = 0
    for stop in stops:
        if stop.part != part:
            part = stop.part
            lines.append(f"## {PARTS[part - 1]}")
        lines.append(_stop(stop, to_lessons))
    if questions:
        lines += ['<a id="answers"></a>', "## Questions and answers", questions]
    by_number = {stop.number: stop for stop in stops}
    lines += ['<a id="glossary"></a>', "## Glossary", _glossary(entries, by_number, to_lessons)]
    return "\n\n".join(lines) + "\n"


def _stop(stop: Stop, to_lessons: str) -> str:
    """What the map says of a lesson, as Markdown."""
    link = f"{to_lessons}/{quote(stop.file)}"
    needed = ", ".join(f"[{need:02d}](#lesson-{need:02d})" for need in stop.needs) or "nothing"
    lines = [f'<a id="lesson-{stop.number:02d}"></a>\n\n### [{stop.number:02d} {stop.title}]'
             f"({link})",
             f"You make {stop.makes}. About {stop.minutes} minutes. Needs: {needed}."]
    if stop.questions:
        lines.append("\n".join(f"- {question}" for question in stop.questions))
    if stop.claims:
        lines.append("\n".join(["| claim | bound | measured |", "|---|---|---|",
                                *map(_claim, stop.claims)]))
    return "\n\n".join(lines)


def _claim(claim: Claim) -> str:
    """A row of a table of claims; a bar in a cell would end it."""
    measured = float(claim.measured)
    number = f"{measured:.4g}" if math.isfinite(measured) else str(claim.measured)
    missed = "" if claim.held else " (missed)"
    cells = (claim.text, claim.bound, f"{number}{missed}")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _glossary(entries: Sequence[Entry], stops: dict[int, Stop], to_lessons: str) -> str:
    """The terms as a list of paragraphs, each with a link to its section."""
    lines = []
    for entry in entries:
        stop = stops[entry.lesson]
        anchor = "" if entry.section == prose.START else f"#{_anchor(entry.section)}"
        where = f"{entry.lesson:02d}"
        if anchor:
            where += f", {entry.section}"
        link = f"[{where}]({to_lessons}/{quote(stop.file)}{anchor})"
        also = ""
        if entry.later:
            also = "; also " + ", ".join(f"{number:02d}" for number in entry.later)
        sentence = entry.sentence.removeprefix(f"{entry.term}: ").rstrip(":;,")
        sentence = sentence if sentence.endswith((".", "?", "!", ")")) else f"{sentence}."
        lines.append(f"**{entry.term}**: {sentence} ({link}{also})")
    return "\n\n".join(lines)


def _anchor(heading: str) -> str:
    """What JupyterLab calls the place of a heading: its words with dashes between them."""
    return quote(heading.replace(" ", "-"))


def _mermaid(stops: Sequence[Stop]) -> str:
    """What needs what as a diagram in mermaid's language."""
    lines = ["flowchart LR"]
    part = 0
    for stop in stops:
        if stop.part != part:
            lines += ["  end"] * bool(part)
            part = stop.part
            lines.append(f'  subgraph P{part}["{PARTS[part - 1]}"]')
        title = stop.title.replace('"', "'")
        lines.append(f'    {stop.number:02d}["{stop.number:02d} {title}"]')
    lines += ["  end"] * bool(part)
    lines += [f"  {need:02d} --> {stop.number:02d}" for stop in stops for need in stop.needs]
    return "\n".join(lines)
