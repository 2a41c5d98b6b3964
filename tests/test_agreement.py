"""Agreement over a distance: the cases, the mistakes of the quiz, and what counts as right."""

import numpy as np
import pytest

from gancourse.data.synthetic import agreement, grammar

ENGLISH = grammar.number_agreement()


def row(text):
    return ENGLISH.numbers(text)


def test_a_far_case_has_a_verb_behind_a_clause_whose_noun_misleads():
    rows = np.concatenate([row("a dog that chases two cats sleeps ."), row("a dog that chases a cat sleeps ."),
                           row("two small dogs that see the bird sing today ."), row("a dog sleeps .")])
    cases = agreement.find(ENGLISH, rows)
    assert cases.subject.tolist() == [1, 2] and cases.verb.tolist() == [6, 7]
    assert cases.singular.tolist() == [True, False]
    assert [ENGLISH.words[r[v]] for r, v in zip(cases.rows, cases.verb, strict=True)] == ["sleeps", "sing"]


def test_a_near_case_has_its_verb_beside_the_subject():
    cases = agreement.find(ENGLISH, row("the wild cats see a bird ."), far=False)
    assert (cases.subject[0], cases.verb[0], cases.singular[0]) == (2, 3, False)


def test_without_a_case_there_is_an_error():
    with pytest.raises(ValueError, match="none of these"):
        agreement.find(ENGLISH, row("a dog sleeps ."))


def test_the_right_number_is_preferred_by_all_its_verbs_together():
    cases = agreement.find(ENGLISH, row("a dog that chases two cats sleeps ."))
    p = np.zeros((1, len(ENGLISH.words)))
    p[0, [ENGLISH.words.index(word) for word in ("sleeps", "sees", "sleep")]] = 0.3, 0.25, 0.45
    assert agreement.prefers_right(ENGLISH, cases, p).tolist() == [True]  # .55 against .45
    assert agreement.right_share(ENGLISH, cases, p) == pytest.approx([0.55])
    p[0, ENGLISH.words.index("see")] = 0.2
    assert agreement.prefers_right(ENGLISH, cases, p).tolist() == [False]


@pytest.mark.parametrize("mistake", agreement.MISTAKES)
@pytest.mark.parametrize("seed", range(5))
def test_half_of_a_quiz_is_wrong_in_the_way_that_it_says(mistake, seed):
    rows = agreement.quiz(ENGLISH, mistake, 10, seed)
    wrong = agreement.first_wrong(ENGLISH, rows)
    assert (wrong >= 0).sum() == 5
    for sentence, place in zip(ENGLISH.text(rows), wrong, strict=True):
        words = sentence.split()
        if place >= 0 and mistake == "far apart":
            assert place == words.index("that") + 4
        if place >= 0 and mistake == "a neighbour":
            assert "that" not in words or place != words.index("that") + 4


def test_each_round_of_the_quiz_has_its_own_sentences_and_places():
    rounds = [agreement.quiz(ENGLISH, mistake, 8, 7) for mistake in agreement.MISTAKES]
    texts = [text for rows in rounds for text in ENGLISH.text(rows)]
    assert len(set(texts)) == 24
    assert len({tuple(agreement.first_wrong(ENGLISH, rows) >= 0) for rows in rounds}) == 3


def test_a_spoilt_sentence_differs_in_one_word_and_is_repeatable():
    right = row("two big dogs that chase a child see a dog .")[0]
    spoilt = agreement.spoil(ENGLISH, right, "far apart")
    assert ENGLISH.text(spoilt[None]) == ["two big dogs that chase a child sees a dog ."]
    assert (agreement.spoil(ENGLISH, right, "any word", 3) == agreement.spoil(ENGLISH, right, "any word", 3)).all()


def test_a_sentence_without_a_clause_cannot_be_spoilt_far_apart():
    with pytest.raises(ValueError, match="no place"):
        agreement.spoil(ENGLISH, row("a dog sleeps .")[0], "far apart")


def test_the_first_wrong_word_is_named_and_a_sentence_has_none():
    rows = np.concatenate([row("a dogs sleep ."), row("a dog sleeps .")])
    assert agreement.first_wrong(ENGLISH, rows).tolist() == [1, -1]
