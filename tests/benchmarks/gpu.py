"""What a GPU has to show, within twelve minutes, most important first; writes as it goes.

    python tests/benchmarks/gpu.py --out gpu                 everything, on a machine with a GPU
    python tests/benchmarks/gpu.py --out gpu --only a,c      some parts
    python tests/benchmarks/gpu.py --out try --device cpu --tiny --only a,c,d     a try without a GPU, in seconds
    python tests/benchmarks/gpu.py --estimate                what each gpu preset should take, and why

a  lesson 08's stacks, trained in turn in a process that kept autograd graphs: recorded or not, equal numbers
b  lessons 08 and 13 by `gancourse run` at laptop settings: do their claims hold
c  bf16 against fp32, alternating against simultaneous, one step and twenty
d  the rate of `gancourse train` against that of the bare loop
e  the gpu presets of the lessons one after another, each within five minutes and the time that is left
f  images per second (speed.py), the rows of RESULTS.md

Parts a, c, d and f need PyTorch, NumPy, safetensors, filelock, Pillow and tqdm; b and e need the course's lessons too
(pip install -e ".[pt,dev]").  What is missing is skipped and named.  Each part is a process of its own, so that
whatever happens in it does not stop the next.  gpu.json and GPU.md in the folder hold what is known so far.
"""

import argparse
import importlib.util
import json
import os
import platform
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

PARTS = {  # letter: (what it shows, most seconds it may take)
    "a": ("lesson 08's stacks in turn, autograd graphs kept: recorded, equal numbers", 90),
    "b": ("lessons 08 and 13 at laptop settings: claims", 240),
    "c": ("bf16 against fp32, alternating against simultaneous", 60),
    "d": ("gancourse train against the bare loop", 120),
    "e": ("gpu presets", 600),
    "f": ("images per second, speed.py", 120),
}
FOR_SPEED = 75  # seconds that part e leaves to part f
LAPTOP = ("08", "13")
PRESETS = ("03", "08", "12", "10", "11", "04", "13", "07", "09", "02", "06", "14", "05", "01")  # most useful first
LESSONS_NEED = ("papermill", "nbclient", "nbconvert", "ipykernel", "ipywidgets", "matplotlib", "latex2mathml",
                "scipy", "sklearn", "skimage", "prdc", "torchmetrics")
KEPT = 0.8  # share of the bare loop's rate that `gancourse train` keeps at least
MIME = "application/vnd.gancourse+json"


def main(argv: list[str] | None = None) -> None:
    """Read the options; play the parts, each in a process of its own, or one part in this process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for gpu.json, GPU.md and what the parts leave")
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {','.join(PARTS)}; all by default")
    parser.add_argument("--minutes", type=float, default=12, help="all parts together (12)")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"), help="cpu is for a try")
    parser.add_argument("--tiny", action="store_true", help="the smallest sizes, for a try")
    parser.add_argument("--estimate", action="store_true", help="print what the gpu presets should take, and stop")
    parser.add_argument("--part", choices=tuple(PARTS), help=argparse.SUPPRESS)  # the process of one part
    chosen = parser.parse_args(argv)
    if chosen.estimate:
        import gpu_presets

        print(gpu_presets.table())
        return
    only = chosen.only.split(",")
    if not chosen.out or not set(only) <= set(PARTS):
        parser.error("give --out FOLDER" if not chosen.out else f"--only {chosen.only}: parts are {','.join(PARTS)}")
    out = chosen.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    if chosen.part:
        play(chosen.part, out, chosen.device, chosen.tiny, chosen.minutes * 60)
        return
    ends = time.monotonic() + 60 * chosen.minutes
    report = {"machine": machine(chosen.device), "parts": {}}
    write(report, out)
    for part in sorted(only, key=list(PARTS).index):
        reserved = FOR_SPEED if part == "e" and "f" in only else 0
        left = min(PARTS[part][1], ends - time.monotonic() - reserved)
        report["parts"][part] = in_a_process(part, out, chosen, left)
        write(report, out)
        print(line(part, report["parts"][part]), flush=True)
    print(f"\n{out / 'GPU.md'} has all of it")


def in_a_process(part: str, out: Path, chosen: argparse.Namespace, seconds: float) -> dict[str, Any]:
    """Play a part in a process of its own and return what it has written, and how it ended."""
    if seconds < 10:
        return {"skipped": "no time was left"}
    (out / f"{part}.json").unlink(missing_ok=True)
    command = [sys.executable, str(HERE / "gpu.py"), "--part", part, "--out", str(out), "--device", chosen.device,
               "--minutes", str(seconds / 60), *["--tiny"] * chosen.tiny]
    started = time.monotonic()
    with open(out / f"{part}.log", "w", encoding="utf-8") as log:
        status = call(command, seconds, log)
    try:
        found = json.loads((out / f"{part}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = {}
    found["seconds"] = round(time.monotonic() - started, 1)
    if status is None:
        found["stopped"] = f"after {seconds:.0f} s"
    elif status:
        words = (out / f"{part}.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        found["failed"] = words[-1][:500] if words else f"status {status}"
    return found


def call(command: list[str], seconds: float, log: Any, **options) -> int | None:
    """Run a command and all that it starts; return its status, None where it had to be stopped."""
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, cwd=ROOT,
                               env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}, **options)
    try:
        return process.wait(timeout=max(1.0, seconds))
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def play(part: str, out: Path, device: str, tiny: bool, seconds: float) -> None:
    """Play one part in this process; what it finds is written after each finding."""
    found: dict[str, Any] = {}

    def tell(**more) -> None:
        found.update(more)
        replace(out / f"{part}.json", json.dumps(found, indent=1))

    parts: dict[str, Callable] = {"a": capture, "b": laptop, "c": games, "d": rates, "e": presets, "f": speed}
    parts[part](tell, out, device, tiny, seconds)


# ---- a: a recording beside graphs that a reader has kept


def capture(tell: Callable, out: Path, device: str, tiny: bool, seconds: float) -> None:
    """Train two of lesson 08's stacks in turn; before, keep what a reader may have computed with gradients on."""
    import torch

    from gancourse.pt import fast_loop

    steps = 12 if tiny else 100
    recorded, unwrapped = [], fast_loop.cuda_graph

    def counted(*args, **options):
        result = unwrapped(*args, **options)
        recorded.append(1)
        return result

    fast_loop.cuda_graph = counted
    keeps = {
        "nothing kept": lambda gan: None,
        "first layer's output kept, as in lesson 08": lambda gan: gan.G[1](
            torch.randn(gan.G[0].seeds, 3, 2, device=device)),
        "outputs of G and D kept": lambda gan: gan.D(gan.G(torch.randn(gan.G[0].seeds * 4, 2, device=device))),
    }
    try:
        for name, keep in keeps.items():
            recorded.clear()
            tell(**{name: one_capture(keep, device, steps, tiny, recorded)})
    finally:
        fast_loop.cuda_graph = unwrapped


def one_capture(keep: Callable, device: str, steps: int, tiny: bool, recorded: list) -> dict[str, Any]:
    """Train a pair with and without recordings; how many were made, what was said, and how far the ends lie apart."""
    ends, said, kept = {}, [], []
    for compiled in ("auto", "no"):
        pair = {name: stack_of_lesson_07(name, device, compiled, tiny) for name in ("plain", "relativistic + R1 + R2")}
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            kept.append(keep(pair["plain"][0]))  # and so its graph lives as long as this process trains
            in_turn([run_steps for _, run_steps in pair.values()], steps)
        if compiled == "auto":
            said += [str(word.message) for word in heard if "recorded" in str(word.message)]
        ends[compiled] = {name: weights(gan) for name, (gan, _) in pair.items()}
    gap = max(float((a - b).abs().max()) for name in ends["auto"]
              for a, b in zip(ends["auto"][name], ends["no"][name], strict=True))
    moved = max(float((a - b).abs().max()) for a, b in zip(
        ends["no"]["plain"], weights(stack_of_lesson_07("plain", device, "no", tiny)[0]), strict=True))
    return {"steps": steps, "recordings": len(recorded), "fell back": said, "largest gap of a weight": gap,
            "largest move of a weight": moved, "held": verdict(gap, moved, device, len(recorded), said)}


def verdict(gap: float, moved: float, device: str, recordings: int, said: list[str]) -> bool:
    """Equal numbers, and on a GPU a recording or a word that there is none."""
    return gap <= 1e-3 * moved and (device == "cpu" or recordings > 0 or bool(said))


def stack_of_lesson_07(name: str, device: str, compiled: str, tiny: bool) -> tuple:
    """Ten seeds of lesson 08's small networks, and the function that plays their steps."""
    import torch
    from torch import nn

    from gancourse.data.synthetic import toys
    from gancourse.pt import losses
    from gancourse.pt.batched import make_batched_gan
    from gancourse.pt.fast_loop import make_fast_loop
    from gancourse.pt.train import Penalty

    def mlp(*sizes: int) -> nn.Sequential:
        layers = [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.LeakyReLU(0.2))]
        return nn.Sequential(*layers[:-1])

    def both_penalties(D, real, fake):
        return losses.r1_penalty(D, real) + losses.r1_penalty(D, fake)

    seeds, width, batch = (range(2), 8, 4) if tiny else (range(10), 64, 100)
    torch.manual_seed(0)
    gan = make_batched_gan(partial(mlp, 2, width, width, 2), partial(mlp, 2, width, width, 1), seeds, z_dim=2, dim=2,
                           learning_rate=1e-3, betas=(0.9, 0.99), ema_decay=0.99, device=device)
    loss, penalty = ("nonsaturating", None) if name == "plain" else ("relativistic", Penalty(both_penalties, 0.05))
    return gan, make_fast_loop(gan, toys.ring(5000, 0, sigma=0.05).points, batch_size=len(seeds) * batch,
                               loss=losses.LOSSES[loss], penalty=penalty, compiled=compiled)


def in_turn(all_loops: list[Callable], steps: int) -> None:
    """Train several GANs in turn, a twelfth of the steps at a time, as lesson 08 does for its film."""
    from gancourse.training_loop import train_fast

    loops = [train_fast(run_steps, num_steps=steps, log_every=max(1, steps // 12), progress=False)
             for run_steps in all_loops]
    for _ in zip(*loops, strict=True):
        pass


def weights(gan: Any) -> list:
    """All weights of G and D, on the host."""
    return [p.detach().cpu().clone() for net in (gan.G, gan.D) for p in net.parameters()]


# ---- c: the games in 16 bits


def games(tell: Callable, out: Path, device: str, tiny: bool, seconds: float) -> None:
    """Play both games in both precisions, as written and recorded; held: bf16 plays the game of its name.

    In the alternating game G answers D's move, in the simultaneous one the D of before it.  So g_loss of the first
    step tells the games apart, and in 16 bits it must be nearer to the same game's in 32 bits than to the other's.
    """
    for network in ("mlp",) if tiny else ("mlp", "dcgan"):
        for compiled in ("no",) if device == "cpu" else ("no", "auto"):
            curves = {(game, precision): curve(network, game, precision, device, compiled)
                      for game in ("alternating", "simultaneous") for precision in ("fp32", "bf16")}
            name = f"{network}, {'recorded' if compiled == 'auto' else 'step by step'}"
            tell(**{name: compared(curves)})


def curve(network: str, game: str, precision: str, device: str, compiled: str, steps: int = 20) -> list[list[float]]:
    """Both losses of each of twenty steps."""
    import numpy as np
    import torch

    from gancourse.pt import losses, models
    from gancourse.pt.fast_loop import make_fast_loop
    from gancourse.pt.train import alternating_step, make_gan, simultaneous_step

    build, side, width, batch, rate = {"mlp": (models.mlp_pair, 8, 16, 16, 0.02),
                                       "dcgan": (models.dcgan_pair, 32, 32, 64, 0.004)}[network]
    x = np.random.default_rng(0).integers(0, 256, (6 * batch, side, side, 1), dtype=np.uint8)
    torch.manual_seed(0)
    pair = [net.to(device) for net in models.seeded(build, 5, (side, side, 1), width, seed=1)]
    gan = make_gan(*pair, z_dim=5, learning_rate=rate, seed=2)
    run_steps = make_fast_loop(gan, x, batch_size=batch, loss=losses.LOSSES["nonsaturating"], precision=precision,
                               compiled=compiled, step=alternating_step if game == "alternating" else simultaneous_step)
    return [[float(value) for value in run_steps(k, 1).values()] for k in range(steps)]


def compared(curves: dict[tuple[str, str], list[list[float]]]) -> dict[str, Any]:
    """How far g_loss in 16 bits lies from the same game in 32 bits, and from the other game: step 1, and 20 steps."""
    import numpy as np

    g = {key: np.array(losses)[:, 1] for key, losses in curves.items()}
    found: dict[str, Any] = {}
    for game, other in (("alternating", "simultaneous"), ("simultaneous", "alternating")):
        right, wrong = (np.abs(g[game, "bf16"] - g[name, "fp32"]) for name in (game, other))
        found[game] = {"step 1, from the same game": float(right[0]), "step 1, from the other": float(wrong[0]),
                       "20 steps, mean, from the same game": float(right.mean()),
                       "20 steps, mean, from the other": float(wrong.mean())}
        found[game]["held"] = bool(2 * right[0] < wrong[0] and right.mean() < wrong.mean())
    found["alternating in bf16 equals simultaneous in bf16"] = curves["alternating", "bf16"] == curves[
        "simultaneous", "bf16"]
    found["held"] = found["alternating"]["held"] and found["simultaneous"]["held"]
    return found


# ---- d: what saving costs


def rates(tell: Callable, out: Path, device: str, tiny: bool, seconds: float) -> None:
    """Train the benchmark's network by `gancourse train` at its default logging, and by the bare loop, in turns."""
    import shutil

    import numpy as np
    import torch

    from gancourse.course import train_command, train_options
    from gancourse.pt import parallel
    from gancourse.training_loop import train_fast

    side, batch, width, steps = (8, 8, 4, 40) if tiny else (64, 512, 64, 800)
    rng = np.random.default_rng(0)  # too few images for a distance, whose ruler would take longer than the training
    np.savez(out / "d.npz", x_train=rng.integers(0, 256, (900, side, side, 3), dtype=np.uint8),
             y_train=np.zeros(900, int), x_test=np.zeros((1, side, side, 3), np.uint8), y_test=np.zeros(1, int))
    folder = out / "d_run"
    settings, _, _ = train_options.parse([
        "--dataset", f"npz:{out / 'd.npz'}", "--network", "dcgan", "--width", str(width), "--z-dim", "100",
        "--batch-size", str(batch), "--num-steps", str(steps), "--device", device, "--out", str(folder)])

    def bare(steps: int) -> float:
        group = parallel.Group(0, 1, torch.device(device, 0) if device == "cuda" else torch.device(device))
        images = train_command.data.load(settings["dataset"], resolution=0, seed=0)
        run_steps = bare_loop(train_command.build(settings, images.shape, group), images.x_train, settings, group)
        started = time.perf_counter()
        for log in train_fast(run_steps, num_steps=steps, log_every=steps, progress=False):
            float(log.scalars["d_loss"])  # the host waits for the device here
        return steps * batch / (time.perf_counter() - started)

    def saved() -> tuple[float, float]:
        shutil.rmtree(folder, ignore_errors=True)
        record = train_command.train(settings, folder)
        return record["images_per_second"], steps * batch / record["seconds"]

    bare(40)  # libraries are loaded and choose their kernels
    rows: dict[str, list] = {"bare loop": [], "gancourse train, steps alone": [], "gancourse train, with saving": []}
    for _ in range(1 if tiny else 2):
        rows["bare loop"].append(round(bare(steps)))
        for name, rate in zip(list(rows)[1:], saved(), strict=True):
            rows[name].append(round(rate))
        best = {name: max(rate) for name, rate in rows.items()}
        share = best["gancourse train, with saving"] / best["bare loop"]
        verdict = {} if tiny else {"held": share >= KEPT}  # a run of no length shows nothing
        tell(unit="images a second", steps=steps, batch=batch, checkpoint_mb=round(
            (folder / "checkpoint.safetensors").stat().st_size / 1e6, 1), **rows,
            **{"share kept, with saving": round(share, 3)}, **verdict)
    (out / "d.npz").unlink()
    shutil.rmtree(folder, ignore_errors=True)


def bare_loop(gan: Any, x: Any, settings: dict[str, Any], group: Any) -> Callable:
    """The steps of `train_command.run_training`, with the same penalty and schedule, and nothing around them."""
    from gancourse.pt import losses, parallel
    from gancourse.pt.train import Penalty

    def r1(D, real, fake):
        return losses.r1_penalty(D, real)

    num_steps, rate = settings["num_steps"], settings["learning_rate"]
    return parallel.make_shared_fast_loop(
        gan, x, group, batch_size=settings["batch_size"], loss=losses.LOSSES[settings["loss"]],
        penalty=Penalty(r1, settings["r1_gamma"] / 2, interval=8), precision=settings["precision"],
        schedule=lambda k: rate * min(1.0, (1 - k / num_steps) / 0.6))


# ---- b and e: lessons


def laptop(tell: Callable, out: Path, device: str, tiny: bool, seconds: float) -> None:
    """Run lessons 08 and 13 at the settings that their claims are made for, or at smoke for a try."""
    with ThreadPoolExecutor(len(LAPTOP)) as side_by_side:  # a core for each; no time is measured here
        started = {which: side_by_side.submit(lesson, which, "smoke" if tiny else "laptop", out, device, seconds - 5)
                   for which in LAPTOP}
        for which, result in started.items():
            tell(**{which: result.result()})


def presets(tell: Callable, out: Path, device: str, tiny: bool, seconds: float) -> None:
    """Run the gpu presets one after another, each for five minutes at most and while time is left."""
    ends = time.monotonic() + seconds - 5
    for which in PRESETS:
        left = ends - time.monotonic()
        result = lesson(which, "smoke" if tiny else "gpu", out, device, min(300, left)) if left > 20 else {
            "skipped": "no time was left"}
        tell(**{which: result})


def lesson(which: str, preset: str, out: Path, device: str, seconds: float) -> dict[str, Any]:
    """Run a lesson as `gancourse run` does; how it ended, its claims and which of them were missed."""
    from gancourse.course.lessons import find, parameters

    missing = [name for name in LESSONS_NEED if importlib.util.find_spec(name) is None]
    found = find(which)
    if any("import tensorflow" in "".join(cell["source"]) for cell in found.notebook["cells"]):
        missing += [name for name in ("tensorflow",) if importlib.util.find_spec(name) is None]
    if missing:
        return {"skipped": f"needs {', '.join(missing)}"}
    given = ["-p", f"device={device}"] if "device" in parameters(found.notebook) else []
    command = [sys.executable, "-c", "from gancourse.course.cli import main; main()", "run", which, "--preset", preset,
               "--runs", str(out / "runs"), *given]
    started = time.monotonic()
    with open(out / f"lesson_{which}_{preset}.log", "w+", encoding="utf-8", errors="replace") as log:
        status = call(command, seconds, log)
        log.seek(0)
        words = [word.strip() for word in log.read().splitlines() if word.strip()]
    result = {"preset": preset, "seconds": round(time.monotonic() - started, 1), "status": status}
    if status is None:
        return result | {"stopped": f"did not end within {seconds:.0f} s"}
    return result | claims_of(out / "runs" / found.name, started_after=time.time() - result["seconds"] - 2) | (
        {"said": " | ".join(words[-3:])[:700]} if status else {})


def claims_of(folder: Path, started_after: float) -> dict[str, Any]:
    """What the newest executed copy in a lesson's folder says of its claims."""
    copies = [path for name in ("notebook.ipynb", "failed.ipynb") for path in folder.glob(f"*/{name}")
              if path.stat().st_mtime >= started_after]
    if not copies:
        return {}
    copy = json.loads(max(copies, key=lambda path: path.stat().st_mtime).read_text(encoding="utf-8"))
    tables = [output["data"][MIME] for cell in copy["cells"] for output in cell.get("outputs", [])
              if MIME in output.get("data", {})]
    claims = [claim for table in tables for claim in table.get("claims", [])]
    judged = [claim for claim in claims if claim.get("judged")]
    return {"results": sum(len(table.get("results", {})) for table in tables), "claims judged": len(judged),
            "missed": [f"{claim['text']}: {claim['measured']}, {claim.get('bound', '')}" for claim in judged
                       if not claim.get("held")]}


# ---- f: speed


def speed(tell: Callable, out: Path, device: str, tiny: bool, seconds: float) -> None:
    """Let speed.py print its table, the largest network first, as long as time is left."""
    ends, rows = time.monotonic() + seconds - 3, []
    plan = [("mlp_784", 8)] if tiny else [("dcgan_64", 512), ("dcgan_64", 128), ("mlp_784", 64), ("tutorial_28", 64)]
    if importlib.util.find_spec("tensorflow") is not None and not tiny:
        plan.append(("tensorflow", 0))
    for network, batch in plan:
        if ends - time.monotonic() < 10:
            break
        command = [sys.executable, str(HERE / "speed.py"), "--device", device, "--clock", "wall", "--rounds",
                   "1" if tiny else "2", "--only", network, "--batch", str(batch)]
        with open(out / "speed.log", "w+", encoding="utf-8") as log:
            status = call(command, ends - time.monotonic(), log)
            log.seek(0)
            lines = log.read().splitlines()
        rows += [row for row in lines if row.startswith("| ") and not row.startswith("| network")]
        tell(command="python tests/benchmarks/speed.py --device cuda --clock wall --rounds 2 --only NETWORK --batch N",
             rows=rows, **({f"{network}, {batch}": " ".join(lines[-1:])[:300]} if status else {}))


# ---- what is written


def machine(device: str) -> dict[str, Any]:
    """The card and the versions that the numbers belong to."""
    import torch

    from gancourse.course import doctor

    card = torch.cuda.get_device_name() if device == "cuda" and torch.cuda.is_available() else device
    if device == "cuda" and not torch.cuda.is_available():
        sys.exit("this machine has no GPU that PyTorch sees; --device cpu --tiny is a try without one")
    return {"device": card, "date": datetime.now(UTC).isoformat(timespec="seconds"), "system": platform.platform(),
            "cores": os.cpu_count(), "versions": doctor.versions()}


def write(report: dict[str, Any], out: Path) -> None:
    """gpu.json whole, and GPU.md for a reader."""
    replace(out / "gpu.json", json.dumps(report, indent=1))
    facts = report["machine"]
    lines = ["# Seen on a GPU", f"{facts['device']}, {facts['date']}, torch {facts['versions'].get('torch')}, "
             f"{facts['cores']} cores", ""]
    for part, found in report["parts"].items():
        lines += [f"## {part}: {PARTS[part][0]}", line(part, found), "```json", json.dumps(found, indent=1), "```", ""]
    replace(out / "GPU.md", "\n".join(lines))


def line(part: str, found: dict[str, Any]) -> str:
    """One sentence about a part."""
    held = list(held_of(found))
    if "skipped" in found:
        said = f"skipped: {found['skipped']}"
    elif "failed" in found or "stopped" in found:
        said = f"failed: {found['failed']}" if "failed" in found else f"stopped {found['stopped']}"
        said += f"; before that, held {sum(held)} of {len(held)}" if held else ""
    else:
        said = f"held {sum(held)} of {len(held)}" if held else "done"
    return f"{part}  {PARTS[part][0]}: {said} ({found.get('seconds', 0)} s)"


def held_of(found: Any) -> list[bool]:
    """Every verdict in what a part has found: "held" where it says so; of a lesson, that it ended and missed none."""
    if not isinstance(found, dict):
        return []
    if "held" in found:
        return [found["held"]]
    if "preset" in found:
        return [found.get("status") == 0 and not found.get("missed")]
    return [verdict for value in found.values() for verdict in held_of(value)]


def replace(path: Path, text: str) -> None:
    """Write a file whole or not at all; here without the package, of which something may be missing."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


if __name__ == "__main__":
    main()
