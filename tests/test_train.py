"""`gancourse train`: saves beside the training, knows its images and its folder, and needs PyTorch only."""

import io
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from gancourse import checkpoints, files, system
from gancourse.course import cli, train_command, train_folder, train_options
from gancourse.notebook import plots
from gancourse.pt import parallel
from gancourse.pt.train import sample, state

X = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), dtype=np.uint8)
Y = np.arange(60) % 3


@pytest.fixture(autouse=True)
def folder(tmp_path):
    """A folder with a file of images; the threads of this process stay as they were."""
    before = torch.get_num_threads()
    write(tmp_path)
    yield tmp_path
    torch.set_num_threads(before)


def write(folder, x=X, y=Y):
    np.savez(folder / "own.npz", x_train=x, y_train=y, x_test=x[:9], y_test=y[:9])


def command(folder, *more):
    return ["--dataset", f"npz:{folder / 'own.npz'}", "--network", "mlp", "--width", "8", "--num-steps", "12",
            "--batch-size", "16", "--log-every", "3", "--device", "cpu", "--threads", "1",
            "--out", str(folder / "run"), *more]


def train(folder, *more):
    return train_command.train(*train_options.parse(command(folder, *more)))


def saved(folder, name="run"):
    return checkpoints.load_run(folder / name / "checkpoint.safetensors")


def stop_at(monkeypatch, step, stop):
    """Call `stop` when training comes to the log of `step`, before that log is told."""
    def logs(*args, real=train_command.train_fast, **options):
        for log in real(*args, **options):
            if log.step == step:
                stop()
            yield log

    monkeypatch.setattr(train_command, "train_fast", logs)


def interrupt():
    raise KeyboardInterrupt


# ---- the images


@pytest.mark.parametrize("what", ["one pixel of the last image", "one label"])
def test_a_run_does_not_go_on_with_other_images(folder, what, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        stop_at(patch, 9, interrupt)
        train(folder)
    x, y = X.copy(), Y.copy()
    if what == "one label":
        y[0] += 1
    else:
        x[-1, -1, -1, 0] ^= 1
    write(folder, x, y)
    with pytest.raises(ValueError, match="holds a run on other images than npz:.*own.npz holds now.*--out, or --force"):
        train(folder)
    assert saved(folder).step == 6  # nothing was trained on the new images


def test_a_finished_run_is_not_done_before_once_its_images_have_changed(folder):
    train(folder)
    write(folder, X[::-1])
    with pytest.raises(ValueError, match="other images"):
        train(folder)
    assert train(folder, "--force")["identity"]["inputs"]["dataset"]["digest"] == saved(folder).facts["images"]


def test_a_checkpoint_of_an_earlier_version_goes_on_with_a_note(folder):
    train(folder)
    run = saved(folder)
    facts = {name: fact for name, fact in run.facts.items() if name != "images"}
    checkpoints.save_run(folder / "run" / "checkpoint.safetensors", run.arrays, run.history, **facts)
    with pytest.warns(UserWarning, match="does not say on which images"):
        assert train(folder, "--num-steps", "15")["steps"] == 15
    assert saved(folder).facts["images"]  # from now on it says so


def test_a_folder_of_an_earlier_version_has_the_name_that_its_average_had_then(folder):
    """Until November 2026 `ema_decay` was `ema`: the same goes on, another one is refused."""
    train(folder)
    run = saved(folder)
    then = {{"ema_decay": "ema"}.get(name, name): value for name, value in run.facts["settings"].items()}
    facts = run.facts | {"settings": then}
    checkpoints.save_run(folder / "run" / "checkpoint.safetensors", run.arrays, run.history, **facts)
    with pytest.raises(ValueError, match="holds a run with ema_decay=0.995, not 0.9: give another"):
        train(folder, "--num-steps", "15", "--ema-decay", "0.9")
    with pytest.warns(UserWarning, match="of a run of 12 steps"):
        assert train(folder, "--num-steps", "15")["steps"] == 15
    assert saved(folder).facts["settings"]["ema_decay"] == 0.995  # from now on by today's name


def test_a_set_that_the_course_draws_goes_on_with_a_note_where_its_last_bits_differ(tmp_path):
    """Another processor run_steps the strokes otherwise; their owner has changed nothing and could mend nothing."""
    with pytest.warns(UserWarning, match="not bit for bit.*another kind of processor"):
        train_options.check_same_images("strokes", "a" * 32, "b" * 32, tmp_path)


# ---- saving


def test_a_copy_of_a_gan_has_the_state_of_the_gan(folder, monkeypatch):
    copies = []

    def keep(self, snapshot, real=train_command.Saver.keep):
        copies.append(snapshot[0])
        real(self, snapshot)

    monkeypatch.setattr(train_command.Saver, "keep", keep)
    train(folder)
    arrays = saved(folder).arrays
    assert {name.split(".")[0] for name in arrays} == {"G", "D", "G_ema", "opt_G", "opt_D"}
    for name, value in state(copies[-1]).items():
        np.testing.assert_array_equal(arrays[name], value, err_msg=name)
    first, last = (state(copies[i])["G.0.weight"] for i in (0, -1))
    assert np.abs(first - last).max() > 0  # a copy of step 3 stays at step 3


def test_ctrl_c_leaves_the_last_log_and_the_same_command_ends_as_the_straight_run(folder, monkeypatch):
    """Stopped before the log of step 9, with thirty seconds between checkpoints: the one of step 6 is there."""
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        stop_at(patch, 9, interrupt)
        train(folder)
    assert saved(folder).step == 6 and not (folder / "run" / "run.json").exists()
    train(folder)
    train(folder, "--out", str(folder / "straight"))
    straight = saved(folder, "straight").arrays
    for name, value in saved(folder).arrays.items():
        np.testing.assert_array_equal(value, straight[name], err_msg=name)


def test_sigterm_is_a_ctrl_c(folder, monkeypatch):
    def own(*_):
        pytest.fail("the signal has reached the handler that was there before")

    before = signal.signal(signal.SIGTERM, own)
    try:
        stop_at(monkeypatch, 9, lambda: os.kill(os.getpid(), signal.SIGTERM))
        with pytest.raises(KeyboardInterrupt):
            train(folder)
        assert signal.getsignal(signal.SIGTERM) is own
    finally:
        signal.signal(signal.SIGTERM, before)
    assert saved(folder).step == 6


def test_losses_that_are_no_numbers_leave_the_checkpoint_before(folder, monkeypatch):
    def bad():
        raise FloatingPointError("d_loss became nan near step 9")

    stop_at(monkeypatch, 9, bad)
    with pytest.raises(ValueError, match="d_loss became nan"):
        train(folder)
    assert saved(folder).step == 6
    failed = json.loads((folder / "run" / "failed.json").read_text())
    assert (failed["status"], failed["error"], failed["steps"]) == ("failed", "d_loss became nan near step 9", 6)
    assert failed["provenance"]["exit_status"] == 1 and failed["metrics"] == failed["losses"]
    monkeypatch.undo()
    train(folder)
    assert not (folder / "run" / "failed.json").exists()


def test_a_run_in_a_folder_of_runs_stands_in_its_list(folder):
    train(folder, "--out", str(folder / "runs" / "mine"))
    assert 'href="mine/samples.png"' in (folder / "runs" / "index.html").read_text()


def test_a_full_disk_ends_the_run_with_its_fix_and_the_same_command_goes_on(folder, monkeypatch, capsys):
    """The first checkpoint fits on the disk, no later one does."""
    writes = []

    def save_run(*args, real=checkpoints.save_run, **facts):
        writes.append(args)
        if len(writes) > 1:
            raise OSError(28, "No space left on device")
        return real(*args, **facts)

    with monkeypatch.context() as patch, pytest.raises(SystemExit) as stop:
        patch.setattr(checkpoints, "save_run", save_run)
        cli.main(["train", *command(folder, "--save-every", "0")])
    assert stop.value.code == 2
    assert "No space left on device: make room; what was finished is kept" in capsys.readouterr().err
    assert len(writes) == 2 and saved(folder).step == 3 and not (folder / "run" / "run.json").exists()
    assert train(folder)["steps"] == 12


def test_the_rate_is_that_of_the_steps_alone_and_the_seconds_are_all(folder, monkeypatch):
    """On a clock that shows 2 s for a step and 100 s for fetching a checkpoint: 16 images in 2 s, 12 x 2 + 200 s."""
    now = [0.0]

    def slow(*args, real=parallel.make_shared_fast_loop, **options):
        run_steps = real(*args, **options)

        def timed(k, n):
            now[0] += 2 * n
            return run_steps(k, n)

        return timed

    def fetched(gan, z, real=sample):
        now[0] += 100 * (len(z) == 64)
        return real(gan, z)

    monkeypatch.setattr(parallel, "make_shared_fast_loop", slow)
    monkeypatch.setattr(train_command, "sample", fetched)
    monkeypatch.setattr(train_command, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    record = train(folder)  # with checkpoints of the first log and of the last
    assert record["images_per_second"] == 8 and record["seconds"] == 12 * 2 + 2 * 100
    said = train_options.summary(record, folder)
    assert "12 steps in 224 s (the steps alone: 8 images/s)" in said


def test_the_picture_has_eight_rows_of_eight_with_white_lines_between():
    from PIL import Image

    for channels in (1, 3):
        images = np.random.default_rng(0).uniform(-1, 1, (64, 5, 4, channels)).astype(np.float32)
        picture = np.asarray(Image.open(io.BytesIO(train_folder.picture(images))))
        np.testing.assert_array_equal(picture, plots.tile(images, 8))


# ---- what it says


def test_a_finished_run_says_so_and_how_to_go_on(folder, capsys, recwarn):
    first = train(folder)
    assert not recwarn.list
    with pytest.warns(UserWarning, match="is finished: it has gone its 12 steps.*--num-steps.*--force"):
        assert train(folder) == first
    with pytest.warns(UserWarning, match="first 12 steps .* of a run of 12 steps.*15 steps at once"):
        train(folder, "--num-steps", "15")


def test_the_record_says_what_decided_its_numbers(folder):
    record = train(folder)
    assert record == json.loads((folder / "run" / "run.json").read_text())
    assert (record["identity"]["threads"], record["device"], record["processes"]) == (1, "cpu", 1)
    assert record["identity"]["inputs"] == {"dataset": {
        "path": str(folder / "own.npz"), "bytes": (folder / "own.npz").stat().st_size, "images": 60,
        "sha256": files.file_sha256(folder / "own.npz"), "digest": saved(folder).facts["images"]}}
    assert record["versions"]["torch"] == torch.__version__ and record["versions"]["numpy"] == np.__version__
    assert record["identity"]["machine"] == system.hardware()  # as `gancourse run` has it
    assert record["settings"]["width"] == 8 and "seed" not in record["settings"] and record["parameters"]["seed"] == 0
    assert record["metrics"] == record["losses"] and set(record["metrics"]) == {"d_loss", "g_loss"}
    assert (record["lesson"], record["status"], record["provenance"]["exit_status"]) == ("train", "done", 0)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_machine_without_a_gpu_says_just_that(folder):
    with pytest.raises(ValueError, match="this machine has no GPU that PyTorch sees: leave --device out"):
        train(folder, "--device", "cuda")


# ---- the folder


@pytest.fixture
def held(folder):
    """Hold the run's folder as another process would: a lock knows no owner but the open file."""
    with files.hold(folder / "run" / ".lock", "the run"):
        yield folder / "run"


def test_of_several_processes_the_second_group_is_refused_before_anything_is_read(held, folder, monkeypatch):
    """Process 0 of a group does not wait, because the others would wait for it and give up."""
    monkeypatch.setattr(train_command.data, "load", lambda *_, **__: pytest.fail("the data were read"))
    monkeypatch.setattr(parallel, "join", lambda *_: parallel.Group(0, 2, torch.device("cpu")))
    monkeypatch.setattr(parallel, "average", lambda x, group: x / 2)
    with pytest.raises(ValueError, match=f"process {os.getpid()} on .*is at work on .*run: wait until that has ended, "
                                         "or give another --out"):
        train(folder)


def test_one_process_says_who_is_at_work_and_waits(held, folder, monkeypatch, capsys):
    """It waits until Ctrl-C here, which the stand-in for the lock sends at the second try."""
    tries = []

    def acquire(self, timeout=None, **_):
        tries.append(timeout)
        if len(tries) == 2:
            raise KeyboardInterrupt
        raise files.Timeout(self.lock_file)

    monkeypatch.setattr(files.FileLock, "acquire", acquire)
    with pytest.raises(KeyboardInterrupt):
        train(folder)
    assert f"process {os.getpid()} on " in capsys.readouterr().err and tries == [0, None]  # None: no limit


def test_a_run_gives_its_folder_free(folder, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        stop_at(patch, 9, interrupt)
        train(folder)
    with files.hold(folder / "run" / ".lock", "the run", wait=False):
        assert saved(folder).step == 6


def test_a_folder_that_got_nothing_is_removed_and_one_of_the_readers_stays(folder):
    wrong = ["--batch-size", "600"]
    for made in (False, True):
        if made:
            (folder / "run").mkdir()
        with pytest.raises(ValueError, match="batch_size=600"):
            train(folder, *wrong)
        assert (folder / "run").exists() == made


def test_an_empty_folder_whose_lock_windows_does_not_let_go_says_what_was_wrong(tmp_path, monkeypatch):
    """There a file that is held cannot be removed; its release does that."""
    unlink = Path.unlink

    def refuse(path, missing_ok=False):
        if path.name == ".lock":
            raise PermissionError(13, "used by another process", str(path))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(ZeroDivisionError), train_folder.hold(tmp_path / "run", wait=False):
        1 / 0  # noqa: B018


@pytest.mark.parametrize("rank, word", [(0, "refused"), (1, "process 0 does not begin, and says why")])
def test_what_process_0_is_refused_ends_all_processes(rank, word, monkeypatch):
    """The mean over two processes of "it failed" (1 in process 0, 0 in the other) is a half in both."""
    monkeypatch.setattr(parallel, "average", lambda x, group: torch.tensor([0.5]))

    def refuse():
        assert rank == 0, "only process 0 is asked"
        raise OSError("refused")

    with pytest.raises((OSError, ValueError), match=word):
        train_command._by_process_0(parallel.Group(rank, 2, torch.device("cpu")), refuse)


# ---- PyTorch alone


def test_pytorch_alone_is_enough(folder):
    """In a process that can import neither TensorFlow nor anything of notebooks and figures."""
    script = textwrap.dedent("""
        import sys
        for name in ("tensorflow", "keras", "jax", "matplotlib", "papermill", "nbval", "jupyterlab", "IPython",
                     "nbformat", "nbclient", "nbconvert", "pandas", "distributed", "torchmetrics", "prdc"):
            sys.modules[name] = None  # importing it raises ModuleNotFoundError
        from gancourse.course.cli import main
        main(["train", *sys.argv[1:]])
    """)
    done = subprocess.run([sys.executable, "-c", script, *command(folder)], capture_output=True, text=True,
                          cwd=Path(__file__).parents[1], timeout=120)
    assert done.returncode == 0, done.stderr
    assert "12 steps in" in done.stdout and (folder / "run" / "run.json").is_file()
