"""The diagram of lesson 11: the true image feeds all, the two losses stand between real and fake.

Here the truth teaches as well as D, so it stands above the loss that compares with it.
"""

from gancourse.notebook import plots
from gancourse.notebook.diagram import OTHER, Box, show_boxes

BOXES = {
    "pool": Box(2.3, 2.3, "training\nimages", plots.REAL),
    "x": Box(4.7, 2.3, "real\nx", plots.REAL),
    "given": Box(2.3, 1.15, "x with\nits hole", OTHER),
    "error": Box(4.7, 1.15, "squared\nerror", OTHER), "noise": Box(0.0, 0.0, "noise z"),
    "G": Box(2.3, 0.0, "filler\nG", plots.THIRD, True),
    "made": Box(4.7, 0.0, "completed\nimage", plots.FAKE),
    "D": Box(7.0, 1.15, "discrimi-\nnator D\n(+ hole)", filled=True),
    "verdict": Box(9.2, 1.15, "how prob-\nably real")}
FEEDS = (("pool", "x"), ("x", "given"), ("given", "G"), ("noise", "G"), ("G", "made"),
         ("given", "made"),  # the known pixels
         ("x", "error"), ("made", "error"), ("x", "D"), ("made", "D"), ("D", "verdict"))
TEACHES = (("verdict", "D", 0.75), ("D", "made", -0.45), ("made", "G", -0.5), ("error", "G", 0.1))


def show(*, alt: str) -> None:
    """Display the diagram with its alt text."""
    show_boxes(BOXES, FEEDS, TEACHES, frame=(-0.8, 10.2, -0.8, 2.8), alt=alt,
               words=((8.1, 2.1, "D learns"), (7.4, -0.1, "G learns, through D")))
