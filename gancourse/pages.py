"""Executed notebooks as single HTML pages that need no network: mathematics becomes MathML."""

import html
import json
import re

MATHS = re.compile(r"(?<![\\$])\$\$(.+?)\$\$|(?<![\\$\w])\$(?!\s)([^$\n]+?)(?<![\s\\])\$(?![\w$])", re.DOTALL)
WIDGETS = "application/vnd.jupyter.widget-view+json"
NAMED = re.compile(r"<mi>(log|exp|sin|cos|tanh?|det|dim)</mi>(?=(</msub>)?(<mo stretchy)?)")
SPELT = {"lVert": "‖", "rVert": "‖", "Vert": "‖", "arg": r"\operatorname{arg}"}  # what latex2mathml leaves as it stands
FONT = '<style>math{font-family:"Latin Modern Math","STIX Two Math","Cambria Math","DejaVu Math TeX Gyre",math}</style>'
CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)


def to_html(notebook: dict, title: str) -> str:
    """Return a notebook as one HTML page with its figures inside.

    nbconvert draws the page; its scripts for mathematics, diagrams and widgets, which would come from
    the network, are left out, and every formula is turned into MathML, which browsers draw themselves.
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


def index(title: str, rows: list[tuple[str, str, str]]) -> str:
    """Return a page that links to others: rows of (address, name, remark)."""
    items = "".join(f'<li><a href="{html.escape(address)}">{html.escape(name)}</a> {html.escape(remark)}</li>'
                    for address, name, remark in rows)
    style = "body{font:17px/1.7 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}"
    return (f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>{html.escape(title)}</title><style>{style}</style><h1>{html.escape(title)}</h1><ol>{items}</ol>")


def _mathml(match: re.Match) -> str:
    from latex2mathml.converter import convert

    shown = match[1] is not None
    # one line, so that Markdown does not see a new paragraph or a list within the formula
    tex = re.sub(rf"\\({'|'.join(SPELT)})\b", lambda m: SPELT[m[1]], (match[1] or match[2]).strip())
    maths = convert(tex, display="block" if shown else "inline").replace("\n", " ")
    # latex2mathml sets "log 2" like a product; as an operator it stands apart, but from a bracket that follows
    return NAMED.sub(lambda m: f'<mo lspace="0.17em" rspace="{0 if m[3] else "0.17em"}">{m[1]}</mo>', maths)
