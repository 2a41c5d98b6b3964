"""The layer rules: arrows only point down, and the core never imports a framework."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "gancourse"
FLOORS = [  # the plan of the house, low to high: a module imports from floors below, or from its own
    ["errors", "files", "system", "rng"],
    ["data"],
    ["metrics", "notebook", "training_loop", "checkpoints"],
    ["pt", "tf"],
    ["course", "__main__"],
]
ONLY_IN = {  # a package and the modules that may import it
    "torch": ("pt.", "course.train_command", "course.studies."),
    "tensorflow": ("tf.", "course.studies.tools."), "keras": ("tf.", "course.studies.tools."),
    "matplotlib": ("notebook.plots", "notebook.image_output", "notebook.diagram"),
    "prdc": ("metrics.distances",), "pocketsphinx": ("metrics.speech_recogniser",),
    "torchmetrics": ("pt.torchmetrics_adapter",), "torch_fidelity": ("pt.torchmetrics_adapter",),
    "nbgrader": ("course.classroom.grading.gradebook",), "sqlalchemy": ("course.classroom.grading.gradebook",),
    "pyreveal": ("course.classroom.material.slides",), "platformdirs": ("course.progress",),
    "papermill": ("course.notebook_execution",), "nbclient": ("course.notebook_execution",),
    "nbconvert": ("course.html_pages",),
    "jinja2": ("course.html_pages", "course.sweeps.report", "course.sweeps.search.report"),
    "jupyter_client": ("course.kernel_client",), "jupyter_core": ("course.kernel_client",),
    "distributed": ("course.sweeps.cluster",), "dask": ("course.sweeps.cluster",),
    "mlflow": ("course.runs.export",), "yaml": ("course.parameter_files",),
    "optuna": ("course.sweeps.search.study",), "pandas": ("course.sweeps.tables", "course.runs.export"),
    "joblib": ("system",), "filelock": ("files",), "psutil": ("system", "course.classroom.judging.limits"),
}
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


@cache
def modules():
    """Map each module's dotted name within the package to its syntax tree; packages' own files left out."""
    paths = [p for p in ROOT.rglob("*.py") if p.name != "__init__.py"]
    return {".".join(p.relative_to(ROOT).with_suffix("").parts): ast.parse(p.read_text()) for p in paths}


def imports(tree):
    """Yield the dotted name of everything a module imports, at any depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{a.name}" for a in node.names)


def wrong_imports(name, tree):
    """Return in words each import of a module that the plan forbids."""
    room, wrong = name.split(".")[0], []
    if room not in FLOOR:
        return [f"{name} stands on no floor: put {room} into FLOORS"]
    for imported in imports(tree):
        top, _, other = imported.partition(".")
        if top in ONLY_IN and not name.startswith(ONLY_IN[top]):
            wrong.append(f"{name} must not import {top}")
        other = other.split(".")[0]
        if top != "gancourse" or other not in FLOOR:
            continue
        if FLOOR[other] > FLOOR[room]:
            wrong.append(f"{name} must not import {other}, which stands above it")
        if {room, other} == {"pt", "tf"}:
            wrong.append(f"{name} must not import {other}: a track never imports the other")
    return wrong


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_point_down(name):
    assert wrong_imports(name, modules()[name]) == []


@pytest.mark.parametrize("name, line", [
    ("data.images", "from gancourse.pt import models"), ("training_loop", "from gancourse import course"),
    ("files", "import gancourse.data.registry"), ("tf.train", "from gancourse.pt.train import GAN"),
    ("metrics.distances", "def f():\n    import torch"), ("pt.train", "from gancourse.course.runner import run"),
    ("novelty", "import os"),
])
def test_a_planted_import_upwards_is_found(name, line):
    assert len(set(wrong_imports(name, ast.parse(line)))) == 1


def test_no_two_modules_import_each_other():
    """A circle in the imports would make two modules one, in two files."""
    below = {name: {other.removeprefix("gancourse.") for other in imports(tree)} & set(modules())
             for name, tree in modules().items()}
    while free := [name for name, needed in below.items() if not needed & set(below)]:
        for name in free:
            del below[name]
    assert not below, f"these import each other in a circle: {sorted(below)}"


def test_importing_the_package_imports_no_framework():
    """TensorFlow alone would cost seconds and half a gigabyte in every kernel."""
    code = ("import sys, gancourse.training_loop, gancourse.data, gancourse.metrics.feature_net,"
            "gancourse.course.lessons, gancourse.course.cli, gancourse.notebook.checks;"
            "print({'torch', 'tensorflow', 'keras', 'matplotlib', 'papermill', 'nbconvert',"
            "'distributed', 'pandas'} & set(sys.modules))")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"


def test_no_module_is_long():
    long = {p.name: n for p in ROOT.rglob("*.py") if (n := len(p.read_text().splitlines())) > 300}
    assert not long, f"over 300 lines, asking to be two: {long}"


def test_nothing_is_unpickled():
    """A pickle from elsewhere runs code; weights are safetensors, runs are JSON, arrays load without pickle."""
    for name, tree in modules().items():
        assert not {"pickle", "dill"} & {i.split(".")[0] for i in imports(tree)}, name
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "load":
                base = ast.unparse(node.func.value)
                assert base not in ("torch", "joblib"), f"{name} calls {base}.load"
                if base == "np":
                    assert "allow_pickle=False" in ast.unparse(node), f"{name}: np.load without allow_pickle=False"
