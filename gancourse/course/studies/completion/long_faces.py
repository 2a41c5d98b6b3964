"""What L2 + D paints into faces after 2,000 steps, four times as many as in the lesson.  Lesson 11.

    python -m gancourse.course.studies.completion.long_faces

trains the lesson's filler of faces for longer, seed 0, by the lesson's own cells: about two minutes
of one core.  It writes the mouths and the half heads of the lesson's first faces, as a picture with
a row for each hole.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gancourse.course.lessons import find
from gancourse.course.studies.completion import mouths, seeds_table
from gancourse.data.images import encoded, read_image
from gancourse.data.synthetic import faces
from gancourse.files import write_atomically

HERE = Path(__file__).with_name("11_long_faces.webp")
STEPS = 2000
HOLES = "the mouth", "half the head"  # a row of the picture each
COUNT, SIDE = 6, 32  # faces in a row, and their side in pixels
NEEDED = ("num_steps: int", "from functools", "set_threads()", "def complete(", "def fill_holes(",
          "def fill_step(", "def train(")  # each in one of the lesson's cells


def fills(num_steps: int, people: int, crowd_size: int = 8000) -> np.ndarray:
    """Train L2 + D on faces as the lesson does, and return its fills, a row of images a hole.

    uint8 (holes, COUNT, SIDE, SIDE, 3), of the first of so many `people`; seed 0.
    """
    names: dict[str, Any] = {}
    for text in seeds_table.cells(find("11").notebook):
        if any(mark in text for mark in NEEDED):
            exec(text, names)
    crowd = faces.faces(crowd_size, seed=0)
    which = np.random.default_rng(0).choice(list(mouths.HOLES), len(crowd.images))
    holes = np.concatenate([mouths.face_holes(name, 1) for name in which])
    gan, _ = names["train"](crowd.images, holes, "L2 + D", weight=10 * names["l2_weight"],
                            steps=num_steps, mirror=True)
    shown = faces.faces(people, seed=1).images
    return np.stack([names["fill"](gan, shown, mouths.face_holes(name, people))[:COUNT]
                     for name in HOLES])


def write(rows: np.ndarray, path: Path) -> None:
    """Write rows of images, uint8 (rows, columns, side, side, 3), as one picture."""
    sheet = np.concatenate([np.concatenate(list(row), 1) for row in rows])
    write_atomically(path, encoded(sheet, "WEBP", quality=100))


def load(path: Path = HERE) -> dict[str, np.ndarray]:
    """Return the stored fills by the name of their hole, uint8 (COUNT, SIDE, SIDE, 3) each."""
    rows = read_image(path).reshape(len(HOLES), SIDE, COUNT, SIDE, 3).swapaxes(1, 2)
    return dict(zip(HOLES, rows, strict=True))


def main(words: Sequence[str] | None = None) -> None:
    """Train the filler and write its picture."""
    parser = argparse.ArgumentParser(description="Make the picture of faces that lesson 11 shows.")
    parser.add_argument("--num_steps", type=int, default=STEPS, help="of training")
    parser.add_argument("--to", type=Path, default=Path("runs/studies"), help="where to")
    chosen = parser.parse_args(words)
    write(fills(chosen.num_steps, 400), chosen.to / HERE.name)


if __name__ == "__main__":
    main()
