"""The fast loop plays the steps of the plain one, asks nothing of the host in between, and does no needless work."""

import numpy as np
import pytest

from gancourse.training_loop import batches, train, train_fast

torch = pytest.importorskip("torch", reason="needs PyTorch")

from torch.utils._python_dispatch import TorchDispatchMode

from gancourse.pt import losses, models
from gancourse.pt.fast_loop import device_loader, graphed, make_fast_loop
from gancourse.pt.train import Penalty, make_gan, state, train_step

X = np.random.default_rng(0).integers(0, 256, (96, 8, 8, 1), dtype=np.uint8)
NS = losses.LOSSES["nonsaturating"]
R1 = Penalty(lambda D, real, fake: losses.r1_penalty(D, real), 0.25, interval=4)


def new_gan():
    return make_gan(*models.seeded(models.dcgan_pair, 5, (8, 8, 1), 4, seed=1), z_dim=5, seed=2)


def played(gan, num_steps=10, start=0, x=X, **options):
    run_steps = make_fast_loop(gan, x, batch_size=16, loss=NS, penalty=R1, **options)
    return list(train_fast(run_steps, num_steps=num_steps, start=start, log_every=5, progress=False))


def assert_same_state(a, b):
    for name, value in state(a).items():
        np.testing.assert_array_equal(value, state(b)[name], err_msg=name)


def test_the_batches_are_those_of_the_plain_loop():
    fast, plain = device_loader(X, 40, 3), batches(X, 40, 3)
    for k in range(5):  # over the end of an epoch of two batches
        np.testing.assert_array_equal(fast(k).permute(0, 2, 3, 1), plain(k))


def test_the_fast_loop_equals_the_plain_one_bit_for_bit():
    fast, plain = new_gan(), new_gan()
    a = played(fast)
    b = list(train(lambda real, k: train_step(plain, real, k, NS, R1), batches(X, 16, 2), num_steps=10, log_every=5,
                   progress=False))
    assert_same_state(fast, plain)
    for one, other in zip(a, b, strict=True):
        assert one.step == other.step
        assert one.scalars == pytest.approx(other.scalars, rel=1e-6)


def test_the_length_of_a_round_changes_nothing():
    one, other = new_gan(), new_gan()
    played(one)
    run_steps = make_fast_loop(other, X, batch_size=16, loss=NS, penalty=R1)
    list(train_fast(run_steps, num_steps=10, chunk=3, log_every=5, progress=False))
    assert_same_state(one, other)


def test_a_resumed_run_equals_the_straight_one():
    straight, resumed = new_gan(), new_gan()
    played(straight)
    played(resumed, num_steps=7)
    played(resumed, start=7)
    assert_same_state(straight, resumed)


def test_a_schedule_sets_the_rate_of_each_step():
    """A rate of 0 from step 4 on: ten steps end where four do."""
    four, ten = new_gan(), new_gan()
    played(four, num_steps=4, schedule=lambda k: 1e-3)
    played(ten, schedule=lambda k: 1e-3 if k < 4 else 0.0)
    for (name, a), b in zip(four.G.named_parameters(), ten.G.parameters(), strict=True):
        assert torch.equal(a, b), name


def test_a_memory_map_is_read_batch_by_batch(tmp_path):
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r", allow_pickle=False)
    a, b = new_gan(), new_gan()
    played(a)
    played(b, x=mapped)
    assert_same_state(a, b)


class Waits(TorchDispatchMode):
    """Counts the operations in which the host waits for a number from the device."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function.overloadpacket in (torch.ops.aten._local_scalar_dense, torch.ops.aten.nonzero,
                                       torch.ops.aten.is_nonzero, torch.ops.aten.equal):
            self.seen.append(function)
        return function(*args, **(kwargs or {}))


def test_the_host_waits_for_nothing_between_logs():
    run_steps = make_fast_loop(new_gan(), X, batch_size=16, loss=NS, penalty=R1, schedule=lambda k: 1e-3)
    with Waits() as waits:
        logged = run_steps(0, 8)
        assert waits.seen == []
        float(logged["d_loss"])
        assert len(waits.seen) == 1  # the log itself waits, so the count can tell


def test_a_recorded_step_is_replayed_on_its_own_memory():
    """Each kind of step is played twice or more as written, then graphed once, and from then on replayed."""
    events = []

    def step(real, z, penalty, ema_decay):
        return torch.stack([real.sum() + z.sum(), torch.as_tensor(float(ema_decay) + (penalty is not None))])

    def record(play):  # as a CUDA graph does: nothing is computed before the first replay
        events.append("record")
        losses = torch.full((2,), np.nan)
        return lambda: losses.copy_(play()), losses

    def warmup(step, *inputs):
        events.append("warm up")
        return step(*inputs)

    play = graphed(step, record, warmup)
    for k in range(8):
        penalty = R1 if k % 2 else None
        real, z = torch.full((2, 3), float(k)), torch.ones(2, 1)
        assert play(real, z, penalty, k).tolist() == [6 * k + 2, k + k % 2]
    assert events == ["warm up"] * 6 + ["record"] * 2


@pytest.mark.parametrize("name, value, hint", [("precision", "bf15", "did you mean 'bf16'"),
                                               ("compiled", "maybe", "Known: auto, yes, no")])
def test_a_word_that_is_no_choice_is_refused(name, value, hint):
    with pytest.raises(ValueError, match=hint):
        make_fast_loop(new_gan(), X, batch_size=16, loss=NS, **{name: value})


def test_a_batch_larger_than_the_data_is_refused():
    with pytest.raises(ValueError, match=r"batch_size=97 is out of range: it must lie in \[1, 96\]"):
        make_fast_loop(new_gan(), X, batch_size=97, loss=NS)
