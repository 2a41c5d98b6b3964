"""Code that readers pass over is folded in JupyterLab and on pages, and no other code is."""

import pytest

from gancourse.course import folds, study_time
from gancourse.course.html_pages import to_html
from gancourse.course.lessons import all_lessons, source, tags


def notebook(*cells):
    return {"cells": list(cells), "metadata": {"gancourse": {"lesson": 99, "title": "A lesson"}},
            "nbformat": 4, "nbformat_minor": 5}


def code(text, *tagged, printed=""):
    outputs = [{"output_type": "stream", "name": "stdout", "text": printed}] if printed else []
    return {"cell_type": "code", "id": f"c{len(text)}", "source": text, "execution_count": None,
            "outputs": outputs, "metadata": {"tags": list(tagged)}}


def test_a_page_shows_what_folded_code_printed_and_hides_the_code_behind_a_click():
    page = to_html(notebook(code("draw_the_figure()", "drawing", printed="the figure"), code("train()")), "A lesson")
    fold = page[page.index("<details><summary>The code that draws</summary>"):]
    fold, after = fold.split("</details>", 1)
    assert "draw_the_figure" in fold
    assert "the figure" in after and "train" in after
    assert page.count("<details>") == 1


def test_jupyterlab_collapses_tagged_cells_and_a_tag_that_goes_opens_them():
    cells = [code(name, name) for name in folds.FOLDED] + [code("train()")]
    folds.set_in(notebook(*cells))
    assert [cell["metadata"].get("jupyter") for cell in cells] == [{"source_hidden": True}] * 6 + [None]
    cells[0]["metadata"]["tags"] = []
    folds.set_in(notebook(*cells))
    assert "jupyter" not in cells[0]["metadata"]


def test_folded_lines_take_no_time_but_their_figures_do():
    lines = code("x = 1\n" * 100, "drawing")
    assert study_time.sections(notebook(lines)) == {"Start": 0.0}
    lines["outputs"] = [{"output_type": "display_data", "data": {"image/png": ""}, "metadata": {}}]
    assert study_time.sections(notebook(lines)) == {"Start": 1.0}


@pytest.mark.parametrize("lesson", all_lessons(), ids=lambda lesson: lesson.name)
def test_claims_and_checks_are_folded_and_exercises_are_not(lesson):
    for cell in lesson.notebook["cells"]:
        if cell["cell_type"] == "code":
            hidden = cell["metadata"].get("jupyter", {}).get("source_hidden", False)
            assert hidden == bool(folds.words(cell)), source(cell)[:80]
            assert not (hidden and "### BEGIN SOLUTION" in source(cell))
            if "claims.ClaimTable(" in source(cell):
                assert "claims" in tags(cell)


def test_code_that_draws_is_labelled_by_its_own_first_comment():
    trains = code("# Trains three GANs, and draws them\ntrain()", "drawing")
    assert folds.words(trains) == "Code: trains three GANs, and draws them"
    assert folds.words(code("plot()", "drawing")) == "The code that draws"
    assert folds.words(code("# Checks the answer\ncheck()", "check")) == "The check"


def test_on_a_page_printed_sentences_may_break_and_printed_columns_may_not():
    cells = [code("a", printed="one sentence, however long it is"), code("bb", printed="seed   distance\n0      12.5")]
    page = to_html(notebook(*cells), "A lesson")
    assert '<pre class="prose">one sentence' in page and "<pre>seed   distance" in page


def test_a_page_folds_the_parameters_which_stay_open_where_they_can_be_changed():
    cell = code("seed: int = 0", "parameters")
    page = to_html(notebook(cell), "A lesson")
    assert "<summary>The parameters of this lesson, which a run can change</summary>" in page
    assert folds.words(cell) == ""
