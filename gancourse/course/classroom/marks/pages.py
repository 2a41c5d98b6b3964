"""What the pages of a class share: their look, code in colours, bars, a little Markdown.

A page is one file that needs no network.  What students wrote is escaped, by Jinja2 or Pygments.
"""

import math
import re
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from gancourse.course import html_pages
from gancourse.course.classroom.marks.platform_csv import number
from gancourse.course.lessons import find
from gancourse.errors import CourseError

STYLE = """:root{color-scheme:light}
body{font:16px/1.55 system-ui,sans-serif;color:#222;background:#fff;max-width:60rem}
body{margin:2rem auto;padding:0 1.1rem}h1{font-size:1.65rem;line-height:1.25;margin:0 0 .3rem}
h2{font-size:1.25rem;margin:2.6rem 0 .5rem;border-top:1px solid #ddd;padding-top:1.2rem}
h3{font-size:1rem;margin:1.4rem 0 .3rem}p{margin:.5rem 0}.quiet{color:#5c5c5c}
.good{color:#0a6b3d}.bad{color:#a3260a}.card{border-left:5px solid #0072B2;background:#f2f7fb}
.card,.note{padding:.6rem 1.1rem;margin:1rem 0}.note{border-left:5px solid #E66100}
.note{background:#fdf4ec}.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.92rem}
table{font-variant-numeric:tabular-nums}th,td{padding:.3rem .8rem .3rem 0;text-align:left}
th,td{border-bottom:1px solid #e2e2e2;vertical-align:top}th{border-bottom:2px solid #888}
th.n,td.n{text-align:right;white-space:nowrap}.group{margin:1.6rem 0}
svg{max-width:100%;height:auto;display:block;margin:.8rem 0}
pre{background:#f6f6f6;padding:.7rem .9rem;overflow-x:auto;margin:.5rem 0;border-radius:3px}
pre,code{font:.85rem/1.5 ui-monospace,Consolas,"DejaVu Sans Mono",monospace}
pre .hll{background:#ffe8b3;display:block;width:max-content;min-width:100%}
blockquote{margin:.5rem 0;padding:.1rem 1rem;border-left:3px solid #ccc;white-space:pre-wrap}
summary{cursor:pointer}details>div{margin:.3rem 0 .3rem 1.1rem}ul.lines{list-style:none;padding:0}
ul.lines li{padding:.2rem 0 .2rem 1.7rem;text-indent:-1.7rem}ul.lines b{display:inline-block}
ul.lines b{width:1.7rem;text-indent:0}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:0 1rem}.pair>div{min-width:0}
.pair pre{white-space:pre-wrap;overflow-wrap:anywhere}.pair pre .hll{width:auto}
@media(max-width:45rem){.pair{grid-template-columns:1fr}body{margin-top:1rem}}
@media print{body{max-width:none}pre{white-space:pre-wrap}details{display:none}}
"""
HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title><style>{{ style|safe }}</style></head><body>
<h1>{{ title }}</h1>
{% macro bars(chart) %}
<svg viewBox="0 0 {{ chart.width }} {{ chart.height }}" width="{{ chart.width }}" role="img"
 aria-label="{{ chart.words }}" font-family="system-ui,sans-serif" font-size="13">
<title>{{ chart.words }}</title>
{% for bar in chart.bars %}
<rect x="{{ bar.x }}" y="{{ bar.y }}" width="{{ bar.width }}" height="{{ bar.height }}"
 fill="#0072B2"/>
{% if bar.count %}
<text x="{{ bar.middle }}" y="{{ bar.y - 5 }}" text-anchor="middle">{{ bar.count }}</text>
{% endif %}
<text x="{{ bar.middle }}" y="{{ chart.height - 24 }}" text-anchor="middle">{{ bar.label }}</text>
{% endfor %}
<line x1="0" x2="{{ chart.width }}" y1="{{ chart.floor }}" y2="{{ chart.floor }}" stroke="#888"/>
<text x="{{ chart.width / 2 }}" y="{{ chart.height - 5 }}" text-anchor="middle"
 fill="#5c5c5c">{{ chart.axis }}</text>
</svg>
{% endmacro %}
"""
PICTURE = {"tall": 110, "above": 22, "below": 42}  # heights in the bar charts, in pixels
TRACE = re.compile(r'Traceback|File "|^\s*\^+\s*$', re.MULTILINE)
LONGEST = 400  # characters of a reason
BAR, GAP = 46, 8  # widths
MARKDOWN = ((r"\*\*(.+?)\*\*", r"<b>\1</b>"), (r"(?<!\*)\*([^*\n]+)\*", r"<i>\1</i>"),
            (r"`([^`\n]+)`", r"<code>\1</code>"))


class Bar(NamedTuple):
    """A bar of a chart, in pixels, with its count above and its label below."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    count: int
    label: str


def render(template: str, title: str, **values: Any) -> bytes:
    """Return a page from a Jinja2 template, which stands below the title; values are escaped."""
    page = _compiled(HEAD + template + "</body></html>\n")
    return page.render(title=title, style=STYLE + _code_style(), **values).encode()


def highlighted(source: str, lines: set[int] = frozenset()) -> str:
    """Return Python code as HTML in colours; the lines of these numbers, from 1, are marked."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    formatter = HtmlFormatter(hl_lines=sorted(lines), cssclass="code", wrapcode=False)
    return highlight(source, PythonLexer(stripnl=False), formatter)


def chart(values: list[Decimal], top: Decimal, steps: int, axis: str) -> dict[str, Any]:
    """Return a bar chart of how many values are nearest to each of steps + 1 numbers from 0 to top.

    For the macro `bars`.  `axis` says in words what is counted.
    """
    counts = [0] * (steps + 1)
    for value in values:
        place = math.floor(value / top * steps + Decimal("0.5")) if top else 0
        counts[min(max(place, 0), steps)] += 1  # a bonus may lie above the top
    highest = max(counts) or 1
    floor = PICTURE["above"] + PICTURE["tall"]
    bars = []
    words = []
    for place, count in enumerate(counts):
        height = round(PICTURE["tall"] * count / highest, 1)
        x = GAP / 2 + place * (BAR + GAP)
        label = number((top * place / steps).quantize(Decimal("0.01")))
        bars.append(Bar(x, floor - height, BAR, height, x + BAR / 2, count, label))
        words.append(f"{label}: {count}")
    return {"width": len(counts) * (BAR + GAP), "height": floor + PICTURE["below"], "floor": floor,
            "bars": bars, "axis": axis, "words": f"Bar chart, {axis}. {', '.join(words)}."}


def fact(line: dict[str, Any]) -> str:
    """Return what a line of a check says: its fact, and for a failed one what is wrong."""
    hint = line["hint"].strip()
    reason = "" if line["passed"] else one_line(line["reason"])
    if reason.startswith(hint.rstrip(".")):
        return reason
    return f"{hint.rstrip('.')}: {reason}" if reason else hint


def one_line(reason: str | None) -> str:
    """Return a reason as one line without a traceback."""
    text = TRACE.split(reason or "", maxsplit=1)[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = ": ".join(line.rstrip(".:") if i < len(lines) - 1 else line
                     for i, line in enumerate(lines))
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."


def steps_of(top: Decimal) -> int:
    """Return into how many equal steps of whole points a total is cut, at most 12."""
    widths = [1, 2, 3, 4, 5, 10, 20, 25, 50, 100]
    whole = [width for width in widths if top % width == 0 and top / width <= 12]
    return int(top / whole[0]) if whole else 10


@cache
def title_of(lesson: str) -> str:
    """A lesson's number and title as a reader knows them."""
    try:
        about = find(lesson).about
    except CourseError:  # a class may hold a lesson of its own
        return lesson
    return f"Lesson {about['lesson']:02d}, {about['title']}"


def small_markdown(text: str) -> str:
    """Return the course's own Markdown as HTML: paragraphs, bold, italics, code, formulas.

    It is not escaped, so never give it what a student wrote.
    """
    parts = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        body = html_pages.with_mathml(paragraph)
        for pattern, replacement in MARKDOWN:
            body = re.sub(pattern, replacement, body)
        parts.append(f"<p>{body}</p>")
    return "\n".join(parts)


@cache
def _compiled(template: str):
    """A template, read once for the many pages that it makes."""
    return html_pages.template(template)


@cache
def _code_style() -> str:
    """The colours of code."""
    from pygments.formatters import HtmlFormatter

    style = HtmlFormatter(style="default").get_style_defs(".code")
    return "\n".join(line for line in style.splitlines() if line.startswith(".code .")
                     and ".hll" not in line)
