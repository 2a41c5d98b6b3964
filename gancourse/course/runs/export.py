"""`gancourse runs export`: all runs as one table, failures too, or as MLflow's file store.

The columns have MLflow's names: params.NAME, metrics.NAME; the others are those of the list, and
where each run comes from.  A column keeps its name whatever other runs the table holds.
"""

import io
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from gancourse.course.record_format import counted
from gancourse.course.runs import filter as run_filter
from gancourse.course.runs.compare import curves
from gancourse.errors import CourseError, MissingPackage
from gancourse.files import write_atomically

ENDINGS = (".csv", ".parquet")
MARK = "gancourse.record"  # MLflow's tag that tells a record, so that none is exported twice
LONGEST = 6000  # characters of a parameter in MLflow


def columns(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the table: the columns of the list, and the versions of libraries."""
    versions = row["record"].get("versions", {})
    return run_filter.flat(row) | {f"versions.{name}": value for name, value in versions.items()}


def write_table(rows: list[dict[str, Any]], path: Path) -> str:
    """Write runs as a CSV or Parquet file, whole or not at all; return in words what was written.

    Parameters whose values are of several kinds become text, because a column has one kind.
    """
    if path.suffix not in ENDINGS:
        raise CourseError(f"{path} must end in .csv or .parquet, which says how to write it")
    try:
        import pandas
    except ImportError as error:
        raise MissingPackage('a table needs pandas: pip install "gancourse[sweep]"') from error
    table = [*map(columns, rows)]
    names = list(dict.fromkeys(name for line in table for name in line))
    names.sort(key=lambda name: "." in name)  # the plain ones first
    values = {name: [line.get(name) for line in table] for name in names}
    frame = pandas.DataFrame({name: pandas.array(_of_one_kind(some), dtype=_kind(some))
                              for name, some in values.items()})
    if path.suffix == ".csv":
        data = frame.to_csv(index=False).encode()
    else:
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        data = buffer.getvalue()
    write_atomically(path, data)
    failures = sum(row["failed"] for row in rows)
    return (f"{path}: {counted(len(rows), 'run')}, {failures} failed, "
            f"{counted(len(frame.columns), 'column')}")


def _kind(values: list) -> str:
    """The kind of a column in pandas; it follows from the kinds of its values, None aside."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return "boolean"
    if kinds == {int}:
        return "Int64"
    return "Float64" if kinds and kinds <= {int, float} else "string"


def _of_one_kind(values: list) -> list:
    """The values of a column, as text where pandas has no other kind for all of them."""
    if _kind(values) != "string":
        return values
    return [None if value is None else str(value) for value in values]


def write_mlflow(rows: list[dict[str, Any]], folder: Path) -> str:
    """Write runs into an MLflow file store and return in words what was written.

    Each lesson is an experiment.  A record that the store holds already is passed over, so that the
    same command adds what is new.
    """
    # MLflow keeps its file store, but since version 3 it wants to be told that one is meant; and
    # nothing of a reader's runs is anybody else's business
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise MissingPackage('an export to MLflow needs it: pip install "gancourse[mlflow]"'
                             ) from error
    folder.mkdir(parents=True, exist_ok=True)
    client = MlflowClient(tracking_uri=folder.resolve().as_uri())
    written = 0
    for lesson in sorted({row["lesson"] for row in rows}):
        experiment = client.get_experiment_by_name(f"gancourse {lesson}")
        number = experiment.experiment_id if experiment else client.create_experiment(
            f"gancourse {lesson}")
        known = _marks(client, number)
        for row in reversed([row for row in rows if row["lesson"] == lesson]):
            if _mark(row) not in known:
                _write_run(client, number, row)
                written += 1
    there = len(rows) - written
    before = f", {there} stood there before" if there else ""
    return f"{folder}: {counted(written, 'run')} written{before}"


def _marks(client, experiment: str) -> set[str]:
    """The records that an experiment holds already."""
    marks = set()
    token = None
    while True:
        page = client.search_runs([experiment], page_token=token)
        marks |= {run.data.tags.get(MARK, "") for run in page}
        token = page.token
        if not token:
            return marks


def _mark(row: dict[str, Any]) -> str:
    """What tells a record: the run and when it ended."""
    return f"{row['id']} {row['date']}"


def _write_run(client, experiment: str, row: dict[str, Any]) -> None:
    """Write one run: parameters, numbers, curves, tags, start and end, and how it ended."""
    from mlflow.entities import Metric, Param, RunTag

    end = _milliseconds(row["date"])
    start = _milliseconds(row["started"]) or end
    about = columns(row)
    names = ("run", "title", "preset", "made_by", "error", "missed", "data", "data_sha256",
             "command", "folder", "package", "commit", "dirty", "code_sha256", "identity",
             "threads", "processor", "card", "system")
    tags = {f"gancourse.{name}": str(about[name]) for name in names if about[name] is not None}
    tags |= {"mlflow.source.name": about["command"], "mlflow.source.git.commit": about["commit"]}
    tags |= {name: "yes" for name in row["tags"]}
    run = client.create_run(experiment, start_time=start, run_name=row["run"].rpartition("/")[2])
    number = run.info.run_id
    params = [Param(name, str(value)[:LONGEST]) for name, value in row["params"].items()]
    metrics = [Metric(name, value, end, 0) for name, value in row["metrics"].items()]
    if row["curves"]:
        for name, points in curves(row["curves"]).items():
            metrics += [Metric(f"curve.{name}", value, end, int(step)) for step, value in points]
    client.log_batch(number, params=params[:100],
                     tags=[RunTag(name, value) for name, value in tags.items() if value])
    for begin in range(0, len(metrics), 1000):  # MLflow takes so many at once
        client.log_batch(number, metrics=metrics[begin : begin + 1000])
    client.set_terminated(number, "FAILED" if row["failed"] else "FINISHED", end)
    client.set_tag(number, MARK, _mark(row))  # now that all of it is there


def _milliseconds(date: str) -> int:
    """A date of a record as MLflow has it, 0 where there is none."""
    try:
        return round(1000 * datetime.fromisoformat(date).timestamp())
    except ValueError:
        return 0
