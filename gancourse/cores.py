"""What this process may use of the machine: cores, their arithmetic, and memory."""

import os
import time
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


def idle_cores(seconds: float = 0.1) -> int:
    """Return how many physical cores of this process are free now, at least 1, watched for a moment.

    Read from the kernel's count of idle time where it tells (Linux); elsewhere all physical cores.
    A core counts as free when it idles at least half of the time; this process sleeps meanwhile.
    """
    cores = physical_cores()
    try:
        before = _idle_ticks()
        time.sleep(seconds)
        after = _idle_ticks()
    except (OSError, ValueError, AttributeError):
        return cores
    shares = [idle / max(1, total) for idle, total in ((after[c][0] - before[c][0], after[c][1] - before[c][1])
                                                       for c in before)]
    free = sum(share >= 0.5 for share in shares) * cores // max(1, len(shares))
    return min(cores, max(1, free))


def bf16_in_hardware() -> bool:
    """Return whether the processor itself computes bfloat16 (AVX512-BF16, AMX, or Arm's bf16); else it is emulated."""
    try:
        flags = Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return False
    return bool({"avx512_bf16", "amx_bf16", "bf16"} & set(flags))


def _idle_ticks() -> dict[int, tuple[int, int]]:
    """(idle, total) ticks since boot of each logical core that this process may use."""
    mine, found = os.sched_getaffinity(0), {}
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name.startswith("cpu") and name != "cpu" and int(name[3:]) in mine:
            ticks = [int(t) for t in ticks]
            found[int(name[3:])] = ticks[3] + ticks[4], sum(ticks[:8])
    return found
