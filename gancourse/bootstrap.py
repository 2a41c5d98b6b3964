"""See that a command finds the packages it needs, and build the course's own environment, .venv, where it does not.

    python -m gancourse run 05      asks for PyTorch and what every lesson uses, not for TensorFlow
    python -m gancourse.bootstrap   builds .venv with everything, or renews it

Standard library only: this runs before anything is installed.
"""

from __future__ import annotations  # an older Python must come as far as `check_python`

import errno
import hashlib
import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
EXTRAS = "pt,tf,sweep,speech,dev"
UNFINISHED = "unfinished"  # stands in the stamp while an installation is under way

EXTRA_OF = {  # the extra of pyproject.toml that brings a module; all others come with the package itself
    "torch": "pt", "torchmetrics": "pt", "tensorflow": "tf", "keras": "tf",
    "distributed": "sweep", "pandas": "sweep", "pyarrow": "sweep", "pocketsphinx": "speech",
    "nbval": "dev", "pytest": "dev", "xdist": "dev", "yaml": "dev", "ruff": "dev",
}
PIP_NAME = {"PIL": "pillow", "skimage": "scikit-image", "sklearn": "scikit-learn", "xdist": "pytest-xdist",
            "yaml": "pyyaml"}  # where it is not the module's
LOAD = ("numpy", "PIL", "scipy", "sklearn", "pooch")
LESSON = (*LOAD, "filelock", "ipykernel", "ipywidgets", "latex2mathml", "matplotlib", "nbconvert", "papermill", "prdc",
          "safetensors", "skimage", "tqdm")
SWEEP = (*LESSON, "distributed", "pandas", "pyarrow")
NEEDS = {  # the modules that a command imports; those of the lessons that it runs come on top
    "list": ("numpy",),
    "doctor": ("numpy",),
    "student": ("numpy", "safetensors", "tqdm"),
    "data": LOAD,
    "train": (*LOAD, "filelock", "matplotlib", "safetensors", "tqdm", "torch"),
    "run": LESSON,
    "render": LESSON,
    "sweep": SWEEP,
    "lab": (*LESSON, "jupyterlab", "torch"),
    "bench": (*SWEEP, "torch", "tensorflow"),
    "test": (*SWEEP, "torch", "torchmetrics", "tensorflow", "nbval", "pytest", "yaml"),
}
SIGNS = {  # a module, and the lines of a lesson's code that ask for it
    "torch": r"(import|from) torch\b|gancourse\.pt\b",
    "torchmetrics": r"gancourse\.pt\.metrics\b|from gancourse\.pt import .*\bmetrics\b",
    "tensorflow": r"(import|from) (tensorflow|keras)\b|gancourse\.tf\b",
    "pocketsphinx": r"from gancourse import .*\brecogniser\b",
}
OPTIONAL = {"pocketsphinx"}  # installed with the others, but a lesson goes on without it


def ensure(command: str, lessons: list[str] | None = None) -> None:
    """Return if this Python has what a command needs, else go on in .venv (this call then does not return).

    `lessons` are those that it runs, by number, name or path; [] means all of them, None that it runs none.

    A Python that has PyTorch or TensorFlow is its owner's: what it lacks is named, with the pip command that brings
    it, unless the whole course is asked for.  In all other cases .venv is built, with the extras that the command
    needs.  A stamp in it holds the hash of pyproject.toml and these extras, so that the second time nothing is
    installed and no network is needed.  Under torchrun nothing is ever built.
    """
    modules = needs(command, lessons)
    missing = [name for name in modules if name not in OPTIONAL and not importlib.util.find_spec(name)]
    whole = command in ("lab", "test", "bench") or lessons == []
    extras = set(EXTRAS.split(",")) if whole else {EXTRA_OF[name] for name in modules if name in EXTRA_OF}
    torchrun = "RANK" in os.environ and "WORLD_SIZE" in os.environ
    own = any(importlib.util.find_spec(name) for name in ("torch", "tensorflow"))
    inside, ready, begun = _inside(), _ready(extras), _stamp().exists()
    # a .venv without a stamp was made by the reader; one with an old stamp must follow the pins
    here = not missing and (torchrun or not begun) if inside else not missing and (own or not ready)
    if here or (inside and ready):
        _show_package_to_children()
        return
    if not ready:
        if torchrun or (own and not whole and not begun and not inside):
            _refuse(command, lessons, missing)
        _build(extras, missing)
    if inside:
        _show_package_to_children()
    else:
        _go_on()


def check_python() -> None:
    """End with one sentence where this Python is of a version that the course does not run on."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        sys.exit(f"gancourse needs Python 3.11, 3.12 or 3.13; this is {sys.version.split()[0]}")


def asked(arguments) -> tuple[str, list[str] | None]:
    """Return the command of a parsed command line and the lessons that it runs, as `ensure` takes them."""
    command = arguments.command
    if command == "train" and {"-h", "--help"} & set(arguments.extra) or getattr(arguments, "parameters", False):
        return "list", None
    if command == "sweep":
        lesson = arguments.lesson or _lesson_of(arguments.file)
        return command, [lesson] if lesson else None
    return command, arguments.lessons if command in ("run", "render") else None


def needs(command: str, lessons: list[str] | None = None) -> list[str]:
    """Return the modules that a command with these lessons imports, those of OPTIONAL among them."""
    texts = [_code(path) for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))] if lessons == [] else [
        _code(_path(lesson)) for lesson in lessons or []]
    signs = [name for name, sign in SIGNS.items() if any(re.search(sign, text) for text in texts)]
    return list(dict.fromkeys([*NEEDS[command], *signs]))


def _lesson_of(file: Path | None) -> str:
    """The lesson that a sweep's TOML file names; what is wrong with the file the command itself will say."""
    import tomllib

    try:
        return str(tomllib.loads(file.read_text(encoding="utf-8")).get("lesson", "")) if file else ""
    except (OSError, ValueError):
        return ""


def _path(lesson: str) -> Path:
    """Where a lesson by number, name or path should be."""
    folder = ROOT / "notebooks"
    if lesson.isdecimal():
        return next(folder.glob(f"{int(lesson):02d}_*.ipynb"), folder)
    return Path(lesson) if Path(lesson).is_file() else folder / f"{lesson.removesuffix('.ipynb')}.ipynb"


def _code(path: Path) -> str:
    """The code of a notebook; "" where there is none to read, which the command itself will say."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _refuse(command: str, lessons: list[str] | None, missing: list[str]) -> None:
    """Say in one sentence what is missing and how to get it, and end with status 2."""
    if os.environ.get("LOCAL_RANK", "0") != "0":
        time.sleep(2)  # process 0 of this machine says it; torchrun then ends the others
        sys.exit(2)
    extras = sorted({EXTRA_OF[name] for name in missing if name in EXTRA_OF})
    fix = f'pip install -e "{ROOT}[{",".join(extras)}]"'
    if not extras or ("pt" in extras and "torch" not in missing):  # the extra would replace the reader's own PyTorch
        fix = "pip install " + " ".join(PIP_NAME.get(name, name) for name in missing)
    said = " ".join(["gancourse", command, *(lessons or [])])
    print(f"{said} needs {_listed(missing)}, which this Python ({sys.executable}) does not have: {fix}"
          " (or python -m gancourse.bootstrap, which builds an environment of the course's own, .venv)",
          file=sys.stderr, flush=True)
    sys.exit(2)


def _listed(names: list[str]) -> str:
    """a, b and c"""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _show_package_to_children() -> None:
    """Let kernels, workers and pages import this very package, also where it is not installed."""
    before = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([str(ROOT), *filter(None, before)]))


def _inside() -> bool:
    """Whether this Python is that of .venv."""
    return VENV.exists() and os.path.samefile(sys.prefix, VENV)


def _python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _stamp() -> Path:
    """One file: the hash of the pins that are installed, and their extras."""
    return VENV / ".installed"


def _pins() -> str:
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()[:16]


def _ready(extras: set[str]) -> bool:
    """Whether .venv holds today's pins with at least these extras."""
    words = _stamp().read_text(encoding="utf-8").split() if _stamp().is_file() else [UNFINISHED]
    return words[:1] == [_pins()] and extras <= set(words[1:]) and _python().exists()


def _go_on() -> None:
    """Do the same command in .venv; this process becomes that one where the system can, so that Ctrl-C has one ear."""
    command = [str(_python()), "-m", "gancourse", *sys.argv[1:]]
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(subprocess.call(command))


def _build(extras: set[str], missing: list[str]) -> None:
    """Bring .venv to today's pins with at least these extras, one process at a time.

    The stamp says "unfinished" from before the first change until after the last: what is interrupted is done again.
    """
    with _alone():
        if _ready(extras):
            return  # another process has just done it
        installed = _stamp().read_text(encoding="utf-8").split()[1:] if _stamp().is_file() else []
        chosen = [extra for extra in EXTRAS.split(",") if extra in extras | set(installed)]
        lacks = f" ({sys.executable} lacks {_listed(missing)})" if missing and not _inside() else ""
        size = 1 + ("pt" in chosen) + 2 * ("tf" in chosen)
        print(f"Setting up {VENV}{lacks}: once, a few minutes and about {size} GB ...", flush=True)
        _make_python()
        for old in VENV.glob(".installed-*"):  # the stamps of an earlier version of this module
            old.unlink()
        _write_stamp(UNFINISHED, chosen)
        _install(chosen)
        _write_stamp(_pins(), chosen)


def _write_stamp(state: str, extras: list[str]) -> None:
    temporary = _stamp().with_suffix(".tmp")
    temporary.write_text(" ".join([state, *extras]) + "\n", encoding="utf-8")
    os.replace(temporary, _stamp())


def _make_python() -> None:
    """See that .venv holds a Python that starts and has pip; what an interrupted set-up left is mended."""
    python = str(_python())
    has_pip = lambda: _runs(python, "-m", "pip", "--version")
    try:
        if not _runs(python, "-c", ""):
            venv.create(VENV, with_pip=True, clear=VENV.exists())
        if not has_pip():
            _runs(python, "-m", "ensurepip", "--default-pip")
        if not has_pip() and not _inside():
            venv.create(VENV, with_pip=True, clear=True)
    except (subprocess.CalledProcessError, OSError) as error:
        sys.exit(f"{VENV} could not be made ({error}): see that there is room and that you may write there; on Debian "
                 "and Ubuntu, apt install python3-venv")
    if not has_pip():
        sys.exit(f"the Python in {VENV} has no pip that works: delete that folder and run the same command again")


def _runs(*command: str) -> bool:
    """Whether a command starts and ends well; it says nothing."""
    try:
        return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def _install(extras: list[str]) -> None:
    """Install the package with its pinned dependencies and these extras into .venv."""
    package = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    command = [str(_python()), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "-e", package]
    if subprocess.call(command):
        sys.exit("The installation failed: see the message above.  It needs the network once; run the same command "
                 "again, and what has already arrived is not fetched twice.")


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock of the set-up; while another process holds it, say which one and wait.

    The system frees the lock when its process ends, however it ends: none can be left behind.
    """
    path = VENV.with_name(f"{VENV.name}.lock")
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        told = False
        while not _locked(handle):
            if not told:
                holder = path.read_text(encoding="utf-8") or "another process"
                print(f"{holder} is setting up {VENV}; waiting for it ...", flush=True)
            told = True
            time.sleep(1)
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, f"Process {os.getpid()} on {socket.gethostname()}".encode())
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    """Take the lock of an open file unless another process has it; True also on a disk that knows no locks."""
    try:
        if os.name == "nt":
            import msvcrt

            os.lseek(handle, 1 << 30, os.SEEK_SET)  # a byte far behind the words, which others can then read
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
    return True


if __name__ == "__main__":
    check_python()
    if not _ready(set(EXTRAS.split(","))):
        _build(set(EXTRAS.split(",")), [])
    print(f"{VENV} is ready.")
