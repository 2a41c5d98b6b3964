"""What a record holds beside its numbers: short names, and where the numbers come from; nothing secret."""

import json
import platform
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from planted import PARAMETERS, plant, table

from gancourse import __version__
from gancourse.course import lessons, notebook_execution, provenance, records, runner
from gancourse.course.result_names import LONGEST, name_of, names_of

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("text, name", [
    ("distance of the samples", "distance_of_the_samples"), ("loss of G", "loss_of_g"),
    ("R1, γ = .3: |λ - 2w|", "r1_gamma_0_3_lambda_2w"), ("momentum -.3, h = .1", "momentum_minus_0_3_h_0_1"),
    ("momentum .3, h = .1", "momentum_0_3_h_0_1"), ("WGAN-GP: x", "wgan_gp_x"), ("W1² of Fréchet", "w12_of_frechet"),
    ("the model's own", "the_models_own"), ("784 pixels", "n_784_pixels"), ("∓", "number")])
def test_a_short_name_is_made_of_its_sentence_alone(text, name):
    assert name_of(text) == name


def test_a_long_sentence_is_cut_at_a_word_and_stays_apart_from_others():
    one, two = (name_of(f"distance of the running average of G, in parts of {what}") for what in ("one", "two"))
    assert one != two and one[:-5] == two[:-5] == "distance_of_the_running_average_of_g_in" and len(one) <= LONGEST


def test_sentences_that_differ_in_signs_only_get_two_names():
    names = names_of(["a > b", "a < b"])
    assert names["a > b"] == "a_b" and names["a < b"].startswith("a_b_") and len(set(names.values())) == 2


def test_the_numbers_of_each_lesson_have_names_of_their_own():
    """Each follows from its sentence alone, so that it stays when other numbers come or go."""
    for lesson in lessons.all_lessons():
        for text, name in names_of(records.results(lesson.notebook)).items():
            assert name == name_of(text) and len(name) <= LONGEST and name.isidentifier(), (lesson.name, text)


@pytest.fixture
def record(tmp_path, monkeypatch):
    """The record of a run whose kernel is made up, with a checkpoint and its logs."""
    def execute(path, folder, chosen, kernels, **_):
        folder.mkdir(parents=True, exist_ok=True)
        Path(chosen["checkpoint"]).with_suffix(".csv").write_text("step,d_loss\n1,2\n")
        return {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, {}

    monkeypatch.setattr(notebook_execution, "to_folder", execute)
    for variable in ("USER", "LOGNAME", "HOSTNAME"):
        monkeypatch.setenv(variable, "secret")
    monkeypatch.setattr(socket, "gethostname", lambda: "secret")
    monkeypatch.setattr(platform, "node", lambda: "secret")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    program, data = tmp_path / "home" / "bin" / "gancourse", tmp_path / "home" / "x"
    monkeypatch.setattr("sys.argv", [str(program), "run", "01", "-p", f"data={data}"])
    parameters = PARAMETERS + '\ncheckpoint: str = ""  # file'
    lesson = lessons.find(plant(tmp_path / "01_t.ipynb", "1", parameters=parameters))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "x.npz").write_text("1234")
    given = {"data": f"npz:{tmp_path / 'home' / 'x.npz'}"}
    record, _ = runner.run(lesson, tmp_path / "home" / "runs", given=given, cwd=tmp_path / "home")
    return record


def test_a_record_says_where_its_numbers_come_from(record):
    origin = record["provenance"]
    assert (origin["made_by"], origin["command"]) == ("run", "gancourse run 01 -p data=~/x") and origin["folder"] == "~"
    assert datetime.fromisoformat(origin["started"]) <= datetime.fromisoformat(origin["ended"]) <= datetime.now(UTC)
    assert origin["exit_status"] == 0 and record["status"] == "done" and origin["package"]["version"] == __version__
    assert origin["host"]["architecture"] == platform.machine() and origin["host"]["cores"] >= 1
    data = record["identity"]["inputs"]["data"]
    assert data["path"] == "~/x.npz" and data["bytes"] == 4 and len(data["sha256"]) == 64
    assert record["curves"].startswith("checkpoint-") and record["curves"].endswith(".csv")


def test_a_record_names_neither_the_computer_nor_its_user_nor_the_home_folder(record, tmp_path):
    """What the reader has typed stays: here the value of data=."""
    own = {name: value for name, value in record["parameters"].items() if name != "data"}
    text = json.dumps(record | {"parameters": own, "settings": {}})
    assert str(tmp_path / "home") not in text and "secret" not in text


def test_a_failed_run_has_the_status_that_its_command_ends_with(tmp_path):
    lesson = lessons.find(plant(tmp_path / "01_t.ipynb", table(("n doubled", "2 * n", 10)), "1 / 0"))
    with pytest.raises(runner.LessonFailed) as failed:
        runner.run(lesson, tmp_path / "runs")
    kept = json.loads((tmp_path / "runs" / "01_t" / "default" / "failed.json").read_text())
    assert kept == failed.value.record and kept["provenance"]["exit_status"] == 1
    assert kept["metrics"] == {"n_doubled": 4} and kept["claims"][0]["name"] == "n_doubled"


def git(folder, *words):
    who = ["-c", "user.name=t", "-c", "user.email=t@t"]
    return subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def test_the_commit_of_a_checkout_and_whether_it_has_changed(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-q", "-m", "one")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert provenance.checkout(tmp_path) == {"commit": commit, "dirty": False}
    provenance.checkout.cache_clear()
    (tmp_path / "a").write_text("2")
    assert provenance.checkout(tmp_path) == {"commit": commit, "dirty": True}
    (tmp_path / "inside").mkdir()
    assert provenance.checkout(tmp_path / "inside") == {}  # a package installed there is none of that commit's


@pytest.mark.parametrize("argv, maker, command", [
    (["/opt/bin/gancourse", "sweep", "03"], "sweep", "gancourse sweep 03"),
    (["/src/gancourse/__main__.py", "run", "03", "-p", "a=b c"], "run", "python -m gancourse run 03 -p 'a=b c'"),
    (["/opt/bin/dask", "worker", "tcp://h:8786"], "sweep", "dask worker tcp://h:8786"), (["x.py"], "python", "x.py")])
def test_the_command_is_what_the_reader_typed(argv, maker, command, monkeypatch):
    monkeypatch.setattr("sys.argv", argv)
    assert (provenance._maker(), provenance.command()) == (maker, command)


def test_a_home_folder_at_the_root_shortens_no_path(monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: Path("/"))
    assert provenance.without_home("/data/own.npz") == "/data/own.npz"
