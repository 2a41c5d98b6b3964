"""The sweeps of lesson 09's study by part, and how to make its tables again.

    python -m gancourse.course.studies.what_works_sweeps confirm wider --to gancourse/course/studies

runs the sweeps of these parts and writes a table for each.  A sweep that is stopped goes on where
it was.  The parts, with three seeds a setting and about half a minute of two cores a run:

    made     46 settings, seeds 0 to 2: what the lesson's decision card was made from
    confirm  the 10 settings of the card, seeds 3 to 5, which did not make it
    wider    29 settings beyond the best values that lie at the edge of what `made` tried
    faces    the settings of the card on cartoon faces, seeds 0 to 2: which advice carries over?
"""

import argparse
import csv
import io
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from gancourse.errors import CourseError
from gancourse.files import write_atomically

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
    "architecture": "-g network=cnn,mlp -p budget=5",
    "loss": "-g loss=nonsaturating,least_squares -p penalty=r1",
    "learning rate": "-g learning_rate=1e-3 -g beta1=0.9",
    "equal time": "-g batch_size=128 -p budget=5",
    "norm": "-g norm=none,batch_G -p penalty=none",
    "average": "-g ema_decay=0.0 -g decay=0.0,0.6",
}
WIDER = {
    "rmsprop": "-g optimiser=rmsprop -g learning_rate=2.5e-4,5e-4",
    "learning rate": "-g learning_rate=2e-3,4e-3,8e-3 -g beta1=0.0,0.25",
    "least squares": "-g loss=least_squares -g learning_rate=2.5e-4,5e-4,2e-3",
    "wasserstein": "-g loss=wasserstein -g learning_rate=2e-3,8e-3",
    "equal images, 2": "-g batch_size=2 -p num_steps=8000",
    "equal images, 4": "-g batch_size=4 -p num_steps=4000",
    "equal time": "-g batch_size=2,4,16 -p budget=5",
    "equal time, 128": "-g batch_size=128 -g learning_rate=1e-3,2e-3 -p budget=5",
    "architecture": "-g network=mlp,gru -g learning_rate=1e-3,1.6e-2 -p budget=5",
    "decay": "-g decay=0.3,0.8,1.0",
    "average": "-g ema_decay=0.98,0.999",
}
PARTS = {  # sweeps, seeds, data set ("" is the one that is asked for), file
    "made": (MADE, "0-2", "", "09.csv"),
    "confirm": (CARD, "3-5", "", "09_confirm.csv"),
    "wider": (WIDER, "0-2", "", "09_wider.csv"),
    "faces": (CARD, "0-2", "faces", "09_faces.csv"),
}

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
        path = Path(words[-1]) / "table.csv"
        rows += [{"part": part, "sweep": name} | row for row in table(path)]
    return rows


def table(path: Path) -> Rows:
    """Return the rows of a table."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main(words: Sequence[str] | None = None) -> None:
    """Make parts of the study, or print the commands that would."""
    parser = argparse.ArgumentParser(description="Make the tables that lesson 09 reads.")
    parser.add_argument("parts", nargs="+", choices=PARTS)
    parser.add_argument("--to", type=Path, default=Path("runs/studies"), help="where to")
    parser.add_argument("--dry-run", action="store_true", help="print the commands only")
    chosen = parser.parse_args(words)
    for part in chosen.parts:
        if chosen.dry_run:
            print("\n".join(map(shlex.join, commands(part).values())))
            continue
        rows = [{key: value for key, value in row.items() if key != "part"} for row in run(part)]
        columns = list(dict.fromkeys(key for row in rows for key in row))
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_atomically(chosen.to / PARTS[part][3], buffer.getvalue().encode())


if __name__ == "__main__":
    main()
