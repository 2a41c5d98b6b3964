"""The folder of a class: where each file lies, its settings, its students.

    gans = open_class(Path("gans"))
    gans.submitted("s17", "05_which_distance")    # a path below gans/submitted

The folders source, release, submitted, autograded and feedback are nbgrader's, so that its own
tools see the same class.
"""

import csv
import io
import json
import re
import tomllib
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple

from gancourse.course.classroom.templates import NBGRADER, TEMPLATE
from gancourse.errors import CourseError, MissingFile, unknown
from gancourse.files import write_atomically

SETTINGS, ROSTER, CONFIG = "class.toml", "roster.csv", "nbgrader_config.py"
COLUMNS = ("id", "name", "email", "group", "pseudonym")
KEY = re.compile(r"[\w.@-]+")  # what can be a folder's name everywhere, and nbgrader's student id


class Settings(NamedTuple):
    """What class.toml says."""

    name: str = "GANs"
    pseudonyms: bool = False
    attempt: str = "latest"  # or "best"
    decimal: str = "."  # or ","
    seconds: float = 20.0  # of one exercise
    memory_mb: int = 3000
    output_kb: int = 200
    grace_minutes: float = 15.0
    percent_per_day: float = 10.0
    late_limit_days: float = 7.0
    deadlines: dict[str, datetime] = {}  # by lesson
    extensions: dict[tuple[str, str], datetime] = {}  # by student's id and lesson


class Student(NamedTuple):
    """A line of the roster."""

    id: str  # what the platform calls the student
    name: str
    email: str
    group: str
    key: str  # the name of the student's folders: the id, or the pseudonym


class ClassFolder(NamedTuple):
    """A class on disk; `lesson` is a lesson's name, `key` a student's."""

    root: Path
    settings: Settings

    def source(self, lesson: str) -> Path:
        """nbgrader's source of a lesson, with solutions: for the teacher alone."""
        return self.root / "source" / lesson / f"{lesson}.ipynb"

    def release(self, lesson: str) -> Path:
        """What students get, as nbgrader knows it."""
        return self.root / "release" / lesson / f"{lesson}.ipynb"

    def release_zip(self, lesson: str) -> Path:
        """What students get, to hand out."""
        return self.root / "release" / f"{lesson}.zip"

    def release_facts(self, lesson: str) -> Path:
        """The release's version, exercises with points, and what was cut, as JSON."""
        return self.root / "release" / f"{lesson}.json"

    def attempts(self, key: str, lesson: str) -> Path:
        """The folder of all attempts of a student."""
        return self.root / "attempts" / key / lesson

    def submitted(self, key: str, lesson: str) -> Path:
        """The attempt that counts; timestamp.txt lies beside it."""
        return self.root / "submitted" / key / lesson / f"{lesson}.ipynb"

    def autograded(self, key: str, lesson: str) -> Path:
        """A clean copy with the student's answers and what the checks put out."""
        return self.root / "autograded" / key / lesson / f"{lesson}.ipynb"

    def result(self, key: str, lesson: str) -> Path:
        """What the grader has measured, as JSON."""
        return self.root / "results" / lesson / f"{key}.json"

    def feedback(self, key: str, lesson: str) -> Path:
        """The page that a student gets back."""
        return self.root / "feedback" / key / lesson / f"{lesson}.html"

    def feedback_zip(self, lesson: str) -> Path:
        """The pages of all students, to upload."""
        return self.root / "feedback" / f"{lesson}.zip"

    def marks_csv(self, lesson: str) -> Path:
        """The marks of a lesson, a line a student."""
        return self.root / "marks" / f"{lesson}.csv"

    def marks_page(self, lesson: str) -> Path:
        """The marks of a lesson as a page for the teacher."""
        return self.root / "marks" / f"{lesson}.html"

    @property
    def by_hand(self) -> Path:
        """Marks given by hand: key, lesson, exercise, points, reason."""
        return self.root / "marks" / "by_hand.csv"

    @property
    def roster(self) -> Path:
        """The list of students."""
        return self.root / ROSTER

    @property
    def lock(self) -> Path:
        """The lock of whoever writes results and marks."""
        return self.root / ".locks" / "class.lock"

    def students(self) -> list[Student]:
        """Return the roster, [] where it is empty.

        Raises CourseError for a line without id, an id or pseudonym that occurs twice or cannot be
        a folder's name, and a missing pseudonym where the class uses them.
        """
        if not self.roster.exists():
            return []
        text = self.roster.read_text(encoding="utf-8-sig")
        lines = csv.DictReader(io.StringIO(text))
        if not {"id", "name"} <= set(lines.fieldnames or ()):
            raise CourseError(f"{self.roster} must begin with the line {','.join(COLUMNS)}")
        students = [_student(self, number, line) for number, line in enumerate(lines, 2)]
        for what in ("id", "key"):
            seen: set[str] = set()
            for student in students:
                value = getattr(student, what)
                if value in seen:
                    raise CourseError(f"{self.roster}: {value} occurs twice")
                seen.add(value)
        return students

    def submissions(self, lesson: str) -> list[str]:
        """Return the keys of those who have handed a lesson in, sorted."""
        return sorted(path.parts[-3] for path in
                      self.root.glob(f"submitted/*/{lesson}/{lesson}.ipynb"))

    def results(self, lesson: str) -> dict[str, dict[str, Any]]:
        """Return the grader's results of a lesson by key; one that is not whole is left out."""
        results = {}
        for path in sorted(self.result("*", lesson).parent.glob("*.json")):
            try:
                results[path.stem] = json.loads(path.read_text(encoding="utf-8"))
            except ValueError:
                continue
        return results

    def facts(self, lesson: str) -> dict[str, Any]:
        """Return what the release of a lesson says of itself.  Raises MissingFile without one."""
        path = self.release_facts(lesson)
        if not path.exists():
            raise MissingFile(f"{lesson} is not released in {self.root}: gancourse class release "
                              f"{lesson[:2]} does it")
        return json.loads(path.read_text(encoding="utf-8"))

    def released(self) -> list[str]:
        """Return the names of the lessons that are released, in order."""
        return sorted(path.stem for path in self.root.glob("release/*.json"))

    def deadline(self, student: str, lesson: str) -> datetime | None:
        """Return until when a student, by id, may hand a lesson in; None without a deadline."""
        general = self.settings.deadlines.get(lesson)
        return self.settings.extensions.get((student, lesson), general)


def open_class(root: Path) -> ClassFolder:
    """Return the class of a folder.

    Raises MissingFile where there is none, CourseError for a setting that is unknown or wrong.
    """
    path = root / SETTINGS
    if not path.exists():
        raise MissingFile(f"no class in {root.resolve()}: it has no {SETTINGS}.  "
                          "`gancourse class release 05` makes one, in the present folder or in "
                          "--class DIR")
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{path} is not TOML: {error}") from error
    return ClassFolder(root, _settings(path, config))


def make_class(root: Path) -> ClassFolder:
    """Return the class of a folder, after writing what is missing of it: settings, roster, config.

    The teacher's own files are never overwritten.
    """
    texts = {SETTINGS: TEMPLATE, ROSTER: ",".join(COLUMNS) + "\n", CONFIG: NBGRADER}
    for name, text in texts.items():
        if not (root / name).exists():
            write_atomically(root / name, text.encode())
    return open_class(root)


def _settings(path: Path, config: dict[str, Any]) -> Settings:
    """The settings that a file holds; those that it leaves out are the usual ones."""
    known = {"name": str, "pseudonyms": bool, "attempt": str, "decimal": str, "limits": dict,
             "late": dict, "deadlines": dict, "extensions": dict}
    flat = {name: config[name] for name in known if name in config}
    _check(path, config, known)
    limits = flat.pop("limits", {})
    late = flat.pop("late", {})
    _check(path, limits, {"seconds": float, "memory_mb": int, "output_kb": int})
    _check(path, late, {"grace_minutes": float, "percent_per_day": float, "limit_days": float})
    if "limit_days" in late:
        late["late_limit_days"] = late.pop("limit_days")
    for name, choices in {"attempt": ("latest", "best"), "decimal": (".", ",")}.items():
        if flat.get(name, choices[0]) not in choices:
            raise unknown(f"{path}: {name}", flat[name], choices)
    flat["deadlines"] = {_lesson(path, lesson): _moment(path, lesson, when)
                         for lesson, when in flat.get("deadlines", {}).items()}
    flat["extensions"] = {(str(student), _lesson(path, lesson)): _moment(path, lesson, when)
                          for student, lessons in flat.get("extensions", {}).items()
                          for lesson, when in lessons.items()}
    return Settings(**flat, **limits, **late)


def _check(path: Path, values: dict[str, Any], known: dict[str, type]) -> None:
    """Raise CourseError for a name that is unknown, or a value of another type or below zero."""
    for name, value in values.items():
        if name not in known:
            raise unknown(f"setting in {path}:", name, known)
        kind = known[name]
        fits = isinstance(value, (int, float) if kind is float else kind)
        if not fits or (kind is not bool and isinstance(value, bool)):
            raise CourseError(f"{path}: {name} = {value!r} must be {kind.__name__}")
        if kind in (int, float) and value < 0:
            raise CourseError(f"{path}: {name} = {value!r} must not be below 0")


def _lesson(path: Path, name: str) -> str:
    """A lesson's whole name; a number such as "05" is enough.  Raises CourseError if unknown."""
    from gancourse.course.lessons import FOLDER

    names = [notebook.stem for notebook in sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))]
    for known in names:
        if known == name or (name.isdigit() and int(name) == int(known[:2])):
            return known
    raise unknown(f"lesson in {path}:", name, names)


def _moment(path: Path, lesson: str, when: Any) -> datetime:
    """A deadline with its zone: a date alone means the end of that day, here."""
    if isinstance(when, date) and not isinstance(when, datetime):
        when = datetime.combine(when, time(23, 59, 59))
    if not isinstance(when, datetime):
        raise CourseError(f"{path}: the deadline of {lesson} must read 2026-12-04T23:59:00, "
                          "without quotes")
    return when if when.tzinfo else when.astimezone()


def _student(folder: ClassFolder, number: int, line: dict[str, Any]) -> Student:
    """A student of the roster's line of this number."""
    id_, name, email, group, pseudonym = ((line.get(column) or "").strip() for column in COLUMNS)
    key = pseudonym if folder.settings.pseudonyms else id_
    where = f"{folder.roster}, line {number}"
    if not id_:
        raise CourseError(f"{where} has no id")
    if not key:
        raise CourseError(f"{where}: {id_} has no pseudonym, and {SETTINGS} says pseudonyms = true")
    if not KEY.fullmatch(key):
        raise CourseError(f"{where}: {key!r} cannot name a folder: use letters, digits and . _ - @")
    return Student(id_, name, email, group, key)
