"""Tiny lessons for the tests of what runs lessons: no framework, a few cells, a table of claims."""

import inspect
from pathlib import Path

import nbformat

PARAMETERS = 'n: int = 2  # a number [0, 9]\ndata: str = ""  # a file or folder'


def table(*claims: tuple[str, str, float]) -> str:
    """Return the code of a cell that ends a lesson as `claims.ClaimTable` does.

    A claim is its text, the code of what was measured, and a number that it must stay below.  A
    third of its kind is "exact", "own" or "shown" by the first word of its text, "exact" where that
    is none.
    """
    rows = ", ".join(f"row({text!r}, {code}, {high})" for text, code, high in claims)
    return inspect.cleandoc(f"""
        from IPython.display import display
        def row(text, measured, high):
            kind = text.split()[0] if text.split()[0] in ("own", "shown") else "exact"
            return {{"text": text, "kind": kind, "bound": f"< {{high:g}}", "low": None,
                    "high": high, "measured": measured, "judged": kind == "exact",
                    "held": measured < high}}
        claims = [{rows}]
        display({{"text/plain": "a table", "application/vnd.gancourse+json": {{
            "results": {{claim["text"]: claim["measured"] for claim in claims}},
            "claims": claims}}}}, raw=True)
    """)


def plant(
    path: Path,
    *cells: str,
    title: str = "T",
    parameters: str = PARAMETERS,
    presets: dict | None = None,
) -> str:
    """Write a lesson of these cells, after one with its parameters, and return its path."""
    made = [
        nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        *(nbformat.v4.new_code_cell(cell) for cell in cells),
    ]
    about = {
        "lesson": int(path.name[:2]),
        "title": title,
        "minutes": 1,
        "makes": "m",
        "presets": presets or {},
    }
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"gancourse": about}), path)
    return str(path)
