"""A quiz on pictures in a notebook: a guess for each, and the score.  Lesson 11.

Where no script may run, all pictures stand in one, and the solution is folded below.
"""

import html
from collections.abc import Sequence

import numpy as np

from gancourse.data.images import encoded
from gancourse.errors import CourseError
from gancourse.notebook import html_frame, plots

BODY = """<div role="group" aria-label="{alt}">
<div style="display:flex;flex-wrap:wrap;gap:.7em">{questions}</div>
<p role="status"><strong>0 of 0 right</strong></p>
<details><summary>Solution</summary><p>{solution}</p></details></div>"""
SCRIPT = """  let right = 0;
  let given = 0;
  root.querySelectorAll("figure").forEach((figure, i) => {
    const buttons = [...figure.querySelectorAll("button")];
    buttons.forEach((button) => button.addEventListener("click", () => {
      const hit = button.textContent === answers[i];
      given += 1;
      right += hit;
      buttons.forEach((other) => { other.hidden = true; });
      figure.querySelector("figcaption").textContent = (hit ? "✓ " : "✗ ") + notes[i];
      root.querySelector("strong").textContent = right + " of " + given + " right";
    }));
  });
"""
QUESTION = """<figure style="margin:0;width:{width}px"><img alt="Picture {number}" src="{source}"
style="width:100%;image-rendering:pixelated"><br>{buttons}
<figcaption style="min-height:2.4em"></figcaption></figure>"""
BUTTON = '<button type="button" style="min-height:2.2em">{}</button> '


def show_quiz(pictures: np.ndarray, answers: Sequence[str], notes: Sequence[str], *,
              choices: Sequence[str], alt: str, width: int = 120, columns: int = 4) -> None:
    """Display pictures (n, height, width, channels), uint8, with a button for each of the choices.

    `answers` are the right choices, and `notes` what is said once a picture is answered.  A picture
    is `width` pixels of the page wide.  Raises ValueError where the numbers of pictures, answers
    and notes differ, or where an answer is no choice.
    """
    if not len(pictures) == len(answers) == len(notes):
        raise CourseError(f"{len(pictures)} pictures, {len(answers)} answers and {len(notes)} "
                          "notes: give as many of each")
    if set(answers) - set(choices):
        raise CourseError(f"answers must be among {', '.join(choices)}")
    buttons = "".join(BUTTON.format(html.escape(choice)) for choice in choices)
    files = [encoded(_flat(picture), "WEBP", lossless=True) for picture in pictures]
    questions = "".join(
        QUESTION.format(width=width, number=i + 1, buttons=buttons, source=html_frame.source(file))
        for i, file in enumerate(files))
    solution = " · ".join(f"{i + 1}: {html.escape(note)}" for i, note in enumerate(notes))
    body = BODY.format(alt=html.escape(alt), questions=questions, solution=solution)
    still = np.repeat(np.repeat(plots.tile(pictures, columns), 4, axis=0), 4, axis=1)
    html_frame.show(encoded(still, "WEBP", lossless=True), alt, body=body, script=SCRIPT,
                    values={"answers": list(answers), "notes": list(notes)},
                    style=f"max-width:{round(columns * (width + 14))}px;font:14px system-ui,"
                          "sans-serif")


def _flat(picture: np.ndarray) -> np.ndarray:
    """A picture of one channel without its last axis."""
    return picture[..., 0] if picture.shape[-1] == 1 else picture
