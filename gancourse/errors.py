"""Errors that name the fix."""

import difflib
from collections.abc import Iterable


def unknown(kind: str, name: str, options: Iterable[str]) -> ValueError:
    """Return a ValueError that says what is unknown, the nearest right name, and all of them."""
    options = [str(option) for option in options]
    near = difflib.get_close_matches(str(name), options, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return ValueError(f"{kind} {name!r} is unknown{hint} Known: {', '.join(options)}.")


def check_range(name: str, value: float, low: float, high: float, include_low: bool = False) -> None:
    """Raise ValueError unless low < value <= high (low <= value with `include_low`)."""
    right_of_low = value >= low if include_low else value > low
    if not (right_of_low and value <= high):
        bracket = "[" if include_low else "("
        raise ValueError(f"{name}={value} is out of range: it must lie in {bracket}{low}, {high}].")


def check_choice(name: str, value: str, options: Iterable[str]) -> None:
    """Raise ValueError unless `value` is one of the options."""
    if value not in options:
        raise unknown(name, value, options)
