"""The arms of lesson 10's experiment: what a batch holds, and that a classifier learns from it."""

import numpy as np
import torch

from gancourse.course.studies.conditional.few_labels import accuracy, arms, from_pool


def test_what_a_batch_holds():
    x = np.full((6, 8, 8, 1), 255, np.uint8)  # real images are white, drawings black
    y = np.array([0, 1, 2, 0, 1, 2])
    drawings, wanted = np.full((4, 8, 8, 1), -1, np.float32), np.array([3, 3, 3, 3])
    torch.manual_seed(0)
    batches = {name: draw() for name, draw in arms(x, y, drawings, wanted, half=5).items()}
    assert {name: len(images) for name, (images, _) in batches.items()} == {
        "real only": 5, "more copies": 10, "affine": 10, "GAN": 10, "affine + GAN": 10}
    for name, (images, labels) in batches.items():
        fakes = labels == 3
        assert fakes.sum() == (5 if "GAN" in name else 0)
        assert torch.allclose(images[fakes], -torch.ones(1)) and torch.allclose(images[~fakes], torch.ones(1))


def test_two_classes_that_are_easy_to_tell_are_told():
    y = np.arange(40) % 2
    x = (255 * y[:, None, None, None] * np.ones((1, 8, 8, 1))).astype(np.uint8)
    draw = from_pool(x, y, 16)
    assert accuracy(draw, x, y, 2, steps=40) == 1.0
    assert accuracy(draw, x, 1 - y, 2, steps=40) == 0.0
