"""How time and memory grow with the batch, the resolution and the data: nothing may grow faster than its cause.

    python tests/benchmarks/scale.py                 one thread, about four minutes, 8 GB of disk for the largest data
    python tests/benchmarks/scale.py --most-images 1000000

Each row runs in a process of its own, so that its peak memory is its own.  The slope of log time against log size
is 1 where time grows in proportion; a DCGAN gets a stage more at each doubling, so there the size is its own work.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np


def main() -> None:
    """Read the options and print three tables."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--most-images", type=int, default=10_000_000)
    options.add_argument("--row", help="measure one row and print it as JSON (used by this program itself)")
    chosen = options.parse_args()
    if chosen.row:
        return print(json.dumps(measure(**json.loads(chosen.row))))
    sizes = [n for n in (10_000, 100_000, 1_000_000, 10_000_000) if n <= chosen.most_images]
    table("batch size (28x28, DCGAN, width 32)", "batch_size", [{"batch_size": b} for b in (16, 32, 64, 128, 256)])
    sides = (28, 32, 64, 128)
    table("pixels (batch 16, shallow, width 32)", "pixels",
          [{"resolution": r, "batch_size": 16, "network": "shallow"} for r in sides])
    table("pixels (batch 16, DCGAN, width 32: each doubling is a stage more)", "work",
          [{"resolution": r, "batch_size": 16} for r in sides])
    table("images in a memory map (28x28, batch 64, shallow, width 32)", "images",
          [{"images": n, "network": "shallow", "batch_size": 64} for n in sizes])


def table(title: str, by: str, rows: list[dict]) -> None:
    """Measure the rows and print them with the fitted slope of time against size."""
    print(f"\n| {title} | ms a step | us an image | MFLOP an image | peak memory over the start, MiB |\n"
          "|---|---|---|---|---|", flush=True)
    sizes, times = [], []
    for row in rows:
        command = [sys.executable, __file__, "--row", json.dumps(row)]
        found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        row = {"pixels": row.get("resolution", 0) ** 2, "work": found["mflop"], **row}
        sizes.append(row[by])
        times.append(found["ms"])
        label = f"{row['resolution']}x{row['resolution']}" if "resolution" in row else f"{row[by]:,}"
        print(f"| {label} | {found['ms']:.1f} | {1e3 * found['ms'] / row['batch_size']:.0f} | {found['mflop']:.1f} | "
              f"{found['mib']:.0f} |", flush=True)
    print(f"\nslope of log time against log {by}: {np.polyfit(np.log(sizes), np.log(times), 1)[0]:.2f}", flush=True)


def measure(*, batch_size: int = 64, resolution: int = 28, images: int = 0, network: str = "dcgan") -> dict:
    """Return the processor time of a step in ms, one thread, and the peak memory that training has added."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from gancourse.pt import losses, models, set_threads
    from gancourse.pt.fast_loop import make_fast_loop
    from gancourse.pt.train import make_gan

    set_threads(1)
    shape = (resolution, resolution, 1)
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        if images:
            x = np.memmap(Path(folder, "images"), np.uint8, "w+", shape=(images, *shape))
            for i in range(0, images, 10_000):
                x[i : i + 10_000] = rng.integers(0, 256, (len(x[i : i + 10_000]), *shape), dtype=np.uint8)
        else:
            x = rng.integers(0, 256, (1024, *shape), dtype=np.uint8)
        build = {"dcgan": models.dcgan_pair, "shallow": models.shallow_pair}[network]
        pair = [net.to(memory_format=torch.channels_last) for net in build(64, shape, 32)]
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        gan = make_gan(*pair, z_dim=64)
        run_steps = make_fast_loop(gan, x, batch_size=batch_size, loss=losses.LOSSES["nonsaturating"])
        with FlopCounterMode(display=False) as counter:
            run_steps(0, 1)
        taken = []
        for i in range(5):
            steps, start = 0, time.process_time()
            while time.process_time() - start < 0.6:
                run_steps(2 + 1000 * i + steps, 1)
                steps += 1
            taken.append((time.process_time() - start) / steps)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"ms": 1e3 * float(np.median(taken)), "mib": (after - before) / 1024,
            "mflop": counter.get_total_flops() / batch_size / 1e6}


if __name__ == "__main__":
    main()
