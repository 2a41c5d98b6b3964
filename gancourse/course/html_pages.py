"""Executed notebooks as single HTML pages that need no network: mathematics becomes MathML."""

import html
import json
import re

from gancourse.course import folds
from gancourse.course.lessons import SOLUTION, tags

MATHS = re.compile(
    r"(?<![\\$])\$\$(.+?)\$\$"  # $$displayed$$
    r"|(?<![\\$\w])\$(?!\s)([^$\n]+?)(?<![\s\\])\$(?![\w$])",  # $inline$; "$5 and $6" is money
    re.DOTALL)
CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)
WIDGETS = "application/vnd.jupyter.widget-view+json"
NAMED = re.compile(r"<mi>(log|exp|sin|cos|tanh?|det|dim)</mi>(?=(</msub>)?(<mo stretchy)?)")
# what latex2mathml leaves as it stands
SPELT = {"lVert": "‖", "rVert": "‖", "Vert": "‖", "arg": r"\operatorname{arg}"}
# environments that latex2mathml does not know, and its own that draw the same
ENVIRONMENTS = {"aligned": "split", "gathered": "matrix"}
ENVIRONMENT = re.compile(rf"(\\(?:begin|end))\{{({'|'.join(ENVIRONMENTS)})\}}")
# over a long expression its bar would not grow
SHORT_BAR, LONG_BAR = '<mo accent="true">&#x02015;</mo>', '<mo stretchy="true">&#x000AF;</mo>'
FOLD = """<details><summary>{words}</summary>

```python
{code}
```

</details>"""
PARAMETERS = "The parameters of this lesson, which a run can change"
LEFT_OUT = "...  # your turn: this page leaves the answer out"
PAGE_STYLE = """<style>
math{font-family:"Latin Modern Math","STIX Two Math","Cambria Math","DejaVu Math TeX Gyre",math}
.jp-RenderedMarkdown pre,.jp-RenderedMarkdown pre code,.jp-OutputArea-output pre{
white-space:pre!important;overflow-x:auto}
.jp-RenderedMarkdown p:has(math[display=block]),.jp-RenderedHTMLCommon table{
max-width:100%;overflow-x:auto}.jp-RenderedHTMLCommon table{display:block}
.jp-OutputArea-output pre.prose{white-space:pre-wrap!important;word-break:normal}
.jp-RenderedHTMLCommon :not(pre)>code{overflow-wrap:anywhere}
.jp-RenderedHTMLCommon details{margin-bottom:1em}
@media (max-width:600px){
.highlight pre,.jp-RenderedMarkdown pre code{white-space:pre-wrap!important;
overflow-wrap:anywhere;font-size:11px}
.jp-OutputArea-output pre{font-size:9px}.jp-OutputArea-output pre.prose{font-size:12px}
.jp-RenderedHTMLCommon table{font-size:11px}
.jp-RenderedHTMLCommon :is(td,th){padding:.2em .3em}td>audio{width:56vw;height:2.4em}}
</style>"""
PRINTED = re.compile(r'(<div class="jp-RenderedText[^>]*>\s*)<pre>(.*?)</pre>', re.DOTALL)
COLUMNS = re.compile(r"\S {2,}\S")
STYLE = """body{font:16px/1.6 system-ui,sans-serif;color:#222;max-width:62rem}
body{margin:3rem auto;padding:0 1.2rem}h2{font-size:1.15rem;margin:2rem 0 .4rem}.quiet{color:#666}
table{border-collapse:collapse;width:100%}td.number{text-align:right}
td{padding:.25rem 1rem .25rem 0;vertical-align:top;border-bottom:1px solid #ddd}
.failed{color:#a00}pre{white-space:pre-wrap}"""
HEAD = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ title }}</title><style>{{ style }}</style><h1>{{ title }}</h1>
"""
SLIDES = """{%- extends "index.html.j2" -%}
{%- block header -%}<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ resources.metadata.name | escape_html }}</title>
{% for css in resources.inlining.css %}<style>{{ css }}</style>{% endfor %}
{{ resources.head }}</head>{%- endblock header -%}
{%- block footer_js -%}{{ resources.foot }}{%- endblock footer_js -%}
"""
MESSAGE = HEAD + "<pre>{{ text }}</pre></html>\n"


def to_html(notebook: dict, title: str) -> str:
    """Return a notebook as one HTML page with its figures inside.

    nbconvert draws the page; its scripts for mathematics, diagrams and widgets, which would come
    from the network, are left out, and every formula is turned into MathML, which browsers draw
    themselves.  Solutions of exercises are left out, and code to pass over is folded.
    """
    from nbconvert import HTMLExporter

    page = _offline(notebook)
    page["cells"] = [part for cell in page["cells"] for part in _parts(cell)]
    exporter = HTMLExporter(exclude_input_prompt=True, exclude_output_prompt=True)
    body, _ = exporter.from_notebook_node(page, resources={"metadata": {"name": title}})
    body = PRINTED.sub(_wrapped, body)
    # with another font sums and brackets stay small; on a phone drawings in text must not break
    body = body.replace("</head>", f"{PAGE_STYLE}</head>", 1)
    body = re.sub(r"<script[^>]*\ssrc=[^>]*>\s*</script>", "", body)
    # the script for mermaid diagrams
    return re.sub(r'<script type="module">.*?</script>', "", body, flags=re.DOTALL)


def to_slides(notebook: dict, title: str, head: str, foot: str) -> str:
    """Return a notebook whose cells carry slide types as one HTML page of slides.

    nbconvert lays them out for reveal.js, with formulas as MathML and without the code of cells.
    What its template would fetch from the network is left out: `head` and `foot` are the HTML, at
    the ends of the page's head and body, that brings styles and scripts instead.
    """
    from nbconvert import SlidesExporter

    exporter = SlidesExporter(raw_template=SLIDES, exclude_input=True, exclude_output_prompt=True)
    resources = {"metadata": {"name": title}, "head": head, "foot": foot}
    return exporter.from_notebook_node(_offline(notebook), resources=resources)[0]


def without_bars(outputs: list[dict]) -> list[dict]:
    """Return a cell's outputs less its progress bars and widgets, which mean nothing afterwards."""
    kept = []
    for output in outputs:
        is_widget = WIDGETS in output.get("data", {})
        is_bar = output.get("name") == "stderr" and "%|" in "".join(output["text"])
        if not is_widget and not is_bar:
            kept.append(output)
    return kept


def with_mathml(markdown: str) -> str:
    """Return Markdown whose $formulas$ and $$displayed formulas$$ are MathML; code is left alone.

    Like JupyterLab, this takes formulas out before Markdown is read: nbconvert's own hooks for them
    come after it, when a formula with a bar, such as $|x|$, has already broken its table.
    """
    parts = CODE.split(markdown)  # text and code in turn
    for i in range(0, len(parts), 2):
        # a dollar that is left over is money: nbconvert must not look for a formula after it
        parts[i] = MATHS.sub(_mathml, parts[i]).replace("$", "&#36;")
    return "".join(parts)


def message(title: str, text: str) -> str:
    """Return a page that says a text and nothing else."""
    return template(MESSAGE).render(title=title, text=text, style=STYLE)


def _offline(notebook: dict):
    """A notebook for nbconvert, with MathML for formulas, without solutions, bars and widgets."""
    import nbformat

    page = nbformat.reads(json.dumps(notebook), as_version=4)
    for cell in page["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = with_mathml(cell["source"])
        if cell["cell_type"] == "code":
            cell["outputs"] = without_bars(cell["outputs"])
            for output in cell["outputs"]:
                _describe_image(output)
            cell["source"] = SOLUTION.sub(rf"\1{LEFT_OUT}", cell["source"])
    page["metadata"].pop("widgets", None)
    return page


def _parts(cell) -> list:
    """A cell as the page shows it: code to pass over becomes a fold, and a cell of its outputs."""
    import nbformat

    words = PARAMETERS if "parameters" in tags(cell) else folds.words(cell)
    if not words:
        return [cell]
    text = FOLD.format(words=words, code=cell["source"])
    # names of their own, so that the same notebook makes the same page
    fold = nbformat.v4.new_markdown_cell(text, id=f"{cell.get('id', '')[:50]}-fold")
    outputs = nbformat.v4.new_code_cell(outputs=cell["outputs"], id=cell.get("id", "outputs"))
    outputs["metadata"]["transient"] = {"remove_source": True}
    return [fold, outputs] if cell["outputs"] else [fold]


def template(text: str):
    """Return a Jinja2 template that escapes whatever is put into it."""
    import jinja2

    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(text)


def _describe_image(output: dict) -> None:
    """Give an output that is an image the HTML that shows it with its alt text, in place.

    nbconvert leaves the alt text out, and does not show WebP at all.
    """
    data = output.get("data", {})
    for mime in ("image/png", "image/jpeg", "image/webp"):
        about = output.get("metadata", {}).get(mime, {})
        if mime in data and "alt" in about and "text/html" not in data:
            width = f' width="{about["width"]}"' if "width" in about else ""
            image = data[mime].replace("\n", "")
            data["text/html"] = (f'<img alt="{html.escape(about["alt"])}"{width} '
                                 f'style="max-width:100%" src="data:{mime};base64,{image}">')


def _wrapped(printed: re.Match) -> str:
    """What a cell printed; sentences may be broken into lines on a phone, columns may not."""
    kind = "" if COLUMNS.search(printed[2]) else ' class="prose"'
    return f"{printed[1]}<pre{kind}>{printed[2]}</pre>"


def _mathml(match: re.Match) -> str:
    """The MathML of a formula that MATHS has matched, as one line.

    In several lines Markdown could see a new paragraph or a list within the formula.
    """
    from latex2mathml.converter import convert

    display = "inline" if match[1] is None else "block"
    tex = (match[1] or match[2]).strip()
    tex = ENVIRONMENT.sub(lambda match: f"{match[1]}{{{ENVIRONMENTS[match[2]]}}}", tex)
    tex = re.sub(r"\\\\\[[^\]]*\]", r"\\\\", tex)  # the space between two lines
    tex = re.sub(rf"\\({'|'.join(SPELT)})\b", lambda command: SPELT[command[1]], tex)
    maths = convert(tex, display=display).replace("\n", " ").replace(SHORT_BAR, LONG_BAR)
    return NAMED.sub(_spaced, maths.replace("<mtable>", '<mtable displaystyle="true">'))


def _spaced(name: re.Match) -> str:
    """A function's name as an operator: it stands apart from "2" in "log 2", not from a bracket.

    latex2mathml alone sets it like a factor.
    """
    after = "0" if name[3] else "0.17em"
    return f'<mo lspace="0.17em" rspace="{after}">{name[1]}</mo>'
