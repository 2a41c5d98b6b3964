"""`gancourse new study`: a copy that is the reader's, and one command from the copy to verdict and card."""

import json
from pathlib import Path

import pytest

from gancourse.course import cli, lessons, new, records, runner
from gancourse.course.studies.own import model_card
from gancourse.errors import CourseError


def call(capsys, *argv):
    with pytest.raises(SystemExit) as stop:
        cli.main([*argv])
    return stop.value.code, capsys.readouterr()


def test_a_copy_has_its_own_title_and_is_never_overwritten(tmp_path, capsys):
    status, said = call(capsys, "new", "study", "longer_memory", "--to", str(tmp_path))
    path = tmp_path / "longer_memory.ipynb"
    assert status is None and said.out.splitlines()[0] == str(path)
    assert said.out.splitlines()[1].endswith(f"gancourse run {path}")
    assert lessons.find(str(path)).about["title"] == "Longer memory"
    first = "".join(json.loads(path.read_text())["cells"][0]["source"])
    assert first.startswith("# Longer memory\n") and f"`gancourse run {path.as_posix()}`" in first
    assert path.read_text().count("longer_memory_results") == 1
    path.write_text("mine")
    status, said = call(capsys, "new", "study", "longer_memory", "--to", str(tmp_path))
    assert status == 2 and "longer_memory_2" in said.err and path.read_text() == "mine"


def test_the_template_keeps_the_form_of_a_lesson():
    """Its parameters come first, its imports stand in one cell, no cell of code is long, nothing is stored."""
    code = [c for c in lessons.read(new.TEMPLATES / "study.ipynb")["cells"] if c["cell_type"] == "code"]
    texts = [lessons.source(cell) for cell in code]
    assert "parameters" in lessons.tags(code[0]) and len([text for text in texts if "\nimport " in text]) == 1
    assert all(len(text.splitlines()) <= 25 for text in texts) and not any(cell["outputs"] for cell in code)


@pytest.mark.parametrize("name, error", [
    ("a/b", "use letters"), ("", "use letters"), ("x.ipynb", "without its ending: x"), ("03_mine", "name of a lesson"),
    ("a" * 61, "60 at most"), ("-x", "use letters")])
def test_a_name_that_is_no_file_name_everywhere_is_refused(name, error):
    with pytest.raises(CourseError, match=error):
        new.check_name(name)


def test_the_help_shows_an_example(capsys):
    status, said = call(capsys, "new", "--help")
    assert status == 0 and "gancourse new study longer_memory --to my_studies" in said.out


def test_only_a_study_can_be_begun(capsys):
    status, said = call(capsys, "new", "lesson")
    assert status == 2 and "choose from study" in said.err.replace("'", "")


def test_one_command_leads_from_the_copy_to_verdict_and_model_card(tmp_path, capsys, monkeypatch):
    """Nothing is trained before the plan is checked; the second time nothing is trained at all."""
    monkeypatch.chdir(tmp_path)
    call(capsys, "new", "study", "mine")
    small = ["--preset", "smoke", "-p", "width=4"]
    status, said = call(capsys, "run", "mine.ipynb", *small, "-p", "seeds=0-1")
    assert status == 2 and "a study needs 3 or more" in said.err and not (tmp_path / "runs").exists()
    status, said = call(capsys, "run", "mine.ipynb", *small)
    assert status == 0, said
    assert "The prediction '0 below 0.5 by a factor 1.5' " in said.out and "model_card.md" in said.out
    (folder,) = (tmp_path / "runs" / "mine").iterdir()
    (kept,) = folder.glob("study-*")
    weights, facts = model_card.load(kept)
    record = records.read(folder / "run.json")
    assert record["metrics"]["distance_of_the_kept_model"] == pytest.approx(facts["distance"])
    assert record["claims"][-1]["text"] == "samples of the stored weights that differ" and record["status"] == "done"
    for cell in json.loads((folder / "notebook.ipynb").read_text())["cells"]:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr" and output["output_type"] != "error"
            assert "image/png" not in output.get("data", {}) or output["metadata"]["image/png"]["alt"]
    assert len(list((kept / "arms").glob("*.safetensors"))) == 6 and facts["seed"] in facts["seeds"]
    assert len(record["verdicts"]) == 1
    changed = [path.stat().st_mtime_ns for path in sorted(kept.rglob("*")) if path.is_file()]
    status, said = call(capsys, "run", "mine.ipynb", *small)
    assert "done before" in said.out and status == 0
    assert [path.stat().st_mtime_ns for path in sorted(kept.rglob("*")) if path.is_file()] == changed


def test_force_empties_the_folder_of_a_study_but_not_one_that_the_reader_has_named(tmp_path):
    new.copy("study", "mine", tmp_path)
    lesson = lessons.find(str(tmp_path / "mine.ipynb"))
    planned = runner.plan(lesson, tmp_path / "runs")
    place = runner._results(planned, force=False)["results"]
    kept = planned.folder / "study-x"
    assert str(planned.folder) in place
    for force, there in ((False, True), (True, False)):
        Path(place).mkdir(parents=True, exist_ok=True)
        runner._results(planned, force=force)
        assert Path(place).exists() is there
    named = runner.plan(lesson, tmp_path / "runs", given={"results": str(kept)})
    assert runner._results(named, force=True) == {}
