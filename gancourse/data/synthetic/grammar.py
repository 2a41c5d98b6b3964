"""A small language whose every sentence has a known probability (lesson 13).

The language is a finite automaton: in each state a few words may follow, each with a known
probability, and the word decides the next state.  So drawing a sentence is a walk, and its
probability is a product of numbers that stand in a table.  The states remember the number of the
subject, also across a relative clause: "a dog that chases two cats sleeps ."  Sentences are rows of
word numbers; word 0 is the full stop and ends them.
"""

from typing import NamedTuple

import numpy as np

from gancourse.errors import CourseError, check_range

LENGTH = 12  # words of the longest sentence, the full stop included
WORDS = {  # part of speech: words of each number with their weights; "" where number does not show
    "determiner": {"sg": {"a": 4, "every": 1}, "pl": {"two": 2, "some": 2}, "": {"the": 4}},
    "adjective": {"": {"small": 3, "big": 2, "wild": 1}},
    "noun": {"sg": {"dog": 4, "cat": 3, "bird": 2, "child": 1},
             "pl": {"dogs": 4, "cats": 3, "birds": 2, "children": 1}},
    "that": {"": {"that": 1}},
    "transitive": {"sg": {"sees": 3, "chases": 1}, "pl": {"see": 3, "chase": 1}},
    "intransitive": {"sg": {"sleeps": 2, "sings": 1}, "pl": {"sleep": 2, "sing": 1}},
    "adverb": {"": {"today": 2, "again": 1}},
    "stop": {"": {".": 1}},
}
PLAN = {  # what stands before: what may follow, how often, and what then stands before
    "nothing": [("determiner", 1, "the subject's determiner")],
    "the subject's determiner": [("adjective", 0.4, "the subject's adjective"),
                                 ("noun", 0.6, "the subject")],
    "the subject's adjective": [("noun", 1, "the subject")],
    "the subject": [("that", 0.4, "that"), ("transitive", 0.3, "the verb"),
                    ("intransitive", 0.3, "the last verb")],
    "that": [("transitive", 1, "the clause's verb")],
    "the clause's verb": [("determiner", 1, "the clause's determiner")],
    "the clause's determiner": [("noun", 1, "the clause")],
    "the clause": [("transitive", 0.5, "the verb"), ("intransitive", 0.5, "the last verb")],
    "the verb": [("determiner", 1, "the object's determiner")],
    "the object's determiner": [("adjective", 0.4, "the object's adjective"),
                                ("noun", 0.6, "the last word")],
    "the object's adjective": [("noun", 1, "the last word")],
    "the last verb": [("adverb", 0.5, "the last word"), ("stop", 0.5, "nothing")],
    "the last word": [("stop", 1, "nothing")],
}


class State(NamedTuple):
    """What has to be known of a sentence so far, to say what may follow."""

    before: str   # what stands before: a key of PLAN
    subject: str  # the subject's number, "sg" or "pl"; "" where no verb needs it
    phrase: str   # the number that the open phrase's determiner asks for; "" for any


class Grammar(NamedTuple):
    """A weighted automaton: state and word decide the next state; state 0 begins a sentence."""

    words: tuple[str, ...]  # words[0] is "."
    prob: np.ndarray        # (states, words) float64, how often each word follows; rows sum to 1
    follow: np.ndarray      # (states, words) int64, the next state; -1: the end, or a wrong word

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """Return n sentences, int64 (n, LENGTH), 0 from the full stop on.

        Raises ValueError for n < 1.
        """
        check_range("n", n, 1, 10**9, include_low=True)
        draws = np.random.default_rng(seed).random((n, LENGTH))
        sentences = np.zeros((n, LENGTH), np.int64)
        state = np.zeros(n, np.int64)
        below = self.prob.cumsum(1) / self.prob.sum(1, keepdims=True)
        for t in range(LENGTH):
            going = np.flatnonzero(state >= 0)
            word = (draws[going, t, None] >= below[state[going]]).sum(1)
            sentences[going, t] = word
            state[going] = self.follow[state[going], word]
        return sentences

    def log_prob(self, sentences: np.ndarray) -> np.ndarray:
        """Return the natural logarithm of each sentence's probability, float64 (n,).

        It is -inf where a row is no sentence.  What stands behind the first full stop is ignored.
        Raises ValueError for word numbers out of range.
        """
        sentences = self._checked(sentences)
        state = np.zeros(len(sentences), np.int64)
        total = np.zeros(len(sentences))
        for word in sentences.T:
            going = np.flatnonzero(state >= 0)
            with np.errstate(divide="ignore"):
                total[going] += np.log(self.prob[state[going], word[going]])
            state[going] = self.follow[state[going], word[going]]
        return np.where(state >= 0, -np.inf, total)  # a row that does not end is no sentence

    def words_right(self, sentences: np.ndarray) -> np.ndarray:
        """Return how many words of each sentence come before the first wrong one, int64 (n,)."""
        sentences = self._checked(sentences)
        state = np.zeros(len(sentences), np.int64)
        right = np.zeros(len(sentences), np.int64)
        for word in sentences.T:
            allowed = (state >= 0) & (self.prob[state, word] > 0)
            right += allowed
            state = np.where(allowed, self.follow[state, word], -1)
        return right

    def entropy(self) -> float:
        """Return the mean of -log_prob over the language, in nats, exactly.

        It is the sum, over the states, of expected visits times the entropy of the next word.
        """
        num_states = len(self.prob)
        step = np.zeros((num_states, num_states))  # the probability of each step between states
        for state, row in enumerate(self.follow):
            np.add.at(step[state], row[row >= 0], self.prob[state, row >= 0])
        identity = np.eye(num_states)
        visits = np.linalg.solve(identity - step.T, identity[0])
        safe = np.where(self.prob > 0, self.prob, 1)
        return float(-visits @ (safe * np.log(safe)).sum(1))

    def num_sentences(self) -> int:
        """Return how many different sentences there are."""
        ways = np.zeros(len(self.prob), np.int64)  # to go on from each state, within so many words
        for _ in range(LENGTH):
            ways_after = np.where(self.follow >= 0, ways[self.follow], 1)
            ways = ((self.prob > 0) * ways_after).sum(1)
        return int(ways[0])

    def text(self, sentences: np.ndarray) -> list[str]:
        """Return sentences as text, to the full stop where there is one."""
        texts = []
        for row in self._checked(sentences):
            before, stop, _ = " ".join(self.words[word] for word in row).partition(" .")
            texts.append(before + stop)
        return texts

    def numbers(self, text: str) -> np.ndarray:
        """Return a sentence such as "the dog sleeps ." as word numbers, int64 (1, LENGTH).

        Raises ValueError for a word that the language lacks and for more than LENGTH words.
        """
        parts = text.split()
        for part in parts:
            if part not in self.words:
                raise CourseError(f"the language has no word {part!r}; it has: "
                                  f"{' '.join(self.words)}")
        if not 0 < len(parts) <= LENGTH:
            raise CourseError(f"a sentence has 1 to {LENGTH} words, the full stop included; this "
                              f"one has {len(parts)}")
        row = np.zeros((1, LENGTH), np.int64)
        row[0, : len(parts)] = [self.words.index(part) for part in parts]
        return row

    def _checked(self, sentences: np.ndarray) -> np.ndarray:
        """The sentences as an array, if it is (n, length) of word numbers; else CourseError."""
        sentences = np.asarray(sentences)
        if sentences.ndim != 2 or not np.issubdtype(sentences.dtype, np.integer):
            raise CourseError("sentences must be rows of word numbers, an integer array of shape "
                              f"(n, length); got {sentences.dtype} of shape {sentences.shape}")
        if sentences.size and not 0 <= sentences.min() <= sentences.max() < len(self.words):
            raise CourseError(f"word numbers must be 0 to {len(self.words) - 1}; "
                              f"got {sentences.min()} to {sentences.max()}")
        return sentences


def number_agreement() -> Grammar:
    """Return English in miniature: determiners agree with nouns, verbs with subjects, in number."""
    listed = [word for part in WORDS.values() for group in part.values() for word in group]
    words = list(dict.fromkeys([".", *listed]))  # the full stop first
    states = [State("nothing", "", "")]
    prob = []
    follow = []
    for state in states:  # the list grows while it is walked
        row_prob = np.zeros(len(words))
        row_follow = np.full(len(words), -1)
        for part, share, goal in PLAN[state.before]:
            steps = _steps(state, part, goal)
            total = sum(weight for _, weight, _ in steps)
            for word, weight, after in steps:
                i = words.index(word)
                row_prob[i] = share * weight / total
                if after not in states:
                    states.append(after)
                if part != "stop":
                    row_follow[i] = states.index(after)
        prob.append(row_prob)
        follow.append(row_follow)
    return Grammar(tuple(words), np.array(prob), np.array(follow))


def _steps(state: State, part: str, goal: str) -> list[tuple[str, int, State]]:
    """The words of a part of speech that agree, each with its weight and the state after it."""
    steps = []
    for number, group in WORDS[part].items():
        after = _after(state, part, number, goal)
        if after:
            steps += [(word, weight, after) for word, weight in group.items()]
    return steps


def _after(state: State, part: str, number: str, goal: str) -> State | None:
    """The state after a word of this part of speech and number, None where it would not agree."""
    subject, phrase = state.subject, state.phrase
    if part == "determiner":
        phrase = number
    elif part == "noun":
        if phrase not in ("", number):
            return None
        phrase = ""
        if state.before.startswith("the subject"):
            subject = number
    elif part in ("transitive", "intransitive"):
        if number != subject:
            return None
        if state.before != "that":  # after the main verb nothing depends on the subject
            subject = ""
    return State(goal, subject, phrase)
