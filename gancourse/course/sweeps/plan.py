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
from gancourse.course.lessons import FOLDER, Lesson, find, parameters, settings
from gancourse.course.sweeps import axes
from gancourse.course.sweeps.axes import Range
from gancourse.errors import CourseError, MissingFile, unknown

FILE_KEYS = {"lesson": str, "preset": str, "parameters": dict, "grid": dict, "seeds": list,
             "measure": str, "maximise": bool, "search": dict}
SEARCH_KEYS = {"sampler": str, "trials": int, "seed": int, "confirm": int, "budget": str,
               "reduce": int}
# of the table, whatever the lesson
COLUMNS = ("lesson", "status", "missed", "seconds", "error", "date", "code", "run")


class Sweep(NamedTuple):
    """What to run: every combination of the grid's values, each with every seed."""

    lesson: Lesson
    preset: str
    fixed: dict[str, Any]  # the same in every run
    # the axes: a swept parameter and its values, in order; see gancourse.course.sweeps.axes for
    # parameters that move together, and for the ranges of a search
    grid: dict[str, list | Range]
    seeds: list[int]

    def names(self) -> list[str]:
        """Return the names of the swept parameters."""
        return [name for key in self.grid for name in axes.names(key)]

    def settings(self) -> list[dict[str, Any]]:
        """Return every combination of the grid's values; [{}] when only seeds are swept."""
        combinations = []
        for values in itertools.product(*self.grid.values()):
            setting = {}
            for key, value in zip(self.grid, values, strict=True):
                setting |= axes.point(key, value)
            combinations.append(setting)
        return combinations

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
        for key, values in self.grid.items():
            lists.append(f"-g {shlex.quote(f'{key}={axes.text(values)}')}")
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
    """Return a checked sweep over a grid; without `seeds` they are 0, 1, 2.

    Raises ValueError when there is nothing to sweep, for an unknown parameter, preset or lesson, a
    value out of range or given twice, and for a parameter that is both fixed and swept.
    """
    if not grid and seeds is None:
        raise CourseError("the grid is empty: give the values of a parameter, such as "
                          "-g width=8,16, or --seeds 0-9")
    seeds = [0, 1, 2] if seeds is None else seeds
    sweep = checked(lesson, preset, dict(fixed or {}), dict(grid or {}), seeds)
    for key, values in sweep.grid.items():
        if isinstance(values, Range):
            raise CourseError(f"{key}={values.text()} is a range, and a grid needs lists: "
                              "--search tpe (or random) draws from ranges")
    return sweep


def checked(lesson: str, preset: str, fixed: dict[str, Any], grid: dict[str, list | Range],
            seeds: list[int]) -> Sweep:
    """Return a sweep whose parameters and values are checked; its axes may be ranges.

    Raises ValueError as `make_sweep` does.
    """
    swept = {**grid, "seed": list(seeds)}
    _check_names(fixed, grid, swept)
    planned = find(lesson)
    known = parameters(planned.notebook)
    if taken := sorted(set(known) & set(COLUMNS)):
        raise CourseError(f"lesson {planned.name} has a parameter named {taken[0]!r}, as a column "
                          "of every table is named: rename it in the notebook")
    settings(planned, preset, fixed)
    for key, values in swept.items():
        for name in axes.names(key):
            if name not in known:
                raise unknown(f"parameter of lesson {planned.name}:", name, known)
        swept[key] = axes.checked(key, values, known)
        for value in [] if isinstance(values, Range) else values:
            settings(planned, preset, axes.point(key, value))  # the names of data sets, too
    checked_seeds = swept.pop("seed")
    return Sweep(planned, preset, fixed, swept, checked_seeds)


def _check_names(fixed: dict[str, Any], grid: dict[str, list | Range],
                 swept: dict[str, list | Range]) -> None:
    """Raise ValueError for a parameter that has no values, is given twice or cannot be swept."""
    for name, values in swept.items():
        if not values:
            example = "--seeds 0-9" if name == "seed" else f"-g {name}=1,2"
            raise CourseError(f"the grid is empty: {name} has no values; give them as in {example}")
    names = [name for key in grid for name in axes.names(key)]
    if "seed" in names or "seed" in fixed:
        raise CourseError("seeds have their own option: --seeds 0,1,2 or --seeds 0-9")
    if "checkpoint" in names or "checkpoint" in fixed:
        raise CourseError("checkpoint cannot be set in a sweep: every run keeps its own in its "
                          "folder")
    if both := sorted(set(names) & set(fixed)):
        raise CourseError(f"{both[0]} is both fixed (-p) and swept (-g): leave one out")
    if twice := [name for name in names if names.count(name) > 1]:
        raise CourseError(f"{twice[0]} is swept on two axes: leave one out")


def from_file(path: Path) -> dict[str, Any]:
    """Return what a TOML file says, by FILE_KEYS.

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
    if isinstance(config.get("lesson"), int):
        config["lesson"] = str(config["lesson"])
    _check_table(path, "", config, FILE_KEYS)
    _check_table(path, "[search] ", config.get("search", {}), SEARCH_KEYS)
    try:
        config["grid"] = {axes.one_key(key): axes.from_file(key, value)
                          for key, value in config.get("grid", {}).items()}
    except CourseError as error:
        raise CourseError(f"{path}: {error}") from error
    return config


def _check_table(path: Path, where: str, table: dict[str, Any], known: dict[str, type]) -> None:
    """Raise CourseError for an unknown key of a file's table, or a value of the wrong kind."""
    for key, value in table.items():
        if key not in known:
            raise unknown(f"{path}: {where}key", key, known)
        if type(value) is not known[key]:
            raise CourseError(f"{path}: {where}{key} = {value!r} must be of type "
                              f"{known[key].__name__}")


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
    return axes.text(seeds)
