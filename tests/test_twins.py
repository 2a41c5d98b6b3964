"""The two tracks have the same public names, and train the same from the same start."""

import ast
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from gancourse.training_loop import batches, train, train_fast

ROOT = Path(__file__).parents[1] / "gancourse"
PT_ONLY = {"optimisers.py", "conditional.py", "augment.py", "batched.py", "parallel.py",
           "torchmetrics_adapter.py", "flow_matching.py",
           "train_feature_net.py"}  # gancourse/pt/__init__.py says why
MODULES = sorted({path.name for track in ("pt", "tf") for path in (ROOT / track).glob("*.py")} - PT_ONLY)
ITS_OWN = {"from_numpy", "to_numpy",  # only PyTorch wants channels first
           "fold_upsampling", "UpConv",
           "own_random_numbers", "seed_step", "seed_generators",  # Keras' layers hold theirs
          "device_loader", "graphed", "cuda_graph", "renew_gradient_nodes"}  # tf.function does it


def public(path: Path) -> dict:
    """Each public function or class of a module, in order: its arguments with defaults, and its docstring."""
    found = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            found[node.name] = (_arguments(node), ast.get_docstring(node))
    return {name: entry for name, entry in found.items() if name not in ITS_OWN}


def _arguments(node):
    if isinstance(node, ast.ClassDef):
        return [(line.target.id, line.value and ast.dump(line.value)) for line in node.body
                if isinstance(line, ast.AnnAssign)]
    a = node.args
    names = [arg.arg for arg in [*a.posonlyargs, *a.args, *a.kwonlyargs]]
    return names, [d and ast.dump(d) for d in [*a.defaults, *a.kw_defaults]]


@pytest.mark.parametrize("module", MODULES)
def test_same_names_arguments_and_docstrings_in_the_same_order(module):
    pt, tf = public(ROOT / "pt" / module), public(ROOT / "tf" / module)
    assert list(pt) == list(tf)
    assert pt == tf


def test_the_track_says_which_modules_are_twins():
    """The first paragraph after the title names the twins, the list the modules of PyTorch alone."""
    _, twins, alone = ast.get_docstring(ast.parse((ROOT / "pt" / "__init__.py").read_text())).split("\n\n")
    names = {word.strip(",") for line in alone.splitlines()[1:] for word in line[:22].split()}
    assert {f"{name}.py" for name in names} == PT_ONLY
    for module in MODULES:
        assert module == "__init__.py" or f"`{module.removesuffix('.py')}`" in twins


@pytest.fixture(scope="module")
def tracks():
    """{"pt": (losses, models, train), "tf": ...}"""
    pytest.importorskip("torch")
    pytest.importorskip("gancourse.tf", reason="needs TensorFlow")
    import gancourse.pt.fast_loop
    import gancourse.pt.losses
    import gancourse.pt.models
    import gancourse.pt.train
    import gancourse.tf.fast_loop
    import gancourse.tf.losses
    import gancourse.tf.models
    import gancourse.tf.train

    return {"pt": gancourse.pt, "tf": gancourse.tf}


def _copy(G_or_D_pt, G_or_D_tf, flat_shape=None):
    """Give a PyTorch network the weights of its Keras twin; both list them in the same order.

    Kernels change their axes; `flat_shape` (height, width, channels) is that of an image flattened or
    unflattened by a dense layer, whose columns or rows change from channels last to first.
    """
    import torch

    weights = [v.numpy() for v in G_or_D_tf.trainable_variables]
    for p, w in zip(G_or_D_pt.parameters(), weights, strict=True):
        if w.ndim == 4:
            w = w.transpose(3, 2, 0, 1)
        elif flat_shape and w.ndim == 2 and w.shape[1] == np.prod(flat_shape):
            w = w.reshape(-1, *flat_shape).transpose(0, 3, 1, 2).reshape(len(w), -1).T
        elif flat_shape and w.ndim == 1 and len(w) == np.prod(flat_shape):
            w = w.reshape(flat_shape).transpose(2, 0, 1).reshape(-1)
        elif flat_shape and w.ndim == 2 and len(w) == np.prod(flat_shape):
            w = w.reshape(*flat_shape, -1).transpose(3, 2, 0, 1).reshape(w.shape[1], -1)
        elif w.ndim == 2:
            w = w.T
        assert p.shape == w.shape
        p.data = torch.tensor(np.ascontiguousarray(w))


def _pairs(tracks, kind):
    """The same networks with the same weights on both tracks, and data for them."""
    rng = np.random.default_rng(0)
    if kind == "mlp":
        build, shape, flat = "mlp_pair", (2,), None
    else:
        build, shape, flat = "dcgan_pair", (8, 8, 1), (4, 4, 4)
    options = {"width": 16} if kind == "mlp" else {"width": 4, "norm_D": kind == "dcgan with norm_D"}
    if kind == "shallow":
        build, flat, options = "shallow_pair", (2, 2, 6), {"width": 6}
    nets = {name: track.models.seeded(getattr(track.models, build), 3, shape, **options, seed=0)
            for name, track in tracks.items()}
    for pt_net, tf_net in zip(nets["pt"], nets["tf"], strict=True):
        _copy(pt_net, tf_net, flat)
    return nets, rng.uniform(-1, 1, (64, *shape)).astype(np.float32)


def _run(track, nets, x, loss, penalty=None, num_steps=40):
    gan = track.train.make_gan(*nets, z_dim=3, learning_rate=1e-3, seed=5)
    step = partial(track.train.train_step, gan, loss=track.losses.LOSSES[loss], penalty=penalty)
    return gan, list(train(step, batches(x, 16, 5), num_steps=num_steps, log_every=10, progress=False))


def _assert_same(a, b, names=("d_loss", "g_loss")):
    for one, other in zip(a, b, strict=True):
        assert one.step == other.step and list(one.scalars) == list(other.scalars) == ["d_loss", "g_loss"]
        for name in names:
            assert one.scalars[name] == pytest.approx(other.scalars[name], rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("loss", ["minimax", "nonsaturating", "least_squares", "hinge", "wasserstein", "relativistic"])
def test_same_start_same_training(tracks, loss):
    nets, x = _pairs(tracks, "mlp")
    (pt_gan, a), (tf_gan, b) = (_run(track, nets[name], x, loss) for name, track in tracks.items())
    # d_loss of these two ignores a constant added to D, so Adam moves D's last bias by rounding noise alone
    _assert_same(a, b, ["d_loss"] if loss in ("hinge", "wasserstein") else ["d_loss", "g_loss"])
    z = np.random.default_rng(1).normal(size=(9, 3)).astype(np.float32)
    untrained = tracks["tf"].train.sample(tracks["tf"].train.make_gan(*_pairs(tracks, "mlp")[0]["tf"], z_dim=3), z)
    for averaged in (True, False):
        a, b = tracks["pt"].train.sample(pt_gan, z, averaged), tracks["tf"].train.sample(tf_gan, z, averaged)
        assert abs(a - b).max() < 0.03 * abs(a - untrained).max()  # Adam enlarges rounding where a slope is near 0


@pytest.mark.parametrize("kind", ["dcgan", "dcgan with norm_D", "shallow"])
def test_same_start_same_training_of_convolutions_with_batch_norm(tracks, kind):
    nets, x = _pairs(tracks, kind)
    (_, a), (_, b) = (_run(track, nets[name], x, "nonsaturating", num_steps=10) for name, track in tracks.items())
    _assert_same(a, b)


def test_same_training_with_a_lazy_penalty(tracks):
    nets, x = _pairs(tracks, "mlp")
    logs = {}
    for name, track in tracks.items():
        r1 = track.train.Penalty(lambda D, real, fake, track=track: track.losses.r1_penalty(D, real), 0.5, interval=4)
        logs[name] = _run(track, nets[name], x, "relativistic", r1)[1]
    _assert_same(logs["pt"], logs["tf"])
    assert logs["tf"][-1].scalars["d_loss"] != pytest.approx(
        _run(tracks["tf"], _pairs(tracks, "mlp")[0]["tf"], x, "relativistic")[1][-1].scalars["d_loss"], rel=1e-3)


@pytest.mark.parametrize("step", ["alternating_step", "simultaneous_step"])
def test_the_fast_loops_of_both_tracks_play_the_same(tracks, step):
    """Batches and noise come from (seed, k) alone, so both tracks log the same losses."""
    nets, x = _pairs(tracks, "mlp")
    logs = {}
    for name, track in tracks.items():
        gan = track.train.make_gan(*nets[name], z_dim=3, learning_rate=1e-3, seed=5)
        r1 = track.train.Penalty(lambda D, real, fake, track=track: track.losses.r1_penalty(D, real), 0.5, interval=4)
        run_steps = track.fast_loop.make_fast_loop(
            gan, x, batch_size=16, loss=track.losses.LOSSES["nonsaturating"], penalty=r1,
            schedule=lambda k: 1e-3 / (1 + k), step=getattr(track.train, step))
        logs[name] = list(train_fast(run_steps, num_steps=20, log_every=10, progress=False))
    _assert_same(logs["pt"], logs["tf"])


@pytest.mark.parametrize("compiled, memory_map", [("no", False), ("no", True), ("yes", True)])
def test_tensorflows_fast_loop_plays_the_steps_of_its_plain_one(tracks, compiled, memory_map, tmp_path):
    track = tracks["tf"]
    nets, x = _pairs(tracks, "mlp")
    plain, logs = _run(track, nets["tf"], x, "nonsaturating", num_steps=20)
    if memory_map:
        np.save(tmp_path / "x.npy", x)
        x = np.load(tmp_path / "x.npy", mmap_mode="r", allow_pickle=False)
    gan = track.train.make_gan(*_pairs(tracks, "mlp")[0]["tf"], z_dim=3, learning_rate=1e-3, seed=5)
    run_steps = track.fast_loop.make_fast_loop(gan, x, batch_size=16, loss=track.losses.LOSSES["nonsaturating"],
                                               compiled=compiled)
    _assert_same(logs, train_fast(run_steps, num_steps=20, log_every=10, progress=False))
    for key, value in track.train.state(gan).items():
        np.testing.assert_allclose(value, track.train.state(plain)[key], atol=1e-3, err_msg=key)


def test_moving_together_is_another_game(tracks):
    """G answers D's move in alternating_step and the D of before in simultaneous_step: another G."""
    ends = []
    for step in ("alternating_step", "simultaneous_step"):
        track, (nets, x) = tracks["pt"], _pairs(tracks, "mlp")
        gan = track.train.make_gan(*nets["pt"], z_dim=3, learning_rate=0.1, seed=5)
        z = track.train.noise(gan, 16, 0)
        d_loss, g_loss = getattr(track.train, step)(gan, track.train.from_numpy(x[:16]), z,
                                                    track.losses.LOSSES["nonsaturating"])
        ends.append((float(d_loss), float(g_loss), track.train.state(gan)))
    assert ends[0][0] == pytest.approx(ends[1][0], rel=1e-6) and ends[0][1] != pytest.approx(ends[1][1], rel=1e-3)
    assert all(np.array_equal(ends[0][2][k], ends[1][2][k]) for k in ends[0][2] if k.startswith("D."))


def test_same_noise(tracks):
    nets, _ = _pairs(tracks, "mlp")
    z = {name: track.train.noise(track.train.make_gan(*nets[name], z_dim=3, seed=5), 4, 7)
         for name, track in tracks.items()}
    np.testing.assert_array_equal(np.asarray(z["pt"]), np.asarray(z["tf"]))


@pytest.mark.parametrize("kind", ["mlp", "dcgan"])
@pytest.mark.parametrize("name", ["pt", "tf"])
def test_a_resumed_run_equals_the_straight_one_bit_for_bit(tracks, name, kind):
    track, (nets, x) = tracks[name], _pairs(tracks, kind)
    gan = track.train.make_gan(*nets[name], z_dim=3, seed=5)
    step = lambda gan: partial(track.train.train_step, gan, loss=track.losses.LOSSES["hinge"])
    run = lambda gan, start, stop: list(train(step(gan), batches(x, 16), start=start, num_steps=stop, progress=False))
    run(gan, 0, 6)
    saved = track.train.state(gan)
    run(gan, 6, 12)
    straight = track.train.state(gan)

    other = track.train.make_gan(*_pairs(tracks, kind)[0][name], z_dim=3, seed=5)
    run(other, 0, 2)  # somewhere else
    track.train.load_state(other, saved)
    run(other, 6, 12)
    resumed = track.train.state(other)
    assert list(straight) == list(resumed)
    for key, value in straight.items():
        np.testing.assert_array_equal(value, resumed[key], err_msg=key)
    assert any(not np.array_equal(saved[key], straight[key]) for key in saved if key.startswith("G_ema"))


@pytest.mark.parametrize("name", ["pt", "tf"])
def test_each_step_moves_its_own_network_only(tracks, name):
    track, (nets, x) = tracks[name], _pairs(tracks, "mlp")
    gan, loss = track.train.make_gan(*nets[name], z_dim=3), track.losses.LOSSES["nonsaturating"]
    real, z = getattr(track.train, "from_numpy", lambda a: a)(x[:16]), track.train.noise(gan, 16, 0)
    moved = lambda a, b: {k[0] for k in a if k[:2] in ("G.", "D.") and not np.array_equal(a[k], b[k])}
    before = track.train.state(gan)
    track.train.d_step(gan, real, z, loss)
    between = track.train.state(gan)
    track.train.g_step(gan, real, z, loss)
    assert moved(before, between) == {"D"}
    assert moved(between, track.train.state(gan)) == {"G"}


@pytest.mark.parametrize("name", ["pt", "tf"])
def test_learning_rate_zero_moves_nothing(tracks, name):
    track, (nets, x) = tracks[name], _pairs(tracks, "mlp")
    gan = track.train.make_gan(*nets[name], z_dim=3)
    track.train.set_learning_rate(gan, 0.0)
    before = track.train.state(gan)
    track.train.train_step(gan, x[:16], 0, track.losses.LOSSES["nonsaturating"])
    after = track.train.state(gan)
    assert all(np.array_equal(before[k], after[k]) for k in before if k[:2] in ("G.", "D."))


@pytest.mark.parametrize("name", ["pt", "tf"])
def test_a_state_of_another_network_is_refused(tracks, name):
    track, (nets, _) = tracks[name], _pairs(tracks, "mlp")
    gan = track.train.make_gan(*nets[name], z_dim=3)
    wider = track.train.make_gan(*track.models.mlp_pair(3, (2,), width=17), z_dim=3)
    with pytest.raises(ValueError, match="belongs to another"):
        track.train.load_state(gan, {k: v for k, v in track.train.state(wider).items() if not k.startswith("opt")})


@pytest.mark.parametrize("name", ["pt", "tf"])
def test_the_state_of_an_untrained_gan_makes_a_trained_one_untrained(tracks, name):
    """Adam's moments as well: after three more steps it is where it was after its first three."""
    track, (nets, x) = tracks[name], _pairs(tracks, "mlp")
    gan = track.train.make_gan(*nets[name], z_dim=3, seed=5)
    step = partial(track.train.train_step, gan, loss=track.losses.LOSSES["nonsaturating"])
    untrained, ends = track.train.state(gan), []
    for _ in range(2):
        track.train.load_state(gan, untrained)
        list(train(step, batches(x, 16, 5), num_steps=3, progress=False))
        ends.append(track.train.state(gan))
    for key, value in ends[0].items():
        np.testing.assert_array_equal(ends[1][key], value, err_msg=key)
    assert any(not np.array_equal(untrained[key], ends[0][key]) for key in untrained)


@pytest.mark.parametrize("name", ["pt", "tf"])
def test_the_running_average_forgets_its_start_first(tracks, name):
    """The share kept is (1 + k) / (10 + k), 1/10 at first, 10/19 at step 9, at most the GAN's."""
    track, nets = tracks[name], _pairs(tracks, "mlp")[0][name]
    gan = track.train.make_gan(*nets, z_dim=3, ema_decay=0.9)
    shares = [track.train.ema_decay_at(gan, k) for k in (0, 9, 79, 80, 1000)]
    assert shares == pytest.approx([1 / 10, 10 / 19, 80 / 89, 0.9, 0.9], rel=1e-6)
    assert shares == [float(np.float32(share)) for share in shares]
    before = track.train.state(gan)
    loss = track.losses.LOSSES["nonsaturating"]
    track.train.train_step(gan, np.zeros((4, 2), np.float32), 9, loss)
    after = track.train.state(gan)
    for key in (key for key in before if key.startswith("G_ema.")):
        want = before[key] + (1 - 10 / 19) * (after[key.replace("G_ema", "G")] - before[key])
        np.testing.assert_allclose(after[key], want, rtol=1e-5, atol=1e-6, err_msg=key)


@pytest.mark.parametrize("name", ["pt", "tf"])
def test_seeded_networks_repeat_and_leave_other_random_numbers(tracks, name):
    import random

    build, seeded = tracks[name].models.mlp_pair, tracks[name].models.seeded
    weights = lambda seed: [np.asarray(getattr(p, "data", p)) if name == "pt" else p.numpy() for p in (
        seeded(build, 3, (2,), seed=seed)[0].parameters() if name == "pt"
        else seeded(build, 3, (2,), seed=seed)[0].trainable_variables)]
    before = random.getstate()
    np.testing.assert_array_equal(weights(1)[0], weights(1)[0])
    assert not np.array_equal(weights(1)[0], weights(2)[0])
    assert random.getstate() == before


def test_tensorflow_starts_silently():
    pytest.importorskip("gancourse.tf", reason="needs TensorFlow")
    code = "import gancourse.tf, tensorflow as tf; assert gancourse.tf.set_threads(1) == 1; tf.zeros(2) + 1"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("track, framework", [("pt", "torch"), ("tf", "tensorflow")])
def test_a_missing_framework_names_its_install_command(track, framework):
    code = f"import sys; sys.modules['{framework}'] = None; import gancourse.{track}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert f'{framework} is not installed: pip install "gancourse[{track}]"' in done.stderr
