"""Lesson 04 with other painters and with more steps, and the scores.

Two painters are new: their colours do not follow the brightness.

    python -m gancourse.course.studies.style.other_painters

runs the lesson's own cells for each painter and seed, with that painter in the place of the usual
one: about two minutes of one core a run, and longer with four times the steps.  In one run G is
told no directions: the two maps that hold them are 0, in training and afterwards.  It writes a row
a painter, picture and seed, and a sheet of what the first seed has made.  A run that stands in the
table is not made again.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np

from gancourse.course.studies import stored_table
from gancourse.course.studies.style import figures, seeds_table, staging
from gancourse.data.images import encoded, read_image
from gancourse.data.synthetic import brushwork, painter
from gancourse.files import write_atomically

HERE = Path(__file__).with_name("04_other_painters.csv")
SHEETS = {"another order": "04_another_order.webp", "by direction": "04_by_direction.webp",
          "by direction, 2400 steps": "04_by_direction_longer.webp",
          "by direction, 2400 steps, untold": "04_by_direction_untold.webp",
          "usual, 2400 steps": "04_usual_longer.webp"}
COMMAND = "python -m gancourse.course.studies.style.other_painters"
SHOWN = "painter", "G, at its end", "matched", "recipe"  # side by side on a sheet
ORDER = np.array([[235, 190, 60], [250, 206, 70], [150, 150, 90], [40, 80, 150], [24, 50, 110],
                  [80, 70, 80], [120, 80, 50], [150, 100, 60]], np.float64)  # dark to light
TINT = np.array([56.0, -16.0, -64.0])  # reddish; it changes no luminance


def another_order(photo: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return the usual painting with another palette: dark is yellow, middle blue, light brown."""
    with mock.patch.object(painter, "PALETTE", ORDER):
        return painter.paint(photo, seed)


def by_direction(photo: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return the usual painting, reddish where strokes run across, bluish where they run upright.

    The luminance of every pixel stays, but for what cannot be shown.
    """
    light = 255 * brushwork.luminance(painter.paint(photo, seed))
    across = np.cos(2 * brushwork.flow(photo, seed))  # 1 across, -1 upright
    return np.clip(light[..., None] + across[..., None] * TINT, 0, 255).astype(np.uint8)


class Run(NamedTuple):
    """A painter, the steps of training, and whether G is told the directions."""

    paint: seeds_table.Painter
    num_steps: int
    told: bool = True


RUNS = {"another order": Run(another_order, 600), "by direction": Run(by_direction, 600),
        "by direction, 2400 steps": Run(by_direction, 2400),
        "by direction, 2400 steps, untold": Run(by_direction, 2400, told=False),
        "usual, 2400 steps": Run(painter.paint, 2400)}


def no_heading(angles: np.ndarray) -> np.ndarray:
    """Return zeros in the place of the directions, float32 (2, h, w)."""
    return np.zeros((2, *angles.shape), np.float32)


def train(which: str, seed: int) -> dict[str, Any]:
    """Run the lesson's cells for one of RUNS, and return all that they have named."""
    run = RUNS[which]
    silence = nullcontext() if run.told else mock.patch.object(staging, "heading", no_heading)
    with silence:
        return seeds_table.run(seed, run.paint, num_steps=run.num_steps)


def colour_distance(a: np.ndarray, b: np.ndarray, block: int = 8) -> float:
    """Return how far the colours of two pictures lie apart, wherever they are: gray levels, >= 0.

    The sliced Wasserstein distance of the colours of blocks, each minus its own mean; the pictures
    have the same size.
    """
    directions = np.random.default_rng(0).standard_normal((3, 64))
    directions /= np.linalg.norm(directions, axis=0)
    first, second = (np.sort(figures.hues(picture, block) @ directions, axis=0)
                     for picture in (a, b))
    return float(np.abs(first - second).mean())


def tint_along(picture: np.ndarray, block: int = 16) -> float:
    """Return the correlation of red minus blue with the direction of a picture's own strokes.

    It is near 1 where strokes across are reddish and upright ones bluish, as `by_direction` does.
    """
    angles, _ = brushwork.directions(brushwork.luminance(picture), blur=1.0)
    across = figures.blocks(np.cos(2 * angles)[..., None], block)[:, 0]
    colours = figures.blocks(picture, block)
    return float(np.corrcoef(across, colours[:, 0] - colours[:, 2])[0, 1])


def rows(names: Mapping, which: str, seed: int) -> Iterator[seeds_table.Row]:
    """Yield a run's results, a row a picture; `names` are those of `seeds_table.run`."""
    for row in seeds_table.rows(names["table"], seed):
        picture = names["rows"][row["picture"]]
        yield {"painter": which, **row, "colour distance": colour_distance(picture, names["truth"]),
               "tint along strokes": tint_along(picture)}


def sheet(names: Mapping) -> np.ndarray:
    """Return the pictures of SHOWN side by side, at half their size, uint8."""
    pictures = {"painter": names["truth"], **names["rows"]}
    small = [figures.halved(pictures[name]) for name in SHOWN]
    return np.concatenate(small, axis=1)


def load(path: Path = HERE) -> dict[tuple[str, str], dict[str, np.ndarray]]:
    """Return the scores, one a seed, by painter and picture and then by score."""
    stored = stored_table.read(path)
    pairs = dict.fromkeys((row["painter"], row["picture"]) for row in stored)
    columns = [name for name in stored[0] if name not in ("painter", "picture", "seed")]
    return {pair: {name: stored_table.pick(stored, name, painter=pair[0], picture=pair[1])
                   for name in columns} for pair in pairs}


def pictures(which: str, folder: Path = HERE.parent) -> dict[str, np.ndarray]:
    """Return the stored pictures of a painter's first seed by name, uint8 (height, width, 3)."""
    sheet_of_all = read_image(folder / SHEETS[which])
    return dict(zip(SHOWN, np.split(sheet_of_all, len(SHOWN), axis=1), strict=True))


def main(words: Sequence[str] | None = None) -> None:
    """Run what is missing of the study and write its table and its sheets."""
    parser = argparse.ArgumentParser(description="Make the table of lesson 04's other painters.")
    parser.add_argument("--painters", nargs="+", choices=RUNS, default=list(RUNS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--to", type=Path, default=Path("runs/studies"), help="where to")
    chosen = parser.parse_args(words)

    def make(painter: str, seed: int) -> list[seeds_table.Row]:
        """Train one run, keep its sheet if it is the first seed's, and return its rows."""
        names = train(painter, seed)
        if seed == chosen.seeds[0]:
            drawn = encoded(sheet(names), "WEBP", quality=70)
            write_atomically(chosen.to / SHEETS[painter], drawn)
        return list(rows(names, painter, seed))

    wanted = ({"painter": which, "seed": seed} for seed in chosen.seeds
              for which in chosen.painters)
    seeds_table.complete(chosen.to / HERE.name, COMMAND, wanted, make)


if __name__ == "__main__":
    main()
