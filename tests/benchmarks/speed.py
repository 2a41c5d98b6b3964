"""Images per second: our loop against the tutorials' loops, on the tutorials' own networks.

    python tests/benchmarks/speed.py                       all networks, one thread, about five minutes
    python tests/benchmarks/speed.py --only dcgan_64 --threads 0 --clock wall
    python tests/benchmarks/speed.py --device cuda --batch 512

The arms take turns, round after round, so that a slow moment of the machine meets all of them; what counts is the
ratio.  A fraction of the roof is the arithmetic of our step, divided by its time and by the speed of a large matrix
product of the same precision measured in the same round.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from published import dcgan_32, dcgan_64, mlp_784, tutorial_28, tutorial_loop
from torch.utils.flop_counter import FlopCounterMode

from gancourse.pt import losses, models, native_bf16, set_threads
from gancourse.pt.fast_loop import make_fast_loop
from gancourse.pt.train import alternating_step, make_gan, simultaneous_step
from gancourse.system import physical_cores

NETWORKS = {  # name: (networks, image shape, batch size, halves of D's loss added before the backward pass)
    "dcgan_64": (dcgan_64, (64, 64, 3), 64, False),
    "dcgan_32": (dcgan_32, (32, 32, 1), 64, True),
    "tutorial_28": (tutorial_28, (28, 28, 1), 64, False),
    "mlp_784": (mlp_784, (28, 28, 1), 64, True),
}
HEAD = "| network, batch | arm | ms a step, median (range) | images/s | x tutorial loop | GFLOP/image | of the roof |"


def main() -> None:
    """Read the options and print one table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--only", nargs="+", default=[*NETWORKS, "tensorflow"])
    options.add_argument("--threads", type=int, default=1, help="0 means one for each physical core")
    options.add_argument("--clock", choices=("cpu", "wall"), default="cpu")
    options.add_argument("--device", default="cpu")
    options.add_argument("--batch", type=int, default=0, help="0 means the tutorial's own")
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    threads = set_threads(chosen.threads or physical_cores())
    print(f"{chosen.device}, {threads} thread(s), {chosen.clock} time, {chosen.rounds} rounds\n\n{HEAD}")
    print("|" + "---|" * (HEAD.count("|") - 1))
    for name in chosen.only:
        if name == "tensorflow":
            print(_in_a_process_of_its_own(threads, chosen.rounds), end="", flush=True)
        else:
            compare(name, chosen.device, chosen.batch, chosen.rounds, chosen.clock)


def compare(name: str, device: str, batch_size: int, rounds: int, clock: str, seconds: float = 1.0) -> None:
    """Time the arms of one network in turns and print a row for each."""
    build, shape, published_batch, together = NETWORKS[name]
    batch_size = batch_size or published_batch
    x = np.random.default_rng(0).integers(0, 256, (max(1024, 2 * batch_size), *shape), dtype=np.uint8)
    still = torch.zeros(batch_size, shape[2], *shape[:2], device=device)
    pairs = {arm: [net.to(device) for net in build()] for arm in ("loop", "step")}
    arms = {"tutorial's loop": tutorial_loop(*pairs["loop"], x, batch_size, together=together),
            "tutorial's step alone": tutorial_loop(*pairs["step"], still, batch_size, together=together)}
    work = {arm: gflop(build, shape, alternating_step) for arm in arms}
    for precision in ("fp32", "bf16") if native_bf16(device) else ("fp32",):
        for step in (alternating_step, simultaneous_step):
            arm = f"ours, {precision}" + ", both at once" * (step is simultaneous_step)
            folded = lambda: [models.fold_upsampling(net) for net in build()]
            arms[arm], work[arm] = ours(folded, x, batch_size, device, precision, step), gflop(folded, shape, step)
    measured, roofs = in_turns(arms, device, rounds, clock, seconds)
    for arm, taken in measured.items():
        ms, rate = 1e3 * np.array(taken), batch_size / np.median(taken)
        roof = work[arm] * rate / np.median(roofs[precision_of(arm)])
        times = np.median(measured["tutorial's loop"]) / np.median(taken)
        print(f"| {name}, {batch_size} | {arm} | {np.median(ms):.1f} ({ms.min():.1f} to {ms.max():.1f}) | {rate:.0f} | "
              f"{times:.2f} | {work[arm]:.4f} | {roof:.0%} |", flush=True)


def ours(build: Callable, x: np.ndarray, batch_size: int, device: str, precision: str, step: Callable) -> Callable:
    """Return a function that plays one step of our loop."""
    pair = [net.to(device, memory_format=torch.channels_last) for net in build()]
    gan = make_gan(*pair, z_dim=100, learning_rate=2e-4, betas=(0.5, 0.999))
    run_steps = make_fast_loop(gan, x, batch_size=batch_size, loss=losses.LOSSES["nonsaturating"], precision=precision,
                               step=step)
    count = iter(range(10**9))
    return lambda: run_steps(next(count), 1)


def gflop(build: Callable, shape: tuple, step: Callable) -> float:
    """Billions of multiplications and additions of a step for one image, in convolutions and products."""
    gan = make_gan(*build(), z_dim=100)
    with FlopCounterMode(display=False) as counter:
        step(gan, torch.zeros(2, shape[2], *shape[:2]), torch.zeros(2, 100), losses.LOSSES["nonsaturating"])
    return counter.get_total_flops() / 2 / 1e9


def in_turns(arms: dict[str, Callable], device: str, rounds: int, clock: str, each: float) -> tuple[dict, dict]:
    """Return seconds a step of each arm, and GFLOP/s of a large product, round by round; an arm's turn takes `each`."""
    now = time.process_time if clock == "cpu" and device == "cpu" else time.perf_counter
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    seconds, roofs = {arm: [] for arm in arms}, {}
    for play in arms.values():
        for _ in range(1 if device == "cpu" else 10):  # a GPU's first steps choose kernels and are recorded
            play()
    for _ in range(rounds):
        for precision, dtype in {"fp32": torch.float32, "bf16": torch.bfloat16}.items():
            if precision in map(precision_of, arms):  # without hardware for it a product in bf16 takes a minute
                roofs.setdefault(precision, []).append(product(dtype, device, now, wait))
        for arm, play in arms.items():
            steps, start = 0, now()
            while now() - start < each:
                play()
                steps += 1
                if device == "cuda" and steps % 50 == 0:
                    wait()
            wait()
            seconds[arm].append((now() - start) / steps)
    return seconds, roofs


def precision_of(arm: str) -> str:
    """In which precision an arm multiplies, by its name."""
    return "bf16" if "bf16" in arm else "fp32"


def product(dtype: torch.dtype, device: str, now: Callable, wait: Callable) -> float:
    """GFLOP/s of a matrix product of this precision, best of three."""
    size = 2048 if device == "cpu" else 8192
    a, b = torch.randn(2, size, size, device=device).to(dtype)
    best = np.inf
    for _ in range(4):
        wait()
        start = now()
        a @ b
        wait()
        best = min(best, now() - start)
    return 2 * size**3 / best / 1e9


def _in_a_process_of_its_own(threads: int, rounds: int) -> str:
    """TensorFlow's rows: a process never holds both frameworks."""
    command = [sys.executable, __file__.replace("speed.py", "speed_tf.py"), str(threads), str(rounds)]
    rows = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    main()
