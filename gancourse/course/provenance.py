"""Where the numbers of a run come from, for its record: command, folder, version, computer.

What decides the numbers (code, data, threads, processor, versions) is in the record's `identity`;
this is what helps to find the run again and to make it anew.  A record is made to be shown to
others, so it never names the computer or its user: a path in the home folder begins with "~".
"""

import os
import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from gancourse import __version__, system

ROOT = Path(__file__).resolve().parents[2]
MAKERS = ("run", "sweep", "train")


def of_process(began: datetime, exit_status: int, folder: Path | None = None) -> dict[str, Any]:
    """Return the provenance of a run that this process began then and that ends now.

    `exit_status` is 0 where the run is whole and 1 where it failed, as for the command that has
    run it alone.  `folder` is the one in which it ran, by default the present one.
    """
    return {
        "made_by": _maker(),
        "command": command(),
        "folder": without_home(os.path.abspath(folder or Path.cwd())),
        "started": in_utc(began),
        "ended": in_utc(datetime.now(UTC)),
        "exit_status": exit_status,
        "package": {"version": __version__, **checkout(ROOT)},
        "host": host(),
    }


def command() -> str:
    """Return the command line of this process, as the reader may type it again."""
    program = Path(sys.argv[0])
    words = [program.name]
    if program.name == "__main__.py":
        words = ["python", "-m", program.parent.name]
    return without_home(shlex.join([*words, *sys.argv[1:]]))


def without_home(text: str) -> str:
    """Return a text with "~" for the home folder at the beginning of each path."""
    home = str(Path.home())
    if len(home) <= 1:  # "/" in some containers: every path begins with it
        return text
    shortened = text.replace(home + os.sep, f"~{os.sep}")
    return "~" if shortened == home else shortened


def in_utc(moment: datetime) -> str:
    """Return a moment as records hold it, such as 2026-11-27T20:15:00+00:00."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


@cache
def checkout(folder: Path) -> dict[str, Any]:
    """Return the commit of a git checkout, and whether files that it tracks have changed since.

    {} where the folder is not the top of one: an installed package may lie within a repository of
    the reader's, whose commits say nothing about it.  Asked once in a process, which goes on with
    the code that it began with.
    """
    top = _git(folder, "rev-parse", "--show-toplevel")
    if not top or Path(top).resolve() != folder.resolve():
        return {}
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return {"commit": _git(folder, "rev-parse", "HEAD"), "dirty": bool(changed)}


@cache
def host() -> dict[str, Any]:
    """Return the kind of computer: its system, its cores and memory as far as we may use them."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "cores": system.available_cores(),
        "memory_gb": round(system.memory_gb(), 1),
    }


def _maker() -> str:
    """The command that makes a run; a worker of Dask is at work for a sweep."""
    words = [Path(sys.argv[0]).name, *sys.argv[1:]]
    if any("dask" in word for word in words[:2]):
        return "sweep"
    named = [word for word in words[1:] if word in MAKERS]
    return named[0] if named else "python"


def _git(folder: Path, *words: str) -> str:
    """What git prints about a folder, "" where there is no git or no checkout."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10,
            check=True, env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"})
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
