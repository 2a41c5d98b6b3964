"""Which lesson a notebook is of: by its metadata, its exercises' ids, its functions, its name."""

import re
from collections import Counter
from typing import Any

from gancourse.course.classroom.folder import ClassFolder
from gancourse.course.classroom.lesson.exercises import exercises
from gancourse.course.classroom.lifting import answer_code
from gancourse.course.classroom.lifting.notebook_bytes import Notebook
from gancourse.course.classroom.lifting.pieces import in_release, shape, tag_of
from gancourse.course.lessons import read


class Lessons:
    """The released lessons of a class, and what tells each from the others."""

    def __init__(self, folder: ClassFolder):
        """Read what is released.  Raises CourseError for a release that is no notebook."""
        self.released: dict[str, dict[str, Any]] = {
            name: read(folder.release(name)) for name in folder.released()}
        self.by_number = {notebook["metadata"]["gancourse"]["lesson"]: name
                          for name, notebook in self.released.items()}
        self._functions = {name: {function for exercise in exercises(notebook)
                                  for function in exercise.functions}
                           for name, notebook in self.released.items()}

    def of(self, notebook: Notebook, file: str) -> tuple[str, str]:
        """Return the lesson's name and "", or "" and in words why there is none."""
        facts = notebook.metadata.get("gancourse")
        number = facts.get("lesson") if isinstance(facts, dict) else None
        numbers = [number] if isinstance(number, int) else []
        ids = Counter(tag_of(cell.metadata)[0].partition(".")[0] for cell in notebook.cells)
        numbers += [int(number) for number, _ in ids.most_common() if number.isdecimal()]
        for number in numbers:
            if number in self.by_number:
                return self.by_number[number], ""
        if numbers:
            return "", f"is of lesson {numbers[0]:02d}, which is not released in this class"
        for name in (self._by_functions(notebook), self._by_cells(notebook)):
            if name:
                return name, ""
        words = re.sub(r"\W+", "_", file.casefold())
        named = [name for name in self.released if name.casefold() in words]
        if len(named) == 1:
            return named[0], ""
        return "", "is not a notebook of this course: nothing in it is of a released lesson"

    def may_be(self, notebook: Notebook, lesson: str) -> bool:
        """Return whether a notebook has a cell or a function in common with a lesson."""
        return bool(self._functions[lesson] & _defined(notebook)
                    or _shapes(notebook) & self._cells(lesson))

    def answered(self, notebook: Notebook, lesson: str) -> bool:
        """Return whether a notebook holds a function of a lesson's that is no longer empty."""
        codes = [cell.text for cell in notebook.cells if "def " in cell.text]
        return any(function in answer_code.definitions(code)
                   and not answer_code.is_empty(code, function)
                   for function in self._functions[lesson] for code in codes if function in code)

    def _by_functions(self, notebook: Notebook) -> str:
        """The lesson most of whose functions a notebook defines; "" where two are alike."""
        defined = _defined(notebook)
        return _most({name: len(functions & defined)
                      for name, functions in self._functions.items()})

    def _by_cells(self, notebook: Notebook) -> str:
        """The lesson with which a notebook has most cells in common; "" where two are alike."""
        shapes = _shapes(notebook)
        return _most({name: len(shapes & self._cells(name)) for name in self.released})

    def _cells(self, lesson: str) -> set[tuple[str, str]]:
        """The cells of a released lesson that hold something, in their shapes."""
        return {form for cell in self.released[lesson]["cells"] if (form := in_release(cell))[1]}


def _defined(notebook: Notebook) -> set[str]:
    """The functions that a notebook defines."""
    return set().union(*(answer_code.definitions(cell.text) for cell in notebook.cells
                         if "def " in cell.text))


def _shapes(notebook: Notebook) -> set[tuple[str, str]]:
    """The cells of a notebook, in their shapes."""
    return {shape(cell.kind, cell.text) for cell in notebook.cells}


def _most(counts: dict[str, int]) -> str:
    """The name with the highest count above 0; "" where there is none, or two."""
    best = max(counts.values(), default=0)
    names = [name for name, count in counts.items() if count == best > 0]
    return names[0] if len(names) == 1 else ""
