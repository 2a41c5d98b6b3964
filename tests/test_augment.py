"""Random changes keep what an image shows, and slopes pass through them."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from torch import nn

from gancourse.pt.augment import Augmented, affine, cutout, translate


@pytest.fixture(autouse=True)
def same_random_numbers():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def test_no_change_of_size_nothing_is_no_change():
    x = torch.rand(3, 2, 12, 12) * 2 - 1
    torch.testing.assert_close(affine(x, degrees=0, scale=0, shift=0, shear=0), x, atol=1e-5, rtol=0)
    assert torch.equal(translate(x, 0.0), x) and torch.equal(cutout(x, 0.0), x)


def test_a_translation_moves_whole_pixels_and_repeats_the_border():
    """One bright pixel in the middle of black stays one, at most 2 of 16 pixels away, an eighth."""
    x = torch.full((500, 1, 16, 16), -1.0)
    x[:, 0, 8, 8] = 1
    moved = translate(x)
    assert (moved == 1).sum((1, 2, 3)).tolist() == [1] * 500 and (moved == -1).sum() == 500 * 255
    at = (moved == 1).nonzero()[:, 2:]
    assert set(at[:, 0].tolist()) == set(at[:, 1].tolist()) == {6, 7, 8, 9, 10}


def test_a_cutout_is_a_gray_square_of_half_the_side():
    """In the inside of the image a window of 8 x 8 fits; at most a quarter of it remains in a corner (4 x 4)."""
    gray = (cutout(torch.ones(500, 3, 16, 16)) == 0)
    assert torch.equal(gray[:, 0], gray[:, 2])
    areas = gray[:, 0].sum((1, 2))
    assert areas.max() == 64 and areas.min() >= 16
    at_row = gray[:, 0].any(2).sum(1)
    assert torch.equal(areas, at_row * gray[:, 0].any(1).sum(1))  # it is a rectangle


def test_a_turn_of_a_disc_is_the_disc():
    axis = torch.arange(32) - 15.5
    disc = ((axis[:, None] ** 2 + axis**2) < 60).float()[None, None].expand(20, -1, -1, -1)
    turned = affine(disc, degrees=90, scale=0, shift=0, shear=0)
    assert (turned - disc).abs().mean() < 0.02


def test_an_affine_shift_is_within_its_share():
    """A blob's centre of mass moves by at most .1 of 32 pixels."""
    x = torch.zeros(200, 1, 32, 32)
    x[:, :, 15:17, 15:17] = 1
    moved = affine(x, degrees=0, scale=0, shift=0.1, shear=0)
    axis = torch.arange(32.0) - 15.5
    centre = (moved[:, 0].sum(1) @ axis) / moved.sum((1, 2, 3))
    assert 2.8 < centre.abs().max() <= 3.2 + 1e-3


@pytest.mark.parametrize("change", [affine, translate, cutout])
def test_every_image_is_changed_in_its_own_way_and_slopes_pass(change):
    x = torch.rand(1, 1, 16, 16).expand(6, -1, -1, -1).clone().requires_grad_(True)
    y = change(x)
    assert y.shape == x.shape and len({tuple(image.flatten().tolist()) for image in y}) > 1
    y.sum().backward()
    assert x.grad.abs().sum() > 0


def test_D_sees_changed_images_and_sends_its_slopes_back_through_the_change():
    """T(x) = 3 x and D(x) = sum x: the logit is 3 sum x, its slope 3."""
    D = Augmented(nn.Sequential(nn.Flatten(), nn.Linear(4, 1, bias=False)), lambda x: 3 * x)
    nn.init.ones_(D.D[1].weight)
    x = torch.ones(2, 1, 2, 2, requires_grad=True)
    logits = D(x)
    assert logits.tolist() == [[12], [12]]
    (slope,) = torch.autograd.grad(logits.sum(), x)
    assert slope.unique().tolist() == [3]


def test_labels_pass_unchanged():
    class Pair(nn.Module):
        def forward(self, x, y):
            return x.sum((1, 2, 3)) + y

    assert Augmented(Pair(), lambda x: 2 * x)(torch.ones(2, 1, 1, 1), torch.tensor([10, 20])).tolist() == [12, 22]
