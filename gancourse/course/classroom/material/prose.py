"""Cutting the words of a lesson: into blocks, into sentences, and to what a slide has room for.

    blocks("## A\\n\\nWhy? **Predict.** What?")   # ["## A", "Why?", "**Predict.** What?"]
"""

import itertools
import re

HEADING = re.compile(r"(#+) (.+)")
PIECES = re.compile(r"(<details>.*?</details>|```.*?```|\$\$.*?\$\$|\n\s*\n)", re.DOTALL)
ASKED = re.compile(r"\*\*(Predict|Think|Exercise \d+)\.\*\*\s*")
ASKED_NEXT = re.compile(r"(?=\*\*(?:Predict|Think|Exercise \d+)\.\*\*)")
NO_WORDS = re.compile(rf"{HEADING.pattern}|{ASKED.pattern}|[<|]|\$\$|```|- ")  # begin no sentence
LABEL = re.compile(r"\*\*\S+(?: \S+){,2}\*\*")  # a sentence of its own, such as "**A bet.**"
STRESSED = re.compile(r"\*\*\S+ \S+ [^*]+\*\*")  # at least three words in bold: what to remember
END = re.compile(r"(?<![ (]al)(?<!e\.g)(?<!i\.e)[.?!][\"”’)*_]*(?= +[\"“(*_$`A-Z0-9])")
KEPT_WHOLE = re.compile(r"\$[^$]+\$|`[^`]+`")  # within a sentence: a formula, code
CAPTION = 45  # words above a figure
OF_CELLS = re.compile(r"\bcells?\b")  # what makes no sense where no cells are seen
OPENING = 40  # words below the title of a section


def blocks(markdown: str) -> list[str]:
    """Return the paragraphs, headings, lists, formulas, code and folded parts of Markdown."""
    parts = []
    for piece in PIECES.split(markdown):
        text = piece.strip("\n")
        while match := HEADING.match(text):
            parts.append(match[0])
            text = text[match.end():].strip("\n")
        if text.startswith("<details>"):
            parts.append(text)
        elif text.strip():
            parts += [part.strip() for part in ASKED_NEXT.split(text) if part.strip()]
    return parts


def sentences(paragraph: str) -> list[str]:
    """Return the sentences of a paragraph; formulas, code and "et al. 2017" are not cut."""
    line = KEPT_WHOLE.sub(lambda match: match[0].replace(" ", "\0"), " ".join(paragraph.split()))
    ends = [match.end() for match in END.finditer(line)]
    cut = [line[start:end].strip() for start, end in zip([0, *ends], [*ends, None], strict=True)]
    whole = [part.replace("\0", " ") for part in cut if part]
    return [part.replace("**", "") if part.count("**") % 2 else part for part in whole]


def caption(paragraphs: list[str]) -> str:
    """Return what a figure shows in one or two sentences: the first, and the one in bold."""
    lines = [line for line in sentences(" ".join(paragraphs))
             if not LABEL.fullmatch(line) and not OF_CELLS.search(line)]
    first, *others = [line for line in lines if not line.endswith("?")] or lines or [""]
    stressed = [line for line in others if STRESSED.search(line)]
    bold = [match[0] for match in map(STRESSED.search, stressed) if match[0][2:3].isupper()]
    for second in (*stressed[:1], *bold[:1], *([] if stressed else others[:1])):
        if len(f"{first} {second}".split()) <= CAPTION:
            return f"{first} {second}"
    return first


def lead(parts: list[str]) -> list[str]:
    """Return the paragraphs with which blocks begin, before a heading, a prompt or a table."""
    return list(itertools.takewhile(lambda part: not NO_WORDS.match(part), parts))


def question(paragraph: str) -> str:
    """Return the question that a paragraph asks, with the sentence before it; "" without one."""
    lines = sentences(paragraph)
    for i, line in enumerate(lines):
        if line.endswith("?"):
            with_reason = " ".join(lines[max(0, i - 1) : i + 1])
            return with_reason if len(with_reason.split()) <= OPENING else line
    return ""


def announcement(paragraph: str, end: str = "") -> str:
    """Return a paragraph's last sentence, which says what comes next, if it ends in `end`."""
    last = sentences(paragraph)[-1] if paragraph else ""
    return last if last.endswith(end) and not OF_CELLS.search(last) else ""
