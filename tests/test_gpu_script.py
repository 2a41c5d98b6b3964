"""The script for a GPU machine is right before there is one: its parts run here, and its verdicts can say no."""

import json
import os
import select
import sys
import warnings
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))
import gpu
import gpu_presets

from gancourse.course.lessons import all_lessons, parameters


@pytest.fixture(autouse=True)
def threads():
    """A run of `gancourse train` sets the threads of this process."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def played(part, folder):
    """What a part finds here, on a processor, at the smallest sizes."""
    gpu.play(part, folder, "cpu", True, 60)
    return json.loads((folder / f"{part}.json").read_text())


# ---- a


def test_stacks_beside_kept_graphs_end_where_they_end_alone(tmp_path):
    found = played("a", tmp_path)
    assert list(found) == ["nothing kept", "first layer's output kept, as in lesson 08", "outputs of G and D kept"]
    for case in found.values():
        assert case["held"] and case["largest gap of a weight"] == 0 and case["largest move of a weight"] > 1e-3
        assert case["recordings"] == 0 and case["fell back"] == []  # a processor records nothing


def test_a_step_that_falls_back_is_told_and_one_that_computes_something_else_is_not_held(tmp_path, monkeypatch):
    """The stand-in for a GPU says that it could not record; the second one also loses one step of twelve."""
    real = gpu.stack_of_lesson_07
    lost = [0]

    def stack(name, device, compiled, tiny):
        gan, run_steps = real(name, device, compiled, tiny)

        def on_a_gpu(k, n):
            if compiled == "auto" and k == 0:
                warnings.warn("this step could not be recorded as a CUDA graph", stacklevel=1)
            return {"d_loss": 0.0, "g_loss": 0.0} if compiled == "auto" and k in lost else run_steps(k, n)

        return gan, on_a_gpu

    monkeypatch.setattr(gpu, "stack_of_lesson_07", stack)
    assert not any(case["held"] for case in played("a", tmp_path).values())
    lost.clear()
    for case in played("a", tmp_path).values():
        assert case["held"] and len(case["fell back"]) >= 1 and "could not be recorded" in case["fell back"][0]


def test_on_a_gpu_a_step_that_was_neither_recorded_nor_given_up_is_not_held():
    assert gpu.verdict(gap=0.0, moved=0.1, device="cuda", recordings=2, said=[])
    assert gpu.verdict(gap=0.0, moved=0.1, device="cuda", recordings=0, said=["could not be recorded"])
    assert not gpu.verdict(gap=0.0, moved=0.1, device="cuda", recordings=0, said=[])
    assert not gpu.verdict(gap=0.01, moved=0.1, device="cuda", recordings=2, said=[])
    assert not gpu.verdict(gap=float("nan"), moved=0.1, device="cuda", recordings=2, said=[])


# ---- c


def test_games_in_16_bits_are_judged_by_the_losses_that_they_have(tmp_path):
    """Where bf16 alternating equals bf16 simultaneous bit for bit, it plays the wrong game, and only there."""
    found = played("c", tmp_path)["mlp, step by step"]
    assert found["simultaneous"]["held"]
    assert found["held"] == (not found["alternating in bf16 equals simultaneous in bf16"])


@pytest.mark.parametrize("in_16_bits, held", [(0.51, True), (0.69, False), (0.6, False)])
def test_bf16_must_be_nearer_to_its_own_game_than_to_the_other(in_16_bits, held):
    """g_loss of the first step is .5 in the alternating game, .7 in the simultaneous one."""
    same = [[1.0, 0.7]] * 20
    found = gpu.compared({("alternating", "fp32"): [[1.0, 0.5]] * 20, ("simultaneous", "fp32"): same,
                          ("alternating", "bf16"): [[1.0, in_16_bits]] * 20, ("simultaneous", "bf16"): same})
    assert found["held"] == held and found["simultaneous"]["held"]
    assert found["alternating"]["step 1, from the same game"] == pytest.approx(abs(in_16_bits - 0.5))


# ---- d


def test_the_rate_of_training_stands_beside_that_of_the_bare_loop(tmp_path):
    found = played("d", tmp_path)
    rows = [found[name][0] for name in ("bare loop", "gancourse train, steps alone", "gancourse train, with saving")]
    assert min(rows) > 0 and found["share kept, with saving"] == pytest.approx(rows[2] / rows[0], rel=0.01)
    assert "held" not in found  # a run of no length shows nothing
    assert not (tmp_path / "d_run").exists() and not (tmp_path / "d.npz").exists()


# ---- b and e


def test_a_lesson_is_skipped_where_what_it_needs_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(gpu, "call", lambda *_: pytest.fail("a lesson was started"))
    assert gpu.lesson("03", "gpu", tmp_path, "cpu", 60)["skipped"].startswith("needs papermill, ")
    assert gpu.lesson("02", "gpu", tmp_path, "cpu", 60)["skipped"].endswith(", tensorflow")


def test_a_lesson_tells_its_claims_and_which_were_missed(tmp_path, monkeypatch):
    claim = {"text": "distance", "kind": "own", "bound": "< 3", "measured": 2.0, "judged": True, "held": True}
    table = {"results": {"distance": 2.0, "loss": 4.0},
             "claims": [claim, claim | {"text": "loss", "measured": 4.0, "held": False}, claim | {"judged": False}]}

    def run(command, seconds, log):
        folder = tmp_path / "runs" / "03_dcgan_pt" / "default"
        folder.mkdir(parents=True)
        outputs = [{"data": {gpu.MIME: table}}]
        (folder / "notebook.ipynb").write_text(json.dumps({"cells": [{"outputs": outputs}, {"source": ""}]}))
        return 0

    monkeypatch.setattr(gpu, "call", run)
    monkeypatch.setattr(gpu.importlib.util, "find_spec", lambda name: True)
    found = gpu.lesson("03", "gpu", tmp_path, "cpu", 60)
    assert (found["results"], found["claims judged"], found["missed"]) == (2, 2, ["loss: 4.0, < 3"])
    assert list(gpu.held_of(found)) == [False] and list(gpu.held_of(found | {"missed": []})) == [True]


def test_presets_go_on_until_no_time_is_left(tmp_path, monkeypatch):
    """Thirty seconds: the first lesson gets what is left of them; on a clock that then shows 28, no other does."""
    now, asked = [0.0], []

    def lesson(which, preset, out, device, seconds):
        asked.append((which, preset, seconds))
        now[0] += 23
        return {"preset": preset, "status": 0, "seconds": 23}

    monkeypatch.setattr(gpu, "lesson", lesson)
    monkeypatch.setattr(gpu.time, "monotonic", lambda: now[0])
    gpu.play("e", tmp_path, "cuda", False, 30)
    found = json.loads((tmp_path / "e.json").read_text())
    assert asked == [("03", "gpu", 25)] and list(found) == list(gpu.PRESETS)
    assert all(found[which] == {"skipped": "no time was left"} for which in gpu.PRESETS[1:])


# ---- all together


def test_a_part_that_fails_or_takes_too_long_does_not_stop_the_next(tmp_path, monkeypatch, capsys):
    def call(command, seconds, log):
        part = command[command.index("--part") + 1]
        (tmp_path / f"{part}.json").write_text(json.dumps({"first finding": {"held": True}}))
        log.write("Traceback\nCUDA error: an illegal memory access\n")
        log.flush()
        return {"a": 1, "c": None, "d": 0}[part]

    monkeypatch.setattr(gpu, "call", call)
    gpu.main(["--out", str(tmp_path), "--device", "cpu", "--tiny", "--only", "d,c,a"])
    report = json.loads((tmp_path / "gpu.json").read_text())["parts"]
    assert list(report) == ["a", "c", "d"]  # most important first
    assert report["a"]["failed"] == "CUDA error: an illegal memory access" and report["a"]["first finding"]["held"]
    assert report["c"]["stopped"].startswith("after") and "failed" not in report["d"]
    said = capsys.readouterr().out
    assert "failed: CUDA error: an illegal memory access; before that, held 1 of 1" in said and "held 1 of 1 (" in said
    assert "## d: gancourse train against the bare loop" in (tmp_path / "GPU.md").read_text()


def test_what_takes_too_long_is_ended_with_all_that_it_started():
    """A program that starts another; both say "up" into a pipe and wait for ever.  It ends when both are gone."""
    endless = ("import subprocess, sys, threading; print('up', flush=True); "
               "sys.argv[1:] or subprocess.Popen([sys.executable, '-c', sys.orig_argv[2], 'child']); "
               "threading.Event().wait()")
    said = b""
    while said.count(b"up") < 2:  # on a busy machine the second may come up too late
        reading, writing = os.pipe()
        assert gpu.call([sys.executable, "-c", endless], 1, writing) is None
        os.close(writing)
        said, more = b"", b"more"
        while more:
            assert select.select([reading], [], [], 60)[0], "one of them lives"
            more = os.read(reading, 100)
            said += more
        os.close(reading)


@pytest.mark.parametrize("wrong, word", [(["--only", "a,x"], "parts are a,b,c,d,e,f"), ([], "give --out FOLDER")])
def test_what_does_not_fit_is_refused(wrong, word, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        gpu.main([*wrong, *(["--out", str(tmp_path)] if wrong else [])])
    assert stop.value.code == 2 and word in capsys.readouterr().err


def test_help_shows_how_to_try_it_without_a_gpu(capsys):
    with pytest.raises(SystemExit) as stop:
        gpu.main(["--help"])
    assert stop.value.code == 0 and "--device cpu --tiny --only a,c,d" in capsys.readouterr().out


# ---- the presets


def test_every_gpu_preset_should_end_within_half_of_five_minutes():
    """Counted from the settings that stand in the notebooks: more steps, more seconds here."""
    lessons = {f"{lesson.about['lesson']:02d}": lesson for lesson in all_lessons()}
    wanted = {number for number, lesson in lessons.items() if lesson.about.get("presets", {}).get("gpu")}
    assert wanted == set(gpu_presets.WORK) == set(gpu.PRESETS)
    for number in wanted:
        assert 0 < gpu_presets.seconds(number) <= 150, number


def test_an_estimate_grows_with_the_steps(monkeypatch):
    (lesson,) = [lesson for lesson in all_lessons() if lesson.about["lesson"] == 3]
    preset = {name: p.default for name, p in parameters(lesson.notebook).items()} | lesson.about["presets"]["gpu"]
    twice = preset | {"num_steps": 2 * preset["num_steps"]}
    once, more = (sum(seconds for _, seconds in gpu_presets.WORK["03"](p)) for p in (preset, twice))
    assert more - once > 20
