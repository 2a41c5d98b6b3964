"""What a command needs: the modules that it and its lessons import.  Standard library only."""

from __future__ import annotations  # an older Python must come as far as `bootstrap.check_python`

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

EXTRA_OF = {  # the extra of pyproject.toml that brings a module; all others need none
    "torch": "pt", "torchmetrics": "pt", "tensorflow": "tf", "keras": "tf",
    "distributed": "sweep", "pandas": "sweep", "pyarrow": "sweep", "optuna": "search",
    "pocketsphinx": "speech", "nbgrader": "classroom", "pyreveal": "classroom",
    "nbval": "dev", "pytest": "dev", "yaml": "dev",
}
PIP_NAME = {  # where it is not the module's
    "PIL": "pillow", "skimage": "scikit-image", "sklearn": "scikit-learn", "yaml": "pyyaml",
}
LOAD = ("numpy", "PIL", "scipy", "sklearn", "pooch", "filelock", "joblib", "psutil")
LESSON = (*LOAD, "ipykernel", "ipywidgets", "latex2mathml", "matplotlib", "nbconvert",
          "papermill", "prdc", "safetensors", "skimage", "tqdm")
SWEEP = (*LESSON, "distributed", "pandas", "pyarrow")
CLASSROOM = (*SWEEP, "platformdirs", "nbgrader", "pyreveal")
NEEDS = {  # the modules that a command imports; those of the lessons that it runs come on top
    "list": ("numpy", "filelock"),
    "runs": ("numpy", "filelock", "jinja2", "matplotlib", "PIL"),
    "progress": ("numpy", "filelock", "platformdirs"),
    "class": CLASSROOM,
    "doctor": ("numpy", "joblib", "psutil"),
    "student": ("numpy", "filelock"),
    "data": LOAD,
    "train": (*LOAD, "matplotlib", "safetensors", "tqdm", "torch"),
    "run": LESSON,
    "render": LESSON,
    "sweep": SWEEP,
    "sweep --search": (*SWEEP, "optuna"),
    "lab": (*LESSON, "jupyterlab", "torch"),
    "bench": (*SWEEP, "torch", "tensorflow"),
    "test": (*CLASSROOM, "optuna", "torch", "torchmetrics", "tensorflow", "nbval", "pytest",
             "yaml"),
}
SIGNS = {  # a module, and the lines of a lesson's code that ask for it
    "torch": r"(import|from) torch\b|gancourse\.pt\b",
    "torchmetrics": r"gancourse\.pt.*\btorchmetrics_adapter\b",
    "tensorflow": r"(import|from) (tensorflow|keras)\b|gancourse\.tf\b",
    "pocketsphinx": r"from gancourse\.metrics import .*\bspeech_recogniser\b",
}
OPTIONAL = {"pocketsphinx"}  # installed with the others, but a lesson goes on without it


def command_and_lessons(arguments) -> tuple[str, list[str] | None]:
    """Return the command of a parsed command line and the lessons that it runs.

    [] means all lessons, None that it runs none.
    """
    command = arguments.command
    shows_help = command == "train" and not {"-h", "--help"}.isdisjoint(arguments.extra)
    if shows_help or getattr(arguments, "parameters", False):
        return "list", None
    if command == "sweep":
        config = _sweep_of(arguments.file)
        lesson = arguments.lesson or str(config.get("lesson", ""))
        if getattr(arguments, "search", None) or "search" in config:
            command = "sweep --search"
        return (command, [lesson]) if lesson else (command, None)
    judges = command == "class" and arguments.word in ("grade", "regrade")
    if judges or command in ("run", "render"):
        return command, arguments.lessons
    return command, None


def needs(command: str, lessons: list[str] | None = None) -> list[str]:
    """Return the modules that a command with these lessons imports, and those of OPTIONAL.

    Lessons are numbers, names or paths; [] means all.  Their code is searched as plain text.
    """
    paths = [_path(lesson) for lesson in lessons or []]
    if lessons == []:
        paths = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    texts = [_code(path) for path in paths]
    signs = [name for name, sign in SIGNS.items() if any(re.search(sign, text) for text in texts)]
    return list(dict.fromkeys([*NEEDS.get(command, NEEDS["list"]), *signs]))


def _sweep_of(file: Path | None) -> dict:
    """What a sweep's TOML file says; what is wrong there the command will say."""
    import tomllib

    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _path(lesson: str) -> Path:
    """Where a lesson by number, name or path should be."""
    folder = ROOT / "notebooks"
    if lesson.isdecimal():
        return next(folder.glob(f"{int(lesson):02d}_*.ipynb"), folder)
    if Path(lesson).is_file():
        return Path(lesson)
    return folder / f"{lesson.removesuffix('.ipynb')}.ipynb"


def _code(path: Path) -> str:
    """The code of a notebook; "" where there is none to read, which the command itself will say."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    except (OSError, ValueError, KeyError, TypeError):
        return ""
