"""The eight runs of lesson 08's quiz, stored: to grade a diagnosis, nothing is trained.

In the lesson each student's name decides which runs of training to diagnose.  Here the name decides
the letters alone, as it does there; the runs are always the same eight, made by the lesson's own
`admit` for the student "gancourse".  So an answer by eye, letter by letter, is judged on the
student's own letters, and rules are judged on runs that they have not seen.

The lesson's metadata put these two names in the place of its own, `"grading": {"patient": ...}`.
"""

import json
from functools import cache
from pathlib import Path

from gancourse.training_loop import History, Log

FILE = Path(__file__).with_name("patients.json")
WORDS = ("fine", "D too strong", "collapse", "double sigmoid", "BatchNorm in eval",
         "learning rate too high", "memorising", "frozen D")
ILLNESSES = {word: {"word": word} for word in WORDS}  # what `patient` is called with, by illness


def patient(number: int, word: str) -> History:
    """Return the stored log of the run with an illness; any number gives the same."""
    columns = {name: values for name, values in _stored()[word].items() if name != "step"}
    rows = zip(*columns.values(), strict=True)
    return History(Log(step, dict(zip(columns, row, strict=True)))
                   for step, row in zip(_stored()[word]["step"], rows, strict=True))


@cache
def _stored() -> dict[str, dict[str, list[float]]]:
    """The columns of each run, by its illness."""
    return json.loads(FILE.read_text(encoding="utf-8"))
