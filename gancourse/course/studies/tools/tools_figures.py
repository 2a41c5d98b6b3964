"""The pictures of the study of tools: listings side by side, times of a round, drawings."""

import ast
import html
import re
from base64 import b64encode
from collections.abc import Sequence

import numpy as np

from gancourse.course.studies import stored_table
from gancourse.course.studies.tools.tools import ARMS, HERE, LOOKS, MODULES, SAMPLES, source
from gancourse.notebook import image_output, plots

MARKS = {  # what a line does: its colour and what such lines hold
    "asks for gradients": ("#FFF0B3", r"tape|GradientTape|backward\(|zero_grad\("),
    "moves the weights": ("#CDEBDD", r"self\.opt_[GD]\.(apply|step)\("),
    "runs the loop": ("#E3D9F3", r"for real_batch|self\.fit\(|self\.play_round\("),
}
BLOCK = ("margin:0;padding:8px;overflow-x:auto;background:#F7F7F7;color:#222222;font-size:11px;"
         "line-height:1.4;border:1px solid #DDDDDD")
SHOWN = ("as written", "mended", "mended, Adam of lesson 02")


def show_side_by_side() -> None:
    """Display what the three listings play, next to each other where the page is wide enough."""
    from IPython.display import display

    texts = {tool: the_game(source(tool)) for tool in MODULES}
    plain = "\n\n".join(f"{tool}\n\n{text}" for tool, text in texts.items())
    folded = f"<details><summary>The three listings</summary>{side_by_side(texts)}</details>"
    display({"text/html": folded, "text/plain": plain}, raw=True)


def the_game(text: str) -> str:
    """Return a listing without its docstrings, up to its helpers, which draw and load weights."""
    lines = text[: text.index("    def draw(")].rstrip().split("\n")
    docstrings = {node.lineno - 1 for node in ast.walk(ast.parse(text))
                  if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    kept = [line for number, line in enumerate(lines) if number not in docstrings]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).replace(":\n\n", ":\n").strip()


def side_by_side(texts: dict[str, str]) -> str:
    """Return listings as HTML with a heading each; lines of the same purpose share a colour."""
    legend = " ".join(f'<mark style="background:{colour};color:#222222;padding:1px 5px">{name}'
                      "</mark>" for name, (colour, _) in MARKS.items())
    columns = "".join(
        f'<div style="min-width:0"><strong>{html.escape(tool)}</strong>'
        f'<pre style="{BLOCK}" tabindex="0">{_marked(text)}</pre></div>'
        for tool, text in texts.items())
    grid = "display:grid;gap:8px;grid-template-columns:repeat(auto-fit,minmax(min(100%,19em),1fr))"
    return f'<p>A line that {legend}</p><div style="{grid}">{columns}</div>'


def show_budget(rows: Sequence[dict], *, alt: str) -> None:
    """Show, in a fold, eight drawings of each way to play the listing, and its seeds' distances."""
    from IPython.display import display

    samples = np.load(HERE.with_name(SAMPLES), allow_pickle=False)
    fig, axes = plots.figure(len(SHOWN), 1, width=6.5, height=3.9)
    for name, ax in zip(SHOWN, axes, strict=True):
        far = stored_table.pick(rows, "distance", part="budget", arm=name, rounds=LOOKS[-1])
        distances = ", ".join(f"{distance:.0f}" for distance in far)
        plots.show_images(samples[name], columns=8, ax=ax, title=f"{name}: {distances}")
    picture = b64encode(image_output.png(fig)).decode()
    folded = (f'<details><summary>The drawings</summary><img style="max-width:100%;width:650px" '
              f'alt="{html.escape(alt)}" src="data:image/png;base64,{picture}"></details>')
    display({"text/html": folded, "text/plain": alt}, raw=True)


def in_markdown(rows: Sequence[dict]) -> str:
    """Return lines, times and their ratios as a table; of three series the least to the most."""
    base = stored_table.pick(rows, "processor_ms", part="speed", tool="TensorFlow")
    lines = ["| | lines of code | ms a round, one core | in parts of TensorFlow's |",
             "|:--|--:|--:|--:|"]
    for tool in MODULES:
        number = stored_table.pick(rows, "lines", part="lines", tool=tool)[0]
        times = stored_table.pick(rows, "processor_ms", part="speed", tool=tool)
        lines.append(f"| {tool} | {number:.0f} | {_range(times)} | {_range(times / base)} |")
    return "\n".join(lines)


def budget_table(rows: Sequence[dict]) -> str:
    """Return the distances of each way to play the listing, a seed after the other, as a table."""
    lines = ["| | " + " | ".join(f"{rounds:,} rounds" for rounds in LOOKS) + " |",
             "|:--|" + "--:|" * len(LOOKS)]
    for arm in ARMS:
        cells = []
        for rounds in LOOKS:
            far = stored_table.pick(rows, "distance", part="budget", arm=arm, rounds=rounds)
            cells.append(", ".join(f"{distance:.0f}" for distance in far))
        lines.append(f"| {arm} | {' | '.join(cells)} |")
    return "\n".join(lines)


def old_ways(rows: Sequence[dict]) -> str:
    """Return what today's Keras says to lines from books, as a table."""
    lines = ["| a line as books of 2019 have it | under today's Keras |", "|:--|:--|"]
    lines += [f"| `{row['arm']}` | {row['outcome']} |" for row in rows if row["part"] == "old_ways"]
    return "\n".join(lines)


def _range(numbers: np.ndarray) -> str:
    """The least and the greatest number, or one where they look the same."""
    ends = [f"{number:.1f}" for number in (numbers.min(), numbers.max())]
    return " to ".join(dict.fromkeys(ends))


def _marked(text: str) -> str:
    """A listing as HTML; a line that serves one of MARKS has its colour."""
    lines = []
    for line in text.rstrip("\n").split("\n"):
        colours = [colour for colour, pattern in MARKS.values() if re.search(pattern, line)]
        safe = html.escape(line)
        if colours:
            safe = f'<mark style="background:{colours[-1]};color:#222222">{safe}</mark>'
        lines.append(safe)
    return "\n".join(lines)
