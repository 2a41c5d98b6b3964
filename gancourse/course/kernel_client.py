"""Kernels that start, and a client of theirs that never sleeps through an answer.

nbclient answers a widget's messages on the socket on which the client waits for the cell's reply.
A send there can swallow the only signal that the reply has come, and the wait then lasts until the
cell's timeout: about one run in fifty of a lesson with a slider (nbclient issue 312, open).
Looking again five times a second ends that.

Import this module before nbformat, papermill or nbclient: they then start two seconds sooner.
"""

import asyncio
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable
from queue import Empty
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop
from traitlets import Type

LOOK_AGAIN = 0.2  # seconds

# jsonschema, which nbformat imports, would compile a grammar of international web addresses (two
# seconds in every process); no notebook is checked for any, and without that package jsonschema
# leaves the check out
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
    """A manager of such clients, for nbclient's and papermill's `kernel_manager_class`."""

    client_factory = Type(Client, klass=AsyncKernelClient)


class Group:
    """The kernels that one command has running: started each in an environment, ended all at once.

    `ended` is true from the call of `end` on, and no kernel of the group starts any more.
    """

    def __init__(self) -> None:
        self.ended = False
        self._lock = threading.Lock()
        self._running: weakref.WeakSet = weakref.WeakSet()

    def manager(self, environment: dict[str, str]) -> type[Manager]:
        """Return a manager whose kernels belong to the group and have these variables, too."""
        group = self

        class GroupManager(Manager):
            """A manager that adds its kernel to the group."""

            async def start_kernel(self, **options) -> None:
                """Start the kernel; raise RuntimeError when the group has ended."""
                if group.ended:
                    raise RuntimeError("the command was stopped")
                inherited = options.pop("env", None) or os.environ
                await super().start_kernel(env={**inherited, **environment}, **options)
                with group._lock:
                    group._running.add(self)
                if group.ended:
                    _kill(self)

        return GroupManager

    def end(self) -> None:
        """Kill all kernels of the group, with the processes that they have started."""
        self.ended = True
        with self._lock:
            for manager in self._running:
                _kill(manager)


def _kill(manager: Manager) -> None:
    """Kill a manager's kernel, if it has one, and what the kernel has started."""
    process = getattr(manager.provisioner, "process", None)
    if process is None or process.poll() is not None:
        return
    try:
        if hasattr(os, "killpg"):
            os.killpg(os.getpgid(process.pid), signal.SIGKILL)
        else:
            process.kill()
    except OSError:  # it has ended by itself
        pass


def retrying_start(execute: Callable[..., Any], *args, **kwargs) -> Any:
    """Return `execute(...)`, called up to three times, until its kernel comes up.

    Kernels that start at the same moment, as in a sweep, can pick the same port; all but one then
    die at once. Raises RuntimeError when the third does not come up either.
    """
    try:
        for _ in range(2):
            try:
                return execute(*args, **kwargs)
            except RuntimeError as error:
                if type(error) is not RuntimeError:  # a kernel that died at work is a subclass
                    raise
        return execute(*args, **kwargs)
    finally:
        _end_tasks()


def _end_tasks() -> None:
    """Cancel what still waits for messages in this thread.

    nbclient leaves it behind after a timeout, and asyncio then complains when the program ends.
    """
    loop = ensure_event_loop()
    if left := asyncio.all_tasks(loop):
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
