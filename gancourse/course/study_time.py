"""How many minutes a lesson takes to study, reckoned from what stands in it.

    minutes = words / 130 + lines of code / 10 + figures + 6 x exercises

This sum came within a quarter of what cold readers took for the fourteen lessons.  It counts what
a reader goes through: not the sections of AFTERWARDS, nor what is folded, text or code.
"""

import math
import re

from gancourse.course import folds
from gancourse.course.lessons import source, tags

WORDS = 130  # read in a minute
LINES = 10  # of code, understood in a minute
EXERCISE = 6  # minutes
AFTERWARDS = {"Try", "FAQ", "Sources", "Deeper"}
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
FOLDED = re.compile(r"<details>.*?</details>", re.DOTALL)
STATED = re.compile(r"\n*About \*\*\d+ minutes\*\* of study[^\n]*\n\n<details>.*?</details>\s*$",
                    re.DOTALL)


def sections(notebook: dict) -> dict[str, float]:
    """Return the minutes of each section, by its heading; "Start" is what stands above the first.

    Figures are counted among the stored outputs.
    """
    spent = {"Start": 0.0}
    heading = "Start"
    for cell in notebook["cells"]:
        text = FOLDED.sub("", STATED.sub("", source(cell)))
        if cell["cell_type"] == "code":
            spent[heading] += _code_minutes(cell)
            continue
        first, *others = HEADING.split(text)
        spent[heading] += len(first.split()) / WORDS
        for heading, words in zip(others[::2], others[1::2], strict=True):
            spent[heading] = spent.get(heading, 0.0) + len(words.split()) / WORDS
    return {name: time for name, time in spent.items() if name not in AFTERWARDS}


def minutes(notebook: dict) -> int:
    """Return the minutes of a whole lesson, rounded to five, at least five."""
    return max(5, 5 * round(sum(sections(notebook).values()) / 5))


def stated(notebook: dict) -> str:
    """Return what the first cell says of time: the minutes of study, of computing, by section."""
    seconds = notebook["metadata"]["gancourse"].get("rendered", {}).get("seconds", 0)
    whole = math.ceil(seconds / 60)
    computing = "one minute" if whole == 1 else f"{whole} minutes"
    if seconds < 30:
        computing = "seconds"
    listed = [f"{name} {math.floor(spent + 0.5)}" for name, spent in sections(notebook).items()
              if spent >= 0.5]
    return (f"About **{minutes(notebook)} minutes** of study, "
            f"{computing} of computing.\n\n"
            "<details><summary>Minutes by section</summary>\n\n"
            f"{' · '.join(listed)}\n\n</details>")


def state(notebook: dict) -> None:
    """Write the minutes into a lesson's metadata and to the end of its first words, in place.

    A lesson that begins with code gets no words: code is never touched.
    """
    notebook["metadata"]["gancourse"]["minutes"] = minutes(notebook)
    first = notebook["cells"][0]
    if first["cell_type"] == "markdown":
        text = STATED.sub("", source(first)).rstrip()
        first["source"] = f"{text}\n\n{stated(notebook)}".splitlines(keepends=True)


def _code_minutes(cell: dict) -> float:
    """The minutes of a code cell with its figures; none for what readers pass over."""
    if "parameters" in tags(cell):
        return 0.0
    text = source(cell)
    lines = 0 if folds.words(cell) else sum(bool(line.strip()) for line in text.splitlines())
    outputs = [output.get("data", {}) for output in cell.get("outputs", [])]
    figures = sum(any(kind.startswith("image/") for kind in data) for data in outputs)
    return lines / LINES + figures + EXERCISE * ("### BEGIN SOLUTION" in text)
