"""A search with a worker and its driver killed, on this machine and on a scheduler by address; and what pruning saves.

    python tests/benchmarks/search.py --tiny            the harness alone, on a lesson that waits: ten minutes
    python tests/benchmarks/search.py                   lesson 09, two workers: about an hour of both cores
    python tests/benchmarks/search.py --only pruning    one of the three: local, address, pruning

A run counts as done twice when its record is written twice, which a thread watches for.  The driver is killed after
eight records; the same command then goes on, and a worker of its is killed after sixteen.  Pruning is measured on the
same random points, with the whole budget for all and with a budget that grows: seconds of computing, and the winner's
median on fresh seeds, which tells what pruning has cost.
"""

import argparse
import csv
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
START = "from gancourse.course.cli import main; main()"
REAL = ["09", "--preset", "study", "-g", "learning_rate=log:1e-3..3e-2", "-g", "beta1=0..0.9", "-g",
        "batch_size=log:8..128", "-g", "norm=batch_G,none", "--measure", "distance of the samples"]
BUDGET = {True: ["--budget", "steps=1..16", "--reduce", "4"],
          False: ["--budget", "num_steps=125..2000", "--reduce", "4"]}
PARAMETERS = """x: float = 5.0  # a number [0, 10]
y: float = 5.0  # another [0, 10]
steps: int = 4  # seconds times two [1, 16]
seed: int = 0  # a seed [0, 99]"""


def main() -> None:
    """Read the options, search, and print what was counted."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--tiny", action="store_true", help="a lesson that only waits")
    options.add_argument("--only", nargs="+", default=["local", "address", "pruning"],
                         choices=["local", "address", "pruning"])
    options.add_argument("--trials", type=int, default=40)
    options.add_argument("--keep", type=Path, help="a folder for the runs (a temporary one, which goes)")
    chosen = options.parse_args()
    home = chosen.keep or Path(tempfile.mkdtemp())
    home.mkdir(parents=True, exist_ok=True)
    space = tiny(home) if chosen.tiny else REAL
    search = [*space, "--search", "tpe", "--trials", str(chosen.trials), "--confirm", "0"]
    search += [] if chosen.tiny else ["-p", "num_steps=500"]
    try:
        if "local" in chosen.only:
            with_kills(home / "local", [*search, "--workers", "2"], "two local workers")
        if "address" in chosen.only:
            with Scheduler(home) as scheduler:
                with_kills(home / "address", [*search, "--scheduler", scheduler.address], "a scheduler by address",
                           scheduler)
        if "pruning" in chosen.only:
            pruning(home, [*space, "--search", "random", "--trials", str(chosen.trials), "--workers", "2"],
                    BUDGET[chosen.tiny])
    finally:
        if not chosen.keep:
            shutil.rmtree(home, ignore_errors=True)


def tiny(folder: Path) -> list[str]:
    """Plant a lesson that waits in the place of training, and return how it is searched."""
    sys.path.insert(0, str(ROOT / "tests"))
    import planted

    path = planted.plant(folder / "01_t.ipynb", "import random, time\ntime.sleep(steps / 2)", planted.table(
        ("score", "(x - 3) ** 2 + (y - 4) ** 2 / 4 + 8 / steps + random.Random(f'{x} {y} {seed}').random()", 1e9)),
        parameters=PARAMETERS)
    return [path, "-g", "x=0..10", "-g", "y=0..10", "--measure", "score"]


class Records:
    """How often each record in a folder of runs has been written; a thread looks ten times a second."""

    def __init__(self, runs: Path) -> None:
        self.runs, self.written, self.over = runs, defaultdict(set), threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def __enter__(self) -> "Records":
        self.thread.start()
        return self

    def __exit__(self, *error) -> None:
        self.over.set()
        self.thread.join()

    def look(self) -> None:
        while not self.over.wait(0.1):
            for name in ("run.json", "failed.json"):
                for path in self.runs.glob(f"[0-9]*/*/{name}"):
                    try:
                        self.written[path.parent.name].add(path.stat().st_mtime_ns)
                    except FileNotFoundError:
                        continue

    def wait_for(self, count: int, process: subprocess.Popen) -> None:
        """Return when so many runs have a record, or the process has ended."""
        while len(self.written) < count and process.poll() is None:
            time.sleep(0.1)


def drive(runs: Path, search: list[str]) -> subprocess.Popen:
    """Start the command of a search; what it prints goes to a file beside its runs."""
    runs.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with open(runs / "log.txt", "a") as log:
        return subprocess.Popen([sys.executable, "-c", START, "sweep", *search, "--runs", str(runs)], env=environment,
                                stdout=log, stderr=subprocess.STDOUT)


def with_kills(runs: Path, search: list[str], title: str, scheduler: "Scheduler | None" = None) -> None:
    """Search, kill the driver after eight records and a worker after sixteen, and print what was counted."""
    started = time.monotonic()
    with Records(runs) as records:
        first = drive(runs, search)
        records.wait_for(8, first)
        first.send_signal(signal.SIGKILL)
        first.wait()
        second = drive(runs, search)
        records.wait_for(16, second)
        victim = busy_worker(scheduler.workers if scheduler else [second])
        victim.kill()
        status = second.wait()
        seconds = time.monotonic() - started
        third = drive(runs, search).wait()  # finds all done
    (table,) = runs.glob("sweeps/*/table.csv")
    rows = list(csv.DictReader(table.open()))
    twice = [name for name, times in records.written.items() if len(times) > 1]
    log = (runs / "log.txt").read_text()
    trials = re.findall(r"^(\d+) trials: (.*)$", log, re.MULTILINE)[-1]
    print(f"{title}: {seconds:.0f} s, status {status} and {third}; {trials[0]} trials ({trials[1]}); "
          f"{len(rows)} rows, {sum(row['status'] == 'waiting' for row in rows)} of them lost; "
          f"{len(records.written)} records, {len(twice)} written twice {twice or ''}; "
          f"{log.count('a worker died')} dead worker(s) named", flush=True)


def busy_worker(parents: list[subprocess.Popen]) -> psutil.Process:
    """Return a process below one of ours that has a kernel below it: a worker at a run."""
    for _ in range(600):
        for parent in parents:
            for process in psutil.Process(parent.pid).children(recursive=True):
                try:
                    if any("ipykernel" in " ".join(child.cmdline()) for child in process.children()):
                        return process
                except psutil.NoSuchProcess:
                    continue
        time.sleep(0.1)
    raise TimeoutError("no worker has been at a run for a minute")


class Scheduler:
    """A Dask scheduler and two workers, as processes of their own."""

    def __init__(self, home: Path) -> None:
        self.home, self.processes, self.address, self.workers = home, [], "", []

    def __enter__(self) -> "Scheduler":
        file = self.home / "scheduler.json"
        self.start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        while not file.exists():
            time.sleep(0.2)
        self.address = re.search(r'"address": "([^"]+)"', file.read_text())[1]
        self.workers = [self.start("worker", self.address, "--nthreads", "1", "--no-dashboard") for _ in range(2)]
        return self

    def start(self, *words: str) -> subprocess.Popen:
        """Start a command of Dask."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen([sys.executable, "-m", "dask", *words], env=environment, cwd=self.home,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def __exit__(self, *error) -> None:
        for process in reversed(self.processes):
            process.terminate()
            process.wait()


def pruning(home: Path, search: list[str], budget: list[str]) -> None:
    """Search the same points with the whole budget for all, and with one that grows; print both."""
    name, _, values = budget[1].partition("=")
    whole = ["-p", f"{name}={values.partition('..')[2]}"]
    for title, runs, more in (("the whole budget for all", home / "whole", whole),
                              (" ".join(budget), home / "pruned", budget)):
        started = time.monotonic()
        status = drive(runs, [*search, *more]).wait()
        seconds = time.monotonic() - started
        (table,) = runs.glob("sweeps/*/table.csv")
        rows = list(csv.DictReader(table.open()))
        spent = sum(float(row["seconds"] or 0) for row in rows if row["phase"] == "search")
        metric = search[search.index("--measure") + 1]
        column = next(column for column in rows[0] if metric in column)
        fresh = defaultdict(list)
        for row in rows:
            if row["phase"] == "confirm" and row[column]:
                fresh[row["trial"]].append(float(row[column]))
        best = min(map(statistics.median, fresh.values()))
        print(f"{title}: status {status}, {len(rows)} runs, {spent:.0f} s of computing for the search, {seconds:.0f} s "
              f"by the clock; best median on fresh seeds {best:.4g}", flush=True)


if __name__ == "__main__":
    main()
