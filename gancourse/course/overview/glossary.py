"""The terms of the course, each with the sentence, the section and the lesson that introduce it.

A lesson introduces a term by setting it in **bold** in the middle of a sentence.  Bold letters do
other things, too: they name exercises, begin paragraphs and stress words.  What tells a term apart
is in `_is_term`.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from gancourse.course.lessons import Lesson
from gancourse.course.overview import prose

BOLD = re.compile(r"\*\*(.+?)\*\*")
# sections that come back to what was said, or ask for it
AFTERWARDS = {"What to remember", "Claims", "Try", "FAQ", "Sources"}
LONGEST = 4  # words of a term
STRESSED = {  # bold because they matter there, not as terms; as `_key` writes them
    "a rare thing vanishe", "add", "an eye", "arrow", "average", "background", "brake on d",
    "by brightness", "circle", "clip", "copier", "cover", "covered", "d", "d at two scale",
    "d only", "deleted", "exact", "fooled", "g only", "griffin-lim of real",
    "half the head", "higher than real digit", "honest", "images known", "invented", "l2 d",
    "late", "lesion", "limit", "machine", "matched", "middle line", "network", "no", "no digit",
    "no pitch at all", "on clear one", "on these same image", "one", "one long picture",
    "one number", "pairs d", "penaltie", "pull", "pulled", "push", "random weight", "ratio",
    "real", "recipe", "rise", "round", "scratch", "seen", "share", "shuffled", "slow g",
    "smaller batche", "source", "step", "streak", "streaks table", "target", "ten",
    "ten seeds at once", "their mean", "three times the floor", "through d", "twice", "two scale",
    "unseen", "what is missing",
}
POINTS_BACK = re.compile(r"(It|This|These|That|Their|They|Together|Whatever) ")
STRESS_BEGINS = re.compile(r"(Try|Predict|Exercise|Think|Hint|Now|On|Fault|Noise|The|Our) ?\b")


class Entry(NamedTuple):
    """A term of the glossary."""

    term: str
    lesson: int
    section: str
    sentence: str  # Markdown, without bold letters
    later: tuple[int, ...]  # lessons that introduce it again, for readers who begin there


def entries(lessons: Iterable[Lesson]) -> list[Entry]:
    """Return the terms that lessons introduce, in the order of the alphabet.

    A term belongs to the first lesson that introduces it; capital letters, accents and a plural
    make no other term.
    """
    known: dict[str, Entry] = {}
    for lesson in lessons:
        number = lesson.about["lesson"]
        for section in prose.sections(lesson):
            if section.heading in AFTERWARDS:
                continue
            for term, sentence in introduced(section.paragraphs):
                key = _key(term)
                first = known.setdefault(key, Entry(term, number, section.heading, sentence, ()))
                if number not in (first.lesson, *first.later):
                    known[key] = first._replace(later=(*first.later, number))
    return sorted(known.values(), key=lambda entry: _key(entry.term))


def introduced(paragraphs: Iterable[str]) -> list[tuple[str, str]]:
    """Return each term that paragraphs introduce, with its sentence, in order."""
    terms = []
    for paragraph in paragraphs:
        before = ""
        for sentence in prose.sentences(paragraph):
            whole = sentence
            if before and POINTS_BACK.match(sentence):
                whole = f"{before} {sentence}"
            for match in BOLD.finditer(sentence):
                if _is_term(match, sentence):
                    terms.append((_term(match, sentence), prose.plain(whole)))
            before = sentence
    return terms


def _term(match: re.Match, sentence: str) -> str:
    """A term as a glossary lists it: at the head of a sentence its capital letter is none of it."""
    words = match[1].strip()
    heads = not sentence[: match.start()].strip(" -*")
    return words[0].lower() + words[1:] if heads and words[1:].islower() else words


def _is_term(match: re.Match, sentence: str) -> bool:
    """Whether bold words are a term: short, no sentence, not at the head of a paragraph or item.

    A bold head of a list item is one where a colon follows, or a verb that defines.
    """
    words = match[1].strip()
    if len(words.split()) > LONGEST or words[-1] in ".?!:,;":
        return False
    if not words[0].isalpha() and words[0] != "$":
        return False
    outside_formulas = re.sub(r"\$[^$]*\$", "", words)
    if len(re.sub(r"[^A-Za-z]", "", outside_formulas)) < 2:
        return False
    if _key(words) in STRESSED or STRESS_BEGINS.match(words):
        return False
    before = re.sub(r"^(?:[-*]|\d+\.) +", "", sentence[: match.start()]).strip()
    after = sentence[match.end():].lstrip()
    defines = re.match(r"(:|\(|and\b|is\b|are\b|says\b|counts\b|means\b|gives\b|walks\b)", after)
    return bool(before) or bool(defines)


def _key(term: str) -> str:
    """A term as it is compared: small letters without accents, formulas' dollars and plural."""
    text = unicodedata.normalize("NFKD", term.casefold())
    text = "".join(letter for letter in text if letter.isalnum() or letter in " -")
    text = " ".join(text.split()).replace("optimizer", "optimiser")
    if text.endswith("sses"):
        return text[:-2]
    return text[:-1] if text.endswith("s") and not text.endswith(("ss", "us", "is")) else text
