"""Who runs a sweep: this machine's cores or a Dask cluster, one run at a time in each worker, on one thread.

    with connect(workers=2) as client:
        for name, record in execute(client, sweep, list(sweep.runs()), Path("runs")):
            ...                                  # one record a run, in the order in which the runs end
"""

import hashlib
import json
import logging
import math
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from gancourse import checks, doctor, reruns
from gancourse.checkpoints import write_atomically
from gancourse.cores import physical_cores
from gancourse.lessons import Lesson, read
from gancourse.sweeps.plan import UNMET_FILE, Sweep, ended

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS",
                            "TF_NUM_INTEROP_THREADS"), "1")  # runs side by side must not fight over cores
PATIENCE = 10  # seconds in which a scheduler must answer and show a worker


def default_workers() -> int:
    """Return how many runs go side by side unless asked: one per physical core, one where they share a GPU."""
    return 1 if doctor.gpu_name() else physical_cores()


@contextmanager
def connect(workers: int = 0, scheduler: str = "") -> Iterator:
    """Yield a Dask client: of `workers` processes of one thread on this machine, or of the scheduler at an address.

    Raises ImportError without Dask, ConnectionError when no scheduler answers or it has no worker.
    """
    try:
        from dask import config
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ImportError('sweeps need Dask: pip install "gancourse[sweep]"') from error
    if not scheduler:
        # no run waits at a busy worker, where it would share the blame for that one's death; and a limit to
        # memory would count the worker alone, not its kernel
        with (config.set({"distributed.scheduler.worker-saturation": 1.0}),
              LocalCluster(n_workers=workers or default_workers(), threads_per_worker=1, memory_limit=0,
                           dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL) as local,
              Client(local) as client):
            client.run(_deaf)
            yield client
        return
    try:
        client = Client(scheduler, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise ConnectionError(f"no Dask scheduler answers at {scheduler}: start one with `dask scheduler` and give the "
                              "address that it prints, or leave --scheduler out to use this machine") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise ConnectionError(f"the scheduler at {scheduler} has no workers: start some with "
                                  f"`dask worker {scheduler} --nthreads 1`") from error
        yield client


def _deaf() -> None:
    """Ctrl-C at the terminal is for the driver, which then ends its workers: they need not cry out as well."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def execute(client, sweep: Sweep, names: list[str], runs: Path, again: bool = False) -> Iterator[tuple[str, dict]]:
    """Run the named runs of a sweep and yield (name, record) as each ends.

    A record is that of `reruns.run`.  One that did not go well has an `error` and a `status`: "unmet" when
    all was measured and a claim that the lesson makes does not hold at these settings, else "failed".  A
    run whose worker dies is run again, up to three times; one that another process is at is waited for.
    Raises ConnectionError when the scheduler is lost, ValueError when the code is not the one that the
    sweep started with (here or on a worker), OSError when a file cannot be written.
    """
    from concurrent.futures import CancelledError

    from distributed import as_completed
    from distributed.scheduler import KilledWorker

    runs, code, given = runs.resolve(), reruns.code_sha256(sweep.lesson.notebook), sweep.runs()
    (runs / sweep.lesson.name).mkdir(parents=True, exist_ok=True)
    futures = {client.submit(_job, sweep.lesson.path.resolve(), code, sweep.preset, given[name], name, runs, Path.cwd(),
                             again, pure=False): name for name in names}
    try:
        for future in as_completed(futures):
            name = futures.pop(future)  # its result must not be made again should its worker die later
            try:
                record = future.result()
            except KilledWorker:
                record = _failure(sweep.preset, code, "its worker died again and again (out of memory?)")
            except CancelledError as error:
                raise ConnectionError("the scheduler is lost; finished runs are kept, and the same command goes on "
                                      "from there") from error
            if record.get("status") != "failed" and not ended(runs / sweep.lesson.name / name, code):
                raise FileNotFoundError(f"a worker wrote {name}, but it is not in {runs} on this machine: give --runs "
                                        "a folder that all machines share")
            yield name, record
    finally:
        client.cancel(list(futures))


def _job(path: Path, code: str, preset: str, given: dict, name: str, runs: Path, cwd: Path, again: bool) -> dict:
    """What a worker does: one run, in a kernel of its own on one thread, alone in its folder."""
    import locket  # comes with distributed; the system frees the lock when its process dies

    if not path.is_file() or not runs.is_dir():
        raise FileNotFoundError(f"a worker does not see {runs if path.is_file() else path}: the course and --runs must "
                                "lie in folders that all machines share")
    lesson = Lesson(path, read(path))
    if reruns.code_sha256(lesson.notebook) != code:
        raise ValueError(f"the code of {lesson.name} that a worker sees is not the one this sweep started with: it has "
                         "changed, or another version is installed there; start the sweep again")
    os.environ.update(ONE_THREAD)
    folder, locks = runs / lesson.name / name, runs / ".locks"
    locks.mkdir(exist_ok=True)
    with locket.lock_file(str(locks / hashlib.sha256(f"{lesson.name}/{name}".encode()).hexdigest()[:16])):
        if not again and (record := ended(folder, code)):
            return record
        started = time.monotonic()
        try:
            record, _ = reruns.run(lesson, runs, preset, given, again, cwd=cwd, bar=False)
            (folder / UNMET_FILE).unlink(missing_ok=True)
        except reruns.LessonFailed as error:
            record = _failure(preset, code, str(error), error.results, time.monotonic() - started)
            if record["status"] == "unmet":
                write_atomically(folder / UNMET_FILE, json.dumps(record, indent=1, ensure_ascii=False).encode())
        return record


def _failure(preset: str, code: str, error: str, results: dict[str, float] | None = None,
             seconds: float = math.nan) -> dict:
    """The record of a run that did not go well."""
    return {"preset": preset, "status": "unmet" if results and checks.UNMET in error else "failed", "error": error,
            "results": results or {}, "seconds": round(seconds, 1), "code_sha256": code, "versions": doctor.versions(),
            "date": datetime.now(UTC).isoformat(timespec="seconds")}
