"""Who runs a sweep: this machine's cores or a Dask cluster.

Each worker has one run at a time, on one thread.

    with connect(workers=2) as client:
        for name, record in execute(client, sweep, list(sweep.runs()), Path("runs")):
            ...                                      # one record a run, as the runs end
"""

import logging
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gancourse.course import records, run_fingerprint, runner
from gancourse.course.lessons import Lesson, read
from gancourse.course.notebook_execution import CELL_TIMEOUT
from gancourse.course.sweeps.cluster_calls import ended
from gancourse.course.sweeps.plan import Sweep
from gancourse.errors import CourseError, MissingFile, MissingPackage, NoConnection
from gancourse.system import gpu_name, physical_cores

PATIENCE = 10  # seconds in which a scheduler shows a worker, or a shared disk a file
LOOKS = 5  # a second, at such a disk


def default_workers() -> int:
    """Return how many runs go side by side: one per physical core, one where they share a GPU."""
    return 1 if gpu_name() else physical_cores()


@contextmanager
def connect(workers: int = 0, scheduler: str = "") -> Iterator:
    """Yield a Dask client: of this machine, or of the scheduler at an address.

    Here it has `workers` processes of one thread each, by default `default_workers()`.  Raises
    ImportError without Dask, ConnectionError when no scheduler answers or it has no worker.
    """
    try:
        from dask import config
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise MissingPackage('sweeps need Dask: pip install "gancourse[sweep]"') from error
    if not scheduler:
        # no run waits at a busy worker, where it would share the blame for that one's death; and a
        # limit to memory would count the worker alone, not its kernel
        with (config.set({"distributed.scheduler.worker-saturation": 1.0}),
              LocalCluster(n_workers=workers or default_workers(), threads_per_worker=1,
                           memory_limit=0, dashboard_address="127.0.0.1:0",
                           silence_logs=logging.CRITICAL) as local,
              Client(local) as client):
            client.run(_ignore_interrupts)
            yield client
        return
    try:
        client = Client(scheduler, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise NoConnection(f"no Dask scheduler answers at {scheduler}: start one with "
                           "`dask scheduler` and give the address that it prints, or leave "
                           "--scheduler out to use this machine") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise NoConnection(f"the scheduler at {scheduler} has no workers: start some with "
                               f"`dask worker {scheduler} --nthreads 1`") from error
        yield client


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the driver, which ends its workers: they print no tracebacks of their own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Pool:
    """Runs of one lesson that are under way on the workers of a Dask client.

        with Pool(client, sweep, Path("runs")) as pool:
            pool.submit("seed=1", {"seed": 1})
            for name, record in pool:            # as the runs end; more may be submitted meanwhile
                ...

    A record is that of `runner.run`.  One that failed has an `error` and the `status` "failed".  A
    run whose worker dies is run again, up to three times; one that another process is at is waited
    for. With here=False the workers may be on other computers, and what these have done counts.
    Iterating raises ConnectionError when the scheduler is lost, ValueError when the code is not the
    one that the pool started with (here or on a worker), OSError when a file cannot be written or a
    worker's files do not appear here within PATIENCE seconds.
    """

    def __init__(self, client, sweep: Sweep, runs: Path, force: bool = False, *,
                 here: bool = True, cell_timeout: int = CELL_TIMEOUT) -> None:
        """Take the lesson and the preset of a sweep, and the folder of all runs."""
        self.client = client
        self.workers = len(client.nthreads())
        self.lesson = sweep.lesson
        self.preset = sweep.preset
        self.runs = runs.resolve()
        self.code = run_fingerprint.of_code(sweep.lesson.notebook)
        self.job = {"path": sweep.lesson.path.resolve(), "code": self.code, "preset": sweep.preset,
                    "runs": self.runs, "cwd": Path.cwd(), "force": force, "here": here,
                    "cell_timeout": cell_timeout}
        self._given: dict[Any, tuple[str, dict]] = {}  # a future's run, and its parameters

    def __enter__(self) -> "Pool":
        (self.runs / self.lesson.name).mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *error) -> None:
        self.client.cancel(list(self._given))

    def submit(self, name: str, given: dict[str, Any]) -> None:
        """Let a worker do a run, now or as soon as one is free."""
        future = self.client.submit(_job, given=given, pure=False, **self.job)
        self._given[future] = (name, given)

    def free(self) -> int:
        """Return how many workers have nothing to do; less than 0 where runs wait.

        It is 1 at least where nothing is under way: a worker that has died comes back.
        """
        idle = sum(self.client.nthreads().values()) - len(self._given)
        return idle if self._given else max(idle, 1)

    def __iter__(self) -> Iterator[tuple[str, dict]]:
        """Yield (name, record) of each run as it ends, until nothing is under way."""
        while self._given:
            for future in ended(self.client, list(self._given), self.workers):
                # without the future Dask does not make a result again whose worker dies later
                name, given = self._given.pop(future)
                yield name, self._record(future, name, given)

    def _record(self, future, name: str, given: dict[str, Any]) -> dict:
        """The record of a run that has ended, however it did."""
        from distributed.scheduler import KilledWorker

        folder = self.runs / self.lesson.name / name
        try:
            record = future.result()
        except KilledWorker:
            record = self._lost(given)
            records.write_failure(folder, record, None)
        if not _is_written(folder, record):
            raise MissingFile(f"a worker wrote {name}, but it is not in {self.runs} on this "
                              "machine: give --runs a folder that all machines share")
        return record

    def _lost(self, given: dict[str, Any]) -> dict:
        """The record of a run of which nothing is left."""
        planned = runner.plan(self.lesson, self.runs, self.preset, given, threads=1, code=self.code)
        error = "failed: its worker died again and again (out of memory?)"
        return runner.about(planned) | {"results": {}, "claims": [], "seconds": None,
                                        "status": "failed", "error": error, "cell": {}}


def execute(client, sweep: Sweep, names: list[str], runs: Path, force: bool = False, *,
            here: bool = True, cell_timeout: int = CELL_TIMEOUT) -> Iterator[tuple[str, dict]]:
    """Run the named runs of a sweep and yield (name, record) as each ends; see `Pool`."""
    given = sweep.runs()
    with Pool(client, sweep, runs, force, here=here, cell_timeout=cell_timeout) as pool:
        for name in names:
            pool.submit(name, given[name])
        yield from pool


def _job(path: Path, code: dict, preset: str, given: dict, runs: Path, cwd: Path, force: bool,
         here: bool, cell_timeout: int) -> dict:
    """What a worker does: one run, in a kernel of its own on one thread, alone in its folder."""
    if not _appears(lambda: path.is_file() and runs.is_dir()):
        missing = runs if path.is_file() else path
        raise MissingFile(f"a worker does not see {missing}: the course and --runs must lie in "
                          "folders that all machines share")
    lesson = Lesson(path, read(path))
    if run_fingerprint.of_code(lesson.notebook) != code:
        raise CourseError(f"the code of {lesson.name} that a worker sees is not the one this sweep "
                          "started with: it has changed, or another version is installed there; "
                          "start the sweep again")
    try:
        record, _ = runner.run(lesson, runs, preset, given, force, cwd=cwd, threads=1, here=here,
                               cell_timeout=cell_timeout, say=lambda sentence: None)
    except runner.LessonFailed as error:
        return error.record
    return record


def _is_written(folder: Path, record: dict) -> bool:
    """Whether a run's folder shows this record, by its date, within PATIENCE seconds."""
    kind = records.FAILED if record.get("status") == "failed" else records.GOOD
    file = folder / kind["record"]
    return _appears(lambda: records.read(file).get("date") == record["date"])


def _appears(there: Callable[[], bool]) -> bool:
    """Whether something is there within PATIENCE seconds: a network disk may show it late."""
    for _ in range(PATIENCE * LOOKS):
        if there():
            return True
        time.sleep(1 / LOOKS)
    return there()
