"""Lessons side by side: one failure stops no other, the index keeps all.  On tiny lessons."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from planted import plant, table

from gancourse import system
from gancourse.course import batch, cli, estimate, records, runner
from gancourse.course.batch import Ended
from gancourse.course.estimate import Estimate
from gancourse.course.runs import pages as run_pages

ROOT = Path(__file__).parents[1]
MEET = """import os, time
from pathlib import Path
Path("{mine}").touch()
while not Path("{other}").exists():
    time.sleep(0.05)
n = 8
assert "{mine}" != "failing", "what was planted"
threads = int(os.environ["OMP_NUM_THREADS"])"""
TABLE = table(("n doubled", "2 * n", 10), ("threads", "threads", 3))


def main(*argv):
    with pytest.raises(SystemExit) as stop:
        cli.main([*map(str, argv)])
    return stop.value.code


def test_two_lessons_run_at_once_and_each_ends_in_its_own_way(tmp_path, monkeypatch, capsys):
    """Each waits in its cell for the other's file: one after the other they would take too long."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    system.available_cores()  # joblib, which counts them, sets a variable of its own when it is imported
    before = dict(os.environ)
    one = plant(
        tmp_path / "01_miss.ipynb",
        MEET.format(mine="missing", other="failing"),
        TABLE,
        title="<Miss>",
    )
    two = plant(
        tmp_path / "02_fail.ipynb",
        MEET.format(mine="failing", other="missing"),
        TABLE,
        title="Fail",
    )
    status = main("run", two, one, "--jobs", 2, "--threads", 2, "--cell-timeout", 60)
    out = capsys.readouterr().out
    assert status == 1 and "2 lessons, 2 side by side, 2 threads each" in out
    error = (
        'failed in cell [2] of failed.ipynb, "import os, time": AssertionError: what was planted'
    )
    assert (
        f"✗ 02 Fail: {error}\n  the page of what had run: runs/02_fail/default/failed.html\n" in out
    )
    summary = out[out.rindex("✗ 02 Fail") :]
    assert "○ 01 <Miss>: " in summary, "the order is that of the command"
    assert (
        "1 of 2 claims hold\n      missed: n doubled: measured 16, claimed < 10\n\n○ A missed claim is"
        in summary
    )
    record = json.loads((tmp_path / "runs/01_miss/default/run.json").read_text())
    assert record["results"]["threads"] == 2 and dict(os.environ) == before
    index = (tmp_path / "runs" / "index.html").read_text()
    assert (
        'href="02_fail/default/failed.html#papermill-error-cell"' in index
        and "AssertionError: what was" in index
    )
    assert 'href="01_miss/default/notebook.html"' in index and "1 of 2 claims hold" in index
    assert "n doubled: measured 16, claimed &lt; 10" in index and "01 &lt;Miss&gt;" in index

    assert [main("run", one, "--threads", 2), main("run", one, "--threads", 2, "--strict")] == [
        0,
        1,
    ]
    assert capsys.readouterr().out.count("1 lesson, done before\n") == 2
    assert "02 Fail" in (tmp_path / "runs" / "index.html").read_text(), (
        "what other commands have run stays"
    )


def test_ctrl_c_ends_all_kernels_and_keeps_what_is_finished(tmp_path):
    start = "import os, time\nfrom pathlib import Path\n"
    hang = start + "Path('pid').write_text(str(os.getpid()))\ntime.sleep(600)"
    wait = start + "while not Path('pid').exists():\n    time.sleep(0.05)"
    paths = [
        plant(tmp_path / "01_hang.ipynb", hang),
        plant(tmp_path / "02_good.ipynb", wait, title="Good"),
    ]
    program = (
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # background jobs ignore it
        "from gancourse.course.cli import main\n"
        "main()"
    )
    command = [sys.executable, "-c", program, "run", *paths, "--jobs", "2"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        while "✓ 02 Good" not in (line := process.stdout.readline()):
            assert line, process.stderr.read()
        process.send_signal(signal.SIGINT)
        assert (
            process.stderr.read()
            == "\nStopped.  What was finished is kept; the same command goes on from there.\n"
        )
        assert process.wait() == 130
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert list((tmp_path / "runs" / "01_hang" / "default").iterdir()) == []
    assert "02 Good" in (tmp_path / "runs" / "index.html").read_text()


def made_up(runs, name, **more):
    """The record of a run that nothing has run."""
    folder = runs / "01_t" / name
    folder.mkdir(parents=True)
    record = {
        "lesson": "01_t",
        "title": "T",
        "settings": {"n": name},
        "claims": [],
        "seconds": 1.0,
        "date": "2026",
    }
    (folder / "run.json").write_text(json.dumps(record | more))


def test_the_index_is_whole_with_two_writers(tmp_path, monkeypatch):
    """The first has looked for runs and writes; the second waits, or the first would undo its work."""
    begun, go, second = threading.Event(), threading.Event(), threading.Event()
    draw = run_pages.index

    def slowly(*args):
        if not begun.is_set():
            begun.set()
            go.wait()
        else:
            second.set()
        return draw(*args)

    monkeypatch.setattr(run_pages, "index", slowly)
    made_up(tmp_path, "one")
    first = threading.Thread(target=records.write_index, args=[tmp_path])
    first.start()
    begun.wait()
    made_up(tmp_path, "two")
    other = threading.Thread(target=records.write_index, args=[tmp_path])
    other.start()
    overtaken = second.wait(0.3)
    go.set()
    first.join()
    other.join()
    page = (tmp_path / "index.html").read_text()
    assert not overtaken and "01_t/one/notebook.html" in page and "01_t/two/notebook.html" in page


def test_the_index_lists_what_was_trained_and_swept_too(tmp_path):
    made_up(tmp_path, "one", date="2026-11-27T10:00:00")
    (tmp_path / "mine").mkdir()
    trained = {
        "settings": {"width": 8},
        "steps": 200,
        "results": {"distance": 41.8},
        "seconds": 9,
        "date": "2026",
    }
    (tmp_path / "mine" / "run.json").write_text(json.dumps(trained))
    (tmp_path / "sweeps" / "s-1").mkdir(parents=True)
    (tmp_path / "sweeps" / "s-1" / "report.html").touch()
    (tmp_path / "01_t" / "broken").mkdir()
    (tmp_path / "01_t" / "broken" / "run.json").write_text("{")
    page = records.write_index(tmp_path).read_text()
    assert (
        "2026-11-27 10:00" in page
        and "mine: width=8" in page
        and "200 steps" in page
        and "distance: 41.8" in page
    )
    assert 'href="sweeps/s-1/report.html"' in page and "broken" not in page


def claim(judged, held, kind="exact", text="a", measured=2, bound="< 1"):
    return {
        "text": text,
        "kind": kind,
        "judged": judged,
        "held": held,
        "measured": measured,
        "bound": bound,
    }


@pytest.mark.parametrize(
    "claims, words",
    [
        ([], "no claims"),
        ([claim(True, True)] * 22, "22 of 22 claims hold"),
        (
            [claim(True, True)] * 21 + [claim(True, False), claim(False, False, "shown")],
            "21 of 22 claims hold",
        ),
        (
            [claim(True, True), claim(False, False, "own")],
            "1 of 1 claim holds (1 not judged: other data or settings than the lesson's)",
        ),
        (
            [claim(False, False, "own")] * 2,
            "2 claims shown, not judged: other data or settings than the lesson's",
        ),
    ],
)
def test_claims_in_words(claims, words):
    assert records.claims_in_words({"claims": claims}) == words


def test_a_missed_claim_says_what_was_measured_even_where_it_is_no_number():
    found = [
        claim(True, False, text="loss", measured="nan", bound="0 ± 1"),
        claim(True, True),
        claim(False, False),
    ]
    assert records.missed_in_words({"claims": found}) == ["loss: measured nan, claimed 0 ± 1"]


@pytest.mark.parametrize(
    "ended, strict, status",
    [
        (["done", "missed"], False, 0),
        (["done", "missed"], True, 1),
        (["missed", "failed"], False, 1),
        (["done", "refused"], False, 2),
        (["done"], True, 0),
    ],
)
def test_the_status_of_the_command(ended, strict, status):
    assert batch.status([Ended(one, "") for one in ended], strict) == status


@pytest.mark.parametrize(
    "seconds, jobs, total",
    [([3, 2, 2], 2, 4), ([3, 2, 2], 1, 7), ([5], 3, 5), ([4, 3, 2, 1], 2, 5)],
)
def test_runs_side_by_side_take_as_long_as_the_fuller_place(seconds, jobs, total):
    """3, 2, 2 on two places: 3 on one, 2 and 2 on the other."""
    assert estimate.seconds_side_by_side(seconds, jobs) == total


@pytest.mark.parametrize(
    "seconds, words",
    [(0.2, "about 1 s"), (89, "about 89 s"), (720, "about 12 min"), (9000, "about 2.5 h")],
)
def test_an_estimate_is_rounded(seconds, words):
    assert estimate.in_words(seconds) == words


def test_a_run_takes_as_long_as_before_here_else_as_stored_at_this_speed(tmp_path):
    """Stored in 60 s at 30 GFLOP/s; at 10 that makes 180 s.  Of other settings nothing is known."""
    from gancourse.course import lessons

    lesson = lessons.find(plant(tmp_path / "01_t.ipynb", "1"))
    lesson.about["rendered"] = {"seconds": 60, "gflops": 30}
    planned = runner.plan(lesson, tmp_path / "runs", threads=1)
    assert estimate.of_run(planned, 10) == Estimate(180, "stored")
    assert (
        estimate.of_run(runner.plan(lesson, tmp_path / "runs", given={"n": 3}, threads=1), 10).known
        == ""
    )
    planned.folder.mkdir(parents=True)
    record = {"seconds": 7, "identity": planned.identity}
    (planned.folder / "run.json").write_text(json.dumps(record))
    assert estimate.of_run(planned, 10) == Estimate(7, "before")
    assert estimate.of_run(runner.plan(lesson, tmp_path / "runs", threads=2), 10) == Estimate(
        180, "stored"
    )


def test_the_longest_run_begins_first_and_what_is_done_takes_no_time(tmp_path):
    from gancourse.course import lessons

    lesson = lessons.find(plant(tmp_path / "01_t.ipynb", "1"))
    plans = [runner.plan(lesson, tmp_path / "runs", given={"n": n}, threads=1) for n in (1, 3, 4)]
    plans[0].folder.mkdir(parents=True)
    (plans[0].folder / "run.json").write_text(json.dumps({"identity": plans[0].identity}))
    expected = [Estimate(9, "stored"), Estimate(5, "stored"), Estimate(8, "stored")]
    assert batch._order(plans, expected, force=False) == ([0, 2, 1], [2, 1])
    assert batch._order(plans, expected, force=True)[1] == [0, 2, 1]
    head = batch._head([expected[2], expected[1]], 3, 2, 1)
    assert head == (
        "3 lessons (1 done before), 2 side by side, 1 thread each: about 8 s "
        "(as long as where the lessons were stored, at this machine's speed)"
    )
