"""What is swept, as text and back: lists of values, ranges, and values that move together.

    width=8,16                             a list
    learning_rate=log:1e-4..1e-2           a range for a search, here on a logarithmic scale
    width,learning_rate=8:1e-3,16:5e-4     two parameters that move together

An axis has a key, which is one name or several with commas between them, and its values: a list
(of tuples where the key has several names) or a Range.
"""

import math
import re
from typing import Any, NamedTuple

from gancourse.course.lessons import Parameter, literal
from gancourse.errors import CourseError

RANGE = re.compile(r"(log:)?([^:,]+?)\.\.(?!\.)([^:,]+)")


class Range(NamedTuple):
    """All numbers from `low` to `high`, both included: whole ones where both are of type int."""

    low: float
    high: float
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def text(self) -> str:
        """The range as it stands on the command line."""
        return f"{'log:' if self.log else ''}{self.low!r}..{self.high!r}"

    def rounded(self, value: float) -> float:
        """Return the value to a thousandth of the range, on a logarithmic scale to four digits.

        Runs are named by their values, and nobody wants to read sixteen digits.
        """
        if self.whole:
            return round(value)
        if self.log:
            near = float(f"{value:.3e}")
        else:
            near = round(value, 3 - math.floor(math.log10(self.high - self.low)))
        return min(max(near, self.low), self.high)

    def share(self, value: float) -> float:
        """Where in the range a value lies, from 0 to 1, on the range's own scale."""
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return (value - low) / (high - low)


def read(texts: list[str]) -> dict[str, list | Range]:
    """Return the axes that the texts of -g describe, by their keys.

    Raises CourseError for a text that reads otherwise, and for a name that is given twice.
    """
    axes: dict[str, list | Range] = {}
    for text in texts:
        key, equals, rest = text.partition("=")
        if not equals or not all(name.isidentifier() for name in names(key)):
            raise CourseError(f"{text!r} must read NAME=VALUE, such as num_steps=100")
        taken = {name for other in axes for name in names(other)}
        for name in names(key):
            if name in taken:
                raise CourseError(f"{name} is given twice: leave one out, or list values as in "
                                  f"-g {name}=1,2")
        axes[one_key(key)] = values(rest, key)
    return axes


def values(text: str, key: str = "") -> list | Range:
    """Return the values in V1,V2,... or LOW..HIGH, and tuples where the key has several names.

    Where a text holds a comma (or, among values that move together, a colon), all texts stand in
    quotes and values that move together in parentheses.
    """
    quoted = literal(f"[{text}]")
    if isinstance(quoted, list):
        return quoted
    if match := RANGE.fullmatch(text.strip()):
        low, high = literal(match[2]), literal(match[3])
        if all(type(end) in (int, float) for end in (low, high)):
            return Range(low, high, bool(match[1]))
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(names(key)) == 1:
        return [literal(part) for part in parts]
    return [tuple(literal(value) for value in part.split(":")) for part in parts]


def from_file(key: str, value: Any) -> list | Range:
    """Return the values that a TOML file gives an axis: a list, or a range as a text.

    Raises CourseError for anything else.
    """
    if isinstance(value, list):
        together = len(names(key)) > 1
        return [tuple(one) if together and isinstance(one, list) else one for one in value]
    if isinstance(value, str) and isinstance(axis := values(value, key), Range):
        return axis
    raise CourseError(f"[grid] {key} = {value!r} must be a list, such as [{value!r}], or for a "
                      'search a range, such as "log:1e-4..1e-2"')


def names(key: str) -> list[str]:
    """Return the names of the parameters that an axis sets."""
    return [name.strip() for name in key.split(",")]


def one_key(key: str) -> str:
    """Return a key as this module writes it, without the blanks that a file may have in it."""
    return ",".join(names(key))


def point(key: str, value: Any) -> dict[str, Any]:
    """Return what an axis sets where it has this value, by the names of parameters.

    Raises CourseError where there are not as many values as names.
    """
    every = names(key)
    if len(every) == 1:
        return {key: value}
    if not isinstance(value, tuple) or len(value) != len(every):
        example = ":".join(str(number) for number in range(1, len(every) + 1))
        raise CourseError(f"{key} move together, so each of their values must read like {example}, "
                          f"one for each name; {word(value)} does not")
    return dict(zip(every, value, strict=True))


def value_at(key: str, setting: dict[str, Any]) -> Any:
    """Return the value that an axis has in a setting: the inverse of `point`."""
    if len(names(key)) == 1:
        return setting[key]
    return tuple(setting[name] for name in names(key))


def checked(key: str, axis: list | Range, known: dict[str, Parameter]) -> list | Range:
    """Return an axis with its values in the types of their parameters.

    Raises CourseError for a wrong type, a value out of a parameter's limits or given twice.
    """
    if isinstance(axis, Range):
        return _checked_range(key, axis, known)
    kept = []
    for value in axis:
        typed = {name: known[name].check(one) for name, one in point(key, value).items()}
        kept.append(value_at(key, typed))
    if len(set(kept)) < len(kept):
        raise CourseError(f"{key} has a value twice: {text(axis)}")
    return kept


def _checked_range(key: str, axis: Range, known: dict[str, Parameter]) -> Range:
    """A range with its ends in the type of its parameter."""
    written = f"{key}={axis.text()}"
    if len(names(key)) > 1:
        raise CourseError(f"{written}: only lists can move together, such as {key}=8:1e-3,16:5e-4")
    if isinstance(known[key].default, bool | str):
        raise CourseError(f"{written}: {key} is no number ({known[key].help}); list its values")
    low, high = known[key].check(axis.low), known[key].check(axis.high)
    if not low < high:
        raise CourseError(f"{written} must run from a smaller number to a larger one")
    if axis.log and low <= 0:
        raise CourseError(f"{written}: a logarithmic range must begin above 0")
    return Range(low, high, axis.log)


def text(axis: list | Range) -> str:
    """Return the values of an axis as one word of the command line; `values` reads it back."""
    if isinstance(axis, Range):
        return axis.text()
    singles = [one for value in axis for one in (value if isinstance(value, tuple) else [value])]
    together = any(isinstance(value, tuple) for value in axis)
    if any("," in str(one) or (together and ":" in str(one)) for one in singles):
        return ",".join(repr(value) for value in axis)
    return ",".join(word(value) for value in axis)


def word(value: Any) -> str:
    """Return one value as a page or a line shows it."""
    if isinstance(value, tuple):
        return ":".join(str(one) for one in value)
    return str(value)
