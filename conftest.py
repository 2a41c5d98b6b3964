"""How pytest runs the course: one thread a process, whole files to each worker, and nbval without its holes.

nbval 0.11 judges a cell by its outputs alone.  Here it asks for the kernel's own verdict on each cell
instead: status "error" fails a cell that shows no traceback (an unknown magic), and a cell tagged
raises-exception that raises nothing; a dead kernel is noticed at once instead of after the cell's
timeout.  Its kernels are strict: in them a lesson's claim that is missed is an error.
tests/test_nbval_holes.py plants each fault; tests/test_workers.py has the facts about workers.
"""

import gc
import json
import os
import time
from pathlib import Path
from queue import Empty
from unittest.mock import patch

for _name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(_name, "1")  # before NumPy or a framework is imported; kernels inherit them

import nbval.plugin
import pytest
from nbval.kernel import RunningKernel

from gancourse.course.kernel_client import retrying_start
from gancourse.notebook.checks import STRICT

MEMORY_OF_A_WORKER = 3.0  # GB: a pytest process that holds both frameworks, and the kernel of a notebook
SECONDS = {"test_all_unsolved.py": 65.0, "test_class_judge.py": 16.0, "test_parallel.py": 14.0, "test_runner.py": 13.0,
           "test_search.py": 16.0, "test_sweeps.py": 13.0, "test_twins.py": 20.0}  # so that none is left for the end
OUTPUT_TIMEOUT = 60  # seconds in which a cell's output follows its reply; nbval's 5 are few on a busy machine


# ---- garbage

gc.disable()  # modules and tests stay to the end: to look for garbage among them took more time than the collection


def pytest_collection_finish(session) -> None:
    """Let Python look for garbage again, but only among what the tests themselves make."""
    gc.enable()
    gc.freeze()


# ---- several processes (pytest-xdist)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config) -> int:
    """Return how many workers `-n auto` means: one for a core and its threads, fewer where memory is short.

    0 is one process without workers; so it is where there is a GPU, whose memory they would have to share.
    """
    from gancourse.course.doctor import gpu_name
    from gancourse.system import chosen_threads, memory_gb, physical_cores

    fit = int(memory_gb() // MEMORY_OF_A_WORKER) or 1
    workers = 1 if gpu_name() else min(physical_cores() // chosen_threads(), fit)
    return workers if workers > 1 else 0


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give each worker whole files in the order of the collection: the cells of a notebook share one kernel."""
    if config.getoption("dist") not in ("load", "loadfile"):
        return None  # the reader asked for another way
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False  # else the file with the most tests would come first
    return LoadFileScheduling(config, log)


def pytest_collection_modifyitems(config, items) -> None:
    """In a worker put the longest file first, so that no worker is left alone with it at the end."""
    if hasattr(config, "workerinput"):
        seconds = {path: stored_seconds(path) for path in {item.path for item in items}}
        items.sort(key=lambda item: -seconds[item.path])  # stable: the rest stays in its order


def stored_seconds(path: Path) -> float:
    """Return how long the stored run of a notebook took; of other files, about that of the longest, else 0."""
    if path.suffix != ".ipynb":
        return SECONDS.get(path.name, 0.0)
    about = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("gancourse", {})
    return float(about.get("rendered", {}).get("seconds", 0.0))


# ---- notebooks (nbval)


class Kernel(RunningKernel):
    """nbval's kernel, strict; it remembers the status of its last reply, and says at once when it has died."""

    last_status = None

    def __init__(self, *args, **kwargs):
        with patch.dict(os.environ, {STRICT: "1"}):
            retrying_start(super().__init__, *args, **kwargs)  # kernels that start together can pick the same port

    def await_reply(self, msg_id, timeout=None):
        """Wait for the reply to a message and keep its status: "ok" or "error".

        Raises queue.Empty after `timeout` seconds, RuntimeError when the kernel has died.
        """
        end = float("inf") if timeout is None else time.monotonic() + timeout
        while True:
            try:
                message = self.kc.get_shell_msg(timeout=1)
            except Empty:
                if not self.is_alive():
                    raise RuntimeError("the kernel died while it ran this cell") from None
                if time.monotonic() > end:
                    raise
                continue
            if message["parent_header"].get("msg_id") == msg_id:
                self.last_status = message["content"].get("status")
                return


nbval.plugin.RunningKernel = Kernel


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if hasattr(item, "output_timeout"):  # a cell
        item.output_timeout = OUTPUT_TIMEOUT


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    result = yield
    kernel = getattr(getattr(item, "parent", None), "kernel", None)
    if kernel is not None and hasattr(item, "options"):
        raised, wanted = kernel.last_status == "error", item.options["check_exception"]
        if raised and not wanted:
            raise AssertionError("the kernel answered status=error without a traceback (an unknown magic?)")
        if wanted and not raised:
            raise AssertionError("tagged raises-exception, but nothing was raised")
    return result
