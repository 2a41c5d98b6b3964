"""The PyTorch track.

`losses`, `models`, `train` and `fast_loop` have a twin of the same name in `gancourse.tf`: the same
functions, arguments and docstrings in the same order, and from the same weights the same numbers,
to rounding.  What PyTorch alone needs has no twin, such as channels first or CUDA graphs.

The other modules exist in PyTorch only:
  optimisers            Adam for `train`; Keras' own does what it adds
  conditional, augment  conditional GANs and data augmentation; lesson 10 is in PyTorch
  batched               many seeds trained at once; lessons 08 and 13 are in PyTorch
  parallel              several processes train one GAN, for the command `gancourse train`
  torchmetrics_adapter  distances by torchmetrics, which is written for PyTorch
  flow_matching         a generator without an opponent; lesson 14 is in PyTorch
  train_feature_net     trains the network that both tracks measure with, in NumPy
"""

from gancourse.errors import MissingPackage

try:
    import torch
except ImportError as error:
    raise MissingPackage('torch is not installed: pip install "gancourse[pt]"') from error

from gancourse.system import bf16_in_hardware, limit_threads


def set_threads(num_threads: int = 0) -> int:
    """Set and return the number of threads; 0 means what OMP_NUM_THREADS says, or one.

    Numbers repeat bit for bit for the same number of threads only, so it never depends on what else
    runs.  Threads that must share a core wait for each other at every operation: two on a busy
    machine of two cores can be several times slower than one.  NumPy's products take as many.
    Lesson 03.
    """
    num_threads = limit_threads(num_threads)
    torch.set_num_threads(num_threads)
    return num_threads


def native_bf16(device: str = "") -> bool:
    """Return whether a device computes bfloat16 itself.

    Where it is emulated, it is several times slower than float32.  A device is one of the
    framework's names; "" means the one that networks are on by default.
    """
    if torch.device(device or "cpu").type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bf16_in_hardware()
