"""The README says what is there: its tree, its lessons, its commands."""

import re
from pathlib import Path

from gancourse.course.lessons import PARTS, all_lessons

ROOT = Path(__file__).parents[1]
FOLDERS_SUFFICE = ("gancourse/course/classroom/", "gancourse/course/studies/")
README = (ROOT / "README.md").read_text()


def tree():
    """Paths of the README's tree block: two spaces of indent a level, names first, words after."""
    block = README.split("## The tree")[1].split("```")[1]
    folders, paths = [], []
    for line in block.strip("\n").splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        folders = folders[:depth] + [line.split()[0]]
        paths.append("".join(folders))
    return paths


def modules_and_packages():
    """Paths of the package's modules and folders that are packages, as the tree writes them.

    What lies in the folders of the classroom and of the studies is left to these folders' names.
    """
    for path in (ROOT / "gancourse").rglob("*"):
        inside = path.relative_to(ROOT).as_posix()
        if inside.startswith(FOLDERS_SUFFICE) and inside.count("/") > 3 and path.is_file():
            continue
        if path.suffix == ".py" and not path.name.startswith("__"):
            yield inside
        elif (path / "__init__.py").exists():
            yield f"{inside}/"


def test_every_path_of_the_tree_exists():
    made_by_use = {"runs/", "build/"}
    for path in set(tree()) - made_by_use:
        assert (ROOT / path).exists(), path


def test_the_tree_is_the_folder_listing():
    """The TensorFlow track stands in one line, because it is the twin of the one above."""
    listed = {path for path in tree() if path.startswith("gancourse/")} - {"gancourse/"}
    there = {path for path in modules_and_packages() if not path.startswith("gancourse/tf/")} | {"gancourse/tf/"}
    assert listed == there


def test_the_map_has_an_arrow_to_each_lesson_from_those_that_it_needs():
    """But none where a way by other lessons leads there already: 10 needs 03, which 07 needs, too."""
    needs = {lesson.about["lesson"]: lesson.about["needs"] for lesson in all_lessons()}

    def before(number):
        return set(needs[number]).union(*(before(need) for need in needs[number]))

    wanted = {(f"{need:02d}", f"{number:02d}") for number in needs for need in needs[number]
              if not any(need in before(other) for other in needs[number])}
    assert set(re.findall(r"^  (\d\d) --> (\d\d)$", README, re.MULTILINE)) == wanted


def test_a_lesson_needs_earlier_ones_which_its_first_cell_names():
    for lesson in all_lessons():
        first = "".join(lesson.notebook["cells"][0]["source"])
        for need in lesson.about["needs"]:
            assert need < lesson.about["lesson"] and f"{need:02d}" in first, (lesson.name, need)


def test_every_lesson_stands_in_the_table_with_what_it_makes():
    for lesson in all_lessons():
        row = rf"\| \[{lesson.about['lesson']:02d} {re.escape(lesson.about['title'])}\]\(notebooks/{lesson.path.name}\)"
        (line,) = [row_ for row_ in README.splitlines() if re.match(row, row_)]
        assert lesson.about["makes"] in line and f"| {lesson.about['minutes']} |" in line


def test_every_part_of_the_course_has_its_lessons_below_its_name():
    places = [README.index(f"  {part}.**") for part in PARTS] + [README.index("What needs what")]
    for lesson in all_lessons():
        row = README.index(f"](notebooks/{lesson.path.name}) |")
        assert places[lesson.about["part"] - 1] < row < places[lesson.about["part"]], lesson.name


def test_both_commands_are_make_targets():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make (\w+)`", README):
        assert f"\n{target}: " in makefile
    assert "make test" in (ROOT / ".ci" / "run").read_text()
