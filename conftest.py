"""Closes the holes of nbval 0.11, which judges a cell by its outputs alone.

It asks for the kernel's own verdict on each cell instead: status "error" fails a cell that shows no
traceback (an unknown magic), and a cell tagged raises-exception that raises nothing; a dead kernel is
noticed at once instead of after the cell's timeout.  tests/test_nbval_holes.py plants each fault.

Kernels that nbval starts are strict: in them a lesson's claim that is missed is an error.
"""

import os
import time
from queue import Empty
from unittest.mock import patch

import pytest

from gancourse.checks import STRICT


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    strict = {STRICT: "1"} if hasattr(item, "options") else {}  # a cell of nbval has options
    with patch.dict(os.environ, strict):
        result = yield  # nbval starts the kernel here
    kernel = getattr(getattr(item, "parent", None), "kernel", None)
    if kernel is not None and not hasattr(kernel, "last_status"):
        _watch(kernel)
    return result


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


def _watch(kernel) -> None:
    """Make the kernel remember the status of its last reply, and say at once when it has died."""
    kernel.last_status = None

    def await_reply(msg_id, timeout=None):
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                message = kernel.kc.get_shell_msg(timeout=1)
            except Empty:
                if not kernel.is_alive():
                    raise RuntimeError("the kernel died while it ran this cell") from None
                if end is not None and time.monotonic() > end:
                    raise
                continue
            if message["parent_header"].get("msg_id") == msg_id:
                kernel.last_status = message["content"].get("status")
                return message["content"]

    kernel.await_reply = await_reply
