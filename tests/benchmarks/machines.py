"""Do the lessons' claims hold on other machines?  Runs lessons under simulated ones and writes MACHINES.md.

    python tests/benchmarks/machines.py                      all lessons, all variants, two at once; some hours
    python tests/benchmarks/machines.py 05 06 --variants sse4,seed1
    python tests/benchmarks/machines.py --table              only write the tables anew from what has been measured
    python tests/benchmarks/machines.py --rendered           native runs are those that render has just stored here

A variant is a set of environment variables that lets the libraries use fewer instructions or more threads, or
another seed.  Two hundred Adam steps of a small network already end in other bits under each, so each is another
machine for our purpose.  What has been measured is kept in machines.json and not repeated: the script can be
stopped at any time and goes on from there.  Where code has changed since, the native run is made again; if each
of its numbers is the same to the last bit, the change was none of numbers and the other runs stand, else all go.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from gancourse import system
from gancourse.course import doctor, notebook_execution, records
from gancourse.course.lessons import Lesson, all_lessons, find, is_fresh
from gancourse.course.run_fingerprint import code_sha256
from gancourse.files import write_atomically

HERE = Path(__file__).parent
STORE, TABLE = HERE / "machines.json", HERE / "MACHINES.md"
ALWAYS = {"CUDA_VISIBLE_DEVICES": "", "OMP_WAIT_POLICY": "PASSIVE"}  # threads that wait must not spin on a full machine
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "OPENBLAS_CORETYPE": "Haswell"}
AVX = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "AVX", "OPENBLAS_CORETYPE": "Sandybridge"}
SSE4 = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "OPENBLAS_CORETYPE": "Prescott"}
VARIANTS = {  # name: (environment, threads, seed, which lessons)
    "native": ({}, 1, 0, "all"),
    "seed1": ({}, 1, 1, "all"),
    "seed2": ({}, 1, 2, "all"),
    "threads2": ({}, 2, 0, "all"),
    "threads4": ({}, 4, 0, "all"),
    "avx2": (AVX2, 1, 0, "all"),
    "avx2_threads2": (AVX2, 2, 0, "all"),
    "sse4": (SSE4, 1, 0, "all"),
    "sse4_threads2": (SSE4, 2, 0, "all"),
    "avx": (AVX, 1, 0, "all"),
    "no_onednn": ({"TF_ENABLE_ONEDNN_OPTS": "0"}, 1, 0, "tensorflow"),
    "xla": ({"TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit"}, 1, 0, "tensorflow"),
    "gpu": ({"CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "0")}, 1, 0, "gpu"),
}
REFERENCE = "native"  # the variant that shows whether a change of code was one of numbers
WANTED = 3.0  # standard deviations between a claim and its bound


def main() -> None:
    """Run what is missing and write the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("lessons", nargs="*", help="numbers or names; none means all")
    options.add_argument("--variants", default="", help=f"of {', '.join(VARIANTS)}; all by default")
    options.add_argument("--jobs", type=int, default=2, help="lessons side by side (2)")
    options.add_argument("--table", action="store_true", help="run nothing")
    options.add_argument("--rendered", action="store_true",
                         help="take native runs from fresh stored outputs, which must be of this machine")
    chosen = options.parse_args()
    names = chosen.variants.split(",") if chosen.variants else list(VARIANTS)
    if odd := set(names) - set(VARIANTS):
        options.error(f"unknown variant {min(odd)}; there are {', '.join(VARIANTS)}")
    lessons = [find(name) for name in chosen.lessons] or all_lessons()
    store = json.loads(STORE.read_text(encoding="utf-8")) if STORE.exists() else {}
    if chosen.rendered:
        keep_rendered(store, lessons)
    if not chosen.table:
        run_missing(store, lessons, names, chosen.jobs)
    write_atomically(TABLE, report(store).encode())
    print(f"Look at {TABLE}")


def keep_rendered(store: dict, lessons: list[Lesson]) -> None:
    """Keep what a fresh lesson's stored outputs measured, with seed 0 and one thread, as its native run."""
    for lesson in lessons:
        rendered = lesson.about.get("rendered", {})
        if is_fresh(lesson.notebook) and rendered["versions"]["threads"] == "1":
            keep(store, lesson, REFERENCE, *record_of(lesson.notebook, rendered["seconds"], error=""))
    write_atomically(STORE, dump(store).encode())


def run_missing(store: dict, lessons: list[Lesson], names: list[str], jobs: int) -> None:
    """Run every lesson in every variant that the store lacks, the longest first, and keep each as it ends."""
    names = [REFERENCE, *(name for name in names if name != REFERENCE)]
    changed = [(lesson, REFERENCE) for lesson in lessons
               if store.get(lesson.name, {}).get("code") != code_sha256(lesson.notebook)]
    run_pairs(store, changed, names, jobs)
    run_pairs(store, [(lesson, name) for lesson in lessons for name in names
                      if applies(lesson, name) and name not in store[lesson.name]["runs"]], names, jobs)


def run_pairs(store: dict, waiting: list[tuple[Lesson, str]], names: list[str], jobs: int) -> None:
    """Run lessons in variants side by side, variant by variant and the longest first, and keep each as it ends."""
    waiting = sorted(waiting, key=lambda pair: (names.index(pair[1]), -pair[0].seconds))
    lock, started = threading.Lock(), time.monotonic()

    def one(number: int, lesson: Lesson, name: str) -> None:
        claims, record = run(lesson, name)
        with lock:
            keep(store, lesson, name, claims, record)
            write_atomically(STORE, dump(store).encode())
            missed = missed_claims(store[lesson.name], name)
            told = record["error"] or (f"missed: {'; '.join(missed)}" if missed else "all held")
            minutes = (time.monotonic() - started) / 60
            print(f"[{number}/{len(waiting)}] {minutes:5.1f} min  {lesson.name} {name}: {record['seconds']:.0f} s, "
                  f"{told}", flush=True)

    with ThreadPoolExecutor(jobs) as pool:
        for task in [pool.submit(one, i, *pair) for i, pair in enumerate(waiting, 1)]:
            task.result()


def keep(store: dict, lesson: Lesson, name: str, claims: dict, record: dict) -> None:
    """Put a run into the store; runs of older code stay only if the reference run repeats its old numbers.

    Numbers that are only shown do not count: seconds are among them.
    """
    code = code_sha256(lesson.notebook)
    entry = store.get(lesson.name, {"code": code, "claims": {}, "runs": {}})
    if entry["code"] != code:
        judged = {text: value for text, value in record["measured"].items() if claims[text][0] != "shown"}
        entry = {"code": code, "claims": {}, "runs": still_true(entry["runs"], judged)}
    entry["claims"] |= claims
    entry["runs"][name] = record
    store[lesson.name] = entry


def still_true(runs: dict, measured: dict[str, float]) -> dict:
    """Return those older runs that stand beside a new reference run with these numbers: all that have them, or none."""
    old = runs.get(REFERENCE, {"measured": {}})["measured"]
    if any(old.get(text, value) != value for text, value in measured.items()):
        return {}
    return {name: run for name, run in runs.items() if set(measured) <= set(run["measured"])}


def applies(lesson: Lesson, name: str) -> bool:
    """Return whether a variant says anything about a lesson, on this machine."""
    which = VARIANTS[name][3]
    if which == "tensorflow":
        return "gancourse.tf" in json.dumps(lesson.notebook["cells"])
    return which == "all" or bool(doctor.gpu_name())


def run(lesson: Lesson, name: str) -> tuple[dict, dict]:
    """Run a lesson as a variant in a process of its own; return its claims and the record of the run."""
    variables, threads, seed, _ = VARIANTS[name]
    environment = os.environ | ALWAYS | variables | notebook_execution.environment(threads) | {
        "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")])}
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.ipynb"
        done = subprocess.run(
            [sys.executable, "-m", "papermill", str(lesson.path), str(out), "-p", "seed", str(seed), "-k", "python3",
             "--no-progress-bar", "--cwd", folder], env=environment, capture_output=True, text=True)
        notebook = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {"cells": []}
    error = "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1][:300]
    return record_of(notebook, round(time.monotonic() - started, 1), error)


def record_of(notebook: dict, seconds: float, error: str) -> tuple[dict, dict]:
    """Return the claims of a notebook that has run, and the record of the run."""
    rows = [row for row in records.claims(notebook) if row["judged"] or row["kind"] == "shown"]
    return ({row["text"]: [row["kind"], row["low"], row["high"]] for row in rows},
            {"date": datetime.now(UTC).date().isoformat(), "seconds": seconds, "processor": processor(), "error": error,
             "measured": {row["text"]: row["measured"] for row in rows}})


def processor() -> str:
    """Return the model of this machine's processor and its widest instructions, as far as it tells."""
    known = system.processor()
    model = known.get("model name") or known["architecture"]
    widest = next((name for name in ("avx512f", "avx2", "avx", "sse4_2") if name in known.get("instructions", [])), "")
    return f"{model}, {widest}" if widest else model


def missed_claims(entry: dict, name: str) -> list[str]:
    """Return the judged claims that do not hold in one run."""
    measured = entry["runs"][name]["measured"]
    return [text for text, (kind, low, high) in entry["claims"].items()
            if kind != "shown" and text in measured and not holds(float(measured[text]), low, high)]


def holds(value: float, low: float | None, high: float | None) -> bool:
    """Return whether a finite number lies within its bounds."""
    return math.isfinite(value) and (low is None or value >= low) and (high is None or value <= high)


def margin(values: np.ndarray, low: float | None, high: float | None) -> float:
    """Return how many standard deviations lie between the mean of the values and the nearer bound.

    Positive numbers with positive bounds are compared by their logarithms: ratios and distances scatter so.
    Infinite where the values do not scatter and hold, negative where the mean lies beyond the bound.
    """
    bounds = [b for b in (low, high) if b is not None]
    if (values > 0).all() and all(b > 0 for b in bounds):
        values, low, high = np.log(values), *(None if b is None else math.log(b) for b in (low, high))
    below = math.inf if low is None else values.mean() - low
    above = math.inf if high is None else high - values.mean()
    room = min(below, above)
    spread = values.std(ddof=1) if len(values) > 1 else 0.0
    if spread < 1e-12 * max(1.0, abs(values.mean())):
        return math.inf if room >= 0 else -math.inf
    return room / spread


def report(store: dict) -> str:
    """Return MACHINES.md."""
    margins, lines, runs, missed = [], [], 0, 0
    columns = [name for name in VARIANTS if any(name in entry["runs"] for entry in store.values())]
    lines += ["| lesson | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for lesson, entry in sorted(store.items()):
        cells = []
        for name in columns:
            record = entry["runs"].get(name)
            if not record:
                cells.append("")
                continue
            bad = missed_claims(entry, name)
            judged = sum(kind != "shown" and text in record["measured"] for text, (kind, *_) in entry["claims"].items())
            runs, missed = runs + 1, missed + len(bad)
            cells.append("failed" if record["error"] and not bad else f"{judged - len(bad)}/{judged}")
        lines.append(f"| {lesson} | " + " | ".join(cells) + " |")
    rows = []
    for lesson, entry in sorted(store.items()):
        for text, (kind, low, high) in entry["claims"].items():
            found = [record["measured"][text] for record in entry["runs"].values() if text in record["measured"]]
            if kind == "shown" or not found:
                continue
            values = np.array(found, float)
            far = margin(values, low, high) if np.isfinite(values).all() else -math.inf
            margins.append((far, lesson, text))
            told = "no spread" if far == math.inf else f"{far:.1f}"
            rows.append(f"| {lesson[:2]} | {text} | {kind} | {in_words(low, high)} | {worst(values, low, high):.5g} | "
                        f"{len(values)} | {told} |")
    least = min(margins, default=(math.inf, "", ""))
    thin = [m for m in margins if m[0] < WANTED]
    date = max((r["date"] for e in store.values() for r in e["runs"].values()), default="")
    kinds = sorted({r["processor"] for e in store.values() for r in e["runs"].values()})
    return f"""# The lessons on other machines
`python tests/benchmarks/machines.py`, last run {date}; {'; '.join(kinds)}; {versions()}.

{runs} runs, {missed} judged claims missed. Least margin of all: {least[0]:.1f} standard deviations ({least[1]},
"{least[2]}"); {len(thin)} of {len(margins)} claims keep less than {WANTED:g}.

A variant is another machine for the purpose: other instruction sets (avx2, avx, sse4: what PyTorch, oneDNN and
OpenBLAS may use), other numbers of threads, other seeds, TensorFlow without oneDNN and with XLA. A cell says how many
of the judged claims held. Below, for each claim: the worst value of all runs, the bound, and how many standard
deviations lie between the mean of the runs and the bound (of logarithms where all is positive).

{chr(10).join(lines)}

| lesson | claim | kind | bound | worst | runs | margin |
|---|---|---|---|---|---|---|
{chr(10).join(rows)}
"""


def in_words(low: float | None, high: float | None) -> str:
    """Return the bounds of a claim as text."""
    return ", ".join(f"{sign} {bound:.5g}" for sign, bound in ((">", low), ("<", high)) if bound is not None)


def worst(values: np.ndarray, low: float | None, high: float | None) -> float:
    """Return the value that is nearest to a bound, or farthest beyond it."""
    room = np.minimum(values - (-np.inf if low is None else low), (np.inf if high is None else high) - values)
    return values[room.argmin()]


def versions() -> str:
    """Return the versions that decide numbers, as text."""
    return ", ".join(f"{name} {version}" for name, version in doctor.versions().items() if name != "threads")


def dump(store: dict) -> str:
    """Return the store as JSON, a line for each claim and each run, so that changes can be read."""
    text = json.dumps(store, indent=1, ensure_ascii=False, sort_keys=True)
    return text + "\n"


if __name__ == "__main__":
    main()
