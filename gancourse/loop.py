"""The training loop: a generator over steps, the same for both tracks (lessons 04 and 05 build it)."""

import csv
import io
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from tqdm.auto import tqdm

from gancourse.data import to_float
from gancourse.errors import check_range


class Log(NamedTuple):
    """What the loop tells its caller every `log_every` steps."""

    step: int                  # steps done so far
    scalars: dict[str, float]  # means over the steps since the last log


class History(list):
    """The logs of a run, in order; a list that also gives its columns."""

    def column(self, name: str) -> np.ndarray:
        """Return one scalar over the run, or "step"; float64, nan where a log lacks it."""
        return np.array([log.step if name == "step" else log.scalars.get(name, np.nan) for log in self], float)

    def names(self) -> list[str]:
        """Return the names of all scalars, in the order in which they came."""
        return list(dict.fromkeys(name for log in self for name in log.scalars))

    def csv(self) -> str:
        """Return the history as comma-separated text with a header line."""
        names, text = self.names(), io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["step", *names])
        writer.writerows([log.step, *(repr(float(log.scalars.get(n, np.nan))) for n in names)] for log in self)
        return text.getvalue()


def batches(x: np.ndarray, batch_size: int, seed: int = 0) -> Callable[[int], np.ndarray]:
    """Return the function k -> batch of step k, a pure function of (seed, k).

    Each epoch visits `x` once in a fresh order; the ragged last batch is dropped.  uint8 images
    become float32 in [-1, 1], batch by batch, so that the data stay small in memory.
    Raises ValueError when `x` has fewer samples than one batch.
    """
    check_range("batch_size", batch_size, 1, len(x), include_low=True)
    per_epoch = len(x) // batch_size

    def batch(k: int) -> np.ndarray:
        epoch, i = divmod(k, per_epoch)
        return to_float(x[_order(len(x), seed, epoch)[i * batch_size : (i + 1) * batch_size]])

    return batch


@lru_cache(maxsize=2)
def _order(n: int, seed: int, epoch: int) -> np.ndarray:
    """The order in which one epoch visits the data."""
    return np.random.default_rng((seed, epoch)).permutation(n)


def train(step: Callable[[np.ndarray, int], dict], batch: Callable[[int], np.ndarray], *, num_steps: int,
          start: int = 0, log_every: int = 100, progress: bool = True) -> Iterator[Log]:
    """Call `step(batch(k), k)` for k from `start` to `num_steps`, yielding a `Log` now and then.

    A generator, so the caller owns the loop: plot, save or `break` between yields.  `step` returns
    named scalars, which stay on the device until the log reads their mean.  Raises ValueError for a
    bad count, FloatingPointError as soon as a logged scalar is not finite.
    """
    check_range("num_steps", num_steps, 0, 10**9, include_low=True)
    check_range("log_every", log_every, 1, 10**9, include_low=True)
    rows = []
    with tqdm(total=num_steps, initial=min(start, num_steps), unit="step", disable=not progress, leave=False) as bar:
        for k in range(start, num_steps):
            rows.append(step(batch(k), k))
            bar.update()
            done = k + 1
            if done % log_every == 0 or done == num_steps:
                log = Log(done, _means(rows))
                rows.clear()
                bad = [name for name, value in log.scalars.items() if not np.isfinite(value)]
                if bad:
                    raise FloatingPointError(f"{', '.join(bad)} became {log.scalars[bad[0]]} near step {done}: "
                                             "lower learning_rate, or start again with another seed.")
                bar.set_postfix({name: f"{value:.3f}" for name, value in log.scalars.items()})
                yield log


def _means(rows: list[dict]) -> dict[str, float]:
    """Mean of each named scalar over the rows that have it."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: float(np.mean([float(row[name]) for row in rows if name in row])) for name in names}
