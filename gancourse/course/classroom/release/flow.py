"""Which statements of a lesson each statement needs.

    program = Program(ast.parse("a = 1\nb = []\nb.append(a)\nprint(b)").body)
    program.needs(3)  # {1, 2}
    program.slice({3})  # {0, 1, 2, 3}

A statement needs those that bound the names which it reads, and those that have changed what these
names stand for since then.  A function that it may call reads names, too.
"""

import ast
from collections.abc import Iterable
from functools import cache

from gancourse.course.classroom.release.statement_names import (
    Facts,
    changed_parameters,
    is_fixed,
    read,
)

Binding = tuple[str, int]  # a name, and the statement that has bound it


class Program:
    """The statements of a lesson in their order, and what each needs."""

    def __init__(self, statements: list[ast.stmt]) -> None:
        """Read the statements, from the first to the last."""
        self.facts: list[Facts] = []
        self._before: list[dict[str, int]] = []  # who has bound each name, before each statement
        self._holds: dict[Binding, set[Binding]] = {}  # of each binding whose object may change
        parameters: dict[str, set[str]] = {}
        bound: dict[str, int] = {}
        for i, statement in enumerate(statements):
            facts = read(statement, parameters)
            if isinstance(statement, ast.FunctionDef):
                parameters[statement.name] = changed_parameters(statement, parameters)
            self.facts.append(facts)
            self._before.append(bound)
            after = bound | dict.fromkeys(facts.binds, i)
            if not is_fixed(statement):
                self._holds |= {(name, i): set() for name in facts.binds}
                for name, other in facts.holds:
                    where = after if other in facts.binds else bound
                    self._holds[name, i].add((other, where.get(other, i)))
            bound = after
        self._all_held = cache(self._find_held)
        self._changed = [self._changes(i) for i in range(len(statements))]
        self._needed = cache(lambda i: frozenset(self._find_needs(i, self.facts[i].reads)))

    def needs(self, i: int, names: Iterable[str] | None = None) -> set[int]:
        """Return the statements that statement i needs directly, without what those need.

        With `names`, only for these of the names that it reads.
        """
        return set(self._needed(i)) if names is None else self._find_needs(i, names)

    def slice(self, wanted: set[int]) -> set[int]:
        """Return these statements with all that they need, and what those need."""
        kept: set[int] = set()
        left = set(wanted)
        while left:
            i = left.pop()
            kept.add(i)
            left |= self.needs(i) - kept
        return kept

    def _find_needs(self, i: int, names: Iterable[str]) -> set[int]:
        """The statements that have bound or changed what these names stand for in statement i."""
        needed = set()
        for name in self._reached(i, names):
            first = self._before[i].get(name)
            if first is None:
                continue  # Python's own, or bound within the statement
            needed.add(first)
            own = self._all_held((name, first))
            needed |= {j for j in range(first + 1, i)
                       if any((name, first) in self._all_held(changed) or changed in own
                              for changed in self._changed[j])}
        return needed

    def _reached(self, i: int, names: Iterable[str]) -> set[str]:
        """These names, and those that functions read which may be called in statement i."""
        reached: set[str] = set()
        left = set(names)
        while left:
            name = left.pop()
            reached.add(name)
            first = self._before[i].get(name)
            if first is not None:
                left |= self.facts[first].later - reached
        return reached

    def _changes(self, i: int) -> set[Binding]:
        """The bindings whose objects statement i may change itself or by functions."""
        before = self._before[i]
        names = set(self.facts[i].changes)
        for name in self._reached(i, self.facts[i].reads):
            if name in before:
                names |= self.facts[before[name]].changes_later
        return {(name, before.get(name)) for name in names} & set(self._holds)

    def _find_held(self, binding: Binding) -> set[Binding]:
        """A binding, and all whose objects its own may hold."""
        held: set[Binding] = set()
        left = {binding}
        while left:
            one = left.pop()
            if one in self._holds:
                held.add(one)
                left |= self._holds[one] - held
        return held
