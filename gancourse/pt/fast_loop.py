"""The fast loop: data and noise where the networks are, no number read between logs.  Lesson 03."""

import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from gancourse.errors import CourseError, check_choice, check_range
from gancourse.pt import native_bf16
from gancourse.pt.losses import Loss
from gancourse.pt.train import (
    GAN,
    Penalty,
    alternating_step,
    ema_decay_at,
    noise,
    own_random_numbers,
    penalty_at,
    seed_step,
    set_learning_rate,
)
from gancourse.training_loop import epoch_order

Batch = Tensor | tuple[Tensor, ...]  # images, or images and labels
WARMUP = 3  # steps taken before one is captured: libraries choose their kernels in the first ones


def make_fast_loop(gan: GAN, x: np.ndarray | tuple[np.ndarray, ...], *, batch_size: int, loss: Loss,
                   penalty: Penalty | None = None, schedule: Callable[[int], float] | None = None,
                   step: Callable = alternating_step, precision: str = "fp32",
                   compiled: str = "auto") -> Callable[[int, int], dict[str, Tensor]]:
    """Return `run_steps(k, n)`, which takes steps k to k + n - 1 on the data `x`.

    It is meant for `training_loop.train_fast`.  `x` is uint8 images (n, height, width, channels),
    or float32 images or points; a memory map is read batch by batch.  Batch and noise of step k
    depend on (gan.seed, k) only.  `schedule(k)` is the learning rate of step k; `step` is any
    function with the arguments of `alternating_step`.  `precision` is fp32, bf16 (products in
    16 bits, sums and weights in 32), or auto: bf16 where the hardware computes it.  `compiled` is
    auto, yes or no.
    Raises ValueError when `batch_size` does not fit the data, or for another word.  Lessons 02, 03.
    """
    # of a tuple x, such as (images, labels), `step` gets a tuple `real`; see `conditional_step`
    check_choice("precision", precision, ("fp32", "bf16", "auto"))
    check_choice("compiled", compiled, ("auto", "yes", "no"))
    device = next(gan.G.parameters()).device
    bf16 = precision == "bf16" or (precision == "auto" and native_bf16(device.type))
    batch = device_loader(x, batch_size, gan.seed, device)

    def run_step(real: Batch, z: Tensor, penalty: Penalty | None,
                 ema_decay: float | Tensor) -> Tensor:
        """Take one step and return (d_loss, g_loss) as one tensor."""
        # autocast's cache would keep a 16-bit copy of D from before its update for G's half
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16, cache_enabled=False):
            return torch.stack(step(gan, real, z, loss, penalty, ema_decay))

    if device.type == "cuda" and compiled != "no":
        weights = [*gan.G.parameters(), *gan.D.parameters()]
        run_step = graphed(run_step, lambda step: cuda_graph(step, weights), _on_side_stream)

    def run_steps(k: int, n: int) -> dict[str, Tensor]:
        """Take steps k to k + n - 1 and return their mean losses, still on the device."""
        total = torch.zeros(2, device=device)
        with own_random_numbers(gan):
            for i in range(k, k + n):
                if schedule:
                    set_learning_rate(gan, schedule(i))
                seed_step(gan, i)
                z = noise(gan, batch_size, i)
                total += run_step(batch(i), z, penalty_at(penalty, i), ema_decay_at(gan, i))
        d_loss, g_loss = total / n
        return {"d_loss": d_loss, "g_loss": g_loss}

    return run_steps


def device_loader(x: np.ndarray | tuple[np.ndarray, ...], batch_size: int, seed: int,
                  device: torch.device | str = "cpu") -> Callable[[int], Batch]:
    """Return k -> batch of step k on the device, float32, as `training_loop.batches` gives it.

    uint8 images stay uint8 until they are drawn, channels first by a view; int64 labels stay
    integers.  Of a tuple, the same rows of each part.  Data larger than a quarter of the device's
    free memory, and memory maps, stay where they are; each batch is then copied by itself.  Raises
    ValueError for parts of different lengths.
    """
    if isinstance(x, tuple):
        if len({len(part) for part in x}) != 1:
            lengths = ", ".join(str(len(part)) for part in x)
            raise CourseError(f"the parts have {lengths} rows: each image needs a label")
        parts = [device_loader(part, batch_size, seed, device) for part in x]
        return lambda k: tuple(part(k) for part in parts)
    check_range("batch_size", batch_size, 1, len(x), include_low=True)
    device = torch.device(device)
    per_epoch = len(x) // batch_size
    on_device = _fits(x, device)
    pool = torch.from_numpy(x).to(device) if on_device else x
    orders: dict[int, Tensor | np.ndarray] = {}  # of the present epoch only

    def batch(k: int) -> Tensor:
        """Return the batch of step k, as float32 images with channels first, points or labels."""
        epoch, i = divmod(k, per_epoch)
        if epoch not in orders:
            orders.clear()
            order = epoch_order(len(x), seed, epoch)
            orders[epoch] = _to_device(order, device) if on_device else order
        rows = pool[orders[epoch][i * batch_size : (i + 1) * batch_size]]
        real = rows if on_device else _to_device(rows, device)
        if real.dtype == torch.int64:
            return real
        if real.dtype == torch.uint8:
            real = real.float().div_(127.5).sub_(1)
        else:
            real = real.float()
        return real.permute(0, 3, 1, 2) if real.ndim == 4 else real

    return batch


def graphed(step: Callable, capture: Callable, warmup: Callable) -> Callable:
    """Return `step(real, z, penalty, ema_decay)`, captured once for each penalty and then replayed.

    A small network keeps a GPU waiting while Python launches hundreds of kernels; a CUDA graph
    launches them as one.  It reads its inputs from fixed memory, so each call copies them there.
    The first WARMUP calls are made by `warmup(step, ...)`, and they are steps of the training like
    all others.  When a capture fails, one warning says so, and from then on each step is called as
    it is written, with the same numbers.
    """
    calls: dict[Penalty | None, int] = {}
    graphs: dict[Penalty | None, Callable] = {}
    failed = False

    def run_step(real: Batch, z: Tensor, penalty: Penalty | None, ema_decay: float) -> Tensor:
        """Take a step: a warm-up, a replay of its graph, or as it is written."""
        nonlocal failed
        if failed:
            return step(real, z, penalty, ema_decay)
        calls[penalty] = calls.get(penalty, 0) + 1
        if calls[penalty] <= WARMUP:
            return warmup(step, real, z, penalty, ema_decay)
        try:
            if penalty not in graphs:
                graphs[penalty] = _capture(step, capture, real, z, penalty)
            return graphs[penalty](real, z, ema_decay)
        except Exception as error:  # any: nothing was computed, and errors of the step come again
            failed = True
            graphs.clear()
            why = _root_cause(error)
            warnings.warn(f"this step could not be captured as a CUDA graph ({why}).  Training "
                          "goes on step by step: the same numbers, only slower.  "
                          'compiled="no" asks for that without this warning.', stacklevel=3)
        return step(real, z, penalty, ema_decay)

    return run_step


def _capture(step: Callable, capture: Callable, real: Batch, z: Tensor,
             penalty: Penalty | None) -> Callable[[Batch, Tensor, float], Tensor]:
    """Capture a step for inputs of these shapes; return (real, z, ema_decay) -> losses."""
    parts_in = [torch.empty_like(part) for part in _parts(real)]
    real_in = tuple(parts_in) if isinstance(real, tuple) else parts_in[0]
    z_in = torch.empty_like(z)
    ema_in = torch.empty((), device=z.device)
    random_state = torch.get_rng_state()
    try:
        replay, losses = capture(lambda: step(real_in, z_in, penalty, ema_in))
    finally:
        torch.set_rng_state(random_state)  # capturing is no step, so it must draw nothing either

    def replay_on(real: Batch, z: Tensor, ema_decay: float) -> Tensor:
        """Copy the inputs to where the graph reads them, replay it and return its losses."""
        for part_in, part in zip(parts_in, _parts(real), strict=True):
            part_in.copy_(part)
        z_in.copy_(z)
        ema_in.fill_(ema_decay)
        replay()
        return losses

    return replay_on


def cuda_graph(step: Callable[[], Tensor],
               weights: Iterable[nn.Parameter]) -> tuple[Callable[[], None], Tensor]:
    """Capture a step; return the function that replays it and the tensor that gets its losses.

    Capturing computes nothing yet.  `weights` are those that the step takes gradients for.  When it
    raises, nothing has been computed, and the GPU's streams, memory and random numbers are as
    before.
    """
    renew_gradient_nodes(weights)
    graph = torch.cuda.CUDAGraph()
    pool = torch.cuda.graph_pool_handle()
    main = torch.cuda.current_stream()
    try:
        # thread_local: other threads, such as one that saves, may use the GPU meanwhile
        with torch.cuda.graph(graph, pool, _side_stream(main.device), "thread_local"):
            losses = step()
    except BaseException:
        torch.cuda.set_stream(main)  # PyTorch stays on the other where the end of a capture fails
        _release_capture(main.device, pool)
        raise
    return graph.replay, losses


def renew_gradient_nodes(weights: Iterable[nn.Parameter]) -> None:
    """Let autograd forget on which stream each weight's gradient was computed before.

    The node that receives a weight's gradient (AccumulateGrad) belongs to the stream on which it
    was made, and it lives as long as any result that depends on the weight.  So a reader's
    `y = G(z)` without `torch.no_grad()` ties the weights of G to the default stream, and a capture
    that meets them there breaks.  Autograd makes a new node when a weight changes its type.  The
    weights stay as they are, in place, and the reader's y keeps its own nodes.
    """
    for weight in weights:
        data = weight.data
        other = torch.float32 if data.dtype == torch.float64 else torch.float64
        weight.data = data.new_empty(0, dtype=other)
        weight.data = data


def _on_side_stream(step: Callable, *inputs) -> Tensor:
    """Take a step on the side stream, as a capture asks of the steps before it."""
    main = torch.cuda.current_stream()
    side = _side_stream(main.device)
    side.wait_stream(main)
    with torch.cuda.stream(side):
        losses = step(*inputs)
    main.wait_stream(side)
    return losses


@cache
def _side_stream(device: torch.device) -> torch.cuda.Stream:
    """The one stream of a GPU on which steps are warmed up and captured: both leave nodes on it."""
    return torch.cuda.Stream(device)


def _release_capture(device: torch.device, pool: tuple[int, int]) -> None:
    """Make good what some versions of PyTorch leave behind when the end of a capture fails.

    The memory pool would stay open, and the GPU's generator would refuse to draw: a small capture
    that succeeds makes it draw again.  What follows gets a new side stream.
    """
    _side_stream.cache_clear()
    with suppress(RuntimeError):  # raised where the pool is closed already
        torch._C._cuda_endAllocateToPool(device.index, pool)
    with suppress(RuntimeError), torch.cuda.stream(torch.cuda.Stream(device)):
        small = torch.cuda.CUDAGraph()
        small.capture_begin()
        torch.zeros(1, device=device)
        small.capture_end()


def _root_cause(error: BaseException) -> str:
    """What went wrong first, in one line: the end of a broken capture raises once more."""
    while error.__context__:
        error = error.__context__
    return next(iter(str(error).splitlines()), type(error).__name__)


def _parts(real: Batch) -> tuple[Tensor, ...]:
    """What a batch consists of: images, or images and labels."""
    return real if isinstance(real, tuple) else (real,)


def _fits(x: np.ndarray, device: torch.device) -> bool:
    """Whether all the data may be on a GPU: no memory map, under a quarter of its free memory."""
    if device.type != "cuda" or isinstance(x, np.memmap):
        return False
    free, _ = torch.cuda.mem_get_info(device)
    return x.nbytes < free / 4


def _to_device(x: np.ndarray, device: torch.device) -> Tensor:
    """An array on the device.

    To a GPU it is copied from pinned memory: only then does the host go on while the copy runs.
    """
    x = torch.from_numpy(x)
    return x if device.type == "cpu" else x.pin_memory().to(device, non_blocking=True)
