"""What a lesson notebook is: its parameters, presets, exercises, rules and freshness.

A notebook is read as plain JSON; no kernel is started.
"""

import ast
import json
import math
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

from gancourse.course import run_fingerprint
from gancourse.data.registry import check_name
from gancourse.errors import CourseError, MissingFile, unknown

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
PARTS = ("The walk", "Why it works", "Making it work", "What GANs are for", "Your own")
STUB = "raise NotImplementedError  # your turn"
SOLUTION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION", re.S | re.M)
RANGE = re.compile(r"\s*\[(\S+), (\S+)\]$")
DIVISOR = re.compile(r"divisible by (\d+)")
CHOICES = re.compile(r"\s*\{([^}]*)\}$")
RENAMED = {"ema": "ema_decay"}  # parameters by the names that runs of earlier versions wrote down


class Parameter(NamedTuple):
    """One line of a lesson's parameters cell.

    It reads `name: type = default  # help [low, high]`, or `{a, b}` in the place of the range.
    """

    name: str
    default: Any
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    def limits(self) -> str:
        """Return the allowed range or choices as they stand in the notebook, or ""."""
        if self.low is not None:
            return f"[{self.low:g}, {self.high:g}]"
        return f"{{{', '.join(self.choices)}}}" if self.choices else ""

    def check(self, value: Any) -> Any:
        """Return the value in this parameter's type, or raise ValueError saying what fits."""
        kind = type(self.default)
        if isinstance(value, int) and not isinstance(value, bool) and kind is float:
            value = float(value)
        if isinstance(value, float) and value.is_integer() and kind is int:
            value = int(value)  # 1e3 steps are a thousand
        if kind is str and not isinstance(value, str):
            value = str(value)
        if type(value) is not kind:
            raise CourseError(f"{self.name}={value!r} is {type(value).__name__}; it must be "
                              f"{kind.__name__}, such as {self.default!r} ({self.help})")
        if self.choices and value not in self.choices:
            raise unknown(self.name, value, self.choices)
        if self.low is not None and not (self.low <= value <= self.high):
            nearest = self.default
            if math.isfinite(value):
                nearest = kind(min(max(value, self.low), self.high))
            raise CourseError(f"{self.name}={value!r} is out of range {self.limits()}; "
                              f"the nearest right value is {nearest!r} ({self.help})")
        divisor = int(match[1]) if (match := DIVISOR.search(self.help)) else 1
        if value and kind is int and value % divisor:
            below = value - value % divisor
            raise CourseError(f"{self.name}={value} is not divisible by {divisor}; the nearest "
                              f"right values are {below} and {below + divisor} ({self.help})")
        return value


class Lesson(NamedTuple):
    """A lesson notebook on disk."""

    path: Path
    notebook: dict

    @property
    def name(self) -> str:
        """The file's name without its ending, such as "03_dcgan_pt"."""
        return self.path.stem

    @property
    def about(self) -> dict:
        """The notebook's facts: lesson, title, minutes, makes, presets, rendered (once stored)."""
        return self.notebook["metadata"]["gancourse"]

    @property
    def seconds(self) -> float:
        """How long its last stored run took, 60 when it was never stored."""
        return self.about.get("rendered", {}).get("seconds", 60.0)


def all_lessons(folder: Path = FOLDER) -> list[Lesson]:
    """Return the lessons of a folder in order.  Raises FileNotFoundError where there are none."""
    return [Lesson(path, read(path)) for path in _files(folder)]


def _files(folder: Path) -> list[Path]:
    """Return the notebooks of a folder's lessons in order; FileNotFoundError for none."""
    paths = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not paths:
        raise MissingFile(f"no lessons in {folder}: pip install -e . in the course's folder")
    return paths


def find(which: str, folder: Path = FOLDER) -> Lesson:
    """Return a lesson by number ("3", "03"), by name ("03_dcgan_pt") or by path.

    Its file alone is read.  Raises ValueError if unknown.
    """
    path = Path(which)
    if path.suffix == ".ipynb" and path.is_file():
        return Lesson(path, read(path))
    paths = _files(folder)
    for path in paths:
        of_this_number = which.isdigit() and int(which) == int(path.name[:2])
        if of_this_number or which in (path.stem, path.name):
            return Lesson(path, read(path))
    if which.isdigit():
        numbers = ", ".join(path.name[:2] for path in paths)
        raise CourseError(f'no lesson {which}; there are {numbers}: "gancourse list" shows them')
    raise unknown("lesson", which, [path.stem for path in paths])


def chosen(which: list[str]) -> list[Lesson]:
    """Return the named lessons, or all.  Raises ValueError for one that is unknown."""
    return [find(name) for name in which] if which else all_lessons()


def read(path: Path) -> dict:
    """Return a notebook as plain JSON.  Raises ValueError when the file is no course notebook."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        _ = notebook["cells"]  # KeyError where there are none
        _ = notebook["metadata"]["gancourse"]["lesson"]
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise CourseError(f"{path} is not a notebook of this course "
                          f"({type(error).__name__}: {error})") from error
    return notebook


def tags(cell: dict) -> set[str]:
    """Return a cell's tags."""
    return set(cell["metadata"].get("tags", []))


def source(cell: dict) -> str:
    """Return a cell's text; on disk it is a list of lines."""
    return "".join(cell["source"])


def parameters(notebook: dict) -> dict[str, Parameter]:
    """Return a lesson's parameters by name, read from the cell tagged `parameters`.

    Raises ValueError when a line is not `name: type = literal  # help`.
    """
    cells = [cell for cell in notebook["cells"] if "parameters" in tags(cell)]
    known = {}
    for line in "\n".join(source(cell) for cell in cells).splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        try:
            (node,) = ast.parse(line).body
            name = node.target.id
            default = ast.literal_eval(node.value)
            help_ = line.split("  # ", 1)[1].strip()
        except (SyntaxError, ValueError, AttributeError, IndexError) as error:
            raise CourseError(f"parameter line {line!r} must read  "
                              "name: type = literal  # help") from error
        low = high = None
        choices: tuple[str, ...] = ()
        if match := RANGE.search(help_):
            low = float(match[1])
            high = float(match[2])
        elif match := CHOICES.search(help_):
            choices = tuple(choice.strip() for choice in match[1].split(","))
        if match:
            help_ = help_[: match.start()]
        known[name] = Parameter(name, default, help_, low, high, choices)
    return known


def defaults(lesson: Lesson) -> dict[str, Any]:
    """Return each parameter of a lesson with its default."""
    return {name: p.default for name, p in parameters(lesson.notebook).items()}


def under_present_names(values: dict[str, Any]) -> dict[str, Any]:
    """Return parameters that a run of an earlier version wrote down, under the names of today."""
    return {RENAMED.get(name, name): value for name, value in values.items()}


def settings(lesson: Lesson, preset: str = "laptop",
             given: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the parameters of a run that differ from the lesson's defaults.

    They are the preset's, then the given ones.  Raises ValueError for an unknown preset, parameter
    or data set, a wrong type or a value out of range.
    """
    presets = {"laptop": {}, **lesson.about.get("presets", {})}
    if preset not in presets:
        raise unknown(f"preset of lesson {lesson.name}:", preset, presets)
    known = parameters(lesson.notebook)
    chosen = {**presets[preset], **(given or {})}
    for name in chosen:
        if name not in known:
            raise unknown(f"parameter of lesson {lesson.name}:", name, known)
    checked = {name: known[name].check(value) for name, value in chosen.items()}
    if "dataset" in checked:
        check_name(checked["dataset"])
    return {name: value for name, value in checked.items() if value != known[name].default}


def given_to_each(lessons: list[Lesson], given: dict[str, Any]) -> list[dict[str, Any]]:
    """Return for each of several lessons those of the given parameters that it has.

    Raises ValueError for a parameter that none of them has.
    """
    known = [parameters(lesson.notebook) for lesson in lessons]
    all_names = list(dict.fromkeys(name for names in known for name in names))
    for name in given:
        if name not in all_names:
            which = " and ".join(lesson.name for lesson in lessons[:3])
            raise unknown(f"parameter of lesson {which}:", name, all_names)
    return [{name: value for name, value in given.items() if name in names} for names in known]


def literal(text: str) -> Any:
    """Return a parameter's value from its text on a command line.

    That is a number, True or False or another Python literal, else the text itself.
    """
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def assignments(texts: list[str], value_of: Callable[[str], Any] = literal) -> dict[str, Any]:
    """Return every NAME=VALUE by its name; `value_of` turns the text of a value into the value.

    Raises CourseError for a text that reads otherwise, and for a name that is given twice.
    """
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise CourseError(f"{text!r} must read NAME=VALUE, such as num_steps=100")
        if name in values:
            raise CourseError(f"{name} is given twice: leave one out, or list values as in "
                              f"-g {name}=1,2")
        values[name] = value_of(value)
    return values


def parameters_in_words(lesson: Lesson) -> str:
    """Return a lesson's name, then a line for each parameter and for each preset."""
    lines = [lesson.name]
    for p in parameters(lesson.notebook).values():
        lines.append(f"  -p {p.name}={p.default!r:<12} {p.help} {p.limits()}")
    for name, values in lesson.about.get("presets", {}).items():
        assigned = ", ".join(f"{key}={value!r}" for key, value in values.items())
        lines.append(f"  --preset {name}: {assigned}")
    return "\n".join(lines)


def without_solutions(notebook: dict) -> dict:
    """Return the student version: solution regions become a stub, outputs go.

    The cells of an exercise may then fail without stopping "Run All": they carry the tag
    raises-exception.
    """
    student = deepcopy(notebook)
    student["cells"] = [cell for cell in student["cells"] if "solution" not in tags(cell)]
    for cell in student["cells"]:
        if cell["cell_type"] != "code":
            continue
        text = SOLUTION.sub(rf"\1{STUB}", source(cell))
        if text != source(cell) or "check" in tags(cell):
            cell["metadata"]["tags"] = sorted(tags(cell) | {"raises-exception"})
        cell["source"] = text.splitlines(keepends=True)
        cell["outputs"] = []
        cell["execution_count"] = None
    student["metadata"]["gancourse"].pop("rendered", None)
    return student


def is_fresh(notebook: dict) -> bool:
    """Return whether the stored outputs belong to the code of the notebook and the package now.

    Prose may change, and so may comments and docstrings of the package.
    """
    rendered = notebook["metadata"]["gancourse"].get("rendered", {})
    now = run_fingerprint.of_code(notebook, drawing=True)
    return all(rendered.get(name) == value for name, value in now.items())
