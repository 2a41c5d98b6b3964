"""What lesson 13 draws and lists: tables, the plane's judgement, frames, and its study."""

import numpy as np
import pytest

from gancourse.course.studies.text import languages, text_pages, text_sweeps
from gancourse.data.synthetic import agreement


def test_a_point_is_beaten_by_a_temperature_that_is_no_worse_in_both():
    curve = np.array([[[0.5, 1.0], [0.5, 1.0]], [[0.9, 2.0], [0.7, 0.8]]])  # (temperatures, seeds, 2)
    points = np.array([[0.6, 1.5], [0.6, 0.9]])  # the first lies between two temperatures and is beaten by none
    assert text_pages.beaten(points, curve).tolist() == [False, True]


def test_a_table_has_means_and_every_seed():
    text = text_pages.in_markdown({"weak": np.array([[0.5, 1.0], [0.7, 3.0]])}, ("valid", "KL"), (4, 5))
    assert "valid (seeds 4, 5)" in text and "**0.60** (0.50, 0.70)" in text and "**2.00** (1.00, 3.00)" in text


def test_the_verbs_of_two_models_stand_beside_each_beginning():
    english = languages.load("grammar", num=1).grammar
    cases = agreement.find(english, english.numbers("a dog that chases two cats sleeps ."))
    right, wrong = np.full((2, 1, len(english.words)), 0.01)
    right[0, english.words.index("sleeps")], wrong[0, english.words.index("sleep")] = 0.9, 0.9
    html, plain = text_pages.agreement_table(english, cases, {"before": wrong, "after": right})
    assert "before: sleep ✗" in plain and "after: sleeps ✓" in plain and "a dog that chases two cats ..." in plain
    assert html.count("<tr>") == 2


def test_the_table_marks_the_number_that_has_more_probability():
    english = languages.load("grammar", num=1).grammar
    cases = agreement.find(english, english.numbers("a dog that chases two cats sleeps ."))
    expected = np.zeros((1, len(english.words)))
    for word, p in (("sleep", 0.4), ("sleeps", 0.35), ("sees", 0.25)):
        expected[0, english.words.index(word)] = p
    _, plain = text_pages.agreement_table(english, cases, {"x": expected})
    assert "sleeps ✓ 0.60" in plain  # as `prefers_right` counts it, though "sleep" is the likeliest verb


def test_there_is_an_image_for_each_state():
    language = languages.load("grammar", num=10, num_fresh=10)
    rows, places = language.train[0][:3], np.full((3, 2), 0.5)
    curves = {"weak MLE": np.full((2, 3, 2), 0.5)}
    assert len(text_pages.quiz_frames(language.grammar)) == 6
    assert len(text_pages.sentence_frames(language, {"x": rows, "y": rows}, 3)) == 2
    assert len(text_pages.training_frames(language, curves, {0: places, 5: places}, {0: rows, 5: rows})) == 2


def test_the_bar_of_the_right_verbs_grows_with_their_share():
    language = languages.load("grammar", num=10, num_fresh=10)
    rows, places = language.train[0][:3], np.full((3, 2), 0.5)
    both = {0: places, 5: places}, {0: rows, 5: rows}
    low, high = text_pages.training_frames(language, {"weak MLE": np.full((2, 3, 2), 0.5)}, *both, {0: 0.2, 5: 0.9})
    green = [(image == [0, 158, 115]).all(-1).sum() for image in (low, high)]  # the axes have no other green
    assert low.shape == high.shape and 4 < green[1] / green[0] < 5


def test_each_seed_of_each_model_is_a_mark_and_half_is_dotted(monkeypatch):
    shown = []
    monkeypatch.setattr(text_pages.plots, "finish", lambda fig, *, alt: shown.append(fig))
    text_pages.show_rule({"weak MLE": np.array([0.1, 0.5, 0.6]), "SeqGAN": np.array([1.0, 1.0, 0.9])}, 0.47, alt="x")
    (ax,) = shown[0].axes
    assert ax.get_title("left").endswith("always singular: 0.47")
    lines = [line.get_xdata() for line in ax.lines]
    assert [len(x) for x in lines] == [3, 3, 2] and list(lines[-1]) == [0.5, 0.5]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["weak MLE", "SeqGAN"]


def test_only_the_lines_that_are_named_have_texts_at_their_ends():
    fig, ax = text_pages.page(2, ["x"])
    curves = {name: np.array([[[0.2, 2.0]], [[0.8, 0.5]]]) for name in ("weak MLE", "SeqGAN")}
    text_pages.draw_curves(ax, curves, ("quality", "missing"), {"weak MLE": ("left", "right")})
    assert [text.get_text() for text in ax.texts] == ["left", "right"]
    text_pages.plots.plt.close(fig)


def test_twenty_typical_sentences_are_as_often_wrong_as_all():
    language = languages.load("grammar", num=100, num_fresh=10)
    rows = language.train[0].copy()
    rows[:40, 0] = 0  # 40 of 100 begin with the full stop, and are wrong
    twenty = text_pages.typical(language, rows, 20)
    assert (language.first_wrong(twenty) < 0).sum() == 12


def test_every_run_of_the_study_names_the_lesson_and_one_worker():
    commands = text_sweeps.commands()
    assert set(commands) == set(text_sweeps.SETTINGS)
    assert all(words[:3] == ["gancourse", "sweep", "13"] and "--workers" in words for words in commands.values())


def test_the_study_is_shown_a_run_a_column():
    row = {name: "0.5" for name in text_sweeps.COLUMNS} | {"setting": "x", "seed": "3"}
    lines = text_sweeps.in_markdown([row]).splitlines()
    assert lines[0] == "| | x (3 to 5) |" and lines[-1] == "| beaten by full | 0.50 |"
    assert text_sweeps.in_markdown([]) == ""


@pytest.mark.parametrize("name", text_sweeps.COLUMNS)
def test_the_stored_study_has_every_column(name):
    rows = text_sweeps.read()
    assert all(name in row for row in rows)
