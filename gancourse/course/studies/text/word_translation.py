"""Word translation without a dictionary: the table that lesson 13 shows in Deeper.

    python -m gancourse.course.studies.text.word_translation --to gancourse/course/studies/text

Word vectors of two languages that share no sentence are compared.  G is an orthogonal map, D tells
mapped vectors of A from those of B, and Procrustes refines what G comes to (Conneau et al. 2018;
Zhang et al. 2017).  Beside it stand what needs no game, and what is given true pairs.  It writes
`13_words.csv`, a row for each way and pair of languages (about three minutes of one core; a
stopped study goes on where it was), `13_starts.csv` and `13_clouds.npz`.
"""

import argparse
import io
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import leaky_relu, softplus

from gancourse.course.studies import stored_table
from gancourse.course.studies.text.two_languages import (
    Pair,
    company,
    frequencies,
    make_pair,
    vectors,
)
from gancourse.files import write_atomically
from gancourse.pt import set_threads

FILES = {"words": "13_words.csv", "starts": "13_starts.csv", "clouds": "13_clouds.npz"}
HERE = Path(__file__).parent
COARSE, FINE = (6, 1.0), (30, 0.5)  # numbers a word and power, of the game and of the refinement
STARTS, MANY_STARTS = 48, 192
STEPS = 600
NEIGHBOURS = 10  # of CSLS
LOOKS = (0, 20, 60, 120, 240, 400)
WAYS_WITH_STARTS = ("no game", "game", "game, words alike")
REACHED = 0.5  # accuracy from which a start counts as a dictionary
CONDITIONS = {  # what is changed of B, and for how many pairs of languages
    "other topics": ({}, 5),
    "same topics": ({"topics": 0.0}, 3),
    "shuffled": ({"shuffled": True}, 3)}


class Vectors(NamedTuple):
    """The word vectors of both languages, short and long ones, and how common each word is."""

    x: np.ndarray         # (words, 6) of A
    y: np.ndarray         # (words, 6) of B
    x_fine: np.ndarray    # (words, 30)
    y_fine: np.ndarray    # (words, 30)
    common_a: np.ndarray  # (words,) occurrences
    common_b: np.ndarray


class Outcome(NamedTuple):
    """What one start came to."""

    W: np.ndarray     # (30, 30) the refined map
    game: float       # share of right words before the refinement
    accuracy: float   # and after it
    criterion: float  # mean CSLS of each word's translation, which needs no dictionary


def vectors_of(pair: Pair) -> Vectors:
    """Return the vectors that a game is played with."""
    size = len(pair.words_a)
    a, b = company(pair.a, size), company(pair.b, size)
    return Vectors(vectors(a, *COARSE), vectors(b, *COARSE), vectors(a, *FINE), vectors(b, *FINE),
                   frequencies(pair.a, size), frequencies(pair.b, size))


def csls(x: np.ndarray, y: np.ndarray, k: int = NEIGHBOURS) -> np.ndarray:
    """Return the likeness of unit vectors x (n, d) and y (m, d), (n, m), corrected for hubs.

    Twice the cosine, less the mean cosine of each with its k nearest in the other language.
    Conneau et al. 2018, section 2.3.
    """
    cosines = x @ y.T
    around_x = np.sort(cosines, axis=1)[:, -k:].mean(1, keepdims=True)
    around_y = np.sort(cosines, axis=0)[-k:].mean(0, keepdims=True)
    return 2 * cosines - around_x - around_y


def procrustes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the orthogonal W (d, d) with the least sum of squares of x W - y (Schönemann 1966)."""
    left, _, right = np.linalg.svd(x.T @ y)
    return left @ right


def mutual(likeness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of words that are each other's likeliest translation, (pairs,) each."""
    forth, back = likeness.argmax(1), likeness.argmax(0)
    rows = np.flatnonzero(back[forth] == np.arange(len(forth)))
    return rows, forth[rows]


def refine(x: np.ndarray, y: np.ndarray, W: np.ndarray, rounds: int = 15) -> np.ndarray:
    """Return W after rounds of: find the mutual translations, solve Procrustes for them."""
    for _ in range(rounds):
        rows, columns = mutual(csls(x @ W, y))
        W = procrustes(x[rows], y[columns])
    return W


def random_maps(n: int, size: int, seed: int) -> np.ndarray:
    """Return n random orthogonal matrices (n, size, size), evenly distributed."""
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(n, size, size)))
    return q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None]


def play(v: Vectors, starts: np.ndarray, *, steps: int = STEPS, seed: int = 0, width: int = 32,
         looks: Sequence[int] = (), weighted: bool = True) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return G's maps (starts, d, d) after the game, and the maps at `looks`.

    Each start plays a game of its own; they are computed side by side.  D is a network of two
    hidden layers, on vectors with a little noise that shrinks.  Each word counts by the square root
    of its frequency, or all alike.  After each step the map is brought back to an orthogonal one.
    """
    torch.manual_seed(seed)
    n, size, _ = starts.shape
    x, y = (torch.from_numpy(part).float().expand(n, -1, -1) for part in (v.x, v.y))
    of_x, of_y = (torch.from_numpy((common / common.sum()) if weighted else
                                   np.full(len(common), 1 / len(common))).float()
                  for common in (v.common_a**0.5, v.common_b**0.5))
    W = torch.from_numpy(starts).float().requires_grad_()
    shapes = [(size, width), (1, width), (width, width), (1, width), (width, 1), (1, 1)]
    D = [torch.randn(n, *shape) * (2 / shape[0]) ** 0.5 if shape[0] > 1 else torch.zeros(n, *shape)
         for shape in shapes]
    opt_D = torch.optim.Adam([part.requires_grad_() for part in D], 4e-3, (0.0, 0.99))
    opt_G = torch.optim.Adam([W], 1.0, (0.0, 0.9))

    def judge(points: torch.Tensor, spread: float) -> torch.Tensor:
        h = points + spread * torch.randn_like(points)
        h = leaky_relu(torch.baddbmm(D[1], h, D[0]), 0.2)
        h = leaky_relu(torch.baddbmm(D[3], h, D[2]), 0.2)
        return torch.baddbmm(D[5], h, D[4])[..., 0]

    kept = []
    for step in range(steps):
        if step in looks:
            kept.append(W.detach().numpy().copy())
        spread = 0.2 * 0.5 ** (step / steps)
        opt_G.param_groups[0]["lr"] = 0.1 * 0.02 ** (step / steps)
        mapped = x @ W.detach()
        for _ in range(2):
            d_loss = softplus(-judge(y, spread)) @ of_y + softplus(judge(mapped, spread)) @ of_x
            opt_D.zero_grad()
            d_loss.sum().backward()
            opt_D.step()
        g_loss = softplus(-judge(x @ W, spread)) @ of_x
        opt_G.zero_grad()
        g_loss.sum().backward()
        opt_G.step()
        with torch.no_grad():
            for _ in range(2):
                W.copy_(1.5 * W - 0.5 * W @ W.transpose(1, 2) @ W)
    maps = W.detach().numpy().astype(float)
    return maps, [*kept, maps]


def refined(v: Vectors, truth: np.ndarray, pairs: tuple[np.ndarray, np.ndarray]) -> Outcome:
    """Return what refining from these pairs of word numbers comes to."""
    rows, columns = pairs
    game = float(np.sum(truth[rows] == columns) / len(truth))
    W = refine(v.x_fine, v.y_fine, procrustes(v.x_fine[rows], v.y_fine[columns]))
    return judged(v, truth, W, game)


def judged(v: Vectors, truth: np.ndarray, W: np.ndarray, game: float = np.nan) -> Outcome:
    """Return what a map of the fine vectors is worth."""
    likeness = csls(v.x_fine @ W, v.y_fine)
    return Outcome(W, game, float(np.mean(likeness.argmax(1) == truth)),
                 float(likeness.max(1).mean()))


def structure(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return which word of B has the most alike list of likenesses to its own language, (n,).

    Each word's cosines with all words of its language are sorted, so that no order of words is
    needed.  Artetxe et al. 2018.
    """
    lists = [np.sort(part @ part.T, axis=1) for part in (x, y)]
    lists = [part / np.linalg.norm(part, axis=1, keepdims=True) for part in lists]
    return csls(*lists).argmax(1)


def ways(v: Vectors, truth: np.ndarray, seed: int) -> Iterator[tuple[str, float, list[Outcome]]]:
    """Yield each way to a dictionary: its name, its seconds, and what its starts came to."""
    everyone = np.arange(len(truth))
    rank = np.empty_like(everyone)
    rank[np.argsort(-v.common_a, kind="stable")] = np.argsort(-v.common_b, kind="stable")
    few = np.random.default_rng(seed).permutation(everyone)[:20]
    given = {"frequency rank": (everyone, rank),
             "nearest structure": (everyone, structure(v.x_fine, v.y_fine)),
             "20 true pairs": (few, truth[few]), "all true pairs": (everyone, truth)}
    starts = random_maps(MANY_STARTS, COARSE[0], seed)
    for name, pairs in given.items():
        began = time.process_time()
        result = [refined(v, truth, pairs)]
        yield name, time.process_time() - began, result
    for name in WAYS_WITH_STARTS:
        began = time.process_time()
        if name == "no game":
            maps = np.array([refine(v.x, v.y, W) for W in starts])
        else:
            maps, _ = play(v, starts[:STARTS], seed=seed, weighted=name == "game")
        result = [refined(v, truth, mutual(csls(v.x @ W, v.y))) for W in maps]
        yield name, time.process_time() - began, result


def main(words: Sequence[str] | None = None) -> None:
    """Make the tables; pairs of languages that they have are not made again."""
    parser = argparse.ArgumentParser(description="Make the dictionary's tables of lesson 13.")
    parser.add_argument("--to", type=Path, default=Path("runs/studies"), help="folder to write to")
    parser.add_argument("--pairs", type=int, default=5, help="pairs of languages, at most")
    chosen = parser.parse_args(words)
    set_threads()
    tables: dict[str, list] = {}
    for name in ("words", "starts"):
        path = chosen.to / FILES[name]
        tables[name] = stored_table.read(path) if path.exists() else []
    for condition, (changes, num) in CONDITIONS.items():
        for seed in range(min(num, chosen.pairs)):
            if len(stored_table.pick(tables["words"], "seconds", condition=condition, pair=seed)):
                continue
            pair = make_pair(seed, **changes)
            v = vectors_of(pair)
            for way, seconds, results in ways(v, pair.truth, seed):
                tables["words"].append(row_of(condition, seed, way, seconds, results))
                if condition == "other topics" and way == "game":
                    tables["starts"] += [
                        {"pair": seed, "start": k, "accuracy": f"{one.accuracy:.4f}",
                         "criterion": f"{one.criterion:.4f}"} for k, one in enumerate(results)]
            seconds = sum(float(row["seconds"]) for row in tables["words"])
            head = stored_table.made_with(
                "python -m gancourse.course.studies.text.word_translation", seconds)
            for name, rows in tables.items():
                stored_table.write(chosen.to / FILES[name], rows, head)
            print(f"{condition}: pair {seed} done", flush=True)
    if not (chosen.to / FILES["clouds"]).exists():
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **clouds(0))
        write_atomically(chosen.to / FILES["clouds"], buffer.getvalue())


def clouds(seed: int) -> dict[str, np.ndarray]:
    """Return what the lesson draws of a pair's games: the start that was chosen, and the worst one.

    `target` (words, 2) are B's vectors in the plane of their first two numbers, `chosen` and
    `worst` (looks, words, 2) A's mapped vectors, before each step of LOOKS and at the end.  `pairs`
    (2, n) are the mutual translations of the chosen start after its game, before any refinement,
    and `right` (2, looks) the shares of words whose nearest by CSLS is right.
    """
    pair = make_pair(seed)
    v = vectors_of(pair)
    starts = random_maps(MANY_STARTS, COARSE[0], seed)[:STARTS]
    maps, seen = play(v, starts, seed=seed, looks=LOOKS)
    matched = [mutual(csls(v.x @ W, v.y)) for W in maps]
    order = np.argsort([refined(v, pair.truth, pairs).criterion for pairs in matched])
    moved = {name: np.array([v.x @ W[k] for W in seen])
             for name, k in (("chosen", order[-1]), ("worst", order[0]))}
    right = [[np.mean(csls(x, v.y).argmax(1) == pair.truth) for x in look]
             for look in moved.values()]
    planes = {name: x[..., :2].astype(np.float32) for name, x in moved.items()}
    return planes | {"target": v.y[:, :2].astype(np.float32), "right": np.array(right),
                     "pairs": np.array(matched[order[-1]])}


def row_of(condition: str, seed: int, way: str, seconds: float, results: list[Outcome]) -> dict:
    """Return the row of a way; among its starts the largest criterion chooses."""
    best = max(results, key=lambda one: one.criterion)
    return {"condition": condition, "pair": seed, "way": way, "starts": len(results),
            "reached": sum(one.accuracy > REACHED for one in results),
            "before": f"{best.game:.4f}", "accuracy": f"{best.accuracy:.4f}",
            "criterion": f"{best.criterion:.4f}", "seconds": f"{seconds:.1f}"}


if __name__ == "__main__":
    main()
