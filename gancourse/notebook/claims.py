"""The table of claims that ends a lesson: what is claimed, its bound, what was measured."""

import html
import os
from typing import NamedTuple

import numpy as np

from gancourse.errors import CourseError
from gancourse.notebook.checks import STRICT, passed_in_words

MIME = "application/vnd.gancourse+json"  # where a notebook file keeps its table of claims
EXACT_MISSED = (
    "This holds at any data, settings and seed, so a miss is a fault of the course's code or of a "
    "library. Please tell us, with the output of `gancourse doctor`.")
OWN_MISSED = (
    "The numbers came out differently in this run, so the lesson's sentence about this one does "
    "not hold here. Compare it with the stored notebook's number; then try another seed, or more "
    "steps.")


class OwnRun(NamedTuple):
    """Whether a run is the one that the claims are about: true if nothing speaks against it."""

    reasons: tuple[str, ...] = ()  # such as "dataset is 'mnist', not 'strokes'"

    def __bool__(self) -> bool:
        return not self.reasons

    def __and__(self, other: "OwnRun") -> "OwnRun":
        """Return the run that has to meet the conditions of both."""
        return OwnRun(self.reasons + other.reasons)


def own_run(*, same: dict[str, tuple] | None = None, at_least: dict[str, tuple] | None = None,
            done: dict[str, tuple] | None = None) -> OwnRun:
    """Return whether this is the lesson's own run: its data and settings, and at least its budget.

    `same` and `at_least` give each parameter that the claims depend on as name: (value, the
    lesson's own); `done` gives each training as name: (steps done, steps asked for), so that an
    early stop is noticed.  What is returned is true or false, and knows the reasons.
    """
    reasons = []
    for name, (value, ours) in (same or {}).items():
        if value != ours:
            reasons.append(f"{name} is {value!r}, not {ours!r}")
    for name, (value, ours) in (at_least or {}).items():
        if value < ours:
            reasons.append(f"{name} is {value:,}, less than {ours:,}")
    for name, (steps, planned) in (done or {}).items():
        if steps < planned:
            reasons.append(f"{name} stopped at step {steps:,} of {planned:,}")
    return OwnRun(tuple(reasons))


class Bound(NamedTuple):
    """What a claim's number has to keep."""

    words: str  # such as "> 0.5, < 2", or "" for a number that is shown
    low: float | None
    high: float | None
    closed: bool  # whether the ends themselves are allowed

    def holds(self, number: float) -> bool:
        """Return whether a number lies within."""
        if self.closed:
            return self.low <= number <= self.high
        above = self.low is None or number > self.low
        return above and (self.high is None or number < self.high)


class Row(NamedTuple):
    """One line of a table of claims."""

    text: str
    kind: str  # "exact", "own" or "shown"
    bound: Bound
    measured: float
    judged: bool
    held: bool  # within the bound, whether it is judged or not
    reasons: tuple[str, ...]  # why it is not judged
    hint: str  # what a miss means and what to try
    headline: bool = False  # whether it stands above the fold

    @property
    def mark(self) -> str:
        """The verdict in words: "✓ held", "✗ missed", or "not judged" with the first reason."""
        if self.judged:
            return "✓ held" if self.held else "✗ missed"
        others = len(self.reasons) - 1
        more = f", and {others} more" if others else ""
        return f"not judged: {self.reasons[0]}{more}"


class ClaimTable:
    """The table that ends a lesson: claim, bound, measured, verdict.

    A claim is one of three kinds.  `exact`: a theorem or a count, judged in every run.  `claim`:
    of the lesson's data and budget, judged when `own` is true.  `shown`: a number worth recording,
    never judged.  `own` is a bool, or what `own_run` returns, which also knows the reasons.  Claims
    with `headline=True` stand in the open and the whole table is folded below them; without any,
    the whole table stands in the open.
    """

    def __init__(self, own: bool | OwnRun) -> None:
        self.own = own
        self.rows: list[Row] = []

    def exact(self, text: str, measured: float, *, near: float | None = None, tol: float = 0.0,
              above: float | None = None, below: float | None = None,
              hint: str = EXACT_MISSED, headline: bool = False) -> None:
        """Add a theorem or a count.  Give `near` with its tolerance, or `above` and/or `below`.

        `hint` replaces the sentences on what a miss means and what to try.  Raises ValueError when
        there is no bound, or two kinds of them.
        """
        bound = _bound(text, near, tol, above, below)
        self._add(text, "exact", float(measured), bound, True, hint, headline)

    def claim(self, text: str, measured: float, *, near: float | None = None, tol: float = 0.0,
              above: float | None = None, below: float | None = None, hint: str = OWN_MISSED,
              own: bool | OwnRun | None = None, headline: bool = False) -> None:
        """Add a claim of this data and budget, with a bound and a hint as in `exact`.

        `own` gives a claim conditions of its own in place of the table's.
        """
        bound = _bound(text, near, tol, above, below)
        own = self.own if own is None else own
        self._add(text, "own", float(measured), bound, own, hint, headline)

    def shown(self, text: str, measured: float) -> None:
        """Add a number that is recorded and never judged."""
        reasons = ("recorded, not a claim",)
        no_bound = Bound("", None, None, closed=False)
        self.rows.append(Row(text, "shown", no_bound, float(measured), judged=False,
                             held=True, reasons=reasons, hint=""))

    def results(self) -> dict[str, float | str]:
        """Return the measured numbers by claim; "nan", "inf" or "-inf" where one is not finite."""
        return {row.text: _for_json(row.measured) for row in self.rows}

    def missed(self) -> list[Row]:
        """Return the rows that were judged and lie outside their bounds."""
        return [row for row in self.rows if row.judged and not row.held]

    def headline(self) -> str:
        """Return the count in words, such as "21 of 22 claims hold; 3 not judged"."""
        judged = [row for row in self.rows if row.judged]
        if not judged:
            return "no claim was judged"
        plural = "claim holds" if len(judged) == 1 else "claims hold"
        count = f"{sum(row.held for row in judged)} of {len(judged)} {plural}"
        unjudged = len(self.rows) - len(judged)
        return f"{count}; {unjudged} not judged" if unjudged else count

    def show(self) -> None:
        """Display the table, with a paragraph on each claim missed, and keep it in the notebook.

        Raises AssertionError when a claim was missed and the environment variable GANCOURSE_STRICT
        is "1", as it is under nbval; without it the notebook goes on.
        """
        from IPython.display import display

        data = {"text/html": self._html(), "text/plain": self._text(), MIME: self._stored()}
        display(data, raw=True)
        missed = "; ".join(row.text for row in self.missed())
        if missed and os.environ.get(STRICT) == "1":
            raise AssertionError(f"{self.headline()}. Missed: {missed}")

    def _add(self, text: str, kind: str, measured: float, bound: "Bound", own: bool | OwnRun,
             hint: str, headline: bool) -> None:
        """Add a row with a bound; a number that is not finite never holds."""
        reasons = () if own else getattr(own, "reasons", ("not the lesson's own data and budget",))
        held = bool(np.isfinite(measured) and bound.holds(measured))
        self.rows.append(
            Row(text, kind, bound, measured, bool(own), held, reasons, hint, headline))

    def _stored(self) -> dict:
        """What the notebook file keeps: valid JSON, whatever the numbers are."""
        claims = [{"text": row.text, "kind": row.kind, "bound": row.bound.words,
                   "low": _bound_for_json(row.bound.low), "high": _bound_for_json(row.bound.high),
                   "measured": _for_json(row.measured), "judged": row.judged, "held": row.held}
                  for row in self.rows]
        return {"results": self.results(), "claims": claims}

    def _text(self) -> str:
        """The table for a terminal, a line each."""
        lines = [self.headline()]
        for row in self.rows:
            bound = f" ({row.bound.words})" if row.bound.words else ""
            lines.append(f"{row.mark}  {row.text}: {row.measured:.5g}{bound}")
        return "\n\n".join(["\n".join(lines), *self._notes()])

    def _html(self) -> str:
        """The tables for a browser, without colours, so that they read in any theme."""
        first = [row for row in self.rows if row.headline]
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self._notes())
        whole = _html_table(self.rows, self.headline())
        if not first or len(first) == len(self.rows):
            return whole + notes
        summary = f"<summary>All {len(self.rows)} lines of the table</summary>"
        return (f"{_html_table(first, self.headline())}{notes}"
                f"<details>{summary}{whole}</details>")

    def _notes(self) -> list[str]:
        """The paragraphs below the table: misses, why claims are not judged, answers passed."""
        notes = [f"Missed: {row.text}. It was {row.measured:.7g}, and the bound is "
                 f"{row.bound.words}. {row.hint}" for row in self.missed()]
        unjudged = [row for row in self.rows if row.kind == "own" and not row.judged]
        reasons = dict.fromkeys(reason for row in unjudged for reason in row.reasons)
        if reasons:
            notes.append("Some claims are about the lesson's own data, settings and budget, and "
                         f"are not judged in this run: {'; '.join(reasons)}.")
        return [*notes, *filter(None, [passed_in_words()])]


def _html_table(rows: list[Row], caption: str) -> str:
    """Rows as a table; verdicts are words, and a miss is bold."""
    left = 'style="text-align:left"'
    body = ""
    for row in rows:
        mark = html.escape(row.mark)
        if row.judged and not row.held:
            mark = f"<strong>{mark}</strong>"
        body += (f'<tr><th scope="row" style="text-align:left;font-weight:normal">'
                 f"{html.escape(row.text)}</th><td {left}>{html.escape(row.bound.words)}</td>"
                 f"<td>{row.measured:.5g}</td><td {left}>{mark}</td></tr>")
    columns = ("claim", "bound", "measured", "verdict")
    head = "".join(f'<th scope="col" {left}>{column}</th>' for column in columns)
    return (f"<table><caption {left}>{caption}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>")


def _bound(text: str, near: float | None, tol: float, above: float | None,
           below: float | None) -> Bound:
    """Return a claim's bound.  Raises ValueError when there is none, or two kinds of them."""
    if near is None and above is None and below is None:
        raise CourseError(f"claim {text!r} has no bound: give near=, above= or below=")
    if near is None:
        words = [f"> {above:.6g}"] if above is not None else []
        words += [f"< {below:.6g}"] if below is not None else []
        low, high = (None if end is None else float(end) for end in (above, below))
        return Bound(", ".join(words), low, high, closed=False)
    if above is not None or below is not None:
        raise CourseError(f"claim {text!r} has two kinds of bounds: give near= alone, or above= "
                          "and below=")
    words = f"{near:.7g} ± {tol:.2g}" if tol else f"= {near:.7g}"
    return Bound(words, float(near - tol), float(near + tol), closed=True)


def _for_json(number: float) -> float | str:
    """A number as JSON can hold it: "nan", "inf" or "-inf" where it is not finite."""
    return number if np.isfinite(number) else str(number)


def _bound_for_json(number: float | None) -> float | None:
    """A bound as JSON can hold it, None where there is none."""
    return None if number is None or not np.isfinite(number) else number
