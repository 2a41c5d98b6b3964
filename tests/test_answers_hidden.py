"""No answer to an exercise stands on the page of its student version."""

import ast
import re
import textwrap

import pytest

from gancourse.course.lessons import SOLUTION, all_lessons, source, without_solutions

HARDLY_AN_ANSWER = 14  # characters, without spaces: shorter ones stand everywhere
TAUGHT = {  # lines that a lesson gives before, for the learner to build its answer from: by lesson
    2: {"mean(softplus(-real_logits))+mean(softplus(fake_logits))", "tape.gradient(d_loss,D.trainable_variables)"},
}


def squeezed(text):
    """Text without spaces and quotes, so that a line that is broken elsewhere is the same."""
    return re.sub(r"[\s\"']", "", text)


def answers(cell):
    """What the solution in a cell computes: the right side of each of its statements."""
    region = textwrap.dedent(SOLUTION.search(source(cell)).group(0))
    for node in ast.walk(ast.parse(f"def f():\n{textwrap.indent(region, '    ')}")):
        if isinstance(node, ast.Return | ast.Assign | ast.AugAssign) and node.value is not None:
            text = squeezed(ast.unparse(node.value))
            if len(text) >= HARDLY_AN_ANSWER:
                yield text


def leaks(notebook):
    """Each answer that stands in another cell of the student version, or in its own."""
    student = without_solutions(notebook)
    page = [squeezed(source(cell)) for cell in student["cells"]]
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and SOLUTION.search(source(cell)):
            for answer in answers(cell):
                if any(answer in text for text in page):
                    yield answer


@pytest.mark.parametrize("lesson", all_lessons(), ids=lambda lesson: lesson.name)
def test_no_line_of_a_solution_stands_elsewhere_in_the_student_version(lesson):
    assert not sorted(set(leaks(lesson.notebook)) - TAUGHT.get(lesson.about["lesson"], set()))


def test_a_planted_leak_is_found():
    lines = ["def penalty(g):\n", "    ### BEGIN SOLUTION\n", "    return (g**2).sum(1).mean() / 2\n",
             "    ### END SOLUTION\n"]
    solved = {"cell_type": "code", "metadata": {}, "source": lines}
    copied = {"cell_type": "code", "metadata": {}, "source": ["r1 = (g ** 2).sum(1).mean() / 2"]}
    notebook = {"cells": [solved], "metadata": {"gancourse": {}}}
    assert not list(leaks(notebook))
    assert len(list(leaks({**notebook, "cells": [copied, solved]}))) == 1
