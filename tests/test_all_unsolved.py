"""Each lesson as a student opens it, with nothing solved, runs from its first cell to its last.

This takes minutes: its name puts it before the other tests, so that no worker is left alone with it.
"""

import json
from pathlib import Path

import pytest

from gancourse.course import notebook_execution
from gancourse.course.kernel_client import Group
from gancourse.course.lessons import all_lessons, settings, source, tags, without_solutions
from gancourse.course.progress import with_line

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("lesson", all_lessons(), ids=lambda lesson: lesson.name)
def test_a_student_version_with_nothing_solved_runs_to_its_end(lesson, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # this package, whatever is installed
    student = tmp_path / lesson.path.name
    student.write_text(json.dumps(with_line(without_solutions(lesson.notebook))), encoding="utf-8")
    executed, _ = notebook_execution.to_folder(  # papermill calls a run failed where any cell has raised
        student, tmp_path / "run", settings(lesson, "smoke"), Group(), cwd=tmp_path, threads=1)
    cells = [cell for cell in executed["cells"] if cell["cell_type"] == "code" and source(cell).strip()]
    assert [source(cell) for cell in cells if raised(cell) and "raises-exception" not in tags(cell)] == []
    assert cells[-1]["execution_count"] == len(cells)


def raised(cell):
    return any(output["output_type"] == "error" for output in cell["outputs"])
