"""Kernels that start, and a client of theirs that never sleeps through an answer.

nbclient answers a widget's messages on the socket on which the client waits for the cell's reply.  A send
there can swallow the only signal that the reply has come, and the wait then lasts until the cell's
timeout: about one run in fifty of a lesson with a slider (nbclient issue 312, open).  Looking again five
times a second ends that.

Import this module before nbformat, papermill or nbclient: they then start two seconds sooner.
"""

import sys
import time
from collections.abc import Callable
from queue import Empty
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.manager import AsyncKernelManager
from traitlets import Type

LOOK_AGAIN = 0.2  # seconds

# jsonschema, which nbformat imports, would compile a grammar of international web addresses (two seconds
# in every process); no notebook is checked for any, and without that package jsonschema leaves the check out
sys.modules.setdefault("rfc3987_syntax", None)


class Channel(AsyncZMQSocketChannel):
    """A channel that looks for a message again and again while it waits."""

    async def get_msg(self, timeout: float | None = None) -> dict:
        """Return the next message; raise queue.Empty when none comes within `timeout` seconds."""
        end = float("inf") if timeout is None else time.monotonic() + timeout
        while True:
            try:
                return await super().get_msg(max(0.0, min(LOOK_AGAIN, end - time.monotonic())))
            except Empty:
                if time.monotonic() >= end:
                    raise


class Client(AsyncKernelClient):
    """A client with that channel for the replies of cells."""

    shell_channel_class = Type(Channel)


class Manager(AsyncKernelManager):
    """A manager that hands out such clients; for nbclient's and papermill's `kernel_manager_class`."""

    client_factory = Type(Client, klass=AsyncKernelClient)


def patiently(execute: Callable[..., Any], *args, **kwargs) -> Any:
    """Return `execute(...)`, called again, up to three times in all, when its kernel does not come up.

    Kernels that start at the same moment, as in a sweep, can pick the same port; all but one then die at once.
    Raises RuntimeError when the third does not come up either.
    """
    for _ in range(2):
        try:
            return execute(*args, **kwargs)
        except RuntimeError as error:
            if type(error) is not RuntimeError:  # a kernel that died at work is a subclass
                raise
    return execute(*args, **kwargs)
