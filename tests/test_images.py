"""Image files of every kind become the same arrays, and bad ones are named."""

import numpy as np
import pytest
from PIL import Image

from gancourse.images import read_folder, read_image, resize


def picture(folder, name, colour=(255, 0, 0), size=(40, 30), mode="RGB", **options):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).convert(mode).save(path, **options)
    return path


def test_an_image_is_upright(tmp_path):
    """EXIF orientation 6 means: turn a quarter clockwise to see it upright, so 40x30 becomes 30x40."""
    exif = Image.Exif()
    exif[0x0112] = 6
    path = picture(tmp_path, "turned.jpg", exif=exif)
    assert read_image(path).shape == (40, 30, 3)


def test_transparency_lies_over_white(tmp_path):
    Image.new("RGBA", (2, 2), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (read_image(tmp_path / "clear.png") == 255).all()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    suffix = "tif" if mode == "CMYK" else "png"
    image = Image.fromarray(np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000) if mode == "I;16" \
        else Image.new("RGB", (4, 3), "gray").convert(mode)
    image.save(tmp_path / f"a.{suffix}")
    read = read_image(tmp_path / f"a.{suffix}")
    assert read.shape == (3, 4, 3) and read.dtype == np.uint8


def test_a_large_image_is_scaled_down_to_its_longest_side(tmp_path):
    assert read_image(picture(tmp_path, "a.png", size=(400, 200)), longest=100).shape == (50, 100, 3)


@pytest.mark.parametrize("spoil", [lambda b: b[:200], lambda b: b"no image at all"])
def test_a_damaged_image_is_named(tmp_path, spoil):
    path = tmp_path / "a.jpg"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ValueError, match="a.jpg' is not an image, or is damaged or cut short"):
        read_image(path)


def test_a_missing_image_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no image file"):
        read_image(tmp_path / "none.png")


def test_a_folder_of_any_mix_becomes_squares_with_classes(tmp_path):
    picture(tmp_path, "cats/wide.png", size=(90, 30))
    picture(tmp_path, "dogs/tall.jpg", size=(30, 80))
    picture(tmp_path, "dogs/gray.png", mode="L")
    images, classes, names = read_folder(tmp_path, 16)
    assert images.shape == (3, 16, 16, 3) and names == ["cats", "dogs"] and list(classes) == [0, 1, 1]


def test_a_folder_of_gray_images_has_one_channel(tmp_path):
    picture(tmp_path, "a.png", mode="L")
    assert read_folder(tmp_path, 8)[0].shape == (1, 8, 8, 1)


def test_a_corrupt_file_is_reported_and_skipped(tmp_path):
    picture(tmp_path, "good.png")
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff not a jpeg")
    with pytest.warns(UserWarning, match="skipped .*bad.jpg"):
        images, _, _ = read_folder(tmp_path, 8)
    assert len(images) == 1


def test_a_folder_without_images_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ValueError, match="holds no images"):
        read_folder(tmp_path, 8)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        read_folder(tmp_path / "none", 8)


def test_resize_keeps_a_flat_image_flat():
    assert (resize(np.full((2, 28, 28, 1), 77, np.uint8), 16) == 77).all()
