"""The figures of a sweep's report: heat maps over two parameters, and every seed as a dot."""

import itertools
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import numpy as np

from gancourse.course.sweeps import axes
from gancourse.course.sweeps.plan import Sweep
from gancourse.course.sweeps.tables import Setting
from gancourse.notebook import image_output, plots

SHOWN = 24  # settings in the figure of seeds: the best ones
PANELS = 6  # heat maps at most, when more than two parameters are swept
WIDTH = 9.5  # of the figures, in inches


def heat_maps(sweep: Sweep, order: list[Setting], name: str, maximise: bool) -> dict[str, Any]:
    """Return a figure of maps over the first two swept parameters, its heading under "title".

    The parameter with more values goes across; there is one map per value of the others.  {} with
    one parameter, and where there would be more than PANELS maps.
    """
    if len(sweep.grid) < 2:
        return {}
    (y, rows), (x, columns) = sorted([*sweep.grid.items()][:2], key=lambda item: len(item[1]))
    others = dict([*sweep.grid.items()][2:])
    points = itertools.product(*others.values())
    panels = [dict(zip(others, point, strict=True)) for point in points]
    if len(panels) > PANELS:
        return {}
    medians = [setting.median for setting in order if setting.numbers]
    across = min(len(panels), max(1, int(WIDTH / (1.3 + 1.4 * len(columns)))))
    down = -(-len(panels) // across)
    cell_width = min(1.4, (WIDTH / across - 1.3) / len(columns))
    fig, grid = plots.figure(down, across, width=across * (1.3 + cell_width * len(columns)),
                             height=0.3 + down * (0.9 + 0.72 * len(rows)), squeeze=False)
    fig.suptitle(name, x=0, ha="left", fontsize=11)
    for ax in grid.ravel()[len(panels):]:
        ax.axis("off")
    for ax, panel in zip(grid.ravel(), panels, strict=False):
        frame = None
        shown = [setting for setting in order if _at(setting, panel) == panel]
        if order[0] in shown:
            frame = rows.index(_at(order[0], [y])[y]), columns.index(_at(order[0], [x])[x])
        at = {tuple(_at(setting, [y, x]).values()): setting for setting in shown}
        medians_here = np.array([[at[row, column].median for column in columns] for row in rows])
        notes = []
        if cell_width > 1.2:
            notes = [[_range(at[row, column]) for column in columns] for row in rows]
        title = ", ".join(f"{key}={axes.word(value)}" for key, value in panel.items())
        plots.show_heat_map(medians_here, rows=[axes.word(row) for row in rows],
                            columns=[axes.word(column) for column in columns], notes=notes,
                            lower_is_better=not maximise, limits=(min(medians), max(medians)),
                            xlabel=x, ylabel=y, ax=ax, frame=frame, title=title)
    words = f"Median of “{name}” over seeds, its range below; darker is better, "
    return {"title": f"{x} and {y} together", **drawn(fig, words + "the frame marks the best.")}


def spread(sweep: Sweep, order: list[Setting], label: str) -> dict[str, Any]:
    """Return a figure with a line a setting and a dot a seed; `label` stands below its axis.

    It shows the best SHOWN settings from best to worst, or all values of one parameter in order.
    """
    words = "One dot a run, one line a setting; the bar is the median."
    if len(sweep.grid) > 1:
        shown = order[:SHOWN]
    else:
        places = {setting.text(): setting for setting in order}
        shown = [places[Setting(values, {}).text()] for values in sweep.settings()]
    if len(order) > len(shown):
        words += f" The best {SHOWN} of {len(order)} settings."
    fig, ax = plots.figure(width=WIDTH, height=0.9 + 0.42 * len(shown))
    plots.show_spread({setting.text(): [*setting.scores.values()] for setting in shown}, ax=ax,
                      names=[f"seed {seed}" for seed in sweep.seeds], xlabel=label)
    return drawn(fig, words)


def _at(setting: Setting, keys: Iterable[str]) -> dict[str, Any]:
    """The values that some axes have in a setting, by their keys."""
    return {key: axes.value_at(key, setting.values) for key in keys}


def _range(setting: Setting) -> str:
    """The lowest and highest score of a setting, and how many are missing; "" for one seed."""
    if len(setting.scores) == 1 or not setting.numbers:
        return ""
    words = f"{min(setting.numbers):.3g} – {max(setting.numbers):.3g}"
    lost = len(setting.scores) - len(setting.numbers)
    return f"{words}\n{lost} missing" if lost else words


def drawn(fig, words: str) -> dict[str, Any]:
    """Return a figure for the page: its width there in pixels, the picture, what it shows."""
    width = round(96 * fig.get_figwidth())  # its own size on the page, sharp enough for a slide
    picture = b64encode(image_output.png(fig, dpi=200)).decode()
    return {"width": width, "picture": picture, "words": words}
