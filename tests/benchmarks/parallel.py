"""Two processes against one: images per second, our averaged gradients against DistributedDataParallel.

    python tests/benchmarks/parallel.py                         one thread a process, about three minutes
    python tests/benchmarks/parallel.py --batch 256 --rounds 5

Each arm is a group of processes of its own, started in turns.  What counts is the wall clock of the slowest process
between two barriers, so both cores must be free.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time

import numpy as np
import torch
from torch.nn.parallel import DistributedDataParallel

from gancourse.pt import losses, models, parallel
from gancourse.pt.train import Penalty, make_gan
from gancourse.training_loop import train_fast

NETWORKS = {"shallow": (models.shallow_pair, (28, 28, 1), 32), "dcgan": (models.dcgan_pair, (32, 32, 3), 32),
            "mlp": (models.mlp_pair, (28, 28, 1), 512)}
ARMS = {"1 process": 1, "2, averaged by hand": 2, "2, DDP": 2, "2, DDP with D frozen in G's step": 2}


def main() -> None:
    """Read the options and print one table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--only", nargs="+", default=[*NETWORKS], choices=NETWORKS)
    options.add_argument("--batch", type=int, default=64, help="of all processes together")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=3, help="of one measurement")
    options.add_argument("--worker", help="be one process of an arm (used by this program itself)")
    chosen = options.parse_args()
    if chosen.worker:
        return work(*json.loads(chosen.worker))
    print("| network | arm | images/s, median (range) | x one process | largest difference of 20 losses |\n"
          "|---|---|---|---|---|")
    for network in chosen.only:
        found = {arm: [] for arm in ARMS}
        for _ in range(chosen.rounds):
            for arm in ARMS:
                found[arm].append(measure(network, arm, chosen.batch, chosen.seconds))
        alone = np.median([rate for rate, _ in found["1 process"]])
        for arm, runs in found.items():
            rates = [rate for rate, _ in runs]
            gap = np.abs(np.array(runs[0][1]) - found["1 process"][0][1]).max()
            spread = f"{np.median(rates):.0f} ({min(rates):.0f} to {max(rates):.0f})"
            print(f"| {network}, {chosen.batch} | {arm} | {spread} | {np.median(rates) / alone:.2f} | {gap:.1e} |",
                  flush=True)


def measure(network: str, arm: str, batch: int, seconds: float) -> tuple[float, list]:
    """Return images per second and the first losses of one arm, run in processes of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        about = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1]), "WORLD_SIZE": str(ARMS[arm])}
    command = [sys.executable, __file__, "--worker", json.dumps([network, arm, batch, seconds])]
    group = [subprocess.Popen(command, env=os.environ | about | {"RANK": str(r)}, stdout=subprocess.PIPE, text=True)
             for r in range(ARMS[arm])]
    said = [process.communicate()[0] for process in group]
    return json.loads(said[0].splitlines()[-1])


def work(network: str, arm: str, batch: int, seconds: float) -> None:
    """Train as one process of an arm, and print what process 0 has measured."""
    group = parallel.join("cpu", threads=1)
    build, shape, width = NETWORKS[network]
    x = np.random.default_rng(0).integers(0, 256, (2048, *shape), dtype=np.uint8)
    pair = [net.to(memory_format=torch.channels_last) for net in models.seeded(build, 32, shape, width, seed=0)]
    gan = make_gan(*pair, z_dim=32)
    r1 = Penalty(lambda D, real, fake: losses.r1_penalty(D, real), 0.5, interval=8)
    options = {"batch_size": batch, "loss": losses.LOSSES["nonsaturating"], "penalty": r1}
    if "DDP" in arm:
        run_steps = ddp_loop(gan, x, group, frozen="frozen" in arm, **options)
    else:
        run_steps = parallel.make_shared_fast_loop(gan, x, group, **options)
    first = [list(log.scalars.values()) for log in train_fast(run_steps, num_steps=20, log_every=1, progress=False)]
    start, k = time.perf_counter(), 20
    run_steps(k, 8)  # how many steps fill the seconds, the same in each process
    k, n = k + 8, parallel.average(torch.tensor(seconds / (time.perf_counter() - start)), group)
    start, steps = time.perf_counter(), 8 * max(1, int(n))
    run_steps(k, steps)
    taken = time.perf_counter() - start
    if group.rank == 0:
        print(json.dumps([steps * batch / taken, first]))
    parallel.leave(group)


def ddp_loop(gan, x, group, *, frozen: bool, loss, penalty, **options):
    """The same steps as DistributedDataParallel wants them, with `backward()`; see make_shared_fast_loop."""
    G, D = (DistributedDataParallel(net, forward_sync_buffers=False) for net in (gan.G, gan.D))

    def step(gan, real, z, loss, penalty, ema_decay):
        fake = G(z)
        d_loss = loss.d_loss(D(real), D(fake.detach()))
        cost = penalty.weight * penalty.interval * penalty.penalty(D, real, fake) if penalty else 0.0
        gan.opt_D.zero_grad()
        (d_loss + cost).backward()
        gan.opt_D.step()
        gan.D.requires_grad_(not frozen)
        g_loss = loss.g_loss((gan.D if frozen else D)(fake))
        gan.opt_G.zero_grad()
        g_loss.backward()
        gan.D.requires_grad_(True)
        gan.opt_G.step()
        with torch.no_grad():
            for old, new in zip(gan.G_ema.parameters(), gan.G.parameters(), strict=True):
                old.lerp_(new, 1 - ema_decay)
        return d_loss.detach(), g_loss.detach()

    shared = parallel.make_fast_loop(
        gan, x, loss=loss, penalty=penalty, compiled="no", **options,
        step=lambda gan, real, z, *rest: step(gan, group.shard(real), group.shard(z), *rest))

    def run_steps(k, n):
        played = shared(k, n)
        return dict(zip(played, parallel.average(torch.stack(list(played.values())), group), strict=True))

    return run_steps


if __name__ == "__main__":
    main()
