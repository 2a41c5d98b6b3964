"""Calls on Dask's workers end, also where every worker has died."""

import pytest

from gancourse.course.sweeps import cluster_calls
from gancourse.errors import NoConnection

distributed = pytest.importorskip("distributed", reason='needs Dask: pip install "gancourse[sweep]"')


class Client:
    """A client of this machine: its threads at each look, and what its cluster was told."""

    def __init__(self, *threads):
        self.threads = iter(threads)
        self.cluster = self
        self.scales = []

    def nthreads(self):
        return next(self.threads)

    def scale(self, count):
        self.scales.append(count)


def waiting(monkeypatch, *outcomes):
    """Let Dask's wait raise or return these, one after the other."""
    left = iter(outcomes)

    def wait(futures, timeout, return_when):
        outcome = next(left)
        if isinstance(outcome, BaseException):
            raise outcome
        return distributed.client.DoneAndNotDoneFutures(set(outcome), set())

    monkeypatch.setattr(distributed, "wait", wait)


def test_a_call_that_takes_long_is_waited_for_while_there_is_a_worker(monkeypatch):
    client = Client({"a": 1}, {"a": 1}, {"a": 1})
    waiting(monkeypatch, TimeoutError(), TimeoutError(), TimeoutError(), ["call"])
    assert cluster_calls.ended(client, ["call"], 2) == ["call"]
    assert client.scales == []


def test_a_worker_that_is_gone_for_a_moment_comes_back_by_itself(monkeypatch):
    client = Client({}, {"a": 1}, {})
    waiting(monkeypatch, TimeoutError(), TimeoutError(), TimeoutError(), ["call"])
    assert cluster_calls.ended(client, ["call"], 2) == ["call"]
    assert client.scales == []


def test_where_no_worker_comes_back_new_ones_are_started(monkeypatch):
    client = Client({}, {}, {"b": 1})
    waiting(monkeypatch, TimeoutError(), TimeoutError(), TimeoutError(), ["call"])
    assert cluster_calls.ended(client, ["call"], 2) == ["call"]
    assert client.scales == [0, 2]


def test_the_workers_of_a_scheduler_by_address_are_their_owners(monkeypatch):
    client = Client({}, {}, {})
    client.cluster = None
    waiting(monkeypatch, TimeoutError(), TimeoutError(), TimeoutError(), ["call"])
    assert cluster_calls.ended(client, ["call"], 2) == ["call"]


def test_a_lost_scheduler_is_named(monkeypatch):
    from concurrent.futures import CancelledError

    waiting(monkeypatch, CancelledError())
    with pytest.raises(NoConnection, match="the same command goes on"):
        cluster_calls.ended(Client(), ["call"], 1)
