"""Names are the field's, and the package reads easily: what it once said otherwise stays gone."""

import ast
import io
import tokenize
from pathlib import Path

import pytest

from gancourse.course.lessons import all_lessons, source

ROOT = Path(__file__).parents[1]
PACKAGE = sorted((ROOT / "gancourse").rglob("*.py"))
OLD = {  # identifiers that had to be explained, and what they are called now
    "make_rounds": "make_fast_loop", "make_shared_rounds": "make_shared_fast_loop", "train_rounds": "train_fast",
    "play_step": "alternating_step", "play_together": "simultaneous_step", "resident": "device_loader",
    "recorded": "graphed", "tapes": "graphs", "warm_up": "warmup", "_slopes": "_gradients", "_move": "_apply",
    "_cost": "_penalty_term", "_average": "average_weights", "_update_ema": "average_weights", "ema": "ema_decay",
    "ema_at": "ema_decay_at", "due": "penalty_at", "Ruler": "FeatureNet", "Manifold": "PRDC", "twins": "birthday_test",
    "Checkpoint": "ClaimTable", "agree": "broadcast_state", "patiently": "retrying_start",
    "said_once": "report_once", "_deaf": "_ignore_interrupts", "_deaths_told": "_reporting_dead_workers",
    "again": "force", "said": "what it holds", "asked": "what it holds", "mine": "what it holds",
    "found": "what it holds",
}
GONE = ("gancourse.synth", "gancourse.plots", "gancourse.checks", "gancourse.ruler", "gancourse.reruns",
        "gancourse.pt.rounds", "gancourse.pt.stacked", "gancourse.pt.runs", "gancourse.kernels", "gancourse.cores",
        "studies.completion.completion", "studies.what_works.what_works")


def identifiers(text):
    """The names in a piece of Python; words in strings and comments are prose."""
    return {token.string for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type == tokenize.NAME}


@pytest.mark.parametrize("path", PACKAGE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_old_names_are_gone_from_the_package(path):
    back = identifiers(path.read_text(encoding="utf-8")) & set(OLD)
    assert not back, f"use {[OLD[name] for name in back]} for {back}"


def test_the_lessons_use_no_old_name_of_the_package():
    """What a lesson calls its own variables is its own business."""
    own = {"ema", "again", "said", "asked", "mine", "found", "resident", "recorded"}
    imported = {name for name in OLD if not name.startswith("_")} - own
    for lesson in all_lessons():
        for cell in lesson.notebook["cells"]:
            if cell["cell_type"] == "code":
                assert not identifiers(source(cell)) & imported, lesson.name


def test_no_text_names_a_module_that_has_moved():
    texts = [*PACKAGE, *(ROOT / "notebooks").glob("*.ipynb"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    for path in texts:
        text = path.read_text(encoding="utf-8")
        assert not [name for name in GONE if f"{name} " in text or f"{name}." in text or f"{name}`" in text], path


@pytest.mark.parametrize("path", PACKAGE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_lines_have_at_most_100_columns(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > 100] == []


@pytest.mark.parametrize("path", PACKAGE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_function_of_more_than_three_lines_says_what_it_does(path):
    mute = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            lines = node.body[-1].end_lineno - node.body[0].lineno + 1
            if lines > 3 and not ast.get_docstring(node) and not inner(node, path):
                mute.append(node.name)
    assert mute == []


def inner(node, path):
    """Whether a function stands inside another, whose docstring says what both are for."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [other for other in ast.walk(tree) if isinstance(other, ast.FunctionDef)]
    return any(other.lineno < node.lineno and node.end_lineno <= other.end_lineno for other in functions)


def lines_of_code(path):
    """How many lines hold code: not blank, not a comment, not a docstring."""
    text = path.read_text(encoding="utf-8")
    words = set()
    for node in ast.walk(ast.parse(text)):
        first = node.body[0] if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            words |= set(range(first.lineno, first.end_lineno + 1))
    lines = enumerate(text.splitlines(), 1)
    return sum(bool(line.strip()) and line.strip()[0] != "#" for number, line in lines if number not in words)


def test_the_library_is_small():
    """Without what runs the course and what draws data, which are not for training GANs."""
    library = [path for path in PACKAGE
               if not {"course", "synthetic"} & set(path.relative_to(ROOT / "gancourse").parts)]
    assert sum(map(lines_of_code, library)) <= 4050
