"""Image files of every kind become the same arrays, and bad ones are named."""

import warnings

import numpy as np
import pytest
from PIL import Image

from gancourse.data.images import read_folder, read_image, resize


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


def test_the_class_is_the_top_folder_however_deep_a_file_lies(tmp_path):
    for name in ("cats/black/1.png", "cats/white/old/2.png", "dogs/3.png", "4.png"):
        picture(tmp_path, name)
    _, classes, names = read_folder(tmp_path, 8)
    assert names == ["", "cats", "dogs"] and sorted(classes) == [0, 1, 1, 2]


def test_hidden_files_are_nobodys_pictures(tmp_path):
    """A Mac leaves ._1.png beside 1.png; a file manager leaves small copies in .thumbnails."""
    picture(tmp_path, "cats/1.png")
    picture(tmp_path, ".thumbnails/1.png")
    (tmp_path / "cats" / "._1.png").write_bytes(b"no image")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        images, _, names = read_folder(tmp_path, 8)
    assert len(images) == 1 and names == ["cats"]


@pytest.mark.parametrize("mode, suffix", [("L", "png"), ("LA", "png"), ("1", "png"), ("L", "gif"),
                                          ("RGB", "bmp")])
def test_gray_is_what_looks_gray_whatever_the_mode(tmp_path, mode, suffix):
    """A GIF of gray pixels has a palette, and gray with transparency is composed in colour."""
    picture(tmp_path, f"a.{suffix}", colour=(90, 90, 90), mode=mode)
    assert read_folder(tmp_path, 8)[0].shape == (1, 8, 8, 1)


def test_16_bits_keep_their_brightness(tmp_path):
    """65,535 is white, so 32,768 is 128 of 255, and a flat picture stays as bright as it is."""
    for value, byte in ((0, 0), (32768, 128), (65535, 255)):
        Image.fromarray(np.full((4, 4), value, np.uint16)).save(tmp_path / "a.png")
        assert (read_image(tmp_path / "a.png") == byte).all()


def test_gray_floats_from_0_to_1_keep_their_brightness_others_are_stretched(tmp_path):
    for low, high, want in ((0.2, 0.6, (51, 153)), (-3.0, 5.0, (0, 255)), (0.5, 0.5, (128, 128))):
        Image.fromarray(np.array([[low, high]], np.float32)).save(tmp_path / "a.tif")
        assert tuple(read_image(tmp_path / "a.tif")[0, :, 0]) == want


def test_floats_that_are_no_numbers_are_refused(tmp_path):
    Image.fromarray(np.array([[np.nan, 1.0]], np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(ValueError, match="a.tif' holds values that are not finite"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("suffix", ["gif", "png", "webp"])
def test_of_an_animation_the_first_picture_counts(tmp_path, suffix):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    options = {"lossless": True} if suffix == "webp" else {}
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], **options)
    assert (read_image(tmp_path / f"a.{suffix}") == (255, 0, 0)).all()


@pytest.mark.parametrize("suffix, mode", [
    ("png", "RGB"), ("png", "P"), ("png", "RGBA"), ("jpg", "RGB"), ("jpg", "CMYK"), ("gif", "P"),
    ("tif", "CMYK"), ("webp", "RGBA"), ("bmp", "RGB")])
def test_whatever_is_damaged_becomes_an_image_or_is_skipped_by_name(tmp_path, suffix, mode):
    """Forty copies, each with a few bytes changed or its end cut off, and one that is whole."""
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (24, 30, 3)).astype(np.uint8))
    noise.convert(mode).save(tmp_path / f"good.{suffix}")
    whole = (tmp_path / f"good.{suffix}").read_bytes()
    for i in range(40):
        spoilt = bytearray(whole)
        spoilt[rng.integers(0, min(len(whole), 120))] ^= rng.integers(1, 256)
        if i % 2:
            spoilt = spoilt[: rng.integers(1, len(whole))]
        (tmp_path / f"{i}.{suffix}").write_bytes(spoilt)
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        images, classes, _ = read_folder(tmp_path, 16)
    assert len(images) + len(notes) == 41 and len(images) == len(classes) >= 1
    assert all(str(note.message).startswith(f"skipped: '{tmp_path}") for note in notes)


def test_a_corrupt_file_is_reported_and_skipped(tmp_path):
    picture(tmp_path, "good.png")
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff not a jpeg")
    with pytest.warns(UserWarning, match="skipped: .*bad.jpg"):
        images, _, _ = read_folder(tmp_path, 8)
    assert len(images) == 1


def test_a_folder_without_images_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ValueError, match="holds no images"):
        read_folder(tmp_path, 8)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        read_folder(tmp_path / "none", 8)
    with pytest.raises(ValueError, match="notes.txt' is a file: .*unpack a zip first"):
        read_folder(tmp_path / "notes.txt", 8)


def test_a_folder_of_which_nothing_can_be_read_says_why(tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    with pytest.warns(UserWarning, match="skipped: "), pytest.raises(
            ValueError, match="none of the 1 image files .*; the first: .*a.png' is not an image"):
        read_folder(tmp_path, 8)


def test_an_image_of_too_many_pixels_is_named_as_such(tmp_path):
    """Pillow opens twice 89,478,485 pixels, so that a small file cannot fill the memory."""
    Image.new("1", (20_000, 20_000)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="a.png' has more than 178,956,970 pixels: scale it down"):
        read_image(tmp_path / "a.png")


def test_a_link_to_a_folder_is_a_class_and_a_link_to_itself_none(tmp_path):
    picture(tmp_path, "elsewhere/1.png")
    folder = tmp_path / "mine"
    picture(tmp_path, "mine/cats/1.png")
    (folder / "dogs").symlink_to(tmp_path / "elsewhere")
    (folder / "all").symlink_to(folder)
    images, _, names = read_folder(folder, 8)
    assert len(images) == 2 and names == ["cats", "dogs"]


def test_a_name_of_two_lines_is_told_in_one(tmp_path):
    (tmp_path / "a\nb.png").write_text("no picture")
    picture(tmp_path, "good.png")
    with pytest.warns(UserWarning) as notes:
        read_folder(tmp_path, 8)
    assert "\n" not in str(notes[0].message)


def test_no_images_stay_none_at_any_size():
    assert resize(np.zeros((0, 28, 28, 1), np.uint8), 16).shape == (0, 16, 16, 1)


def test_resize_keeps_a_flat_image_flat():
    assert (resize(np.full((2, 28, 28, 1), 77, np.uint8), 16) == 77).all()
