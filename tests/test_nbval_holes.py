"""Faults that nbval alone would pass: each is planted in a notebook, and must fail it."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]


def run_nbval(folder, source, tags=()):
    """Run one-cell notebook `source` under the project's conftest; return exit code and output."""
    shutil.copy(ROOT / "conftest.py", folder)
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / "planted.ipynb")
    options = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=120", "-p", "no:cacheprovider", "-q"]
    done = subprocess.run([sys.executable, "-m", "pytest", *options, "planted.ipynb"], cwd=folder, text=True,
                          capture_output=True, timeout=100)
    return done.returncode, done.stdout


def test_a_sound_cell_passes(tmp_path):
    assert run_nbval(tmp_path, "assert 1 + 1 == 2")[0] == 0


@pytest.mark.parametrize("source, tags, word", [
    ("%notamagic\nassert False", (), "status=error"),
    ("1 + 1", ("raises-exception",), "nothing was raised"),
    ("import os; os._exit(1)", (), "kernel died"),
    ("assert 1 + 1 == 3", (), "AssertionError"),
], ids=["unknown magic", "an expected exception that does not come", "dead kernel", "failed assertion"])
def test_a_planted_fault_fails(tmp_path, source, tags, word):
    code, output = run_nbval(tmp_path, source, tags)
    assert code == 1 and word in output, output


def test_an_expected_exception_passes(tmp_path):
    assert run_nbval(tmp_path, "1 / 0", ("raises-exception",))[0] == 0
