"""Answers that are alike are shown, and those that an exercise makes alike are not."""

import csv
import json
import random
import re

import pytest
from test_class_marks import LESSON, a_class, exercise, put

from gancourse.course.classroom.marks import shapes, similar
from gancourse.errors import CourseError

COPIED = """
def w1_gradient(real, fake):
    order = np.argsort(fake)
    partner = np.sort(real)
    slopes = np.zeros_like(fake)
    for place in range(len(fake)):
        distance = fake[order[place]] - partner[place]
        if distance > 0:
            slopes[order[place]] = 1 / len(fake)
        elif distance < 0:
            slopes[order[place]] = -1 / len(fake)
    return slopes
"""
DISGUISED = '''
# my own solution, by me
def w1_gradient(a, b):
    """What G gets."""
    o = np.argsort(b)   # sort first
    p = np.sort( a )

    s: np.ndarray = np.zeros_like(b)
    for i in range(len(b)):
        d = (b[o[i]]
             - p[i])
        # above?
        if d > 0:
            s[o[i]] = 1 / len(b)
        elif d < 0:  # below
            s[o[i]] = -1 / len(b)
    return s
'''
INDEPENDENT = """
def w1_gradient(real, fake):
    slopes = []
    ranked = sorted(real)
    for value in fake:
        rank = sum(other < value for other in fake)
        slopes.append(1.0 if value > ranked[rank] else -1.0)
    return np.array(slopes) / fake.size
"""
USUAL = """
def w1_gradient(real, fake):
    rank = np.argsort(np.argsort(fake))
    partner = np.sort(real)[rank]
    to_the_right = fake > partner
    to_the_left = fake < partner
    slopes = np.zeros(len(fake))
    slopes[to_the_right] = 1
    slopes[to_the_left] = -1
    return slopes / len(fake)
"""


def words(source, **how):
    """The words of a shape without their lines."""
    return [word.text for word in shapes.shape(source, **how)]


def unrelated(seed):
    """A function of random statements: two of them share nothing of length but its first line."""
    choose = random.Random(seed)

    def value(depth):
        if depth == 0:
            return choose.choice(["x", "y", "t", str(choose.randrange(1, 99))])
        form = choose.choice(["({} + {})", "({} * {})", "np.maximum({}, {})", "np.where({} > 0, {}, 1)", "abs({} - {})",
                              "({} / {})"])
        return form.format(value(depth - 1), value(depth - 1))

    lines = [f"    t = {value(3)}" for _ in range(5)]
    return "\n".join(["def w1_gradient(x, y):", "    t = 0", *lines, "    return t"])


# shapes

def test_a_shape_forgets_names_comments_docstrings_annotations_and_layout():
    assert words(COPIED) == words(DISGUISED)


def test_a_shape_keeps_what_the_answer_does_not_name_itself():
    assert "Attribute argsort" in words(COPIED)
    assert "Name np" in words(COPIED)
    assert words("def f(x): return np.sort(x)") != words("def f(x): return np.argsort(x)")
    assert words("def f(x): return x + 1") != words("def f(x): return x + 2")
    assert words("def f(x): return x + 1") != words("def f(x): return x - 1")
    assert words("def f(x): return x < 1") != words("def f(x): return x > 1")


def test_numbered_variables_tell_exchanged_ones_apart_but_not_renamed_ones():
    first, exchanged, renamed = (f"def f(p, q):\n    {name} = p\n    return {rest}" for name, rest in
                                 (("a", "a - q"), ("a", "q - a"), ("b", "b - q")))
    assert words(first) == words(exchanged)
    assert words(first, numbered=True) != words(exchanged, numbered=True)
    assert words(first, numbered=True) == words(renamed, numbered=True)


def test_two_texts_with_enough_words_in_common_share_a_fingerprint():
    """Winnowing promises it for RUN + WINDOW - 1 words, wherever they stand."""
    choose = random.Random(1)
    for _ in range(200):
        common = [shapes.Word(str(choose.random()), 1) for _ in range(shapes.RUN + shapes.WINDOW - 1)]
        texts = []
        for _ in range(2):
            around = [[shapes.Word(str(choose.random()), 1) for _ in range(choose.randrange(30))] for _ in range(2)]
            texts.append(around[0] + common + around[1])
        first, second = map(shapes.fingerprints, texts)
        assert set(first) & set(second)


def test_shorter_runs_in_common_are_noise():
    common = [shapes.Word(str(i), 1) for i in range(shapes.RUN - 1)]
    first, second = (shapes.fingerprints([shapes.Word(name * 3, 1), *common, shapes.Word(name, 1)]) for name in "ab")
    assert first
    assert not set(first) & set(second)


def test_what_is_no_python_loses_its_comments_only():
    assert shapes.without_comments("def f(x:  # by Anna\n\n    return x") == "def f(x:\n    return x"
    assert shapes.without_comments('def f(x):\n    """By Anna."""\n    return x  # Anna') == "def f(x):\n    return x"


# pairs

def a_class_of(usual=0, others=0, **answers):
    """Answers by key: the usual one several times, unrelated ones, and the given ones."""
    everyone = {f"u{i}": USUAL for i in range(usual)}
    return everyone | {f"o{i:03d}": unrelated(i) for i in range(others)} | answers


def pairs(answers, given=frozenset()):
    """The pairs that are alike, by key."""
    return [(pair.first, pair.second) for pair in similar.compare("05.1", answers, given).pairs]


def test_renamed_variables_and_other_comments_are_seen_through():
    compared = similar.compare("05.1", a_class_of(others=10, s1=COPIED, s2=DISGUISED))
    (pair,) = compared.pairs
    assert (pair.first, pair.second, pair.share) == ("s1", "s2", 1.0)
    loop_begins = [source.split("\n").index(line) + 1 for source, line in (
        (COPIED, "    for place in range(len(fake)):"), (DISGUISED, "    for i in range(len(b)):"))]
    assert all(line in lines for line, lines in zip(loop_begins, pair.lines, strict=True))
    comment = DISGUISED.split("\n").index("        # above?") + 1
    assert comment not in pair.lines[1]


def test_a_copy_that_is_wrapped_in_own_lines_is_alike():
    wrapped = COPIED.replace("    return", "    for i in range(3):\n        print(i, slopes.mean())\n    return")
    assert pairs(a_class_of(others=10, s1=COPIED, s2=wrapped)) == [("s1", "s2")]


def test_independent_right_answers_are_not_alike():
    assert pairs(a_class_of(others=10, s1=COPIED, s2=INDEPENDENT, s3=USUAL)) == []


def test_what_half_of_the_class_has_written_does_not_count():
    assert pairs(a_class_of(usual=10, others=10, s1=COPIED, s2=DISGUISED)) == [("s1", "s2")]


def test_the_usual_answer_counts_where_only_two_have_it():
    assert pairs(a_class_of(usual=2, others=10)) == [("u0", "u1")]


def test_what_the_course_has_written_does_not_count():
    given = {value for value, _ in shapes.runs(shapes.shape(COPIED))}
    assert pairs(a_class_of(others=10, s1=COPIED, s2=DISGUISED), given) == []


def test_short_answers_are_not_compared_and_counted():
    short = "def w1_gradient(real, fake):\n    return np.sign(fake - np.sort(real)) / 7777"
    compared = similar.compare("05.1", a_class_of(others=10, s1=short, s2=short, s3="def f(:"))
    assert (compared.pairs, compared.answers, compared.short, compared.unread) == ([], 10, 2, 1)


@pytest.mark.parametrize("others", [0, 1, 3])
def test_a_class_of_less_than_six_shows_no_pairs(others):
    assert pairs(a_class_of(others=others, s1=COPIED, s2=DISGUISED)) == []


def test_answers_that_cannot_be_read_break_nothing():
    odd = {"s1": "", "s2": "\x00", "s3": "x = " + "(" * 3000, "s4": "f" * 10, "s5": "x = " + "-" * 100_000 + "1"}
    assert similar.compare("05.1", odd).pairs == []


# the page

@pytest.fixture
def big_class(tmp_path):
    """200 students by 4 exercises, all of their own, but s7 and s8 in 05.2 and three in 05.4."""
    roster = "id,name,email,group,pseudonym\n" + "".join(f"s{i},Anna Secret{i},,," + "\n" for i in range(200))
    folder = a_class(tmp_path, roster=roster)
    for i in range(200):
        answers = [unrelated(1000 * e + i) for e in range(4)]
        if i in (7, 8):
            answers[1] = COPIED if i == 7 else DISGUISED
        if i in (20, 30, 40):
            answers[3] = USUAL.replace("rank", f"rank{i}")
        put(folder, f"s{i}", *[exercise(f"05.{e + 1}", answer=answer) for e, answer in enumerate(answers)])
    return folder


def test_in_a_class_of_200_exactly_the_planted_pairs_are_on_the_page(big_class):
    page, table, count = similar.similar(big_class, LESSON)
    assert (page.name, table.name) == (f"similar_{LESSON}.html", f"similar_{LESSON}.csv")
    rows = list(csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["exercise"], row["first"], row["second"]) for row in rows] == [
        ("05.2", "s7", "s8"), ("05.4", "s20", "s30"), ("05.4", "s20", "s40"), ("05.4", "s30", "s40")]
    assert count == 4
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"<h3>(.*?)</h3>", text) == ["s7 and s8", "s20 and s30", "s20 and s40", "s30 and s40"]
    assert "not a verdict" in text
    assert "few ways to\nbe right" in text
    assert "Secret" not in text + table.read_text(encoding="utf-8-sig")
    assert not re.findall(r"https?://|<script|src=", text)
    assert '<span class="hll">' in text


def test_the_lessons_own_code_is_read_from_the_release(tmp_path):
    folder = a_class(tmp_path)
    cells = [{"cell_type": "code", "metadata": {}, "source": [text]} for text in ("%pip install x", COPIED)]
    notebook = {"cells": cells, "metadata": {"gancourse": {"lesson": 5}}}
    folder.release(LESSON).parent.mkdir(parents=True)
    folder.release(LESSON).write_text(json.dumps(notebook), encoding="utf-8")
    for key, answer in a_class_of(others=10, s1=COPIED, s2=DISGUISED).items():
        put(folder, key, exercise(answer=answer))
    _, _, count = similar.similar(folder, LESSON)
    assert count == 0


def test_an_answer_cannot_write_into_the_page(tmp_path):
    folder = a_class(tmp_path)
    bad = COPIED + "    '<script>alert(1)</script>'\n"
    for key, answer in a_class_of(others=10, s1=bad, s2=bad).items():
        put(folder, key, exercise(answer=answer))
    page, _, _ = similar.similar(folder, LESSON)
    assert "<script" not in page.read_text(encoding="utf-8")


def test_where_nothing_is_graded_similar_names_the_command(tmp_path):
    with pytest.raises(CourseError, match="gancourse class grade 05"):
        similar.similar(a_class(tmp_path), LESSON)
