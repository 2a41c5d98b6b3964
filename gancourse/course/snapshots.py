"""Checkpoints of a run that trains on meanwhile.

They are kept at each log, and written seldom and in a thread of their own.
"""

import time
import warnings
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class Saver:
    """Keeps a run's newest snapshot and writes one now and then, while training goes on.

        with Saver(fetch, write, every=30) as saver:
            for log in train_fast(...):
                saver.keep(copy_of_the_networks)

    `fetch(snapshot)` brings it to the host and is called where `keep` is; nothing else here touches
    a GPU, because a copy from another thread would break a CUDA graph that is being recorded.
    `write(fetched)` is called in a thread, never twice at once: first for the first snapshot, then
    at most once in `every` seconds, and at the end of the `with` block for the newest.  The block
    may end with an exception, such as KeyboardInterrupt: the newest snapshot is still written.
    """

    def __init__(self, fetch: Callable[[Any], Any], write: Callable[[Any], None],
                 every: float = 30, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the two functions, and the least seconds between two writes on a clock."""
        self.fetch = fetch
        self.write = write
        self.every = every
        self.clock = clock
        self._thread = ThreadPoolExecutor(1, "checkpoint")
        self._writing: Future | None = None
        self._newest: Any = None  # None where it is written, or about to be
        self._next_at = -float("inf")  # when the next write is due

    def __enter__(self) -> "Saver":
        return self

    def keep(self, snapshot: Any) -> None:
        """Take the newest snapshot; begin to write it if that is due and nothing is being written.

        Raises what the last write raised, such as OSError for a full disk: nothing is written after
        that.
        """
        self._newest = snapshot
        if self._writing and not self._writing.done():
            return
        self._wait()
        if self.clock() >= self._next_at:
            self._begin()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: object) -> None:
        """Write the newest snapshot, and wait for it.

        Raises what a write raised, unless an error is under way.
        """
        try:
            self._wait()
            if self._newest is not None:
                self._begin()
                self._wait()
        except OSError as failed:
            if error is None:
                raise
            if error is not failed:
                warnings.warn(f"the last checkpoint could not be written ({failed}); the one "
                              "before it stays", stacklevel=2)
        finally:
            self._thread.shutdown()

    def _begin(self) -> None:
        """Write the newest snapshot in the thread."""
        self._next_at = self.clock() + self.every
        self._writing = self._thread.submit(self.write, self.fetch(self._newest))
        self._newest = None  # only now: whoever is interrupted on the line before still has it

    def _wait(self) -> None:
        """Wait for the write under way, and raise what it raised."""
        if self._writing:
            self._writing.result()
