"""What lesson 13 learns to write: the course's language, or a text of the reader's."""

import numpy as np
import pytest

from gancourse.course.studies.text import languages
from gancourse.data.synthetic import grammar


def test_each_seed_has_sentences_of_its_own_and_all_are_valid():
    language = languages.load("grammar", num=50, num_fresh=30, seeds=(0, 1, 2))
    assert [x.shape for x in language.train] == [(50, 12)] * 3 and language.fresh.shape == (30, 12)
    assert not (language.train[0] == language.train[1]).all()
    assert language.quality(language.train[0]).mean() == 1
    assert (language.fresh_log_p() == grammar.number_agreement().log_prob(language.fresh)).all()


def test_a_wrong_sentence_has_quality_0_and_its_wrong_word_is_named():
    language = languages.load("grammar", num=5, seeds=(0,))
    rows = np.concatenate([language.grammar.numbers("a dogs sleep ."), language.grammar.numbers("a dog sleeps .")])
    assert language.quality(rows).tolist() == [0, 1] and language.first_wrong(rows).tolist() == [1, -1]
    assert language.text(rows) == ["a dogs sleep .", "a dog sleeps ."]


def test_an_own_text_has_shares_and_no_known_mistakes(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("\n".join(f"the {a} eats {b}" for a in "abcdefghijklmnop" for b in "abcdefghijklmnop"))
    language = languages.load(f"file:{path}", num=100, seeds=(3, 4))
    assert language.grammar is None and len(language.train) == 2 and len(language.train[0]) == 100
    quality = language.quality(language.train[0])
    assert ((quality >= 0) & (quality <= 1)).all() and quality.mean() > 0.5
    assert (language.first_wrong(language.fresh) == -1).all() and not language.fresh_log_p().any()
    assert "held-out" in language.axes()[0]


def test_a_file_that_is_not_there_is_refused():
    with pytest.raises(FileNotFoundError):
        languages.load("file:none.txt")
