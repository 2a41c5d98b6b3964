"""Slides follow one rule, tags overrule it, no answer stands on them, and the page needs no network."""

import importlib.util
import re

import pytest

from gancourse.course.classroom.lesson.exercises import exercises
from gancourse.course.classroom.material import slides
from gancourse.course.classroom.material.deck import Slide, deck
from gancourse.course.classroom.material.prose import blocks, caption, sentences
from gancourse.course.lessons import Lesson, all_lessons, find, source
from gancourse.errors import CourseError, MissingPackage

LESSONS = all_lessons()
PICTURE = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo=", "text/plain": "x"},
           "metadata": {"image/png": {"alt": "A hill. Its top is round. It has a name.", "width": 300}}}
PRINTED = {"output_type": "stream", "name": "stdout", "text": ["two  2\n", "three  3\n"]}


def words(text, slide_type=None):
    return {"cell_type": "markdown", "source": [text], "metadata": _show(slide_type)}


def code(text, *outputs, tags=(), slide_type=None, **facts):
    return {"cell_type": "code", "source": [text], "outputs": list(outputs), "execution_count": None,
            "metadata": {"tags": list(tags), "gancourse": facts} | _show(slide_type)}


def _show(slide_type):
    return {"slideshow": {"slide_type": slide_type}} if slide_type else {}


def notebook(*cells):
    return {"nbformat": 4, "nbformat_minor": 5, "cells": list(cells),
            "metadata": {"gancourse": {"lesson": 5, "title": "T", "minutes": 5}}}


def made(*cells, deeper=False):
    """The slides of a few cells, as pairs of kind and text, without the space between words."""
    return [(slide.kind, " ".join(slide.text.split())) for slide in deck(notebook(*cells), deeper)]


def test_a_section_is_its_title_and_its_question():
    slide = deck(notebook(words("## Hills\n\nHills are round. Why are they round? We shall see. And so on.")))[0]
    assert (slide.kind, slide.heading, slide.text) == ("section", "Hills", "Hills are round. Why are they round?")
    assert slide.notes == ["Hills are round. Why are they round? We shall see. And so on."]


def test_a_figure_stands_below_the_first_sentence_about_it_and_the_one_in_bold():
    text = "The hill is high, see Lee et al. 2017 at $x. Y$. It is green. **Hills are always round.** More."
    (slide,) = deck(notebook(code("draw()", PICTURE), words(text)))
    assert slide.text.strip() == "The hill is high, see Lee et al. 2017 at $x. Y$. **Hills are always round.**"
    assert slide.outputs == [PICTURE] and slide.notes == [text]


def test_a_figure_that_no_sentence_follows_and_a_diagram_have_the_words_of_their_alt_text():
    assert made(code("draw()", PICTURE)) == [("figure", "A hill. Its top is round.")]
    assert made(code("diagram.show_game()", PICTURE), words("Now to hills."))[0][1] == "A hill. Its top is round."


def test_a_prompt_stands_directly_before_its_answer():
    """The formula between them is shown first, and what the cell prints is the answer."""
    shown = made(words("**Predict.** How many?\n\nA sum is\n\n$$1 + 1$$"), code("print(n)", PRINTED),
                 words("There are two."))
    assert shown == [("formula", "A sum is $$1 + 1$$"), ("predict", "How many?"),
                     ("answer", "There are two. ``` two 2 three 3 ```")]


def test_a_prompt_within_a_paragraph_is_found():
    assert blocks("A tone. **Predict.** Is it loud?") == ["A tone.", "**Predict.** Is it loud?"]


def test_an_exercise_has_its_task_and_its_stub_and_neither_hint_nor_solution():
    task = words("**Exercise 1.** Add up.\n\n$$a + b$$\n\n<details><summary>Hint 1: the fact</summary>\n\nA secret."
                 "\n\n</details>")
    answer = code("def add(a, b):\n    ### BEGIN SOLUTION\n    return a + b\n    ### END SOLUTION\n")
    check = code("checks.close(add(1, 2), 3, 'three')", PRINTED, tags=["check"])
    assert made(task, answer, check) == [
        ("exercise", "Add up. $$a + b$$ ```python def add(a, b): ... ```")]


def test_what_a_good_answer_says_is_on_no_slide():
    (slide,) = deck(notebook(words("**Think.** Why?\n\n<details><summary>What a good answer says</summary>\n\n"
                                   "Because.\n\n</details>\n\nMore words.")))
    assert (slide.kind, slide.text, slide.notes) == ("think", "Why?", ["More words."])


def test_short_functions_are_shown_and_long_or_drawing_cells_are_not():
    short = "def twice(x):\n    return 2 * x\n\n\nprint(twice(3))"
    assert made(words("The rule is short:"), code(short)) == [
        ("code", "The rule is short: ```python def twice(x): return 2 * x ```")]
    assert made(words("W."), code(short + "\nprint(1)" * 12)) == made(words("W."), code("def f():\n    plots.finish()"))


def test_what_a_part_says_before_its_first_figure_is_said_with_that_figure():
    first, second = deck(notebook(words("## A"), words("### B\n\nWords before."), code("draw()", PICTURE)))
    assert first.notes == [] and second.notes == ["Words before."] and second.heading == "B"


def test_tables_and_short_lists_are_shown_and_long_lists_are_said():
    table = "| a | b |\n|---|---|\n| 1 | 2 |"
    assert made(words(table)) == [("table", "| a | b | |---|---| | 1 | 2 |")]
    assert made(words("# T\n\n- one\n- two"))[-1] == ("list", "- one - two")
    assert len(made(words("# T\n\n- " + "word " * 200))) == 1


def test_sections_after_the_lesson_are_left_out_and_deeper_may_be_asked_for():
    cells = [words("# T\n\nWords."), words("## Deeper\n\n### More"), code("draw()", PICTURE), words("## FAQ\n\n- a")]
    assert [kind for kind, _ in made(*cells)] == ["title"]
    assert [kind for kind, _ in made(*cells, deeper=True)] == ["title", "section", "figure"]


def test_the_tags_of_a_teacher_overrule_the_rule():
    cells = [words("## A\n\nQuestion?"), words("Shown whole.", "subslide"),
             code("x = 1", PRINTED, slide_type="fragment"), words("**Predict.** Not asked.", "skip"),
             words("- said\n- too", "notes"), words("Begins.", "slide")]
    section, whole, begun = deck(notebook(*cells))
    assert whole.text == "Shown whole." and whole.notes == ["- said\n- too"]
    assert whole.fragments == [("\n\n```python\nx = 1\n```", [PRINTED])]
    assert begun.kind == "section" and begun.text == "Begins." and section.text == "Question?"


def test_a_tagged_cell_gives_no_solution_away():
    text = "def f():\n    ### BEGIN SOLUTION\n    return 'secret'\n    ### END SOLUTION\n"
    hint = "Task.\n\n<details><summary>Hint 1</summary>\n\nsecret\n\n</details>"
    assert "secret" not in str(made(code(text, slide_type="slide"), words(hint, "slide")))


def test_sentences_end_where_a_reader_would_end_them():
    text = "We add e.g. Noise to $a. B$, see `x. Y`. Is it *so?* Yes: 2.5 of 3. **Bold. Half.** (End.) Ok"
    assert sentences(text) == ["We add e.g. Noise to $a. B$, see `x. Y`.", "Is it *so?*", "Yes: 2.5 of 3.", "Bold.",
                               "Half.", "(End.)", "Ok"]
    assert caption(["**Look.** What is it? A hill it is. And so on."]) == "A hill it is. And so on."


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_the_slides_of_every_lesson_show_its_figures_and_ask_its_questions(lesson):
    known = deck(lesson.notebook, deeper=True)
    asked = [slide for slide in known if slide.kind == "exercise"]
    assert len(asked) == len(exercises(lesson.notebook))
    assert all("```python" in slide.text and "..." in slide.text for slide in asked)
    text = "\n".join(source(cell) for cell in lesson.notebook["cells"] if cell["cell_type"] == "markdown")
    upto = text.split("\n## Try")[0]
    assert sum(slide.kind == "predict" for slide in known) == upto.count("**Predict.**")
    assert known[-1].kind == "claims" and known[0].kind == "title"
    for slide in known:
        assert "What a good answer says" not in slide.text and "Hint " not in str(slide)
        assert slide.kind in ("section", "claims") or slide.text.strip() or slide.outputs, slide


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_figure_is_on_a_slide_or_in_deeper(lesson):
    """Every picture up to "Try" is there when Deeper is asked for."""
    pictures = [output for slide in deck(lesson.notebook, deeper=True) for output in slide.outputs]
    cells = lesson.notebook["cells"]
    last = next(i for i, cell in enumerate(cells) if "## Try" in source(cell))
    wanted = [output for cell in cells[:last] for output in cell.get("outputs", [])
              if any(kind.startswith("image/") for kind in output.get("data", {}))]
    assert all(output in pictures for output in wanted)


def test_no_slide_has_more_words_than_a_slide_can_hold():
    long = [(lesson.name, slide.heading) for lesson in LESSONS for slide in deck(lesson.notebook)
            if len(slide.text.split()) > 220]
    assert long == []


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """The slides and the notes of lesson 00 with its section Deeper."""
    if importlib.util.find_spec("pyreveal") is None:
        pytest.skip("needs pyreveal")
    return slides.slides(find("00"), tmp_path_factory.mktemp("slides"), deeper=True)


def test_the_page_is_whole_and_asks_nothing_of_the_network(paths):
    assert [path.name for path in paths] == ["00_start_here.slides.html", "00_start_here.notes.html"]
    page, notes = (path.read_text(encoding="utf-8") for path in paths)
    assert not re.search(r'<(script|link|img|iframe)[^>]*\s(src|href)="(?!data:)', page + notes)
    assert page.count("<script src=\"data:text/javascript") == 2 and "Reveal.initialize" in page
    assert "<math" in page and '<aside class="notes">' in page and 'data-kind="predict"' in page
    assert "$" not in re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]*>", "", page, flags=re.DOTALL)
    assert "worst error of the mean" in page and re.search(r"About [678] minutes", page)


def test_the_printed_notes_tell_the_teacher_what_to_accept_and_the_slides_do_not(paths):
    page, notes = (path.read_text(encoding="utf-8") for path in paths)
    assert "learns only what" in notes and "learns only what" not in page


def test_sliders_still_move(paths):
    page = paths[0].read_text(encoding="utf-8")
    assert page.count('type="range"') >= 3 and "const frames = [" in page


def test_without_reveal_js_the_command_that_brings_it_is_named(monkeypatch):
    monkeypatch.setattr(slides.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingPackage, match="pip install pyreveal=="):
        slides.slides_page(find("00"))


def test_a_notebook_without_outputs_has_no_slides(tmp_path):
    with pytest.raises(CourseError, match="holds no outputs"):
        slides.notes_page(Lesson(tmp_path / "05_x.ipynb", notebook(words("# T"))))


def test_a_slide_holds_what_it_was_given():
    assert Slide("text", "H").outputs == [] and Slide("text", "H").notes is not Slide("text", "H").notes
