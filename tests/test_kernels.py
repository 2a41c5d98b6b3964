"""A client of a kernel never sleeps through an answer."""

import asyncio
from queue import Empty

import pytest
import zmq.asyncio
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.session import Session

from gancourse import kernels


def answer(channel_class):
    """Whether a channel gets a message whose signal something else has taken off its socket."""

    async def wait():
        context, session = zmq.asyncio.Context(), Session()
        mine, kernel = context.socket(zmq.PAIR), zmq.Socket(zmq.Context.shadow(context.underlying), zmq.PAIR)
        mine.bind("inproc://test")
        kernel.connect("inproc://test")
        waiting = asyncio.ensure_future(channel_class(mine, session).get_msg(timeout=None))
        await asyncio.sleep(0)  # it now waits
        session.send(kernel, "execute_reply")
        zmq.Socket.shadow(mine.underlying).getsockopt(zmq.EVENTS)  # as a send of nbclient does
        try:
            return (await asyncio.wait_for(waiting, 3 * kernels.LOOK_AGAIN))["msg_type"]
        finally:
            mine.close(linger=0)
            kernel.close(linger=0)
            context.term()

    return asyncio.run(wait())


def test_an_answer_is_found_though_its_signal_is_lost():
    assert answer(kernels.Channel) == "execute_reply"


def test_jupyter_client_alone_misses_it():
    """When this fails, the bug is mended upstream and kernels.py can go."""
    with pytest.raises(TimeoutError):
        answer(AsyncZMQSocketChannel)


def test_no_answer_is_empty_after_the_timeout():
    async def wait():
        context = zmq.asyncio.Context()
        try:
            await kernels.Channel(context.socket(zmq.PAIR), Session()).get_msg(timeout=0.01)
        finally:
            context.destroy(linger=0)

    with pytest.raises(Empty):
        asyncio.run(wait())


def test_the_manager_hands_out_clients_that_look_again():
    assert issubclass(kernels.Manager().client().shell_channel_class, kernels.Channel)
