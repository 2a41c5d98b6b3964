"""environment.yml, for conda and Binder, names the same versions as pyproject.toml."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from gancourse.course.bootstrap import EXTRAS

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())


def pip_section():
    return next(d["pip"] for d in ENVIRONMENT["dependencies"] if isinstance(d, dict))


def test_the_pins_are_the_same():
    extras = [PROJECT["optional-dependencies"][name] for name in EXTRAS.split(",")]
    pins = PROJECT["dependencies"] + sum(extras, [])
    assert sorted(pip_section()) == sorted([*pins, "-e ."])
    assert all("==" in pin for pin in pins)


def test_its_python_is_one_we_support():
    (python,) = [d for d in ENVIRONMENT["dependencies"] if str(d).startswith("python=")]
    assert python.removeprefix("python=") in ("3.11", "3.12", "3.13") and PROJECT["requires-python"] == ">=3.11,<3.14"


@pytest.mark.skipif("GANCOURSE_RESOLVE" not in os.environ, reason="needs the network; GANCOURSE_RESOLVE=1 asks for it")
def test_pip_resolves_the_environment():
    pins = [pin for pin in pip_section() if pin != "-e ."]
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", *pins]
    assert subprocess.run(command, capture_output=True, text=True).returncode == 0


def test_security_floors():
    """Older torch and keras load files that run code or corrupt memory; older nbconvert runs a planted program."""
    pins = dict(pin.split("==") for pin in pip_section() if "==" in pin)
    version = lambda name: tuple(int(n) for n in pins[name].split("."))
    assert version("torch") >= (2, 10, 0) and version("keras") >= (3, 15, 1) and version("nbconvert") >= (7, 17, 0)


def test_the_checks_before_a_commit_use_the_pinned_ruff():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    (rev,) = [repo["rev"] for repo in hooks if repo["repo"].endswith("/ruff-pre-commit")]
    assert f"ruff=={rev.removeprefix('v')}" in PROJECT["optional-dependencies"]["dev"]


def test_every_supported_python_is_tested_on_three_systems():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())
    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    assert {name.split("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
