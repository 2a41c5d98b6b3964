"""A conditional GAN is an ordinary one for fixed labels; labels travel with their images."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from torch import nn

from gancourse.pt.augment import Augmented, cutout, translate
from gancourse.pt.conditional import (
    LabelledG,
    ProjectionD,
    condition_on,
    conditional_pair,
    conditional_step,
    sample_labels,
)
from gancourse.pt.fast_loop import device_loader, graphed, make_fast_loop
from gancourse.pt.losses import LOSSES, r1_penalty
from gancourse.pt.models import dcgan_pair, seeded
from gancourse.pt.train import Penalty, alternating_step, make_gan, state
from gancourse.training_loop import train_fast

NS = LOSSES["nonsaturating"]
R1 = Penalty(lambda D, real, fake: r1_penalty(D, real), 0.5, interval=2)
X = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), dtype=np.uint8)
Y = np.arange(60) % 3


def new_gan(num_classes=3, build=dcgan_pair):
    return make_gan(*seeded(conditional_pair, 5, (8, 8, 1), num_classes, 4, build, seed=1), z_dim=5, seed=2)


def test_the_label_is_a_one_among_zeros_behind_z():
    seen = LabelledG(nn.Identity(), 3)(torch.tensor([[7.0, 8.0]]), torch.tensor([1]))
    assert seen.tolist() == [[7, 8, 0, 1, 0]]


def test_the_projection_by_hand():
    """phi(x) = x = (1, 2), psi = (3, 4) . x + 5 = 16, v_0 = 0, v_1 = (10, -1): logits 16 and 16 + 10 - 2."""
    psi = nn.Linear(2, 1)
    D = ProjectionD(nn.Sequential(nn.Identity(), psi), 2)
    with torch.no_grad():
        psi.weight.copy_(torch.tensor([[3.0, 4.0]])), psi.bias.fill_(5), D.v[1].copy_(torch.tensor([10.0, -1.0]))
    x = torch.tensor([[1.0, 2.0]]).expand(2, 2)
    assert D(x, torch.tensor([0, 1])).tolist() == [[16], [24]]


def test_at_first_labels_say_nothing_to_D():
    """v starts at 0, so D judges as an unconditional one."""
    gan, x = new_gan(), torch.randn(4, 1, 8, 8)
    assert torch.equal(gan.D(x, torch.tensor([0, 1, 2, 0])), gan.D(x, torch.tensor([2, 2, 1, 1])))


def test_given_labels_it_is_an_ordinary_gan_with_the_same_weights():
    gan, y = new_gan(), torch.tensor([2, 0])
    plain, z = condition_on(gan, y), torch.randn(2, 5)
    assert torch.equal(plain.G(z), gan.G(z, y))
    assert [p is q for p, q in zip(plain.G.parameters(), gan.G.parameters(), strict=True)] == [True] * len(
        list(gan.G.parameters()))


def test_a_step_moves_all_three_networks_and_the_classes_of_its_batch_only():
    gan = new_gan()
    before = state(gan)
    real = torch.rand(6, 1, 8, 8), torch.tensor([0, 2, 0, 2, 0, 2])
    conditional_step(gan, real, torch.randn(6, 5), NS, R1, ema_decay=0.5)
    after = state(gan)
    moved = {name.split(".")[0] for name, value in after.items() if name in before and (value != before[name]).any()}
    assert {"G", "D", "G_ema"} <= moved
    assert (after["D.v"] != 0).any(1).tolist() == [True, False, True]


def test_images_and_labels_stay_together():
    """Each image carries its own row number in its first pixel, its label is that modulo 3."""
    x = np.zeros((60, 8, 8, 1), np.uint8)
    x[:, 0, 0, 0] = np.arange(60)
    batch = device_loader((x, Y), 20, 3)
    for k in range(5):  # over the end of an epoch of three batches
        images, labels = batch(k)
        rows = ((images[:, 0, 0, 0] + 1) * 127.5).round().long()
        assert labels.dtype == torch.int64 and torch.equal(rows % 3, labels)
    assert torch.equal(images, device_loader(x, 20, 3)(4))


def test_parts_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="60, 59 rows: each image needs a label"):
        device_loader((X, Y[1:]), 20, 3)


def test_the_rounds_play_the_step():
    a, b = new_gan(), new_gan()
    list(train_fast(make_fast_loop(a, (X, Y), batch_size=20, loss=NS, penalty=R1, step=conditional_step),
                    num_steps=4, progress=False))
    b_steps = make_fast_loop(b, (X, Y), batch_size=20, loss=NS, penalty=R1,
                             step=lambda gan, real, *rest: alternating_step(
                                  condition_on(gan, real[1]), real[0], *rest))
    b_steps(0, 4)
    for name, value in state(a).items():
        np.testing.assert_array_equal(value, state(b)[name], err_msg=name)


def test_a_recorded_step_reads_labels_from_its_own_memory():
    """As in tests/test_rounds.py, with a label that is added to the sum: kept memory would give the old one's."""
    def record(play):
        losses = torch.empty(2)
        return lambda: losses.copy_(play()), losses

    play = graphed(lambda real, z, penalty, ema_decay: torch.stack([real[0].sum() + z.sum(), real[1].sum().float()]),
                   record, lambda step, *inputs: step(*inputs))
    for k in range(7):
        images, labels = torch.full((2, 3), float(k)), torch.tensor([k, 2 * k])
        assert play((images, labels), torch.ones(2, 1), None, 0.0).tolist() == [6 * k + 2, 3 * k]


def test_a_D_that_looks_through_changes_is_trained_like_any_other():
    """DiffAugment on labels: its D is one more module around ours, and drawing by label does not ask for D."""
    G, D = seeded(conditional_pair, 5, (8, 8, 1), 3, 4, dcgan_pair, seed=1)
    gan = make_gan(G, Augmented(D, translate, cutout), z_dim=5)
    before = D.v.detach().clone()
    list(train_fast(make_fast_loop(gan, (X, Y), batch_size=20, loss=NS, penalty=R1, step=conditional_step),
                    num_steps=3, progress=False))
    assert not torch.equal(D.v, before)
    assert sample_labels(gan, np.array([0, 1, 2])).shape == (3, 8, 8, 1)


def test_labels_decide_what_is_drawn():
    gan = new_gan()
    images = sample_labels(gan, np.array([0, 0, 1]))
    assert images.shape == (3, 8, 8, 1)
    again = sample_labels(gan, np.array([0, 2, 1]))
    assert (images[[0, 2]] == again[[0, 2]]).all() and (images[1] != again[1]).any()


def test_many_labels_are_sampled_in_parts():
    y = np.arange(1203) % 3  # products of another shape may differ in the last bit
    assert sample_labels(new_gan(), y)[:10] == pytest.approx(sample_labels(new_gan(), y[:10]), abs=1e-6)


@pytest.mark.parametrize("y, hint", [(np.array([0, 3]), "label 3 is out of range: 3 classes"),
                                     (np.array([0.5]), "whole numbers")])
def test_a_label_that_the_networks_have_no_place_for_is_refused(y, hint):
    with pytest.raises(ValueError, match=hint):
        sample_labels(new_gan(), y)


def test_one_class_is_none():
    with pytest.raises(ValueError, match="at least two classes"):
        conditional_pair(5, (8, 8, 1), 1)
