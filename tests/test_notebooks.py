"""The form of a lesson: every rule that a machine can see."""

import ast
import json
import re
import shlex

import pytest

from gancourse.course import cli, folds, html_pages
from gancourse.course.lessons import (
    FOLDER,
    SOLUTION,
    all_lessons,
    is_fresh,
    parameters,
    settings,
    source,
    tags,
)

LESSONS = all_lessons()
ENDING = ["Claims", "What to remember", "Try", "FAQ", "Sources"]
each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)


def code_cells(lesson):
    return [c for c in lesson.notebook["cells"] if c["cell_type"] == "code"]


def prose(lesson):
    return "\n\n".join(source(c) for c in lesson.notebook["cells"] if c["cell_type"] == "markdown")


def headings(lesson):
    return re.findall(r"^## (.+)$", prose(lesson), re.MULTILINE)


def used(text):
    return {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def defined(text):
    """Functions, classes and variables at the top level of a cell."""
    body = ast.parse(text).body
    targets = [t for n in body if isinstance(n, ast.Assign) for t in n.targets]
    return ({n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
            | {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)})


def bound_by(statement):
    """Names that a statement at the top level of a cell binds; those of comprehensions stay inside."""
    inside = {id(n) for c in ast.walk(statement) if isinstance(c, ast.comprehension) for n in ast.walk(c.target)}
    return {n.id for n in ast.walk(statement)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and id(n) not in inside}


@each_lesson
def test_stored_outputs_belong_to_the_code(lesson):
    assert is_fresh(lesson.notebook), f"run: gancourse render {lesson.about['lesson']:02d}"


@each_lesson
def test_title_parameters_imports_come_first_and_the_ending_is_the_same(lesson):
    first = lesson.notebook["cells"][0]
    assert source(first).startswith(f"# {lesson.about['lesson']:02d} · {lesson.about['title']}")
    cells = code_cells(lesson)
    assert "parameters" in tags(cells[0]) and re.search(r"^(import|from) ", source(cells[1]), re.MULTILINE)
    ending = headings(lesson)[-len(ENDING):]
    if "Deeper" in headings(lesson):  # it may make claims of its own, and nothing but them needs it
        assert ending == ["Deeper", *(name for name in ENDING if name != "What to remember")]
        assert headings(lesson)[-len(ENDING) - 1] == "What to remember"
    else:
        assert ending == ENDING
    assert {"title", "minutes", "makes", "lesson", "part", "needs", "presets"} <= set(lesson.about)


@each_lesson
def test_imports_stand_in_one_cell_with_one_framework_at_most(lesson):
    with_imports = [c for c in code_cells(lesson) if re.search(r"^(import|from) \w", source(c), re.MULTILINE)]
    assert len(with_imports) == 1
    text = source(with_imports[0])
    assert not (re.search(r"torch|gancourse\.pt", text) and re.search(r"tensorflow|keras|gancourse\.tf", text))


@each_lesson
def test_parameters_and_presets_fit(lesson):
    assert "seed" in parameters(lesson.notebook)
    assert {"smoke", "gpu"} <= set(lesson.about["presets"])
    for preset in lesson.about["presets"]:
        settings(lesson, preset)


@each_lesson
def test_no_variable_takes_the_name_of_a_function_or_a_module(lesson):
    """Else the cells after it would call something else; an answer may be replaced by the package's."""
    kept = set()
    for cell in code_cells(lesson):
        for statement in ast.parse(source(cell)).body:
            if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                kept.add(statement.name)
            elif isinstance(statement, ast.Import | ast.ImportFrom):
                kept |= {(name.asname or name.name).split(".")[0] for name in statement.names}
            elif "checks.adopt(" not in ast.unparse(statement):
                assert not bound_by(statement) & kept, source(cell).splitlines()[0]


@each_lesson
def test_no_cell_is_long(lesson):
    for cell in code_cells(lesson):
        lines = source(cell).strip().splitlines()
        lines = lines[1:] if folds.words(cell) else lines  # the first says what is folded
        assert len(lines) <= 25, f"{len(lines)} lines: {lines[0]}"


@each_lesson
def test_every_exercise_has_a_check_and_is_off_the_main_path(lesson):
    """A learner who leaves an exercise open is never stuck: nothing but its check needs the answer.

    Where the check ends in `name = checks.adopt(name, ...)`, the course's own stands in for it.
    """
    cells = code_cells(lesson)
    solved = [i for i, c in enumerate(cells) if SOLUTION.search(source(c))]
    assert len(solved) == len(re.findall(r"\*\*Exercise \d+", prose(lesson))) >= 1
    for i in solved:
        assert "check" in tags(cells[i + 1]) and "checks." in source(cells[i + 1])
        adopted = set(re.findall(r"^(\w+) = checks\.adopt\(\1,", source(cells[i + 1]), re.MULTILINE))
        answers = defined(source(cells[i])) - adopted
        for later in cells[i + 1 :]:
            needed = used(source(later)) & answers - defined(source(later))
            assert not needed or "check" in tags(later) or SOLUTION.search(source(later)), f"{needed} needed later"


@each_lesson
def test_a_prediction_is_asked_for_before_results(lesson):
    assert prose(lesson).count("**Predict.**") >= 2


@each_lesson
def test_every_formula_is_drawn_on_the_page(lesson):
    """A formula that breaks across lines, or an unknown command, would stand there as LaTeX."""
    page = html_pages.with_mathml(prose(lesson))
    formulas = re.findall(r"<math.*?</math>", page, re.DOTALL)
    assert not [formula for formula in formulas if re.search(r">\\[A-Za-z]+<|<mi>&</mi>", formula)]
    rest = re.sub(r"<math.*?</math>|```.*?```|`[^`]*`", "", page, flags=re.DOTALL)
    assert not re.findall(r"\\(?:hat|frac|tfrac|theta|sigma|mathbb|log|text|le|cdot)\b.{0,40}", rest)


@each_lesson
def test_every_figure_has_alt_text(lesson):
    for cell in code_cells(lesson):
        for output in cell["outputs"]:
            for mime in {"image/png", "image/jpeg", "image/webp"} & set(output.get("data", {})):
                assert output["metadata"].get(mime, {}).get("alt"), source(cell)


@each_lesson
def test_outputs_are_small_and_quiet(lesson):
    assert lesson.path.stat().st_size < 1.5e6
    assert "widgets" not in lesson.notebook["metadata"]
    for cell in code_cells(lesson):
        for output in cell["outputs"]:
            assert output["output_type"] != "error" or "raises-exception" in tags(cell)
            assert output.get("name") != "stderr", f"a warning or log line is stored: {output['text']}"


@each_lesson
def test_links_lead_to_lessons_that_exist(lesson):
    for target in re.findall(r"\]\(([^)#]+\.ipynb)", prose(lesson)):
        assert (FOLDER / target).exists(), target


def claim_calls(lesson):
    """What is called of the lesson's claim table, in order: (name of the method, ast.Call)."""
    texts = [source(cell) for cell in code_cells(lesson)]
    (first,) = [i for i, text in enumerate(texts) if "claims.ClaimTable(" in text]
    (table,) = re.findall(r"^(\w+) = claims.ClaimTable\(", texts[first], re.MULTILINE)
    calls = []
    for text in texts[first:]:
        nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
        for node in sorted(nodes, key=lambda node: node.lineno):
            owner, _, method = ast.unparse(node.func).partition(".")
            if owner == table:
                calls.append((method, node))
    return calls


@each_lesson
def test_the_claim_table_left_its_numbers_in_the_notebook(lesson):
    assert "application/vnd.gancourse+json" in json.dumps(lesson.notebook)


@each_lesson
def test_claims_stand_in_one_table_that_is_shown_once_at_its_end(lesson):
    calls = [called for called, _ in claim_calls(lesson)]
    assert set(calls) <= {"exact", "claim", "shown", "show"} and "claim" in calls
    assert calls.count("show") == 1 and calls[-1] == "show"
    assert "Checkpoint(" not in "".join(map(source, code_cells(lesson)))


@each_lesson
def test_every_judged_claim_has_a_bound(lesson):
    for called, node in claim_calls(lesson):
        if called in ("exact", "claim"):
            given = {keyword.arg for keyword in node.keywords}
            assert given & {"near", "above", "below"}, ast.unparse(node)


FREE = {  # parameters that no claim depends on: which seed, which device, where files go
    "seed", "device", "compiled", "checkpoint", "student", "inception_weights",
    # what one lesson lets a reader vary without touching what is claimed
    "01.smoothing", "05.shift", "05.separation", "05.num_points", "08.quiz_steps", "09.look_every",
    "09.study", "12.precision", "13.unit", "13.length"}


@each_lesson
def test_the_own_run_names_every_parameter_with_its_default(lesson):
    """So that a claim is never judged at settings that it was not made for."""
    given = {}
    for cell in code_cells(lesson):
        for node in ast.walk(ast.parse(source(cell))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "claims.own_run":
                for keyword in node.keywords:
                    if keyword.arg in ("same", "at_least"):
                        for key, pair in zip(keyword.value.keys, keyword.value.values, strict=True):
                            value, ours = pair.elts
                            assert ast.unparse(value) == ast.literal_eval(key)
                            given[ast.literal_eval(key)] = ast.literal_eval(ours)
    known = parameters(lesson.notebook)
    free = {name.removeprefix(f"{lesson.about['lesson']:02d}.") for name in FREE} & set(known)
    assert given == {name: p.default for name, p in known.items() if name not in free}


@each_lesson
def test_try_offers_commands_that_name_real_parameters(lesson):
    commands = re.findall(r"gancourse run (\S+)((?: +-p +\S+| +--preset +\S+)*)", prose(lesson).split("## Try")[1])
    assert len(commands) >= 2
    for _, options in commands:
        given = re.findall(r"-p +(\w+)=", options)
        assert set(given) <= set(parameters(lesson.notebook)), given


@each_lesson
def test_sweeps_in_the_prose_can_be_started(lesson, tmp_path, capsys):
    for command in re.findall(r"`gancourse (sweep [^`]*-g [^`]*)`", prose(lesson)):
        with pytest.raises(SystemExit) as stop:
            cli.main([*shlex.split(command), "--dry-run", "--runs", str(tmp_path)])
        assert stop.value.code == 0, capsys.readouterr().err
