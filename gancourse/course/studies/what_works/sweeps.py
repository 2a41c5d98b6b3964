"""The sweeps of lesson 09's study by part, and how to make its tables again.

    python -m gancourse.course.studies.what_works.sweeps confirm wider

makes the runs of these parts and writes a table for each.  It trains with the cells of the lesson
itself, in one process and on one thread, about twelve seconds a run (a minute for each of
5,000 updates), and writes each run down at once: what was stopped goes on where it was.
`--minutes` stops it.  The parts:

    made     46 settings, seeds 0 to 2: what the lesson's pages and decision card were made from
    confirm  the settings of the card, seeds 3 to 5, which did not make it
    wider    controls, and settings beyond the best values that lie at the edge of what `made` tried
    faces    the settings of the card on cartoon faces, seeds 0 to 2, also four times as long
    seen     one seed of settings near and far, whose samples the lesson shows

`made` that comes with the course was made by `gancourse sweep`, a notebook a run; so is the table
of `gancourse run 09 -p study=rebuild`, which can be any data's.
"""

import argparse
import inspect
import math
import os
import platform
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from gancourse.course.doctor import versions
from gancourse.course.lessons import find, parameters, settings, source
from gancourse.course.studies import stored_table
from gancourse.data.registry import to_uint8
from gancourse.errors import CourseError

DISTANCE = "distance of the samples"
MADE = {
    "architecture": "-g network=cnn,mlp,gru -p budget=5",
    "loss": "-g loss=nonsaturating,least_squares,hinge,wasserstein,relativistic -g penalty=none,r1",
    "wasserstein, gp": "-g loss=wasserstein -g penalty=gp",
    "relativistic, r1r2": "-g loss=relativistic -g penalty=r1r2",
    "slower losses": "-g loss=least_squares,wasserstein -g learning_rate=1e-3",
    "sgd": "-g optimiser=sgd -g learning_rate=4e-3,3.2e-2,2.56e-1",
    "rmsprop": "-g optimiser=rmsprop -g learning_rate=1e-3,4e-3",
    "learning rate": "-g learning_rate=1e-3,4e-3,1.6e-2 -g beta1=0.0,0.5,0.9",
    "equal images, 8": "-g batch_size=8 -p num_steps=2000",
    "equal images, 128": "-g batch_size=128 -p num_steps=125",
    "equal time": "-g batch_size=8,32,128 -p budget=5",
    "equal time, faster": "-g batch_size=32,128 -g learning_rate=8e-3 -p budget=5",
    "norm": "-g norm=none,batch_G,batch_both,spectral -p penalty=none",
    "average": "-g ema_decay=0.0,0.995 -g decay=0.0,0.6",
}
CARD = {
    "default": "-g loss=nonsaturating",
    "learning rate": "-g learning_rate=1e-3",
    "beta1": "-g beta1=0.9",
    "architecture": "-g network=cnn,mlp -p budget=5",
    "loss": "-g learning_rate=2e-3 -p loss=least_squares",
    "equal time": "-g batch_size=128 -p budget=5",
    "average": "-g decay=0.0,0.6 -p ema_decay=0.0",
    "norm": "-g norm=none,batch_G -p penalty=none",
}
WIDER = {
    "norm control": "-g norm=spectral_only -p penalty=none",
    "least squares": "-g learning_rate=2e-3,5e-4,2.5e-4 -p loss=least_squares",
    "equal updates": "-g batch_size=128",
    "wasserstein": "-g learning_rate=2e-3,8e-3,1.6e-2 -p loss=wasserstein",
    "slower rmsprop": "-g learning_rate=5e-4,2.5e-4 -p optimiser=rmsprop",
    "decay": "-g decay=1.0",
    "longer average": "-g ema_decay=0.98,0.999",
    "equal time, 4": "-g batch_size=4 -p budget=5",
    "equal time, 128": "-g learning_rate=2e-3 -p batch_size=128 -p budget=5",
    "corner, longer": "-g num_steps=5000 -p learning_rate=1e-3 -p beta1=0.9",
    "default, longer": "-g num_steps=5000",
}
FACES = CARD | {  # also four times as long: 20 seconds, or 2,000 updates
    f"{name}, four times": words.replace("budget=5", "budget=20") if "budget" in words
    else f"{words} -p num_steps=2000" for name, words in CARD.items()}
SEEN = {
    "longer": "-g num_steps=1000 -p num_images=20000",
    "hidden layer": "-g network=mlp -p budget=5",
    "default": "-g beta1=0.0",
    "losses": "-g loss=wasserstein",
    "optimisers": "-g learning_rate=3.2e-2,4e-3 -p optimiser=sgd",
    "corner": "-g learning_rate=1e-3 -p beta1=0.9",
}
PARTS = {  # sweeps, seeds, data set ("" is the one that is asked for), file
    "made": (MADE, "0-2", "", "09.csv"),
    "confirm": (CARD, "3-5", "", "09_confirm.csv"),
    "wider": (WIDER, "0-2", "", "09_wider.csv"),
    "faces": (FACES, "0-2", "faces", "09_faces.csv"),
    "seen": (SEEN, "0-0", "", "09_seen.csv"),
}
SAMPLES = Path(__file__).with_name("09_seen.npz")  # of the runs of SEEN, 16 each, uint8
CELLS = ("loss: str =", "import math", "OPTIMISERS = {", "def train_gan(")

Rows = list[dict[str, str]]


def commands(part: str, dataset: str = "strokes") -> dict[str, list[str]]:
    """Return the command of each sweep of a part, as its words."""
    sweeps, seeds, own_data, _ = PARTS[part]
    data = own_data or dataset
    result = {}
    for name, words in sweeps.items():
        folder = "runs/sweeps/" + re.sub(r"\W+", "_", f"09 {data} {part} {name}")
        result[name] = ["gancourse", "sweep", "09", "--preset", "study", *shlex.split(words),
                        "-p", f"dataset={data}", "--seeds", seeds, "--measure", DISTANCE,
                        "--to", folder]
    return result


def run(part: str, dataset: str = "strokes") -> Rows:
    """Run the sweeps of a part and return their rows; CourseError where one was stopped."""
    rows = []
    for name, words in commands(part, dataset).items():
        status = subprocess.run([sys.executable, "-m", *words]).returncode
        if status not in (0, 1):  # 1: all have ended, and some have failed
            raise CourseError("a sweep was stopped; what is done is kept, start again: "
                              f"{shlex.join(words)}")
        made = stored_table.read(Path(words[-1]) / "table.csv")
        rows += [{"part": part, "sweep": name} | row for row in made]
    return rows


def settings_of(words: str) -> list[dict[str, str]]:
    """Return the settings of a sweep, given as in the tables above: the grid is spanned by -g."""
    words = shlex.split(words)
    result = [{}]
    for word in words[1::2]:
        name, values = word.split("=")
        result = [setting | {name: value} for setting in result for value in values.split(",")]
    return result


def train_part(part: str, folder: Path, end: float = math.inf) -> None:
    """Make the runs of a part that its table in a folder lacks, until the clock says end."""
    sweeps, seeds, own_data, file = PARTS[part]
    first, last = map(int, seeds.split("-"))
    path = folder / file
    rows = stored_table.read(path) if path.exists() else []
    known = {(row["sweep"], row["run"], row["seed"]) for row in rows}
    kept = {}
    lesson = _Lesson(own_data or "strokes")
    for sweep, words in sweeps.items():
        for setting in settings_of(words):
            name = ",".join(f"{key}={value}" for key, value in setting.items())
            for seed in map(str, range(first, last + 1)):
                if (sweep, name, seed) in known or time.monotonic() > end:
                    continue
                row, samples = lesson.run(setting, int(seed))
                rows.append({"sweep": sweep, "run": name} | row)
                kept[f"{sweep}, {name}"] = samples
                stored_table.write(path, rows)
                print(part, sweep, name, seed, row[DISTANCE], flush=True)
    if part == "seen" and kept:
        if (folder / SAMPLES.name).exists():
            kept = dict(np.load(folder / SAMPLES.name, allow_pickle=False)) | kept
        kept["real"] = lesson.names["images"].x_test[:16]
        np.savez_compressed(folder / SAMPLES.name, **kept)


class _Lesson:
    """The lesson's own cells, with the parameters of its study."""

    def __init__(self, dataset: str) -> None:
        """Run the first cells of the lesson with the study's parameters and this data set."""
        lesson = find("09")
        self.code = [source(cell) for cell in lesson.notebook["cells"]
                     if cell["cell_type"] == "code" and "### BEGIN" not in source(cell)]
        self.names: dict = {"__name__": "study"}
        self._execute(CELLS[0])
        self.names |= settings(lesson, "study") | {"dataset": dataset}
        for mark in CELLS[1:]:
            self._execute(mark)
        self.fields = [name for name in parameters(lesson.notebook)]
        self.measures: dict = {}

    def run(self, changes: dict[str, str], seed: int) -> tuple[dict, np.ndarray | None]:
        """Train one setting and return its row, and 16 samples."""
        names = self.names
        chosen = {name: names[name] for name in self.fields} | {"seed": seed}
        chosen |= {name: type(names[name])(value) for name, value in changes.items()}
        key = seed, chosen["num_images"]
        if key not in self.measures:
            before = names["num_images"]
            names["seed"], names["num_images"] = key
            self._execute("def measure_in(")
            self.measures[key] = names["images"], names["distance_of"]
            names["num_images"] = before
        images, distance_of = self.measures[key]
        wanted = inspect.signature(names["train_gan"]).parameters
        began, samples = time.monotonic(), None
        row = chosen | {"status": "done", DISTANCE: "", "steps": "", "error": ""}
        try:
            *_, (gan, steps, spent) = names["train_gan"](
                images.x_train, **{name: chosen[name] for name in wanted if name in chosen})
            row |= {"processor seconds of training": spent, "steps": steps}
            row[DISTANCE] = distance_of(gan)
            samples = to_uint8(names["sample"](gan, 16))
        except FloatingPointError as error:
            row |= {"status": "failed", "error": f"FloatingPointError: {error}"}
        row["seconds"] = round(time.monotonic() - began, 1)
        row["date"] = datetime.now(UTC).isoformat(timespec="seconds")
        row["machine"] = f"{platform.machine()}, {os.cpu_count()} cores"
        row |= {f"version of {name}": value for name, value in versions().items()}
        return row, samples

    def _execute(self, mark: str) -> None:
        (text,) = [text for text in self.code if mark in text]
        exec(text, self.names)


def main(words: Sequence[str] | None = None) -> None:
    """Make parts of the study, or print the commands that would."""
    parser = argparse.ArgumentParser(description="Make the tables that lesson 09 reads.")
    parser.add_argument("parts", nargs="+", choices=PARTS)
    parser.add_argument("--to", type=Path, default=Path(__file__).parent,
                        help="where to; the lesson reads the tables beside this module")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after so many")
    parser.add_argument("--dry-run", action="store_true", help="print the settings only")
    chosen = parser.parse_args(words)
    end = time.monotonic() + 60 * chosen.minutes
    for part in chosen.parts:
        if chosen.dry_run:
            for sweep, text in PARTS[part][0].items():
                print(f"{part}, {sweep}:", *settings_of(text))
            continue
        train_part(part, chosen.to, end)


if __name__ == "__main__":
    main()
