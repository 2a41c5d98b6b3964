"""What students get of a lesson: a notebook to fill in, and a zip of it to hand out.

    release(find("05"), folder)                   # writes source/, release/ and release/05_....zip
    release(find("05"), folder, cut=["Deeper"])   # a shorter session

Solutions, hidden tests, outputs and what a good answer says are left out; hints stay.  Before
anything is written it is searched for leaks, as `gancourse class leaks` does.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gancourse import __version__
from gancourse.course.classroom.folder import ClassFolder
from gancourse.course.classroom.lesson.exercises import RUBRIC, exercises, open_questions, version
from gancourse.course.classroom.release import cutting, leaks
from gancourse.course.lessons import Lesson, source, without_solutions
from gancourse.course.requirements import EXTRA_OF, SIGNS
from gancourse.errors import CourseError, MissingFile
from gancourse.files import write_atomically

REPLY = "YOUR ANSWER HERE"  # nbgrader's own words for an open question that is not answered
LINKED = re.compile(r"!?\[[^\]]*\]\((?!\w+:|#)([^)\s]+)\)")  # a file beside the lesson
ROOT = Path(__file__).resolve().parents[4]
PACKAGE = ("pyproject.toml", "README.md", "LICENSE")  # beside the folder gancourse
PACKAGE_ZIP = f"gancourse-{__version__}.zip"  # what students install
LEFT_OUT = {"__pycache__", ".ipynb_checkpoints", "notebooks", "tests", ".git"}
README = """\
{title}
{underline}

What to do
  Open {name}.ipynb in JupyterLab and run its cells in order with Shift+Enter.
  In each exercise replace the line "raise NotImplementedError" by your code, then run the check
  below it, which prints a tick for each of its lines that holds.  Hints unfold one by one.
{questions}\
  Keep the names of the functions, and leave the checks as they are.  You may go on without having
  solved an exercise: the lesson then continues with the course's own function.

How to hand in
  Save the notebook (Ctrl+S) and hand in this one file under its own name, {name}.ipynb.
  {attempts}
{deadline}\

Points: {total:g}
{points}

What you need
  Python 3.11, 3.12 or 3.13, and the course's package, once, from the file that you have got:
    python -m pip install "{package}{extras}"
  Then, in the folder of the notebook:
    python -m jupyter lab {name}.ipynb

Version {version} of {date}
"""


def release(lesson: Lesson, folder: ClassFolder, cut: Sequence[str] = ()) -> dict[str, Any]:
    """Write nbgrader's source and release of a lesson, and the zip for students; return its facts.

    The facts are what release/LESSON.json holds: version, date, points, exercises, open questions,
    sections that were left out.  `cut` names those.  Raises CourseError for a section that is not
    there, and where something for students would give an answer away; nothing is written then.
    """
    solved = to_source(lesson.notebook, cut)
    student = to_students(solved)
    facts = facts_of(lesson, solved)
    text = as_bytes(student)
    files = {f"{lesson.name}.ipynb": text,
             "README.txt": _readme(lesson, folder, facts, student).encode(),
             **_files_beside(lesson, student)}
    archive = zipped({f"{lesson.name}/{name}": data for name, data in files.items()})
    leaked = leaks.search(f"{lesson.name}.zip", archive, leaks.all_answers([lesson.notebook]))
    if leaked:
        raise CourseError(f"lesson {lesson.name} is not released, because it would give away: "
                          + "; ".join(map(str, leaked)))
    write_atomically(folder.source(lesson.name), as_bytes(solved))
    write_atomically(folder.release(lesson.name), text)
    write_atomically(folder.release_zip(lesson.name), archive)
    write_atomically(folder.release_facts(lesson.name), as_bytes(facts))
    return facts


def to_source(notebook: dict, cut: Sequence[str] = ()) -> dict:
    """Return nbgrader's source of a lesson: with solutions, ids, points, and cells for replies.

    What a good answer says stands where a student will reply.  Without outputs, which may belong to
    the sections that were left out.
    """
    solved = cutting.cut(notebook, cut)
    about = solved["metadata"]["gancourse"]
    about.pop("rendered", None)
    about["release"] = {"version": version(solved), "cut": cutting.chosen(notebook, cut)}
    for exercise in exercises(solved):
        answer, check = solved["cells"][exercise.answer], solved["cells"][exercise.check]
        name = _grade_id(exercise.id)
        answer["metadata"]["gancourse"]["role"] = "answer"
        check["metadata"]["gancourse"] = {"exercise": exercise.id, "role": "check"}
        _mark(answer, name, solution=True)
        _mark(check, f"{name}_check", grade=True, locked=True, points=exercise.points)
    for question in reversed(open_questions(solved)):
        solved["cells"][question.cell : question.cell + 1] = _with_reply(
            solved["cells"][question.cell], question.id, question.points)
    for cell in solved["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    return solved


def to_students(solved: dict) -> dict:
    """Return what students get of nbgrader's source of a lesson."""
    student = without_solutions(solved)
    for cell in student["cells"]:
        text = leaks.HIDDEN.sub("", source(cell))
        if cell["metadata"].get("gancourse", {}).get("role") == "reply":
            text = REPLY
        cell["source"] = text.splitlines(keepends=True)
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["checksum"] = _checksum(cell)
    return student


def facts_of(lesson: Lesson, solved: dict) -> dict[str, Any]:
    """Return what is known of a release: its version, its exercises and open questions, points."""
    graded = [{"id": exercise.id, "functions": list(exercise.functions), "points": exercise.points}
              for exercise in exercises(solved)]
    questions = [{"id": question.id, "points": question.points, "question": question.question}
                 for question in open_questions(solved)]
    return {"lesson": lesson.name, "title": lesson.about["title"],
            **solved["metadata"]["gancourse"]["release"],
            "date": datetime.now(UTC).isoformat(timespec="seconds"), "course": __version__,
            "points": sum(entry["points"] for entry in graded + questions),
            "exercises": graded, "open": questions}


def package_files(root: Path = ROOT) -> list[Path]:
    """Return the files of the course that students may have, relative to `root`, sorted.

    They can be installed with pip.  The solved lessons, the tests, which hold right answers, and
    git's history are not among them.  Raises MissingFile where `root` is not the course's folder.
    """
    if not (root / "pyproject.toml").exists():
        raise MissingFile(f"{root} holds no pyproject.toml: the package for students is made from "
                          "the folder of the course, as git clones it")
    files = [Path(name) for name in PACKAGE if (root / name).is_file()]
    files += [path.relative_to(root) for path in (root / "gancourse").rglob("*") if path.is_file()]
    return sorted(path for path in files
                  if not LEFT_OUT & set(path.parts) and path.suffix not in (".pyc", ".ipynb"))


def write_package(path: Path, root: Path = ROOT) -> None:
    """Write the course's package for students as a zip that pip installs."""
    names = {f"gancourse-{__version__}/{file.as_posix()}": (root / file).read_bytes()
             for file in package_files(root)}
    write_atomically(path, zipped(names))


def _mark(cell: dict, grade_id: str, *, grade: bool = False, solution: bool = False,
          locked: bool = False, points: float | None = None) -> None:
    """Give a cell nbgrader's metadata, and keep it from being deleted in JupyterLab."""
    cell["metadata"]["nbgrader"] = {
        "schema_version": 3, "grade_id": grade_id, "grade": grade, "solution": solution,
        "locked": locked, "task": False, "cell_type": cell["cell_type"]}
    if points is not None:
        cell["metadata"]["nbgrader"]["points"] = points
    cell["metadata"]["deletable"] = False
    if locked:
        cell["metadata"]["editable"] = False


def _with_reply(cell: dict, question: str, points: float) -> list[dict]:
    """A cell with an open question as two or three: the question, the reply, what follows."""
    rubric = RUBRIC.search(source(cell))
    parts = [source(cell), "", ""]
    if rubric:
        text = source(cell)
        parts = [text[: rubric.start()].rstrip(), rubric[0], text[rubric.end() :].strip()]
    roles = ("question", "reply", "")
    cells = []
    for role, text in zip(roles, parts, strict=True):
        part = deepcopy(cell)
        part["source"] = text.splitlines(keepends=True)
        part["metadata"].pop("gancourse", None)
        if role:
            part["metadata"]["gancourse"] = {"open": question, "points": points, "role": role}
        if role != "question":
            part["id"] = f"{cell['id']}-{role or 'after'}"
        cells.append(part)
    _mark(cells[1], _grade_id(question), grade=True, solution=True, points=points)
    return cells if parts[2] else cells[:2]


def _grade_id(exercise: str) -> str:
    """nbgrader's name of an exercise: "05_1" for 05.1."""
    return exercise.replace(".", "_")


def _checksum(cell: dict) -> str:
    """nbgrader's checksum of a cell, by which it sees that a check was edited or a reply is empty.

    It is that of nbgrader.utils.compute_checksum, which a test compares.
    """
    facts = cell["metadata"]["nbgrader"]
    is_locked = not facts["solution"] and (facts["grade"] or facts["locked"])
    parts = [source(cell), cell["cell_type"], facts["grade"], facts["solution"], is_locked,
             facts["grade_id"]]
    if facts["grade"]:
        parts.append(float(facts["points"]))
    return hashlib.md5("".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()


def _files_beside(lesson: Lesson, student: dict) -> dict[str, bytes]:
    """The files beside a lesson to which its prose links, such as pictures, but no other lesson."""
    prose = "\n".join(source(cell) for cell in student["cells"] if cell["cell_type"] == "markdown")
    names = [name for name in dict.fromkeys(LINKED.findall(prose)) if not name.endswith(".ipynb")]
    paths = {name: lesson.path.parent / name for name in names}
    return {name: path.read_bytes() for name, path in paths.items()
            if path.is_file() and lesson.path.parent in path.resolve().parents}


def _readme(lesson: Lesson, folder: ClassFolder, facts: dict[str, Any], student: dict) -> str:
    """The words for students beside a notebook."""
    title = f"{lesson.about['lesson']:02d} · {lesson.about['title']}  ({folder.settings.name})"
    deadline = folder.settings.deadlines.get(lesson.name)
    questions = "  Write your answers to the open questions in the cells below them.\n"
    attempts = {"latest": "You may hand in several times; the latest counts.",
                "best": "You may hand in several times; the best counts."}
    return README.format(
        title=title, underline="=" * len(title), name=lesson.name, total=facts["points"],
        questions=questions if facts["open"] else "",
        attempts=attempts[folder.settings.attempt],
        deadline=f"  Deadline: {deadline:%A, %d %B %Y, %H:%M %Z}\n" if deadline else "",
        points="\n".join(_points_lines(facts)), package=PACKAGE_ZIP,
        extras=_extras(student), version=facts["version"], date=facts["date"][:10])


def _points_lines(facts: dict[str, Any]) -> Iterator[str]:
    """A line for each exercise and open question, with its points."""
    for entry in facts["exercises"]:
        yield f"  {entry['id']:6} {entry['points']:4g}   {', '.join(entry['functions'])}"
    for entry in facts["open"]:
        yield f"  {entry['id']:6} {entry['points']:4g}   open question"


def _extras(notebook: dict) -> str:
    """The extras of the package that a lesson needs, as pip reads them: "[pt]", or ""."""
    code = "\n".join(source(cell) for cell in notebook["cells"] if cell["cell_type"] == "code")
    needed = [EXTRA_OF[module] for module, sign in SIGNS.items() if re.search(sign, code)]
    return f"[{','.join(dict.fromkeys(needed))}]" if needed else ""


def as_bytes(value: dict) -> bytes:
    """A notebook or facts as a JSON file."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip of these files, by their names; equal files make an equal zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(name)  # of 1980: the date stands in the facts
            member.external_attr = 0o644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)
    return buffer.getvalue()
