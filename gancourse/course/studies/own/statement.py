"""A prediction that can be checked, the paired interval that it is held against, and the verdict.

    statement = read("r1 below none by a factor 1.2")
    interval = paired_ratio(distances["r1"], distances["none"])  # the same seeds in both
    verdict(statement, interval)                                 # "holds", "fails" or "undecided"

Distances are positive, and less is better.  Two settings are compared by the ratio of their
distances, seed by seed: if a seed is hard for both, that cancels.  Lesson 14.
"""

import math
import re
from collections.abc import Sequence
from functools import cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from gancourse.errors import CourseError
from gancourse.notebook.claims import MIME

FORM = re.compile(
    r"(?P<first>\S+)\s+(?P<relation>below|above|like)\s+(?P<second>\S+?)"
    r"(?:\s+(?:by|within)\s+a\s+factor\s+(?:of\s+)?(?P<factor>\S+?))?\.?")
FORMS = ('"A below B by a factor 1.2", "A above B by a factor 1.2" or "A like B within a factor '
         '1.1", where A and B are two of the values')
LEVEL = 0.95  # of the interval, unless another is given
MOST_SEEDS = 1000  # beyond that, `seeds_needed` gives up


class Statement(NamedTuple):
    """What is predicted of two settings: first is below, above or like second."""

    first: str
    relation: str
    second: str
    factor: float  # from 1 on; 1 claims a direction and no size

    def in_words(self) -> str:
        """Return the statement as one sentence without its full stop."""
        if self.relation == "like":
            return f"{self.first} like {self.second} within a factor {self.factor:g}"
        size = f" by a factor {self.factor:g}" if self.factor > 1 else ""
        return f"{self.first} {self.relation} {self.second}{size}"

    def range(self) -> tuple[float, float]:
        """Return between which ends the ratio of first to second lies if the statement is true."""
        return {"below": (0.0, 1 / self.factor), "above": (self.factor, math.inf),
                "like": (1 / self.factor, self.factor)}[self.relation]


class Interval(NamedTuple):
    """The mean ratio of two settings over their seeds, with a confidence interval around it."""

    ratio: float  # geometric mean of first / second; NaN where a run on both sides failed
    low: float
    high: float
    failed: int  # runs without a finite distance; with any, the ends are 0 and infinity

    def in_words(self) -> str:
        """Return the interval as text, such as "0.71 (0.55 to 0.92)"."""
        if self.failed:
            runs = "run" if self.failed == 1 else "runs"
            return f"no interval: {self.failed} {runs} failed"
        return f"{self.ratio:.3g} ({self.low:.3g} to {self.high:.3g})"


def read(text: str) -> Statement:
    """Return the statement that a text makes.

    Raises CourseError for a text of another form, for a factor below 1, and for "like" without a
    factor above 1, which no measurement could confirm.
    """
    match = FORM.fullmatch(text.strip())
    if not match:
        raise CourseError(f"statement {text!r} cannot be checked: write {FORMS}")
    factor = 1.0
    if match["factor"]:
        try:
            factor = float(match["factor"])
        except ValueError:
            raise CourseError(f"statement {text!r}: {match['factor']!r} is no number; write, for "
                              "example, by a factor 1.2") from None
    if not (math.isfinite(factor) and factor >= 1):
        raise CourseError(f"statement {text!r}: the factor must be 1 or more; for less than 1, "
                          'turn "below" into "above"')
    if match["relation"] == "like" and factor == 1:
        raise CourseError(f"statement {text!r}: no two settings are exactly alike; say how close "
                          "is close enough, such as within a factor 1.1")
    if match["first"] == match["second"]:
        raise CourseError(f"statement {text!r} compares {match['first']} with itself")
    return Statement(match["first"], match["relation"], match["second"], factor)


def paired_ratio(first: Sequence[float], second: Sequence[float],
                 level: float = LEVEL) -> Interval:
    """Return the mean ratio first / second over the seeds, with its confidence interval.

    Both have one positive distance for each seed, in the same order, at least two.  The logarithms
    of the ratios are taken as independent and normal, so the interval is Student's (1908): their
    mean, plus and minus t(n - 1) standard errors, and back by the exponential.  A run that failed
    is NaN or infinite; then there is no interval.  Raises CourseError for other numbers.
    """
    a = np.asarray(first, float)
    b = np.asarray(second, float)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise CourseError(f"{a.size} and {b.size} distances make no pairs: both settings need a "
                          "run with each of the same two or more seeds")
    if (a <= 0).any() or (b <= 0).any():
        raise CourseError("a ratio of distances needs distances above 0")
    failed = int((~np.isfinite(a)).sum() + (~np.isfinite(b)).sum())
    if failed:
        return Interval(_ratio_of_failures(a, b), 0.0, math.inf, failed)
    logs = np.log(a / b)
    reach = _reach(logs.std(ddof=1), len(logs), level)
    low, ratio, high = np.exp([logs.mean() - reach, logs.mean(), logs.mean() + reach])
    return Interval(float(ratio), float(low), float(high), 0)


def verdict(statement: Statement, interval: Interval) -> str:
    """Return "holds", "fails" or "undecided".

    A statement holds where the whole interval lies in the range that it allows, and fails where
    the whole interval lies outside; else these seeds cannot decide.  Where all runs of one setting
    failed and none of the other did, that decides a statement about which is better.
    """
    low, high = statement.range()
    if interval.failed:
        if interval.ratio in (0.0, math.inf):
            return "holds" if low <= interval.ratio <= high else "fails"
        return "undecided"
    if low <= interval.low and interval.high <= high:
        return "holds"
    if interval.high < low or high < interval.low:
        return "fails"
    return "undecided"


def seeds_needed(statement: Statement, first: Sequence[float], second: Sequence[float],
                 level: float = LEVEL, chance: float = 0.5) -> int:
    """Return about how many seeds decide with this chance, if ratio and spread stay as they are.

    The mean of so many logarithms varies from study to study, so a room as wide as the interval's
    reach is enough in half of them only.  0 where the number cannot be given: a run failed, or the
    mean lies so near the end of the range that more than 1,000 would be needed.
    """
    interval = paired_ratio(first, second, level)
    if interval.failed:
        return 0
    logs = np.log(np.asarray(first, float) / np.asarray(second, float))
    ends = [math.log(end) for end in statement.range() if 0 < end < math.inf]
    room = min(abs(math.log(interval.ratio) - end) for end in ends)
    spread = logs.std(ddof=1)
    luck = NormalDist().inv_cdf(chance)  # standard errors by which the mean may be off
    for n in range(2, MOST_SEEDS + 1):
        if _reach(spread, n, level) + luck * spread / math.sqrt(n) < room:
            return n
    return 0


def in_words(statement: Statement, distances: dict[str, Sequence[float]]) -> str:
    """Return the verdict on a statement as sentences, from the distances of each setting."""
    first = distances[statement.first]
    second = distances[statement.second]
    interval = paired_ratio(first, second)
    judged = verdict(statement, interval)
    words = f"The prediction '{statement.in_words()}' {judged}"
    if judged == "undecided":
        words = f"The prediction '{statement.in_words()}' stays undecided"
    words += f": {statement.first} / {statement.second} is {interval.in_words()}."
    if judged == "undecided" and not interval.failed:
        even, likely = (seeds_needed(statement, first, second, chance=chance) or "over 1,000"
                        for chance in (0.5, 0.8))
        words += (f" If ratio and spread stay as they are, about {even} seeds decide with an even "
                  f"chance, and about {likely} in four cases of five.")
    return words


def show(verdict: str, card: str) -> None:
    """Display a verdict, and keep it in the notebook, where `gancourse run` finds it.

    `card` is the path of the model card.
    """
    from IPython.display import display

    words = f"{verdict} Model card: {card}"
    display({"text/plain": words, MIME: {"verdict": words}}, raw=True)


def _reach(spread: float, n: int, level: float) -> float:
    """How far a mean's interval reaches: t(n - 1) standard errors, of n values with this spread."""
    return _student(level, n) * spread / math.sqrt(n)


@cache
def _student(level: float, n: int) -> float:
    """Student's t(n - 1) of an interval; kept, because looking it up takes longer than the rest."""
    from scipy import stats  # a second, which a run that is no study need not wait for

    return float(stats.t.ppf((1 + level) / 2, n - 1))


def _ratio_of_failures(a: np.ndarray, b: np.ndarray) -> float:
    """0 where only the second setting failed, in all its runs; infinity the other way round."""
    a_failed = ~np.isfinite(a)
    b_failed = ~np.isfinite(b)
    if b_failed.all() and not a_failed.any():
        return 0.0
    if a_failed.all() and not b_failed.any():
        return math.inf
    return math.nan
