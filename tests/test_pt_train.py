"""What only the PyTorch track can get wrong: the order of numbers in memory, compiled and half-precision networks."""

from functools import partial

import numpy as np
import pytest

from gancourse.training_loop import batches, train

torch = pytest.importorskip("torch", reason="needs PyTorch")

from gancourse.pt import losses, models
from gancourse.pt.train import load_state, make_gan, state, train_step


def new_gan(memory_format):
    nets = models.seeded(models.dcgan_pair, 5, (8, 8, 3), 4, seed=1)
    return make_gan(*(net.to(memory_format=memory_format) for net in nets), z_dim=5, seed=2)


def run(gan, start, stop):
    x = np.random.default_rng(0).uniform(-1, 1, (64, 8, 8, 3)).astype(np.float32)
    step = partial(train_step, gan, loss=losses.LOSSES["nonsaturating"])
    list(train(step, batches(x, 16), start=start, num_steps=stop, progress=False))
    return state(gan)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_a_resumed_run_equals_the_straight_one_however_its_weights_lie_in_memory(memory_format):
    """Fused Adam walks through weights and moments in memory order: read back in another order, they would mismatch."""
    straight = run(new_gan(memory_format), 0, 8)
    half, resumed = new_gan(memory_format), new_gan(memory_format)
    load_state(resumed, run(half, 0, 4))
    for name, value in run(resumed, 4, 8).items():
        np.testing.assert_array_equal(value, straight[name], err_msg=name)


def test_a_state_moves_between_memory_formats():
    """A checkpoint does not know how its weights lay in memory: training goes on alike, to rounding."""
    saved = run(new_gan(torch.channels_last), 0, 4)
    ends = []
    for memory_format in (torch.contiguous_format, torch.channels_last):
        gan = new_gan(memory_format)
        load_state(gan, saved)
        ends.append(run(gan, 4, 5))
    for name, value in ends[0].items():
        np.testing.assert_allclose(value, ends[1][name], atol=2e-3, err_msg=name)


def test_folded_upsampling_is_the_same_function_with_the_same_slopes():
    """Also at the border, where the convolution sees zeros."""
    plain = torch.nn.Sequential(torch.nn.Conv2d(3, 5, 3, 1, 1), torch.nn.Upsample(scale_factor=2),
                                torch.nn.Conv2d(5, 4, 3, 1, 1), torch.nn.ReLU(), torch.nn.Upsample(scale_factor=2),
                                torch.nn.Conv2d(4, 2, 3, 1, 1)).double()
    folded, x = models.fold_upsampling(plain), torch.randn(2, 3, 5, 6, dtype=torch.float64, requires_grad=True)
    assert sum(isinstance(layer, models.UpConv) for layer in folded) == 2 and len(list(folded.parameters())) == 6
    weights = list(plain.parameters())
    torch.testing.assert_close(plain(x), folded(x))
    slopes = [torch.autograd.grad(net(x).square().sum(), [x, *weights]) for net in (plain, folded)]
    for one, other in zip(*slopes, strict=True):
        torch.testing.assert_close(one, other)
