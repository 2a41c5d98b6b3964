"""Checks on a learner's answer, and the learner's code in the place of the package's."""

import os
from collections.abc import Callable

import numpy as np

STRICT = "GANCOURSE_STRICT"  # where this environment variable is 1, what is wrong is an error
NBGRADER = "NBGRADER_EXECUTION"  # nbgrader sets it where it validates a notebook: the same holds
PASSED: dict[str, bool] = {}  # of each answer that was adopted or refused, by its name


class CheckFailed(AssertionError):  # noqa: N818
    """An answer is not right; Jupyter shows its words alone, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython shows in the place of a traceback."""
        return [f"✗ {self}"]


def close(got, want, hint: str, *, rtol: float = 1e-4, atol: float | None = None) -> None:
    """Print a tick when two arrays agree, else raise CheckFailed with the hint.

    The arrays are of NumPy, PyTorch or TensorFlow.  The hint states the fact that holds, never the
    answer.  `atol` is `rtol` unless given.
    """
    if got is None:
        raise CheckFailed(f"{hint}\n  yours is None: is a `return` missing?")
    if _numpy(got).dtype.kind not in "biufc":
        raise CheckFailed(f"{hint}\n  yours is of type {type(got).__name__}, expected numbers")
    got, want = _numpy(got), _numpy(want)
    if got.shape != want.shape:
        raise CheckFailed(f"{hint}\n  yours has shape {got.shape}, expected {want.shape}")
    if not np.all(np.isfinite(got)):
        raise CheckFailed(f"{hint}\n  yours has values that are not finite")
    if atol is None:
        atol = rtol
    if not np.allclose(got, want, rtol=rtol, atol=atol):
        difference = np.abs(got - want).max()
        raise CheckFailed(f"{hint}\n  largest difference from yours: {difference:.3g}")
    print(f"✓ {hint}")


def true(condition, hint: str) -> None:
    """Print a tick when the condition holds, else raise CheckFailed with the hint."""
    if not bool(_numpy(condition).all()):
        raise CheckFailed(hint)
    print(f"✓ {hint}")


def adopt(yours: Callable, ours: Callable, check: Callable[[Callable], None]) -> Callable:
    """Return the learner's function if it passes the check, else the package's, and say which.

    `check(function)` raises AssertionError for a wrong answer, as `close` and `true` do.  So the
    cells that follow an exercise play the game with the learner's own code once it is right, and
    go on without it until then.  Where the environment variable GANCOURSE_STRICT is "1", as it is
    under nbval, and where nbgrader validates, a wrong or empty answer raises.
    """
    name = getattr(yours, "__name__", "answer")
    PASSED[name] = False
    try:
        check(yours)
    except NotImplementedError:
        if _is_strict():
            raise
        print(f"{name} is still empty. Until it passes, the lesson goes on with the course's own.")
        return ours
    except Exception as error:  # whatever a learner's code may raise
        if _is_strict():
            raise
        reason = str(error) if isinstance(error, AssertionError) else repr(error)
        print(f"✗ {name} is not right yet. {reason}\n"
              "Until it passes, the lesson goes on with the course's own.")
        return ours
    PASSED[name] = True
    print(f"From here on, this lesson plays with your {name}.")
    return yours


def passed_in_words() -> str:
    """Return how many answers of this run have passed, and which comes next; "" without any."""
    if not PASSED:
        return ""
    count = f"Answers in this run: {sum(PASSED.values())} of {len(PASSED)} pass their checks."
    waiting = [name for name, passed in PASSED.items() if not passed]
    return f"{count} Next: {waiting[0]}." if waiting else count


def _is_strict() -> bool:
    """Whether a wrong or empty answer is an error."""
    return os.environ.get(STRICT) == "1" or NBGRADER in os.environ


def _numpy(a) -> np.ndarray:
    """An array of any framework as a NumPy array, without importing the framework."""
    if hasattr(a, "detach"):  # PyTorch's may be on a GPU, or need a gradient
        a = a.detach().cpu()
    return np.asarray(a)
