"""Several processes train one GAN: each has a shard of every batch; their gradients are averaged.

    group = join()                              # under torchrun; otherwise a group of one
    gan = make_gan(...)
    start = broadcast_state(gan, start, group)  # all go on from what process 0 holds
    run_steps = make_shared_fast_loop(gan, x, group, batch_size=64, loss=loss)
    for log in train_fast(run_steps, start=start, ...):
        check_in_sync(gan, group)
    leave(group)

Batch and noise of step k depend on (seed, k) alone, and a loss is a mean over the batch.  So the
mean of the processes' gradients is the gradient of one process with the whole batch, whatever their
number: the training is the same, except for BatchNorm, whose statistics are those of each process's
rows, and for the random numbers of augmentation and penalties, which each process draws for its own
rows.  Numbers agree to rounding, which a GAN magnifies: after some fifty steps at a high learning
rate, two runs that began one last bit apart differ visibly, in one process as well.

The gradients are averaged by a hook of the optimiser, as one message for each network, and not by
DistributedDataParallel: that listens to `backward()`, which our steps do not call, because it would
also compute (and send) D's gradient in G's step.  Karras et al. 2021 average theirs by hand too
(StyleGAN3's training loop).
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
    """Return the group that torchrun started this process in, or a group of one.

    It sets the threads and the GPU of this process.  `threads` of 0 is the cores of this machine
    divided by its processes.  A process that waits for the others longer than `timeout` seconds
    gives up.  Raises ValueError when there is no such device, GroupBroken when the others do not
    come.
    """
    rank = int(os.environ.get("RANK", 0))
    size = int(os.environ.get("WORLD_SIZE", 1))
    local_rank = int(os.environ.get("LOCAL_RANK", rank))
    local_size = int(os.environ.get("LOCAL_WORLD_SIZE", size))
    group = Group(rank, size, _device(device, local_rank, local_size))
    if size == 1:
        set_threads(threads or chosen_threads(physical_cores()))
        return group
    # not what OMP_NUM_THREADS says, which torchrun sets to 1
    set_threads(threads or max(1, physical_cores() // local_size))
    backend = "nccl" if group.device.type == "cuda" else "gloo"
    if not dist.is_available() or not dist.is_backend_available(backend):
        way_out = "on --device cpu" if backend == "nccl" else "install a build that has it"
        raise CourseError(f"this PyTorch has no {backend}, which {size} processes need to talk: "
                          f"train in one process, or {way_out}")
    try:
        dist.init_process_group(backend, timeout=timedelta(seconds=timeout))
    except (RuntimeError, ValueError) as error:
        raise GroupBroken(f"process {rank} of {size} could not join the others ({error}): start "
                          "them with torchrun, as gancourse train --help shows") from error
    return group


def leave(group: Group) -> None:
    """End the group; each process may then go on by itself, but not join again.

    A second `join` would meet the addresses of the first, which torchrun keeps.
    """
    if group.size > 1:
        dist.destroy_process_group()


def check_split(batch_size: int, processes: int) -> None:
    """Raise CourseError unless a batch splits evenly over the processes."""
    if batch_size % processes:
        below = batch_size // processes * processes
        above = below + processes
        near = f"{below} or {above}" if below else f"{above}"
        raise CourseError(f"batch_size={batch_size} does not split evenly over {processes} "
                          f"processes: take {near}")


def make_shared_fast_loop(
        gan: GAN, x: np.ndarray | tuple[np.ndarray, ...], group: Group, *, batch_size: int,
        step: Callable = alternating_step, compiled: str = "auto", **options,
) -> Callable[[int, int], dict[str, Tensor]]:
    """Return the `run_steps` of `make_fast_loop` for all processes together.

    Its losses are means over all of them.  `batch_size` counts the rows of all processes; each
    draws the whole batch and keeps its shard, which costs about a thousandth of a step.  A group of
    one gets `make_fast_loop` itself; several processes use no CUDA graph.  The optimisers average
    gradients only while `run_steps` runs.  Raises ValueError when a batch does not split evenly
    over the processes.
    """
    if group.size == 1:
        return make_fast_loop(gan, x, batch_size=batch_size, step=step, compiled=compiled,
                              **options)
    check_split(batch_size, group.size)

    def step_on_shard(gan: GAN, real: Batch, z: Tensor, *rest) -> tuple[Tensor, Tensor]:
        """Take a step on this process's rows, with random numbers that no other process draws."""
        seed_generators(z.device, torch.initial_seed() + group.rank)
        return step(gan, group.shard(real), group.shard(z), *rest)

    run_own_steps = make_fast_loop(gan, x, batch_size=batch_size, step=step_on_shard, compiled="no",
                                   **options)

    def run_steps(k: int, n: int) -> dict[str, Tensor]:
        """Take steps k to k + n - 1 with averaged gradients and return the mean losses of all."""
        average_first = lambda opt, *_: _average_gradients(opt, group)
        hooks = [opt.register_step_pre_hook(average_first) for opt in (gan.opt_G, gan.opt_D)]
        try:
            losses = run_own_steps(k, n)
        finally:
            for hook in hooks:
                hook.remove()
        means = average(torch.stack(list(losses.values())), group)
        return dict(zip(losses, means, strict=True))

    return run_steps


def average(x: Tensor, group: Group) -> Tensor:
    """Replace a tensor by its mean over all processes, the same bits in each, and return it."""
    return _reduce(x, group).div_(group.size) if group.size > 1 else x


def broadcast_state(gan: GAN, step: int, group: Group, about: str = "") -> int:
    """Give every process the weights, moments and step of process 0, and return that step.

    `about` is what they must have in common, such as settings and data.  Raises ValueError when
    they do not.
    """
    if group.size == 1:
        return step
    checksum = zlib.crc32(about.encode())
    if not _same(torch.tensor([checksum], dtype=torch.int64, device=group.device), group):
        raise CourseError("the processes were started with different settings or data: give all "
                          "the same command, and the same files on every machine")
    saved = save(state(gan)) if group.rank == 0 else b""
    header = torch.tensor([step, len(saved)], dtype=torch.int64, device=group.device)
    _communicate(dist.broadcast, group, header, src=0)
    step, size = header.tolist()
    if saved:
        data = torch.from_numpy(np.frombuffer(saved, np.uint8).copy())
    else:
        data = torch.empty(size, dtype=torch.uint8)
    data = data.to(group.device)
    _communicate(dist.broadcast, group, data, src=0)
    if group.rank:
        load_state(gan, load(data.cpu().numpy().tobytes()))
    return step


def check_in_sync(gan: GAN, group: Group) -> None:
    """Raise GroupBroken unless all processes hold the same weights, bit for bit."""
    if group.size > 1:
        nets = (gan.G, gan.D, gan.G_ema)
        weights = [p.detach().double() for net in nets for p in net.parameters()]
        sums = torch.stack([torch.stack((w.sum(), w.square().sum())) for w in weights])
        if not _same(sums, group):
            raise GroupBroken("the processes' weights have drifted apart: they must run the same "
                              "versions of the course and of PyTorch on the same kind of processor")


@torch.no_grad()
def average_statistics(gan: GAN, group: Group) -> None:
    """Average BatchNorm's running statistics over the processes, before G is sampled or saved.

    They are running averages of each process's own rows; no training step reads them, so they need
    to agree only then.
    """
    if group.size > 1:
        for net in (gan.G, gan.D, gan.G_ema):
            for buffer in net.buffers():
                if buffer.is_floating_point():
                    average(buffer, group)


def _average_gradients(opt: torch.optim.Optimizer, group: Group) -> None:
    """The mean gradient of all processes for one network's weights, sent as one message."""
    gradients = [w.grad for part in opt.param_groups for w in part["params"] if w.grad is not None]
    means = average(torch.cat([gradient.reshape(-1) for gradient in gradients]), group)
    parts = means.split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        # in place: fused Adam wants a gradient to lie in memory as its weight does
        gradient.copy_(part.view(gradient.shape))


def _same(x: Tensor, group: Group) -> bool:
    """Whether all processes hold the same finite numbers."""
    low = _reduce(x.clone(), group, dist.ReduceOp.MIN)
    high = _reduce(x.clone(), group, dist.ReduceOp.MAX)
    return bool(torch.equal(low, high))


def _reduce(x: Tensor, group: Group, how=dist.ReduceOp.SUM) -> Tensor:
    """Replace a tensor by its sum (or `how`) over all processes, and return it."""
    _communicate(dist.all_reduce, group, x, op=how)
    return x


def _communicate(collective: Callable, group: Group, *args, **options) -> None:
    """Call a collective; GroupBroken when another process is gone or silent."""
    try:
        collective(*args, **options)
    except RuntimeError as error:
        first_line = str(error).strip().splitlines()[0]
        why = first_line.split("] ", 1)[-1].split(". ")[0]  # without the place in PyTorch's source
        raise GroupBroken(f"process {group.rank} of {group.size} lost the others "
                          f"({why})") from error


def _device(device: str, local_rank: int, local_size: int) -> torch.device:
    """The device of one of the `local_size` processes on this machine."""
    gpus = torch.cuda.device_count()
    if device == "cpu" or (device == "auto" and not gpus):
        return torch.device("cpu")
    if not gpus:
        raise CourseError("this machine has no GPU that PyTorch sees: leave --device out, or give "
                          "--device cpu")
    if local_size > gpus:
        raise CourseError(f"{local_size} process(es) on a machine with {gpus} GPU(s): start at "
                          "most one for each (torchrun --nproc-per-node), or give --device cpu")
    torch.cuda.set_device(local_rank)
    return torch.device("cuda", local_rank)
