"""`gancourse map`: a map of the course and a glossary, made from what the lessons say."""

import re
from pathlib import Path

import pytest

from gancourse.course import cli
from gancourse.course.lessons import Lesson, all_lessons
from gancourse.course.overview import course_map, drawing, glossary, pages, prose
from gancourse.notebook.claims import ClaimTable

FIRST = """# 01 · Two players
Who feeds whom? A **generator** $G$ makes fakes, and a **discriminator** $D$ judges them.

About **20 minutes** of study.

## How they learn
What does each of them make smaller? Each has a **loss**, a number. **Predict.** Which is the larger one?

- **Coverage** is a share. It is **wild** for some.
- **Look here**, please.

<details><summary>Hint</summary>A **hidden term** is folded.</details>

## FAQ
**Why?** Because of the **answer** of it."""
SECOND = """# 02 · One more
A **Generator** again, and **losses** too. (The **seed** decides all random numbers.) Li et al. (2017) have
a **kernel**."""


def lesson(number, text, needs=(), folder=Path("."), outputs=()):
    cells = [{"cell_type": "markdown", "metadata": {}, "source": [text]},
             {"cell_type": "code", "metadata": {}, "source": [], "outputs": list(outputs)}]
    about = {"lesson": number, "title": f"Title {number}", "part": 1, "minutes": 20, "makes": "something",
             "needs": list(needs), "presets": {}}
    return Lesson(folder / f"{number:02d}_x.ipynb", {"cells": cells, "metadata": {"gancourse": about}})


def test_a_term_is_what_stands_in_bold_within_a_sentence():
    """Not exercises, times, stressed heads of items, folded words, nor what the FAQ comes back to."""
    entries = glossary.entries([lesson(1, FIRST), lesson(2, SECOND)])
    terms = [(entry.lesson, entry.term) for entry in entries]
    assert terms == [(1, "coverage"), (1, "discriminator"), (1, "generator"), (2, "kernel"), (1, "loss"), (2, "seed"),
                     (1, "wild")]


def test_a_term_belongs_to_the_first_lesson_and_names_those_that_introduce_it_again():
    entries = {entry.term: entry for entry in glossary.entries([lesson(1, FIRST), lesson(2, SECOND)])}
    first = "A generator $G$ makes fakes, and a discriminator $D$ judges them."
    assert entries["generator"][1:] == (1, "Start", first, (2,))
    assert entries["loss"].section == "How they learn" and entries["loss"].later == (2,)
    assert entries["seed"].sentence == "The seed decides all random numbers."
    assert entries["kernel"].sentence == "Li et al. (2017) have a kernel."
    assert entries["wild"].sentence == "Coverage is a share. It is wild for some."


def test_a_lesson_asks_what_its_first_cell_and_its_sections_open_with():
    assert course_map.questions(lesson(1, FIRST)) == ["What does each of them make smaller?"]  # 3 words are no question
    assert course_map.questions(lesson(2, SECOND)) == []


def test_an_arrow_leads_from_the_nearest_lessons_only():
    needs = {1: set(), 2: {1}, 3: {1, 2}, 4: {1, 3}}
    assert [course_map.direct_needs(number, needs) for number in (1, 2, 3, 4)] == [[], [1], [2], [3]]


def test_headline_claims_are_those_that_stand_in_the_open(capsys):
    table = ClaimTable(own=True)
    table.exact("one & the same", 1, near=1, headline=True)
    table.exact("folded", 2, near=2)
    table.claim("too large", 9, below=5, headline=True)
    table.shown("recorded", 3)
    output = {"data": {"text/html": table._html(), "application/vnd.gancourse+json": table._stored()}}
    claims = course_map.headline_claims(lesson(1, FIRST, outputs=[output]))
    assert claims == [("one & the same", "= 1", 1, True), ("too large", "< 5", 9, False)]
    assert course_map.headline_claims(lesson(1, FIRST)) == []


def test_the_drawing_has_a_box_for_each_lesson_and_an_arrow_for_each_need():
    stops = course_map.stops([lesson(1, FIRST), lesson(2, SECOND, [1]), lesson(3, "# x", [1, 2]),
                              lesson(4, "# x", [2])])
    picture = drawing.svg(stops, ["The walk"])
    assert picture.count("<rect") == 4 and picture.count('class="arrow"') == 3 and 'href="#lesson-03"' in picture
    assert 'aria-label="What needs what. 02 needs 01; 03 needs 02; 04 needs 02"' in picture


@pytest.mark.parametrize("title, rows", [
    ("06 The game", ["06 The game"]), ("02 A first image GAN in TensorFlow", ["02 A first image GAN", "in TensorFlow"]),
    ("10 Conditional GANs and data augmentation and more", ["10 Conditional GANs", "and data augmentation…"]),
    ("x" * 30, ["x" * 22, "x" * 8])])
def test_a_long_title_breaks_into_two_lines(title, rows):
    assert drawing._broken(title) == rows and all(len(row) <= drawing.LETTERS for row in rows)


def test_both_files_hold_all_lessons_and_terms_and_lead_to_the_notebooks(tmp_path):
    (tmp_path / "notebooks").mkdir()
    lessons = [lesson(1, FIRST, folder=tmp_path / "notebooks"), lesson(2, SECOND, [1], folder=tmp_path / "notebooks")]
    for each in lessons:
        each.path.write_text("{}")
    text_path, page_path = pages.write(lessons, tmp_path / "build" / "map")
    text, page = text_path.read_text(), page_path.read_text()
    for target in re.findall(r"\]\(([^)#]+\.ipynb)", text):
        assert (text_path.parent / target).exists(), target
    assert "01 --> 02" in text and "### [02 Title 2](../../notebooks/02_x.ipynb)" in text
    assert "**loss**: Each has a loss, a number. ([01, How they learn](" in text
    assert "](../../notebooks/01_x.ipynb#How-they-learn); also 02)" in text
    assert "<svg" in page and "<math" in page and "MAP-DRAWING" not in page and "$G$" not in page
    assert not re.search(r"""(src|href)=["']https?:""", page) and "<script src" not in page


def test_the_command_writes_the_map_of_this_course(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["map", "--to", str(tmp_path)])
    assert stop.value.code is None
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "map.md"), str(tmp_path / "map.html")]
    text = (tmp_path / "map.md").read_text()
    for each in all_lessons():
        assert f"### [{each.about['lesson']:02d} {each.about['title']}](" in text
    terms = {entry.term.casefold() for entry in glossary.entries(all_lessons())}
    assert {"generator", "discriminator", "logit", "mode collapse", "wasserstein distance", "spectrogram"} <= terms
    assert len(terms) > 80 and all(len(course_map.headline_claims(each)) >= 3 for each in all_lessons())


def test_a_paragraph_splits_where_sentences_end_and_nowhere_else():
    text = "Odena et al. (2016) saw it. Is it .5? **Yes.** It is (as said.) And so on."
    assert prose.sentences(text) == ["Odena et al. (2016) saw it.", "Is it .5?", "**Yes.**", "It is (as said.)",
                                     "And so on."]
    assert prose.plain("- **A** [link](x.md) (see b).") == "A link (see b)."


def test_a_list_a_table_and_a_formula_are_not_one_paragraph():
    text = "One\ntwo.\n\n- a\n- b\n  c\n\n| x |\n|---|\n\n$$y$$\n"
    assert list(prose.paragraphs(text)) == ["One two.", "- a", "- b c"]
