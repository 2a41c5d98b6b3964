"""Faults that nbval alone would pass: each is planted in a notebook, and must fail it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from nbclient import NotebookClient

from gancourse import checks

ROOT = Path(__file__).parents[1]
MISSED = ("from gancourse import checks\ntable = checks.ClaimTable(own=True)\n"
          "table.claim('two is odd', 2, near=1)\ntable.show()")

PLANTED = {  # one-cell notebooks: source, tags, and what nbval must say of it; nothing, if it passes
    "a sound cell": ("assert 1 + 1 == 2", (), None),
    "an expected exception": ("1 / 0", ("raises-exception",), None),
    "unknown magic": ("%notamagic\nassert False", (), "status=error"),
    "an expected exception that does not come": ("1 + 1", ("raises-exception",), "nothing was raised"),
    "dead kernel": ("import os; os._exit(1)", (), "kernel died"),
    "failed assertion": ("assert 1 + 1 == 3", (), "AssertionError"),
    "missed claim": (MISSED, (), "0 of 1 claim holds. Missed: two is odd"),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What nbval says of each planted notebook, under the project's conftest: the text of its failure, or None."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copy(ROOT / "conftest.py", folder)
    for name, (cell, tags, _) in PLANTED.items():
        cells = [nbformat.v4.new_code_cell(cell, metadata={"tags": list(tags)})]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")
    options = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=120", "-p", "no:cacheprovider", "-q"]
    done = subprocess.run([sys.executable, "-m", "pytest", *options, "--junitxml=said.xml"], cwd=folder, text=True,
                          capture_output=True, timeout=200)
    assert done.returncode == 1, done.stdout
    return {case.get("classname").removesuffix(".ipynb"): "".join(part.text for part in case) or None
            for case in ElementTree.parse(folder / "said.xml").iter("testcase")}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_fails_and_no_other_cell_does(said, name):
    word = PLANTED[name][2]
    assert (said[name] is None) if word is None else word in said[name]


def test_outside_nbval_a_notebook_goes_on_after_a_missed_claim(monkeypatch):
    monkeypatch.delenv(checks.STRICT, raising=False)
    cells = [nbformat.v4.new_code_cell(text) for text in (MISSED, "print('the end is reached')")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    done = NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    table, end = (cell["outputs"][0] for cell in done["cells"])
    assert table["data"][checks.MIME]["claims"][0]["held"] is False
    assert "✗ missed  two is odd: 2 (= 1)" in table["data"]["text/plain"]
    assert end["text"] == "the end is reached\n"


def test_only_cells_of_nbval_are_strict():
    """A unit test that starts a kernel, such as one of `gancourse run`, sees what a reader sees."""
    assert os.environ.get(checks.STRICT) != "1"
