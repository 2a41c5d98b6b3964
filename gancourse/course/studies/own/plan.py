"""What a study compares: the settings of its arms, its seeds, and the statement on trial.

    plan = make(choice="penalty", values="none, r1", seeds="0-2",
                statement="r1 below none by a factor 1.2", settings={"penalty": "none", ...})
    plan.arms()["r1"]  # all settings of the arm r1

An arm is a setting with its runs, one for each seed.  The arms differ in one choice, and share all
other settings, the data and the seeds.  Lesson 14.
"""

import re
from typing import Any, NamedTuple

from gancourse.course.lessons import Lesson, literal, parameters
from gancourse.course.studies.own import statement as statements
from gancourse.course.studies.own.statement import Statement
from gancourse.errors import CourseError, unknown

LEAST_SEEDS = 3  # two give an interval, but a ratio of two distances is anything by luck
MOST_RUNS = 200  # beyond that somebody has mistyped
WORDS = ("question", "prediction", "choice", "values", "statement", "seeds", "use", "limits")
# what a study asks of its reader, and what is the same for all arms; all else may be the choice
SHARED = {*WORDS, "dataset", "num_images", "num_samples", "resolution", "data_seed",
          "results", "device"}


class Plan(NamedTuple):
    """A checked study."""

    choice: str  # the one setting that differs
    values: dict[str, Any]  # of the choice, by the words of the reader; the first is the baseline
    seeds: list[int]
    statement: Statement
    settings: dict[str, Any]  # all settings, with their own value of the choice

    @property
    def baseline(self) -> str:
        """The arm with which all others are compared."""
        return next(iter(self.values))

    def arms(self) -> dict[str, dict[str, Any]]:
        """Return the settings of each arm by its name."""
        return {name: {**self.settings, self.choice: value} for name, value in self.values.items()}

    def in_words(self) -> str:
        """Return what is going to be run, as one sentence."""
        arms = " and ".join(f"{self.choice} = {name}" for name in self.values)
        count = len(self.values) * len(self.seeds)
        return (f"{count} runs: {arms}, each with the seeds {', '.join(map(str, self.seeds))}; "
                "all else is the same.")


def make(*, choice: str, values: str, seeds: str, statement: str,
         settings: dict[str, Any]) -> Plan:
    """Return a checked plan from the texts that a reader has written.

    `settings` are all that may be chosen, by name, with the value that they have elsewhere; a value
    of the choice gets the type of that.  Raises CourseError where something is unknown, has another
    type, is given twice or too rarely, and where the statement is about something else.
    """
    if choice not in settings:
        raise unknown("choice", choice, settings)
    by_name: dict[str, Any] = {}
    for text in _parts(values):
        value = _of_type(choice, text, settings[choice])
        name = _name(value)
        if name in by_name:
            raise CourseError(f"values {values!r}: {name} stands there twice")
        by_name[name] = value
    if len(by_name) < 2:
        raise CourseError(f"values {values!r}: a comparison needs two or more, with commas "
                          "between them, such as 'none, r1'")
    for name in by_name:
        if re.search(r"\s", name):
            raise CourseError(f"values {values!r}: {name!r} has a space in it; the statement could "
                              "not name it")
    numbers = _seeds(seeds)
    if len(by_name) * len(numbers) > MOST_RUNS:
        raise CourseError(f"{len(by_name)} values with {len(numbers)} seeds are more than "
                          f"{MOST_RUNS} runs: take fewer, or a sweep (gancourse sweep --help)")
    read = _in_names(statements.read(statement), by_name, choice, settings[choice])
    return Plan(choice, by_name, numbers, read, dict(settings))


def is_study(lesson: Lesson) -> bool:
    """Return whether a notebook is a study: its parameters ask for what `make` needs."""
    return {"choice", "values", "seeds", "statement"} <= set(parameters(lesson.notebook))


def check(lesson: Lesson, values: dict[str, Any]) -> Plan:
    """Return the plan of a study before its notebook runs; `values` are all its parameters.

    Raises what `make` does, and CourseError for a value of the choice outside its range, for a
    question or prediction left empty.
    """
    for name in ("question", "prediction"):
        if name in values and not str(values[name]).strip():
            raise CourseError(f"{name} is empty: write it down before you look at any result")
    settings = {name: value for name, value in values.items() if name not in SHARED}
    plan = make(choice=values["choice"], values=str(values["values"]), seeds=str(values["seeds"]),
                statement=values["statement"], settings=settings)
    known = parameters(lesson.notebook)[plan.choice]
    for value in plan.values.values():
        known.check(value)
    return plan


def _parts(text: str) -> list[str]:
    """The values in a text with commas; brackets around them come from a command line."""
    inner = str(text).strip().strip("()[]")
    return [part.strip().strip("'\"") for part in inner.split(",") if part.strip()]


def _of_type(choice: str, text: str, like: Any) -> Any:
    """A value of the choice in the type of another.  Raises CourseError where it has none."""
    value = text if isinstance(like, str) else literal(text)
    kind = type(like)
    if kind is float and type(value) is int:
        value = float(value)
    if kind is int and type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not kind:
        raise CourseError(f"{choice} = {text!r} must be {kind.__name__}, such as {like!r}")
    return value


def _name(value: Any) -> str:
    """The name of an arm: its value, numbers as short as they can be."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _seeds(text: str) -> list[int]:
    """The seeds of a study.  Raises CourseError where they are too few, or one stands twice."""
    numbers: list[int] = []
    for part in _parts(text):
        match = re.fullmatch(r"(\d+)(?:\s*-\s*(\d+))?", part)
        if not match:
            raise CourseError(f"seeds {text!r} must read like 0-2 or 0,1,2")
        first = int(match[1])
        numbers += range(first, int(match[2] or first) + 1)
    if len(set(numbers)) < len(numbers):
        raise CourseError(f"seeds {text!r}: one stands there twice, and would count as two runs")
    if len(numbers) < LEAST_SEEDS:
        raise CourseError(f"seeds {text!r}: a study needs {LEAST_SEEDS} or more, such as 0-2; "
                          "with fewer, nobody can tell a difference from luck")
    return numbers


def _in_names(statement: Statement, values: dict[str, Any], choice: str, like: Any) -> Statement:
    """The statement with the names of the arms; 4e-3 and 0.004 are the same arm.

    Raises CourseError where it is about a value that is not compared.
    """
    names = []
    for word in (statement.first, statement.second):
        try:
            name = _name(_of_type(choice, word, like))
        except CourseError:
            name = word
        if name not in values:
            raise unknown("value in the statement", word, values)
        names.append(name)
    if names[0] == names[1]:
        raise CourseError(f"the statement compares {names[0]} with itself")
    return statement._replace(first=names[0], second=names[1])
