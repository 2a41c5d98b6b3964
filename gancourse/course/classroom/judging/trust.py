"""What an answer may have patched, put back: functions of modules that a check relies on.

    trust = Trust(names)     # before the answer runs
    trust.restore()          # before anything is compared
    trust.patched            # {"numpy.allclose"}
    trust.is_disturbed()     # whether the next answer needs a fresh process

This undoes what students do by accident and by the first trick that comes to mind.  It is no
defence against somebody who means to get round it (see gancourse.course.classroom.judging.limits).
"""

import builtins
import os
import sys
import threading
from types import ModuleType
from typing import Any

ALWAYS = ("math", "numpy", "numpy.linalg", "numpy.testing", "torch", "torch.nn.functional", "time")
STEADY = {"builtins", "gancourse", "math", "numpy", "time"}  # packages that never change themselves
MISSING = object()


class Trust:
    """The public functions and numbers of modules, as they were before an answer ran."""

    def __init__(self, names: dict[str, Any]) -> None:
        """`names` are those of the lesson: the modules among them count, and all of the course."""
        modules = {value for value in names.values() if isinstance(value, ModuleType)}
        modules |= {sys.modules[name] for name in ALWAYS if name in sys.modules}
        modules |= {module for name, module in list(sys.modules.items())
                    if name.partition(".")[0] == "gancourse" and module is not None}
        self.kept = [(vars(module), module.__name__, _public(module))
                     for module in {*modules, builtins}]
        self.patched: set[str] = set()
        self.process = _process()

    def restore(self) -> None:
        """Put back what has been patched, and keep the names of the functions among it."""
        for present, module, kept in self.kept:
            for name, value in kept:
                now = present.get(name, MISSING)
                if now is not value and not _changes_itself(module, now):
                    present[name] = value
                    if callable(value):
                        self.patched.add(f"{module}.{name}")

    def is_disturbed(self) -> bool:
        """Whether anything is left behind that could change what comes next in this process."""
        present = _process()
        for name in present["environment"].keys() - self.process["environment"].keys():
            del present["environment"][name]  # torch and others add some
        return bool(self.patched) or present != self.process


def _changes_itself(module: str, value: Any) -> bool:
    """Whether a framework may have put this there itself, as torch does when it compiles."""
    package = module.partition(".")[0]
    origin = str(getattr(value, "__module__", None) or getattr(value, "__name__", ""))
    return package not in STEADY and origin.partition(".")[0] == package


def _public(module: ModuleType) -> list[tuple[str, Any]]:
    """The public functions, classes, modules and numbers of a module."""
    return [(name, value) for name, value in vars(module).items() if not name.startswith("_")
            and (callable(value) or isinstance(value, ModuleType | int | float | str))]


def _process() -> dict[str, Any]:
    """What belongs to the whole process: folder, environment, paths, threads, settings."""
    state = {"folder": _folder(), "environment": dict(os.environ), "path": list(sys.path),
             "recursion": sys.getrecursionlimit(),
             "threads": [thread.name for thread in threading.enumerate()]}
    if "numpy" in sys.modules:
        state["errors"] = sys.modules["numpy"].geterr()
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        state["torch"] = (torch.get_default_dtype(), torch.is_grad_enabled(),
                          torch.get_num_threads())
    return state


def _folder() -> str:
    """The present folder, "" where it has been deleted."""
    try:
        return os.getcwd()
    except OSError:
        return ""
