"""`gancourse test` runs on all cores: a notebook's cells stay together, the longest file comes first."""

import gc
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

import conftest
from gancourse import system
from gancourse.course import cli, doctor
from gancourse.course.lessons import all_lessons

ROOT = Path(__file__).parents[1]


@pytest.fixture
def called(monkeypatch):
    """What `gancourse test` with some options would start: the words after `python -m pytest`."""
    def words(*options):
        commands = []
        monkeypatch.setattr(cli.subprocess, "call", lambda command, cwd: commands.append(command) or 3)
        with pytest.raises(SystemExit) as stop:
            cli.main(["test", *options])
        assert stop.value.code == 3  # pytest's own status
        (command,) = commands
        assert command[:3] == [sys.executable, "-m", "pytest"]
        return command[3:]

    return words


def test_garbage_is_collected_while_tests_run_but_not_among_what_was_imported():
    """Importing pytest and a few modules alone makes more than 10,000 objects."""
    assert gc.isenabled() and gc.get_freeze_count() > 10_000


def test_the_test_command_uses_all_cores_unless_the_reader_says_otherwise(called):
    assert called() == ["-n", "auto"]
    assert called("tests/test_training_loop.py", "-x") == ["-n", "auto", "tests/test_training_loop.py", "-x"]
    assert called("-n", "0")[-2:] == ["-n", "0"]  # pytest takes the last
    assert called("-p", "no:xdist") == ["-p", "no:xdist"]
    assert called("-pno:xdist", "-q") == ["-pno:xdist", "-q"]


def test_without_xdist_the_tests_run_in_one_process(called, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert called("-q") == ["-q"]


def test_ci_runs_the_command_that_the_readme_names():
    (row,) = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| test everything |")]
    with_make, without = row.split("|")[2].strip(" `"), row.split("|")[3].strip(" `")
    assert (with_make, without) == ("make test", "python -m gancourse test")
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == with_make
    recipe = (ROOT / "Makefile").read_text().split("\ntest:")[1].splitlines()[1]
    assert recipe.strip() == "@" + without.replace("python ", "$(PYTHON) ")


@pytest.mark.parametrize("physical, threads, memory, gpu, workers", [
    (2, 1, 8, "", 2), (16, 1, 64, "", 16), (16, 4, 64, "", 4),
    (16, 1, 10, "", 3),  # three processes of 3 GB fit into 10 GB
    (4, 1, 2, "", 0), (1, 1, 64, "", 0), (2, 2, 64, "", 0), (16, 1, 64, "H100", 0),  # one process, without workers
    (4, 1, 0, "", 0)])  # memory unknown: the careful choice
def test_a_worker_a_core_where_memory_allows(monkeypatch, physical, threads, memory, gpu, workers):
    monkeypatch.setenv("OMP_NUM_THREADS", str(threads))
    monkeypatch.setattr(system, "physical_cores", lambda: physical)
    monkeypatch.setattr(system, "memory_gb", lambda: memory)
    monkeypatch.setattr(doctor, "gpu_name", lambda: gpu)
    assert conftest.pytest_xdist_auto_num_workers(None) == workers


# ---- who runs what


def collected(folder, *files, cells=3):
    """Test items as pytest collects them, `cells` of each file."""
    return [SimpleNamespace(path=folder / file, nodeid=f"{file}::Cell {i}") for file in files for i in range(cells)]


def test_workers_begin_with_the_longest_notebook_and_cells_keep_their_order():
    lessons = all_lessons()
    notebooks = [f"notebooks/{lesson.path.name}" for lesson in lessons]
    items = collected(ROOT, "tests/test_z.py", "tests/test_a.py", *notebooks)
    before = [item.nodeid for item in items]
    conftest.pytest_collection_modifyitems(SimpleNamespace(), items)
    assert [item.nodeid for item in items] == before, "one process keeps pytest's order"

    conftest.pytest_collection_modifyitems(SimpleNamespace(workerinput={}), items)
    files = [item.path.name for item in items[::3]]
    by_time = sorted(lessons, key=lambda lesson: -lesson.about["rendered"]["seconds"])
    assert files == [*(lesson.path.name for lesson in by_time), "test_z.py", "test_a.py"]
    assert {name for name in conftest.SECONDS if not (ROOT / "tests" / name).exists()} == set()
    assert all(item.nodeid.endswith(f"Cell {i % 3}") for i, item in enumerate(items))


class Worker:
    """A worker of xdist that notes which tests it is given."""

    gateway = MagicMock()

    def __init__(self):
        self.given, self.shutting_down = [], False

    def send_runtest_some(self, indices):
        self.given += indices

    def shutdown(self):
        self.shutting_down = True


def dealt(dist, tests):
    """Deal tests out to two workers, of which the second is three times as fast, and return what each has run."""
    option = {"dist": dist, "tx": ["popen", "popen"], "px": []}.get
    config = SimpleNamespace(option=SimpleNamespace(loadscopereorder=True), getoption=option, getvalue=option)
    scheduler = conftest.pytest_xdist_make_scheduler(config, MagicMock())
    workers = [Worker(), Worker()]
    for worker in workers:
        scheduler.add_node(worker)
        scheduler.add_node_collection(worker, tests)
    scheduler.schedule()
    run = {worker: [] for worker in workers}
    while sum(map(len, run.values())) < len(tests):
        for worker in (workers[0], *[workers[1]] * 3):
            if len(run[worker]) < len(worker.given):
                test = worker.given[len(run[worker])]
                run[worker].append(tests[test])
                scheduler.mark_test_complete(worker, test)
    return list(run.values())


@pytest.mark.parametrize("dist", ["load", "loadfile"])  # "load" is what -n alone means
def test_the_cells_of_a_notebook_stay_in_one_worker_in_their_order(dist):
    pytest.importorskip("xdist")
    tests = [f"{name}.ipynb::Cell {i}" for name, cells in {"a": 5, "b": 7, "c": 3, "d": 9}.items()
             for i in range(cells)]
    slow, fast = dealt(dist, tests)
    assert sorted(slow + fast) == sorted(tests)
    files = [list(dict.fromkeys(test.split("::")[0] for test in part)) for part in (slow, fast)]
    assert not set(files[0]) & set(files[1]), "no notebook is in two workers"
    assert files[0][0] == "a.ipynb" and files[1][0] == "b.ipynb", "the first files of the collection come first"
    for part in (slow, fast):
        assert part == [test for file in dict.fromkeys(t.split("::")[0] for t in part)
                        for test in tests if test.startswith(file)]


def test_another_distribution_that_the_reader_asks_for_is_left_to_xdist():
    config = SimpleNamespace(getoption=lambda name: "worksteal")
    assert conftest.pytest_xdist_make_scheduler(config, None) is None


def test_processes_and_kernels_have_the_threads_of_the_environment():
    assert int(os.environ["OMP_NUM_THREADS"]) == system.chosen_threads()


# ---- kernels


@pytest.mark.parametrize("deaths, comes_up", [(0, True), (2, True), (3, False)])
def test_a_kernel_that_does_not_come_up_is_started_three_times(monkeypatch, deaths, comes_up):
    """Two kernels that start at the same moment can pick the same port; then one of them dies at once."""
    tries = []

    def start(self, *args, **kwargs):
        tries.append(args)
        if len(tries) <= deaths:
            raise RuntimeError("Kernel died before replying to kernel_info")

    monkeypatch.setattr(conftest.RunningKernel, "__init__", start)
    if comes_up:
        conftest.Kernel("python3")
    else:
        with pytest.raises(RuntimeError, match="Kernel died"):
            conftest.Kernel("python3")
    assert tries == [("python3",)] * min(deaths + 1, 3)
