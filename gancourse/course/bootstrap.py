"""See that a command finds the packages it needs; where it does not, build an environment, .venv.

    python -m gancourse run 03      asks for PyTorch and what every lesson uses, not for TensorFlow
    python -m gancourse.course.bootstrap   builds .venv with everything, or renews it

Standard library only: this runs before anything is installed.
"""

from __future__ import annotations  # an older Python must come as far as `check_python`

import errno
import hashlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gancourse.course.requirements import EXTRA_OF, OPTIONAL, PIP_NAME, needs

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
EXTRAS = "pt,tf,sweep,search,classroom,speech,dev"
UNFINISHED = "unfinished"  # stands in the stamp while an installation is under way


def ensure(command: str, lessons: list[str] | None = None) -> None:
    """Return if this Python has what a command needs, else go on in .venv (and do not return).

    `lessons` are those that it runs, by number, name or path; [] means all, None that it runs none.

    A Python that has PyTorch or TensorFlow is its owner's: what it lacks is named, with the pip
    command that brings it, unless the whole course is asked for.  In all other cases .venv is
    built, with the extras that the command needs.  A stamp in it holds the hash of pyproject.toml
    and these extras, so that the second time nothing is installed and no network is needed.  Under
    torchrun nothing is ever built.
    """
    modules = needs(command, lessons)
    missing = [name for name in modules if name not in OPTIONAL and not _importable(name)]
    whole = command in ("lab", "test", "bench") or lessons == []
    extras = {EXTRA_OF[name] for name in modules if name in EXTRA_OF}
    if whole:
        extras = set(EXTRAS.split(","))
    torchrun = "RANK" in os.environ and "WORLD_SIZE" in os.environ
    own = _importable("torch") or _importable("tensorflow")
    inside = _inside()
    ready = _ready(extras)
    begun = _stamp().exists()
    if inside:  # a .venv without a stamp was made by the reader; one with a stamp follows the pins
        here = ready or (not missing and (torchrun or not begun))
    else:
        here = not missing and (own or not ready)
    if not here and not ready:
        if torchrun or (own and not whole and not begun and not inside):
            _refuse(command, lessons, missing)
        _build(extras, missing)
    if not here and not inside:
        _rerun_in_venv()
    _show_package_to_children()


def check_python() -> None:
    """End with one sentence where this Python is of a version that the course does not run on."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        sys.exit(f"gancourse needs Python 3.11, 3.12 or 3.13; this is {sys.version.split()[0]}")


def _refuse(command: str, lessons: list[str] | None, missing: list[str]) -> None:
    """Say in one sentence what is missing and how to get it, and end with status 2."""
    if os.environ.get("LOCAL_RANK", "0") != "0":
        time.sleep(2)  # process 0 of this machine says it; torchrun then ends the others
        sys.exit(2)
    extras = sorted({EXTRA_OF[name] for name in missing if name in EXTRA_OF})
    fix = f'pip install -e "{ROOT}[{",".join(extras)}]"'
    if not extras or ("pt" in extras and "torch" not in missing):
        # by name: the extra pt would put another PyTorch in the place of the reader's own
        fix = "pip install " + " ".join(PIP_NAME.get(name, name) for name in missing)
    typed = " ".join(["gancourse", command, *(lessons or [])])
    print(f"{typed} needs {_listed(missing)}, which this Python ({sys.executable}) does not have: "
          f"{fix} (or python -m gancourse.course.bootstrap, which builds an environment of the "
          "course's own, .venv)", file=sys.stderr, flush=True)
    sys.exit(2)


def _listed(names: list[str]) -> str:
    """Names as a sentence has them: "a, b and c"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _importable(module: str) -> bool:
    """Whether this Python can import a module."""
    return importlib.util.find_spec(module) is not None


def _show_package_to_children() -> None:
    """Let kernels, workers and pages import this very package, also where it is not installed."""
    before = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([str(ROOT), *filter(None, before)]))


def _inside() -> bool:
    """Whether this Python is that of .venv."""
    return VENV.exists() and os.path.samefile(sys.prefix, VENV)


def _python() -> Path:
    """The Python of .venv."""
    if os.name == "nt":
        return VENV / "Scripts/python.exe"
    return VENV / "bin/python"


def _stamp() -> Path:
    """The file that says what .venv holds: the hash of the installed pins, and their extras."""
    return VENV / ".installed"


def _pins() -> str:
    """A hash of pyproject.toml, which pins every version."""
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()[:16]


def _ready(extras: set[str]) -> bool:
    """Whether .venv holds today's pins with at least these extras."""
    words = _stamp().read_text(encoding="utf-8").split() if _stamp().is_file() else [UNFINISHED]
    return words[:1] == [_pins()] and extras <= set(words[1:]) and _python().exists()


def _rerun_in_venv() -> None:
    """Do the same command in .venv: where the system can, this process becomes that one."""
    command = [str(_python()), "-m", "gancourse", *sys.argv[1:]]
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(subprocess.call(command))


def _build(extras: set[str], missing: list[str]) -> None:
    """Bring .venv to today's pins with at least these extras, one process at a time.

    The stamp says "unfinished" from before the first change until after the last: what is
    interrupted is done again.
    """
    with _setup_lock():
        if _ready(extras):
            return  # another process has just done it
        installed = []
        if _stamp().is_file():
            installed = _stamp().read_text(encoding="utf-8").split()[1:]
        chosen = [extra for extra in EXTRAS.split(",") if extra in extras | set(installed)]
        lacks = f" ({sys.executable} lacks {_listed(missing)})" if missing and not _inside() else ""
        size = 1 + sum({"pt": 1, "tf": 2}.get(extra, 0) for extra in chosen)
        print(f"Setting up {VENV}{lacks}: once, a few minutes and about {size} GB ...", flush=True)
        _make_python()
        for old in VENV.glob(".installed-*"):  # the stamps of an earlier version of this module
            old.unlink()
        _write_stamp(UNFINISHED, chosen)
        _install(chosen)
        _write_stamp(_pins(), chosen)


def _write_stamp(state: str, extras: list[str]) -> None:
    """Write the stamp: the hash of the installed pins, or "unfinished", and the extras."""
    temporary = _stamp().with_suffix(".tmp")
    temporary.write_text(" ".join([state, *extras]) + "\n", encoding="utf-8")
    os.replace(temporary, _stamp())


def _make_python() -> None:
    """See that .venv has a Python that starts and has pip; mend what an interrupted set-up left."""
    python = str(_python())
    pip_version = [python, "-m", "pip", "--version"]
    try:
        if not _runs(python, "-c", ""):
            venv.create(VENV, with_pip=True, clear=VENV.exists())
        if not _runs(*pip_version):
            _runs(python, "-m", "ensurepip", "--default-pip")
        if not _runs(*pip_version) and not _inside():
            venv.create(VENV, with_pip=True, clear=True)
    except (subprocess.CalledProcessError, OSError) as error:
        sys.exit(f"{VENV} could not be made ({error}): see that there is room and that you may "
                 "write there; on Debian and Ubuntu, apt install python3-venv")
    if not _runs(*pip_version):
        sys.exit(f"the Python in {VENV} has no pip that works: delete that folder and run the same "
                 "command again")


def _runs(*command: str) -> bool:
    """Whether a command starts and ends well; it says nothing."""
    try:
        return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def _install(extras: list[str]) -> None:
    """Install the package with its pinned dependencies and these extras into .venv."""
    package = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    command = [str(_python()), "-m", "pip", "install", "--disable-pip-version-check", "--quiet",
               "-e", package]
    if subprocess.call(command):
        sys.exit("The installation failed: see the message above.  It needs the network once; run "
                 "the same command again, and what has already arrived is not fetched twice.")


@contextmanager
def _setup_lock() -> Iterator[None]:
    """Hold the lock of the set-up; while another process holds it, say which one and wait.

    The system frees the lock when its process ends, however it ends: none can be left behind.
    """
    path = VENV.with_name(f"{VENV.name}.lock")
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        announced = False
        while not _locked(handle):
            if not announced:
                holder = path.read_text(encoding="utf-8") or "another process"
                print(f"{holder} is setting up {VENV}; waiting for it ...", flush=True)
            announced = True
            time.sleep(1)
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, f"Process {os.getpid()} on {socket.gethostname()}".encode())
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    """Take an open file's lock unless another process has it; True where a disk knows no locks."""
    try:
        if os.name == "nt":
            import msvcrt

            os.lseek(handle, 1 << 30, os.SEEK_SET)  # far behind the words, which others may read
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
