"""The rule that turns a lesson into slides: what is shown, in which order, and what is only said.

    for slide in deck(lesson.notebook):
        slide.kind  # "section", "figure", "predict", "exercise", ...

A section begins with its title and its question.  Then come its figures, each below the sentences
that say what it shows, formulas, tables and lists, short functions, and what is asked: a prompt
"Predict" stands directly before its answer, an exercise without its hints.  Everything else is
said: it goes into the speaker's notes.  Answers of exercises and of open questions stand nowhere.
JupyterLab's slide types (slide, subslide, fragment, skip, notes) overrule all this, cell by cell.
"""

import ast
import re
from dataclasses import dataclass, field

from gancourse.course.classroom.lesson.exercises import parsed
from gancourse.course.classroom.material.prose import (
    ASKED,
    HEADING,
    announcement,
    blocks,
    caption,
    lead,
    question,
    sentences,
)
from gancourse.course.html_pages import without_bars
from gancourse.course.lessons import SOLUTION, STUB, source, tags
from gancourse.course.study_time import AFTERWARDS
from gancourse.notebook.claims import MIME

HIDDEN = re.compile(r"<details>\s*<summary>(?:Hint|What a good answer says|Minutes by section).*?"
                    r"</details>", re.DOTALL)
DRAWS = re.compile(r"\b(?:plots|diagram|slider|animation|claims|table|fig|ax|axes)\b[.,\[ ]|"
                   r"^(?:import|from)\b", re.MULTILINE)
IDEA = 12  # lines of code that carry an idea and fit on a slide
LINES, COLUMNS = 16, 104  # of printed text on a slide
LISTED = 120  # words of a list on a slide; a longer one is said


@dataclass
class Slide:
    """One slide: Markdown and outputs that are shown, and Markdown that is said."""

    kind: str
    heading: str
    text: str = ""
    outputs: list[dict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fragments: list[tuple[str, list[dict]]] = field(default_factory=list)  # text, outputs


def deck(notebook: dict, deeper: bool = False) -> list[Slide]:
    """Return the slides of a lesson with stored outputs; `deeper` adds the section Deeper."""
    writer = _Writer(AFTERWARDS - {"Deeper"} if deeper else AFTERWARDS)
    for cell in notebook["cells"]:
        kind = cell["metadata"].get("slideshow", {}).get("slide_type", "-")
        if kind == "notes":
            writer.say(source(cell))
        elif kind in ("slide", "subslide", "fragment"):
            writer.tagged(cell, kind)
        elif kind != "skip" and cell["cell_type"] == "markdown":
            writer.words(blocks(source(cell)))
        elif kind != "skip" and cell["cell_type"] == "code":
            writer.code(cell)
    return writer.finish()


class _Writer:
    """Goes through a lesson's cells and writes its slides."""

    def __init__(self, left_out: set[str]) -> None:
        """Begin with no slide."""
        self.left_out = left_out  # sections that are passed over
        self.slides: list[Slide] = []
        self.section = ""
        self.passing = False  # within a section that is left out
        self.prompt = ""  # a "Predict" that waits for its answer
        self.uncaptioned: Slide | None = None  # a figure that waits for its sentences
        self.task: Slide | None = None  # an exercise that waits for its answer cell
        self.paragraph = ""  # the last one: what announces a formula or a piece of code
        self.before: list[str] = []  # notes that belong to the slide that comes next
        self.in_part = False  # after the title of a part, before its first slide
        self.claims = False  # whether the table of claims has been passed

    def words(self, parts: list[str]) -> None:
        """Go through the blocks of a Markdown cell."""
        if not self.passing:
            self._caption_from(parts)
        exercise = None  # whose task or question is being read
        for part in parts:
            if match := HEADING.match(part):
                exercise = None
                self._head(len(match[1]), match[2])
            elif self.passing or HIDDEN.match(part):
                exercise = None
            elif match := ASKED.match(part):
                exercise = self._ask(match[1], part[match.end():])
            elif exercise:
                exercise.text += f"\n\n{part}"
            else:
                self._block(part)

    def code(self, cell: dict) -> None:
        """Show what a code cell has drawn, or the cell itself where it is short and an idea."""
        outputs = without_bars(cell.get("outputs", []))
        self.claims |= any(MIME in output.get("data", {}) for output in outputs)
        text = source(cell)
        if self.passing or tags(cell) & {"parameters", "check"}:
            return
        if "### BEGIN SOLUTION" in text or STUB in text:
            if self.task:
                self.task.text += _python(SOLUTION.sub(r"\1...", text).replace(STUB, "..."))
            self.task = None
            return
        shown = [output for output in outputs if _is_shown(output)]
        printed = _printed(outputs)
        if not shown and (idea := _idea(text)):
            self._new("code", self.section, announcement(self.paragraph, ":") + _python(idea))
        answers = bool(self.prompt)
        if answers and (shown or printed):
            self._release_prompt()
        if answers and printed and not shown and _fits(printed):
            self._new("answer", "Answer", f"\n```\n{printed}\n```")
            self.uncaptioned = self.slides[-1]
        for output in shown:
            self._new("figure", "Answer" if answers else self.section,
                      _alt(output) or announcement(self.paragraph), [output])
            self.uncaptioned = None if "diagram." in text else self.slides[-1]
        self.paragraph = ""

    def tagged(self, cell: dict, kind: str) -> None:
        """Show a whole cell as its teacher has tagged it, without hints and solutions."""
        text = HIDDEN.sub("", source(cell))
        outputs = without_bars(cell.get("outputs", []))
        if cell["cell_type"] == "code":
            text = _python(SOLUTION.sub(r"\1...", text))
        if kind == "fragment" and self.slides:
            self.slides[-1].fragments.append((text, outputs))
        else:
            self._new("section" if kind == "slide" else "text", "", text, outputs)

    def say(self, text: str) -> None:
        """Add Markdown to the notes of the present slide, or of the next where a part begins."""
        if self.in_part or not self.slides:
            self.before.append(text)
        else:
            self.slides[-1].notes.append(text)

    def finish(self) -> list[Slide]:
        """Return the slides, with a last one for the claims."""
        self._release_prompt()
        if self.claims:
            self._new("claims", "What this lesson claims")
        return self.slides

    def _head(self, level: int, title: str) -> None:
        """Begin the lesson, a section, or a part of one, whose title only stands above slides."""
        if level <= 2:
            self._release_prompt()
            self.passing = level == 2 and title in {*self.left_out, "Claims"}
        if self.passing:
            return
        self.section = title
        self.paragraph = ""
        self.in_part = level > 2
        if level <= 2:
            self._new("title" if level == 1 else "section", title)

    def _ask(self, what: str, text: str) -> Slide | None:
        """Put a prompt aside until its answer, or show a question; return it if more may follow."""
        if what == "Predict":
            self._release_prompt()
            self.prompt = text
            return None
        self._new("think" if what == "Think" else "exercise", what, text)
        self.task = None if what == "Think" else self.slides[-1]
        return self.slides[-1]

    def _block(self, part: str) -> None:
        """Show a formula, a table, a short list or a picture of signs; say a paragraph."""
        last = self.slides[-1] if self.slides else Slide("", "")
        is_list = bool(re.match(r"(?:[-*]|\d+\.) ", part))
        if part.startswith("$$"):
            if last.kind == "formula" and not self.paragraph:
                last.text += f"\n\n{part}"
            else:
                self._new("formula", self.section, f"{announcement(self.paragraph)}\n\n{part}")
            self.paragraph = ""
        elif is_list and last.kind == "section" and not self.paragraph:
            last.kind, last.text = "list", part
        elif part.startswith(("|", "```")) or (is_list and len(part.split()) <= LISTED):
            kind = "list" if is_list else "table"
            self._new(kind, self.section, f"{announcement(self.paragraph, ':')}\n\n{part}")
        else:
            if last.kind in ("title", "section") and not last.text:
                first = " ".join(sentences(part)[:2])
                last.text = first if last.kind == "title" else question(part)
            elif last.kind == "formula" and not self.paragraph and re.match(r"[a-z]|Here \$", part):
                last.text += f"\n\n{sentences(part)[0]}"
            self.say(part)
            self.paragraph = part

    def _caption_from(self, parts: list[str]) -> None:
        """Give the figure that waits the sentences that directly follow it."""
        paragraphs = lead(parts)
        if self.uncaptioned and paragraphs:
            printed = self.uncaptioned.text if self.uncaptioned.kind == "answer" else ""
            self.uncaptioned.text = f"{caption(paragraphs)}\n{printed}"
        self.uncaptioned = None

    def _release_prompt(self) -> None:
        """Show the prompt that waits; what comes next is its answer."""
        if self.prompt:
            self._new("predict", "Predict", self.prompt)
            self.prompt = ""

    def _new(self, kind: str, heading: str, text: str = "", outputs: list[dict] = ()) -> None:
        """Add a slide."""
        self.slides.append(Slide(kind, heading, text, list(outputs), self.before))
        self.before = []
        self.in_part = False


def _idea(code: str) -> str:
    """The functions that a short code cell defines, "" where it is long or draws."""
    lines = [line for line in code.splitlines() if line.strip()]
    if not lines or len(lines) > IDEA or DRAWS.search(code):
        return ""
    try:
        functions = [node for node in parsed(code).body if isinstance(node, ast.FunctionDef)]
    except SyntaxError:  # a teacher's own cell may hold anything
        return ""
    idea = "\n\n".join(ast.get_source_segment(code, node) for node in functions)
    return idea if functions and _fits(idea) else ""


def _is_shown(output: dict) -> bool:
    """Whether an output is a figure, a slider, sounds to play, or Markdown."""
    data = output.get("data", {})
    is_shown = any(kind.startswith("image/") or kind == "text/markdown" for kind in data)
    return is_shown or "<audio" in "".join(data.get("text/html", ""))


def _printed(outputs: list[dict]) -> str:
    """What a cell has printed, without the ticks of checks."""
    texts = ["".join(output["text"]) for output in outputs if output.get("name") == "stdout"]
    return re.sub("^✓.*\n?", "", "".join(texts), flags=re.MULTILINE).rstrip()


def _alt(output: dict) -> str:
    """What a figure shows, from the words that it has for those who cannot see it."""
    abouts = [about for about in output.get("metadata", {}).values() if isinstance(about, dict)]
    alt = next((about["alt"] for about in abouts if "alt" in about), "")
    return " ".join(sentences(alt)[:2]).rstrip(".") + "." if alt else ""


def _fits(text: str) -> bool:
    """Whether printed text or code fits on a slide."""
    return text.count("\n") < LINES and max(map(len, text.splitlines())) <= COLUMNS


def _python(code: str) -> str:
    """Code as Markdown."""
    return f"\n\n```python\n{code.strip()}\n```"
