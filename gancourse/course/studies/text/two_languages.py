"""Two languages that say the same things: made-up worlds for lesson 13's dictionary.

Both languages have the same 132 meanings, and in both the same things tend to happen: who eats
what, who is hungry, what lies where.  Language A is written in English words, language B in words
made of random syllables, with the verb at the end, adjectives behind their nouns and other topics.
Sentences are rows of word numbers, -1 where a place is left empty.
"""

from typing import NamedTuple

import numpy as np

NOUNS = {
    "person": "child woman man farmer teacher doctor king sailor cook painter girl boy nurse judge "
              "baker guest thief singer friend queen",
    "animal": "dog cat bird horse fish cow mouse lion sheep goat duck fox bear frog",
    "food": "bread apple cheese rice soup cake honey egg nut",
    "thing": "knife hammer rope wheel lamp pen",
    "place": "house garden river forest market school bridge road field tower shop park"}
VERBS = {  # who does it, to what
    "eats": ("person animal", "food"), "cooks": ("person", "food"),
    "buys": ("person", "food thing animal"), "sells": ("person", "food thing animal"),
    "carries": ("person animal", "thing food"), "chases": ("animal person", "animal"),
    "fears": ("person animal", "animal person"),
    "loves": ("person animal", "person animal food place"), "teaches": ("person", "person"),
    "visits": ("person", "place person"), "paints": ("person", "place animal thing person"),
    "builds": ("person", "place thing"), "mends": ("person", "thing place"),
    "finds": ("person animal", "thing food animal"),
    "sees": ("person animal", "person animal thing place food"),
    "hides": ("person animal", "thing food"), "steals": ("person animal", "food thing"),
    "washes": ("person", "thing animal"), "feeds": ("person", "animal person"),
    "crosses": ("person animal", "place"), "leaves": ("person animal", "place person"),
    "follows": ("person animal", "person animal"), "hears": ("person animal", "person animal"),
    "bites": ("animal", "person animal food"), "drops": ("person animal", "thing food"),
    "breaks": ("person animal", "thing"), "cuts": ("person", "food thing"),
    "needs": ("person animal", "thing food person place"),
    "guards": ("animal person", "place person"), "tastes": ("person animal", "food")}
ADJECTIVES = {  # of what
    "old": "person animal thing place", "new": "thing place", "young": "person animal",
    "hungry": "person animal", "tired": "person animal", "sweet": "food", "hot": "food",
    "fresh": "food", "dry": "food place", "big": "animal thing place food",
    "small": "animal thing place food person", "wild": "animal place", "tame": "animal",
    "kind": "person animal", "proud": "person animal", "rich": "person food", "poor": "person",
    "broken": "thing place", "sharp": "thing", "heavy": "thing animal", "light": "thing food",
    "wide": "place", "dark": "place thing", "quiet": "place person animal",
    "green": "place food thing", "red": "thing food", "white": "animal thing food",
    "brave": "person animal", "clean": "thing place", "dirty": "thing place animal"}
DETERMINERS = {"the": 8, "a": 5, "every": 2, "this": 1.5, "that": 1}
PREPOSITIONS, ADVERBS = ("in", "near", "behind"), ("today", "again", "often")
KINDS = np.array([kind for kind, group in NOUNS.items() for _ in group.split()])
N, V, A = KINDS.size, len(VERBS), len(ADJECTIVES)
WORDS = (*" ".join(NOUNS.values()).split(), *VERBS, *ADJECTIVES, *DETERMINERS, *PREPOSITIONS,
         *ADVERBS)
FIRST = dict(zip("NVADPR", np.cumsum([0, N, V, A, len(DETERMINERS), 3]), strict=True))
ORDER_A = ("subject's determiner", "subject's adjective", "subject", "verb",
           "object's determiner", "object's adjective", "object", "preposition",
           "place's determiner", "place", "adverb")
ORDER_B = ("adverb", "place", "place's determiner", "preposition", "subject",
           "subject's adjective", "subject's determiner", "object", "object's adjective",
           "object's determiner", "verb")
SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]


class Pair(NamedTuple):
    """Sentences of two languages, and the dictionary that nobody is shown."""

    words_a: tuple[str, ...]
    words_b: tuple[str, ...]
    a: np.ndarray      # (num, 11) int64 word numbers, -1 where a place is empty
    b: np.ndarray      # (num, 11) of other sentences
    truth: np.ndarray  # (132,) int64: word k of A means the same as word truth[k] of B


def make_pair(seed: int, *, num: int = 100_000, topics: float = 0.5,
              shuffled: bool = False) -> Pair:
    """Return two languages of one world, with `num` sentences each that were drawn separately.

    The weight of each noun, verb and adjective in B is that in A times exp(topics x a normal draw),
    so with 0 both talk about the same things.  `shuffled` deals B's words out at random over all
    places of all sentences: their frequencies stay, their company goes.
    """
    rng = np.random.default_rng((13, seed))
    world = _world(rng)
    a = _sentences(world, rng, num, 0.0, ORDER_A)
    b = _sentences(world, rng, num, topics, ORDER_B)
    truth = rng.permutation(len(WORDS))
    b = np.where(b >= 0, truth[b], -1)
    if shuffled:
        b[b >= 0] = rng.permutation(b[b >= 0])
    made_up: dict[str, None] = {}
    while len(made_up) < len(WORDS):
        word = "".join(rng.choice(SYLLABLES, 2 + (rng.random() < 0.3)))
        if word not in WORDS:
            made_up[word] = None
    return Pair(WORDS, tuple(made_up), a, b, truth)


def frequencies(sentences: np.ndarray, num_words: int) -> np.ndarray:
    """Return how often each word occurs, int64 (num_words,)."""
    return np.bincount(sentences[sentences >= 0], minlength=num_words)


def company(sentences: np.ndarray, num_words: int, window: int = 6) -> np.ndarray:
    """Return how often two words stand at most `window` words apart, (num_words, num_words)."""
    closed_up = np.argsort(sentences < 0, axis=1, kind="stable")  # empty places to the end
    rows = np.take_along_axis(sentences, closed_up, 1)
    counts = np.zeros(num_words**2, np.int64)
    for apart in range(1, min(window, rows.shape[1] - 1) + 1):
        left, right = rows[:, :-apart].ravel(), rows[:, apart:].ravel()
        both = (left >= 0) & (right >= 0)
        counts += np.bincount(left[both] * num_words + right[both], minlength=num_words**2)
    table = counts.reshape(num_words, num_words)
    return table + table.T


def ppmi(counts: np.ndarray) -> np.ndarray:
    """Return the positive pointwise mutual information max(0, log p(i, j) / p(i) p(j)), in nats."""
    total, each = counts.sum(), counts.sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        information = np.log(counts * total / np.outer(each, each))
    return np.where(counts > 0, np.maximum(information, 0), 0)


def vectors(counts: np.ndarray, size: int, power: float) -> np.ndarray:
    """Return a vector for each word, (words, size): singular vectors of the PPMI.

    Direction k is weighted by the k-th singular value to `power` (Levy et al. 2015).  Vectors are
    brought to length 1, centred, and brought to length 1 again.
    """
    left, values, _ = np.linalg.svd(ppmi(counts))
    x = left[:, :size] * values[:size] ** power
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    x = x - x.mean(0)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def _world(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """What tends to happen: weights of words, and of one word beside another, of random strength.

    In an allowed pair the strength is the exponential of a normal draw, otherwise 0.
    """
    strength = lambda *shape: np.exp(rng.normal(size=shape))
    zipf = lambda n: (1 + rng.permutation(n)) ** -0.5
    allowed = lambda kinds: [np.isin(KINDS, names.split()) for names in kinds]
    return {
        "nouns": zipf(N), "verbs": zipf(V), "adjectives": zipf(A),
        "subject": allowed(who for who, _ in VERBS.values()) * strength(V, N),
        "object": allowed(what for _, what in VERBS.values()) * strength(V, N),
        "adjective": np.transpose(allowed(ADJECTIVES.values())) * strength(N, A),
        "place": (KINDS == "place") * strength(V, N), "preposition": strength(N, 3),
        "adverb": strength(V, 3),
        "determiner": np.array([*DETERMINERS.values()]) * strength(N, len(DETERMINERS)) ** 0.5}


def _sentences(world: dict[str, np.ndarray], rng: np.random.Generator, num: int, topics: float,
               order: tuple[str, ...]) -> np.ndarray:
    """Sentences (num, 11) of meanings; half have each adjective, .4 the adverb and the place."""
    other = lambda weights: weights * np.exp(topics * rng.normal(size=weights.shape))
    nouns, verbs, adjectives = (other(world[name]) for name in ("nouns", "verbs", "adjectives"))
    maybe = lambda words, share: np.where(rng.random(num) < share, words, -1)
    pick = lambda weights, rows: _pick(weights, rows, rng)
    verb = pick(verbs[None], np.zeros(num, int))
    subject, thing = (pick(world[name] * nouns, verb) for name in ("subject", "object"))
    place = maybe(pick(world["place"] * nouns, verb), 0.4)
    parts = {"verb": FIRST["V"] + verb, "subject": subject, "object": thing, "place": place,
            "adverb": maybe(FIRST["R"] + pick(world["adverb"], verb), 0.4),
            "preposition": FIRST["P"] + pick(world["preposition"], place)}
    for name in ("subject", "object", "place"):
        parts[f"{name}'s determiner"] = FIRST["D"] + pick(world["determiner"], parts[name])
        of_noun = pick(world["adjective"] * adjectives, parts[name])
        parts[f"{name}'s adjective"] = maybe(FIRST["A"] + of_noun, 0.5)
    for name in ("preposition", "place's determiner"):
        parts[name] = np.where(place < 0, -1, parts[name])
    return np.stack([parts[name] for name in order], axis=1)


def _pick(weights: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A column for each of `rows`, drawn with the weights of that row."""
    up_to = weights.cumsum(1) / weights.sum(1, keepdims=True)
    return (rng.random((len(rows), 1)) > up_to[rows, :-1]).sum(1)
