"""A command asks only for what it needs; .venv is built once, where nothing else will do."""

import ast
import os
import subprocess
import sys
import tomllib
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gancourse.course import bootstrap, requirements
from gancourse.course.lessons import all_lessons, source

ROOT = Path(__file__).parents[1]
EVERYTHING = {name for names in requirements.NEEDS.values() for name in names} | set(requirements.SIGNS)
PYTORCH_ALONE = EVERYTHING - {"tensorflow", "nbval", "pytest", "yaml"}


class WentOn(Exception):
    """Stands for the moment at which this process becomes that of .venv."""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine whose Python has the modules in `has`, none at first; what it installs is noted."""
    machine = SimpleNamespace(has=set(), installed=[], went_on=[])
    (tmp_path / "pyproject.toml").write_text("pins A")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    find_spec = lambda name: SimpleNamespace() if name in machine.has else None
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", find_spec)
    monkeypatch.setattr(bootstrap, "_make_python", make_python)
    monkeypatch.setattr(bootstrap, "_install", machine.installed.append)

    def went_on(program, command):
        machine.went_on.append(command)
        raise WentOn

    monkeypatch.setattr(os, "execv", went_on)
    monkeypatch.setattr(sys, "argv", ["gancourse", "run", "03"])
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)
    return machine


def make_python():
    bootstrap._python().parent.mkdir(parents=True, exist_ok=True)
    bootstrap._python().touch()


def start(command="run", lessons=None):
    """What becomes of a command: "here", "in .venv", or what it said when it ended."""
    try:
        bootstrap.ensure(command, ["03"] if command == "run" and lessons is None else lessons)
    except WentOn:
        return "in .venv"
    return "here"


def pin(text):
    (bootstrap.ROOT / "pyproject.toml").write_text(text)


# a Python with nothing

def test_the_first_time_installs_and_goes_on_in_the_environment(machine):
    assert start() == "in .venv" and machine.installed == [["pt"]]
    assert machine.went_on == [[str(bootstrap._python()), "-m", "gancourse", "run", "03"]]


def test_the_second_time_installs_nothing(machine):
    start(), start()
    assert len(machine.installed) == 1 and len(machine.went_on) == 2


def test_pins_that_change_and_change_back_are_installed_each_time(machine):
    """A, then B, then A again: three installations, and what is in the environment is A."""
    for text in ("pins A", "pins B", "pins A"):
        pin(text)
        start()
    assert len(machine.installed) == 3
    start()
    assert len(machine.installed) == 3
    assert len(list(bootstrap.VENV.glob(".installed*"))) == 1


def test_only_what_a_command_needs_is_installed_and_more_when_more_is_needed(machine):
    start("list")
    start("train")
    start("sweep", ["03"])
    start("run", ["02"])
    start("train")
    assert machine.installed == [[], ["pt"], ["pt", "sweep"], ["pt", "tf", "sweep"]]


@pytest.mark.parametrize("command, lessons", [("run", []), ("test", None), ("lab", None)])
def test_the_whole_course_has_every_extra(machine, command, lessons):
    start(command, lessons)
    assert machine.installed == [bootstrap.EXTRAS.split(",")]


def test_a_failed_installation_is_done_again(machine, monkeypatch):
    install = bootstrap._install
    monkeypatch.setattr(bootstrap, "_install", lambda extras: sys.exit("no network"))
    with pytest.raises(SystemExit, match="no network"):
        start()
    monkeypatch.setattr(bootstrap, "_install", install)
    assert start() == "in .venv" and len(machine.installed) == 1


def test_an_interrupted_change_of_pins_is_not_taken_for_the_old_ones(machine, monkeypatch):
    def interrupted(extras):
        raise KeyboardInterrupt

    start()
    pin("pins B")
    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "_install", interrupted)
        with pytest.raises(KeyboardInterrupt):
            start()
    pin("pins A")
    assert start() == "in .venv" and len(machine.installed) == 2


def test_stamps_of_an_earlier_version_go(machine):
    make_python()
    (bootstrap.VENV / ".installed-0123456789abcdef").touch()
    start()
    assert [path.name for path in bootstrap.VENV.glob(".installed*")] == [".installed"]


def test_another_python_is_named(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    with pytest.raises(SystemExit, match="needs Python 3.11, 3.12 or 3.13"):
        bootstrap.check_python()


# a Python with something

@pytest.mark.parametrize("command, lessons", [
    ("train", None), ("run", ["03"]), ("run", ["13", "00"]), ("list", None), ("doctor", None),
    ("data", None), ("student", None), ("sweep", ["03"]), ("lab", None)])
def test_pytorch_alone_is_enough(machine, command, lessons):
    machine.has = PYTORCH_ALONE
    assert start(command, lessons) == "here" and not machine.installed


def test_what_a_lesson_lacks_there_is_named_with_its_extra(machine, capsys):
    machine.has = PYTORCH_ALONE
    with pytest.raises(SystemExit) as stop:
        start("run", ["02"])
    said = capsys.readouterr().err
    assert stop.value.code == 2 and not machine.installed
    assert said.startswith("gancourse run 02 needs tensorflow, which this Python")
    assert f'pip install -e "{bootstrap.ROOT}[tf]"' in said and said.count("\n") == 1


def test_the_readers_own_pytorch_is_never_replaced(machine, capsys):
    """The extra pt would pin another; so the two packages are named, by what pip calls them."""
    machine.has = PYTORCH_ALONE - {"torchmetrics", "PIL"}
    with pytest.raises(SystemExit):
        start("run", ["07"])
    said = capsys.readouterr().err
    assert "needs PIL and torchmetrics" in said and "pip install pillow torchmetrics (" in said


def test_the_whole_course_beside_pytorch_alone_builds_and_says_why(machine, capsys):
    machine.has = PYTORCH_ALONE
    assert start("run", []) == "in .venv"
    said = capsys.readouterr().out
    assert f"({sys.executable} lacks tensorflow): once, a few minutes and about 4 GB" in said


def test_an_environment_with_everything_is_used_as_it_is(machine):
    machine.has = EVERYTHING
    assert {start(command, []) for command in requirements.NEEDS} == {"here"} and not machine.installed


def test_a_python_with_numpy_alone_does_not_hide_the_environment_that_is_ready(machine):
    """`doctor` is to report on what the lessons run in."""
    start("run", [])
    machine.has = {"numpy"}
    assert start("doctor") == "in .venv"


def test_an_optional_package_keeps_no_lesson_from_running(machine):
    machine.has = PYTORCH_ALONE - {"pocketsphinx"}
    assert "pocketsphinx" in requirements.needs("run", ["12"]) and start("run", ["12"]) == "here"


def test_children_find_this_package_where_it_is_not_installed(machine, monkeypatch):
    machine.has = EVERYTHING
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["here", "there"]))
    start(), start()
    assert os.environ["PYTHONPATH"].split(os.pathsep) == [str(bootstrap.ROOT), "here", "there"]


# inside .venv

def test_inside_changed_pins_are_installed_in_place(machine, monkeypatch):
    start()
    monkeypatch.setattr(sys, "prefix", str(bootstrap.VENV))
    machine.has = EVERYTHING
    assert start() == "here" and len(machine.installed) == 1
    pin("pins B")
    assert start() == "here" and len(machine.installed) == 2


def test_a_venv_that_the_reader_made_is_left_alone_while_it_will_do(machine, monkeypatch):
    make_python()
    monkeypatch.setattr(sys, "prefix", str(bootstrap.VENV))
    machine.has = PYTORCH_ALONE
    assert start() == "here" and not machine.installed
    assert start("run", ["02"]) == "here" and machine.installed == [["tf"]]


# torchrun

def test_torchrun_builds_nothing_and_says_what_is_missing(machine, monkeypatch, capsys):
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    for has, fix in ((set(), '[pt]"'), ({"torch"}, "pip install numpy pillow")):
        machine.has = has
        with pytest.raises(SystemExit):
            start("train")
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and fix in said
    assert not machine.installed and not bootstrap.VENV.exists()


def test_of_the_processes_on_a_machine_only_the_first_says_it(machine, monkeypatch, capsys):
    waits = []
    monkeypatch.setattr(bootstrap.time, "sleep", waits.append)
    for name, value in {"RANK": "5", "LOCAL_RANK": "1", "WORLD_SIZE": "8"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        start("train")
    assert capsys.readouterr().err == "" and waits == [2]


def test_torchrun_goes_on_with_what_is_there(machine, monkeypatch):
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "1")
    machine.has = PYTORCH_ALONE
    assert start("train") == "here"
    machine.has = set()
    make_python()
    bootstrap._write_stamp(bootstrap._pins(), ["pt"])
    assert start("train") == "in .venv"


# the Python of .venv

@pytest.mark.parametrize("works, done", [
    ({"starts", "pip"}, []),
    (set(), ["create clear=False"]),
    ({"starts"}, ["ensurepip"]),              # an interrupted venv.create, or one made by uv
    ({"starts", "no ensurepip"}, ["ensurepip", "create clear=True"]),
])
def test_a_python_that_does_not_start_or_has_no_pip_is_mended(tmp_path, monkeypatch, works, done):
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    works, seen = set(works), []

    def runs(python, *arguments):
        if arguments[:2] == ("-m", "ensurepip"):
            seen.append("ensurepip")
            works.update({"pip"} if "no ensurepip" not in works else ())
        return ("pip" if "pip" in arguments else "starts") in works

    def create(folder, with_pip, clear):
        seen.append(f"create clear={clear}")
        works.update({"starts", "pip"})

    monkeypatch.setattr(bootstrap, "_runs", runs)
    monkeypatch.setattr(bootstrap.venv, "create", create)
    bootstrap._make_python()
    assert seen == done


def test_a_python_that_cannot_make_environments_is_told_what_to_do(tmp_path, monkeypatch):
    def create(*_, **__):
        raise subprocess.CalledProcessError(1, "ensurepip")

    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap.venv, "create", create)
    with pytest.raises(SystemExit, match="apt install python3-venv"):
        bootstrap._make_python()


@pytest.mark.parametrize("extras, wanted", [([], ""), (["pt", "tf"], "[pt,tf]")])
def test_pip_is_asked_for_the_package_with_its_extras(monkeypatch, extras, wanted):
    called = []
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda command: called.append(command) or 0)
    bootstrap._install(extras)
    assert called[0][-2:] == ["-e", f"{bootstrap.ROOT}{wanted}"]


def test_on_windows_the_python_lies_elsewhere_and_its_status_is_passed_on(monkeypatch):
    monkeypatch.setattr(bootstrap.os, "name", "nt")
    monkeypatch.setattr(bootstrap.signal, "signal", lambda *_: None)
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda command: 3)
    assert bootstrap._python().parts[-2:] == ("Scripts", "python.exe")
    with pytest.raises(SystemExit) as stop:
        bootstrap._rerun_in_venv()
    assert stop.value.code == 3


# two at once

HOLD = """
import sys
from pathlib import Path
from gancourse.course import bootstrap
bootstrap.VENV = Path(sys.argv[1])
with bootstrap._setup_lock():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_says_who_is_at_work_waits_and_installs_nothing(machine, monkeypatch, capsys):
    """The first has installed when it lets go.  It is killed, and its lock is free all the same."""
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(bootstrap.VENV)], text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert other.stdout.readline() == "held\n"

    def first_ends(seconds):
        make_python()
        bootstrap._write_stamp(bootstrap._pins(), ["pt"])
        other.kill()
        other.wait()

    monkeypatch.setattr(bootstrap.time, "sleep", first_ends)
    assert start() == "in .venv" and not machine.installed
    said = capsys.readouterr().out
    assert f"Process {other.pid} on " in said and "waiting for it" in said and said.count("\n") == 1
    other.stdin.close(), other.stdout.close()


def test_a_disk_that_knows_no_locks_is_no_obstacle(machine, monkeypatch):
    import fcntl

    def refused(handle, what):
        raise OSError(bootstrap.errno.ENOLCK, "no locks available")

    monkeypatch.setattr(fcntl, "flock", refused)
    assert start() == "in .venv" and len(machine.installed) == 1


# the table is true

@pytest.mark.parametrize("lesson", all_lessons(), ids=lambda lesson: lesson.name)
def test_what_a_lesson_needs_is_what_its_code_imports(lesson):
    cells = [cell for cell in lesson.notebook["cells"] if cell["cell_type"] == "code"]
    code = "\n".join(source(cell) for cell in cells)
    imported = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    parts = [name.split(".") for name in imported]
    used = {".".join(names[:i]) for names in parts for i in range(1, len(names) + 1)}
    signs = {"torch": {"torch", "gancourse.pt"}, "torchmetrics": {"gancourse.pt.torchmetrics_adapter"},
             "tensorflow": {"tensorflow", "keras", "gancourse.tf"},
             "pocketsphinx": {"gancourse.metrics.speech_recogniser"}}
    expected = {module for module, names in signs.items() if names & used}
    for which in (str(lesson.about["lesson"]), lesson.name, lesson.path.name, str(lesson.path)):
        assert set(requirements.needs("run", [which])) & set(signs) == expected


def test_all_lessons_need_what_any_of_them_needs():
    assert {"torch", "tensorflow"} <= set(requirements.needs("run", []))
    assert requirements.needs("run", ["none such"]) == list(requirements.NEEDS["run"])


def test_every_module_is_pinned_where_the_table_says():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = {**project["optional-dependencies"], "": project["dependencies"]}
    indirectly = {"ipykernel", "filelock"}  # with jupyterlab, with torch
    for module in EVERYTHING - indirectly:
        pins = {pin.split("==")[0] for pin in groups[requirements.EXTRA_OF.get(module, "")]}
        assert requirements.PIP_NAME.get(module, module) in pins, module


@pytest.mark.parametrize("options, expected", [
    ({"command": "run", "lessons": ["03"], "parameters": False}, ("run", ["03"])),
    ({"command": "run", "lessons": [], "parameters": False}, ("run", [])),
    ({"command": "run", "lessons": [], "parameters": True}, ("list", None)),
    ({"command": "render", "lessons": []}, ("render", [])),
    ({"command": "student", "lessons": []}, ("student", None)),
    ({"command": "sweep", "lesson": "02", "file": None}, ("sweep", ["02"])),
    ({"command": "sweep", "lesson": "02", "file": None, "search": "tpe"}, ("sweep --search", ["02"])),
    ({"command": "train", "extra": ["--help"]}, ("list", None)),
    ({"command": "train", "extra": ["--num-steps", "5"]}, ("train", None)),
])
def test_what_a_command_line_asks_for(options, expected):
    assert requirements.command_and_lessons(Namespace(**options)) == expected


def test_the_lesson_of_a_sweep_may_stand_in_its_file(tmp_path):
    (tmp_path / "a.toml").write_text('lesson = "02"\n')
    (tmp_path / "b.toml").write_text('lesson = 2\n[search]\ntrials = 9\n')
    for file, asked in (("a.toml", ("sweep", ["02"])), ("none.toml", ("sweep", None)),
                        ("b.toml", ("sweep --search", ["2"]))):
        arguments = Namespace(command="sweep", lesson=None, file=tmp_path / file)
        assert requirements.command_and_lessons(arguments) == asked


HIDE = """
import os
from importlib.machinery import PathFinder
hidden, find_spec = set(os.environ["HIDDEN"].split(",")), PathFinder.find_spec
PathFinder.find_spec = classmethod(
    lambda cls, name, *more: None if name.split(".")[0] in hidden else find_spec(name, *more))
"""


@pytest.mark.parametrize("words", [
    ["list"], ["run", "03", "--parameters"], ["doctor"], ["train", "--help"],
    ["student", "03", "--to", "{tmp}/mine"], ["data", "digits"],
    ["train", "--dataset", "npz:{tmp}/a.npz", "--network", "mlp", "--num-steps", "2",
     "--out", "{tmp}/run"],
], ids=" ".join)
def test_a_command_works_where_nothing_but_what_it_needs_can_be_imported(tmp_path, words):
    """A failure here means: what the command now imports belongs into requirements.NEEDS."""
    np.savez(tmp_path / "a.npz", x_train=np.zeros((40, 8, 8), np.uint8), y_train=np.zeros(40, int))
    (tmp_path / "sitecustomize.py").write_text(HIDE)
    words = [word.replace("{tmp}", str(tmp_path)) for word in words]
    asks = "list" if {"--help", "--parameters"} & set(words) else words[0]
    hidden = EVERYTHING - set(requirements.NEEDS[asks])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
           "HIDDEN": ",".join(hidden)}
    done = subprocess.run([sys.executable, "-m", "gancourse", *words], capture_output=True,
                          text=True, env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
