"""A shorter lesson still runs from top to bottom and judges what is left."""

import ast
import builtins

import pytest

from gancourse.course.classroom.lesson.exercises import exercises, open_questions
from gancourse.course.classroom.release import cutting
from gancourse.course.classroom.release.flow import Program
from gancourse.course.classroom.release.statement_names import read
from gancourse.course.lessons import find, source


def markdown(text, **facts):
    return {"cell_type": "markdown", "id": "m", "metadata": {"gancourse": facts} if facts else {},
            "source": text.splitlines(keepends=True)}


def code(text, *tags, **facts):
    metadata = {"tags": list(tags)} | ({"gancourse": facts} if facts else {})
    return {"cell_type": "code", "id": "c", "metadata": metadata, "execution_count": 1, "outputs": [],
            "source": text.splitlines(keepends=True)}


ANSWER = """def twice(x):
    ### BEGIN SOLUTION
    return x + x
    ### END SOLUTION"""
CHECK = """def added(x):
    return 2 * x


def check_twice(yours):
    checks.close(yours(3), 6, "Twice three is six.")


twice = checks.adopt(twice, added, check_twice)"""
CLAIMS = """own = claims.own_run(same={"n": (n, 3)}, done={"B": (len(seen), n), "C": (total, 6)})
table = claims.ClaimTable(own)
largest = max(seen)
table.exact("largest", largest, near=4)
for i, want in enumerate((0, 2)):
    table.exact(f"seen {i}", seen[i], near=want)
    table.exact(f"twice {i}", twice(i), near=want)
table.claim("total", total, near=6)"""
QUESTION = "**Think.** Why?\n\n<details><summary>What a good answer says</summary>\n\nBecause.\n\n</details>"
LESSON = {
    "metadata": {"gancourse": {"lesson": 5, "title": "T", "minutes": 5}},
    "cells": [
        markdown("# 05 · T\n\nFirst words.\n\nAbout **5 minutes** of study, seconds of computing.\n\n"
                 "<details><summary>Minutes by section</summary>\n\nStart 1\n\n</details>"),
        code("n: int = 3  # a number [0, 9]", "parameters"),
        code("from gancourse.notebook import checks, claims"),
        markdown("## A thing\n\nWords of A.\n\n```\n## no heading\n```\n\n## B thing\n\n**Exercise 1.** Double."),
        code(ANSWER, exercise="05.1", points=5), code(CHECK, "check"),
        markdown(f"{QUESTION}\n\n### Part of B", open="05.Q1", points=2),
        code("seen = []\nprint('B is at work')"),
        code("# a loop that fills it\nfor k in range(n):\n    seen.append(twice(k))\nprint(seen)"),
        markdown("End of B.\n\n## C thing\n\nWords of C."), code("total = sum(range(n)) * 2\nprint(twice(total))"),
        markdown("## Deeper"), code(CLAIMS), markdown("## Claims"), code("table.show()"),
        markdown("## Try\n\nWords.")]}


def run(notebook):
    """What the code cells define; checks are strict, so a wrong answer or a missed claim raises."""
    scope = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec(source(cell), scope)
    return scope


def prose(notebook):
    return "\n".join(source(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown")


def claimed(scope):
    return [row.text for row in scope["table"].rows]


def folded(notebook):
    return [source(cell) for cell in notebook["cells"] if "cut" in cell["metadata"].get("tags", [])]


def test_the_sections_are_the_headings_of_the_second_level():
    """What stands in a block of code, or has another level, is none."""
    assert cutting.sections(LESSON) == ["A thing", "B thing", "C thing", "Deeper", "Claims", "Try"]


@pytest.mark.parametrize("name, word", [
    ("thing", "may be 'A thing' or 'B thing' or 'C thing'"), ("Start", "section 'Start' is unknown. Known: A thing, B"),
    ("C thong", "did you mean 'C thing'")])
def test_a_section_that_is_not_there_or_not_clear_is_refused(name, word):
    with pytest.raises(ValueError, match=word):
        cutting.cut(LESSON, [name])


def test_of_a_section_that_is_cut_only_what_later_cells_need_stays(monkeypatch):
    """Nothing needs what the loop fills but claims, so it goes; the course's own stands in for the answer."""
    monkeypatch.setenv("GANCOURSE_STRICT", "1")
    short = cutting.cut(LESSON, ["b thing"])
    assert folded(short) == [f"{cutting.FOLDED}\ndef added(x):\n    return 2 * x\ntwice = added"]
    assert "Words of A." in prose(short) and "Words of C." in prose(short)
    assert "Exercise 1" not in prose(short) and "Think" not in prose(short) and "End of B" not in prose(short)
    assert not exercises(short) and not open_questions(short)
    assert "First words.\n\nLeft out here: *B thing*.\n\nAbout **5 minutes**" in prose(short)
    scope = run(short)
    assert claimed(scope) == ["twice 0", "twice 1", "total"] and "largest" not in scope
    assert scope["own"].reasons == (), "what was left out is no condition any more"


def test_the_solved_lesson_is_left_as_it_was():
    before = repr(LESSON)
    cutting.cut(LESSON, ["B thing", "Claims"])
    assert repr(LESSON) == before and cutting.cut(LESSON, []) == LESSON


def test_claims_that_stand_in_a_section_that_is_cut_are_still_made(monkeypatch):
    monkeypatch.setenv("GANCOURSE_STRICT", "1")
    short = cutting.cut(LESSON, ["Deeper"])
    assert claimed(run(short)) == ["largest", "seen 0", "twice 0", "seen 1", "twice 1", "total"]
    assert [exercise.id for exercise in exercises(short)] == ["05.1"]
    assert [question.id for question in open_questions(short)] == ["05.Q1"]


def test_without_the_section_of_claims_there_are_none():
    short = cutting.cut(LESSON, ["Claims", "Deeper"])
    assert "claims." not in "\n".join(source(cell) for cell in short["cells"] if cell["cell_type"] == "code")
    assert "table" not in run(short)


def test_a_loop_that_fills_what_is_needed_later_is_kept_with_its_comment():
    lesson = {**LESSON, "cells": [*LESSON["cells"], code("print(seen)")]}
    short = cutting.cut(lesson, ["B thing"])
    (text,) = folded(short)
    assert "# a loop that fills it\nfor k in range(n):\n    seen.append(twice(k))" in text
    assert "print" not in text and run(short)["seen"] == [0, 2, 4]


def test_an_answer_that_what_stays_needs_cannot_be_cut():
    lesson = {**LESSON, "cells": [*LESSON["cells"][:5], code("x = 1", "check"), *LESSON["cells"][6:]]}
    with pytest.raises(ValueError, match="needs the answer twice, which would go"):
        cutting.cut(lesson, ["B thing"])


def names_without_value(notebook):
    """The names that a statement reads, also by functions that it may call, and that nobody has bound."""
    nodes = [node for cell in notebook["cells"] if cell["cell_type"] == "code" for node in ast.parse(source(cell)).body]
    program = Program(nodes)
    bound = set(dir(builtins))
    missing = set()
    for i in range(len(nodes)):
        missing |= program._reached(i, program.facts[i].reads) - bound
        bound |= program.facts[i].binds
    return missing


def number_of_claims(notebook):
    text = "\n".join(source(cell) for cell in notebook["cells"])
    return text.count("table.claim(") + text.count("table.exact(")


@pytest.mark.parametrize("lesson, section, kept, claims", [
    ("00", "Can you write G's gradient?", ["g_gradient = nudged_g"], 8),
    ("00", "Deeper", ["table = claims.ClaimTable(own)"], 4),
    ("05", "Densities", [], 72), ("05", "Carrying earth", ["w1_gradient = _by_nudging"], 73),
    ("06", "From one number", ["images = data.load("], 44)])
def test_sections_of_lessons_can_be_cut(lesson, section, kept, claims):
    """No figure of a section stays, no name is missing, and the table loses only what the section measured."""
    short = cutting.cut(find(lesson).notebook, [section])
    assert not names_without_value(short) and number_of_claims(short) == claims
    text = "\n".join(folded(short))
    assert all(line in text for line in kept) and "plots." not in text and bool(text) == bool(kept)


@pytest.mark.parametrize("text, needed", [
    ("a = 1\nb = 2\nprint(a)", {0}), ("a = []\na.append(1)\nprint(a)", {0, 1}),
    ("a = []\nprint(a)\nplots.show(a)\nb = a", {0}), ("a = {}\na['k'] = 1\na = 2\nb = a", {2}),
    ("a = 1\ndef f():\n    return a\na = 2\nf()", {1, 2}),  # a function reads a name when it is called
    ("a = []\nb = a\nb.append(1)\nprint(a)", {0, 2}),  # two names of one list
    ("a = []\ndef f(x, y):\n    x.append(y)\nf(a, 1)\nprint(a)", {0, 2}),
    ("y = 1\ndef f(x, y):\n    x.append(y)\nf([], y)\nprint(y)", {0}),
    ("G, run = make()\nrun(100)\nG(z)", {0, 1}),  # what one call has made may share its objects
    ("for i in (1, 2):\n    print(i)\ni = 3\nprint(i)", {1}),
    ("x = 1\nfor x in (1, 2):\n    y = x\nprint(y)", {1}),
    ("d = {}\ndef f():\n    d['k'] = 1\nshow(f)\nprint(d)", {0, 2}),  # whoever gets a function may call it
])
def test_the_last_statement_needs(text, needed):
    statements = ast.parse(text).body
    assert Program(statements).needs(len(statements) - 1) == needed


def test_a_loop_reads_what_it_does_not_bind_itself():
    facts = read(ast.parse("for i, x in enumerate(xs):\n    y = x + z\n    t += y\nprint([k for k in w])").body[0])
    assert facts.reads == {"enumerate", "xs", "z", "t"} and facts.binds == {"i", "x", "y", "t"}
