"""Two languages of one world, and a dictionary that nobody wrote: facts that can be checked by hand."""

import numpy as np
import pytest

from gancourse.course.studies.text import two_languages, word_translation, word_translation_figures
from gancourse.course.studies.text.word_translation import csls, mutual, procrustes, random_maps, refine


@pytest.fixture(scope="module")
def pair():
    return two_languages.make_pair(0, num=2000)


def test_language_a_puts_the_verb_between_and_b_at_the_end(pair):
    verbs = range(two_languages.FIRST["V"], two_languages.FIRST["A"])
    assert set(pair.a[:, 3]) <= set(verbs)
    assert set(pair.b[:, -1]) <= set(pair.truth[list(verbs)])


def test_only_what_can_eat_eats_and_only_food_is_eaten(pair):
    kind = dict(zip(pair.words_a, two_languages.KINDS, strict=False))
    eating = pair.a[pair.a[:, 3] == pair.words_a.index("eats")]
    assert {kind[pair.words_a[k]] for k in eating[:, 2]} <= {"person", "animal"}
    assert {kind[pair.words_a[k]] for k in eating[:, 6]} == {"food"}


def test_the_dictionary_pairs_every_word_with_one_other_and_no_word_is_in_both(pair):
    assert sorted(pair.truth) == list(range(132))
    assert len({*pair.words_a, *pair.words_b}) == 264


def test_shuffling_leaves_frequencies_and_lengths(pair):
    shuffled = two_languages.make_pair(0, num=2000, shuffled=True).b
    assert np.array_equal(shuffled < 0, pair.b < 0) and not np.array_equal(shuffled, pair.b)
    assert np.array_equal(two_languages.frequencies(shuffled, 132), two_languages.frequencies(pair.b, 132))


def test_company_is_counted_over_empty_places():
    sentences = np.array([[0, -1, 1, 2]])
    assert np.array_equal(two_languages.company(sentences, 3, window=1), [[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    assert two_languages.company(sentences, 3, window=2)[0, 2] == 1


def test_words_that_always_meet_and_no_others_have_a_ppmi_of_log_two():
    assert np.allclose(two_languages.ppmi(np.array([[0, 4], [4, 0]])), [[0, np.log(2)], [np.log(2), 0]])
    assert np.allclose(two_languages.ppmi(np.full((2, 2), 3)), 0)


def test_procrustes_finds_the_rotation_that_was_made():
    W = random_maps(1, 4, seed=0)[0]
    x = np.random.default_rng(1).normal(size=(20, 4))
    assert np.allclose(W @ W.T, np.eye(4))
    assert np.allclose(procrustes(x, x @ W), W)


def test_csls_takes_the_mean_of_the_nearest_from_twice_the_cosine():
    x, y = np.eye(2), np.array([[1.0, 0.0], [0.6, 0.8]])
    assert np.allclose(csls(x, y, k=1), [[2 - 1 - 1, 1.2 - 1 - 0.8], [0 - 0.8 - 1, 1.6 - 0.8 - 0.8]])


def test_mutual_translations_are_each_others_best():
    rows, columns = mutual(np.array([[3, 1, 0], [2, 0, 1], [0, 1, 2]]))  # word 1 prefers 0, who prefers 0
    assert rows.tolist() == [0, 2] and columns.tolist() == [0, 2]


def test_a_turned_language_is_recovered_from_a_few_true_pairs():
    x = np.random.default_rng(0).normal(size=(60, 5))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    W = random_maps(1, 5, seed=3)[0]
    assert np.allclose(refine(x, x @ W, procrustes(x[:8], x[:8] @ W)), W)


def test_the_game_keeps_its_maps_orthogonal_and_is_the_same_again(pair):
    v = word_translation.vectors_of(pair)
    starts = random_maps(3, 6, seed=0)
    maps, seen = word_translation.play(v, starts, steps=4, looks=(0, 2))
    assert np.allclose(maps @ maps.transpose(0, 2, 1), np.eye(6), atol=1e-3)
    assert len(seen) == 3 and np.allclose(seen[0], starts, atol=1e-6)
    assert not np.allclose(maps, starts, atol=1e-3)
    assert np.array_equal(maps, word_translation.play(v, starts, steps=4)[0])


def test_among_starts_the_largest_criterion_is_in_the_table():
    results = [word_translation.Outcome(np.eye(2), 0.1, *numbers) for numbers in ((0.9, 0.5), (0.2, 0.7))]
    row = word_translation.row_of("other topics", 0, "game", 1.0, results)
    assert (row["accuracy"], row["criterion"], row["reached"], row["starts"]) == ("0.2000", "0.7000", 1, 2)


def test_the_stored_table_has_every_way_for_every_pair():
    rows = word_translation.stored_table.read(word_translation.HERE / word_translation.FILES["words"])
    assert len(rows) == 7 * sum(num for _, num in word_translation.CONDITIONS.values())
    assert word_translation_figures.in_markdown(rows).count("\n") == 8
    assert len(word_translation_figures.read_clouds()["chosen"]) == len(word_translation_figures.moments())
