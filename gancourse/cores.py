"""What this process may use of the machine: cores and memory."""

import os
from pathlib import Path


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
