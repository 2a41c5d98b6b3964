"""A grid of runs over any lesson's parameters and seeds, on this machine's cores or on a Dask cluster.

    sweep = plan("05", grid={"learning_rate": [1e-3, 2e-3]}, seeds=[0, 1, 2])
    with cluster(workers=2) as client:
        for key, record in execute(client, sweep, list(sweep.runs()), Path("runs")):
            ...                                  # one record a run, in the order in which the runs end
"""

import hashlib
import itertools
import json
import logging
import os
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from gancourse import doctor, reruns
from gancourse.cores import physical_cores
from gancourse.errors import unknown
from gancourse.lessons import FOLDER, Lesson, find, parameters, read, settings

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS",
                            "TF_NUM_INTEROP_THREADS"), "1")  # runs side by side must not fight over cores
FILE_KEYS = {"lesson": str, "preset": str, "parameters": dict, "grid": dict, "seeds": list, "measure": str,
             "maximise": bool}
PATIENCE = 10  # seconds in which a scheduler must answer and show a worker


class Sweep(NamedTuple):
    """What to run: every combination of the grid's values, each with every seed."""

    lesson: Lesson
    preset: str
    fixed: dict[str, Any]  # the same in every run
    grid: dict[str, list]  # a swept parameter and its values, in order
    seeds: list[int]

    def settings(self) -> list[dict[str, Any]]:
        """Return every combination of the grid's values; [{}] when only seeds are swept."""
        return [dict(zip(self.grid, point, strict=True)) for point in itertools.product(*self.grid.values())]

    def runs(self) -> dict[str, dict[str, Any]]:
        """Return the parameters given to each run, by the run's name; every setting comes once before the next seed."""
        given = [self.fixed | point | {"seed": seed} for seed in self.seeds for point in self.settings()]
        return {reruns.run_name(settings(self.lesson, self.preset, one)): one for one in given}

    def name(self) -> str:
        """Return a name for its folder; the same sweep has the same one."""
        text = json.dumps([self.preset, self.fixed, self.grid, self.seeds])
        return ",".join([self.lesson.name, *self.grid])[:60] + "-" + hashlib.sha256(text.encode()).hexdigest()[:6]

    def command(self, measure: str = "", maximise: bool = False) -> str:
        """Return the command line of this sweep."""
        lists = [f"-g {shlex.quote(f'{name}={_listed(values)}')}" for name, values in self.grid.items()]
        words = [f"gancourse sweep {self._words(self.fixed, lists)} --seeds {_listed(self.seeds)}"]
        words += [f"--measure {shlex.quote(measure)}"] * bool(measure) + ["--maximise"] * maximise
        return " ".join(words)

    def run_command(self, given: dict[str, Any]) -> str:
        """Return the command line that repeats one of its runs: one thread, as here."""
        return f"OMP_NUM_THREADS=1 gancourse run {self._words(given, [])}"

    def _words(self, given: dict[str, Any], lists: list[str]) -> str:
        own = self.lesson.path.parent == FOLDER
        fixed = [f"-p {shlex.quote(f'{name}={value}')}" for name, value in given.items()]
        preset = [] if self.preset == "laptop" else [f"--preset {self.preset}"]
        which = f"{self.lesson.about['lesson']:02d}" if own else shlex.quote(str(self.lesson.path))
        return " ".join([which, *lists, *fixed, *preset])


def plan(lesson: str, preset: str = "laptop", fixed: dict[str, Any] | None = None,
         grid: dict[str, list] | None = None, seeds: list[int] | None = None) -> Sweep:
    """Return a checked sweep; without `seeds` they are 0, 1, 2.

    Raises ValueError when there is nothing to sweep, for an unknown parameter, preset or lesson, a value
    out of range or given twice, and for a parameter that is both fixed and swept.
    """
    fixed, grid = dict(fixed or {}), {name: list(values) for name, values in (grid or {}).items()}
    if not grid and seeds is None:
        raise ValueError("the grid is empty: give the values of a parameter, such as -g width=8,16, or --seeds 0-9")
    swept = {**grid, "seed": [0, 1, 2] if seeds is None else list(seeds)}
    for name, values in swept.items():
        if not values:
            raise ValueError(f"the grid is empty: {name} has no values; give them as in -g width=8,16")
    if "seed" in grid or "seed" in fixed:
        raise ValueError("seeds have their own option: --seeds 0,1,2 or --seeds 0-9")
    if "checkpoint" in grid or "checkpoint" in fixed:
        raise ValueError("checkpoint cannot be set in a sweep: every run keeps its own in its folder")
    if both := sorted(set(grid) & set(fixed)):
        raise ValueError(f"{both[0]} is both fixed (-p) and swept (-g): leave one out")
    found = find(lesson)
    known = parameters(found.notebook)
    settings(found, preset, fixed)
    for name, values in swept.items():
        for value in values:
            settings(found, preset, {name: value})
        swept[name] = [known[name].check(value) for value in values]
        if len(set(swept[name])) < len(values):
            raise ValueError(f"{name} has a value twice: {_listed(values)}")
    return Sweep(found, preset, fixed, {name: swept[name] for name in grid}, swept["seed"])


def from_file(path: Path) -> dict[str, Any]:
    """Return what a TOML file says: lesson, preset, [parameters], [grid], seeds, measure, maximise.

    Raises FileNotFoundError, or ValueError when it is not TOML, has an unknown key or a value of the wrong kind.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not TOML: {error}") from error
    for key, value in said.items():
        if key not in FILE_KEYS:
            raise unknown(f"{path}: key", key, FILE_KEYS)
        if key == "lesson" and isinstance(value, int):
            said[key] = str(value)
        elif not isinstance(value, FILE_KEYS[key]):
            raise ValueError(f"{path}: {key} = {value!r} must be of type {FILE_KEYS[key].__name__}")
    for name, values in said.get("grid", {}).items():
        if not isinstance(values, list):
            raise ValueError(f"{path}: [grid] {name} = {values!r} must be a list, such as [{values!r}]")
    return said


def finished(sweep: Sweep, runs: Path) -> dict[str, dict]:
    """Return the records of those runs that are done by the present code, by name."""
    code = reruns.code_sha256(sweep.lesson.notebook)
    records = {key: reruns.finished(runs / sweep.lesson.name / key, code) for key in sweep.runs()}
    return {key: record for key, record in records.items() if record}


def default_workers() -> int:
    """Return how many runs go side by side unless asked: one per physical core, one where they share a GPU."""
    return 1 if doctor.gpu_name() else physical_cores()


@contextmanager
def cluster(workers: int = 0, scheduler: str = "") -> Iterator:
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
                           dashboard_address=None, silence_logs=logging.CRITICAL) as local, Client(local) as client):
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


def execute(client, sweep: Sweep, names: list[str], runs: Path, again: bool = False) -> Iterator[tuple[str, dict]]:
    """Run the named runs of a sweep and yield (name, record) as each ends.

    A record is that of `reruns.run`, or, for a run that failed, the same with its `error`.  A run whose
    worker dies is run again, up to three times; one that another process is busy with is waited for.
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
                record = _failed(sweep.preset, code, "its worker died again and again (out of memory?)")
            except CancelledError as error:
                raise ConnectionError("the scheduler is lost; finished runs are kept, and the same command goes on "
                                      "from there") from error
            if "error" not in record and not reruns.finished(runs / sweep.lesson.name / name, code):
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
    locks = runs / ".locks"
    locks.mkdir(exist_ok=True)
    with locket.lock_file(str(locks / hashlib.sha256(f"{lesson.name}/{name}".encode()).hexdigest()[:16])):
        try:
            return reruns.run(lesson, runs, preset, given, again, cwd=cwd, bar=False)[0]
        except reruns.LessonFailed as error:
            return _failed(preset, code, str(error), error.results)


def _failed(preset: str, code: str, error: str, results: dict[str, float] | None = None) -> dict:
    """The record of a run that failed."""
    return {"preset": preset, "results": results or {}, "error": error, "code_sha256": code,
            "date": datetime.now(UTC).isoformat(timespec="seconds"), "versions": doctor.versions()}


def _listed(values: list) -> str:
    """Values as one word of the command line; texts in quotes where one holds a comma."""
    quoted = any("," in str(value) for value in values)
    return ",".join(repr(value) if quoted else str(value) for value in values)
