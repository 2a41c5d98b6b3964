"""A step that cannot be graphed as a CUDA graph is played as it is written, and nothing is lost.

Most of this needs no GPU: stand-ins do what PyTorch does.  The last tests run where there is one.
"""

import warnings
from contextlib import contextmanager

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from torch import nn

from gancourse.pt import fast_loop, losses, models
from gancourse.pt.fast_loop import WARMUP, cuda_graph, graphed, make_fast_loop, renew_gradient_nodes
from gancourse.pt.train import Penalty, alternating_step, ema_decay_at, make_gan, noise, penalty_at, seed_step, state

X = np.random.default_rng(0).integers(0, 256, (96, 8, 8, 1), dtype=np.uint8)
NS = losses.LOSSES["nonsaturating"]
R1 = Penalty(lambda D, real, fake: torch.rand(()) * losses.r1_penalty(D, real), 0.25, interval=2)
on_a_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def new_gan(device="cpu"):
    nets = models.seeded(models.shallow_pair, 5, (8, 8, 1), 4, seed=1)
    return make_gan(*(net.to(device) for net in nets), z_dim=5, seed=2)


def assert_same_state(a, b):
    for name, value in state(a).items():
        np.testing.assert_array_equal(value, state(b)[name], err_msg=name)


def play_as_written(step, *inputs):
    return step(*inputs)


def train(gan, record, num_steps=16):
    """Train through `graphed`, as `make_fast_loop` does on a GPU; return the losses of each step."""
    step = lambda real, z, penalty, ema_decay: torch.stack(alternating_step(gan, real, z, NS, penalty, ema_decay))
    play = graphed(step, record, play_as_written)
    batch, seen = fast_loop.device_loader(X, 16, gan.seed), []
    for k in range(num_steps):
        seed_step(gan, k)
        seen.append(play(batch(k), noise(gan, 16, k), penalty_at(R1, k), ema_decay_at(gan, k)).tolist())
    return seen


def replayed(step):
    """What a recording does: a replay plays the step, and the losses land in one place."""
    losses_ = torch.empty(2)
    return lambda: losses_.copy_(step()), losses_


def fails_at_once(step):
    torch.rand(3)  # a recording draws from the processor's generator before it breaks
    raise RuntimeError("operation not permitted when stream is capturing\nand more lines")


def fails_when_replayed(step):
    def replay():
        raise RuntimeError("Offset increment outside graph capture encountered unexpectedly.")

    return replay, torch.empty(2)


@pytest.mark.parametrize("record, why", [(fails_at_once, "operation not permitted when stream"),
                                         (fails_when_replayed, "Offset increment outside graph")])
def test_a_recording_that_fails_is_said_once_and_the_numbers_are_the_same(record, why):
    """Of sixteen steps every second pays R1; its fourth, step 6, is graphed first, and draws."""
    straight, broken = new_gan(), new_gan()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        want = train(straight, replayed)
    with pytest.warns(UserWarning, match=why) as said:
        got = train(broken, record)
    (message,) = [str(warning.message) for warning in said]
    assert "Training goes on step by step: the same numbers" in message
    assert "and more lines" not in message
    assert got == want
    assert_same_state(broken, straight)


def test_the_first_thing_that_went_wrong_is_named():
    """PyTorch raises again when it ends a recording that is broken already."""
    def fails_twice(step):
        try:
            raise RuntimeError("a number was asked for")
        finally:
            raise RuntimeError("operation failed penalty_at to a previous error")  # noqa: B012

    with pytest.warns(UserWarning, match=r"CUDA graph \(a number was asked for\)"):
        train(new_gan(), fails_twice, num_steps=2 * WARMUP + 1)


def test_an_error_of_the_step_itself_is_not_hidden():
    """It comes again when the step is played as it is written."""
    calls = []

    def step(real, z, penalty, ema_decay):
        calls.append(1)
        if len(calls) > WARMUP:
            raise ZeroDivisionError("the step's own")
        return torch.zeros(2)

    play = graphed(step, lambda play: play(), play_as_written)
    for _ in range(WARMUP):
        play(torch.zeros(2), torch.zeros(2), None, 0.0)
    with pytest.warns(UserWarning, match="the step's own"), pytest.raises(ZeroDivisionError):
        play(torch.zeros(2), torch.zeros(2), None, 0.0)


def gradient_node(weight):
    return torch.autograd.graph.get_gradient_edge(weight).node


def test_a_result_kept_with_gradients_does_not_tie_the_weights_to_its_stream():
    """Autograd keeps a weight's node as long as a result needs it; renewed, it gets another.

    The kept result y = w x stays valid: its gradient for w is x, 3.
    """
    layer = nn.Linear(1, 1, bias=False)
    y, weight, address = layer(torch.tensor([3.0])), layer.weight, layer.weight.data_ptr()
    layer.weight.grad = torch.zeros_like(layer.weight)
    kept, number = gradient_node(weight), weight.item()
    assert gradient_node(weight) is kept
    renew_gradient_nodes(layer.parameters())
    assert gradient_node(weight) is not kept
    assert layer.weight is weight and (weight.item(), weight.data_ptr()) == (number, address)
    y.backward()
    assert weight.grad.tolist() == [[3.0]]


def test_training_goes_on_alike_with_renewed_nodes():
    """Whatever lies in memory in its own order (channels last) still does."""
    ends = []
    for renew in (False, True):
        gan = new_gan()
        gan.D.to(memory_format=torch.channels_last)
        play = make_fast_loop(gan, X, batch_size=16, loss=NS, penalty=R1)
        play(0, 4)
        strides = [p.stride() for p in gan.D.parameters()]
        if renew:
            renew_gradient_nodes([*gan.G.parameters(), *gan.D.parameters()])
        assert [p.stride() for p in gan.D.parameters()] == strides
        play(4, 4)
        ends.append(gan)
    assert_same_state(*ends)


# ---- what is asked of CUDA, with stand-ins that keep a diary


class Cuda:
    """What a recording uses of torch.cuda; `end_fails` as after an invalidated capture."""

    def __init__(self, monkeypatch, end_fails=False):
        self.diary, self.current, self.end_fails = [], "main", end_fails
        cuda, streams = self, iter(["side 1", "side 2", "side 3"])

        class Stream:
            device = torch.device("cuda", 0)

            def __init__(self, device=None, name=None):
                self.name = name or next(streams)

            def wait_stream(self, other):
                cuda.diary.append(f"{self.name} waits for {other.name}")

        class CUDAGraph:
            def replay(self):
                cuda.diary.append("replay")

            def capture_begin(self):
                cuda.diary.append(f"small recording begins on {cuda.current}")

            def capture_end(self):
                cuda.diary.append("small recording ends")

        @contextmanager
        def stream(it):
            before, cuda.current = cuda.current, it.name
            yield
            cuda.current = before

        class graph:
            def __init__(self, graph, pool, stream, capture_error_mode):
                self.stream = stream

            def __enter__(self):
                cuda.current = self.stream.name
                cuda.diary.append(f"recording begins on {cuda.current}")

            def __exit__(self, *_):
                cuda.diary.append("recording ends")
                if cuda.end_fails:
                    raise RuntimeError("CUDA error: cudaErrorStreamCaptureInvalidated")
                cuda.current = "main"  # PyTorch, too, stays on the side stream when the end fails

        def set_stream(it):
            cuda.current = it.name

        main, zeros = Stream(name="main"), torch.zeros
        for name, value in {"Stream": Stream, "CUDAGraph": CUDAGraph, "stream": stream,
                            "graph": graph, "set_stream": set_stream,
                            "current_stream": lambda: main,
                            "graph_pool_handle": lambda: (0, 7)}.items():
            monkeypatch.setattr(torch.cuda, name, value)
        monkeypatch.setattr(torch, "zeros", lambda *size, device=None: zeros(*size))
        monkeypatch.setattr(torch._C, "_cuda_endAllocateToPool", raising=False,
                            value=lambda device, pool: self.diary.append(f"pool {pool} closed"))


@pytest.fixture(autouse=True)
def no_side_stream_yet():
    fast_loop._side_stream.cache_clear()
    yield
    fast_loop._side_stream.cache_clear()


def test_steps_are_warmed_up_and_recorded_on_one_side_stream(monkeypatch):
    cuda = Cuda(monkeypatch)

    def step(*inputs):
        cuda.diary.append(f"step on {cuda.current}")
        return inputs

    assert fast_loop._on_side_stream(step, 1, 2) == (1, 2)
    replay, losses_ = cuda_graph(step, [])
    replay()
    assert losses_ == () and cuda.current == "main"
    assert cuda.diary == ["side 1 waits for main", "step on side 1", "main waits for side 1",
                          "recording begins on side 1", "step on side 1", "recording ends",
                          "replay"]


def test_a_recording_meets_no_node_from_before(monkeypatch):
    cuda, layer = Cuda(monkeypatch), nn.Linear(2, 1)
    y = layer(torch.ones(2))
    kept = [gradient_node(p) for p in layer.parameters()]
    _, met = cuda_graph(lambda: [gradient_node(p) for p in layer.parameters()], layer.parameters())
    assert all(a is not b for a, b in zip(met, kept, strict=True))
    assert y.requires_grad and "recording ends" in cuda.diary


def test_a_broken_recording_leaves_the_gpu_as_it_was(monkeypatch):
    """Back on the main stream, the pool closed, the generator freed, and a new side stream."""
    cuda = Cuda(monkeypatch, end_fails=True)
    with pytest.raises(RuntimeError, match="CaptureInvalidated"):
        cuda_graph(lambda: None, [])
    assert cuda.current == "main"
    assert cuda.diary == ["recording begins on side 1", "recording ends", "pool (0, 7) closed",
                          "small recording begins on side 2", "small recording ends"]
    assert fast_loop._side_stream(torch.device("cuda", 0)).name == "side 3"


# ---- on a GPU


@on_a_gpu
def test_on_a_gpu_results_kept_with_gradients_break_no_recording():
    kept, ends = [], []
    for compiled in ("no", "yes"):
        gan = new_gan("cuda")
        kept.append((gan.G(noise(gan, 4, 0)), gan.D(torch.zeros(4, 1, 8, 8, device="cuda"))))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            make_fast_loop(gan, X, batch_size=16, loss=NS, compiled=compiled)(0, 20)
        ends.append(gan)
    for name, value in state(ends[0]).items():
        np.testing.assert_allclose(state(ends[1])[name], value, atol=2e-3, err_msg=name)


@on_a_gpu
def test_on_a_gpu_a_step_that_asks_for_a_number_is_played_as_it_is_written():
    """Also the next GAN records, and the GPU's generator draws."""
    def asks(gan, real, *rest):
        d_loss, g_loss = alternating_step(gan, real + 0 * torch.rand((), device="cuda"), *rest)
        float(d_loss)
        return d_loss, g_loss

    ends = []
    for compiled in ("no", "yes"):
        gan = new_gan("cuda")
        play = make_fast_loop(gan, X, batch_size=16, loss=NS, step=asks, compiled=compiled)
        if compiled == "yes":
            with pytest.warns(UserWarning, match="Training goes on step by step"):
                play(0, 20)
        else:
            play(0, 20)
        ends.append(gan)
    for name, value in state(ends[0]).items():
        np.testing.assert_allclose(state(ends[1])[name], value, atol=2e-3, err_msg=name)
    assert 0 <= float(torch.rand((), device="cuda")) < 1
    torch.cuda.empty_cache()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_fast_loop(new_gan("cuda"), X, batch_size=16, loss=NS, compiled="yes")(0, 20)
