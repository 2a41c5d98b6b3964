"""How one small GAN reads and runs in three frameworks, and what an old listing's budget buys.

    python -m gancourse.course.studies.tools.tools lines old_ways speed budget --to runs/studies

makes a table of four parts, about ten minutes on one core:

    lines     lines of code of each module: no docstrings, no comments, no empty lines
    old_ways  what today's Keras says to lines as books of 2019 have them
    speed     milliseconds a round, the three in turn on equal batches; three series
    budget    the distance of 2000 drawings after 10,000 rounds, the budget of the listing on trial
              in lesson 02, and before: as it is written, mended, and mended with lesson 02's Adam

Each row is written as soon as it is known, and a row that is there is not made again.  Lesson 14.
"""

import argparse
import ast
import io
import time
import tokenize
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np

from gancourse import data, system
from gancourse.course.studies import stored_pictures, stored_table
from gancourse.course.studies.held_out import Measure, make_measure
from gancourse.data.registry import to_uint8
from gancourse.rng import stream
from gancourse.training_loop import batches, draw_noise

HERE = Path(__file__).with_name("14_tools.csv")
SAMPLES = "14_tools.npz"  # eight drawings of each arm, seed 0, uint8 (8, 28, 28, 1)
MODULES = {"TensorFlow": "gan_in_tensorflow", "Keras": "gan_in_keras", "PyTorch": "gan_in_pytorch"}
PARTS = ("lines", "old_ways", "speed", "budget")
OLD_WAYS = ("from keras.layers.advanced_activations import LeakyReLU",
            "from keras.layers.convolutional import Conv2D",
            "keras.optimizers.Adam(lr=0.001)", "keras.layers.LeakyReLU(alpha=0.01)")
BATCH, LOOKS = 64, (900, 3200, 10_000)  # the listing leaves its batch open: that of lesson 02
LISTING_ADAM = (2e-4, 0.9, 0.999)  # learning rate, beta1, beta2 of the listing
LESSON_ADAM = (4e-3, 0.5, 0.99)  # of lesson 02
COLUMNS = ("part", "tool", "arm", "seed", "rounds", "lines", "ms", "processor_ms", "distance",
           "d_loss", "g_loss", "outcome")
SERIES, TURNS, ROUNDS_A_TURN = 3, 4, 250  # of the part `speed`
AT_ONCE = 100  # rounds that a GAN of the part `budget` gets at a time


class Arm(NamedTuple):
    """A GAN of the part `budget`."""

    tool: str = "PyTorch"
    module: str = "gan_in_pytorch"
    adam: tuple[float, float, float] = LISTING_ADAM
    seeds: int = 3


ARMS = {
    "as written": Arm(module="gan_as_listed"),
    "mended": Arm(),
    "mended, in TensorFlow": Arm("TensorFlow", "gan_in_tensorflow", seeds=1),
    "mended, in Keras": Arm("Keras", "gan_in_keras", seeds=1),
    "mended, Adam of lesson 02": Arm(adam=LESSON_ADAM),
}


def module_of(name: str) -> ModuleType:
    """Return a module of this folder, such as "gan_in_keras"; it imports its framework."""
    return import_module(f"{__package__}.{name}")


def source(tool: str) -> str:
    """Return the text of a framework's module; the framework itself is not imported."""
    return Path(__file__).with_name(f"{MODULES[tool]}.py").read_text(encoding="utf-8")


def code_lines(text: str) -> int:
    """Return how many lines of Python code a text has.

    Empty lines, comments and docstrings are none; a statement over two lines counts twice.
    """
    docstrings = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            docstrings |= set(range(node.lineno, node.end_lineno + 1))
    nothing = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
               tokenize.ENDMARKER)
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in nothing:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings)


def first_weights(seed: int) -> list[np.ndarray]:
    """Return weights of G, then of D: matrices (inputs, outputs), each with its biases, float32.

    Biases are 0 and matrices uniform in +-sqrt(6 / (inputs + outputs)), as TensorFlow's layers
    draw them (Glorot & Bengio 2010, eq. 16).
    """
    rng = stream("tools", seed)
    weights = []
    for inputs, outputs in ((100, 128), (128, 784), (784, 128), (128, 1)):
        limit = np.sqrt(6 / (inputs + outputs))
        weights.append(rng.uniform(-limit, limit, (inputs, outputs)).astype(np.float32))
        weights.append(np.zeros(outputs, np.float32))
    return weights


def rounds(images: np.ndarray, seed: int, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """Return images (rounds, batch, 784) in [-1, 1] and noise (rounds, batch, 100) of some rounds.

    They depend on the seed and on the number of the round alone, float32.
    """
    batch = batches(images, BATCH, seed)
    real = np.stack([batch(k).reshape(BATCH, -1) for k in range(start, stop)])
    z = np.stack([draw_noise(BATCH, 100, seed, k) for k in range(start, stop)])
    return real, z


def lines_part(done: list[dict]) -> Iterator[dict]:
    """Yield the lines of code of each module."""
    for tool in MODULES:
        if not stored_table.has(done, part="lines", tool=tool):
            yield {"part": "lines", "tool": tool, "lines": code_lines(source(tool))}


def old_ways_part(done: list[dict]) -> Iterator[dict]:
    """Yield how today's Keras ends on each line of OLD_WAYS."""
    for line in OLD_WAYS:
        if not stored_table.has(done, part="old_ways", arm=line):
            yield {"part": "old_ways", "tool": "Keras", "arm": line, "outcome": outcome(line)}


def outcome(line: str) -> str:
    """Return how a line of code for Keras ends: "runs", with or without a warning, or its error."""
    import keras

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            exec(line, {"keras": keras})
        except (ImportError, TypeError, ValueError) as error:
            return type(error).__name__
    return "runs, with a warning" if heard else "runs"


def speed_part(done: list[dict]) -> Iterator[dict]:
    """Yield the time of a round in each framework, a row for each series of many short turns."""
    real, z = rounds(_strokes().x_train, 0, 0, ROUNDS_A_TURN)
    gans = {}
    for tool in MODULES:
        gans[tool] = module_of(MODULES[tool]).GAN(*LISTING_ADAM)
        gans[tool].load(first_weights(0))
        gans[tool].play(real, z)  # compiles
    for series in range(SERIES):
        if stored_table.has(done, part="speed", seed=series):
            continue
        elapsed = {tool: np.zeros(2) for tool in MODULES}
        for _ in range(TURNS):
            for tool, gan in gans.items():
                began = np.array([time.perf_counter(), time.process_time()])
                gan.play(real, z)
                elapsed[tool] += [time.perf_counter(), time.process_time()] - began
        for tool in MODULES:
            wall, processor = elapsed[tool] * 1000 / (TURNS * ROUNDS_A_TURN)
            yield {"part": "speed", "tool": tool, "seed": series, "rounds": TURNS * ROUNDS_A_TURN,
                   "ms": float(wall), "processor_ms": float(processor)}


def budget_part(done: list[dict], samples: dict[str, np.ndarray]) -> Iterator[dict]:
    """Yield losses and distance of each arm and seed at each look; drawings go into `samples`."""
    for name, arm in ARMS.items():
        for seed in range(arm.seeds):
            if not stored_table.has(done, part="budget", arm=name, seed=seed, rounds=LOOKS[-1]):
                yield from _train(name, arm, seed, samples)


def _train(name: str, arm: Arm, seed: int, samples: dict[str, np.ndarray]) -> Iterator[dict]:
    """The rows of one GAN, all at its end: a table never holds half a run."""
    images = _strokes()
    gan = module_of(arm.module).GAN(*arm.adam)
    gan.load(first_weights(seed))
    z = stream("tools drawings", seed).standard_normal((2000, 100), dtype=np.float32)
    rows = []
    for start, stop in zip((0, *LOOKS), LOOKS, strict=False):
        for first in range(start, stop, AT_ONCE):
            last = min(first + AT_ONCE, stop)
            d_loss, g_loss = gan.play(*rounds(images.x_train, seed, first, last))
        drawn = gan.draw(z).reshape(-1, *images.shape)
        rows.append({"part": "budget", "tool": arm.tool, "arm": name, "seed": seed, "rounds": stop,
                     "distance": _distance(drawn), "d_loss": d_loss, "g_loss": g_loss})
    if seed == 0:
        samples[name] = to_uint8(drawn[:8])
    yield from rows


def _distance(drawn: np.ndarray) -> float:
    """The distance of drawings from test images, as in lesson 02."""
    return _measure().distance(drawn)


@cache
def _measure() -> Measure:
    """The measure against 5000 test images."""
    return make_measure(_strokes(), 5000)


@cache
def _strokes() -> data.Dataset:
    """The images of lesson 02."""
    return data.load("strokes", num=20_000, seed=0)


def make(parts: Sequence[str], folder: Path, seconds: float) -> bool:
    """Add the missing rows of some parts to the table in a folder; False if time ran out first."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / HERE.name
    done: list[dict]
    done, spent = stored_table.so_far(path)
    samples = stored_pictures.read(folder / SAMPLES) if done else {}
    made = {"lines": lambda: lines_part(done), "old_ways": lambda: old_ways_part(done),
            "speed": lambda: speed_part(done), "budget": lambda: budget_part(done, samples)}
    began = time.perf_counter()
    for part in parts:
        for row in made[part]():
            done.append(dict.fromkeys(COLUMNS, "") | row)
            elapsed = time.perf_counter() - began
            _write(folder, done, samples, spent + elapsed)
            if elapsed > seconds and row.get("rounds", LOOKS[-1]) == LOOKS[-1]:
                return False
    return True


def _write(folder: Path, rows: list[dict], samples: dict[str, np.ndarray], seconds: float) -> None:
    """Write the table and the drawings."""
    versions = system.library_versions()
    head = stored_table.made_with("python -m gancourse.course.studies.tools.tools "
                                  + " ".join(PARTS), seconds)
    head.insert(2, ", ".join(f"{name} {versions[name]}" for name in ("tensorflow", "keras")))
    stored_table.write(folder / HERE.name, rows, head, digits=5)
    stored_pictures.write(folder / SAMPLES, samples)


def main(words: Sequence[str] | None = None) -> None:
    """Make parts of the table."""
    parser = argparse.ArgumentParser(description="Make the table of tools that lesson 14 reads.")
    parser.add_argument("parts", nargs="+", choices=PARTS)
    parser.add_argument("--to", type=Path, default=Path("runs/studies"), help="folder of the table")
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after the run then made")
    chosen = parser.parse_args(words)
    from gancourse import pt, tf

    tf.set_threads()
    pt.set_threads()
    if not make(chosen.parts, chosen.to, chosen.minutes * 60):
        print("time is over: the same command goes on from here")


if __name__ == "__main__":
    main()
