"""The layer rules: arrows only point down, and the core never imports a framework."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "gancourse"
LAYERS = [  # low to high; a module imports only from lower layers, or from earlier in its own
    ["errors", "cores", "rng", "machine", "identity", "locks", "needs", "bootstrap", "textures", "labels",
     "synth.digits", "synth.toys", "synth.painter", "synth.grammar", "synth.speech", "audio", "recogniser",
     "images", "texts", "photos", "arrays", "data", "checks", "metrics", "loop",
     "lessons", "checkpoints", "snapshots", "masks", "board", "ruler",
     "doctor", "plots", "pages", "training", "records", "resume", "estimate"],
    ["pt.losses", "tf.losses", "pt.models", "tf.models", "pt.augment"],
    ["pt.train", "tf.train", "pt.rounds", "tf.rounds", "pt.ruler", "pt.metrics", "pt.stacked", "pt.conditional",
     "pt.parallel", "pt.runs"],
    ["options", "kernels", "execution", "reruns", "batch", "sweeps.plan", "sweeps.cluster", "sweeps.tables",
     "sweeps.report", "sweeps.watch"],
    ["cli", "__main__"],
]
ONLY_IN = {  # a package and the modules that may import it
    "torch": ("pt.",), "tensorflow": ("tf.",), "keras": ("tf.",), "matplotlib": ("plots",),
    "torchmetrics": ("pt.metrics",), "torch_fidelity": ("pt.metrics",), "prdc": ("metrics",),
    "papermill": ("execution",), "nbclient": ("execution",), "nbconvert": ("pages",),
    "jupyter_client": ("kernels",), "jupyter_core": ("kernels",), "jinja2": ("pages",),
    "distributed": ("sweeps.cluster",), "dask": ("sweeps.cluster",),
    "pandas": ("sweeps.tables",), "pocketsphinx": ("recogniser",),
}


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


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_point_down(name):
    place = {module: (i, j) for i, layer in enumerate(LAYERS) for j, module in enumerate(layer)}
    assert name in place, f"{name} is in no layer: put it into LAYERS"
    for imported in imports(modules()[name]):
        other = imported.removeprefix("gancourse.")
        if imported.startswith("gancourse.") and other in place:
            assert place[other] < place[name], f"{name} must not import {other}"
        top = imported.split(".")[0]
        if top in ONLY_IN:
            assert name.startswith(ONLY_IN[top]), f"{name} must not import {top}"
        tracks = {"pt", "tf"} & {name.split(".")[0], other.split(".")[0] if imported.startswith("gancourse.") else ""}
        assert len(tracks) < 2, f"{name}: a track never imports the other"


def test_importing_the_package_imports_no_framework():
    """TensorFlow alone would cost seconds and half a gigabyte in every kernel."""
    code = ("import sys, gancourse, gancourse.loop, gancourse.data.registry, gancourse.course.lessons, gancourse.course.cli, gancourse.notebook.checks;"
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
        assert not {"pickle", "joblib", "dill"} & {i.split(".")[0] for i in imports(tree)}, name
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "load":
                base = ast.unparse(node.func.value)
                assert base != "torch", f"{name} calls torch.load"
                if base == "np":
                    assert "allow_pickle=False" in ast.unparse(node), f"{name}: np.load without allow_pickle=False"
