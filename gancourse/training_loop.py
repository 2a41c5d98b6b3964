"""The training loop: a generator over steps, the same for both tracks.  Lessons 02 and 03."""

import csv
import io
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from tqdm.auto import tqdm

from gancourse.data.registry import to_float
from gancourse.errors import check_range
from gancourse.rng import stream


class Log(NamedTuple):
    """What the loop tells its caller every `log_every` steps."""

    step: int                  # steps done so far
    scalars: dict[str, float]  # means over the steps since the last log


class History(list):
    """The logs of a run, in order; a list that also gives its columns."""

    def column(self, name: str) -> np.ndarray:
        """Return one scalar over the run, or "step"; float64, nan where a log lacks it."""
        if name == "step":
            return np.array([log.step for log in self], float)
        return np.array([log.scalars.get(name, np.nan) for log in self], float)

    def names(self) -> list[str]:
        """Return the names of all scalars, in the order in which they came."""
        return list(dict.fromkeys(name for log in self for name in log.scalars))

    def csv(self) -> str:
        """Return the history as comma-separated text with a header line."""
        names = self.names()
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["step", *names])
        for log in self:
            values = [float(log.scalars.get(name, np.nan)) for name in names]
            writer.writerow([log.step, *map(repr, values)])
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
        """Return the batch of step k: part i of its epoch's order."""
        epoch, i = divmod(k, per_epoch)
        rows = epoch_order(len(x), seed, epoch)[i * batch_size : (i + 1) * batch_size]
        return to_float(x[rows])

    return batch


@lru_cache(maxsize=2)
def epoch_order(n: int, seed: int, epoch: int) -> np.ndarray:
    """Return the order in which one epoch visits n samples, int64 (n,).

    It is the same on both tracks and every device.
    """
    return stream("order", seed, epoch).permutation(n)


def draw_noise(n: int, z_dim: int, seed: int, k: int) -> np.ndarray:
    """Return the z of step k, N(0, 1), float32 (n, z_dim).

    A pure function of (seed, k), the same on both tracks.
    """
    return stream("noise", seed, k).standard_normal((n, z_dim), dtype=np.float32)


def train(step: Callable[[np.ndarray, int], dict], batch: Callable[[int], np.ndarray], *,
          num_steps: int, start: int = 0, log_every: int = 100,
          progress: bool = True) -> Iterator[Log]:
    """Call `step(batch(k), k)` for k from `start` to `num_steps`, yielding a `Log` now and then.

    A generator, so the caller owns the loop: plot, save or `break` between yields.  `step` returns
    named scalars, which stay on the device until the log reads their mean.  Raises ValueError for a
    bad count, FloatingPointError as soon as a logged scalar is not finite.
    """
    return train_fast(lambda k, n: step(batch(k), k), num_steps=num_steps, start=start,
                      log_every=log_every, chunk=1, progress=progress)


def train_fast(run_steps: Callable[[int, int], dict], *, num_steps: int, start: int = 0,
               log_every: int = 100, chunk: int = 64, progress: bool = True) -> Iterator[Log]:
    """Like `train`, for the `run_steps` that a track's `make_fast_loop` returns.

    `run_steps(k, n)` takes steps k to k + n - 1 and returns the means of their scalars.  It is
    called for at most `chunk` steps at a time, and never across a log, so that logs, a `break` and
    a resumed run come at the same steps as with `train`.  Lessons 02 and 03.
    """
    check_range("num_steps", num_steps, 0, 10**9, include_low=True)
    check_range("log_every", log_every, 1, 10**9, include_low=True)
    return _logs(run_steps, num_steps, start, log_every, chunk, progress)


def _logs(run_steps, num_steps, start, log_every, chunk, progress) -> Iterator[Log]:
    """Yield the logs of `train_fast`, which checks the arguments before this generator starts."""
    rows = []
    k = start
    with tqdm(total=num_steps, initial=min(start, num_steps), unit="step",
              disable=not progress, leave=False) as bar:
        while k < num_steps:
            n = min(chunk, num_steps - k, log_every - k % log_every)
            rows.append((n, run_steps(k, n)))
            bar.update(n)
            k += n
            if k % log_every == 0 or k == num_steps:
                log = Log(k, _means(rows))
                rows.clear()
                _check_finite(log)
                bar.set_postfix({name: f"{value:.3f}" for name, value in log.scalars.items()})
                yield log


def _check_finite(log: Log) -> None:
    """Raise FloatingPointError when a scalar of a log is not finite."""
    bad = [name for name, value in log.scalars.items() if not np.isfinite(value)]
    if bad:
        names = ", ".join(bad)
        raise FloatingPointError(f"{names} became {log.scalars[bad[0]]} near step {log.step}: "
                                 "lower learning_rate, or start again with another seed.")


def _means(rows: list[tuple[int, dict]]) -> dict[str, float]:
    """Mean of each scalar over the steps that have it; a row is (number of steps, their means)."""
    means = {}
    for name in dict.fromkeys(name for _, scalars in rows for name in scalars):
        having = [(n, scalars) for n, scalars in rows if name in scalars]
        values = [float(scalars[name]) for _, scalars in having]
        means[name] = float(np.average(values, weights=[n for n, _ in having]))
    return means
