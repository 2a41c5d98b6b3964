"""One zip for a room without network: everything but the wheels, which one command puts beside it.

    kit(Path("kit.zip"), [find("00"), find("05")])

It unpacks to a folder that works like the course's own: the package, the lessons as students get
them, data cards and pictures.  Beside them are pages of the lessons with all their figures, to read
on any device, without solutions.
"""

import re
import tomllib
from copy import deepcopy
from pathlib import Path

from tqdm import tqdm

from gancourse import __version__
from gancourse.course import html_pages
from gancourse.course.classroom.lesson.exercises import RUBRIC
from gancourse.course.classroom.material import card, material
from gancourse.course.classroom.release import leaks, release
from gancourse.course.lessons import Lesson, all_lessons, source
from gancourse.course.requirements import EXTRA_OF, SIGNS
from gancourse.errors import CourseError, MissingFile
from gancourse.files import write_atomically

ROOT = release.ROOT
NAME = f"gancourse-{__version__}"
BESIDE = ("data/README.md", "notebooks/pictures")  # data cards; pictures of README and lessons
BUILD = "setuptools"  # what pip needs to install the package itself
START = """\
{name}: a room without network
{line}

1. Once, on a machine with network, in this folder: bring the wheels.  The machine should have the
   system and the Python (3.11, 3.12 or 3.13) of those in the room; if there are several kinds, run
   it on one of each.

     python -m pip download -r requirements.txt -d wheels

   On Linux this brings PyTorch for GPUs, some gigabytes.  For processors alone add

     --extra-index-url https://download.pytorch.org/whl/cpu

2. Copy this folder, with wheels in it, to every machine of the room.  No network from here on:

     python install.py

3. Open the lessons in your own copies:

     {lab}

What is here
  notebooks/   {lessons} as students get them, without solutions
  pages/       the same with their figures, for any browser: begin with pages/index.html
  data/        what the data are and where they come from; the lessons make their own
  gancourse/   the course's package
"""
INSTALL = '''\
"""Install the course into .venv from the wheels in this folder; no network is used.

    python install.py
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
WHEELS = HERE / "wheels"
EXTRAS = "{extras}"

if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit(f"The course needs Python 3.11, 3.12 or 3.13; this is {{sys.version.split()[0]}}.")
if not any(WHEELS.glob("*.whl")):
    sys.exit(f"{{WHEELS}} is empty.  On a machine with network, in this folder:\\n"
             "  python -m pip download -r requirements.txt -d wheels")
print("Setting up .venv: a few minutes ...", flush=True)
venv.create(HERE / ".venv", with_pip=True)
folder = HERE / ".venv" / ("Scripts" if os.name == "nt" else "bin")
command = [folder / "python", "-m", "pip", "install", "--no-index", "--find-links", WHEELS,
           "--disable-pip-version-check", "--quiet", "-e", f"{{HERE}}[{{EXTRAS}}]"]
if subprocess.call([str(part) for part in command]):
    sys.exit("The installation failed; the message above says why.  A wheel that is missing, or is "
             "for another system or Python, comes with step 1 of START_HERE.txt.")
print("Done.  Now:", Path(".venv") / folder.name / "gancourse", "lab")
'''


def kit(to: Path, lessons: list[Lesson]) -> Path:
    """Write the zip and return its path.  The same course makes the same bytes.

    Raises CourseError where it would give an answer away, in which case nothing is written, and
    MissingFile where the course's own folder is not there.
    """
    if not (ROOT / "pyproject.toml").exists():
        raise MissingFile(f"{ROOT} holds no pyproject.toml: a kit is made from the course's folder")
    files = {path.as_posix(): (ROOT / path).read_bytes() for path in release.package_files()}
    for path in BESIDE:
        files |= _beside(ROOT / path)
    extras = _extras(lessons)
    with tqdm(lessons, desc="lessons and pages", disable=None) as bar:
        for lesson in bar:
            student = release.to_students(release.to_source(lesson.notebook))
            files[f"notebooks/{lesson.path.name}"] = release.as_bytes(student)
            files[f"pages/{lesson.name}.html"] = page(lesson).encode()
    files["pages/index.html"] = _index(lessons).encode()
    files["pages/numbers.html"] = material.page(card.card(lessons), "Numbers").encode()
    files["requirements.txt"] = requirements(extras).encode()
    files["install.py"] = INSTALL.format(extras=",".join(extras)).encode()
    files["START_HERE.txt"] = _start(lessons).encode()
    archive = release.zipped({f"{NAME}/{name}": files[name] for name in sorted(files)})
    solved = [lesson.notebook for lesson in all_lessons()]
    leaked = leaks.search(to.name, archive, leaks.all_answers(solved))
    if leaked:
        raise CourseError("the kit is not written, because it would give away: "
                          + "; ".join(map(str, leaked)))
    write_atomically(to, archive)
    return to


def page(lesson: Lesson) -> str:
    """Return a lesson with its stored figures as a page, without solutions and good answers."""
    notebook = deepcopy(lesson.notebook)
    for cell in notebook["cells"]:
        cell["source"] = RUBRIC.sub("", source(cell)) if cell["cell_type"] == "markdown" else (
            leaks.HIDDEN.sub("", source(cell)))
    return html_pages.to_html(notebook, lesson.about["title"])


def requirements(extras: list[str], root: Path = ROOT) -> str:
    """Return the pins of the course with these extras, and what installs the package itself."""
    config = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    pins = list(config["project"]["dependencies"])
    for extra in extras:
        pins += config["project"]["optional-dependencies"][extra]
    tools = [line for line in config["build-system"]["requires"] if line.startswith(BUILD)]
    return "\n".join([*sorted(pins), *tools]) + "\n"


def _extras(lessons: list[Lesson]) -> list[str]:
    """The extras of the package that lessons need; PyTorch always, since `gancourse lab` asks."""
    code = "\n".join(source(cell) for lesson in lessons for cell in lesson.notebook["cells"]
                     if cell["cell_type"] == "code")
    return sorted({"pt"} | {EXTRA_OF[name] for name, sign in SIGNS.items()
                            if re.search(sign, code)})


def _beside(path: Path) -> dict[str, bytes]:
    """A file of the course, or the files of a folder of it, by their names in the kit."""
    paths = [path] if path.is_file() else sorted(path.rglob("*"))
    return {one.relative_to(ROOT).as_posix(): one.read_bytes() for one in paths if one.is_file()}


def _index(lessons: list[Lesson]) -> str:
    """The page that leads to the others."""
    lines = [f"- [{lesson.about['lesson']:02d} {lesson.about['title']}]({lesson.name}.html), "
             f"{lesson.about['minutes']} minutes: {lesson.about['makes']}" for lesson in lessons]
    lines.append("- [Which number should I see?](numbers.html)")
    return material.page("# GANs, lesson by lesson\n\n" + "\n".join(lines), "Lessons")


def _start(lessons: list[Lesson]) -> str:
    """The words that say what to do."""
    numbers = ", ".join(f"{lesson.about['lesson']:02d}" for lesson in lessons)
    title = f"{NAME}: a room without network"
    return START.format(name=NAME, line="=" * len(title), lessons=f"lessons {numbers}",
                        lab=".venv/bin/gancourse lab      (Windows: .venv\\Scripts\\gancourse lab)")
