"""Faults that nbval alone would pass: each is planted in a notebook, and must fail it."""

import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest

ROOT = Path(__file__).parents[1]


PLANTED = {  # one-cell notebooks: source, tags, and what nbval must say of it; nothing, if it passes
    "a sound cell": ("assert 1 + 1 == 2", (), None),
    "an expected exception": ("1 / 0", ("raises-exception",), None),
    "unknown magic": ("%notamagic\nassert False", (), "status=error"),
    "an expected exception that does not come": ("1 + 1", ("raises-exception",), "nothing was raised"),
    "dead kernel": ("import os; os._exit(1)", (), "kernel died"),
    "failed assertion": ("assert 1 + 1 == 3", (), "AssertionError"),
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
