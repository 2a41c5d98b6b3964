"""The diagram of lesson 11: the true image feeds all, the two losses stand between real and fake.

Here the truth teaches as well as D, so it stands above the loss that compares with it.
"""

from gancourse.notebook import plots
from gancourse.notebook.diagram import Box, show_boxes

BOXES = {
    "pool": Box(2.0, 2.3, "training\nimages", plots.REAL),
    "x": Box(4.3, 2.3, "real\nx", plots.REAL),
    "given": Box(2.0, 1.15, "x with\nits hole", plots.REAL),
    "error": Box(4.3, 1.15, "squared\nerror"), "noise": Box(0.0, 0.0, "noise\nz"),
    "G": Box(2.0, 0.0, "filler\nG", plots.THIRD, True),
    "made": Box(4.3, 0.0, "completed\nimage", plots.FAKE),
    "D": Box(6.5, 1.15, "discrimi-\nnator D\n(+ hole)", filled=True),
    "verdict": Box(8.4, 1.15, "is it\nreal?")}
FEEDS = (("pool", "x"), ("x", "given"), ("given", "G"), ("noise", "G"), ("G", "made"),
         ("given", "made"),  # the known pixels
         ("x", "error"), ("made", "error"), ("x", "D"), ("made", "D"), ("D", "verdict"))
TEACHES = (("verdict", "D", 0.75), ("D", "made", -0.45), ("made", "G", -0.5),
           ("error", "made", -0.5))


def show(*, alt: str) -> None:
    """Display the diagram with its alt text."""
    show_boxes(BOXES, FEEDS, TEACHES, frame=(-0.6, 9.1, -0.55, 2.75), alt=alt, fontsize=13.5,
               words=((7.4, 2.3, "D learns"), (6.9, 0.0, "G learns")))
