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
    """Lines of (what, value, advice); advice is empty where all is well.

    It prints as text and is shown in a notebook as a table.
    """

    lines: list[tuple[str, str, str]]
    preset: str  # the preset that suits this machine

    def __str__(self) -> str:
        """The lines as text, the names flush right."""
        lines = []
        for what, value, advice in self.lines:
            note = f"   <- {advice}" if advice else ""
            lines.append(f"{what:>12}  {value}{note}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """The table, as Jupyter asks for it."""
        cell = '<td style="text-align:left">'
        rows = []
        for line in self.lines:
            cells = "".join(f"{cell}{escape(text)}</td>" for text in line)
            rows.append(f"<tr>{cells}</tr>")
        return f"<table><tbody>{''.join(rows)}</tbody></table>"


def report() -> Report:
    """Return what this machine is, and the preset that suits it, in about a second.

    That is versions, device, cores, memory and speed.  Lesson 00.
    """
    gpu = gpu_name()
    memory = memory_gb()
    speed = matmul_gflops()
    bf16 = bf16_in_hardware()
    preset = "gpu" if gpu else "laptop"
    lines = [("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}",
              "")]
    for package in PACKAGES:
        version = installed(package)
        advice = "" if version else f"pip install {package}"
        lines.append((package, version or "not installed", advice))
    no_gpu = "" if gpu else "not needed: every lesson is made for a CPU"
    lines.append(("GPU", gpu or "none", no_gpu))
    lines.append(("cores", f"{physical_cores()} physical, {available_cores()} logical", ""))
    lines.append(_threads_line())
    size = f"{memory:.0f} GB" if memory else "unknown"
    scarce = "close other programs" if 0 < memory < 4 else ""
    lines.append(("memory", size, scarce))
    if bf16:
        lines.append(("bfloat16", "in hardware", "precision=bf16 is up to twice as fast"))
    else:
        lines.append(("bfloat16", "not in this processor",
                      "keep precision=fp32: emulation is many times slower"))
    slow = "lessons may take several times longer" if speed < 20 else ""
    lines.append(("speed", f"{speed:.0f} GFLOP/s in float32", slow))
    lines.append(("preset", preset, ""))
    return Report(lines, preset)


def _threads_line() -> tuple[str, str, str]:
    """The line of the report on threads."""
    threads = f"{chosen_threads()} a lesson"
    if os.environ.get("OMP_NUM_THREADS"):
        return "threads", f"{threads} (OMP_NUM_THREADS)", ""
    return ("threads", threads,
            "so that numbers repeat whatever else runs; OMP_NUM_THREADS=N overrules")


def matmul_gflops(size: int = 768) -> float:
    """Return NumPy's float32 matrix-product speed on this machine in GFLOP/s.

    It is the best of a few tries, on square matrices of `size`.
    """
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
    facts = {"python": platform.python_version(), "threads": str(chosen_threads())}
    for package in PACKAGES:
        if version := installed(package):
            facts[package] = version
    return facts
