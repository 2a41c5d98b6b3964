"""Every exercise has an id, points and a check; what an exercise needs of its lesson is cut out of it."""

from copy import deepcopy

import pytest

from gancourse.course.classroom.lesson import slicing
from gancourse.course.classroom.lesson.exercises import (
    Exercise,
    exercise_of,
    exercises,
    open_questions,
    own_parameters,
    stub_of,
    version,
)
from gancourse.course.lessons import all_lessons, find, source, without_solutions
from gancourse.errors import CourseError

WHOLE = {2: 10, 3: 15, 4: 20, 5: 25}  # the points of a lesson with so many exercises
SMALL_TRAINING = {"08.3"}  # eight runs of a second each are what is asked about


def lesson(*cells):
    """A notebook: text is a code cell, after "MD" a markdown cell, after "CHECK" a check; (text, facts) has facts."""
    notebook = {"cells": [], "metadata": {"gancourse": {"lesson": 99}}}
    for cell in cells:
        text, facts = cell if isinstance(cell, tuple) else (cell, {})
        kind = "markdown" if text.startswith("MD") else "code"
        metadata = {"gancourse": facts} if facts else {}
        if text.startswith("CHECK"):
            metadata["tags"] = ["check"]
        text = text.removeprefix("MD").removeprefix("CHECK")
        notebook["cells"].append({"cell_type": kind, "metadata": metadata, "source": [text], "outputs": [],
                                  "execution_count": None})
    return notebook


def solved(name, body, number=1, **facts):
    """An answer cell and its check."""
    text = f"def {name}(x):\n    ### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION\n"
    check = f"CHECK{name} = checks.adopt({name}, None, lambda f: checks.close(f(1), 1, 'one'))"
    return (text, {"exercise": f"99.{number}", "points": 5, **facts}), check


def needed(notebook, answer=None, number=1, own=None):
    """The lines that run before an exercise."""
    exercise = exercise_of(notebook, f"99.{number}")
    answer = stub_of(notebook, exercise) if answer is None else answer
    return slicing.before(notebook, exercise, answer, own).splitlines()


# ---- the lessons


@pytest.mark.parametrize("lesson", all_lessons(), ids=lambda lesson: lesson.name)
def test_the_exercises_are_numbered_as_in_the_text_and_their_points_add_up(lesson):
    known = exercises(lesson.notebook)
    headings = [text for cell in lesson.notebook["cells"] for text in source(cell).splitlines()
                if text.startswith("**Exercise ")]
    number = lesson.name[:2]
    assert [exercise.id for exercise in known] == [f"{number}.{i}" for i in range(1, len(headings) + 1)]
    assert sum(exercise.points for exercise in known) == WHOLE[len(known)]
    assert all(3 <= exercise.points <= 6 and exercise.functions for exercise in known)


@pytest.mark.parametrize("lesson", all_lessons(), ids=lambda lesson: lesson.name)
def test_nothing_is_trained_measured_or_drawn_before_an_exercise(lesson):
    for exercise in exercises(lesson.notebook):
        solution = source(lesson.notebook["cells"][exercise.answer])
        code = "\n".join(needed_by(lesson.notebook, exercise, solution))
        calls = ["train(", "train_fast(", "feature_net", "plots", "slider", "animation", "claims"]
        wrong = [call for call in calls if call in code]
        assert not wrong or exercise.id in SMALL_TRAINING, f"{exercise.id}: {wrong}"
        assert len(code.splitlines()) < 60


def needed_by(notebook, exercise, answer):
    return slicing.before(notebook, exercise, answer).splitlines()


def test_two_functions_may_be_one_exercise():
    assert exercise_of(find("01").notebook, "01.3").functions == ("smoothed_best_D", "highest_logit")


def test_a_helper_that_is_given_is_no_part_of_the_exercise():
    notebook = find("01").notebook
    exercise = exercise_of(notebook, "01.1")
    assert exercise.functions == ("bce",)
    stub = stub_of(notebook, exercise)
    assert "np.logaddexp(0, a)" in stub  # softplus, which students get
    assert "SOLUTION" not in stub and stub.count("raise NotImplementedError") == 1


def test_an_open_question_is_its_own_paragraph_and_its_rubric_is_folded_below():
    (question,) = open_questions(find("00").notebook)
    assert question.id == "00.Q1" and question.points == 2
    assert question.question.startswith("**Think.** Suppose $w_2$ had to stay 0.")
    assert question.question.endswith("where would the other end?")
    assert question.rubric.startswith("$G$ learns only what $D$ can see.")


def test_every_folded_good_answer_belongs_to_a_question():
    questions = [q for lesson in all_lessons() for q in open_questions(lesson.notebook)]
    folded = sum(source(cell).count("What a good answer says") for lesson in all_lessons()
                 for cell in lesson.notebook["cells"])
    assert len({q.id for q in questions}) == len(questions) == folded
    assert all(q.rubric and q.question.startswith("**Think.**") for q in questions)


# ---- the version of what students get


def test_a_lesson_and_its_student_version_have_the_same_version():
    notebook = find("05").notebook
    assert len(version(notebook)) == 12
    assert version(without_solutions(notebook)) == version(notebook)


@pytest.mark.parametrize("cell, old, new, same", [
    (0, "What", "Which", True),  # prose
    (6, "dx = x[1] - x[0]", "dx = x[1] - x[0]  # the step", True),
    (19, "np.argsort(np.argsort(fake))", "np.argsort(np.argsort(fake, kind='stable'))", True),  # a solution
    (23, "return w1_gradient(real, fake)", "return 2 * w1_gradient(real, fake)", True),  # no exercise needs it
    (16, ".mean()", ".sum()", False),  # what a check compares with
    (19, "Return d W1", "Return dW1", False),  # a stub
    (20, "size=(2, 12)", "size=(2, 13)", False),  # a check
])
def test_the_version_changes_with_what_can_change_a_mark(cell, old, new, same):
    notebook = find("05").notebook
    before = version(notebook)
    text = source(notebook["cells"][cell])
    assert cell == 0 or old in text
    notebook["cells"][cell]["source"] = [text.replace(old, new)]
    assert (version(notebook) == before) == same


def test_the_version_changes_with_the_points():
    notebook = find("05").notebook
    other = deepcopy(notebook)
    other["cells"][19]["metadata"]["gancourse"]["points"] = 4
    assert version(other) != version(notebook)


# ---- what a teacher's own lesson may lack


def test_a_solution_without_an_id_is_refused():
    answer, check = solved("f", "return x")
    with pytest.raises(CourseError, match="has no exercise in its metadata"):
        exercises(lesson(answer[0], check))


def test_an_answer_without_a_check_is_refused():
    answer, _ = solved("f", "return x")
    with pytest.raises(CourseError, match="exercise 99.1 has no check"):
        exercises(lesson(answer, "print(f(1))"))


def test_two_exercises_with_one_id_are_refused():
    with pytest.raises(CourseError, match="99.1 occurs twice"):
        exercises(lesson(*solved("f", "return x"), *solved("g", "return x")))


def test_an_unknown_exercise_names_those_that_there_are():
    with pytest.raises(CourseError, match="Known: 99.1"):
        exercise_of(lesson(*solved("f", "return x")), "99.7")


def test_a_good_answer_without_a_question_is_refused():
    text = "MD**Think.** Why?\n\n<details><summary>What a good answer says</summary>\n\nBecause.\n\n</details>"
    with pytest.raises(CourseError, match="has no id in its metadata"):
        open_questions(lesson(text))
    (question,) = open_questions(lesson((text, {"open": "99.Q1", "points": 2})))
    assert question[3:] == ("**Think.** Why?", "Because.")


def test_a_parameter_that_belongs_to_the_student_is_read_from_the_submission():
    exercise = Exercise("99.1", ("f",), 5, 0, 1, {"student": None, "steps": 300})
    cells = ["import numpy", "steps: int = 7\nstudent: str = 'Ada'  # your name", "student = 'Bob'"]
    assert own_parameters(exercise, lesson(*cells)) == {"student": "Ada"}
    assert own_parameters(exercise, lesson("x = 3")) == {}
    assert own_parameters(exercise, {"cells": [{"source": ["student = ", "open('x')"]}]}) == {"student": "open('x')"}


# ---- slices


def test_a_slice_holds_what_the_check_and_the_answer_need_and_nothing_else():
    notebook = lesson("a = 1\nb = train()\nc = 3", "def ours(x):\n    return a * x", *solved("f", "return x"))
    notebook["cells"][-1]["source"] = ["checks.close(f(1), ours(1), 'one')"]
    assert needed(notebook) == ["a = 1", "def ours(x):", "    return a * x"]
    assert needed(notebook, "def f(x):\n    return c * x")[1] == "c = 3"


def test_a_check_may_stand_in_an_earlier_cell():
    check = "def check_f(f):\n    checks.close(f(a), 1, 'one')"
    notebook = lesson("a = 1\nb = train()", check, *solved("f", "return x"))
    notebook["cells"][-1]["source"] = ["f = checks.adopt(f, ours.f, check_f)"]
    assert needed(notebook) == ["a = 1", *check.splitlines()]


def test_a_local_name_of_an_answer_is_not_the_lessons():
    notebook = lesson("history = train()", *solved("f", "return x"))
    assert needed(notebook, "def f(x):\n    history = [x for x in range(3)]\n    return history") == []


def test_what_an_answer_gives_a_name_the_check_does_not_get():
    notebook = lesson("import numpy as np\nfactor = 2", *solved("f", "return x"))
    notebook["cells"][-1]["source"] = ["checks.close(f(1), np.array(factor), 'two')"]
    answer = "import numpy as np\nfactor = 3\ndef f(x):\n    return factor * x"
    assert needed(notebook, answer) == ["import numpy as np", "factor = 2"]


def test_a_value_that_is_bound_anew_is_the_last_one_before_the_exercise():
    notebook = lesson("a = train()", "a = 2", *solved("f", "return a"), "a = 3")
    assert needed(notebook, "def f(x):\n    return a") == ["a = 2"]


def test_what_changes_a_needed_value_in_place_is_kept():
    changes = ["d['k'] = 1", "d.update(x=2)", "d['n'] += 1", "shuffle(d)", "old = d.pop('k')"]
    notebook = lesson("from random import shuffle\nd = {}", "\n".join(changes), "print(d)\nd2 = dict(d)",
                      *solved("f", "return d"))
    assert needed(notebook, "def f(x):\n    return d") == ["from random import shuffle", "d = {}", *changes]


def test_a_loop_that_fills_a_needed_list_is_kept_whole():
    loop = "for i in range(3):\n    rows.append(i)"
    notebook = lesson("rows = []", loop, "for j in range(3):\n    others = j", *solved("f", "return x"))
    assert needed(notebook, "def f(x):\n    return rows") == ["rows = []", *loop.splitlines()]


def test_a_function_of_the_lesson_that_only_reads_its_argument_does_not_count_as_a_change():
    draws = "def draw(v, ax):\n    ax.plot(v)\ndraw(v, figure())"
    spoils = "def spoil(v):\n    v[0] = 7\nspoil(v)"
    assert needed(lesson("v = [1]", draws, *solved("f", "return x")), "def f(x):\n    return v") == ["v = [1]"]
    assert "spoil(v)" in needed(lesson("v = [1]", spoils, *solved("f", "return x")), "def f(x):\n    return v")


def test_a_function_needs_what_its_body_names_when_it_is_called():
    notebook = lesson("def g():\n    return late + 1", "late = 4", "games = {'g': g}", *solved("f", "return x"))
    assert "late = 4" in needed(notebook, "def f(x):\n    return g()")
    assert "late = 4" in needed(notebook, "def f(x):\n    return games['g']()")


def test_only_the_needed_names_of_an_import_are_kept():
    notebook = lesson("import os, json\nfrom math import pi, e as euler", *solved("f", "return x"))
    assert needed(notebook, "def f(x):\n    return json, euler") == ["import json", "from math import e as euler"]


def test_what_sets_up_a_framework_is_kept_and_comes_first():
    notebook = lesson("from gancourse.tf import set_threads\nset_threads()", "import numpy as np\nnp.random.seed(3)",
                      "ax.set_yticks([1])", *solved("f", "return x"))
    assert needed(notebook) == ["from gancourse.tf import set_threads", "set_threads()", "import numpy as np",
                                "np.random.seed(3)"]


def test_gradients_come_with_the_call_that_fills_them():
    notebook = lesson("x = tensor()\ny = x * x\ny.backward()\nslope = x.grad", *solved("f", "return x"))
    assert needed(notebook, "def f(x):\n    return slope") == ["x = tensor()", "y = x * x", "y.backward()",
                                                               "slope = x.grad"]


def test_an_earlier_exercise_is_there_with_the_courses_own_solution():
    notebook = lesson(*solved("f", "return 7 * x"), "def g(x):\n    return f(x)", *solved("h", "return g(x)", 2))
    lines = needed(notebook, "def h(x):\n    return g(x)", 2)
    assert lines == ["def f(x):", "    return 7 * x", "def g(x):", "    return f(x)"]


def test_parameters_have_the_values_for_grading_and_the_students_own_where_those_decide():
    notebook = lesson("steps: int = 5000  # steps\nstudent: str = ''  # your name",
                      *solved("f", "return x", grading={"steps": 3, "student": None}))
    answer = "def f(x):\n    return steps, student"
    assert needed(notebook, answer) == ["steps = 3", "student: str = ''"]
    assert needed(notebook, answer, own={"student": "Ada", "steps": 9}) == ["steps = 3", "student = 'Ada'"]


def test_magic_lines_are_dropped_and_an_answer_that_is_not_python_needs_nothing():
    notebook = lesson("%matplotlib inline\na = 1\n!ls", *solved("f", "return a"))
    assert needed(notebook, "%time f(1)\ndef f(x):\n    return a") == ["a = 1"]
    assert needed(notebook, "def f(x) return a") == []


def test_a_lesson_that_is_not_python_is_refused():
    with pytest.raises(CourseError, match="cell 0 of the lesson is not Python"):
        needed(lesson("a = = 1", *solved("f", "return x")))
