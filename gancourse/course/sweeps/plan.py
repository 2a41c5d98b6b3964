"""A grid of runs over any lesson's parameters and seeds: what it is, checked before anything runs, and what is done."""

import hashlib
import itertools
import json
import shlex
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from gancourse.course import identity, records, runner
from gancourse.course.lessons import FOLDER, Lesson, find, literal, parameters, settings
from gancourse.errors import CourseError, MissingFile, unknown

FILE_KEYS = {"lesson": str, "preset": str, "parameters": dict, "grid": dict, "seeds": list, "measure": str,
             "maximise": bool}
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
        return [dict(zip(self.grid, point, strict=True)) for point in itertools.product(*self.grid.values())]

    def runs(self) -> dict[str, dict[str, Any]]:
        """Return the parameters given to each run, by the run's name; every setting comes once before the next seed."""
        given = [self.fixed | point | {"seed": seed} for seed in self.seeds for point in self.settings()]
        return {runner.run_name(settings(self.lesson, self.preset, one)): one for one in given}

    def name(self) -> str:
        """Return a name for its folder; the same sweep has the same one."""
        text = json.dumps([self.preset, self.fixed, self.grid, self.seeds])
        return ",".join([self.lesson.name, *self.grid])[:60] + "-" + hashlib.sha256(text.encode()).hexdigest()[:6]

    def command(self, measure: str = "", maximise: bool = False) -> str:
        """Return the command line of this sweep."""
        lists = [f"-g {shlex.quote(f'{name}={_listed(values)}')}" for name, values in self.grid.items()]
        first, last = self.seeds[0], self.seeds[-1]
        seeds = f"{first}-{last}" if self.seeds == [*range(first, last + 1)] and last > first else _listed(self.seeds)
        words = [f"gancourse sweep {self._words(self.fixed, lists)} --seeds {seeds}"]
        words += [f"--measure {shlex.quote(measure)}"] * bool(measure) + ["--maximise"] * maximise
        return " ".join(words)

    def run_command(self, given: dict[str, Any]) -> str:
        """Return the command line that repeats one of its runs: one thread, as here."""
        return f"OMP_NUM_THREADS=1 gancourse run {self._words(given, [])}"

    def _words(self, given: dict[str, Any], lists: list[str]) -> str:
        own = self.lesson.path.parent == FOLDER
        fixed = [f"-p {shlex.quote(f'{name}={value}')}" for name, value in given.items()]
        preset = [] if self.preset == "laptop" else [f"--preset {self.preset}"]
        which = f"{self.lesson.about['lesson']:02d}" if own else shlex.quote(str(self.lesson.path))
        return " ".join([which, *lists, *fixed, *preset])


def make_sweep(lesson: str, preset: str = "laptop", fixed: dict[str, Any] | None = None,
         grid: dict[str, list] | None = None, seeds: list[int] | None = None) -> Sweep:
    """Return a checked sweep; without `seeds` they are 0, 1, 2.

    Raises ValueError when there is nothing to sweep, for an unknown parameter, preset or lesson, a
    value out of range or given twice, and for a parameter that is both fixed and swept.
    """
    fixed, grid = dict(fixed or {}), {name: list(values) for name, values in (grid or {}).items()}
    if not grid and seeds is None:
        raise CourseError("the grid is empty: give the values of a parameter, such as -g width=8,16, or --seeds 0-9")
    swept = {**grid, "seed": [0, 1, 2] if seeds is None else list(seeds)}
    for name, values in swept.items():
        if not values:
            example = "--seeds 0-9" if name == "seed" else f"-g {name}=1,2"
            raise CourseError(f"the grid is empty: {name} has no values; give them as in {example}")
    if "seed" in grid or "seed" in fixed:
        raise CourseError("seeds have their own option: --seeds 0,1,2 or --seeds 0-9")
    if "checkpoint" in grid or "checkpoint" in fixed:
        raise CourseError("checkpoint cannot be set in a sweep: every run keeps its own in its folder")
    if both := sorted(set(grid) & set(fixed)):
        raise CourseError(f"{both[0]} is both fixed (-p) and swept (-g): leave one out")
    found = find(lesson)
    known = parameters(found.notebook)
    if taken := sorted(set(known) & set(COLUMNS)):
        raise CourseError(f"lesson {found.name} has a parameter named {taken[0]!r}, as a column of every table is "
                          "named: rename it in the notebook")
    settings(found, preset, fixed)
    for name, values in swept.items():
        for value in values:
            settings(found, preset, {name: value})
        swept[name] = [known[name].check(value) for value in values]
        if len(set(swept[name])) < len(values):
            raise CourseError(f"{name} has a value twice: {_listed(values)}")
    return Sweep(found, preset, fixed, {name: swept[name] for name in grid}, swept["seed"])


def from_file(path: Path) -> dict[str, Any]:
    """Return what a TOML file says: lesson, preset, [parameters], [grid], seeds, measure, maximise.

    Raises FileNotFoundError, or ValueError when it is not TOML, has an unknown key or a value of
    the wrong kind.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MissingFile(f"there is no file {str(path)!r}; README.md shows what one says") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} is not TOML: {error}") from error
    for key, value in said.items():
        if key not in FILE_KEYS:
            raise unknown(f"{path}: key", key, FILE_KEYS)
        if key == "lesson" and isinstance(value, int):
            said[key] = str(value)
        elif not isinstance(value, FILE_KEYS[key]):
            raise CourseError(f"{path}: {key} = {value!r} must be of type {FILE_KEYS[key].__name__}")
    for name, values in said.get("grid", {}).items():
        if not isinstance(values, list):
            raise CourseError(f"{path}: [grid] {name} = {values!r} must be a list, such as [{values!r}]")
    return said


def values(text: str) -> list:
    """Return the values in V1,V2,...; a text with a comma in it stands in quotes, as the others then do."""
    quoted = literal(f"[{text}]")
    return quoted if isinstance(quoted, list) else [literal(part.strip()) for part in text.split(",") if part.strip()]


def seeds(text: str) -> list[int]:
    """Return the seeds in 0,1,2 or 0-9 or both.  Raises ValueError when they read otherwise."""
    found: list[int] = []
    try:
        for part in filter(None, text.split(",")):
            first, dash, last = part.partition("-")
            found += range(int(first), int(last) + 1) if dash else [int(first)]
    except ValueError:
        raise CourseError(f"--seeds {text!r} must read like 0,1,2 or 0-9") from None
    return found


def finished(sweep: Sweep, runs: Path, here: bool = True) -> dict[str, dict]:
    """Return the records of those runs that are finished, by name; failed ones are not.

    With here=False those count, too, that other computers have finished.
    """
    code, found = identity.of_code(sweep.lesson.notebook), {}
    for name, given in sweep.runs().items():
        planned = runner.plan(sweep.lesson, runs, sweep.preset, given, threads=1, code=code)
        if record := records.finished(planned.folder, planned.identity, here):
            found[name] = record
    return found


def _listed(some: list) -> str:
    """Values as one word of the command line; texts in quotes where one holds a comma."""
    quoted = any("," in str(value) for value in some)
    return ",".join(repr(value) if quoted else str(value) for value in some)
