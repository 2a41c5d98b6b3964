"""Stored pictures behind a slider, which moves without a kernel and without a network.

The page holds every picture; where no script may run, one of them stands still.
"""

import html
from collections.abc import Sequence

import numpy as np

from gancourse.data.images import encoded
from gancourse.errors import CourseError
from gancourse.notebook import html_frame

SHARPNESS = 1.5  # pixels of an image to one of the page: many images must stay small
DPI = 150
BODY = """<img alt="{alt}" src="{first}" style="width:100%;height:auto;image-rendering:{rendering}">
{controls}"""
SCRIPT = """  const picture = root.querySelector("img");
  const sliders = [...root.querySelectorAll("input")];
  const outputs = [...root.querySelectorAll("output")];
  const button = root.querySelector("button");
  let timer = null;
  const show = () => {
    let k = 0;
    sliders.forEach((slider, i) => {
      k = k * labels[i].length + Number(slider.value);
      outputs[i].textContent = labels[i][slider.value];
    });
    picture.src = frames[k];
  };
  const stop = () => {
    clearTimeout(timer);
    timer = null;
    if (button) button.textContent = "▶ play";
  };
  const step = () => {
    if (!root.isConnected) return stop();
    const last = frames.length - 1;
    const next = (Number(sliders[0].value) + 1) % frames.length;
    sliders[0].value = next;
    show();
    timer = setTimeout(step, next === last ? 1500 : milliseconds);
  };
  sliders.forEach((slider) => slider.addEventListener("input", () => { stop(); show(); }));
  if (button) button.addEventListener("click", () => {
    if (timer !== null) return stop();
    button.textContent = "❚❚ pause";
    step();
  });
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (button && plays && !calm) button.click();
"""
BUTTON = '<button type="button" style="min-width:6em">▶ play</button>'
CONTROL = """<div style="display:flex;gap:.6em;align-items:center;padding:.2em 0">{button}
<label style="display:flex;flex:1;gap:.6em;align-items:center">{name}
<input type="range" min="0" max="{last}" value="{at}" style="flex:1;min-width:6em"></label>
<output style="min-width:4em">{label}</output></div>"""


def show(frames: Sequence[np.ndarray], axes: dict[str, Sequence], *, alt: str,
         seconds: float = 6.0, plays: bool = False, quality: int = 60, width: int = 0,
         smooth: bool = True, start: int | Sequence[int] = -1) -> None:
    """Display images (height, width[, channels]), uint8, one at a time, behind a slider an axis.

    `axes` gives each slider's name and the values at which it can stand; with several, the images
    are in the order of nested loops over them, the last axis fastest.  With one axis there is a
    button that plays them in `seconds`; `plays` presses it at once, unless the reader's system
    asks for less motion.  `start` is the place at which the sliders stand at first, for all axes or
    one for each; -1 is the last, and 0 gives nothing away that comes later.  `quality` is WebP's,
    1 to 100 (100 keeps every pixel); `width` is in pixels of the page, two thirds of the images'
    own if it is 0; `smooth=False` enlarges small images without blurring them.  Raises ValueError
    where the number of images is not that of the values.
    """
    count = int(np.prod([len(values) for values in axes.values()])) if axes else 0
    if count != len(frames) or count == 0:
        raise CourseError(f"{len(frames)} images for {count} places of the slider; give one each")
    files = [encoded(frame, "WEBP", quality=quality, lossless=quality == 100)
             for frame in frames]
    sources = [html_frame.source(file) for file in files]
    labels = [[_label(value) for value in values] for values in axes.values()]
    starts = [start] * len(labels) if isinstance(start, int) else start
    places = [range(len(values))[at] for values, at in zip(labels, starts, strict=True)]
    first = int(np.ravel_multi_index(places, [len(values) for values in labels]))
    button = BUTTON if len(axes) == 1 else ""
    controls = "".join(
        CONTROL.format(name=html.escape(name), last=len(values) - 1, at=at,
                       label=html.escape(values[at]), button=button)
        for name, values, at in zip(axes, labels, places, strict=True))
    width = width or round(frames[0].shape[1] / SHARPNESS)
    body = BODY.format(alt=html.escape(alt), first=sources[first], controls=controls,
                       rendering="auto" if smooth else "pixelated")
    values = {"frames": sources, "labels": labels, "plays": plays,
              "milliseconds": int(1000 * seconds / count)}
    html_frame.show(files[first], alt, body=body, script=SCRIPT, values=values,
                    style=f"max-width:{width}px")


def _label(value) -> str:
    """A slider's value as its reader sees it."""
    return f"{value:g}" if isinstance(value, float) else str(value)
