"""Calls of one function on the workers of a Dask cluster, whatever becomes of some of them.

    with cluster.connect(workers=2) as client:
        for name, result in outcomes(client, function, calls):
            ...                                  # as the calls end; None: its worker died each time
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gancourse.errors import NoConnection

PATIENCE = 5  # seconds between two looks at whether any worker is left


def outcomes(client, function: Callable, calls: Iterable[tuple[str, tuple]]
             ) -> Iterator[tuple[str, Any]]:
    """Call `function(*arguments)` on the workers for each (name, arguments); yield (name, result).

    As many calls are under way as the workers have threads, and the next one's arguments are made
    only then: few lie in memory, and none waits at a busy worker, where it would share the blame
    for that one's death.  A call whose worker dies is made again, up to three times; then its
    result is None.  What the function raises is raised here.  Raises NoConnection when the
    scheduler is lost.
    """
    from distributed.scheduler import KilledWorker

    calls = iter(calls)
    names: dict[Any, str] = {}
    count = len(client.nthreads())

    def fill() -> None:
        """Start calls until each thread has one."""
        free = max(1, sum(client.nthreads().values())) - len(names)
        for name, arguments in itertools.islice(calls, max(0, free)):
            names[client.submit(function, *arguments, pure=False)] = name

    try:
        fill()
        while names:
            for future in ended(client, list(names), count):
                name = names.pop(future)
                fill()
                try:
                    result = future.result()
                except KilledWorker:
                    result = None
                yield name, result
    finally:
        client.cancel(list(names))


def ended(client, futures: list, count: int) -> list:
    """Wait for calls and return those that have ended, of which there is at least one.

    Dask starts a worker that has died anew, but not always one that dies while it starts.  Where
    this machine has had no worker for a while, `count` new ones are started.  Raises NoConnection
    when the scheduler is lost.
    """
    from concurrent.futures import CancelledError

    from distributed import wait

    without = 0
    while True:
        try:
            return list(wait(futures, timeout=PATIENCE, return_when="FIRST_COMPLETED").done)
        except CancelledError as error:
            raise NoConnection("the scheduler is lost; what is finished is kept, and the same "
                               "command goes on from there") from error
        except TimeoutError:
            without = 0 if client.nthreads() else without + 1
        if without >= 2 and client.cluster is not None:
            client.cluster.scale(0)
            client.cluster.scale(count)
            without = 0
