"""What each word of `gancourse class` does; heavy modules are imported where they are needed."""

from collections.abc import Callable
from pathlib import Path

from gancourse.course.classroom.folder import ClassFolder, make_class, open_class
from gancourse.course.lessons import chosen, find
from gancourse.errors import CourseError, MissingFile

MATERIAL = Path("build/class")  # what belongs to no class: slides, plans, the kit


def run(arguments) -> int:
    """Do what a parsed command line says and return the status.

    Raises CourseError and OSError with what to do.
    """
    return WORDS[arguments.word](arguments)


def _release(arguments) -> int:
    """Release lessons; a class is begun where there is none."""
    from gancourse.course.classroom.release.release import PACKAGE_ZIP, release, write_package

    lessons = chosen(arguments.lessons)
    if arguments.cut and len(lessons) != 1:
        raise CourseError("--cut is for one lesson: gancourse class release 05 --cut SECTION")
    folder = make_class(arguments.folder)
    for lesson in lessons:
        facts = release(lesson, folder, arguments.cut)
        counted = f"{len(facts['exercises'])} exercises, {len(facts['open'])} open questions"
        print(f"{folder.release_zip(lesson.name)}: {counted}, {facts['points']:g} points, "
              f"version {facts['version']}")
    package = folder.root / "release" / PACKAGE_ZIP
    write_package(package)
    print(f"{package}: the course's package without answers, for students to install")
    print(f"Hand out the zips.  Deadlines and limits stand in {folder.root / 'class.toml'}, the "
          f"students in {folder.roster}.")
    return 0


def _leaks(arguments) -> int:
    """Look for what students must not see; status 1 where there is some."""
    from gancourse.course.classroom.release.leaks import leaks

    paths = arguments.paths or [open_class(arguments.folder).root]
    leaked = leaks(paths)
    for leak in leaked:
        print(f"✗ {leak}")
    print(f"{len(leaked)} leak(s) in {', '.join(map(str, paths))}")
    return 1 if leaked else 0


def _collect(arguments) -> int:
    """Take submissions in."""
    from gancourse.course.classroom.collect.collect import collect

    collect(open_class(arguments.folder), arguments.source, arguments.lesson)
    return 0


def _grade(arguments) -> int:
    """Grade submissions; status 1 where one could not be graded."""
    from gancourse.course.classroom.grading.grade import grade

    folder = open_class(arguments.folder)
    failed = [grade(folder, lesson, workers=arguments.workers, scheduler=arguments.scheduler,
                    force=arguments.force, only=arguments.only)
              for lesson in _handed_in(folder, arguments.lessons)]
    return 1 if any(failed) else 0


def _regrade(arguments) -> int:
    """Grade anew after a change of the checks."""
    from gancourse.course.classroom.grading.grade import regrade

    folder = open_class(arguments.folder)
    failed = [regrade(folder, lesson, workers=arguments.workers, scheduler=arguments.scheduler,
                      allow_lower=arguments.allow_lower)
              for lesson in _graded(folder, arguments.lessons)]
    return 1 if any(failed) else 0


def _marks(arguments) -> int:
    """Write marks and the teacher's page, of several lessons also the total."""
    from gancourse.course.classroom.marks.marks import marks, total
    from gancourse.course.classroom.marks.report import report
    from gancourse.files import hold

    folder = open_class(arguments.folder)
    lessons = _graded(folder, arguments.lessons)
    platform = arguments.platform
    with hold(folder.lock, f"the class {folder.root}"):
        for lesson in lessons:
            paths, notes = marks(folder, lesson, platform, missing=arguments.missing,
                                 column=arguments.column)
            if platform:
                platform = paths[-1]  # the next lesson's marks come into the same list
            print(*paths, report(folder, lesson), *notes, sep="\n")
        if len(lessons) > 1:
            print(total(folder, lessons, missing=arguments.missing))
    return 0


def _feedback(arguments) -> int:
    """Write the pages for students."""
    from gancourse.course.classroom.marks.feedback import feedback

    folder = open_class(arguments.folder)
    for lesson in _graded(folder, arguments.lessons):
        path, count = feedback(folder, lesson)
        print(f"{path}: {count} pages, to upload")
    return 0


def _similar(arguments) -> int:
    """Write which answers are alike."""
    from gancourse.course.classroom.marks.similar import similar

    folder = open_class(arguments.folder)
    for lesson in _graded(folder, arguments.lessons):
        page, table, pairs = similar(folder, lesson)
        print(f"{lesson}: {pairs} pair(s) alike, as evidence to look at: {page}, {table}")
    return 0


def _slides(arguments) -> int:
    """Write slides and speaker's notes."""
    from gancourse.course.classroom.material.slides import slides

    for lesson in chosen(arguments.lessons):
        print(*slides(lesson, arguments.to or MATERIAL), sep="\n")
    return 0


def _book(arguments) -> int:
    """Write the solution book and the card of numbers."""
    from gancourse.course.classroom.material.material import write_book

    print(*write_book(chosen(arguments.lessons), arguments.to or MATERIAL), sep="\n")
    return 0


def _plan(arguments) -> int:
    """Write plans for sessions."""
    from gancourse.course.classroom.material.material import write_plan

    print(*write_plan(chosen(arguments.lessons), arguments.to or MATERIAL), sep="\n")
    return 0


def _kit(arguments) -> int:
    """Write the zip for a room without network."""
    from gancourse.course.classroom.material.kit import kit

    path = kit(arguments.to or MATERIAL / "kit.zip", chosen(arguments.lessons))
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB; START_HERE.txt in it says the rest")
    return 0


def _handed_in(folder: ClassFolder, which: list[str]) -> list[str]:
    """The named lessons, or all that were handed in."""
    missing = "nothing was handed in yet: gancourse class collect FILE takes it in"
    return _names(folder, which, folder.submissions, missing)


def _graded(folder: ClassFolder, which: list[str]) -> list[str]:
    """The named lessons, or all that are graded."""
    missing = "nothing is graded yet: gancourse class grade does it"
    return _names(folder, which, folder.results, missing)


def _names(folder: ClassFolder, which: list[str], of_lesson: Callable, missing: str) -> list[str]:
    """The names of these lessons, or of all released ones of which `of_lesson` gives anything."""
    names = [find(name).name for name in which]
    names = names or [name for name in folder.released() if of_lesson(name)]
    if not names:
        raise MissingFile(missing)
    return names


WORDS = {
    "release": _release, "leaks": _leaks, "collect": _collect, "grade": _grade,
    "regrade": _regrade, "marks": _marks, "feedback": _feedback, "similar": _similar,
    "slides": _slides, "book": _book, "plan": _plan, "kit": _kit,
}
