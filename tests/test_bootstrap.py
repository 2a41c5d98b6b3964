"""Set-up happens once, and never where the reader has an environment of their own."""

import sys
from types import SimpleNamespace

import pytest

from gancourse import bootstrap


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with only Python: no package is found; what would be installed or called is noted."""
    done = SimpleNamespace(installed=0, called=[])
    (tmp_path / "pyproject.toml").write_text("pins")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(bootstrap, "_install", lambda python: setattr(done, "installed", done.installed + 1))
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda command: done.called.append(command) or 0)
    monkeypatch.setattr(sys, "argv", ["gancourse", "run", "05"])
    return done


def start():
    with pytest.raises(SystemExit) as stop:
        bootstrap.ensure()
    return stop.value.code


def test_the_first_time_installs_and_goes_on_in_the_environment(machine):
    assert start() == 0 and machine.installed == 1
    assert machine.called[0][1:] == ["-m", "gancourse", "run", "05"]


def test_the_second_time_installs_nothing(machine):
    start(), start()
    assert machine.installed == 1 and len(machine.called) == 2


def test_new_pins_are_installed(machine):
    start()
    (bootstrap.ROOT / "pyproject.toml").write_text("other pins")
    start()
    assert machine.installed == 2


def test_an_environment_of_the_readers_own_is_used_as_it_is(machine, monkeypatch):
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: object())
    bootstrap.ensure()
    assert machine.installed == 0 and not machine.called


def test_another_python_is_named(machine, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    assert "needs Python 3.11, 3.12 or 3.13" in start() and machine.installed == 0


def test_a_failed_installation_leaves_no_stamp(machine, monkeypatch):
    monkeypatch.setattr(bootstrap, "_install", lambda python: sys.exit("no network"))
    assert start() == "no network" and not list(bootstrap.VENV.glob(".installed-*"))
