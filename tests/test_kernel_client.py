"""A client of a kernel never sleeps through an answer."""

import asyncio
import selectors
from queue import Empty

import pytest
import zmq.asyncio
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.session import Session

from gancourse.course import kernel_client


class WaitsForEver(Exception):
    """An event loop has nothing ready and no timer: without a signal from outside it would never go on."""


class NoWaiting(selectors.DefaultSelector):
    """What an event loop waits with, except that time passes at once: the next timer comes without waiting for it."""

    now = 0.0

    def select(self, timeout=None):
        ready = super().select(0)
        if not ready and timeout is None:
            raise WaitsForEver
        if not ready:
            self.now += timeout
        return ready


def without_waiting(coroutine):
    """Run a coroutine on an event loop whose clock jumps from timer to timer."""
    def new_loop():
        selector = NoWaiting()
        loop = asyncio.SelectorEventLoop(selector)
        loop.time = lambda: selector.now
        return loop

    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(coroutine)


async def answer(channel_class):
    """The message that a channel gets when something else has taken its signal off the socket."""
    context, session = zmq.asyncio.Context(), Session()
    mine, kernel = context.socket(zmq.PAIR), zmq.Socket(zmq.Context.shadow(context.underlying), zmq.PAIR)
    mine.bind("inproc://test")
    kernel.connect("inproc://test")
    waiting = asyncio.ensure_future(channel_class(mine, session).get_msg(timeout=None))
    try:
        await asyncio.sleep(0)  # it now waits
        session.send(kernel, "execute_reply")
        zmq.Socket.shadow(mine.underlying).getsockopt(zmq.EVENTS)  # as a send of nbclient does
        return (await waiting)["msg_type"]
    finally:
        mine.close(linger=0)
        kernel.close(linger=0)
        context.term()


def test_an_answer_is_found_though_its_signal_is_lost():
    assert without_waiting(answer(kernel_client.Channel)) == "execute_reply"


def test_jupyter_client_alone_misses_it():
    """When this fails, the bug is mended upstream and kernels.py can go."""
    with pytest.raises(WaitsForEver):
        without_waiting(answer(AsyncZMQSocketChannel))


def test_no_answer_is_empty_after_the_timeout():
    async def wait():
        context = zmq.asyncio.Context()
        try:
            await kernel_client.Channel(context.socket(zmq.PAIR), Session()).get_msg(timeout=0.01)
        finally:
            context.destroy(linger=0)

    with pytest.raises(Empty):
        asyncio.run(wait())


def test_the_manager_hands_out_clients_that_look_again():
    assert issubclass(kernel_client.Manager().client().shell_channel_class, kernel_client.Channel)
