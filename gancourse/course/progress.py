"""How far a learner has come, read from the learner's own copies of the lessons.

    print(report())   # all lessons, what has passed, where to go on
    print(line(2))    # Passed here: 2 of 3.  Next: exercise 02.3, "better_path".

An exercise has passed when the saved output of its check is all ticks.  What has passed once stays
known in one small file, also after the copy was started afresh.  Nothing leaves the machine.
"""

import json
import os
import re
from datetime import date
from pathlib import Path
from typing import NamedTuple

from gancourse.course.classroom.lesson import exercises as known_exercises
from gancourse.course.lessons import STUB, all_lessons, read, source, tags
from gancourse.course.study_time import EXERCISE, sections
from gancourse.errors import CourseError, MissingFile
from gancourse.files import write_atomically

COPIES = Path("build/student")  # where `gancourse lab` puts them
STATED = re.compile(r"<summary>Minutes by section</summary>(.*?)</details>", re.DOTALL)
MINUTES = re.compile(r"(.+) (\d+)")
BAR = 10  # characters
HEAD_CELL = """# what has passed in your copy, as it was last saved
from gancourse.course import progress
print(progress.line({number}))"""
WORDS = {"passed": "passed", "wrong": "not right yet", "empty": "empty", "waiting": "not checked",
         "missing": "not in your copy"}


class Status(NamedTuple):
    """How an exercise stands."""

    id: str  # "02.3"
    name: str  # the function that is written, "better_path"
    state: str  # a name of WORDS
    section: str  # the heading above it


class Progress(NamedTuple):
    """How a lesson stands."""

    number: int
    title: str
    exercises: list[Status]
    minutes: int  # of study that are left, about
    begun: bool

    @property
    def passed(self) -> int:
        """How many exercises have passed."""
        return sum(exercise.state == "passed" for exercise in self.exercises)

    @property
    def following(self) -> Status | None:
        """The first exercise that has not passed, None after the last."""
        return next((one for one in self.exercises if one.state != "passed"), None)


def report(folder: Path | None = None) -> str:
    """Return a line for each lesson, what has passed in those begun, and where to go on.

    `folder` holds the learner's copies; they are looked for in the present folder, then in
    build/student.  What has newly passed is written down.  Raises MissingFile without copies.
    """
    folder = _folder(folder)
    lessons = lessons_in(folder)
    width = max(len(lesson.title) for lesson in lessons)
    lines = [f"Your copies in {folder}:", ""]
    for lesson in lessons:
        total = len(lesson.exercises)
        filled = "#" * (BAR * lesson.passed // total) if total else ""
        left = f"about {lesson.minutes} min left" if lesson.minutes else "done"
        lines.append(f"{lesson.number:02d}  {lesson.title:<{width}}  [{filled:.<{BAR}}]  "
                     f"{lesson.passed} of {total} exercises, {left}")
        if lesson.begun and lesson.following:
            lines += [f"      {one.id} {one.name}: {WORDS[one.state]}" for one in lesson.exercises]
    noted = f"(What has passed is noted in {memory_file()}; nothing leaves this machine.)"
    return "\n".join([*lines, "", _where_to_go_on(lessons), noted])


def line(number: int, folder: Path | None = None) -> str:
    """Return in a line what has passed of a lesson, and what comes next; "" where that is unknown.

    It never fails, because it stands at the head of a lesson.
    """
    try:
        lessons = lessons_in(_folder(folder))
    except (CourseError, OSError):
        return ""
    here = next((lesson for lesson in lessons if lesson.number == number), None)
    if here is None or not here.exercises:
        return ""
    counted = f"Passed here: {here.passed} of {len(here.exercises)}."
    if here.following:
        return f'{counted}  Next: exercise {here.following.id}, "{here.following.name}".'
    later = [lesson for lesson in lessons if lesson.number > number and lesson.following]
    return f"{counted}  Next: lesson {later[0].number:02d}, {later[0].title}." if later else counted


def with_line(student: dict) -> dict:
    """Return a student version with a cell below its title that prints the line of its lesson."""
    number = student["metadata"]["gancourse"]["lesson"]
    text = HEAD_CELL.format(number=number).splitlines(keepends=True)
    cell = {"cell_type": "code", "id": "progress", "metadata": {}, "source": text,
            "outputs": [], "execution_count": None}
    title, *others = student["cells"]
    return student | {"cells": [title, cell, *others]}


def lessons_in(folder: Path) -> list[Progress]:
    """Return how each lesson stands by a folder of copies, and note what has newly passed.

    A lesson that is not copied yet stands there as not begun.  Raises MissingFile without copies.
    """
    copies = {}
    for path in sorted(folder.glob("*.ipynb")):
        try:
            copy = read(path)
        except CourseError:
            continue  # not a notebook of this course
        if "### BEGIN SOLUTION" not in "".join(map(source, copy["cells"])):  # a solved lesson
            copies.setdefault(copy["metadata"]["gancourse"]["lesson"], copy)
    if not copies:
        raise MissingFile(f"no copies of lessons in {folder}: `gancourse lab` makes yours and "
                          "opens the first; if they lie elsewhere, `gancourse progress FOLDER`")
    try:
        course = {lesson.about["lesson"]: lesson.notebook for lesson in all_lessons()}
    except CourseError:  # a copy may be all that there is
        course = {}
    known = _remembered()
    standing = [_progress(course.get(number), copies.get(number), known)
                for number in sorted({*course, *copies})]
    passed = {one.id for lesson in standing for one in lesson.exercises if one.state == "passed"}
    if passed - set(known):
        _remember(known | {one: date.today().isoformat() for one in sorted(passed - set(known))})
    return standing


def memory_file() -> Path:
    """Return the file that knows what has passed: $GANCOURSE_PROGRESS, or one of the user's."""
    from platformdirs import user_data_path

    own = user_data_path("gancourse", appauthor=False) / "progress.json"
    return Path(os.environ.get("GANCOURSE_PROGRESS") or own)


def _folder(folder: Path | None) -> Path:
    """The folder of copies: the given one, the present one if it has lessons, or the usual one."""
    if folder is not None:
        return folder
    here = Path()
    return here.resolve() if any(here.glob("[0-9][0-9]_*.ipynb")) else COPIES.resolve()


def _progress(lesson: dict | None, copy: dict | None, known: dict[str, str]) -> Progress:
    """How a lesson stands by its copy and by what is known to have passed before."""
    notebook = lesson or copy
    about = notebook["metadata"]["gancourse"]
    statuses = []
    try:
        exercises = known_exercises.exercises(notebook)
    except CourseError:  # a damaged copy of a lesson that the course no longer has
        exercises = []
    for exercise in exercises:
        section = _section(notebook, exercise.answer)
        state = _state(copy, exercise) if copy else "empty"
        if exercise.id in known:
            state = "passed"
        name = " and ".join(exercise.functions) or "answer"
        statuses.append(Status(exercise.id, name, state, section))
    begun = any(one.state in ("passed", "wrong", "waiting") for one in statuses)
    return Progress(about["lesson"], about["title"], statuses,
                    _minutes_left(notebook, statuses), begun)


def _state(copy: dict, exercise: known_exercises.Exercise) -> str:
    """How an exercise stands in a copy, by what its check has printed last."""
    cells = [cell for cell in copy["cells"] if cell["cell_type"] == "code"]
    place = next((i for i, cell in enumerate(cells) if _answers(cell, exercise)), None)
    if place is None:
        return "missing"
    check = next((cell for cell in cells[place + 1 : place + 3] if _checks(cell)), None)
    if STUB in source(cells[place]):
        return "empty"
    outputs = check.get("outputs", []) if check else []
    if not outputs:
        return "waiting"
    printed = "".join("".join(output.get("text", "")) for output in outputs)
    failed = any(output["output_type"] == "error" for output in outputs) or "✗" in printed
    if failed or "is still empty" in printed:
        return "wrong"
    return "passed" if "✓" in printed else "waiting"


def _answers(cell: dict, exercise: known_exercises.Exercise) -> bool:
    """Whether a cell is an exercise's answer: by its id, or by what it defines."""
    facts = known_exercises.about(cell)
    if "exercise" in facts:
        return facts["exercise"] == exercise.id and facts.get("role", "answer") == "answer"
    return any(f"def {name}(" in source(cell) for name in exercise.functions)


def _checks(cell: dict) -> bool:
    """Whether a cell is a check."""
    return "check" in tags(cell) or known_exercises.about(cell).get("role") == "check"


def _section(notebook: dict, place: int) -> str:
    """The heading of the section in which a cell stands; "Start" above the first."""
    words = "\n".join(source(cell) for cell in notebook["cells"][:place]
                      if cell["cell_type"] == "markdown")
    headings = re.findall(r"^## (.+)$", words, re.MULTILINE)
    return headings[-1] if headings else "Start"


def _minutes_left(notebook: dict, statuses: list[Status]) -> int:
    """About how many minutes of study are left, from the section of the next exercise on."""
    todo = [one for one in statuses if one.state != "passed"]
    if statuses and not todo:
        return 0
    minutes = _minutes(notebook)
    names = list(minutes)
    section = todo[0].section if len(todo) < len(statuses) else names[0]
    if section not in minutes:  # in Deeper, which is not counted
        return EXERCISE * len(todo)
    return round(sum(minutes[name] for name in names[names.index(section):]))


def _minutes(notebook: dict) -> dict[str, float]:
    """The minutes of each section as a lesson states them, else reckoned from what it holds."""
    match = STATED.search(source(notebook["cells"][0]))
    stated = [MINUTES.fullmatch(part.strip()) for part in match[1].split("·")] if match else []
    by_section = {part[1]: float(part[2]) for part in stated if part}
    return by_section or sections(notebook)


def _where_to_go_on(lessons: list[Progress]) -> str:
    """A sentence that names the next exercise: of the first lesson begun, else of the first."""
    todo = [lesson for lesson in lessons if lesson.following]
    if not todo:
        return "Every exercise has passed."
    lesson = next((lesson for lesson in todo if lesson.begun), todo[0])
    one = lesson.following
    return (f'Go on with exercise {one.id}, "{one.name}", in lesson {lesson.number:02d}, '
            f"{lesson.title}, section {one.section}.")


def _remembered() -> dict[str, str]:
    """What is known to have passed, by exercise, with the day; {} where the file is no use."""
    try:
        passed = json.loads(memory_file().read_text(encoding="utf-8"))["passed"]
        return {str(name): str(day) for name, day in passed.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _remember(passed: dict[str, str]) -> None:
    """Write down what has passed."""
    text = json.dumps({"passed": dict(sorted(passed.items()))}, indent=1)
    write_atomically(memory_file(), text.encode())
