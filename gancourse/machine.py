"""What this machine computes with: the kind of its processor and card, the versions of its libraries."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

LIBRARIES = (
    "numpy",
    "scipy",
    "pillow",
    "scikit-image",
    "scikit-learn",
    "torch",
    "tensorflow",
    "keras",
)
INSTRUCTIONS = (
    "sse4_2",
    "fma",
    "avx",
    "avx2",
    "avx512f",
    "avx512bw",
    "avx512vl",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "avx_vnni",
    "amx_tile",
    "amx_bf16",
    "amx_int8",
    "asimd",
    "asimdhp",
    "asimddp",
    "sve",
    "sve2",
    "i8mm",
    "bf16",
    "sme",
)
LIMITS = (
    "ATEN_CPU_CAPABILITY",
    "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA",
    "OPENBLAS_CORETYPE",
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_XLA_FLAGS",
    "XLA_FLAGS",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "NVIDIA_TF32_OVERRIDE",
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_VISIBLE_DEVICES",
)


def kind() -> dict[str, Any]:
    """Return the kind of processor and card, and the environment variables that hold them to less."""
    limits = {name: os.environ[name] for name in LIMITS if name in os.environ}
    return {"processor": processor(), "gpu": gpus(), "limits": limits}


def versions() -> dict[str, str]:
    """Return the versions of Python and of the installed libraries that compute."""
    found = {library: _version(library) for library in LIBRARIES}
    installed = {library: version for library, version in found.items() if version}
    return {"python": platform.python_version(), **installed}


@cache
def processor() -> dict[str, Any]:
    """Return the processor's kind: architecture, vendor, model, and the instructions that change numbers.

    Read from /proc/cpuinfo (Linux), sysctl (macOS), else from Python's `platform`.
    """
    found: dict[str, Any] = {"architecture": platform.machine()}
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        name = platform.processor()
        if platform.system() == "Darwin":
            name = _output("sysctl", "-n", "machdep.cpu.brand_string") or name
        return {**found, "model name": name}
    first = text.strip().split("\n\n")[0]
    facts = {}
    for line in first.splitlines():
        name, _, value = line.partition(":")
        facts[name.strip()] = value.strip()
    for name in ("vendor_id", "cpu family", "model", "model name", "CPU implementer", "CPU part"):
        if name in facts:
            found[name] = facts[name]
    flags = set(facts.get("flags", facts.get("Features", "")).split())
    return {**found, "instructions": [name for name in INSTRUCTIONS if name in flags]}


@cache
def gpus() -> list[str]:
    """Return the name and driver of each NVIDIA GPU of this machine, [] where there is none."""
    return _output(
        "nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"
    ).splitlines()


def _output(program: str, *arguments: str) -> str:
    """What a program prints, "" where it is missing or fails."""
    path = shutil.which(program)
    if not path:
        return ""
    try:
        done = subprocess.run(
            [path, *arguments], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


@cache
def _version(library: str) -> str:
    """A library's version, "" where it is not installed."""
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return ""
