"""What lesson 13 learns to write: the course's own small language, or a text of the reader's.

In the course's language the probability of every sentence is known.  In a reader's text nobody
knows it; there the quality of a line is the share of its short pieces that held-out lines have too.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gancourse.data import texts
from gancourse.data.synthetic import agreement, grammar

TRAIN_SEED, FRESH_SEED = 1000, 500  # added to the seeds: training and fresh sentences differ
PIECE = {"words": 2, "characters": 4}  # units of the pieces that are compared


class Language(NamedTuple):
    """Sentences as rows of unit numbers; number 0 ends a sentence and fills its row."""

    units: tuple[str, ...]      # what each number stands for
    train: list[np.ndarray]     # for each seed (n, length) int64
    fresh: np.ndarray           # (m, length) int64, for measuring
    grammar: grammar.Grammar | None  # the language, where it is known
    unit: str                   # "words" or "characters"
    own: texts.Text | None      # the reader's text, where there is one

    def text(self, rows: np.ndarray) -> list[str]:
        """Return rows as sentences."""
        return (self.grammar or self.own).text(rows)

    def quality(self, rows: np.ndarray) -> np.ndarray:
        """Return for each row 1.0 if it is a sentence, else 0.0; in an own text a share, (n,)."""
        if self.grammar:
            return np.isfinite(self.grammar.log_prob(rows)).astype(float)
        return texts.overlap(rows, self.fresh, PIECE[self.unit])

    def fresh_log_p(self) -> np.ndarray:
        """Return the log-probability of each fresh sentence in nats; 0 where it is not known."""
        return self.grammar.log_prob(self.fresh) if self.grammar else np.zeros(len(self.fresh))

    def first_wrong(self, rows: np.ndarray) -> np.ndarray:
        """Return the place of each row's first wrong word, -1 where none is known."""
        if self.grammar:
            return agreement.first_wrong(self.grammar, rows)
        return np.full(len(rows), -1)

    def axes(self) -> tuple[str, str]:
        """Return the names of quality and of what is missing, for the axes of a plane."""
        if self.grammar:
            return "share of valid sentences", "KL(p, q) in nats"
        return "share of pieces that held-out lines have", "loss on held-out lines in nats"


def load(corpus: str, *, unit: str = "words", length: int = 20, num: int = 2000,
         num_fresh: int = 2000, seeds: Sequence[int] = (0,)) -> Language:
    """Return the language "grammar", with `num` training sentences a seed, or that of a file.

    `corpus` is "grammar" or "file:PATH"; `unit` and `length` are those of `texts.read`, whose
    errors are raised for a file that cannot be used.
    """
    if corpus == "grammar":
        language = grammar.number_agreement()
        train = [language.sample(num, TRAIN_SEED + seed) for seed in seeds]
        fresh = language.sample(num_fresh, FRESH_SEED + seeds[0])
        return Language(language.words, train, fresh, language, "words", None)
    own = texts.read(corpus, unit=unit, length=length, seed=seeds[0])
    return Language(own.units, [own.train[:num]] * len(seeds), own.held_out, None, unit, own)
