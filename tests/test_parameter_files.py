"""`gancourse run -f FILE`: the same checks and sentences as on the command line."""

import pytest
from planted import plant, table

from gancourse.course import batch, cli, lessons, parameter_files

PARAMETERS = """n: int = 2  # a number [0, 9]
rate: float = 0.5  # another [0, 1]
name: str = "x"  # a word"""


@pytest.fixture
def lesson(tmp_path):
    return plant(tmp_path / "01_t.ipynb", table(("n doubled", "2 * n", 10)), parameters=PARAMETERS)


def refused(capsys, *argv):
    """Run a command that is refused and return what it says."""
    with pytest.raises(SystemExit) as stop:
        cli.main(["run", *map(str, argv)])
    assert stop.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("file, text, values", [
    ("p.yaml", "rate: 1e-3\nn: 1e0\nname: 'no'", {"rate": 0.001, "n": 1, "name": "no"}),
    ("p.yml", "rate: 1\nname: \"1e-3\"", {"rate": 1.0, "name": "1e-3"}),
    ("p.toml", 'rate = 1e-3\nn = 3', {"rate": 0.001, "n": 3}), ("p.json", '{"n": 3}', {"n": 3}), ("p.yaml", "", {})])
def test_a_file_sets_parameters_by_name(lesson, tmp_path, file, text, values):
    """1e-3 is a text in YAML 1.1, which PyYAML reads; here it is the number, and in quotes the text."""
    (tmp_path / file).write_text(text)
    read = parameter_files.read(tmp_path / file)
    chosen = lessons.settings(lessons.find(lesson), given=read)
    assert chosen == values and [type(v) for v in chosen.values()] == [type(v) for v in values.values()]


@pytest.mark.parametrize("text, on_the_command_line", [
    ("n: 10", "n=10"), ("m: 1", "m=1"), ("rate: fast", "rate=fast"), ("n: 1.5", "n=1.5")])
def test_a_wrong_value_gets_the_sentence_of_the_command_line(lesson, tmp_path, capsys, text, on_the_command_line):
    (tmp_path / "p.yaml").write_text(text)
    from_file = refused(capsys, lesson, "-f", tmp_path / "p.yaml")
    assert from_file == refused(capsys, lesson, "-p", on_the_command_line)


@pytest.mark.parametrize("file, text, words", [
    ("p.yaml", "n: [1, 2]", "n is a list; it must be one value"), ("p.toml", "[n]\na = 1", "n is a table"),
    ("p.yaml", "n:", "n is nothing"), ("p.yaml", "n: 1\nn: 2", "n is given twice"), ("p.toml", "n = ", "is not TOML"),
    ("p.yaml", "n: [", "is not YAML"), ("p.yaml", "just words", "holds str, not parameters by name"),
    ("p.txt", "n: 1", "must end in one of .yaml, .yml"), ("p.yaml", "n: !!python/name:os.system", "is not YAML")])
def test_a_file_that_is_no_list_of_parameters_is_refused(lesson, tmp_path, capsys, file, text, words):
    (tmp_path / file).write_text(text)
    assert words in refused(capsys, lesson, "-f", tmp_path / file)


def test_a_file_that_is_not_there_is_said_to_be_so(lesson, tmp_path, capsys):
    assert "there is no file" in refused(capsys, lesson, "-f", tmp_path / "none.yaml")


def test_the_command_line_overrules_the_file(lesson, tmp_path, monkeypatch):
    (tmp_path / "p.yaml").write_text("n: 3\nrate: 1e-3")
    given = []
    monkeypatch.setattr(batch, "run", lambda chosen, runs, preset, values, **_: given.append(values) or [])
    monkeypatch.setattr(batch, "summary", lambda *_: "")
    with pytest.raises(SystemExit) as stop:
        cli.main(["run", lesson, "-f", str(tmp_path / "p.yaml"), "-p", "n=4"])
    assert not stop.value.code and given == [{"n": 4, "rate": 0.001}]


def test_of_several_lessons_each_gets_the_parameters_that_it_has(lesson, tmp_path, capsys):
    other = plant(tmp_path / "02_u.ipynb", "1", parameters="m: int = 1  # a number [0, 9]")
    both = [lessons.find(lesson), lessons.find(other)]
    assert lessons.given_to_each(both, {"n": 3, "m": 2}) == [{"n": 3}, {"m": 2}]
    assert batch._left_out(both, [{"n": 3}, {}]) == ["note: n is not a parameter of 02_u: left out there"]
    assert "parameter of lesson 01_t and 02_u: 'k' is unknown" in refused(capsys, lesson, other, "-p", "k=1")
