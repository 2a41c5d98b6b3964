"""The reader's own text as rows of numbers, and how much of its phrases another text contains.

Lesson 13.
"""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gancourse.errors import CourseError, MissingFile, check_choice, check_range

OTHER = "…"  # stands for units too rare to have a number
AT_LEAST = 200  # different lines, or there is nothing to learn from and to hold out
WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")


class Text(NamedTuple):
    """Lines of a text as numbers.  Number 0 ends a line and fills its row."""

    units: tuple[str, ...]  # what each number stands for; 0 is the end of a line, 1 any rare unit
    train: np.ndarray       # (n, length) int64
    held_out: np.ndarray    # (m, length) int64, a tenth of the lines, none of them in `train`
    between: str            # what stands between two units: " " for words, "" for characters

    def text(self, rows: np.ndarray) -> list[str]:
        """Return rows as lines of text, each up to its end."""
        return [self.between.join(self.units[i] for i in row[: _end(row)]) for row in rows.tolist()]


def read(path: str | Path, *, unit: str = "words", length: int = 20, max_units: int = 300,
         seed: int = 0) -> Text:
    """Return the different lines of a UTF-8 file as a Text, a tenth of them held out.

    `path` may begin with "file:", as the parameter of a lesson does.
    `unit` is "words" (punctuation marks are words) or "characters".  Lines are cut to `length`
    units.  The `max_units` most frequent units have a number each, others share one.  Raises
    FileNotFoundError where there is no file, ValueError for a folder, a file that is not text, or
    one with fewer than 200 different lines.
    """
    check_choice("unit", unit, ("words", "characters"))
    check_range("length", length, 2, 10_000, include_low=True)
    check_range("max_units", max_units, 3, 10**6, include_low=True)
    path = Path(str(path).removeprefix("file:")).expanduser()
    cut = WORD.findall if unit == "words" else list
    all_lines = [tuple(cut(line)[:length]) for line in _lines(path)]
    lines = [line for line in dict.fromkeys(all_lines) if line]
    if len(lines) < AT_LEAST:
        raise CourseError(f"{path} has {len(lines)} different lines that are not empty; {AT_LEAST} "
                          "are needed to learn from and to hold out. Put each sentence on a line "
                          "of its own, or take a longer text.")
    counts = Counter(part for line in lines for part in line)
    units = ("", OTHER, *(part for part, _ in counts.most_common(max_units - 2)))
    number = {part: i for i, part in enumerate(units)}
    rows = np.zeros((len(lines), length), np.int64)
    for row, line in zip(rows, lines, strict=True):
        row[: len(line)] = [number.get(part, 1) for part in line]
    rows = np.unique(rows, axis=0)  # lines that differ in rare words only have become one
    rows = rows[np.random.default_rng(seed).permutation(len(rows))]
    num_held_out = max(1, len(rows) // 10)
    between = " " if unit == "words" else ""
    return Text(units, rows[num_held_out:], rows[:num_held_out], between)


def pieces(row: np.ndarray, n: int) -> list[tuple[int, ...]]:
    """Return all pieces of n neighbouring units of one row, up to and with its first end mark."""
    numbers = row.tolist()
    numbers = numbers[: _end(numbers) + 1]
    return [tuple(numbers[i : i + n]) for i in range(len(numbers) - n + 1)]


def overlap(rows: np.ndarray, reference: np.ndarray, n: int) -> np.ndarray:
    """Return for each row the share of its n-unit pieces that occur in the reference rows.

    float64 in [0, 1].  The precision of which BLEU (Papineni et al. 2002) is made, for a single n.
    A row shorter than n has no pieces: 0.
    """
    check_range("n", n, 1, 1000, include_low=True)
    known = {piece for row in reference for piece in pieces(row, n)}
    shares = []
    for row in rows:
        own = pieces(row, n)
        shares.append(np.mean([piece in known for piece in own]) if own else 0.0)
    return np.array(shares)


def _end(numbers: list[int]) -> int:
    """The place of a row's first end mark, or its length."""
    return numbers.index(0) if 0 in numbers else len(numbers)


def _lines(path: Path) -> list[str]:
    """The lines of a UTF-8 file; CourseError says what is wrong with any other file."""
    if path.is_dir():
        raise CourseError(f"{path} is a folder: give one text file, with a sentence on each line")
    if not path.exists():
        raise MissingFile(f"there is no file {str(path)!r}: give corpus=file:PATH with one that "
                          "exists, or corpus=grammar")
    content = path.read_bytes()
    if not content.strip():
        raise CourseError(f"{path} is empty: give a text with a sentence on each line")
    try:
        return content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise CourseError(f"{path} is not UTF-8 text (byte {error.start} is "
                          f"0x{content[error.start]:02x}): save it as UTF-8, or convert it, such "
                          f"as: iconv -f latin1 -t utf8 {path.name} > new.txt") from error
