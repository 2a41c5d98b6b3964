"""The recipe of 2024, one part left out at a time, at the same seconds of one core: lesson 14.

    python -m gancourse.course.studies.recipe.recipe strokes faces --to runs/studies

tries a few settings on one seed, then trains every arm with three others, and writes a row of
14_recipe.csv as soon as a run ends; a row that is there is not made again.  A run takes 15 seconds
of a processor, both data sets together 33 minutes.
"""

import argparse
import math
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from gancourse import data, metrics
from gancourse.course.studies import stored_pictures, stored_table
from gancourse.course.studies.held_out import NUM_SAMPLES, Measure, make_measure
from gancourse.course.studies.own.statement import Interval, Statement, paired_ratio, verdict
from gancourse.course.studies.recipe.recipe_training import Recipe, train
from gancourse.data.registry import to_uint8
from gancourse.errors import CourseError
from gancourse.pt import set_threads
from gancourse.pt.train import GAN, sample

HERE = Path(__file__).with_name("14_recipe.csv")
COMMAND = "python -m gancourse.course.studies.recipe.recipe strokes faces"
SECONDS = 15.0  # of a processor, for each training
SEEDS = (0, 1, 2)
TRY_SEED = 9  # of the tries, no seed of the arms
SHOWN = ("2016", "2024", "all of lesson 03")  # arms whose faces are kept, of the first seed
DATA = {"strokes": {"resolution": 28}, "faces": {"num": 10_000, "resolution": 32}}

TODAY = Recipe()
ARMS = {  # all but 2016, 2024 and the last change one part of 2024
    "2016": Recipe("nonsaturating", "none", 1, "dcgan", "2016", beta1=0.5),
    "2024": TODAY,
    "residual networks": TODAY._replace(networks="residual"),
    "no pairs": TODAY._replace(loss="nonsaturating"),
    "no R2": TODAY._replace(penalty="R1"),
    "no R2, twice R1": TODAY._replace(penalty="2 R1"),
    "no R1": TODAY._replace(penalty="R2"),
    "no R1, no R2": TODAY._replace(penalty="none"),
    "penalties every 8th step": TODAY._replace(interval=8),
    "constant settings": TODAY._replace(settings="constant"),
    "all of lesson 03": Recipe("nonsaturating", "R1", 8, "course", "lesson 03"),
}
BASE = "2024"  # the recipe of 2024 on the networks of lesson 03
LEFT_OUT = list(ARMS)[3:-1]  # also left out of the residual networks: digits, two seeds
SHOWN_AS = {  # names on the page, where others
    "2016": "DCGAN (2016)", "2024": "base", "all of lesson 03": "lesson 03"}
NO_AVERAGE = "no running average"  # no training of its own: it is G itself of the arm 2024
LESSON_03_RATE = {"strokes": 4e-3, "faces": 2e-3}
GRID = [{"learning_rate": rate, "gamma": gamma} for rate in (2e-3, 4e-3, 8e-3)
        for gamma in (1.0, 10.0)]
TRIES = {  # as many for each; the other arms have the settings of 2024
    "2016": [{"learning_rate": rate, "batch_size": size}
             for rate in (2e-4, 1e-3, 4e-3) for size in (128, 32)],
    "2024": GRID,
    "residual networks": GRID,
}

TRIED = (f"tries on seed {TRY_SEED}, {len(GRID)} each: 2016 at three rates and two batch sizes, "
         "2024 and residual networks at three rates and two gammas; others as 2024")
Row = dict[str, str | float | int]


def load(path: Path = HERE) -> list[dict[str, str]]:
    """Return the rows of the table."""
    return stored_table.read(path)


def arms() -> list[str]:
    """Return the names of all arms, in the order of the table and of the figure."""
    names = list(ARMS)
    names.insert(names.index("constant settings") + 1, NO_AVERAGE)
    return names


def measured(rows: Iterable[dict], name: str, arm: str, column: str = "distance") -> np.ndarray:
    """Return a column of an arm's runs on a data set, float64, one entry for each seed."""
    if arm == NO_AVERAGE and column == "distance":
        arm, column = "2024", "distance of G itself"
    return stored_table.pick(rows, column, part="run", data=name, arm=arm)


def ratios(rows: Sequence[dict], name: str, to: str = "2024") -> dict[str, Interval]:
    """Return for each other arm its distance in parts of that of `to`, seed by seed.

    The geometric mean and its 95 % interval, by arm.
    """
    base = measured(rows, name, to)
    return {arm: paired_ratio(measured(rows, name, arm), base) for arm in arms() if arm != to}


def closer(rows: Sequence[dict], arm: str) -> int:
    """Return in how many runs of both data sets an arm came closer than 2024, of the same seed."""
    return sum(int((measured(rows, name, arm) < measured(rows, name, "2024")).sum())
               for name in DATA)


def steps_won(rows: Sequence[dict], arm: str) -> float:
    """Return how many times the steps of 2024 an arm took in the same seconds, in the mean."""
    of_arm, of_2024 = (np.concatenate([measured(rows, name, which, "steps") for name in DATA])
                       for which in (arm, "2024"))
    return float((of_arm / of_2024).mean())


def verdicts(rows: Sequence[dict], judge: Callable[[Statement, Interval], str] = verdict,
             ) -> dict[str, dict[str, tuple[Interval, str]]]:
    """Return the ratio to the base and "further", "closer" or "undecided", by data set and arm.

    `judge` says whether the statement that an arm is further away than the base "holds", "fails" or
    is "undecided".
    """
    words = {"holds": "further", "fails": "closer"}
    judged: dict[str, dict[str, tuple[Interval, str]]] = {}
    for name in DATA:
        judged[name] = {}
        for arm, interval in ratios(rows, name).items():
            word = judge(Statement(arm, "above", BASE, 1.0), interval)
            judged[name][arm] = interval, words.get(word, word)
    return judged


def in_markdown(judged: dict[str, dict[str, tuple[Interval, str]]]) -> str:
    """Return `verdicts` as Markdown, an arm a line."""
    lines = ["| in parts of the base | digits | faces |", "|:--|:--|:--|"]
    for arm in judged["strokes"]:
        cells = [f"{interval.in_words()}: {word}"
                 for interval, word in (judged[name][arm] for name in DATA)]
        lines.append(f"| {SHOWN_AS.get(arm, arm)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def best_try(rows: Sequence[dict], name: str, arm: str) -> dict[str, float | int]:
    """Return the settings of an arm's best try on a data set, by name.

    Raises CourseError where a try is missing.
    """
    tried = [row for row in rows
             if (row["part"], row["data"], row["arm"]) == ("try", name, arm)]
    if len(tried) < len(TRIES[arm]):
        raise CourseError(f"the tries of {arm} on {name} come first; the command makes them")
    best = min(tried, key=lambda row: _or_infinite(row["distance"]))
    return {"learning_rate": float(best["learning_rate"]), "gamma": float(best["gamma"]),
            "batch_size": int(best["batch_size"])}


def recipe_of(rows: Sequence[dict], name: str, arm: str) -> Recipe:
    """Return an arm with its settings for a data set: those of its best try, or of 2024's."""
    if arm == "all of lesson 03":
        return ARMS[arm]._replace(learning_rate=LESSON_03_RATE[name])
    return ARMS[arm]._replace(**best_try(rows, name, arm if arm in TRIES else "2024"))


def _recipe_for(rows: Sequence[dict], name: str, part: str, arm: str, change: dict) -> Recipe:
    """The recipe of a row: of a try, of a run, or of an arm on residual networks."""
    if part == "try":
        return ARMS[arm]._replace(**change)
    if part == "residual":
        settings = best_try(rows, name, "residual networks")
        return ARMS[arm]._replace(networks="residual", **settings)
    return recipe_of(rows, name, arm)


def scores(measure: Measure, gan: GAN) -> Row:
    """Distance of 2,000 samples of the average and of G itself, and the average's recall.

    An entry is NaN where weights are no longer finite.
    """
    row: Row = {"distance": math.nan, "distance of G itself": math.nan, "recall": math.nan}
    for column, averaged in (("distance", True), ("distance of G itself", False)):
        made = np.clip(sample(gan, NUM_SAMPLES, averaged), -1, 1)  # as in a file of images
        if np.isfinite(made).all():
            row[column] = measure.distance(made)
            if averaged:
                row["recall"] = metrics.prdc_scores(measure.real, measure.features(made)).recall
    return row


def make(name: str, path: Path, seconds: float = SECONDS, until: float = math.inf) -> None:
    """Make the rows of a data set that a table lacks, until time.monotonic() is `until`.

    The arms take turns, seed by seed, so that a table which is stopped has pairs.
    """
    images = data.load(name, seed=0, **DATA[name])
    measure = make_measure(images)
    wanted = [("try", arm, TRY_SEED, change) for arm in TRIES for change in TRIES[arm]]
    wanted += [("run", arm, seed, {}) for seed in SEEDS for arm in ARMS]
    if name == "strokes":
        wanted += [("residual", arm, seed, {}) for seed in SEEDS[:2] for arm in LEFT_OUT]
    for part, arm, seed, change in wanted:
        rows, _ = stored_table.so_far(path)
        recipe = _recipe_for(rows, name, part, arm, change)
        facts: Row = {"part": part, "data": name, "arm": arm, "seed": seed,
                      "learning_rate": recipe.learning_rate, "gamma": recipe.gamma,
                      "batch_size": recipe.batch_size}
        if stored_table.has(rows, **facts):
            continue
        if time.monotonic() > until:
            return
        began = time.process_time()
        gan, steps, spent = train(images, recipe, seed=seed, seconds=seconds)
        row = facts | scores(measure, gan) | {"steps": steps, "seconds": round(spent, 2),
                                              "cost": round(time.process_time() - began, 1)}
        if part == "run" and name == "faces" and arm in SHOWN and seed == SEEDS[0]:
            _keep(path.with_suffix(".npz"), arm, sample(gan, 6))
        rows = [*rows, row]
        cost = sum(float(row["cost"]) for row in rows)
        stored_table.write(path, rows, [*stored_table.made_with(COMMAND, cost), TRIED], digits=5)
        print(*row.values(), flush=True)


def _keep(path: Path, arm: str, made: np.ndarray) -> None:
    """Put the samples of an arm into a small file of samples, uint8, of 16 levels a colour."""
    kept = stored_pictures.read(path)
    stored_pictures.write(path, kept | {arm: to_uint8(made) // 16 * 17})


def _or_infinite(text: str) -> float:
    """A distance, infinite where it is NaN."""
    value = float(text)
    return value if math.isfinite(value) else math.inf


def main(words: Sequence[str] | None = None) -> None:
    """Make the table."""
    parser = argparse.ArgumentParser(description="Make the table of recipes that lesson 14 reads.")
    parser.add_argument("data", nargs="+", choices=DATA)
    parser.add_argument("--to", type=Path, default=Path("runs/studies"), help="folder of the table")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of a processor, each run")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after so many")
    chosen = parser.parse_args(words)
    set_threads()
    chosen.to.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + 60 * chosen.minutes
    for name in chosen.data:
        make(name, chosen.to / HERE.name, chosen.seconds, until)


if __name__ == "__main__":
    main()
