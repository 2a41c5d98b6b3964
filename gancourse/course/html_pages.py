"""Executed notebooks as single HTML pages that need no network: mathematics becomes MathML."""

import html
import json
import re

MATHS = re.compile(r"(?<![\\$])\$\$(.+?)\$\$|(?<![\\$\w])\$(?!\s)([^$\n]+?)(?<![\s\\])\$(?![\w$])", re.DOTALL)
WIDGETS = "application/vnd.jupyter.widget-view+json"
NAMED = re.compile(r"<mi>(log|exp|sin|cos|tanh?|det|dim)</mi>(?=(</msub>)?(<mo stretchy)?)")
SPELT = {"lVert": "‖", "rVert": "‖", "Vert": "‖", "arg": r"\operatorname{arg}"}  # what latex2mathml leaves as it stands
FONT = '<style>math{font-family:"Latin Modern Math","STIX Two Math","Cambria Math","DejaVu Math TeX Gyre",math}</style>'
STYLE = """body{font:16px/1.6 system-ui,sans-serif;color:#222;max-width:62rem}
body{margin:3rem auto;padding:0 1.2rem}h2{font-size:1.15rem;margin:2rem 0 .4rem}.quiet{color:#666}
table{border-collapse:collapse;width:100%}td.number{text-align:right}
td{padding:.25rem 1rem .25rem 0;vertical-align:top;border-bottom:1px solid #ddd}
.failed{color:#a00}pre{white-space:pre-wrap}"""
HEAD = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ title }}</title><style>{{ style }}</style><h1>{{ title }}</h1>
"""
INDEX = HEAD + """
<p class="quiet">Every run that is kept in this folder. A missed claim is a result; the run is whole.</p>
{% for lesson, runs in rows|groupby("lesson") %}
<h2>{{ lesson[:2] if lesson[:2].isdigit() }} {{ runs[0].title }}</h2>
<table>
{% for row in runs %}
<tr><td><a href="{{ row.address }}">{{ row.settings }}</a></td>
<td{% if row.failed %} class="failed"{% endif %}>{{ row.verdict }}{% for line in row.details %}<br>
<span class="quiet">{{ line }}</span>{% endfor %}</td>
<td class="number">{{ "%.0f s"|format(row.seconds) if row.seconds == row.seconds }}</td>
<td class="quiet">{{ row.date[:16]|replace("T", " ") }}</td></tr>
{% endfor %}
</table>
{% endfor %}
{% if sweeps %}
<h2>Sweeps</h2>
<ul>
{% for address, name in sweeps %}
<li><a href="{{ address }}">{{ name }}</a></li>
{% endfor %}
</ul>
{% endif %}
</html>
"""
MESSAGE = HEAD + "<pre>{{ text }}</pre></html>\n"
CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)


def to_html(notebook: dict, title: str) -> str:
    """Return a notebook as one HTML page with its figures inside.

    nbconvert draws the page; its scripts for mathematics, diagrams and widgets, which would come
    from the network, are left out, and every formula is turned into MathML, which browsers draw
    themselves.
    """
    import nbformat
    from nbconvert import HTMLExporter

    page = nbformat.reads(json.dumps(notebook), as_version=4)
    for cell in page["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = with_mathml(cell["source"])
        if cell["cell_type"] == "code":
            cell["outputs"] = without_bars(cell["outputs"])
            for output in cell["outputs"]:
                if gif := output.get("data", {}).get("image/gif"):  # nbconvert shows no animations by itself
                    alt = html.escape(output["metadata"].get("image/gif", {}).get("alt", ""))
                    output["data"]["text/html"] = f'<img alt="{alt}" src="data:image/gif;base64,{gif}">'
    page["metadata"].pop("widgets", None)
    exporter = HTMLExporter(exclude_input_prompt=True, exclude_output_prompt=True)
    body, _ = exporter.from_notebook_node(page, resources={"metadata": {"name": title}})
    body = body.replace("</head>", f"{FONT}</head>", 1)  # with another font sums and brackets stay small
    body = re.sub(r"<script[^>]*\ssrc=[^>]*>\s*</script>", "", body)
    return re.sub(r'<script type="module">.*?</script>', "", body, flags=re.DOTALL)  # mermaid diagrams


def without_bars(outputs: list[dict]) -> list[dict]:
    """Return a cell's outputs less its progress bars and widgets, which mean nothing once the run is over."""
    return [output for output in outputs if WIDGETS not in output.get("data", {})
            and not (output.get("name") == "stderr" and "%|" in "".join(output["text"]))]


def with_mathml(markdown: str) -> str:
    """Return Markdown whose $formulas$ and $$displayed formulas$$ are MathML; code is left alone."""
    parts = CODE.split(markdown)
    # a dollar that is left over is money: nbconvert must not look for a formula after it
    return "".join(part if i % 2 else MATHS.sub(_mathml, part).replace("$", "&#36;") for i, part in enumerate(parts))


def index(title: str, rows: list[dict], sweeps: list[tuple[str, str]] = ()) -> str:
    """Return a page that lists runs and leads to their pages.

    A row is a dict with lesson, title, settings, address, verdict, details, seconds, date and
    failed, as `records.rows` returns it.  `sweeps` are pairs of address and name.
    """
    return _template(INDEX).render(title=title, rows=rows, sweeps=sweeps, style=STYLE)


def message(title: str, text: str) -> str:
    """Return a page that says a text and nothing else."""
    return _template(MESSAGE).render(title=title, text=text, style=STYLE)


def _template(text: str):
    """A Jinja2 template that escapes whatever is put into it."""
    import jinja2

    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(text)


def _mathml(match: re.Match) -> str:
    from latex2mathml.converter import convert

    shown = match[1] is not None
    # one line, so that Markdown does not see a new paragraph or a list within the formula
    tex = re.sub(rf"\\({'|'.join(SPELT)})\b", lambda m: SPELT[m[1]], (match[1] or match[2]).strip())
    maths = convert(tex, display="block" if shown else "inline").replace("\n", " ")
    # latex2mathml sets "log 2" like a product; as an operator it stands apart, but from a bracket that follows
    return NAMED.sub(lambda m: f'<mo lspace="0.17em" rspace="{0 if m[3] else "0.17em"}">{m[1]}</mo>', maths)
