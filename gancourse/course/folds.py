"""Code that readers pass over lies in a fold: a click opens it, in JupyterLab and on a page.

A cell's tag says so: `drawing` for code that draws a figure and teaches nothing, `claims` for what
notes the claims of a lesson, `check` for the check of an answer, which could give it away, `cut`
for what stays of sections that a teacher left out, `spoiler` for the code behind a quiz,
`imports` for a cell of nothing else.  A drawing cell may do more than draw: its own first comment
stands on its fold.
"""

import re

from gancourse.course.lessons import source, tags

FIRST_COMMENT = re.compile(r"# (.)(.*)")

FOLDED = {"check": "The check", "claims": "The code that notes the claims",
          "drawing": "The code that draws", "cut": "What stays of sections that are left out",
          "spoiler": "Code that would give the quiz away", "imports": "The imports"}


def words(cell: dict) -> str:
    """Return what stands on the fold of a code cell that readers pass over, "" for others."""
    known = [tag for tag in sorted(tags(cell)) if tag in FOLDED]
    if not known or cell["cell_type"] != "code":
        return ""
    own = FIRST_COMMENT.match(source(cell))
    return f"Code: {own[1].lower()}{own[2]}" if known[0] == "drawing" and own else FOLDED[known[0]]


def set_in(notebook: dict) -> None:
    """Let JupyterLab collapse the code that readers pass over, in place."""
    for cell in notebook["cells"]:
        cell["metadata"].pop("jupyter", None)
        if words(cell):
            cell["metadata"]["jupyter"] = {"source_hidden": True}
