"""The solution book: answers, points, what checks look at, usual mistakes, what to accept.

    print(book([find("05")]))      # Markdown; for the teacher alone
    wrong_answers(find("05"))      # those that the tests of the lesson's checks hold

The wrong answers are read from tests/test_exercises_NN.py, whose tests prove that each of them is
refused.  The file is parsed, never run.
"""

import ast
import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from gancourse.course.classroom.lesson.exercises import Exercise, exercises, open_questions
from gancourse.course.classroom.material.prose import ASKED, HEADING, blocks
from gancourse.course.lessons import FOLDER, Lesson, source

TESTS = FOLDER.parent / "tests"
MARKERS = re.compile(r"^[ \t]*### (?:BEGIN|END) SOLUTION\n?", re.MULTILINE)
TITLE = """# Solutions

For the teacher alone: nothing here is in what students get.  The points of an exercise are shared
equally among the lines of its check.  The wrong answers are those that the course's tests hold;
the check refuses each of them."""
NO_TESTS = "(The wrong answers stand in the folder tests of the course, which is not here.)"


class Wrong(NamedTuple):
    """A wrong answer that a test holds."""

    function: str  # "w1_gradient"
    words: str  # what is wrong: "a sum instead of a mean"
    code: str
    right: str  # a right answer that differs from it by the mistake alone; "" where none is known


def book(lessons: list[Lesson], tests: Path = TESTS) -> str:
    """Return the solution book of lessons as Markdown."""
    parts = [TITLE]
    for lesson in lessons:
        parts.append(f"## {lesson.about['lesson']:02d} · {lesson.about['title']}")
        wrong = wrong_answers(lesson, tests)
        for exercise in exercises(lesson.notebook):
            own = [one for one in wrong if one.function in exercise.functions]
            parts += _exercise(lesson.notebook, exercise, own)
        if not wrong:
            parts.append(NO_TESTS)
        for question in open_questions(lesson.notebook):
            parts += [f"### Question {question.id} · {_points(question.points)}",
                      question.question, f"**What a good answer says.** {question.rubric}"]
    return "\n\n".join(parts) + "\n"


def wrong_answers(lesson: Lesson, tests: Path = TESTS) -> list[Wrong]:
    """Return the wrong answers that the tests of a lesson's checks hold; [] without tests.

    They stand in lists of three forms: (function, words, body of the function), (function, words,
    changes to a right answer), and (words, change) where a test names function and right answer.
    A test of one answer alone counts, too; its own name says what is wrong.
    """
    path = tests / f"test_exercises_{lesson.about['lesson']:02d}.py"
    if not path.exists():
        return []
    tree = ast.parse(path.read_text(encoding="utf-8"))
    values = _constants(tree)
    wrong = [_from_row(row, values) for row in values.get("WRONG", [])]
    for test in tree.body:
        if isinstance(test, ast.FunctionDef) and test.name.endswith("refused"):
            wrong += _from_test(test, values)
    return wrong


def _exercise(notebook: dict, exercise: Exercise, wrong: list[Wrong]) -> list[str]:
    """The parts of an exercise: its task, solution, check, and mistakes."""
    cells = notebook["cells"]
    parts = [f"### Exercise {exercise.id} · {', '.join(exercise.functions)} · "
             f"{_points(exercise.points)}", _task(notebook, exercise),
             _code(MARKERS.sub("", source(cells[exercise.answer])))]
    ticks = [line for output in cells[exercise.check].get("outputs", [])
             for line in "".join(output.get("text", "")).splitlines() if line.startswith("✓")]
    if ticks:
        parts.append(f"The check has {len(ticks)} lines:")
        parts.append("\n".join(f"- {_plain(tick[2:])}" for tick in ticks))
    rights = [one.right for one in wrong if one.right]
    if rights:
        parts += ["Another right answer:", _code(rights[0])]
    if wrong:
        compared = ", as they differ from that one (- right, + wrong)" if rights else ""
        parts.append(f"Expected wrong answers{compared}:")
    for one in wrong:
        parts += [f"- **{one.words}**", _code(_difference(one), indent=2)]
    return parts


def _task(notebook: dict, exercise: Exercise) -> str:
    """What an exercise asks for, without hints."""
    before = [cell for cell in notebook["cells"][: exercise.answer]
              if cell["cell_type"] == "markdown"]
    task: list[str] = []
    for part in blocks(source(before[-1])) if before else []:
        prompt = ASKED.match(part)
        if prompt and prompt[1].startswith("Exercise"):
            task = [part[prompt.end():]]
        elif prompt or HEADING.match(part) or part.startswith("<details>"):
            if task:
                break
        elif task:
            task.append(part)
    return "\n\n".join(task)


def _difference(wrong: Wrong) -> str:
    """The lines of a wrong answer that differ from a right one, "-" right and "+" wrong."""
    if not wrong.right:
        return wrong.code.strip()
    lines = difflib.ndiff(wrong.right.strip().splitlines(), wrong.code.strip().splitlines())
    return "\n".join(line.rstrip() for line in lines if line[0] in "+-")


def _code(text: str, indent: int = 0) -> str:
    """Code as Markdown."""
    lines = ["```python", *text.strip("\n").splitlines(), "```"]
    return "\n".join(" " * indent + line for line in lines)


def _plain(text: str) -> str:
    """Text in which no sign is Markdown's."""
    return re.sub(r"([*_<\[\]])", r"\\\1", text)


def _points(points: float) -> str:
    """Points in words."""
    return f"{points:g} point{'' if points == 1 else 's'}"


def _from_row(row: tuple, values: dict[str, Any]) -> Wrong:
    """The wrong answer in a row of WRONG: the body of a function, or changes to a right one."""
    function, words, *changes = row
    if isinstance(changes[0], str):
        return Wrong(function, words, f"{values['HEADS'][function]}\n    {changes[0]}", "")
    return _changed(function, words, values["RIGHT"][function], changes)


def _changed(function: str, words: str, right: str, changes: list[tuple[str, str]]) -> Wrong:
    """A right answer with changes that make it wrong."""
    code = right
    for old, new in changes:
        code = code.replace(old, new)
    return Wrong(function, words, code, right)


def _from_test(test: ast.FunctionDef, values: dict[str, Any]) -> Iterator[Wrong]:
    """The wrong answers of a test that names the function itself, in judge(lesson, names, ...)."""
    for call in ast.walk(test):
        if not isinstance(call, ast.Call) or ast.unparse(call.func) != "judge":
            continue
        function, answer = call.args[2:4]
        if not isinstance(function, ast.Constant):
            continue  # it goes over WRONG, which is read elsewhere
        if isinstance(answer, ast.Name):
            yield Wrong(function.value, test.name.removeprefix("test_").replace("_", " "),
                        values[answer.id], "")
        elif isinstance(answer, ast.Call) and ast.unparse(answer.func).endswith(".replace"):
            right = values[ast.unparse(answer.func).removesuffix(".replace")]
            listed = [node.id for decorator in test.decorator_list for node in ast.walk(decorator)
                      if isinstance(node, ast.Name) and isinstance(values.get(node.id), list)]
            for words, change in values[listed[0]] if listed else []:
                yield _changed(function.value, words, right, [change])


def _constants(tree: ast.Module) -> dict[str, Any]:
    """The texts that a module assigns to names, and the tuples, lists and dicts of texts."""
    values: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                values[node.targets[0].id] = _value(node.value, values)
            except (ValueError, KeyError):
                continue
    return values


def _value(node: ast.expr, values: dict[str, Any]) -> Any:
    """The value of an expression of texts.  Raises ValueError or KeyError for any other."""
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(name):
            return values[name]
        case ast.Tuple(parts):
            return tuple(_value(part, values) for part in parts)
        case ast.List(parts):
            return [_value(part, values) for part in parts]
        case ast.Dict(keys, parts):
            return {_value(key, values): _value(part, values)
                    for key, part in zip(keys, parts, strict=True)}
        case ast.JoinedStr(parts):
            return "".join(_value(part, values) for part in parts)
        case ast.FormattedValue(part):
            return str(_value(part, values))
        case ast.BinOp(left, ast.Add(), right):
            return _value(left, values) + _value(right, values)
        case ast.Call(ast.Attribute(text, "replace"), [old, new]):
            return _value(text, values).replace(_value(old, values), _value(new, values))
    raise ValueError(ast.unparse(node))
