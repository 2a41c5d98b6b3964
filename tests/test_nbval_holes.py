"""Faults that nbval alone would pass: each is planted in a notebook, and must fail its cell."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from nbclient import NotebookClient

from gancourse.notebook import checks, claims

ROOT = Path(__file__).parents[1]
MISSED = ("from gancourse.notebook import claims\ntable = claims.ClaimTable(own=True)\n"
          "table.claim('two is odd', 2, near=1)\ntable.show()")
PLANTED = {  # what is planted: its notebook, source, tags, and what nbval must say of it; nothing, if it passes
    "a first cell": ("many", "one = 1", (), None),
    "a sound cell": ("many", "assert one + 1 == 2", (), None),
    "an expected exception": ("many", "1 / 0", ("raises-exception",), None),
    "unknown magic": ("many", "%notamagic\nassert False", (), "status=error"),
    "an expected exception that does not come": ("many", "1 + 1", ("raises-exception",), "nothing was raised"),
    "failed assertion": ("many", "assert 1 + 1 == 3", (), "AssertionError"),
    "missed claim": ("many", MISSED, (), "0 of 1 claim holds. Missed: two is odd"),
    "a sound cell after all that": ("many", "assert one == 1", (), None),
    "another first cell": ("dead", "'one' in globals()", (), None),
    "dead kernel": ("dead", "import os; os._exit(1)", (), "kernel died"),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What nbval says of each planted cell under the project's conftest, "" where it passes; two workers share them."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copy(ROOT / "conftest.py", folder)
    for notebook in ("many", "dead"):
        cells = [nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})
                 for name, source, tags, _ in PLANTED.values() if name == notebook]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{notebook}.ipynb")
    options = ["-p", "gancourse.course.kernel_client", "--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=500",
               "-p", "no:cacheprovider", "-n", "2", "--junitxml=said.xml"]
    done = subprocess.run([sys.executable, "-m", "pytest", *options], cwd=folder, text=True, capture_output=True,
                          timeout=400)
    assert done.returncode == 1, done.stdout + done.stderr
    cases = {(case.get("classname"), case.get("name")): "".join(part.text for part in case)
             for case in ElementTree.parse(folder / "said.xml").iter("testcase")}
    assert len(cases) == len(PLANTED)
    numbers = {"many": 0, "dead": 0}
    found = {}
    for what, (notebook, *_) in PLANTED.items():
        found[what] = cases[f"{notebook}.ipynb", f"Cell {numbers[notebook]}"]
        numbers[notebook] += 1
    return found


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_fault_fails_and_no_other_cell_does(said, what):
    word = PLANTED[what][3]
    assert (said[what] == "") if word is None else word in said[what]


def test_outside_nbval_a_notebook_goes_on_after_a_missed_claim(monkeypatch):
    monkeypatch.delenv(checks.STRICT, raising=False)
    cells = [nbformat.v4.new_code_cell(text) for text in (MISSED, "print('the end is reached')")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    done = NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    table, end = (cell["outputs"][0] for cell in done["cells"])
    assert table["data"][claims.MIME]["claims"][0]["held"] is False
    assert "✗ missed  two is odd: 2 (= 1)" in table["data"]["text/plain"]
    assert end["text"] == "the end is reached\n"


def test_only_cells_of_nbval_are_strict():
    """A unit test that starts a kernel, such as one of `gancourse run`, sees what a reader sees."""
    assert os.environ.get(checks.STRICT) != "1"
