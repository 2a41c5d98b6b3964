"""The PyTorch track.  Twin of `gancourse.tf`: same modules, functions, arguments, order."""

import os

try:
    import torch
except ImportError as error:
    raise ImportError('torch is not installed: pip install "gancourse[pt]"') from error

from gancourse.cores import physical_cores


def set_threads(num_threads: int = 0) -> int:
    """Set and return the number of threads; 0 means one per physical core, or what OMP_NUM_THREADS says.

    More threads than physical cores make a small machine slower, sometimes by several times.  Lesson 05.
    """
    num_threads = num_threads or int(os.environ.get("OMP_NUM_THREADS", 0)) or physical_cores()
    torch.set_num_threads(num_threads)
    return num_threads
