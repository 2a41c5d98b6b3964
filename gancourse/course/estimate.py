"""How long runs will take on this machine: as long as before, else as its speed tells."""

import heapq
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from gancourse.course import records

ROOT = Path(__file__).parents[2]


class Estimate(NamedTuple):
    """What a run is expected to take."""

    seconds: float  # as a guide to which run is the longest; no promise where `known` is ""
    known: str  # "before" (it ran here), "stored" (the stored run, at this machine's speed), or ""


def of_run(planned, speed: float) -> Estimate:
    """Return what a run (`runner.Plan`) will take, on a machine of `speed` GFLOP/s.

    An earlier run of the same parameters on the same kind of machine and as many threads tells
    best, by whatever code.  Of the lesson's own parameters the stored run tells: its seconds count
    as many times as this machine is slower in matrix products, where the lesson says how fast its
    own was.
    """
    record = records.read(planned.folder / "run.json")
    before = record.get("identity", {})
    if all(before.get(what) == planned.identity[what] for what in ("machine", "threads")):
        return Estimate(record["seconds"], "before")
    rendered = planned.lesson.about.get("rendered", {})
    slower = rendered.get("gflops", speed) / speed
    known = "stored" if rendered and not planned.settings else ""
    return Estimate(planned.lesson.seconds * slower, known)


def speed() -> float:
    """Return this machine's speed in float32 matrix products on one thread, in GFLOP/s.

    Measured in a process of its own: this one's libraries have their number of threads already.
    """
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    code = "from gancourse.course.doctor import matmul_gflops; print(matmul_gflops())"
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    environment = {**os.environ, **one_thread, "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def seconds_side_by_side(seconds: Iterable[float], jobs: int) -> float:
    """Return how long runs take in all, `jobs` of them side by side.

    Each begins, in the order given, as soon as a place is free.
    """
    places = [0.0] * jobs  # a heap: when each place is free, the earliest first
    for duration in seconds:
        heapq.heapreplace(places, places[0] + duration)
    return max(places)


def in_words(seconds: float) -> str:
    """Return a rounded time: "about 40 s", "about 12 min", "about 2.5 h"."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"
