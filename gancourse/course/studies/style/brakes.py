"""Lesson 04 without its content term, and without the matching of brightness: the scores.

    python -m gancourse.course.studies.style.brakes

runs the lesson's own cells for each arm and seed: about two minutes of one core a run.  It writes
a row an arm, picture and seed.  A run that stands in the table is not made again.
"""

import argparse
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from unittest import mock

import numpy as np

from gancourse.course.studies import stored_table
from gancourse.course.studies.style import seeds_table
from gancourse.course.studies.style.figures import SCORES
from gancourse.data.synthetic import brushwork

HERE = Path(__file__).with_name("04_brakes.csv")
COMMAND = "python -m gancourse.course.studies.style.brakes"
WITHOUT_CONTENT, WITHOUT_MATCHING = "no content term", "no matching of brightness"
ARMS = WITHOUT_CONTENT, WITHOUT_MATCHING
KEPT = "G, step 0", "G, at its end"


def as_it_is(picture: np.ndarray, _mean: float, _spread: float) -> np.ndarray:
    """Return a picture in [-1, 1], float32, with its own luminance."""
    return (picture / 127.5 - 1).astype(np.float32)


def run(arm: str, seed: int) -> list[seeds_table.Row]:
    """Train without one of the two, and return G's scores before and after."""
    light = mock.patch.object(brushwork, "expose", as_it_is)
    with light if arm == WITHOUT_MATCHING else nullcontext():
        parameters = {"content_weight": 0.0} if arm == WITHOUT_CONTENT else {}
        names = seeds_table.run(seed, **parameters)
    return [{"arm": arm, **row} for row in seeds_table.rows(names["table"], seed)
            if row["picture"] in KEPT]


def load(path: Path = HERE) -> dict[tuple[str, str], np.ndarray]:
    """Return the scores, float64 (seeds, 4), by arm and picture."""
    stored = stored_table.read(path)
    pairs = dict.fromkeys((row["arm"], row["picture"]) for row in stored)
    return {(arm, picture): np.stack([stored_table.pick(stored, score, arm=arm, picture=picture)
                                      for score in SCORES], axis=1) for arm, picture in pairs}


def main(words: Sequence[str] | None = None) -> None:
    """Run what is missing of the study and write its table."""
    parser = argparse.ArgumentParser(description="Make the table of lesson 04 without its brakes.")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--to", type=Path, default=Path("runs/studies"), help="where to")
    chosen = parser.parse_args(words)
    wanted = ({"arm": arm, "seed": seed} for seed in chosen.seeds for arm in chosen.arms)
    seeds_table.complete(chosen.to / HERE.name, COMMAND, wanted, run)


if __name__ == "__main__":
    main()
