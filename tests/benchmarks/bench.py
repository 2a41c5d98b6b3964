"""Measure everything that the course says about speed, and write it down:  make bench

    python tests/benchmarks/bench.py                       about 40 minutes on an idle machine of two cores
    python tests/benchmarks/bench.py --only speed start    some parts; the others keep what stands in RESULTS.md
    python tests/benchmarks/bench.py --quick               all parts, a few minutes, for a look: writes nothing

The results go to tests/benchmarks/RESULTS.md and time_to_quality.png, with the date, the machine and the commands.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from gancourse.course import doctor
from gancourse.files import write_atomically

HERE = Path(__file__).parent
RESULTS, FIGURE = HERE / "RESULTS.md", HERE / "time_to_quality.png"
START = """
from gancourse import data
from gancourse.metrics import feature_net
from gancourse.pt import losses, models, set_threads
from gancourse.pt.fast_loop import make_fast_loop
from gancourse.pt.train import make_gan
set_threads()
images = data.load("strokes")
feature_net.load(images)
pair = models.shallow_pair(32, images.shape, 32)
gan = make_gan(*pair, z_dim=32)
run_steps = make_fast_loop(gan, images.x_train, batch_size=32, loss=losses.LOSSES["nonsaturating"])
float(run_steps(0, 1)["d_loss"])
"""


def main() -> None:
    """Read the options, run the parts and write the results."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    options.add_argument("--quick", action="store_true", help="short runs, to see that all works; nothing is written")
    chosen = options.parse_args()
    kept = dict(re.findall(r"<!-- (\w+) -->\n(.*?)(?=\n<!-- |\Z)", RESULTS.read_text(), re.DOTALL)) if (
        RESULTS.exists()) else {}
    for i, name in enumerate(chosen.only, 1):
        print(f"[{i}/{len(chosen.only)}] {name} ...", flush=True)
        kept[name] = PARTS[name](chosen.quick)
        print(kept[name], flush=True)
        if not chosen.quick:
            order = dict.fromkeys([*PARTS, *kept])  # other scripts add parts of their own
            body = "\n".join(f"<!-- {part} -->\n{kept[part].strip()}\n" for part in order if part in kept)
            write_atomically(RESULTS, f"{TITLE}\n{body}".encode())


def speed(quick: bool) -> str:
    """Images per second against the tutorials' loops: processor time of one thread, then wall time of all."""
    more = ["--rounds", "1"] if quick else ["--rounds", "5"]
    return (_heading("Images per second, one thread, processor time", "speed.py")
            + _run("speed.py", *more)
            + "\n### All threads, wall time\n\n" + _run("speed.py", *more, "--threads", "0", "--clock", "wall",
                                                          "--only", "dcgan_64", "dcgan_32", "tutorial_28", "mlp_784"))


def quality(quick: bool) -> str:
    """Seconds to the tutorial's two-minute quality, and what the three presets reach."""
    more = ["--seconds", "2", "--seeds", "0"] if quick else []
    curves = HERE / ".curves.json"
    text = _heading("Time to quality, one thread, processor time", "recipes.py")
    text += _block(_run("recipes.py", *more, "--out", str(curves)))
    if not quick:
        _draw(json.loads(curves.read_text()))
        text += "\n![Distance against seconds, six runs](time_to_quality.png)\n"
    curves.unlink()
    return text + "\n### The presets of lesson 03\n\n" + _block(_run("recipes.py", "--arms", "presets", *more))


def scale(quick: bool) -> str:
    """Time and memory against batch, pixels and data."""
    return _heading("Scale, one thread, processor time", "scale.py") + _run(
        "scale.py", *(["--most-images", "100000"] if quick else []))


def start(quick: bool) -> str:
    """How long things take to start, and what they hold in memory."""
    rows = [("import gancourse", [sys.executable, "-c", "import gancourse"]),
            ("gancourse --help", [sys.executable, "-m", "gancourse", "--help"]),
            ("a PyTorch lesson, from its imports to its first step", [sys.executable, "-c", START])]
    text = _heading("Start", "bench.py --only start")
    text += "| what | seconds, median (range) of 5 | peak memory, MiB |\n|---|---|---|\n"
    for name, command in rows:
        taken = []
        for _ in range(1 if quick else 5):
            begun = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            taken.append(time.perf_counter() - begun)
        code = f"import subprocess, resource; subprocess.run({command!r}, capture_output=True); " \
               f"print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
        peak = float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        taken.sort()
        text += f"| {name} | {taken[len(taken) // 2]:.2f} ({taken[0]:.2f} to {taken[-1]:.2f}) | {peak:.0f} |\n"
    return text


PARTS = {"speed": speed, "quality": quality, "scale": scale, "start": start}
TITLE = """# Measured speed
Written by `make bench`; every part names its command, its date and its machine. Compare ratios within a part, not
times between parts. The tutorials' networks and loops are written by us from what they publish (`published.py`).
"Both at once" is `simultaneous_step`, which changes the game a little: G answers the D of before the step, as in
TensorFlow's tutorial.
"""


def _heading(title: str, command: str) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in doctor.versions().items() if name != "threads")
    return (f"## {title}\n`python tests/benchmarks/{command}`, {datetime.now(UTC).date().isoformat()}, {_processor()}; "
            f"{versions}\n\n")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = "unknown processor"
    bf16 = "in hardware" if doctor.bf16_in_hardware() else "emulated"
    return f"{name}, {doctor.physical_cores()} cores, bfloat16 {bf16}"


def _run(script: str, *options: str) -> str:
    command = [sys.executable, HERE / script, *options]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _block(text: str) -> str:
    return f"```\n{text.strip()}\n```\n"


def _draw(curves: dict) -> None:
    from gancourse.notebook import image_output, plots

    fig, ax = plots.figure(width=7, height=3.4)
    for (name, runs), colour in zip(curves.items(), (plots.NEUTRAL, plots.FAKE), strict=True):
        for i, run in enumerate(runs):
            ax.plot([s for s, _, _ in run], [d for _, _, d in run], color=colour, linewidth=1, marker=".",
                    label=name if i == 0 else None)
    ax.set(xscale="log", yscale="log", xlabel="seconds of one core", ylabel="Frechet distance, own features")
    ax.legend()
    write_atomically(FIGURE, image_output.png(fig))


if __name__ == "__main__":
    main()
