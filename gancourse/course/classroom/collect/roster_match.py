"""Whose file it is: what an export says about a student, against the roster.

A student is known by id, by email or by name.  Upper and lower case, accents and the order of
names do not count.  What fits two students, or one by id and another by name, is never guessed.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from gancourse.course.classroom.collect.export_names import COPY, Handed
from gancourse.course.classroom.folder import Student

LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
SHORT = 3  # an id of fewer characters counts only where it stands alone: "1" is in "05 (1).ipynb"


def spellings(text: str) -> set[str]:
    """Return a name in plain letters: "Müller" is both "muller" and "mueller"."""
    text = unicodedata.normalize("NFC", text).casefold()  # ß becomes ss
    results = set()
    for version in (text, text.translate(UMLAUTS)):
        bare = unicodedata.normalize("NFKD", version.translate(LETTERS))
        results.add("".join(c for c in bare if not unicodedata.combining(c)))
    return results


def in_any_order(name: str) -> set[str]:
    """Return what two names have in common that differ in the order of their words alone."""
    return {" ".join(sorted(re.findall(r"[^\W_]+", spelling))) for spelling in spellings(name)}


def run_together(name: str) -> set[str]:
    """Return a name as Canvas writes it, "mulleranna", beginning with each of its words."""
    results = set()
    for spelling in spellings(name):
        words = re.findall(r"[^\W_]+", spelling)
        results |= {"".join(words[i:] + words[:i]) for i in range(len(words))}
    return results


class Match(NamedTuple):
    """Whom something speaks of."""

    student: Student | None
    why: str = ""  # in words, where it is nobody for sure
    in_doubt: bool = False  # it speaks of students of the roster, but not clearly of one


class Roster:
    """The students of a class, by all that they may be called."""

    def __init__(self, students: list[Student]):
        """Note all that the students may be called."""
        self.students = {student.id: student for student in students}
        self._ids: dict[str, set[str]] = defaultdict(set)
        self._names: dict[str, set[str]] = defaultdict(set)
        for student in students:
            login = student.email.partition("@")[0]
            for word in {student.id, student.email, login} - {""}:
                self._ids[word.casefold()].add(student.id)
            for form in in_any_order(student.name) | run_together(student.name):
                self._names[form].add(student.id)
        self._names.pop("", None)

    def match(self, handed: Handed, lessons: Iterable[str] = ()) -> Match:
        """Return the student whom a reading of a path speaks of, or why there is none.

        `lessons` are names that a plain path may hold and that are no student's.
        """
        if not handed.platform:
            return self._plain(handed, lessons)
        ids = next(filter(None, (self._ids.get(word.casefold()) for word in handed.ids)), set())
        names = next(filter(None, map(self._named, handed.names)), set())
        shown = handed.names[0] if handed.names else handed.ids[0]
        if ids and names and not ids & names:
            return Match(None, f"the number or login {handed.ids[0]} is {self._in_words(ids)}'s, "
                         f"the name is {self._in_words(names)}'s", True)
        fitting = ids & names or ids or names
        if ids and not names and not self._share_a_word(ids, handed.names):
            return Match(None, f"the number or login {handed.ids[0]} is {self._in_words(ids)}'s, "
                         f"but the name is {shown}", True)
        if len(fitting) > 1:
            return Match(None, f"{shown} may be {self._in_words(fitting)}", True)
        if not fitting:
            return Match(None, f"{shown} is not on the roster"
                         f"{self._near(handed.names or handed.ids)}")
        return Match(self.students[next(iter(fitting))])

    def _named(self, name: str) -> set[str]:
        """The ids of the students with this name."""
        forms = in_any_order(name) | run_together(name)
        return set().union(*(self._names.get(form, set()) for form in forms))

    def _share_a_word(self, ids: set[str], names: tuple[str, ...]) -> bool:
        """Whether one of the students has a word of one of the names, or nothing is known of it."""
        own = [self.students[id_].name for id_ in ids]
        if not names or not any(own):
            return True
        given = " ".join(spelling for name in names for spelling in spellings(name))
        return any(word in given
                   for name in own for form in in_any_order(name) for word in form.split())

    def _plain(self, handed: Handed, lessons: Iterable[str]) -> Match:
        """The student whom the folders and the file's name speak of, by id, email or name."""
        fitting: set[str] = set()
        for part in handed.ids:
            part = COPY.sub("", part)
            for lesson in lessons:
                part = part.replace(lesson, " ")
            fitting |= self._ids.get(part.strip(" _-").casefold(), set()) or self._within(part)
        if len(fitting) > 1:
            return Match(None, f"speaks of {self._in_words(fitting, ' and ')}", True)
        if not fitting:
            words = [word for word in handed.ids if word not in lessons]
            return Match(None, f"names nobody on the roster{self._near(words)}")
        return Match(self.students[next(iter(fitting))])

    def _within(self, part: str) -> set[str]:
        """The ids of the students whose id, email or whole name stands within a text."""
        fitting = self._named(part)
        for word, ids in self._ids.items():
            if len(word) >= SHORT and re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])",
                                                part.casefold()):
                fitting |= ids
        if fitting:
            return fitting
        words = [set(form.split()) for form in in_any_order(part)]
        named = {}
        for id_, student in self.students.items():
            for form in in_any_order(student.name):
                own = set(form.split())
                if len(own) > 1 and any(own <= others for others in words):
                    named[id_] = len(own)
        # "Anna Maria Müller" is also "Anna Müller": the longest name counts
        return {id_ for id_, length in named.items() if length == max(named.values())}

    def _in_words(self, ids: set[str], between: str = " or ") -> str:
        """Some students by name and id."""
        return between.join(f"{self.students[id_].name or 'nameless'} ({id_})"
                            for id_ in sorted(ids))

    def _near(self, names: Iterable[str]) -> str:
        """A student whose name is nearly one of these, as a question; "" without one."""
        for name in names:
            for form in in_any_order(name) | run_together(name):
                for near in get_close_matches(form, self._names, n=1, cutoff=0.75):
                    return f"; is it {self._in_words(self._names[near])}?"
        return ""
