"""What the command line says when something goes wrong: a sentence to the reader, a traceback to us."""

import subprocess
import sys

import pytest

from gancourse import errors
from gancourse.course import cli, doctor


def main(*argv):
    with pytest.raises(SystemExit) as stop:
        cli.main([*argv])
    return stop.value.code


@pytest.fixture
def raises(monkeypatch):
    """Make `gancourse doctor` raise something."""
    def make(error):
        def report():
            raise error

        monkeypatch.setattr(doctor, "report", report)

    return make


@pytest.mark.parametrize("error, said", [
    (errors.CourseError("width=0 is too small: give 1"), "gancourse doctor: width=0 is too small: give 1\n"),
    (errors.MissingFile("there is no file 'a'"), "gancourse doctor: there is no file 'a'\n"),
    (errors.unknown("dataset", "mnits", ["mnist"]),
     "gancourse doctor: dataset 'mnits' is unknown; did you mean 'mnist'? Known: mnist.\n")])
def test_a_message_for_the_reader_stands_alone(raises, capsys, monkeypatch, error, said):
    raises(error)
    assert main("doctor") == 2 and capsys.readouterr().err == said
    assert main("--debug", "doctor") == main("doctor", "--debug") == 2
    assert capsys.readouterr().err.count("Traceback (most recent call last)") == 2
    monkeypatch.setenv("GANCOURSE_DEBUG", "1")
    assert main("doctor") == 2 and "Traceback" in capsys.readouterr().err


def test_a_fault_of_ours_shows_where_and_asks_to_report_it(raises, capsys):
    raises(IndexError("list index out of range"))
    assert main("doctor") == 1
    said = capsys.readouterr().err
    assert "Traceback (most recent call last)" in said and "IndexError: list index out of range" in said
    assert said.endswith("a fault of the course, not yours: please report it, with the lines above.\n")


def test_a_course_error_is_a_value_error_and_a_missing_file_is_both():
    """So that what has caught ValueError or FileNotFoundError until now still does."""
    assert issubclass(errors.CourseError, ValueError)
    assert issubclass(errors.MissingFile, errors.CourseError)
    assert issubclass(errors.MissingFile, FileNotFoundError)
    for check in (lambda: errors.check_range("x", 2, 0, 1), lambda: errors.check_choice("x", "a", ["b"])):
        with pytest.raises(errors.CourseError):
            check()


@pytest.mark.parametrize("words", ["run --threads 0", "run --jobs -1", "render --cell-timeout x"])
def test_a_number_that_makes_no_sense_is_refused(words, capsys):
    assert main(*words.split()) == 2 and "must be a whole number from 1 on" in capsys.readouterr().err


def test_training_without_pytorch_names_its_install_command():
    code = ("import sys; sys.modules['torch'] = None; from gancourse.course import cli; "
            "cli.main(['train', '--num-steps', '1'])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == 'gancourse train: torch is not installed: pip install "gancourse[pt]"\n'


def test_pytest_keeps_its_own_debug(monkeypatch):
    called = []
    monkeypatch.setattr(cli.subprocess, "call", lambda command, **_: called.append(command) or 0)
    assert main("test", "--debug") == 0 and called[0][-1] == "--debug"


def test_jupyterlab_trusts_the_stored_pages_so_that_their_sliders_move(monkeypatch, tmp_path):
    import nbformat
    from nbformat.sign import NotebookNotary

    from gancourse.course.lessons import find

    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(cli.subprocess, "call", lambda command, env: 0)
    notebook = nbformat.read(find("01").path, as_version=4)
    assert not NotebookNotary().check_signature(notebook)
    assert main("lab", "--solutions") == 0
    assert NotebookNotary().check_signature(notebook)


def test_jupyterlab_computes_with_the_threads_of_gancourse_run(monkeypatch, tmp_path):
    started = {}
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))  # where Jupyter keeps what it trusts

    def call(command, env):
        started.update(env, command=command)
        return 0

    monkeypatch.setattr(cli.subprocess, "call", call)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert main("lab", "--solutions") == 0
    assert started["OMP_NUM_THREADS"] == started["OPENBLAS_NUM_THREADS"] == "1"
    assert started["command"][-1].endswith("00_start_here.ipynb")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert main("lab", "--solutions") == 0
    assert started["OMP_NUM_THREADS"] == started["OPENBLAS_NUM_THREADS"] == "2"
