"""Several processes play one game: each takes its rows of every batch, and their gradients are averaged.

    group = join()                                          # under torchrun; alone, it is a group of one
    gan = make_gan(...)
    start = broadcast_state(gan, start, group)                        # all go on from what process 0 holds
    for log in train_fast(make_shared_fast_loop(gan, x, group, batch_size=64, loss=loss), start=start, ...):
        check_in_sync(gan, group)
    leave(group)

Batch and noise of step k depend on (seed, k) alone, and a loss is a mean over the batch.  So the mean of the
processes' gradients is the gradient of one process with the whole batch, whatever their number: the same game, except
for BatchNorm, whose statistics are those of each process's rows, and for the random numbers of
augmentation and penalties, which each process draws for its own rows.  Numbers agree to rounding,
which a GAN magnifies: after some fifty steps at a high rate, two runs that began one last bit apart
differ visibly, in one process as well.

The gradients are averaged by a hook of the optimiser, as one message for each network, and not by
DistributedDataParallel: that listens to `backward()`, which our steps do not call, because it would also compute (and
send) D's gradient in G's step.  Karras et al. 2021 average theirs by hand too (StyleGAN3's training loop).
"""

import os
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import torch
import torch.distributed as dist
from safetensors.numpy import load, save
from torch import Tensor

from gancourse.errors import CourseError
from gancourse.pt import set_threads
from gancourse.pt.fast_loop import Batch, make_fast_loop
from gancourse.pt.train import GAN, alternating_step, load_state, seed_generators, state
from gancourse.system import chosen_threads, physical_cores


class GroupBroken(ConnectionError):
    """The processes can no longer train together."""


class Group(NamedTuple):
    """This process among those that train together."""

    rank: int             # 0 to size - 1; process 0 logs and saves
    size: int
    device: torch.device  # where this process computes

    def shard(self, x: Batch) -> Batch:
        """Return this process's rows of a batch, or of each part of one: one of `size` shares.

        Raises ValueError when the shares would not be equal: the mean of the processes' losses
        would then not be the mean over the batch.
        """
        if isinstance(x, tuple):
            return tuple(self.shard(part) for part in x)
        check_split(len(x), self.size)
        share = len(x) // self.size
        return x[self.rank * share : (self.rank + 1) * share]


def join(device: str = "auto", threads: int = 0, timeout: int = 300) -> Group:
    """Return the group that torchrun started this process in, or a group of one; sets its threads and its GPU.

    `threads` of 0 is the cores of this machine divided by its processes.  Whoever waits for the others longer than
    `timeout` seconds gives up.  Raises ValueError when there is no such device, GroupBroken when the others
    do not come.
    """
    rank, size = (int(os.environ.get(name, default)) for name, default in (("RANK", "0"), ("WORLD_SIZE", "1")))
    place, here = int(os.environ.get("LOCAL_RANK", rank)), int(os.environ.get("LOCAL_WORLD_SIZE", size))
    group = Group(rank, size, _device(device, place, here))
    if size == 1:
        set_threads(threads or chosen_threads(physical_cores()))
        return group
    set_threads(threads or max(1, physical_cores() // here))  # torchrun sets OMP_NUM_THREADS=1 by itself
    backend = "nccl" if group.device.type == "cuda" else "gloo"
    if not dist.is_available() or not dist.is_backend_available(backend):
        raise CourseError(f"this PyTorch has no {backend}, which {size} processes need to talk: train in one process"
                          + (", or on --device cpu" if backend == "nccl" else ", or install a build that has it"))
    try:
        dist.init_process_group(backend, timeout=timedelta(seconds=timeout))
    except (RuntimeError, ValueError) as error:
        raise GroupBroken(f"process {rank} of {size} could not join the others ({error}): start them with "
                              "torchrun, as gancourse train --help shows") from error
    return group


def leave(group: Group) -> None:
    """End the group; each process may then go on by itself, but not join again: torchrun remembers old addresses."""
    if group.size > 1:
        dist.destroy_process_group()


def check_split(batch_size: int, processes: int) -> None:
    """Raise CourseError unless a batch splits evenly over the processes."""
    if batch_size % processes:
        below, above = batch_size // processes * processes, -(-batch_size // processes) * processes
        near = f"{below} or {above}" if below else f"{above}"
        raise CourseError(f"batch_size={batch_size} does not split evenly over {processes} processes: take {near}")


def make_shared_fast_loop(gan: GAN, x: np.ndarray | tuple[np.ndarray, ...], group: Group, *,
                       batch_size: int, step: Callable = alternating_step,
                       compiled: str = "auto", **options) -> Callable[[int, int], dict[str, Tensor]]:
    """Return `make_fast_loop(gan, x, batch_size=batch_size, ...)` of all processes together, with the losses of them all.

    `batch_size` counts the rows of all processes; each draws the whole batch and keeps its rows, which costs
    about a thousandth of a step.  A group of one gets `make_fast_loop` itself.  Several record no CUDA graph.
    The optimisers average gradients only while these rounds are played.  Raises ValueError when a
    batch does not split evenly over the processes.
    """
    if group.size == 1:
        return make_fast_loop(gan, x, batch_size=batch_size, step=step, compiled=compiled, **options)
    check_split(batch_size, group.size)

    def step_of_own_rows(gan: GAN, real: Batch, z: Tensor, *rest) -> tuple[Tensor, Tensor]:
        seed_generators(z.device, torch.initial_seed() + group.rank)  # its rows, its random numbers
        return step(gan, group.shard(real), group.shard(z), *rest)

    run_steps = make_fast_loop(gan, x, batch_size=batch_size, step=step_of_own_rows, compiled="no",
                         **options)

    def shared(k: int, n: int) -> dict[str, Tensor]:
        hooks = [opt.register_step_pre_hook(lambda opt, *_: _average_gradients(opt, group))
                 for opt in (gan.opt_G, gan.opt_D)]
        try:
            losses = run_steps(k, n)
        finally:
            for hook in hooks:
                hook.remove()
        return dict(zip(losses, average(torch.stack(list(losses.values())), group), strict=True))

    return shared


def average(x: Tensor, group: Group) -> Tensor:
    """Replace a tensor by its mean over all processes, the same bits in each, and return it."""
    return _reduce(x, group).div_(group.size) if group.size > 1 else x


def broadcast_state(gan: GAN, step: int, group: Group, about: str = "") -> int:
    """Give every process the weights, moments and step of process 0, and return that step.

    `about` is what they must have in common, such as settings and data.  Raises ValueError when they do not.
    """
    if group.size == 1:
        return step
    words = torch.tensor([zlib.crc32(about.encode())], dtype=torch.int64, device=group.device)
    if not _same(words, group):
        raise CourseError("the processes were started with different settings or data: give all the same command, "
                          "and the same files on every machine")
    blob = save(state(gan)) if group.rank == 0 else b""
    head = torch.tensor([step, len(blob)], dtype=torch.int64, device=group.device)
    _guarded(dist.broadcast, group, head, src=0)
    step, size = head.tolist()
    data = torch.from_numpy(np.frombuffer(blob, np.uint8).copy()) if blob else torch.empty(size, dtype=torch.uint8)
    data = data.to(group.device)
    _guarded(dist.broadcast, group, data, src=0)
    if group.rank:
        load_state(gan, load(data.cpu().numpy().tobytes()))
    return step


def check_in_sync(gan: GAN, group: Group) -> None:
    """Raise GroupBroken unless all processes hold the same weights, bit for bit."""
    if group.size > 1:
        weights = [p.detach().double() for net in (gan.G, gan.D, gan.G_ema) for p in net.parameters()]
        sums = torch.stack([torch.stack((w.sum(), w.square().sum())) for w in weights])
        if not _same(sums, group):
            raise GroupBroken("the processes' weights have drifted apart: they must run the same versions of the "
                              "course and of PyTorch on the same kind of processor")


@torch.no_grad()
def average_statistics(gan: GAN, group: Group) -> None:
    """Average BatchNorm's running statistics over the processes, before G is sampled or saved.

    They are running averages of each process's own; no training step reads them, so that it does not matter when.
    """
    if group.size > 1:
        for net in (gan.G, gan.D, gan.G_ema):
            for buffer in net.buffers():
                if buffer.is_floating_point():
                    average(buffer, group)


def _average_gradients(opt: torch.optim.Optimizer, group: Group) -> None:
    """The mean gradient of all processes for one network's weights, sent as one message."""
    gradients = [w.grad for part in opt.param_groups for w in part["params"] if w.grad is not None]
    mean = average(torch.cat([slope.reshape(-1) for slope in gradients]), group)
    for slope, part in zip(gradients, mean.split([slope.numel() for slope in gradients]), strict=True):
        slope.copy_(part.view(slope.shape))  # in place: fused Adam wants a slope to lie in memory as its weight does


def _same(x: Tensor, group: Group) -> bool:
    """Whether all processes hold the same finite numbers."""
    low, high = _reduce(x.clone(), group, dist.ReduceOp.MIN), _reduce(x.clone(), group, dist.ReduceOp.MAX)
    return bool(torch.equal(low, high))


def _reduce(x: Tensor, group: Group, how=dist.ReduceOp.SUM) -> Tensor:
    _guarded(dist.all_reduce, group, x, op=how)
    return x


def _guarded(collective: Callable, group: Group, *args, **options) -> None:
    """Call a collective; GroupBroken when another process is gone or silent."""
    try:
        collective(*args, **options)
    except RuntimeError as error:
        why = str(error).strip().splitlines()[0].split("] ", 1)[-1].split(". ")[0]  # not where in the source it was
        raise GroupBroken(f"process {group.rank} of {group.size} lost the others ({why})") from error


def _device(device: str, place: int, here: int) -> torch.device:
    """The device of the process at `place` among those on this machine."""
    gpus = torch.cuda.device_count()
    if device == "cpu" or (device == "auto" and not gpus):
        return torch.device("cpu")
    if not gpus:
        raise CourseError("this machine has no GPU that PyTorch sees: leave --device out, or give --device cpu")
    if here > gpus:
        raise CourseError(f"{here} process(es) on a machine with {gpus} GPU(s): start at most one for each "
                          "(torchrun --nproc-per-node), or give --device cpu")
    torch.cuda.set_device(place)
    return torch.device("cuda", place)
