"""Checks on a learner's answer, and the checkpoint table that ends a lesson."""

import html

import numpy as np

MIME = "application/vnd.gancourse+json"  # where a checkpoint keeps its numbers in the notebook file
UNMET = "did not hold on this run"  # how the error begins when a claim fails


def close(got, want, hint: str, *, rtol: float = 1e-4, atol: float | None = None) -> None:
    """Print a tick when two arrays (NumPy, PyTorch or TensorFlow) agree; else raise AssertionError with the hint.

    The hint states the fact that holds, never the answer.  `atol` is `rtol` unless given.
    """
    if got is None:
        raise AssertionError(f"{hint}\n  yours is None: is a `return` missing?")
    if _numpy(got).dtype.kind not in "biufc":
        raise AssertionError(f"{hint}\n  yours is of type {type(got).__name__}, expected numbers")
    got, want = _numpy(got), _numpy(want)
    if got.shape != want.shape:
        raise AssertionError(f"{hint}\n  yours has shape {got.shape}, expected {want.shape}")
    if not np.all(np.isfinite(got)):
        raise AssertionError(f"{hint}\n  yours has values that are not finite")
    if not np.allclose(got, want, rtol=rtol, atol=rtol if atol is None else atol):
        raise AssertionError(f"{hint}\n  largest difference from yours: {np.abs(got - want).max():.3g}")
    print(f"✓ {hint}")


def true(condition, hint: str) -> None:
    """Print a tick when the condition holds, else raise AssertionError with the hint."""
    if not bool(_numpy(condition).all()):
        raise AssertionError(hint)
    print(f"✓ {hint}")


class Checkpoint:
    """The table that ends a lesson: claim, bound, measured.  It is shown whole, then asserted.

    With `enough=False`, for a run that need not show what the lesson claims (a smoke test, other data),
    the table is shown and says so, and nothing is asserted.
    """

    def __init__(self, enough: bool = True) -> None:
        self.enough = bool(enough)
        self.rows: list[tuple[str, str, float, bool]] = []

    def claim(self, text: str, measured: float, *, below: float | None = None, above: float | None = None,
              near: float | None = None, tol: float = 0.0) -> None:
        """Add a row.  Give `below` and/or `above`, or `near` with its tolerance `tol`."""
        if near is None and below is None and above is None:
            raise ValueError(f"claim {text!r} has no bound: give below=, above= or near=")
        measured = float(_numpy(measured))
        held, bounds = np.isfinite(measured), []
        if near is not None:
            held, bounds = held and abs(measured - near) <= tol, [f"{near:.7g} ± {tol:.2g}"]
        if above is not None:
            held, bounds = held and measured > above, [*bounds, f"> {above:.6g}"]
        if below is not None:
            held, bounds = held and measured < below, [*bounds, f"< {below:.6g}"]
        self.rows.append((text, ", ".join(bounds), measured, bool(held)))

    def results(self) -> dict[str, float]:
        """Return the measured numbers by claim."""
        return {text: measured for text, _, measured, _ in self.rows}

    def show(self) -> None:
        """Display the table, keep its numbers in the notebook, and raise AssertionError if a claim fails."""
        from IPython.display import display

        display({"text/html": self._html(), "text/plain": self._text(),
                 MIME: {"results": self.results(), "judged": self.enough}}, raw=True)
        failed = [text for text, _, _, held in self.rows if not held]
        if not self.enough:
            print("Not judged: these bounds are for the lesson's own settings, or longer runs of them.")
        elif failed:
            raise AssertionError(f"{UNMET}: " + "; ".join(failed))

    def _text(self) -> str:
        return "\n".join(f"{'✓' if held else '✗'} {text}: {measured:.7g} ({bound})"
                         for text, bound, measured, held in self.rows)

    def _html(self) -> str:
        left = 'style="text-align:left"'
        body = "".join(
            f"<tr><td {left}>{html.escape(text)}</td><td {left}>{html.escape(bound)}</td>"
            f"<td>{measured:.7g}</td><td>{'✓' if held else '✗'}</td></tr>" for text, bound, measured, held in self.rows)
        head = f"<tr><th {left}>claim</th><th {left}>bound</th><th>measured</th><th></th></tr>"
        return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"


def _numpy(a) -> np.ndarray:
    """Bring an array of either framework here, without importing the framework."""
    return np.asarray(a.detach().cpu() if hasattr(a, "detach") else a)
