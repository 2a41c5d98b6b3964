"""Lesson 04 without its content term, and without the matching of brightness: the scores.

    python -m gancourse.course.studies.style.brakes

runs the lesson's own cells for each arm and seed: about two minutes of one core a run.  It writes
a row an arm, picture and seed, and what G paints without the content term.  A run that stands in
the table is not made again.
"""

import argparse
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from gancourse.course.studies import stored_table
from gancourse.course.studies.style import seeds_table
from gancourse.course.studies.style.figures import SCORES, halved
from gancourse.data.images import encoded, read_image
from gancourse.data.synthetic import brushwork
from gancourse.files import write_atomically

HERE = Path(__file__).with_name("04_brakes.csv")
COMMAND = "python -m gancourse.course.studies.style.brakes"
WITHOUT_CONTENT, WITHOUT_MATCHING = "no content term", "no matching of brightness"
ARMS = WITHOUT_CONTENT, WITHOUT_MATCHING
KEPT = "G, step 0", "G, at its end"
PAINTED = {0: "04_no_content_0.webp", 1: "04_no_content_1.webp", 2: "04_no_content_2.webp"}


def as_it_is(picture: np.ndarray, _mean: float, _spread: float) -> np.ndarray:
    """Return a picture in [-1, 1], float32, with its own luminance."""
    return (picture / 127.5 - 1).astype(np.float32)


def train(arm: str, seed: int) -> dict[str, Any]:
    """Run the lesson's cells without one of the two, and return all that they have named."""
    light = mock.patch.object(brushwork, "expose", as_it_is)
    with light if arm == WITHOUT_MATCHING else nullcontext():
        parameters = {"content_weight": 0.0} if arm == WITHOUT_CONTENT else {}
        return seeds_table.run(seed, **parameters)


def rows(names: Mapping, arm: str, seed: int) -> list[seeds_table.Row]:
    """Return G's scores before and after; `names` are those of `train`."""
    return [{"arm": arm, **row} for row in seeds_table.rows(names["table"], seed)
            if row["picture"] in KEPT]


def keep_picture(names: Mapping, seed: int, folder: Path) -> None:
    """Write what G paints at its end, at half its size, for the seeds of PAINTED."""
    if seed in PAINTED:
        small = halved(names["rows"][KEPT[-1]])
        write_atomically(folder / PAINTED[seed], encoded(small, "WEBP", quality=70))


def load(path: Path = HERE) -> dict[tuple[str, str], np.ndarray]:
    """Return the scores, float64 (seeds, 4), by arm and picture."""
    stored = stored_table.read(path)
    pairs = dict.fromkeys((row["arm"], row["picture"]) for row in stored)
    return {(arm, picture): np.stack([stored_table.pick(stored, score, arm=arm, picture=picture)
                                      for score in SCORES], axis=1) for arm, picture in pairs}


def pictures(folder: Path = HERE.parent) -> dict[int, np.ndarray]:
    """Return what G paints without the content term, uint8 (height, width, 3), by seed."""
    return {seed: read_image(folder / name) for seed, name in PAINTED.items()}


def main(words: Sequence[str] | None = None) -> None:
    """Run what is missing of the study and write its table."""
    parser = argparse.ArgumentParser(description="Make the table of lesson 04 without its brakes.")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--to", type=Path, default=Path("runs/studies"), help="where to")
    chosen = parser.parse_args(words)

    def make(arm: str, seed: int) -> list[seeds_table.Row]:
        """Train one run, keep its picture if it is without the content term; return its rows."""
        names = train(arm, seed)
        if arm == WITHOUT_CONTENT:
            keep_picture(names, seed, chosen.to)
        return rows(names, arm, seed)

    wanted = ({"arm": arm, "seed": seed} for seed in chosen.seeds for arm in chosen.arms)
    seeds_table.complete(chosen.to / HERE.name, COMMAND, wanted, make)


if __name__ == "__main__":
    main()
