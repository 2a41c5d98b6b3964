"""A grid of runs over any lesson's parameters and seeds: what it is, and what of it is done.

Everything is checked before anything runs.
"""

import hashlib
import itertools
import json
import shlex
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from gancourse.course import records, run_fingerprint, runner
from gancourse.course.lessons import FOLDER, Lesson, find, literal, parameters, settings
from gancourse.errors import CourseError, MissingFile, unknown

FILE_KEYS = {"lesson": str, "preset": str, "parameters": dict, "grid": dict, "seeds": list,
             "measure": str, "maximise": bool}
# of the table, whatever the lesson
COLUMNS = ("lesson", "status", "missed", "seconds", "error", "date", "code", "run")


class Sweep(NamedTuple):
    """What to run: every combination of the grid's values, each with every seed."""

    lesson: Lesson
    preset: str
    fixed: dict[str, Any]  # the same in every run
    grid: dict[str, list]  # a swept parameter and its values, in order
    seeds: list[int]

    def settings(self) -> list[dict[str, Any]]:
        """Return every combination of the grid's values; [{}] when only seeds are swept."""
        points = itertools.product(*self.grid.values())
        return [dict(zip(self.grid, point, strict=True)) for point in points]

    def runs(self) -> dict[str, dict[str, Any]]:
        """Return the parameters given to each run, by the run's name.

        Every setting comes once before the next seed.
        """
        named = {}
        for seed in self.seeds:
            for point in self.settings():
                given = self.fixed | point | {"seed": seed}
                named[runner.run_name(settings(self.lesson, self.preset, given))] = given
        return named

    def name(self) -> str:
        """Return a name for its folder; the same sweep has the same one."""
        text = json.dumps([self.preset, self.fixed, self.grid, self.seeds])
        digest = hashlib.sha256(text.encode()).hexdigest()[:6]
        return f"{','.join([self.lesson.name, *self.grid])[:60]}-{digest}"

    def command(self, measure: str = "", maximise: bool = False) -> str:
        """Return the command line of this sweep."""
        lists = []
        for name, values in self.grid.items():
            lists.append(f"-g {shlex.quote(f'{name}={_listed(values)}')}")
        words = ["gancourse sweep", self._arguments(self.fixed, lists)]
        words.append(f"--seeds {_seeds_in_words(self.seeds)}")
        if measure:
            words.append(f"--measure {shlex.quote(measure)}")
        if maximise:
            words.append("--maximise")
        return " ".join(words)

    def run_command(self, given: dict[str, Any]) -> str:
        """Return the command line that repeats one of its runs: one thread, as here."""
        return f"OMP_NUM_THREADS=1 gancourse run {self._arguments(given, [])}"

    def _arguments(self, given: dict[str, Any], lists: list[str]) -> str:
        """The lesson, lists of values, fixed parameters and preset of a command line."""
        lesson = shlex.quote(str(self.lesson.path))
        if self.lesson.path.parent == FOLDER:
            lesson = f"{self.lesson.about['lesson']:02d}"
        fixed = [f"-p {shlex.quote(f'{name}={value}')}" for name, value in given.items()]
        preset = [] if self.preset == "laptop" else [f"--preset {self.preset}"]
        return " ".join([lesson, *lists, *fixed, *preset])


def make_sweep(lesson: str, preset: str = "laptop", fixed: dict[str, Any] | None = None,
               grid: dict[str, list] | None = None, seeds: list[int] | None = None) -> Sweep:
    """Return a checked sweep; without `seeds` they are 0, 1, 2.

    Raises ValueError when there is nothing to sweep, for an unknown parameter, preset or lesson, a
    value out of range or given twice, and for a parameter that is both fixed and swept.
    """
    fixed = dict(fixed or {})
    grid = {name: list(values) for name, values in (grid or {}).items()}
    if not grid and seeds is None:
        raise CourseError("the grid is empty: give the values of a parameter, such as "
                          "-g width=8,16, or --seeds 0-9")
    swept = {**grid, "seed": [0, 1, 2] if seeds is None else list(seeds)}
    _check_names(fixed, grid, swept)
    planned = find(lesson)
    known = parameters(planned.notebook)
    if taken := sorted(set(known) & set(COLUMNS)):
        raise CourseError(f"lesson {planned.name} has a parameter named {taken[0]!r}, as a column "
                          "of every table is named: rename it in the notebook")
    settings(planned, preset, fixed)
    for name, values in swept.items():
        for value in values:
            settings(planned, preset, {name: value})
        swept[name] = [known[name].check(value) for value in values]
        if len(set(swept[name])) < len(values):
            raise CourseError(f"{name} has a value twice: {_listed(values)}")
    checked_seeds = swept.pop("seed")
    return Sweep(planned, preset, fixed, swept, checked_seeds)


def _check_names(fixed: dict[str, Any], grid: dict[str, list], swept: dict[str, list]) -> None:
    """Raise ValueError for a parameter that has no values, is given twice or cannot be swept."""
    for name, values in swept.items():
        if not values:
            example = "--seeds 0-9" if name == "seed" else f"-g {name}=1,2"
            raise CourseError(f"the grid is empty: {name} has no values; give them as in {example}")
    if "seed" in grid or "seed" in fixed:
        raise CourseError("seeds have their own option: --seeds 0,1,2 or --seeds 0-9")
    if "checkpoint" in grid or "checkpoint" in fixed:
        raise CourseError("checkpoint cannot be set in a sweep: every run keeps its own in its "
                          "folder")
    if both := sorted(set(grid) & set(fixed)):
        raise CourseError(f"{both[0]} is both fixed (-p) and swept (-g): leave one out")


def from_file(path: Path) -> dict[str, Any]:
    """Return what a TOML file says: lesson, preset, [parameters], [grid], seeds, measure, maximise.

    Raises FileNotFoundError, or ValueError when it is not TOML, has an unknown key or a value of
    the wrong kind.
    """
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MissingFile(f"there is no file {str(path)!r}; "
                          "README.md shows what one says") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} is not TOML: {error}") from error
    for key, value in config.items():
        if key not in FILE_KEYS:
            raise unknown(f"{path}: key", key, FILE_KEYS)
        if key == "lesson" and isinstance(value, int):
            config[key] = str(value)
        elif not isinstance(value, FILE_KEYS[key]):
            kind = FILE_KEYS[key].__name__
            raise CourseError(f"{path}: {key} = {value!r} must be of type {kind}")
    for name, values in config.get("grid", {}).items():
        if not isinstance(values, list):
            raise CourseError(f"{path}: [grid] {name} = {values!r} must be a list, such as "
                              f"[{values!r}]")
    return config


def values(text: str) -> list:
    """Return the values in V1,V2,...; where a text holds a comma, all texts stand in quotes."""
    quoted = literal(f"[{text}]")
    if isinstance(quoted, list):
        return quoted
    return [literal(part.strip()) for part in text.split(",") if part.strip()]


def seeds(text: str) -> list[int]:
    """Return the seeds in 0,1,2 or 0-9 or both.  Raises ValueError when they read otherwise."""
    numbers: list[int] = []
    try:
        for part in filter(None, text.split(",")):
            first, dash, last = part.partition("-")
            if dash:
                numbers += range(int(first), int(last) + 1)
            else:
                numbers.append(int(first))
    except ValueError:
        raise CourseError(f"--seeds {text!r} must read like 0,1,2 or 0-9") from None
    return numbers


def finished(sweep: Sweep, runs: Path, here: bool = True) -> dict[str, dict]:
    """Return the records of those runs that are finished, by name; failed ones are not.

    With here=False those count, too, that other computers have finished.
    """
    code = run_fingerprint.of_code(sweep.lesson.notebook)
    known = {}
    for name, given in sweep.runs().items():
        planned = runner.plan(sweep.lesson, runs, sweep.preset, given, threads=1, code=code)
        if record := records.finished(planned.folder, planned.identity, here):
            known[name] = record
    return known


def _seeds_in_words(seeds: list[int]) -> str:
    """Seeds as one word of the command line: 0-9 where they follow each other, else 0,3."""
    first, last = seeds[0], seeds[-1]
    if last > first and seeds == [*range(first, last + 1)]:
        return f"{first}-{last}"
    return _listed(seeds)


def _listed(some: list) -> str:
    """Values as one word of the command line; texts in quotes where one holds a comma."""
    quoted = any("," in str(value) for value in some)
    return ",".join(repr(value) if quoted else str(value) for value in some)
