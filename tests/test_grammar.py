"""The language of lesson 13: every probability, the entropy and the count are exact."""

import numpy as np
import pytest

from gancourse.data.synthetic.grammar import LENGTH, number_agreement

LANGUAGE = number_agreement()


def log_prob(text):
    return LANGUAGE.log_prob(LANGUAGE.numbers(text))[0]


def test_a_sentence_has_the_product_of_its_words_probabilities():
    """a: 4 of 13; no adjective .6; dog: 4 of 10 singular nouns; intransitive .3; sleeps: 2 of 3; full stop .5."""
    assert np.exp(log_prob("a dog sleeps .")) == pytest.approx(4 / 13 * 0.6 * 0.4 * 0.3 * 2 / 3 * 0.5)


def test_the_leaves_number_open_and_the_noun_decides_it():
    """After "the" all eight nouns may follow, 20 weights in all; the verb then agrees."""
    assert np.exp(log_prob("the dogs sing .")) == pytest.approx(4 / 13 * 0.6 * 4 / 20 * 0.3 * 1 / 3 * 0.5)
    assert log_prob("the dogs sings .") == -np.inf


@pytest.mark.parametrize("text", [
    "a dogs sleep .",                                   # determiner and noun
    "a dog sleep .",                                    # noun and verb
    "a dog that see a cat sleeps .",                    # noun and the clause's verb
    "a dog that sees two cats sleep .",                 # the verb after the clause: its subject is the dog
    "dog sleeps .", "a dog sees .", "a dog .",          # a part is missing
    "a dog sleeps", "a dog sleeps today again .",       # does not end; one adverb too many
])  # fmt: skip
def test_what_breaks_a_rule_is_impossible(text):
    row = LANGUAGE.numbers(text)
    if not text.endswith("."):
        row[0, len(text.split()) :] = LANGUAGE.words.index("today")
    assert LANGUAGE.log_prob(row)[0] == -np.inf


def test_what_stands_behind_the_full_stop_is_ignored():
    row = LANGUAGE.numbers("a dog sleeps .")
    row[0, 5] = 7
    assert LANGUAGE.log_prob(row)[0] == log_prob("a dog sleeps .")


def test_the_longest_sentence_has_twelve_words():
    longest = "the wild birds that see every child chase a small cat ."
    assert len(longest.split()) == LENGTH and np.isfinite(log_prob(longest))


def test_the_number_of_sentences_by_hand():
    """A phrase has no adjective or one of three; a clause is "that", one of two verbs, and a phrase without one."""
    phrases = 3 * 4 + 3 * 4                # (a, every, the) with 4 singular nouns, (two, some, the) with 4 plural ones
    verb_parts = 2 * 3 + 2 * phrases * 4   # 2 verbs with no adverb or one of two; 2 verbs with an object
    assert LANGUAGE.num_sentences() == phrases * 4 * (1 + 2 * phrases) * verb_parts == 931_392


def test_samples_are_valid_and_their_mean_log_probability_is_the_entropy():
    log_p = LANGUAGE.log_prob(LANGUAGE.sample(20_000, seed=3))
    assert np.isfinite(log_p).all()
    assert -log_p.mean() == pytest.approx(LANGUAGE.entropy(), abs=4 * log_p.std() / 20_000**0.5)


def test_frequencies_of_a_sample_are_the_probabilities():
    texts = LANGUAGE.text(LANGUAGE.sample(50_000, seed=4))
    for text in ("a dog sleeps .", "the dogs sleep ."):
        p = np.exp(log_prob(text))
        assert texts.count(text) / 50_000 == pytest.approx(p, abs=4 * (p / 50_000) ** 0.5)


def test_all_continuations_add_up_to_one():
    assert LANGUAGE.prob.sum(1) == pytest.approx(1)
    assert ((LANGUAGE.follow >= 0) <= (LANGUAGE.prob > 0)).all()


def test_the_first_wrong_word_is_found():
    rows = np.concatenate([LANGUAGE.numbers(t) for t in
                           ("a dog sleeps .", "a dog sleep .", "a dogs sleep .", "a dog that sees two cats sleep .")])
    assert LANGUAGE.words_right(rows).tolist() == [4, 2, 1, 6]


def test_text_and_numbers_are_each_others_inverse():
    rows = LANGUAGE.sample(50, seed=5)
    assert (np.concatenate([LANGUAGE.numbers(t) for t in LANGUAGE.text(rows)]) == rows).all()


def test_the_same_seed_gives_the_same_sentences():
    assert (LANGUAGE.sample(9, seed=1) == LANGUAGE.sample(9, seed=1)).all()
    assert (LANGUAGE.sample(9, seed=1) != LANGUAGE.sample(9, seed=2)).any()


@pytest.mark.parametrize("call, message", [
    (lambda: LANGUAGE.sample(0), "n=0 is out of range"),
    (lambda: LANGUAGE.numbers("a dgo sleeps ."), "no word 'dgo'; it has: . a every"),
    (lambda: LANGUAGE.numbers("a " * 13), "this one has 13"),
    (lambda: LANGUAGE.log_prob(np.full((2, 12), 28)), "word numbers must be 0 to 27; got 28 to 28"),
    (lambda: LANGUAGE.log_prob(np.zeros(12, int)), "rows of word numbers"),
    (lambda: LANGUAGE.text(np.zeros((1, 12))), "got float64"),
])  # fmt: skip
def test_nonsense_is_refused_with_a_word_on_what_fits(call, message):
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        call()
