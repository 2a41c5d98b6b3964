"""The arms of lesson 10's experiment: what a batch holds, and that a classifier learns from it."""

import numpy as np
import pytest
import torch

from gancourse import data
from gancourse.course.studies.conditional.few_labels import (
    accuracy,
    arms,
    changed,
    from_pool,
    gain_over,
    mean_and_half,
    mirrored,
    noisy,
)
from gancourse.pt.augment import affine


def test_what_a_batch_holds():
    x = np.full((6, 8, 8, 1), 255, np.uint8)  # real images are white, drawings black
    y = np.array([0, 1, 2, 0, 1, 2])
    drawings, wanted = np.full((4, 8, 8, 1), -1, np.float32), np.array([3, 3, 3, 3])
    torch.manual_seed(0)
    batches = {name: draw() for name, draw in arms(x, y, drawings, wanted, half=5).items()}
    assert {name: len(images) for name, (images, _) in batches.items()} == {
        "real only": 5, "more copies": 10, "noisy": 10, "mirrored": 10, "affine": 10, "GAN": 10, "affine + GAN": 10}
    for name, (images, labels) in batches.items():
        fakes = labels == 3
        assert fakes.sum() == (5 if "GAN" in name else 0)
        assert torch.allclose(images[fakes], -torch.ones(1))
        if name != "noisy":
            assert torch.allclose(images[~fakes], torch.ones(1))
        else:  # what lies above white is cut off
            assert images.max() == 1 and 0.4 < (images == 1).float().mean() < 0.6 and images.min() >= -1


def test_noise_changes_pixels_as_much_as_affine_changes_do():
    images = data.load("strokes", resolution=28, seed=0)
    x = from_pool(images.x_train, images.y_train, 500)()[0]
    torch.manual_seed(0)
    by_affine, by_noise = (float((change(x) - x).square().mean().sqrt()) for change in (affine, noisy))
    assert 0.9 < by_noise / by_affine < 1.1


def test_about_half_of_the_images_are_mirrored_and_keep_their_labels():
    x = np.zeros((200, 4, 4, 1), np.uint8)
    x[:, :, 0] = 255  # a white edge at the left
    torch.manual_seed(0)
    images, labels = changed(from_pool(x, np.arange(200) % 2, 1000), mirrored)()
    left, right = (images[:, 0, :, edge].mean(1) == 1 for edge in (0, 3))
    assert torch.all(left ^ right) and 0.4 < right.float().mean() < 0.6
    assert set(labels[right].tolist()) == {0, 1}


def test_two_classes_that_are_easy_to_tell_are_told():
    y = np.arange(40) % 2
    x = (255 * y[:, None, None, None] * np.ones((1, 8, 8, 1))).astype(np.uint8)
    draw = from_pool(x, y, 16)
    assert accuracy(draw, x, y, 2, steps=40) == 1.0
    assert accuracy(draw, x, 1 - y, 2, steps=40) == 0.0


def test_a_paired_gain_is_the_mean_of_the_differences_with_its_interval():
    a, b = np.array([0.80, 0.90, 0.70]), np.array([0.83, 0.92, 0.74])
    assert gain_over(a, b) == pytest.approx((0.03, 0.0248414), abs=1e-6)  # t(2) = 4.3027 times 0.01 / sqrt(3)
    assert mean_and_half(np.array([0.0, 0.2])) == pytest.approx((0.1, 1.27062), abs=1e-5)
