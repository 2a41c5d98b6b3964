"""Pictures that move: a figure that follows the training, and animations of what it has done."""

import time
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from gancourse.notebook import image_output, plots, slider


def frames(fig: plots.Figure, draw: Callable, states: Iterable) -> list[np.ndarray]:
    """Return the figure after each `draw(state)` as images for `animate`, and close it.

    Images are uint8 (height, width, 3).  `draw` moves what stands in the figure, which costs a
    tenth of a new figure for each frame; the layout of the first frame stays.
    """
    fig.set_dpi(slider.DPI)
    images = []
    for state in states:
        draw(state)
        fig.canvas.draw()
        fig.set_layout_engine("none")
        images.append(np.asarray(fig.canvas.buffer_rgba())[..., :3].copy())
    plots.plt.close(fig)
    return images


def animate(frames: Sequence[np.ndarray], *, alt: str, seconds: float = 4.0,
            values: Sequence | None = None, name: str = "", **options) -> None:
    """Display images (height, width[, channels]), uint8, as an animation that repeats.

    It takes `seconds`, rests at its last frame for another 1.5, and has a button that stops it and
    a slider; `values` are what the slider says at each frame, and `name` what they are.  `options`
    are those of `slider.show`, such as `width`.
    """
    if values is None:
        values = range(1, len(frames) + 1)
    slider.show(frames, {name: values}, alt=alt, seconds=seconds, plays=True, **options)


class Live:
    """A figure that is drawn again while training goes on.

    `live = Live(draw, alt=...)`, then `live.update(...)` calls `draw(fig, ...)` on an empty figure
    and puts it in the place of the last one, at most every `every` seconds; `live.close()` draws
    the last state once more, whatever the clock says, so that the stored page shows the end of the
    run.  `width` and `height` are in inches.
    """

    def __init__(self, draw: Callable, *, alt: str, width: float = 8, height: float = 2.8,
                 every: float = 0.5) -> None:
        """Remember how to draw; nothing is shown before the first `update`."""
        self.draw = draw
        self.alt = alt
        self.size = (width, height)
        self.every = every
        self._handle = None  # of the output that is replaced
        self._waiting = None  # a state that has not been shown
        self._last = -np.inf  # when one was shown

    def update(self, *state) -> None:
        """Show a new state, unless the last one is fresher than `every` seconds."""
        self._waiting = state
        if time.monotonic() - self._last >= self.every:
            self._show()

    def close(self) -> None:
        """Show the last state if it has not been shown."""
        if self._waiting is not None:
            self._show()

    def _show(self) -> None:
        """Draw the state that waits, in the place of the one before."""
        from IPython.display import display

        fig = plots.plt.figure(figsize=self.size)
        self.draw(fig, *self._waiting)
        self._waiting = None
        bundle, metadata = image_output.mime_bundle("image/png", image_output.png(fig), self.alt)
        if self._handle is None:
            self._handle = display(bundle, metadata=metadata, raw=True, display_id=True)
        else:
            self._handle.update(bundle, metadata=metadata, raw=True)
        self._last = time.monotonic()
