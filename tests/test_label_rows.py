"""Conditional GANs with rows of labels: by hand, and the same game as with class numbers."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from gancourse.course.studies.conditional.label_rows import (
    draw,
    logits_without_labels,
    projection_logits,
    r1_as_seen,
    row_pair,
    step_through,
    train_rows,
)
from gancourse.pt import losses
from gancourse.pt.conditional import conditional_pair, conditional_step
from gancourse.pt.models import seeded
from gancourse.pt.train import Penalty, make_gan


def test_the_projection_by_hand():
    phi = torch.tensor([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]])
    V = torch.tensor([[10.0, -1.0], [0.0, 100.0]])
    psi = nn.Linear(2, 1)
    with torch.no_grad():
        psi.weight.copy_(torch.tensor([[3.0, 4.0]]))
        psi.bias.fill_(5.0)
    labels = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    # 3 + 8 + 5 = 16; row 0 adds 10 - 2, row 1 adds 200
    assert projection_logits(phi, labels, V, psi).tolist() == [[16.0], [24.0], [224.0]]


def test_one_hot_rows_are_the_classes_of_lesson_ten():
    rows = seeded(row_pair, 8, (8, 8, 1), 3, 4, seed=1)
    classes = seeded(conditional_pair, 8, (8, 8, 1), 3, 4, seed=1)
    z, y = torch.randn(6, 8), torch.tensor([0, 1, 2, 0, 1, 2])
    for net, other in zip(rows, classes, strict=True):
        for p, q in zip(net.parameters(), other.parameters(), strict=True):
            torch.nn.init.normal_(p)
            q.data.copy_(p.data.reshape(q.shape))
    fake = rows[0](z, torch.eye(3)[y])
    assert torch.allclose(fake, classes[0](z, y))
    assert torch.allclose(rows[1](fake, torch.eye(3)[y]), classes[1](fake, y))


def test_training_moves_the_rows_and_draws_what_has_the_shape_of_an_image():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (40, 8, 8, 1), np.uint8)
    labels = rng.integers(0, 2, (40, 3))
    runs = [list(train_rows(x, labels, num_steps=4, width=4, z_dim=5, log_every=2)) for _ in range(2)]
    assert [step for _, step, _ in runs[0]] == [2, 4]
    gan = runs[0][-1][0]
    assert gan.D.V.abs().max() > 0
    images = draw(gan, labels)
    assert images.shape == (40, 8, 8, 1) and np.abs(images).max() <= 1
    assert (images == draw(runs[1][-1][0], labels)).all()  # the same run twice


def test_what_d_sees_is_changed():
    seen = []

    def change(x):
        seen.append(len(x))
        return x

    x = np.zeros((8, 8, 8, 1), np.uint8)
    for _ in train_rows(x, np.ones((8, 1)), num_steps=1, width=2, z_dim=2, batch_size=4, changes=[change]):
        pass
    assert seen.count(4) >= 3  # real, fake, and fake again for G


def test_r1_goes_through_the_change_that_d_sees():
    """D is the sum of squares, T doubles: d (2x)^2 / dx = 8x, so R1 of x = 1 and 2 is 64 and 256, 160 in the mean."""
    real = torch.tensor([1.0, 2.0]).reshape(2, 1, 1, 1)
    penalty = Penalty(lambda D, x, fake: losses.r1_penalty(D, x), 0.5, interval=8)

    def D(x):
        return x.flatten(1).square().sum(1, keepdim=True)

    seen = r1_as_seen(penalty, D, lambda x: 2 * x, real, real)
    assert seen.item() == pytest.approx(8 * 0.5 * 160)


def test_a_step_through_no_change_is_the_conditional_step():
    x, labels, z = torch.randn(6, 1, 8, 8), torch.eye(3).repeat(2, 1), torch.randn(6, 5)
    penalty = Penalty(lambda D, real, fake: losses.r1_penalty(D, real), 0.5, interval=8)
    gans = []
    for step in (conditional_step, partial(step_through, T=nn.Identity())):
        gan = make_gan(*seeded(row_pair, 5, (8, 8, 1), 3, 4, seed=1), z_dim=5, ema_decay=0.9, seed=1)
        step(gan, (x, labels), z, losses.LOSSES["nonsaturating"], penalty, 0.9)
        gans.append(gan)
    for net in ("G", "D", "G_ema"):
        for p, q in zip(*(getattr(gan, net).parameters() for gan in gans), strict=True):
            assert torch.allclose(p, q, atol=1e-6)


def test_a_d_that_is_not_told_the_labels_learns_no_row_and_all_else():
    x = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 1), np.uint8)
    ((gan, _, _),) = train_rows(x, np.eye(3)[np.arange(12) % 3], num_steps=3, width=4, z_dim=5, batch_size=4,
                                logits=logits_without_labels)
    assert not gan.D.V.any()
    images, labels = torch.randn(3, 1, 8, 8), torch.eye(3)
    assert torch.equal(gan.D(images, labels), gan.D(images, labels.flip(0)))
