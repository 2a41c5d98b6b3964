"""Nothing that students get may hold an answer: files are searched, also those within zips.

    for leak in leaks(Path("gans")):  # of a class: what it has released
        print(leak)

Notebooks, texts and pages are read, and archives, down to those that lie in others.  A line of a
solution is recognised whatever its spaces, quotes and line breaks are.
"""

import ast
import html
import io
import json
import re
import tarfile
import textwrap
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from gancourse.course.lessons import FOLDER, SOLUTION, all_lessons, source, tags
from gancourse.errors import MissingFile

HIDDEN = re.compile(r"^[ \t]*### BEGIN HIDDEN TESTS\n(.*?)^[ \t]*### END HIDDEN TESTS[^\n]*\n?",
                    re.DOTALL | re.MULTILINE)
RUBRIC = "What a good answer says"  # the summary of the fold below an open question
HARDLY_AN_ANSWER = 14  # characters, without spaces: shorter ones stand everywhere
TAUGHT = {  # lines that a lesson gives before, for the learner to build its answer from: by lesson
    2: {"mean(softplus(-real_logits))+mean(softplus(fake_logits))",
        "tape.gradient(d_loss,D.trainable_variables)"},
}
MARKERS = {"solution marker": re.compile(r"### (BEGIN|END) SOLUTION"),
           "hidden test": re.compile(r"### (BEGIN|END) HIDDEN TESTS"),
           "rubric": re.compile(RUBRIC)}
HOMES = re.compile(r"(/home|/Users)/[\w.-]+/|/ro{2}t/|\b[A-Za-z]:\\+Users\\+[\w.-]+")
TEXTS = {".txt", ".md", ".html", ".htm", ".json", ".csv", ".toml", ".rst"}
ZIP = re.compile(r"\.(zip|whl)$", re.IGNORECASE)
TAR = re.compile(r"\.(tar|tgz|tar\.(gz|bz2|xz))$", re.IGNORECASE)
OTHERS_WHEEL = re.compile(r"(^|[/\\!])(?!gancourse)[^/\\!]*\.whl$", re.IGNORECASE)  # numpy's, say


class Leak(NamedTuple):
    """Something that students must not see."""

    file: str  # a path; the name of a file within an archive follows a "!"
    cell: int | None  # of a notebook, from 0 on
    kind: str
    words: str  # what it is, or its beginning

    def __str__(self) -> str:
        where = self.file if self.cell is None else f"{self.file}, cell {self.cell}"
        return f"{where}: {self.kind}: {self.words}"


def leaks(paths: Path | Iterable[Path], lessons: Path = FOLDER) -> list[Leak]:
    """Return what students must not see in files for them, in the order of the files.

    `paths` are files, or folders with all that they hold; of the folder of a class, it is what the
    class has released.  `lessons` is the folder of the solved lessons, whose answers are looked
    for.  Raises MissingFile for a path that is not there, or where there are no solved lessons.
    """
    answers = all_answers(lesson.notebook for lesson in all_lessons(lessons))
    leaked = []
    for path in [paths] if isinstance(paths, Path) else paths:
        if not path.exists():
            raise MissingFile(f"{path} is not there: name a file or folder for students")
        root = path if path.is_dir() else path.parent
        for file in _files(path):
            name = file.relative_to(root).as_posix()
            for leak in search(name, file.read_bytes(), answers):
                leaked.append(leak._replace(file=str(root / leak.file)))
    return leaked


def all_answers(solved: Iterable[dict]) -> dict[int, set[str]]:
    """Return the answers of solved lessons, by the number of the lesson."""
    return {notebook["metadata"]["gancourse"]["lesson"]: secrets(notebook) for notebook in solved}


def search(name: str, data: bytes, answers: dict[int, set[str]]) -> list[Leak]:
    """Return what a file gives away of these answers, and whatever else students must not see.

    `name` is its whole name, with that of the archive around it; `answers` are by lesson.
    """
    suffix = Path(name).suffix.lower()
    folders = re.split(r"[/\\!]", name)[:-1]
    if OTHERS_WHEEL.search(name):
        return []
    if ".git" in folders:
        return [Leak(name, None, "history", "git keeps every solution")]
    if "tests" in folders and suffix == ".py":
        return [Leak(name, None, "tests", "the course's tests hold right answers")]
    if ZIP.search(name) or TAR.search(name):
        return _of_archive(name, data, answers)
    text = data.decode("utf-8", "replace")
    if suffix == ".ipynb":
        try:
            return list(_of_notebook(name, json.loads(text), answers))
        except (ValueError, KeyError, TypeError, AttributeError):
            pass  # no notebook: it is searched as a text
    return list(_of_text(name, text, answers)) if suffix in TEXTS | {".ipynb"} else []


def secrets(notebook: dict) -> set[str]:
    """Return the answers of a solved lesson: what its solutions compute, and its hidden tests.

    They are `squeezed`.  What the lesson itself teaches before is none.
    """
    known = set()
    for cell in notebook["cells"]:
        text = source(cell) if cell["cell_type"] == "code" else ""
        known |= set(_computed(text)) if SOLUTION.search(text) else set()
        for region in HIDDEN.findall(text):
            lines = map(squeezed, region.splitlines())
            known |= {line for line in lines if len(line) >= HARDLY_AN_ANSWER}
    return known - TAUGHT.get(notebook["metadata"]["gancourse"].get("lesson"), set())


def squeezed(text: str) -> str:
    """Return text without spaces and quotes: a line that is broken elsewhere is the same."""
    return re.sub(r"[\s\"']", "", text)


def _computed(text: str) -> Iterator[str]:
    """What the solutions in a cell compute: the right side of each of their statements."""
    for region in SOLUTION.finditer(text):
        body = textwrap.indent(textwrap.dedent(region[0]), "    ")
        for node in ast.walk(ast.parse(f"def f():\n{body}")):
            if isinstance(node, ast.Return | ast.Assign | ast.AugAssign) and node.value is not None:
                right = squeezed(ast.unparse(node.value))
                if len(right) >= HARDLY_AN_ANSWER:
                    yield right


def _files(path: Path) -> list[Path]:
    """The files of a path; of a class, those that it hands out."""
    if path.is_file():
        return [path]
    if (path / "class.toml").exists():
        return [*_files(path / "release"), *sorted(path.glob("*.zip"))]
    return sorted(file for file in path.rglob("*") if file.is_file())


def _of_archive(name: str, data: bytes, answers: dict[int, set[str]]) -> list[Leak]:
    """What the files in an archive give away; one that cannot be read cannot be said to be safe."""
    try:
        members = list(_members(name, data))
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, tarfile.TarError) as error:
        return [Leak(name, None, "unreadable", f"{type(error).__name__}: {error}")]
    leaked = [leak for inner, content in members
              for leak in search(f"{name}!{inner}", content, answers)]
    once = {"history", "tests"}  # of each of these one file is enough to be told
    told = {leak.kind: leak for leak in reversed(leaked) if leak.kind in once}
    return [leak for leak in leaked if leak.kind not in once or leak is told[leak.kind]]


def _members(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """The files of an archive: name and content."""
    if ZIP.search(name):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                if not member.is_dir():
                    yield member.filename, archive.read(member)
        return
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            if member.isfile():
                yield member.name, archive.extractfile(member).read()


def _of_notebook(name: str, notebook: dict, answers: dict[int, set[str]]) -> Iterator[Leak]:
    """What a notebook gives away; of a solved one that alone is said."""
    cells = notebook["cells"]
    solved = sum(bool(SOLUTION.search(source(cell))) for cell in cells)
    if solved:
        yield Leak(name, None, "solved lesson", f"it holds {_counted(solved, 'solution')}")
        return
    about = notebook["metadata"].get("gancourse", {})
    if "rendered" in about:
        yield Leak(name, None, "rendered", "the metadata tell of the teacher's run")
    if path := _teacher_path(json.dumps(notebook["metadata"])):
        yield Leak(name, None, "path", path)
    secret = answers.get(about.get("lesson"), _named(name, answers))
    for i, cell in enumerate(cells):
        for kind, words in _of_cell(cell, secret):
            yield Leak(name, i, kind, words)


def _of_cell(cell: dict, secret: set[str]) -> Iterator[tuple[str, str]]:
    """What a cell gives away: kind and words."""
    text = source(cell)
    yield from _of_words(text, secret)
    if "solution" in tags(cell):
        yield "solution", "the cell is tagged so"
    if path := _teacher_path(text + json.dumps(cell["metadata"])):
        yield "path", path
    if cell["cell_type"] != "code":
        return
    if cell.get("outputs"):
        path = _teacher_path(json.dumps(cell["outputs"]))
        yield ("path", path) if path else ("output", _counted(len(cell["outputs"]), "output"))
    if cell.get("execution_count") is not None:
        yield "execution count", str(cell["execution_count"])


def _of_text(name: str, text: str, answers: dict[int, set[str]]) -> Iterator[Leak]:
    """What a text or a page gives away."""
    if Path(name).suffix.lower() in (".html", ".htm"):
        text = html.unescape(re.sub(r"<[^>]*>", "", text))
    for kind, words in _of_words(text, _named(name, answers)):
        yield Leak(name, None, kind, words)
    if path := _teacher_path(text):
        yield Leak(name, None, "path", path)


def _of_words(text: str, secret: set[str]) -> Iterator[tuple[str, str]]:
    """The markers in a text, and the answers that stand in it: kind and words."""
    for kind, marker in MARKERS.items():
        if match := marker.search(text):
            yield kind, match[0]
    narrow = squeezed(text)
    for answer in sorted(secret):
        if answer in narrow:
            yield "solution", answer[:80]


def _named(name: str, answers: dict[int, set[str]]) -> set[str]:
    """The answers of the lesson whose number begins a file's name; none for another name."""
    number = re.match(r"(\d\d)_", re.split(r"[/\\!]", name)[-1])
    return answers.get(int(number[1]), set()) if number else set()


@cache
def _own_folders() -> tuple[str, ...]:
    """Where the teacher's course and home lie."""
    return str(FOLDER.parent), str(Path.home())


def _teacher_path(text: str) -> str:
    """The first path of the teacher's machine in a text, "" where there is none."""
    for folder in _own_folders():
        if len(folder) > 2 and f"{folder}/" in text:
            return folder
    match = HOMES.search(text)
    return match[0] if match else ""


def _counted(number: int, what: str) -> str:
    """A number with its noun."""
    return f"{number} {what}{'' if number == 1 else 's'}"

