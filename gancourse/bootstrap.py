"""Make the course's own environment, .venv, where it is missing.  Standard library only."""

import hashlib
import importlib.util
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
EXTRAS = "pt,tf,sweep,speech,dev"


def ensure() -> None:
    """Return if this Python can run the course; else build .venv once and go on in it (this call does not return).

    The second time nothing is installed and no network is needed: a stamp holds the hash of pyproject.toml.
    """
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        sys.exit(f"gancourse needs Python 3.11, 3.12 or 3.13; this is {sys.version.split()[0]}")
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    if not inside and all(importlib.util.find_spec(name) for name in ("papermill", "torch", "tensorflow", "nbval")):
        return  # an environment of the reader's own, such as conda's
    stamp = VENV / f".installed-{hashlib.sha256((ROOT / 'pyproject.toml').read_bytes()).hexdigest()[:16]}"
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not stamp.exists():
        _install(python)
        stamp.touch()
    if not inside:
        sys.exit(subprocess.call([str(python), "-m", "gancourse", *sys.argv[1:]]))


def _install(python: Path) -> None:
    """Create .venv and install the pinned dependencies; about three minutes and 4 GB the first time."""
    print(f"Setting up {VENV} (once; a few minutes and about 4 GB) ...", flush=True)
    if not python.exists():
        venv.create(VENV, with_pip=True)
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "-e", f"{ROOT}[{EXTRAS}]"]
    if subprocess.call(command):
        sys.exit("The installation failed: see the message above.  It needs the network once; run the same command "
                 "again, and what has already arrived is not fetched twice.")
