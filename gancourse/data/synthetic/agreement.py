"""Agreement over a distance in the small language of lesson 13: cases, and sentences that break it.

In "the dog that chases two cats sleeps ." the verb "sleeps" belongs to "dog", four words before it,
while the nearest noun, "cats", has the other number and misleads.  A writer that gets such verbs
right has learnt more than which words may stand side by side (Linzen et al. 2016).  Sentences are
rows of word numbers as in `grammar`; numbers of nouns and verbs are "sg" and "pl".
"""

from typing import NamedTuple

import numpy as np

from gancourse.data.synthetic.grammar import WORDS, Grammar
from gancourse.errors import CourseError, check_choice, check_range

INFLECTED = ("noun", "transitive", "intransitive")  # parts of speech that show their number
MISTAKES = ("any word", "a neighbour", "far apart")
OTHERS = {word: other  # each inflected word in the other number: "dog" -> "dogs", "sees" -> "see"
          for part in INFLECTED
          for one, two in (("sg", "pl"), ("pl", "sg"))
          for word, other in zip(WORDS[part][one], WORDS[part][two], strict=True)}


class Cases(NamedTuple):
    """Sentences with a subject, a verb, and perhaps a noun between them that misleads."""

    rows: np.ndarray      # (n, LENGTH) int64 word numbers
    subject: np.ndarray   # (n,) int64, the subject's place in its row
    verb: np.ndarray      # (n,) int64, the place of the verb that belongs to it
    singular: np.ndarray  # (n,) bool, whether both are singular


def find(language: Grammar, rows: np.ndarray, far: bool = True) -> Cases:
    """Return the sentences that test agreement.

    With `far` those whose verb stands behind a clause with a noun of the other number; without,
    those whose verb stands beside its subject.  Raises ValueError where there is none.
    """
    that = language.words.index("that")
    singular = numbers_of(language, "noun")
    cases = []
    for row in rows.tolist():
        subject = next(i for i, word in enumerate(row) if word in singular)
        is_singular = singular[row[subject]]
        if that not in row:
            if not far:
                cases.append((row, subject, subject + 1, is_singular))
        elif far and singular[row[subject + 4]] != is_singular:  # dog that chases two CATS sleeps
            cases.append((row, subject, subject + 5, is_singular))
    if not cases:
        raise CourseError("none of these sentences tests agreement; draw more of them")
    return Cases(*map(np.array, zip(*cases, strict=True)))


def numbers_of(language: Grammar, *parts: str) -> dict[int, bool]:
    """Return, for the words of these parts of speech, whether each is singular, by word number."""
    return {language.words.index(word): number == "sg"
            for part in parts for number in ("sg", "pl") for word in WORDS[part][number]}


def prefers_right(language: Grammar, cases: Cases, probabilities: np.ndarray) -> np.ndarray:
    """Return for each case whether verbs of the right number have more probability, bool (n,).

    `probabilities` (n, words) are those of the word at the verb's place, after the true beginning.
    """
    return right_share(language, cases, probabilities) > 0.5


def right_share(language: Grammar, cases: Cases, probabilities: np.ndarray) -> np.ndarray:
    """Return for each case the share of verbs of the right number among all verbs, (n,).

    `probabilities` are those of `prefers_right`.
    """
    number = numbers_of(language, "transitive", "intransitive")
    singular = probabilities[:, [word for word, is_one in number.items() if is_one]].sum(1)
    plural = probabilities[:, [word for word, is_one in number.items() if not is_one]].sum(1)
    return np.where(cases.singular, singular, plural) / (singular + plural)


def spoil(language: Grammar, row: np.ndarray, mistake: str, seed: int = 0) -> np.ndarray:
    """Return a copy of a sentence with one word replaced, so that the sentence is wrong.

    "any word" puts any word anywhere.  "a neighbour" gives a noun or a verb the other number, which
    does not fit the word beside it.  "far apart" does so to the verb behind a clause.  Raises
    ValueError where the sentence has no place for such a mistake.
    """
    check_choice("mistake", mistake, MISTAKES)
    words = language.text(row[None])[0].split()
    far = words.index("that") + 4 if "that" in words else -1  # the verb behind the clause
    if mistake == "any word":
        changes = [(i, word) for i in range(len(words) - 1) for word in language.words[1:]]
    else:
        places = range(len(words)) if mistake == "a neighbour" else [far]
        changes = [(i, OTHERS[words[i]]) for i in places if words[i] in OTHERS]
    for i, other in np.random.default_rng(seed).permutation(np.array(changes, object)):
        spoilt = np.array(row)
        spoilt[i] = language.words.index(other)
        wrong = first_wrong(language, spoilt[None])[0]
        beside = wrong in (i, i + 1) and wrong != far
        if wrong >= 0 and (beside if mistake == "a neighbour" else wrong <= i or beside):
            return spoilt
    raise CourseError(f"no place for the mistake {mistake!r} in: {' '.join(words)}")


def first_wrong(language: Grammar, rows: np.ndarray) -> np.ndarray:
    """Return the place of the first wrong word of each row, -1 for a sentence, int64 (n,)."""
    places = language.words_right(rows)
    return np.where(np.isfinite(language.log_prob(rows)), -1, places)


def quiz(language: Grammar, mistake: str, n: int = 8, seed: int = 0) -> np.ndarray:
    """Return n different sentences (n, LENGTH), half of them spoilt by the same kind of mistake.

    Each kind of mistake has sentences and an order of its own.
    "far apart" takes only sentences with a noun that misleads, so that the right ones are as hard
    as the wrong ones.  Raises ValueError for n < 2.
    """
    check_range("n", n, 2, 1000, include_low=True)
    check_choice("mistake", mistake, MISTAKES)
    rows = np.unique(language.sample(200 * n, seed), axis=0)
    if mistake == "far apart":
        rows = find(language, rows).rows
    rng = np.random.default_rng([seed, MISTAKES.index(mistake)])
    rows = rng.permutation(rows[(rows != 0).sum(1) >= 4])[:n]
    for i in range(n // 2):
        rows[i] = spoil(language, rows[i], mistake, seed + i)
    return rng.permutation(rows)
