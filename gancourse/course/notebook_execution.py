"""A notebook executed from its first cell to its last, or to the one that raises.

Each has a kernel of its own.
"""

import json
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gancourse.files import Stopped
from gancourse.notebook.checks import STRICT

CELL_TIMEOUT = 3600  # seconds; a cell that hangs must not hang the course
QUIET = ["--log-level=ERROR"]  # the kernel's own remarks are not the learner's concern
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
           "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


class CellFailed(RuntimeError):
    """A cell raised, took too long, or its kernel died; the message says which."""


def environment(threads: int, strict: bool = False) -> dict[str, str]:
    """Return the variables that a lesson's kernel gets beside those of this process.

    `threads` for every library that counts its own; with `strict` a claim that is missed raises.
    """
    return {**dict.fromkeys(THREADS, str(threads)), STRICT: str(int(strict))}


def to_folder(path: Path, folder: Path, chosen: dict[str, Any], kernels, *, cwd: Path,
              threads: int, cell_timeout: int = CELL_TIMEOUT,
              progress: Callable[[int], None] | None = None) -> tuple[dict, dict[str, Any]]:
    """Execute a notebook with papermill; return the executed copy and what went wrong.

    `chosen` are the parameters that papermill sets, `kernels` is the group of kernels, `cwd` the
    folder in which the kernel runs.  The copy appears in `folder` when it is complete, as
    notebook.ipynb or failed.ipynb; the caller holds the folder's lock.  What went wrong is {} where
    nothing did, else {"error": in words, "cell": {"number", "first_line"}}.  `progress` is called
    with the number of cells that are behind.  Raises files.Stopped when the kernels were ended
    meanwhile.
    """
    import papermill
    from nbclient.exceptions import CellTimeoutError
    from papermill.exceptions import PapermillExecutionError

    from gancourse.course.kernel_client import retrying_start

    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob(".running-*"):  # left by a run that was killed: the lock is ours
        stale.unlink(missing_ok=True)
    temporary = folder / f".running-{os.getpid()}.ipynb"
    silent_papermill()
    try:
        retrying_start(
            papermill.execute_notebook, str(path.absolute()), str(temporary), parameters=chosen,
            kernel_name="python3", language="python", progress_bar=False,
            execution_timeout=cell_timeout, extra_arguments=QUIET, shutdown_kernel="immediate",
            kernel_manager_class=kernels.manager(environment(threads)),
            resources={"metadata": {"path": str(cwd)}},  # papermill's own cwd moves this process
            on_cell_start=lambda cell, cell_index: progress(cell_index) if progress else None)
    except (PapermillExecutionError, CellTimeoutError, RuntimeError) as error:
        if kernels.ended:
            temporary.unlink(missing_ok=True)
            raise Stopped from error
        os.replace(temporary, folder / "failed.ipynb")
        copy = json.loads((folder / "failed.ipynb").read_text(encoding="utf-8"))
        cell = last_started(copy)
        where = ""
        if cell:
            where = f' in cell [{cell["number"]}] of failed.ipynb, "{cell["first_line"]}"'
        return copy, {"error": f"failed{where}: {_reason(error, cell_timeout)}", "cell": cell}
    except BaseException:  # Ctrl-C: nothing half-done stays
        temporary.unlink(missing_ok=True)
        raise
    notebook = json.loads(temporary.read_text(encoding="utf-8"))
    os.replace(temporary, folder / "notebook.ipynb")
    return notebook, {}


def in_place(notebook, *, threads: int, cell_timeout: int = CELL_TIMEOUT) -> None:
    """Execute a notebook (of nbformat) and keep the outputs in it; a claim that is missed raises.

    Raises CellFailed, with the traceback, when a cell raises.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    from gancourse.course.kernel_client import Group, retrying_start

    manager = Group().manager(environment(threads, strict=True))
    client = NotebookClient(notebook, timeout=cell_timeout, kernel_name="python3",
                            kernel_manager_class=manager, extra_arguments=QUIET,
                            shutdown_kernel="immediate", log=silent_papermill())
    try:
        retrying_start(client.execute)
    except CellExecutionError as error:
        raise CellFailed(_without_colours(str(error))[-2000:]) from error
    except (CellTimeoutError, DeadKernelError) as error:
        raise CellFailed(_reason(error, cell_timeout)) from error


def last_started(notebook: dict) -> dict[str, Any]:
    """Return which cell of an executed copy was started last: {"number", "first_line"}.

    Where none was, that is {}.  The number is the one in brackets that stands beside the cell in
    JupyterLab.
    """
    started = []
    for cell in notebook["cells"]:
        text = "".join(cell["source"]).strip()
        has_code = cell["cell_type"] == "code" and text
        if has_code and cell["metadata"]["papermill"]["exception"] is not None:  # it has begun
            started.append(text)
    if not started:
        return {}
    return {"number": len(started), "first_line": started[-1].splitlines()[0][:80]}


def silent_papermill() -> logging.Logger:
    """Return papermill's logger, told to be silent: what it would say is in our own messages."""
    logger = logging.getLogger("papermill")
    logger.setLevel(logging.CRITICAL)
    return logger


def _reason(error: Exception, cell_timeout: int) -> str:
    """What stopped a notebook, in words."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    if isinstance(error, PapermillExecutionError):
        return f"{error.ename}: {_without_colours(error.evalue)[:1500]}"
    if isinstance(error, DeadKernelError):
        return "its kernel died (out of memory?)"
    if isinstance(error, CellTimeoutError):
        return f"it took over {cell_timeout} s; --cell-timeout gives a cell more"
    return f"its kernel does not start ({error})"


def _without_colours(text: str) -> str:
    """Text without terminal colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
