"""The README says what is there: its tree, its lessons, its commands."""

import re
from pathlib import Path

from gancourse.course.lessons import all_lessons

ROOT = Path(__file__).parents[1]
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


def test_every_path_of_the_tree_exists():
    made_by_use = {"runs/", "build/"}
    for path in set(tree()) - made_by_use:
        assert (ROOT / path).exists(), path


def test_every_module_stands_in_the_tree():
    listed = set(tree())
    for path in (ROOT / "gancourse").glob("*.py"):
        assert path.name.startswith("__") or f"gancourse/{path.name}" in listed, path.name


def test_every_lesson_stands_in_the_table_with_what_it_makes():
    for lesson in all_lessons():
        row = rf"\| \[{lesson.about['lesson']:02d} {re.escape(lesson.about['title'])}\]\(notebooks/{lesson.path.name}\)"
        (line,) = [row_ for row_ in README.splitlines() if re.match(row, row_)]
        assert lesson.about["makes"] in line and f"| {lesson.about['minutes']} |" in line


def test_both_commands_are_make_targets():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make (\w+)`", README):
        assert f"\n{target}: " in makefile
    assert "make test" in (ROOT / ".ci" / "run").read_text()
