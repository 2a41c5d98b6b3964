"""What the machine has and what of it this process may use: cores, memory, GPUs, libraries."""

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from gancourse.errors import CourseError

LIBRARIES = (
    "numpy", "scipy", "pillow", "scikit-image", "scikit-learn", "torch", "tensorflow", "keras",
)
INSTRUCTIONS = (
    "sse4_2", "fma", "avx", "avx2", "avx512f", "avx512bw", "avx512vl", "avx512_vnni", "avx512_bf16",
    "avx512_fp16", "avx_vnni", "amx_tile", "amx_bf16", "amx_int8", "asimd", "asimdhp", "asimddp",
    "sve", "sve2", "i8mm", "bf16", "sme",
)
LIMITS = (
    "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "OPENBLAS_CORETYPE",
    "TF_ENABLE_ONEDNN_OPTS", "TF_XLA_FLAGS", "XLA_FLAGS", "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS",
    "NVIDIA_TF32_OVERRIDE", "CUBLAS_WORKSPACE_CONFIG", "CUDA_VISIBLE_DEVICES",
)
MEMORY_LIMITS = (
    "/sys/fs/cgroup/memory.max",  # of control groups, version 2
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",  # version 1
)


def available_cores() -> int:
    """Return the number of logical cores that this process may use, at least 1.

    Affinity and the processor quota of a container count, not only what the machine has.
    """
    import joblib

    return joblib.cpu_count()


def physical_cores() -> int:
    """Return the number of physical cores that this process may use, at least 1.

    Two logical cores of one physical core share its arithmetic, so a second program there gains
    little.  Where the system does not tell, it is the number of logical cores.
    """
    import psutil

    cores = available_cores()
    return min(cores, psutil.cpu_count(logical=False) or cores)


def memory_gb() -> float:
    """Return the memory that this process may use, in GB.

    That is the machine's, or the limit of its container where that is less.
    """
    import psutil

    limits = [_read(path) for path in MEMORY_LIMITS]
    in_bytes = [int(limit) for limit in limits if limit.isdigit()]  # "max" is no limit, "" no file
    return min([psutil.virtual_memory().total, *in_bytes]) / 1e9


def chosen_threads(default: int = 1) -> int:
    """Return how many threads to compute with: OMP_NUM_THREADS where it is set, else `default`.

    One, unless the reader says otherwise, and never what happens to be idle: the sums of two
    threads are rounded in another order, so the same command would give other numbers on a busy
    machine.
    Raises ValueError when OMP_NUM_THREADS is no whole number of 1 or more.
    """
    value = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if not value:
        return default
    if not value.isdigit() or int(value) < 1:
        raise CourseError(f"OMP_NUM_THREADS={value!r} must be a whole number, 1 or more: "
                          "set it anew, or unset it")
    return int(value)


def limit_threads(num_threads: int = 0) -> int:
    """Let NumPy, SciPy and scikit-learn compute with so many threads, and return how many.

    0 stands for `chosen_threads`.
    """
    from threadpoolctl import threadpool_limits

    num_threads = num_threads or chosen_threads()
    threadpool_limits(num_threads)
    return num_threads


def bf16_in_hardware() -> bool:
    """Return whether the processor computes bfloat16 itself; else it is emulated, and slow.

    That is by AVX512-BF16, AMX, or Arm's bf16, unless ONEDNN_MAX_CPU_ISA holds the libraries to
    less.
    """
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA") or "ALL"
    allowed = limit.upper() in ("ALL", "DEFAULT") or re.search("BF16|FP16|AMX", limit.upper())
    flags = set(_read("/proc/cpuinfo").split())
    return bool(allowed) and not flags.isdisjoint({"avx512_bf16", "amx_bf16", "bf16"})


def hardware() -> dict[str, Any]:
    """Return the kind of processor and GPU, and the environment variables that limit them."""
    limits = {name: os.environ[name] for name in LIMITS if name in os.environ}
    return {"processor": processor(), "gpu": gpus(), "limits": limits}


def library_versions() -> dict[str, str]:
    """Return the versions of Python and of the installed libraries that compute."""
    versions = {"python": platform.python_version()}
    versions |= {library: installed(library) for library in LIBRARIES if installed(library)}
    return versions


@cache
def processor() -> dict[str, Any]:
    """Return the processor's kind: architecture, vendor, model, and instructions.

    The instructions are those that can change numbers, because libraries choose their code by them.
    Read from /proc/cpuinfo (Linux), sysctl (macOS), else from Python's `platform`.
    """
    kind: dict[str, Any] = {"architecture": platform.machine()}
    cpuinfo = _read("/proc/cpuinfo")
    if not cpuinfo:
        name = platform.processor()
        if platform.system() == "Darwin":
            name = _output("sysctl", "-n", "machdep.cpu.brand_string") or name
        return {**kind, "model name": name}
    first_core = cpuinfo.strip().split("\n\n")[0]
    facts = {}
    for line in first_core.splitlines():
        name, _, value = line.partition(":")
        facts[name.strip()] = value.strip()
    for name in ("vendor_id", "cpu family", "model", "model name", "CPU implementer", "CPU part"):
        if name in facts:
            kind[name] = facts[name]
    flags = facts.get("flags") or facts.get("Features", "")  # the words of x86 and of Arm
    kind["instructions"] = [name for name in INSTRUCTIONS if name in flags.split()]
    return kind


@cache
def gpus() -> list[str]:
    """Return the name and driver of each NVIDIA GPU of this machine, [] where there is none."""
    return _output(
        "nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"
    ).splitlines()


def gpu_name() -> str:
    """Return the name of the first NVIDIA GPU, or "" where there is none."""
    return gpus()[0].rpartition(",")[0] if gpus() else ""


@cache
def installed(package: str) -> str:
    """Return the installed version of a package, or "" when it is missing; nothing is imported."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _read(path: str) -> str:
    """The text of a small file of the system, "" where there is none."""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _output(program: str, *arguments: str) -> str:
    """What a program prints, "" where it is missing or fails."""
    path = shutil.which(program)
    if not path:
        return ""
    try:
        process = subprocess.run(
            [path, *arguments], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return process.stdout.strip()
