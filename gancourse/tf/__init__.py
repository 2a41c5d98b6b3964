"""The TensorFlow track.

`losses`, `models`, `train` and `fast_loop` are twins of the modules of the same names in
`gancourse.pt`: the same functions, arguments and docstrings in the same order, and from the same
weights the same numbers, to rounding.  `gancourse.pt` says which modules exist there only, and why.
"""

import os
from contextlib import contextmanager

from gancourse.errors import MissingPackage
from gancourse.system import bf16_in_hardware, limit_threads

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no log lines between a notebook's outputs
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # else TensorFlow takes the whole GPU
os.environ.setdefault("KERAS_BACKEND", "tensorflow")


@contextmanager
def _silent_stderr():
    """Silence what compiled code writes to file descriptor 2.

    No setting of TensorFlow silences the lines that it writes first.
    """
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


try:
    with _silent_stderr():
        import tensorflow as tf

        tf.config.list_physical_devices()
except ImportError as error:
    raise MissingPackage('tensorflow is not installed: pip install "gancourse[tf]"') from error
tf.get_logger().setLevel("ERROR")


def set_threads(num_threads: int = 0) -> int:
    """Set and return the number of threads; 0 means what OMP_NUM_THREADS says, or one.

    Numbers repeat bit for bit for the same number of threads only, so it never depends on what else
    runs.  Threads that must share a core wait for each other at every operation: two on a busy
    machine of two cores can be several times slower than one.  NumPy's products take as many.
    Lesson 03.
    """
    num_threads = limit_threads(num_threads)
    try:
        tf.config.threading.set_intra_op_parallelism_threads(num_threads)
        tf.config.threading.set_inter_op_parallelism_threads(num_threads)
    except RuntimeError as error:
        raise RuntimeError("TensorFlow fixes its threads when it first computes: "
                           "call set_threads before that, or restart the kernel") from error
    return num_threads


def native_bf16(device: str = "") -> bool:
    """Return whether a device computes bfloat16 itself.

    Where it is emulated, it is several times slower than float32.  A device is one of the
    framework's names; "" means the one that networks are on by default.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if gpus and "CPU" not in device.upper():
        details = tf.config.experimental.get_device_details(gpus[0])
        return details.get("compute_capability", (0, 0)) >= (8, 0)
    return bf16_in_hardware()
