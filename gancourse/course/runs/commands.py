"""What `gancourse runs`, `runs tag`, `runs diff` and `runs export` answer."""

from gancourse.course.runs import compare as run_compare
from gancourse.course.runs import export as run_export
from gancourse.course.runs import list as run_list
from gancourse.course.runs import rows as run_rows
from gancourse.errors import CourseError


def answer(arguments) -> str:
    """Do what the command line says and return what there is to print."""
    runs = arguments.runs
    if arguments.action == "tag":
        return run_list.set_tag(runs, arguments.run, arguments.name, arguments.remove)
    if arguments.action == "diff":
        return run_compare.compare(runs, arguments.which, arguments.to)
    if arguments.action == "export":
        return _export(arguments)
    return run_list.show(runs, arguments)


def _export(arguments) -> str:
    """Write the table, the MLflow store, or both."""
    if not arguments.file and not arguments.mlflow:
        raise CourseError("say where to: gancourse runs export FILE.csv (or FILE.parquet), or "
                          "--mlflow DIR")
    rows = run_list.chosen(run_rows.rows(arguments.runs), arguments)
    if not rows:
        raise CourseError(f"there is no such run in {arguments.runs}, so there is nothing to write")
    lines = []
    if arguments.file:
        lines.append(run_export.write_table(rows, arguments.file))
    if arguments.mlflow:
        lines.append(run_export.write_mlflow(rows, arguments.mlflow))
    return "\n".join(lines)
