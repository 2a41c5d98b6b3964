"""Submissions out of a platform's export into the class.

    collected = collect(folder, Path("submissions.zip"))     # prints a table, and returns it

Every notebook is kept among the attempts of its student, the latest of them counts, and nothing is
taken away.  An export may be collected again, or after a stop in the middle: what is there stays,
and what is missing comes to it.  Which student and which lesson a file is of is never guessed;
what is not sure is listed with its reason.
"""

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gancourse.course.classroom.collect import attempt_files
from gancourse.course.classroom.collect.collected import Collected, Row, in_words
from gancourse.course.classroom.collect.export_files import File, files_of
from gancourse.course.classroom.collect.export_lists import Lists
from gancourse.course.classroom.collect.export_names import Handed, readings
from gancourse.course.classroom.collect.roster_match import Roster
from gancourse.course.classroom.collect.which_lesson import Lessons
from gancourse.course.classroom.folder import ClassFolder, Student
from gancourse.course.classroom.lifting import notebook_bytes
from gancourse.course.lessons import find
from gancourse.errors import CourseError, MissingFile
from gancourse.files import hold

NOTEBOOKS = (".ipynb", ".json", ".txt", ".py", "")  # endings that browsers and students give them
NO_TIME = "the export says no time: counts as in time"
MARKED = "the platform's mark says late, but not how much: counts as one day"


def collect(folder: ClassFolder, source: Path, lesson: str | None = None,
            say: Callable[[str], None] = print) -> Collected:
    """Take the notebooks of an export into the class, and tell with `say` what became of each.

    `source` is a zip, a folder or a notebook; `lesson`, by number or name, is for notebooks that do
    not say of which lesson they are.  Raises MissingFile where there is no source or no release,
    CourseError for a zip that is not whole.
    """
    with hold(folder.root / ".locks" / "collect.lock", f"collecting into {folder.root}"):
        collected = _Collection(folder, lesson).of(source)
    say(in_words(collected))
    return collected


class _Collection:
    """One export on its way into the class."""

    def __init__(self, folder: ClassFolder, lesson: str | None):
        """Look at the class.  Raises as `collect` does."""
        self.folder = folder
        self.lessons = Lessons(folder)
        if not self.lessons.released:
            raise MissingFile(f"no lesson is released in {folder.root}: "
                              "`gancourse class release 05` does it")
        self.lesson = find(lesson).name if lesson else ""
        if self.lesson:
            folder.facts(self.lesson)  # MissingFile where it is not released
        self.roster = Roster(folder.students())
        if not self.roster.students and folder.settings.pseudonyms:
            raise CourseError(f"{folder.roster} is empty, and class.toml says pseudonyms = true: "
                              "write the students and their pseudonyms into it first")
        self.lists = Lists()
        self.exported: dict[str, datetime] = {}  # when the last file of each zip was written
        self.platforms: set[str] = set()  # that have named a student of the roster
        self.stampless = False  # whether a file of ILIAS has no time in its name
        self.wrapper = ""  # a folder around those of the students
        self.unmatched: list[tuple[str, str]] = []
        self.others: list[tuple[str, str]] = []  # files that are no notebooks, and whose
        self.seen: set[str] = set()  # whose notebooks there are
        self.new: Counter = Counter()
        self.touched: dict[tuple[str, str], list[str]] = {}  # student and lesson, with notes
        self.ids: dict[str, str] = {}  # by key
        self.numbers: dict[tuple[str, str], str] = {}  # the platform's, where the roster is empty

    def of(self, source: Path) -> Collected:
        """Collect an export."""
        from tqdm import tqdm

        count = self._look_around(source)
        with tqdm(files_of(source, self.unmatched), total=count, unit="file", delay=2,
                  leave=False) as files:
            for file in files:
                self._take(file)
        rows = [self._row(key, lesson) for key, lesson in self.touched]
        lessons = {lesson for _, lesson in self.touched} | ({self.lesson} - {""})
        missing = {lesson: [student.key for student in self.roster.students.values()
                            if not self.folder.submitted(student.key, lesson).exists()]
                   for lesson in sorted(lessons)}
        alone = [(path, who) for path, who in self.others if who not in self.seen]
        self.unmatched += [(path, "is not a notebook") for path, _ in alone]
        endings = Counter(Path(path).suffix.lower() for path, who in self.others
                          if who in self.seen)
        return Collected(rows, sorted(self.unmatched), missing, dict(endings), self._advice(rows))

    def _look_around(self, source: Path) -> int:
        """See what lies beside the submissions, which platform made them, and when.

        Returns the number of files.
        """
        inside: dict[str, set[str]] = {}
        count = 0
        for count, file in enumerate(files_of(source, []), 1):  # noqa: B007
            self.lists.read(file)
            for handed in readings(file.path):
                if handed.platform and not handed.skip and self.roster.match(handed).student:
                    self.platforms.add(handed.platform)
                    self.stampless |= handed.platform == "ILIAS" and handed.time is None
                    break
            parts = file.path.split("/")
            if len(parts) > 2:
                inside.setdefault(parts[0], set()).add(parts[1])
            made = self.exported.get(_zip_of(file.path), attempt_files.START)
            self.exported[_zip_of(file.path)] = max(made, file.modified or made)
        for name, folders in inside.items():
            if len(inside) == 1 < len(folders - set(self.lessons.released)):
                self.wrapper = name
        return count

    def _take(self, file: File) -> None:
        """Take one file of the export."""
        known = [self.lists.complete(self._trusted(handed), file.path)
                 for handed in readings(file.path)]
        if known[0].skip or file.path in self.lists.paths:
            return
        whose = f"{known[0].platform} {known[0].ids[0]}"
        name = file.path.rsplit("/", 1)[-1]
        is_python = name.lower().endswith(".py")
        try:
            data = self._data(file, name)
            notebook = notebook_bytes.read(data) if data is not None else None
        except CourseError as error:
            notebook = None
            if not is_python:
                self.seen.add(whose)
                self.unmatched.append((file.path, str(error)))
                return
        lesson, why = self.lessons.of(notebook, name) if notebook else ("", "")
        if notebook is None or (is_python and not lesson):  # perhaps a module of the course
            self.others.append((file.path, whose))
            return
        self.seen.add(whose)
        if not lesson and self.lesson and self.lessons.may_be(notebook, self.lesson):
            lesson = self.lesson
        student, handed, doubt = self._student(known, lesson)
        if not lesson or student is None:
            self.unmatched.append((file.path, doubt if lesson else why))
            return
        if is_python:  # beside a notebook it is a copy of it
            handed = handed._replace(order=-1)
        answered = self.lessons.answered(notebook, lesson)
        self._keep(student, lesson, handed, file, data, answered, notebook.notes)

    def _trusted(self, handed: Handed) -> Handed:
        """What a path says, without a time that a student may have written into a file's name.

        ILIAS writes the time before all names or before none.
        """
        is_own = handed.platform == "ILIAS" and self.stampless
        return handed._replace(time=None) if is_own else handed

    def _data(self, file: File, name: str) -> bytes | None:
        """The bytes of what may be a notebook; None for any other file."""
        ending = re.search(r"(\.\w{1,5})?$", name)[0].lower()
        if ending not in NOTEBOOKS:
            return None
        data = file.read()
        return data if ending in (".ipynb", ".py") or b'"cells"' in data else None

    def _student(self, known: list[Handed], lesson: str) -> tuple[Student | None, Handed, str]:
        """The student whom one of the readings of a path names, and that reading."""
        if not self.roster.students:
            return self._unlisted(known[0], lesson)
        for handed in known:
            match = self.roster.match(handed, self.lessons.released)
            if match.student or match.in_doubt or handed.platform in self.platforms:
                break
        return match.student, handed, match.why

    def _unlisted(self, handed: Handed, lesson: str) -> tuple[Student | None, Handed, str]:
        """The student whom a path names, where the roster is empty and all are taken as they are.

        Moodle's numbers differ from assignment to assignment, so there the name counts, as long as
        it has one number in a lesson.
        """
        if handed.platform:
            word = handed.ids[0]
            if handed.platform == "Moodle" and "@" not in word:
                word = handed.names[0] if len(handed.names[0].split()) > 1 else word
        else:
            words = [part for part in handed.ids if part not in self.lessons.released
                     and part != self.wrapper and not part.lower().endswith(".zip")]
            if len(handed.ids) > 1:  # the file's own name counts only where there is no folder
                words = [part for part in words if part != handed.ids[-1]]
            word = words[0] if words else ""
            for name in self.lessons.released:
                word = word.replace(name, "").strip(" _-")
        key = re.sub(r"[^\w.@-]+", "_", word).strip("._")
        if not key:
            return None, handed, "does not say whose it is: put it into a folder with the id"
        number = self.numbers.setdefault((key, lesson), handed.ids[0])
        if handed.platform and number != handed.ids[0]:
            return None, handed, f"{word} is the name of two: write the roster, with their emails"
        return Student(key, word, "", "", key), handed, ""

    def _keep(self, student: Student, lesson: str, handed: Handed, file: File, data: bytes,
              answered: bool, odd: list[str]) -> None:
        """Keep an attempt, and let the latest one count."""
        key = student.key
        exported = file.modified or datetime.now(UTC).replace(microsecond=0)
        if handed.platform:  # all files of an export are of one moment
            exported = self.exported.get(_zip_of(file.path), exported)
        time, note = self._time(student, lesson, handed, exported)
        facts = attempt_files.Facts(time, handed.time is not None, handed.late, handed.platform,
                                    file.path, exported, answered, handed.order)
        is_new = attempt_files.save(self.folder, key, lesson, data, facts)
        self.new[key, lesson] += is_new
        # where the best counts, the grader has chosen among those that were there before
        if (is_new or self.folder.settings.attempt == "latest"
                or not self.folder.submitted(key, lesson).exists()):
            attempt_files.let_count(self.folder, key, lesson)
        notes = self.touched.setdefault((key, lesson), [])
        self.ids[key] = student.id
        nothing = "" if answered else "nothing is answered"
        for sentence in (note, nothing, *(sentence.rstrip(".") for sentence in odd)):
            if sentence and sentence not in notes:
                notes.append(sentence)

    def _time(self, student: Student, lesson: str, handed: Handed,
              exported: datetime) -> tuple[datetime, str]:
        """When a file was handed in, and a note where the export does not say it.

        Moodle and Canvas write the moment of the download on every file, so a file's own time says
        no more than that it was not later.  In doubt it counts for the student.
        """
        if handed.time:
            return handed.time, ""
        deadline = self.folder.deadline(student.id, lesson)
        if deadline is None or exported <= deadline:
            return exported, ""
        deadline = deadline.astimezone(UTC)
        if handed.late:
            grace = timedelta(minutes=self.folder.settings.grace_minutes + 1)
            return min(exported, deadline + grace), MARKED
        return deadline, NO_TIME

    def _row(self, key: str, lesson: str) -> Row:
        """What there is of a student's attempts at a lesson."""
        kept = attempt_files.attempts(self.folder, key, lesson)
        notes = list(self.touched[key, lesson])
        time = kept[-1].time
        same = [attempt for attempt in kept if attempt.time == time]
        if len(same) > 1:
            name = kept[-1].facts.get("path", kept[-1].path.name)
            notes.append(f"{len(same)} notebooks of the same time: {name} counts")
        deadline = self.folder.deadline(self.ids[key], lesson)
        late = time - deadline if deadline else timedelta(0)
        if late <= timedelta(minutes=self.folder.settings.grace_minutes):
            late = timedelta(0)
        return Row(key, lesson, len(kept), self.new[key, lesson], time, late, notes)

    def _advice(self, rows: list[Row]) -> list[str]:
        """What the teacher can do about times that the export does not say."""
        unknown = sum(NO_TIME in row.notes for row in rows)
        if not unknown:
            return []
        return [f"{unknown} came without a time of their own, after the deadline, and count as in "
                "time.  In Moodle download the grading worksheet, too, put it and the zip into one "
                "folder, and collect the folder: it says when each was handed in."]


def _zip_of(path: str) -> str:
    """The zip on the disk that a file came out of; "" for the export itself."""
    first = path.partition("/")[0]
    return first if first.lower().endswith(".zip") else ""
