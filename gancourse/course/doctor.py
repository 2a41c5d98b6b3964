"""What this machine is and what it can do for the course, without importing a framework."""

import os
import platform
import time
from html import escape
from typing import NamedTuple

import numpy as np

from gancourse.system import (
    available_cores,
    bf16_in_hardware,
    chosen_threads,
    gpu_name,
    installed,
    memory_gb,
    physical_cores,
)

PACKAGES = ("numpy", "torch", "tensorflow", "jupyterlab", "papermill", "nbval")


class Report(NamedTuple):
    """Lines of (what, value, advice); advice is empty where all is well.  Prints as text, shows as a table."""

    lines: list[tuple[str, str, str]]
    preset: str  # the preset that suits this machine

    def __str__(self) -> str:
        notes = [f"   <- {advice}" if advice else "" for _, _, advice in self.lines]
        return "\n".join(f"{what:>12}  {value}{note}" for (what, value, _), note in zip(self.lines, notes, strict=True))

    def _repr_html_(self) -> str:
        cell = '<td style="text-align:left">'
        rows = "".join(f"<tr>{cell}{escape(what)}</td>{cell}{escape(value)}</td>{cell}{escape(advice)}</td></tr>"
                       for what, value, advice in self.lines)
        return f"<table><tbody>{rows}</tbody></table>"


def report() -> Report:
    """Return versions, device, cores, memory, speed, and the preset that suits them, in about a second.  Lesson 00."""
    gpu, memory, speed, bf16 = gpu_name(), memory_gb(), matmul_gflops(), bf16_in_hardware()
    preset = "gpu" if gpu else "laptop"
    set_by_reader = bool(os.environ.get("OMP_NUM_THREADS"))
    lines = [("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}", "")]
    for package in PACKAGES:
        version = installed(package)
        lines.append((package, version or "not installed", "" if version else f"pip install {package}"))
    lines += [
        ("GPU", gpu or "none", "" if gpu else "not needed: every lesson is made for a CPU"),
        ("cores", f"{physical_cores()} physical, {available_cores()} logical", ""),
        ("threads", f"{chosen_threads()} a lesson" + " (OMP_NUM_THREADS)" * set_by_reader,
         "" if set_by_reader else "so that numbers repeat whatever else runs; OMP_NUM_THREADS=N overrules"),
        ("memory", f"{memory:.0f} GB" if memory else "unknown", "close other programs" if 0 < memory < 4 else ""),
        ("bfloat16", "in hardware" if bf16 else "not in this processor",
         "precision=bf16 is up to twice as fast" if bf16 else "keep precision=fp32: emulation is many times slower"),
        ("speed", f"{speed:.0f} GFLOP/s in float32", "lessons may take several times longer" if speed < 20 else ""),
        ("preset", preset, ""),
    ]
    return Report(lines, preset)


def matmul_gflops(size: int = 768) -> float:
    """Return the float32 matrix-product speed of NumPy on this machine in GFLOP/s: the best of a few tries."""
    a = np.random.default_rng(0).random((size, size), np.float32)
    a @ a
    times = []
    for _ in range(5):
        start = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - start)
    return 2 * size**3 / min(times) / 1e9


def versions() -> dict[str, str]:
    """Return the versions that decide a run's numbers, for its record."""
    found = {package: installed(package) for package in PACKAGES}
    return {"python": platform.python_version(), "threads": str(chosen_threads()),
            **{package: version for package, version in found.items() if version}}
