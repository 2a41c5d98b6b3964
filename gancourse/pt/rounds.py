"""The fast loop: data and noise where the networks are, and no word to the host between logs.  Lesson 05."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from gancourse.errors import check_choice, check_range
from gancourse.loop import epoch_order
from gancourse.pt import native_bf16
from gancourse.pt.losses import Loss
from gancourse.pt.train import GAN, Penalty, due, ema_at, noise, play_step, set_learning_rate

WARM_UP = 3  # steps played as written before one is recorded: libraries choose their kernels in the first ones


def make_rounds(gan: GAN, x: np.ndarray | tuple[np.ndarray, ...], *, batch_size: int, loss: Loss,
                penalty: Penalty | None = None, schedule: Callable[[int], float] | None = None,
                step: Callable = play_step, precision: str = "fp32",
                compiled: str = "auto") -> Callable[[int, int], dict[str, Tensor]]:
    """Return `rounds(k, n)`, which plays steps k to k + n - 1 on the data `x`, for `loop.train_rounds`.

    `x` is uint8 images (n, height, width, channels), or float32 images or points; a memory map is read
    batch by batch.  Batch and noise of step k depend on (gan.seed, k) only.  `schedule(k)` is the
    learning rate of step k; `step` is any function with the arguments of `play_step`.  `precision` is
    fp32, bf16 (products in 16 bits, sums and weights in 32), or auto: bf16 where the hardware computes
    it.  `compiled` is auto, yes or no.  Raises ValueError when `batch_size` does not fit the data, or for
    another word.  Lessons 04 and 05.
    """
    # a tuple, such as (images, labels), gives `step` a tuple for `real`: `conditional_step` takes it (lesson 09)
    check_choice("precision", precision, ("fp32", "bf16", "auto"))
    check_choice("compiled", compiled, ("auto", "yes", "no"))
    device = next(gan.G.parameters()).device
    bf16 = precision == "bf16" or (precision == "auto" and native_bf16(device.type))
    batch = resident(x, batch_size, gan.seed, device)

    def play(real: Tensor | tuple, z: Tensor, penalty: Penalty | None, ema: float | Tensor) -> Tensor:
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            return torch.stack(step(gan, real, z, loss, penalty, ema))

    if device.type == "cuda" and compiled != "no":  # on a processor nothing waits for Python: there is nothing to gain
        play = recorded(play, cuda_graph, _on_side_stream)

    def rounds(k: int, n: int) -> dict[str, Tensor]:
        total = torch.zeros(2, device=device)
        for i in range(k, k + n):
            if schedule:
                set_learning_rate(gan, schedule(i))
            total += play(batch(i), noise(gan, batch_size, i), due(penalty, i), ema_at(gan, i))
        d_loss, g_loss = total / n
        return {"d_loss": d_loss, "g_loss": g_loss}

    return rounds


def resident(x: np.ndarray | tuple[np.ndarray, ...], batch_size: int, seed: int,
             device: torch.device | str = "cpu") -> Callable[[int], Tensor | tuple[Tensor, ...]]:
    """Return k -> batch of step k on the device, float32; the same batches as `loop.batches`.

    uint8 images stay uint8 until they are drawn, channels first by a view; int64 labels stay integers.  Of a
    tuple, the same rows of each part.  Data larger than a quarter of the device's free memory, and memory maps,
    stay where they are; each batch is then sent for itself.  Raises ValueError for parts of different lengths.
    """
    if isinstance(x, tuple):
        if len({len(part) for part in x}) != 1:
            raise ValueError(f"the parts have {', '.join(str(len(part)) for part in x)} rows: each image needs a label")
        parts = [resident(part, batch_size, seed, device) for part in x]
        return lambda k: tuple(part(k) for part in parts)
    check_range("batch_size", batch_size, 1, len(x), include_low=True)
    device, per_epoch, orders = torch.device(device), len(x) // batch_size, {}
    moved = device.type == "cuda" and not isinstance(x, np.memmap) and x.nbytes < torch.cuda.mem_get_info(device)[0] / 4
    pool = torch.from_numpy(x).to(device) if moved else x

    def batch(k: int) -> Tensor:
        epoch, i = divmod(k, per_epoch)
        if epoch not in orders:
            orders.clear()
            order = epoch_order(len(x), seed, epoch)
            orders[epoch] = _send(order, device) if moved else order
        drawn = pool[orders[epoch][i * batch_size : (i + 1) * batch_size]]
        real = drawn if moved else _send(drawn, device)
        if real.dtype == torch.int64:
            return real
        real = real.float().div_(127.5).sub_(1) if real.dtype == torch.uint8 else real.float()
        return real.permute(0, 3, 1, 2) if real.ndim == 4 else real

    return batch


def recorded(step: Callable, record: Callable, warm_up: Callable) -> Callable:
    """Return `step(real, z, penalty, ema)` that is recorded once for each penalty and then only replayed.

    A small network keeps a GPU waiting while Python launches hundreds of kernels; a recording launches them
    as one.  It reads its inputs from fixed memory, so each call copies them there.  The first WARM_UP calls
    are played by `warm_up(step, ...)`, and they are true steps: nothing is played for practice.
    """
    calls: dict[Penalty | None, int] = {}
    tapes: dict[Penalty | None, tuple] = {}

    def play(real: Tensor | tuple, z: Tensor, penalty: Penalty | None, ema: float) -> Tensor:
        calls[penalty] = calls.get(penalty, 0) + 1
        if calls[penalty] <= WARM_UP:
            return warm_up(step, real, z, penalty, ema)
        if penalty not in tapes:
            memory = tuple(torch.empty_like(part) for part in _parts(real))
            inputs = memory if isinstance(real, tuple) else memory[0], torch.empty_like(z), torch.empty(
                (), device=z.device)
            tapes[penalty] = (*inputs, *record(lambda: step(*inputs[:2], penalty, inputs[2])))
        real_in, z_in, ema_in, replay, losses = tapes[penalty]
        for memory, part in zip(_parts(real_in), _parts(real), strict=True):
            memory.copy_(part)
        z_in.copy_(z), ema_in.fill_(ema)
        replay()
        return losses

    return play


def cuda_graph(step: Callable[[], Tensor]) -> tuple[Callable[[], None], Tensor]:
    """Record a step without playing it; return how to play it and where it will write its losses."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        losses = step()
    return graph.replay, losses


def _on_side_stream(step: Callable, *inputs) -> Tensor:
    """Play a step on a stream of its own, as a recording asks of the steps before it."""
    side, main = torch.cuda.Stream(), torch.cuda.current_stream()
    side.wait_stream(main)
    with torch.cuda.stream(side):
        losses = step(*inputs)
    main.wait_stream(side)
    return losses


def _parts(real: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """What a batch consists of: images, or images and labels."""
    return real if isinstance(real, tuple) else (real,)


def _send(x: np.ndarray, device: torch.device) -> Tensor:
    """An array on the device; to a GPU it goes through pinned memory, so that nobody waits for it."""
    x = torch.from_numpy(x)
    return x if device.type == "cpu" else x.pin_memory().to(device, non_blocking=True)
