"""The short trainings of lesson 14: the settings of a run, and what its card says.

    gan, history, seconds = train(images.x_train, {"r1r2": r1r2}, **SETTINGS, seed=0)

The networks and the loop are those of lesson 03, and the template of `gancourse new study` has the
same in view.  Lesson 14.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gancourse.course import doctor
from gancourse.course.studies.held_out import Measure
from gancourse.course.studies.own import model_card
from gancourse.course.studies.own import plan as plans
from gancourse.course.studies.own.plan import Plan
from gancourse.course.studies.own.runs import Run, Runs, best_arm, table, typical
from gancourse.course.studies.own.statement import Interval, in_words, verdict
from gancourse.data.registry import Dataset
from gancourse.errors import CourseError, check_choice, unknown
from gancourse.pt import losses, models
from gancourse.pt.fast_loop import make_fast_loop
from gancourse.pt.train import GAN, Penalty, make_gan
from gancourse.training_loop import History, train_fast

SETTINGS: dict[str, Any] = {  # of each run, but for what is compared
    "loss": "relativistic", "penalty": "r1r2", "gamma": 1.0, "learning_rate": 4e-3, "beta1": 0.0,
    "batch_size": 32, "width": 32, "ema_decay": 0.99, "decay": 0.6, "num_steps": 200,
}
ALLOWED: dict[str, tuple] = {  # words, or the ends of a range
    "loss": tuple(losses.LOSSES), "penalty": ("none", "r1", "r1r2", "mine"), "gamma": (0.01, 100.0),
    "learning_rate": (1e-5, 0.5), "beta1": (0.0, 0.99), "batch_size": (2, 128), "width": (4, 64),
    "ema_decay": (0.0, 0.9999), "decay": (0.0, 1.0),
}
MEANING = {
    "loss": "of both networks; relativistic means pairs",
    "penalty": "in D's loss; r1r2 is R1 + R2, mine is yours",
    "gamma": "how strong the penalty is",
    "learning_rate": "of both networks, at the start",
    "beta1": "Adam's memory of earlier gradients",
    "batch_size": "images in an update",
    "width": "feature maps of both networks",
    "ema_decay": "share of G's running average that an update keeps",
    "decay": "last part of the run, in which the learning rate falls to 0",
}
SUGGESTED = ("penalty", "r1, mine", "mine like r1 within a factor 1.1")  # choice, values, statement
EARLIER = {  # distances of the seeds 12 to 17: an earlier study, "mine like r1 within a factor 1.2"
    "r1": (73.4, 72.5, 87.0, 76.8, 70.9, 57.0), "mine": (77.5, 77.8, 89.4, 81.3, 70.7, 55.1)}
MOST_VALUES = 3  # each costs a run for every seed
OUTCOMES = {  # of SUGGESTED, for the page
    "holds": "place alone changes the distance by less than a tenth, so what cost distance above "
             "was probably the *strength* of the penalties",
    "fails": "place alone changes the distance by more than a tenth, so it was not strength alone "
             "that cost distance above",
    "undecided": "from these seeds one cannot tell whether place alone changes the distance by a "
                 "tenth. So it stays open whether strength or place cost distance above",
}
WORLDS = (1 / 3, 1.0, 3.0)  # ratios with which a statement must hold once and fail once


def is_allowed(choice: str, value: Any) -> bool:
    """Return whether a setting may have this value."""
    fits = ALLOWED[choice]
    return value in fits if isinstance(fits[0], str) else fits[0] <= value <= fits[1]


def make_plan(choice: str, values: str, statement: str, seeds: str, num_steps: int) -> Plan:
    """Return the checked plan of a study of short runs.

    Raises CourseError as `plan.make` does, for a choice or a value that is not in ALLOWED, for more
    than three values, and for a statement that no result could make fail, or hold.
    """
    if choice not in ALLOWED:
        raise unknown("choice", choice, ALLOWED)
    made = plans.make(choice=choice, values=values, seeds=seeds, statement=statement,
                      settings=SETTINGS | {"num_steps": num_steps})
    if len(made.values) > MOST_VALUES:
        raise CourseError(f"{len(made.values)} values are {len(made.values)} runs for each seed: "
                          f"take {MOST_VALUES} at most, or `gancourse new study`")
    for name, value in made.values.items():
        if not is_allowed(choice, value):
            fits = ALLOWED[choice]
            words = " or ".join(fits) if isinstance(fits[0], str) else f"{fits[0]} to {fits[1]}"
            raise CourseError(f"{choice} = {name} is not allowed: {words}")
    verdicts = {verdict(made.statement, Interval(ratio, ratio / 1.05, ratio * 1.05, 0))
                for ratio in WORLDS}
    if "fails" not in verdicts:
        raise CourseError(f"'{made.statement.in_words()}' is true even if one setting is three "
                          "times as far as the other: no study is needed; name a smaller factor")
    if "holds" not in verdicts:
        raise CourseError(f"'{made.statement.in_words()}' is false even if one setting is three "
                          "times as far as the other; name a smaller factor")
    return made


def yours_or_example(choice: str, values: str, words: str) -> tuple[str, str, str]:
    """Return what a reader has written; with nothing written, SUGGESTED, and say so.

    Raises CourseError where a part of the three is missing.
    """
    written = {"choice": choice, "values": values, "words": words}
    missing = [name for name, text in written.items() if not text.strip()]
    if not missing:
        return choice, values, words
    if len(missing) < len(written):
        raise CourseError(f"{' and '.join(missing)} is still empty: a plan needs all three")
    print("Nothing is written yet, so the page goes on with an example.")
    return SUGGESTED


def outcome(choice: str, values: str, words: str, verdict_word: str) -> str:
    """Return what a verdict says about the example, "" for a study of the reader's own."""
    if (choice, values, words) != SUGGESTED or verdict_word not in OUTCOMES:
        return ""
    is_verdict = "is undecided" if verdict_word == "undecided" else verdict_word
    return f"**Our example {is_verdict}:** {OUTCOMES[verdict_word]}."


def in_markdown() -> str:
    """Return the settings as a table: each with its meaning, its value, and what is allowed."""
    lines = ["| setting | meaning | here | allowed |", "|:--|:--|:--|:--|"]
    for name, fits in ALLOWED.items():
        allowed = ", ".join(fits) if isinstance(fits[0], str) else f"{fits[0]:g} to {fits[1]:g}"
        here = SETTINGS[name]
        text = here if isinstance(here, str) else f"{here:g}"
        lines.append(f"| **{name}** | {MEANING[name]} | {text} | {allowed} |")
    return "\n".join(lines)


def make_networks(shape: tuple[int, int, int], width: int, seed: int) -> list[nn.Module]:
    """Return G and D of lesson 03 for images of `shape`, with weights drawn from the seed."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    pair = models.seeded(models.shallow_pair, 32, shape, width, seed=seed)
    return [net.to(device, memory_format=torch.channels_last) for net in pair]


def train(x: np.ndarray, penalties: dict[str, Callable | None], *, loss: str, penalty: str,
          gamma: float, learning_rate: float, beta1: float, batch_size: int, width: int,
          ema_decay: float, decay: float, num_steps: int, seed: int) -> tuple[GAN, History, float]:
    """Return a GAN trained on images x, its losses, and the processor seconds of the training.

    `penalties` gives each by its name: a function of D, real and fake images, or None.  It is added
    at every eighth update with eight times its weight gamma/2.  The learning rate falls to 0 over
    the last part `decay` of the run.  Raises FloatingPointError where a loss stops being finite,
    CourseError for an unknown loss or penalty.
    """
    check_choice("loss", loss, losses.LOSSES)
    check_choice("penalty", penalty, penalties)
    term = penalties[penalty]
    gan = make_gan(*make_networks(x.shape[1:], width, seed), z_dim=32, learning_rate=learning_rate,
                   betas=(beta1, 0.99), ema_decay=ema_decay, seed=seed)

    def rate(k: int) -> float:
        """The learning rate at update k."""
        left = 1 - k / num_steps
        return learning_rate * min(1.0, left / decay) if decay else learning_rate

    run_steps = make_fast_loop(gan, x, batch_size=batch_size, loss=losses.LOSSES[loss],
                               penalty=term and Penalty(term, weight=gamma / 2, interval=8),
                               schedule=rate)
    history = History()
    start = time.process_time()
    for log in train_fast(run_steps, num_steps=num_steps, log_every=20, progress=False):
        history.append(log)
    return gan, history, time.process_time() - start


def rebuild(weights: dict[str, np.ndarray], shape: tuple[int, int, int], width: int,
            seed: int) -> GAN:
    """Return a GAN to sample from, built from stored weights; the seed decides its noise."""
    gan = make_gan(*make_networks(shape, width, 0), z_dim=32, seed=seed)
    gan.G_ema.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    return gan


def weights_of(gan: GAN) -> dict[str, np.ndarray]:
    """Return the weights of the running average of G by name."""
    return {name: value.cpu().numpy() for name, value in gan.G_ema.state_dict().items()}


def about(images: Dataset, measure: Measure) -> dict[str, Any]:
    """Return what the runs of a study share, as plain JSON: the data and the versions."""
    return {"data": model_card.data_facts(images, len(measure.real)),
            "versions": doctor.versions()}


def facts_for_card(plan: Plan, all_runs: Runs, question: str, shared: dict[str, Any],
                   measure: Measure, num_samples: int, kept: Run | None = None) -> dict[str, Any]:
    """Return what the card says of the median run of the best arm, but for "use" and "limits".

    `shared` is what `about` returns; `kept` is that run, trained anew with more updates, None for
    the run itself.  Raises CourseError where all runs of the best arm failed.
    """
    best = best_arm(all_runs)
    number = typical(all_runs, best)
    of_study = all_runs[best][number]
    kept = kept or of_study
    settings = plan.arms()[best] | {"num_steps": kept.steps}
    distances = {name: [run.distance for run in arm] for name, arm in all_runs.items()}
    results = table(plan, all_runs)
    if kept is not of_study:
        results += (f"\n\nThe runs of the table had {of_study.steps:,} updates each. The weights "
                    f"of this card are those of a longer training: {kept.steps:,} updates.")
    return {
        "title": question, "question": question, "prediction": f"{plan.statement.in_words()}.",
        "verdict": in_words(plan.statement, distances), "table": results,
        "choice": f"{plan.choice} = {best}", "settings": settings, "seed": plan.seeds[number],
        "seeds": plan.seeds, "distance": kept.distance, "floor": measure.floor,
        "num_samples": num_samples, **shared,
        "budget": {"updates": kept.steps, "images shown": kept.steps * settings["batch_size"],
                   "processor seconds": round(kept.seconds, 1),
                   "runs in all": len(plan.values) * len(plan.seeds) + (kept is not of_study)},
    }


def folded(card: Path) -> str:
    """Return a card as Markdown behind a fold, its headings below those of a lesson."""
    text = card.read_text(encoding="utf-8").replace("\n#", "\n###")
    text = text.replace("# Model", "### Model", 1)
    return f"<details><summary>The card</summary>\n\n{text}\n\n</details>"
