"""What one of several processes does with rows and optimisers; a stand-in answers for the rest."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")
if not torch.distributed.is_available():
    pytest.skip("this PyTorch was built without torch.distributed", allow_module_level=True)

from gancourse.pt import losses, models, parallel
from gancourse.pt.conditional import conditional_pair, conditional_step
from gancourse.pt.train import alternating_step, make_gan, state

X = np.random.default_rng(0).integers(0, 256, (96, 8, 8, 1), dtype=np.uint8)
NS = losses.LOSSES["nonsaturating"]
CPU = torch.device("cpu")


def new_gan():
    return make_gan(*models.seeded(models.mlp_pair, 5, (8, 8, 1), 8, seed=1), z_dim=5, seed=2)


def step(gan):
    return alternating_step(gan, torch.zeros(4, 1, 8, 8), torch.ones(4, 5), NS)


@pytest.fixture
def asked(monkeypatch):
    """How often the others were asked; each of them always holds what this process holds."""
    calls = []

    def reduce(x, group, how=None):
        calls.append(len(x))
        return x.mul_(group.size)

    monkeypatch.setattr(parallel, "_reduce", reduce)
    monkeypatch.setattr(torch.distributed, "destroy_process_group", lambda: None)
    return calls


def test_after_the_rounds_the_optimisers_ask_nobody(asked):
    """Two gradients a step while they are played, and the losses; after them and leave, none."""
    gan, group = new_gan(), parallel.Group(0, 2, CPU)
    run_steps = parallel.make_shared_fast_loop(gan, X, group, batch_size=16, loss=NS)
    step(gan)
    assert asked == []
    run_steps(0, 3)
    sizes = [sum(p.numel() for p in net.parameters()) for net in (gan.D, gan.G)]
    assert asked == [*sizes * 3, 2]
    asked.clear()
    step(gan)
    parallel.leave(group)
    step(gan)
    assert asked == []


def test_a_round_that_breaks_leaves_no_hook_behind(asked):
    def breaks(*_):
        raise ZeroDivisionError

    gan = new_gan()
    run_steps = parallel.make_shared_fast_loop(gan, X, parallel.Group(0, 2, CPU), batch_size=16, loss=NS,
                                               step=breaks)
    with pytest.raises(ZeroDivisionError):
        run_steps(0, 1)
    step(gan)
    assert asked == []


def test_two_rounds_of_one_gan_average_once(asked):
    """Made a second time, as after a change of the loss, the rounds ask as often as before."""
    gan, group = new_gan(), parallel.Group(0, 2, CPU)
    for _ in range(2):
        run_steps = parallel.make_shared_fast_loop(gan, X, group, batch_size=16, loss=NS)
    run_steps(0, 1)
    assert len(asked) == 3


def test_rows_that_cannot_be_shared_out_are_refused():
    """Seven rows for three processes: two each would leave one unseen."""
    with pytest.raises(ValueError, match="batch_size=7 does not split evenly .*: take 6 or 9"):
        parallel.Group(0, 3, CPU).shard(torch.arange(7))
    with pytest.raises(ValueError, match="batch_size=16 does not split evenly .*: take 15 or 18"):
        parallel.make_shared_fast_loop(new_gan(), X, parallel.Group(0, 3, CPU), batch_size=16, loss=NS)


def test_images_and_labels_are_shared_out_together():
    images, labels = torch.arange(6.0), torch.arange(6)
    own = parallel.Group(1, 3, CPU).shard((images, labels))
    assert [part.tolist() for part in own] == [[2, 3], [2, 3]]


def test_a_conditional_gan_trains_in_several_processes(asked):
    gan = make_gan(*models.seeded(conditional_pair, 5, (8, 8, 1), 3, 4, seed=1), z_dim=5, seed=2)
    before = state(gan)
    run_steps = parallel.make_shared_fast_loop(gan, (X, np.arange(96) % 3), parallel.Group(1, 2, CPU),
                                               batch_size=16, loss=NS, step=conditional_step)
    assert all(np.isfinite(float(loss)) for loss in run_steps(0, 2).values())
    assert all((state(gan)[name] != before[name]).any() for name in ("D.v", "G.G.0.weight"))


def test_each_process_draws_random_numbers_of_its_own_and_repeats_them(asked):
    """Two processes, three steps, one number each: six numbers, and the same six again."""
    def draws():
        seen = []

        def draw(gan, real, z, *rest):
            seen.append(float(torch.rand(1)))
            return alternating_step(gan, real, z, *rest)

        for rank in range(2):
            group = parallel.Group(rank, 2, CPU)
            run_steps = parallel.make_shared_fast_loop(new_gan(), X, group, batch_size=16, loss=NS,
                                                       step=draw)
            run_steps(0, 3)
        return seen

    first = draws()
    assert len(set(first)) == 6 and draws() == first
