"""Several processes play the game of one.  The group is real: this file, run as a program, is one of its processes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")
if not torch.distributed.is_available() or not torch.distributed.is_gloo_available():
    pytest.skip("this PyTorch was built without torch.distributed and gloo", allow_module_level=True)

from gancourse import checkpoints
from gancourse.course import cli, train_command, train_options
from gancourse.pt import losses, models, parallel
from gancourse.pt.train import Penalty, load_state, make_gan, state
from gancourse.training_loop import train_fast

X = np.random.default_rng(0).integers(0, 256, (96, 8, 8, 1), dtype=np.uint8)
R1 = Penalty(lambda D, real, fake: losses.r1_penalty(D, real), 0.25, interval=4)
ALONE = parallel.Group(0, 1, torch.device("cpu"))
STEPS = 24


def new_gan(build=models.mlp_pair, seed=1):
    return make_gan(*models.seeded(build, 5, (8, 8, 1), 8, seed=seed), z_dim=5, seed=2)


def play(gan, group, loss="nonsaturating", start=0, stop=STEPS):
    """Both losses of each step, (steps, 2)."""
    run_steps = parallel.make_shared_fast_loop(gan, X, group, batch_size=16, loss=losses.LOSSES[loss], penalty=R1)
    logs = train_fast(run_steps, num_steps=stop, start=start, log_every=1, progress=False)
    return np.array([list(log.scalars.values()) for log in logs])


# ---- what one process of a group does


def games(folder, group):
    """Play every game in the group, and leave what this process has seen as arrays."""
    seen = {}
    for loss in losses.LOSSES:
        gan = new_gan(seed=1 + group.rank)  # other weights, until they agree
        parallel.broadcast_state(gan, 0, group)
        seen[f"losses.{loss}"] = play(gan, group, loss)
        parallel.check_in_sync(gan, group)
    seen |= {f"end.{name}": value for name, value in state(gan).items()}

    gan = new_gan()
    play(gan, group, stop=10)
    seen |= {f"half.{name}": value for name, value in state(gan).items()}
    late = new_gan(seed=7)
    if group.rank == 0:
        load_state(late, state(gan))
    seen["step"] = parallel.broadcast_state(late, 10 if group.rank == 0 else 0, group)
    seen["losses.late"] = play(late, group, start=10)

    gan = new_gan(models.dcgan_pair)
    seen["losses.batchnorm"] = play(gan, group, stop=1)
    parallel.average_statistics(gan, group)
    seen |= {f"batchnorm.{name}": value for name, value in state(gan).items()}

    def refuse():
        raise OSError("this folder is being worked on")

    for what, provoke in {
        "refused": lambda: train_command._by_process_0(group, refuse),
        "drift": lambda: parallel.check_in_sync(gan, group),
        "settings": lambda: parallel.broadcast_state(gan, 0, group, about=f"seed={group.rank}"),
    }.items():
        if what == "drift" and group.rank == 1:
            with torch.no_grad():
                weight = next(gan.D.parameters()).view(-1)[:1]
                weight.copy_(torch.nextafter(weight, weight + 1))  # by the last bit of one weight
        try:
            provoke()
        except (OSError, ValueError) as error:
            seen[what] = str(error)
    np.savez(folder / f"{group.rank}.npz", **seen)


def dies(folder, group):
    """Train as the command does; process 1 is killed at the log of step 9."""
    checks = []

    def check(gan, group, real=parallel.check_in_sync):
        checks.append(1)
        if group.rank == 1 and len(checks) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        real(gan, group)

    parallel.check_in_sync, parallel.join = check, lambda *_: group  # a process joins once
    cli.main(["train", *command(folder)])


def command(folder, *more):
    return ["--dataset", f"npz:{folder / 'x.npz'}", "--network", "mlp", "--width", "8", "--num-steps", "12",
            "--batch-size", "16", "--log-every", "3", "--device", "cpu", "--threads", "1",
            "--out", str(folder / "run"), *more]


# ---- the tests


@pytest.fixture(autouse=True)
def threads():
    """Leave the threads of this process as they were: a run sets its own."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def write_data(folder):
    np.savez(folder / "x.npz", x_train=X, y_train=np.zeros(len(X), int))
    return folder


@pytest.fixture
def data_folder(tmp_path):
    return write_data(tmp_path)


@pytest.fixture(scope="module")
def torchrun(tmp_path_factory):
    """The folder, exit status and last words of torchrun with two processes: they play the games, then one dies."""
    folder = write_data(tmp_path_factory.mktemp("two"))
    done = subprocess.run([sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
                           __file__, str(folder)], capture_output=True, text=True, timeout=600)
    return folder, done.returncode, done.stderr


@pytest.fixture(scope="module")
def seen(torchrun):
    """What each of the two processes has seen."""
    folder, _, said = torchrun
    assert (folder / "0.npz").exists() and (folder / "1.npz").exists(), said
    return [np.load(folder / f"{rank}.npz", allow_pickle=False) for rank in (0, 1)]


@pytest.mark.parametrize("loss", losses.LOSSES)
def test_two_processes_have_the_losses_of_one(seen, loss):
    one = play(new_gan(), ALONE, loss)
    for two in seen:
        np.testing.assert_allclose(two[f"losses.{loss}"], one, rtol=0, atol=1e-5)
    assert np.ptp(one[:, 0]) > 1e-2  # the losses move, so that equal ones say something


def test_each_process_has_its_own_rows():
    rows = [parallel.Group(rank, 3, torch.device("cpu")).shard(torch.arange(6)).tolist() for rank in range(3)]
    assert rows == [[0, 1], [2, 3], [4, 5]]


def test_all_processes_end_with_the_same_bits(seen):
    names = [name for name in seen[0] if name.startswith("end.")]
    assert {name.split(".")[1] for name in names} == {"G", "D", "G_ema", "opt_G", "opt_D"}
    for name in names:
        np.testing.assert_array_equal(seen[0][name], seen[1][name], err_msg=name)


def test_adams_moments_of_two_processes_are_those_of_one(seen):
    """Adam divides by the size of a gradient, so that losses would not tell a sum of gradients from their mean."""
    gan = new_gan()
    play(gan, ALONE, "relativistic")
    for name, one in state(gan).items():
        if "exp_avg" in name:
            scale = np.abs(one).max()
            np.testing.assert_allclose(seen[0][f"end.{name}"], one, rtol=0, atol=1e-3 * scale, err_msg=name)


def test_a_run_of_two_processes_goes_on_in_one(seen):
    straight = play(new_gan(), ALONE)
    gan = new_gan(seed=3)
    load_state(gan, {name[5:]: seen[0][name] for name in seen[0] if name.startswith("half.")})
    np.testing.assert_allclose(play(gan, ALONE, start=10), straight[10:], rtol=0, atol=1e-5)


def test_all_go_on_from_what_process_0_holds(seen):
    """Process 1 comes with other weights, no moments and step 0; it goes on with the rest of the straight run."""
    straight = play(new_gan(), ALONE)
    for two in seen:
        assert two["step"] == 10
        np.testing.assert_allclose(two["losses.late"], straight[10:], rtol=0, atol=1e-5)


def test_batchnorm_sees_the_rows_of_its_own_process(seen):
    """The mean of two halves' means is the mean of all rows; the mean of their variances is not the variance."""
    gan = new_gan(models.dcgan_pair)
    one = play(gan, ALONE, stop=1)
    assert np.abs(seen[0]["losses.batchnorm"] - one).max() > 1e-5
    alone = state(gan)
    for two in seen:
        np.testing.assert_allclose(two["batchnorm.G.2.running_mean"], alone["G.2.running_mean"], atol=1e-7)
        assert np.all(two["batchnorm.G.2.running_var"] != alone["G.2.running_var"])
        np.testing.assert_array_equal(two["batchnorm.G_ema.2.running_var"], two["batchnorm.G.2.running_var"])


def test_weights_that_differ_in_one_bit_are_noticed(seen):
    assert all("drifted apart" in str(two["drift"]) for two in seen)


def test_what_process_0_is_refused_ends_both_and_neither_waits(seen):
    assert [str(two["refused"]) for two in seen] == ["this folder is being worked on",
                                                     "process 0 does not begin, and says why"]


def test_different_settings_are_noticed(seen):
    assert all("different settings" in str(two["settings"]) for two in seen)


def test_a_process_that_dies_ends_the_others_and_one_goes_on_from_the_checkpoint(torchrun):
    """Killed at step 9 with a checkpoint of step 6: one process makes it the straight run of twelve steps."""
    folder, status, said = torchrun
    assert status == 1 and "Training stops; what was saved last is in" in said and "exitcode  : -9" in said
    assert checkpoints.load_run(folder / "run" / "checkpoint.safetensors").step == 6
    assert not (folder / "run" / "run.json").exists()

    resumed = train_command.train(*train_options.parse(command(folder)))
    straight = train_command.train(*train_options.parse([*command(folder), "--out", str(folder / "straight")]))
    assert resumed["steps"] == straight["steps"] == 12
    assert resumed["losses"] == pytest.approx(straight["losses"], abs=1e-5)


def test_a_process_that_says_nothing_is_given_up(data_folder, monkeypatch):
    """Process 1 is this one, which joins and then does nothing; it keeps the meeting point, as torchrun does."""
    store = torch.distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)  # any free port
    about = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port),
             "TORCHELASTIC_USE_AGENT_STORE": "True"}
    waiting = subprocess.Popen([sys.executable, "-m", "gancourse", "train", *command(data_folder, "--timeout", "5")],
                               env=os.environ | about | {"RANK": "0"}, stderr=subprocess.PIPE, text=True)
    for name, value in (about | {"RANK": "1"}).items():
        monkeypatch.setenv(name, value)
    try:
        group = parallel.join("cpu", timeout=600)
        _, said = waiting.communicate(timeout=600)
        parallel.leave(group)
    finally:
        waiting.kill()
    assert "process 0 of 2 lost the others" in said and "nothing had been saved yet" in said
    assert waiting.returncode == 2, said


# ---- the command, in one process


def test_a_run_that_is_done_is_not_repeated_and_goes_on_when_asked_for_more(data_folder):
    first = train_command.train(*train_options.parse(command(data_folder)))
    assert train_command.train(*train_options.parse(command(data_folder))) == first
    longer = train_command.train(*train_options.parse([*command(data_folder), "--num-steps", "15"]))
    assert (first["steps"], longer["steps"]) == (12, 15)
    with pytest.raises(ValueError, match="already gone 15 steps"):
        train_command.train(*train_options.parse(command(data_folder)))
    assert train_command.train(*train_options.parse(command(data_folder, "--force")))["losses"] == first["losses"]


@pytest.mark.parametrize("more, processes, word", [
    (["--network", "shalow"], 1, "did you mean 'shallow'"),
    (["--loss", "hing"], 1, "did you mean 'hinge'"),
    (["--dataset", "mnits"], 1, "did you mean 'mnist'"),
    (["--batch-size", "15"], 2, "does not split evenly over 2 processes: take 14 or 16"),
    (["--batch-size", "1"], 2, "take 2"),
    (["--batch-size", "97"], 1, r"must lie in [1, 87]"),  # of 96 images, nine are kept for testing
    (["--learning-rate", "2"], 1, "nearest right value is 1.0"),
    (["--sync-batchnorm"], 1, "needs GPUs"),
    (["--device", "cuda"], 1, "this machine has no GPU that PyTorch sees"),
    (["--nosuch", "1"], 1, "gancourse train --help"),
    (["--num-steps", "many"], 1, "invalid int value"),
])
def test_what_does_not_fit_is_refused_with_its_fix(more, processes, word, data_folder, capsys, monkeypatch):
    if "cuda" in more and torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    monkeypatch.setenv("WORLD_SIZE", str(processes))
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", *command(data_folder, *more)])
    assert stop.value.code == 2 and word in capsys.readouterr().err
    assert not (data_folder / "run").exists()


def test_a_folder_of_another_run_is_not_overwritten(data_folder):
    train_command.train(*train_options.parse(command(data_folder)))
    with pytest.raises(ValueError, match="holds a run with seed=0, not 1: give another --out, or --force"):
        train_command.train(*train_options.parse(command(data_folder, "--seed", "1")))


def test_a_folder_that_takes_no_file_is_refused_before_the_first_step(data_folder, capsys, monkeypatch):
    (data_folder / "run").write_text("a file of the reader's")
    monkeypatch.setattr(train_command, "run_training", lambda *_: pytest.fail("training has started"))
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", *command(data_folder)])
    assert stop.value.code == 2 and "a file stands where a folder is needed" in capsys.readouterr().err


def test_a_missing_backend_names_the_way_out(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(torch.distributed, "is_backend_available", lambda name: False)
    with pytest.raises(ValueError, match="this PyTorch has no gloo.*train in one process"):
        parallel.join("cpu")


def test_the_names_on_the_command_line_are_those_of_the_track():
    choices = {p.name: set(p.choices) for p in train_options.GAME}
    assert choices["network"] == set(train_command.NETWORKS) and choices["loss"] == set(losses.LOSSES)


def test_help_shows_an_example_and_the_way_to_several_processes(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", "--help"])
    said = capsys.readouterr().out
    assert stop.value.code == 0 and "example: gancourse train" in said and "torchrun --standalone" in said


if __name__ == "__main__":
    joined = parallel.join("cpu", threads=1)
    games(Path(sys.argv[1]), joined)
    dies(Path(sys.argv[1]), joined)
