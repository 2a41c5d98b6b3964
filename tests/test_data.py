"""Every data set by name, and every way to ask for one wrongly."""

import gzip
import re
import socket
import struct
from pathlib import Path

import numpy as np
import pytest

from gancourse import data
from gancourse.course import cli
from gancourse.data import arrays

MNIST = Path(__file__).parents[2] / "shared" / "datasets" / "mnist.npz"


def npz(path, **arrays):
    good = {"x_train": np.zeros((20, 8, 8), np.uint8), "y_train": np.zeros(20, int)}
    np.savez(path, **{**good, **arrays})
    return f"npz:{path}"


def encrypt(path):
    """Mark every file of a zip as encrypted: bit 0 of the flags in its directory."""
    raw = bytearray(path.read_bytes())
    at = raw.find(b"PK\x01\x02")
    while at >= 0:
        raw[at + 8] |= 1
        at = raw.find(b"PK\x01\x02", at + 4)
    path.write_bytes(raw)


def test_the_default_set_is_drawn_on_the_spot(monkeypatch):
    monkeypatch.setattr(socket, "socket", None)  # a lesson must not open one
    strokes = data.load("strokes", num=500)
    assert strokes.x_train.shape == (500, 28, 28, 1) and strokes.x_train.dtype == np.uint8
    assert set(strokes.y_train) == set(range(10)) and len(strokes.class_names) == 10


def test_strokes_at_another_size():
    assert data.load("strokes", num=10, resolution=32).shape == (32, 32, 1)


def test_training_and_test_strokes_differ():
    strokes = data.load("strokes", num=200)
    assert not any((image == strokes.x_test).all(axis=(1, 2, 3)).any() for image in strokes.x_train)


def test_digits_are_the_1797_of_scikit_learn():
    digits = data.load("digits")
    assert len(digits.x_train) + len(digits.x_test) == 1797 and digits.shape == (8, 8, 1)
    assert digits.x_train.max() == 255


def test_float_and_back_is_exact():
    x = np.arange(256, dtype=np.uint8)
    assert data.to_float(x)[[0, 255]].tolist() == [-1.0, 1.0]
    assert np.array_equal(data.to_uint8(data.to_float(x)), x)


@pytest.mark.parametrize("name, word", [
    ("mnits", "did you mean 'mnist'"), ("stroke", "did you mean 'strokes'"), ("nothing like it", "Known: strokes"),
    ("folder", "folder:PATH"), ("", "Known"),
])
def test_an_unknown_name_suggests_the_nearest(name, word):
    with pytest.raises(ValueError, match=word):
        data.load(name)


@pytest.mark.parametrize("wrong", [{"num": -1}, {"resolution": -8}, {"resolution": 99999}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="out of range"):
        data.load("digits", **wrong)


def test_npz_of_the_reader(tmp_path):
    mine = data.load(npz(tmp_path / "mine.npz", y_train=np.arange(20) % 4))
    assert mine.x_train.shape == (18, 8, 8, 1) and mine.class_names == ("0", "1", "2", "3")


def test_npz_without_test_images_is_split_so_that_no_image_is_in_both_parts(tmp_path):
    x = np.arange(30, dtype=np.uint8)[:, None, None].repeat(4, 1).repeat(4, 2)
    name = npz(tmp_path / "mine.npz", x_train=x, y_train=np.arange(30))
    mine = data.load(name)
    assert len(mine.x_test) == 3 and (mine.x_test[:, 0, 0, 0] == mine.y_test).all()
    assert sorted([*mine.y_train, *mine.y_test]) == list(range(30))
    assert not np.array_equal(data.load(name, seed=1).y_test, mine.y_test)


def test_npz_with_its_own_test_images_keeps_them(tmp_path):
    test = {"x_test": np.full((2, 8, 8), 7, np.uint8), "y_test": np.array([1, 0])}
    mine = data.load(npz(tmp_path / "mine.npz", y_train=np.arange(20) % 4, **test))
    assert len(mine.x_train) == 20 and (mine.x_test == 7).all() and list(mine.y_test) == [1, 0]


def test_npz_with_half_of_its_test_images_says_what_is_missing(tmp_path):
    with pytest.raises(ValueError, match="no array .*y_test.*both or neither"):
        data.load(npz(tmp_path / "mine.npz", x_test=np.zeros((2, 8, 8), np.uint8)))


@pytest.mark.parametrize("arrays, word", [
    ({"x_train": np.zeros((20, 64), np.uint8)}, r"x_train has shape \(20, 64\)"),
    ({"x_train": np.zeros((20, 8, 8, 2), np.uint8)}, r"\(20, 8, 8, 2\)"),
    ({"y_train": np.full(20, -1)}, "the label -1; number the classes from 0"),
    ({"y_train": np.zeros(19, int)}, "one integer for each of the 20 images"),
    ({"y_train": np.zeros(20)}, "one integer"),
    ({"y_train": np.full(20, 10**12)}, "the label 1000000000000; number the classes from 0"),
    ({"x_train": np.zeros((0, 8, 8), np.uint8)}, r"shape \(0, 8, 8\); it must hold an image of at least one pixel"),
    ({"x_train": np.zeros((20, 8, 0), np.uint8)}, "at least one pixel"),
    ({"x_test": np.zeros((2, 9, 8), np.uint8)}, r"x_train are \(8, 8, 1\), those of x_test \(9, 8, 1\)"),
    ({"x_test": np.zeros((2, 8, 8, 3), np.uint8)}, r"those of x_test \(8, 8, 3\); bring both to one shape"),
])
def test_npz_with_wrong_arrays_says_which(tmp_path, arrays, word):
    if "x_test" in arrays:
        arrays = arrays | {"y_test": np.zeros(len(arrays["x_test"]), int)}
    with pytest.raises(ValueError, match=word):
        data.load(npz(tmp_path / "wrong.npz", **arrays))


@pytest.mark.parametrize("n, words", [(1, "1 image;"), (2, "2 images;")])
def test_two_images_are_too_few(tmp_path, n, words):
    np.savez(tmp_path / "a.npz", x_train=np.zeros((n, 8, 8), np.uint8))
    with pytest.raises(ValueError, match=f"a.npz' gives {words} it needs 3 at least, two to learn from and one"):
        data.load(f"npz:{tmp_path / 'a.npz'}")


@pytest.mark.parametrize("n, num_train, num_test", [(3, 2, 1), (20, 18, 2)])
def test_npz_may_have_test_images_in_name_only_and_any_size(tmp_path, n, num_train, num_test):
    x = np.zeros((n, 8, 8), np.uint8)
    np.savez(tmp_path / "a.npz", x_train=x, x_test=x[:0])
    own = data.load(f"npz:{tmp_path / 'a.npz'}", resolution=4)
    assert own.x_train.shape == (num_train, 4, 4, 1) and own.x_test.shape == (num_test, 4, 4, 1)


@pytest.mark.parametrize("values, cure", [
    (np.linspace(0, 1, 64, dtype="f4"), "255 * x_train"),
    (np.linspace(-1, 1, 64), "127.5 * (x_train + 1)"),
    (np.arange(64.0), "x_train"),
    (np.arange(64) % 2 == 0, "255 * x_train.astype(float)"),
    (np.arange(64, dtype=np.int8) - 1, "255 * (x_train.astype(float) - -1) / 63"),
    (np.arange(64, dtype=np.uint16) * 1000, "255 * (x_train.astype(float) - 0) / 63000"),
], ids=["0 to 1", "-1 to 1", "0 to 255", "truth", "signed bytes", "16 bit"])
def test_images_of_another_type_are_refused_with_the_line_that_mends_them(tmp_path, values, cure):
    """The line is tried: what it saves spans 0 to 255, and is loaded."""
    x_train = np.tile(values.reshape(1, 8, 8), (20, 1, 1))
    said = f"{x_train.dtype}; images must be uint8, 0 to 255: save np.rint({cure}).astype(np.uint8)"
    with pytest.raises(ValueError, match=re.escape(said)):
        data.load(npz(tmp_path / "own.npz", x_train=x_train))
    mended = np.rint(eval(cure)).astype(np.uint8)
    assert mended.min() == 0 and mended.max() == (63 if cure == "x_train" else 255)
    assert len(data.load(npz(tmp_path / "own.npz", x_train=mended)).x_train) == 18


def test_images_that_are_no_numbers_have_no_such_line(tmp_path):
    with pytest.raises(ValueError, match="float64; images must be uint8.*finite numbers first"):
        data.load(npz(tmp_path / "own.npz", x_train=np.full((20, 8, 8), np.nan)))


def test_npz_without_labels_has_one_class_that_says_so(tmp_path):
    x = np.zeros((20, 8, 8), np.uint8)
    np.savez(tmp_path / "a.npz", x_train=x)
    np.savez(tmp_path / "b.npz", x_train=x, x_test=x[:5])
    for file, num_test in (("a.npz", 2), ("b.npz", 5)):
        own = data.load(f"npz:{tmp_path / file}")
        assert own.class_names == ("unlabelled",) and not own.y_train.any()
        assert len(own.x_test) == len(own.y_test) == num_test


@pytest.mark.parametrize("names, lacks", [
    ("y_train", "x_train"), ("x_train y_train y_test", "x_test"), ("x_train y_test", "x_test"),
    ("x_train y_train x_test", "y_test"), ("x_train x_test y_test", "y_train")])
def test_the_array_that_is_missing_is_named(tmp_path, names, lacks):
    arrays = {"x": np.zeros((20, 8, 8), np.uint8), "y": np.zeros(20, int)}
    np.savez(tmp_path / "a.npz", **{name: arrays[name[0]] for name in names.split()})
    with pytest.raises(ValueError, match=f"a.npz' has no array {lacks}: "):
        data.load(f"npz:{tmp_path / 'a.npz'}")


def test_what_is_wrong_with_a_readers_file_is_said_without_a_traceback(tmp_path, capsys):
    """The command line shows the message alone of a CourseError, and of nothing else."""
    np.savez(tmp_path / "a.npz", x_train=np.zeros((20, 8, 8)))
    (tmp_path / "empty").mkdir()
    for name in ("npz:a.npz", "folder:empty", "folder:a.npz"):
        with pytest.raises(SystemExit) as stop:
            cli.main(["data", name.replace(":", f":{tmp_path}/")])
        said = capsys.readouterr().err
        assert stop.value.code == 2 and said.count("\n") == 1 and "Traceback" not in said


def test_an_encrypted_npz_is_named(tmp_path):
    name = npz(tmp_path / "a.npz")
    encrypt(tmp_path / "a.npz")
    with pytest.raises(ValueError, match="is encrypted .*write it anew with np.savez"):
        data.load(name)


def test_the_only_example_of_a_class_is_one_to_learn_from(tmp_path):
    """Forty images, one with label 1 and one with label 2: both are trained on with any seed."""
    x, y = np.zeros((40, 8, 8), np.uint8), np.zeros(40, int)
    y[[5, 6]] = 1, 2
    name = npz(tmp_path / "a.npz", x_train=x, y_train=y)
    for seed in range(30):
        own = data.load(name, seed=seed)
        assert set(own.y_train) == {0, 1, 2} and len(own.y_test) == 4


def test_npz_without_the_arrays_or_cut_short_or_missing(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(ValueError, match="it must hold x_train, the images"):
        data.load(f"npz:{tmp_path}/other.npz")
    npz(tmp_path / "cut.npz")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "cut.npz").read_bytes()[:300])
    with pytest.raises(ValueError, match="cut.npz"):
        data.load(f"npz:{tmp_path}/cut.npz")
    with pytest.raises(FileNotFoundError, match="there is no file or folder"):
        data.load(f"npz:{tmp_path}/none.npz")


def test_a_pickle_in_an_npz_is_not_opened(tmp_path):
    with pytest.raises(ValueError, match="arrays of objects, which are not opened"):
        data.load(npz(tmp_path / "evil.npz", x_train=np.array([{"code": 1}], dtype=object)))


def test_a_corrupted_npz_is_named(tmp_path):
    """A flipped byte inside an array breaks the archive's checksum."""
    name = npz(tmp_path / "a.npz", x_train=np.random.default_rng(0).integers(0, 256, (20, 8, 8)).astype(np.uint8))
    raw = bytearray((tmp_path / "a.npz").read_bytes())
    raw[400] ^= 255
    (tmp_path / "a.npz").write_bytes(raw)
    with pytest.raises(ValueError, match="is a damaged .npz file"):
        data.load(name)


def test_offline_download_names_the_embedded_sets(tmp_path, monkeypatch):
    """An address of this machine where nothing listens stands for no network."""
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    import pooch
    monkeypatch.setattr(pooch, "create", lambda path, url, registry, **_: pooch.Pooch(
        path, "http://127.0.0.1:9/", registry=registry, retry_if_failed=0))
    with pytest.raises(ConnectionError, match="fashion_mnist is not on this machine.*strokes, .*landscapes or "):
        data.load("fashion_mnist")
    assert not [f for f in tmp_path.rglob("*") if f.is_file()]


def test_a_damaged_idx_file_is_named(tmp_path):
    whole = gzip.compress(struct.pack(">HBBII", 0, 8, 2, 2, 3) + bytes(6))
    (tmp_path / "a.gz").write_bytes(whole)
    assert arrays.read_idx(str(tmp_path / "a.gz")).shape == (2, 3)
    (tmp_path / "a.gz").write_bytes(whole[:-12])
    with pytest.raises(ValueError, match="cut short.*delete it and retry"):
        arrays.read_idx(str(tmp_path / "a.gz"))


def test_every_download_has_a_sha256_and_stands_on_its_card():
    import tomllib
    registry = tomllib.loads((Path(data.__file__).parent / "datasets.toml").read_text())
    card = (Path(__file__).parents[1] / "data" / "README.md").read_text()
    for name, entry in registry.items():
        assert name in data.DATASETS and entry["files"]
        for digest in entry["files"].values():
            assert len(digest) == 64 and digest in card
    assert all(f"`{name}`" in card for name in data.DATASETS)


@pytest.mark.skipif(not MNIST.exists(), reason="real MNIST is not beside this checkout")
def test_real_mnist_through_npz():
    mnist = data.load(f"npz:{MNIST}")
    assert mnist.x_train.shape == (60000, 28, 28, 1) and mnist.x_train.mean() / 255 == pytest.approx(0.1307, abs=0.001)
