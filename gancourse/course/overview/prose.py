"""What a reader reads in a lesson: its sections, and the sentences in them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from gancourse.course.lessons import Lesson, source

HEADING = re.compile(r"^#{2,} +([^\n]+)$", re.MULTILINE)
TITLE = re.compile(r"^# [^\n]+$", re.MULTILINE)
FOLDED = re.compile(r"<details>.*?</details>", re.DOTALL)
CODE = re.compile(r"```.*?```", re.DOTALL)
START = "Start"  # what stands above the first heading of a lesson
# ends a sentence: a stop, then a space and what a sentence begins with
SENTENCE_END = re.compile(
    r"(?:(?<=[.?!])|(?<=[.?!]\))|(?<=[.?!]\*\*))(?<!et al\.)\s+(?=[A-Z*$(`\"'])")


class Section(NamedTuple):
    """A part of a lesson with a heading of its own."""

    heading: str
    paragraphs: list[str]  # Markdown; without what is folded, code blocks and displayed formulas


def sections(lesson: Lesson) -> list[Section]:
    """Return the sections of a lesson in order; the first is START.

    Sections of all levels stand side by side.
    """
    parts = [Section(START, [])]
    for cell in lesson.notebook["cells"]:
        if cell["cell_type"] != "markdown":
            continue
        text = TITLE.sub("", CODE.sub("", FOLDED.sub("", source(cell))))
        first, *others = HEADING.split(text)
        parts[-1].paragraphs.extend(paragraphs(first))
        for heading, words in zip(others[::2], others[1::2], strict=True):
            parts.append(Section(heading.strip(), list(paragraphs(words))))
    return parts


def paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of a Markdown text, each on one line; a list's items are paragraphs.

    Tables, headings and displayed formulas are left out.
    """
    for block in re.split(r"\n\s*\n|\n(?=(?:[-*]|\d+\.) )", text):
        line = " ".join(block.split())
        if line and not line.startswith(("|", "#", "$$", "<")):
            yield line


def sentences(paragraph: str) -> list[str]:
    """Return the sentences of a paragraph."""
    return [sentence.strip() for sentence in SENTENCE_END.split(paragraph) if sentence.strip()]


def plain(markdown: str) -> str:
    """Return a Markdown sentence without bold letters, list marks and links; formulas stay."""
    text = re.sub(r"^(?:[-*]|\d+\.) +", "", markdown)
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    text = text.replace("**", "").strip()
    if text.startswith("(") and text.count("(") > text.count(")"):
        text = text[1:]  # the bracket ends with a later sentence
    if text.endswith(")") and text.count(")") > text.count("("):
        text = text[:-1]
    if text.startswith("(") and text.find(")") == len(text) - 1:
        text = text[1:-1]
    return text
