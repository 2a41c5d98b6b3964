"""What this process may use of the machine: cores, their arithmetic, and memory."""

import os
from pathlib import Path

from gancourse.errors import CourseError


def available_cores() -> int:
    """Return the number of logical cores that this process may run on (at least 1)."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def physical_cores() -> int:
    """Return the number of physical cores that this process may run on (at least 1).

    Read from the kernel where it tells (Linux); elsewhere the logical count.
    """
    topology = Path("/sys/devices/system/cpu")
    if hasattr(os, "sched_getaffinity") and (topology / "cpu0/topology/thread_siblings_list").exists():
        siblings = {(topology / f"cpu{i}/topology/thread_siblings_list").read_text() for i in os.sched_getaffinity(0)}
        return max(1, len(siblings))
    return available_cores()


def memory_gb() -> float:
    """Return the machine's memory in GB, 0.0 where it cannot be told."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):
        return 0.0


def chosen_threads(default: int = 1) -> int:
    """Return how many threads to compute with: OMP_NUM_THREADS where it is set, else `default`.

    One, unless the reader says otherwise, and never what happens to be idle: the sums of two threads are
    rounded in another order, so the same command would give other numbers on a busy machine.
    Raises ValueError when OMP_NUM_THREADS is no whole number of 1 or more.
    """
    said = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if not said:
        return default
    if not said.isdigit() or int(said) < 1:
        raise CourseError(f"OMP_NUM_THREADS={said!r} must be a whole number, 1 or more: set it anew, or unset it")
    return int(said)


def limit_threads(num_threads: int = 0) -> int:
    """Let NumPy, SciPy and scikit-learn compute with so many threads, 0 for `chosen_threads`, and return how many."""
    from threadpoolctl import threadpool_limits

    num_threads = num_threads or chosen_threads()
    threadpool_limits(num_threads)
    return num_threads


def bf16_in_hardware() -> bool:
    """Return whether the processor itself computes bfloat16 (AVX512-BF16, AMX, or Arm's bf16); else it is emulated."""
    try:
        flags = Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return False
    return bool({"avx512_bf16", "amx_bf16", "bf16"} & set(flags))
