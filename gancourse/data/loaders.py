"""How each data set of `registry` is drawn, downloaded or read from the reader's files."""

import os
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gancourse.data.arrays import check_images, read_idx, read_npz
from gancourse.data.images import read_folder
from gancourse.data.synthetic.digits import strokes as draw_strokes
from gancourse.data.synthetic.faces import STYLES
from gancourse.data.synthetic.faces import faces as draw_faces
from gancourse.data.synthetic.landscapes import BUILDINGS
from gancourse.data.synthetic.landscapes import landscapes as draw_landscapes
from gancourse.errors import CourseError, NoConnection

DIGITS = tuple("0123456789")
FEWEST_CLIPS = 12  # recordings of the reader's own
FASHION = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
           "boot")
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@dataclass(frozen=True)
class Labelled:
    """Examples and labels, y_* int64 (n,), with where they come from."""

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple[str, ...]
    source: str
    licence: str


@dataclass(frozen=True)
class Dataset(Labelled):
    """Images and labels: x_* uint8 (n, height, width, channels), y_* int64 (n,)."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of one image."""
        return self.x_train.shape[1:]


@dataclass(frozen=True)
class Sounds(Labelled):
    """Clips and labels: x_* float32 (n, samples) in [-1, 1], y_* int64 (n,)."""

    rate: int  # samples a second


def strokes(num: int, resolution: int, seed: int) -> Dataset:
    """Return `num` drawn digits to learn from (0: 20,000) and 5,000 others, at any resolution."""
    side = resolution or 28
    train = draw_strokes(num or 20_000, size=side, seed=2 * seed)
    test = draw_strokes(5_000, size=side, seed=2 * seed + 1)
    return _dataset("strokes", train.images, train.labels, test.images, test.labels, DIGITS,
                    "drawn by gancourse.data.synthetic.digits", "CC BY 4.0")


def faces(num: int, resolution: int, seed: int) -> Dataset:
    """Return `num` cartoon faces to learn from (0: 20,000) and 2,000 others, at any resolution.

    The label is the hair style; all attributes come from `gancourse.data.synthetic.faces`.
    """
    return _painted("faces", draw_faces, "hair_style", STYLES, num, resolution, seed)


def landscapes(num: int, resolution: int, seed: int) -> Dataset:
    """Return `num` landscapes to learn from (0: 20,000) and 2,000 others, at any resolution.

    The label is the kind of building, 0 for none; all attributes come from
    `gancourse.data.synthetic.landscapes`.
    """
    return _painted("landscapes", draw_landscapes, "building", BUILDINGS, num, resolution, seed)


def digits(num: int, resolution: int, seed: int) -> Dataset:
    """Return scikit-learn's 1,797 scanned digits of 8 x 8 pixels, the last 297 for testing."""
    from sklearn.datasets import load_digits

    scans = load_digits()
    x = np.rint(scans.images * (255 / 16)).astype(np.uint8)
    y = scans.target
    return _dataset("digits", x[:1500], y[:1500], x[1500:], y[1500:], DIGITS,
                    "scikit-learn load_digits: UCI optical digits, Alpaydin & Kaynak 1998",
                    "CC BY 4.0")


def mnist(num: int, resolution: int, seed: int) -> Dataset:
    """Return MNIST, 60,000 and 10,000 digits of 28 x 28 pixels."""
    return _idx_set("mnist", DIGITS, "LeCun, Cortes & Burges 1998", "CC BY-SA 3.0")


def fashion_mnist(num: int, resolution: int, seed: int) -> Dataset:
    """Return Fashion-MNIST, 60,000 and 10,000 pieces of clothing of 28 x 28 pixels."""
    return _idx_set("fashion_mnist", FASHION, "Xiao, Rasul & Vollgraf 2017, arXiv 1708.07747",
                    "MIT")


def cifar10(num: int, resolution: int, seed: int) -> Dataset:
    """Return CIFAR-10, 50,000 and 10,000 colour photographs of 32 x 32 pixels.

    From the binary version: one label byte, then 3,072 pixels; the Python version is a pickle,
    which runs code.
    """
    with tarfile.open(_download("cifar10", "cifar-10-binary.tar.gz")) as archive:
        batches = [_cifar_rows(archive, f"data_batch_{i}.bin") for i in range(1, 6)]
        test = _cifar_rows(archive, "test_batch.bin")
    train = np.concatenate(batches)
    return _dataset("cifar10", _cifar_images(train), train[:, 0], _cifar_images(test), test[:, 0],
                    CIFAR10, "Krizhevsky 2009, cs.toronto.edu/~kriz/cifar.html",
                    "none stated; for research")


def image_folder(path: str, resolution: int, seed: int) -> Dataset:
    """Return the images of a folder, see `images.read_folder`; a tenth is kept for testing."""
    x, y, class_names = read_folder(path, resolution or 32)
    return _dataset(f"folder:{path}", *_split(x, y, seed, _tenth(x)), class_names, path,
                    "the reader's own")


def npz_file(path: str, resolution: int, seed: int) -> Dataset:
    """Return the images of an .npz file; without test images in it a tenth is kept for testing."""
    arrays, class_names = read_npz(path)
    name = f"npz:{path}"
    x, y = arrays["x_train"], arrays["y_train"]
    if "x_test" in arrays and arrays["x_test"].size:
        parts = (x, y, arrays["x_test"], arrays["y_test"])
    else:
        parts = _split(*check_images(name, "train", x, y), seed, _tenth(x))
    images = _dataset(name, *parts, class_names, path, "the reader's own")
    if images.x_test.shape[1:] != images.shape:
        raise CourseError(f"{name}: images of x_train are {images.shape}, those of x_test "
                          f"{images.x_test.shape[1:]}; bring both to one shape")
    return images


def speech(num: int, seed: int) -> Sounds:
    """Return `num` synthetic words to learn from (0: 3,000) and 500 others."""
    from gancourse.data.synthetic.speech import NAMES, RATE, words

    train = words(num or 3000, 2 * seed)
    test = words(500, 2 * seed + 1)
    return Sounds("speech", train.clips, train.labels, test.clips, test.labels, NAMES,
                  "spoken by gancourse.data.synthetic.speech", "CC BY 4.0", RATE)


def sound_folder(path: str, num: int, seed: int) -> Sounds:
    """Return the wav files of a folder or zip as clips, `num` to learn from (0: all).

    Read by `audio.read_folder` and cut like the synthetic words, so that a lesson takes both.
    Raises ValueError for fewer than 12.
    """
    from gancourse.data import audio
    from gancourse.data.synthetic.speech import RATE, SAMPLES

    clips, labels, class_names = audio.read_folder(path, SAMPLES, RATE)
    if len(clips) < FEWEST_CLIPS:
        raise CourseError(f"{path!r} gives {len(clips)} clips: a lesson needs {FEWEST_CLIPS} at "
                          "least, and hundreds to learn from")
    x, y, x_test, y_test = _split(clips, labels, seed, min(500, len(clips) // 6))
    return Sounds(f"folder:{path}", x[: num or None], y[: num or None], x_test, y_test,
                  tuple(class_names), path, "the reader's own", RATE)


def cache_folder() -> Path:
    """Return where downloads are kept: $GANCOURSE_DATA, or the user's cache folder."""
    import pooch

    return Path(os.environ.get("GANCOURSE_DATA") or pooch.os_cache("gancourse"))


def _idx_set(name: str, class_names: Sequence[str], source: str, licence: str) -> Dataset:
    """A data set of four gzipped idx files, as MNIST is published."""
    files = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    arrays = [read_idx(_download(name, f"{file}-ubyte.gz")) for file in files]
    return _dataset(name, *arrays, class_names, source, licence)


def _cifar_rows(archive: tarfile.TarFile, file: str) -> np.ndarray:
    """The rows of a file of CIFAR-10, uint8 (n, 3073): the label, then red, green, blue values."""
    raw = archive.extractfile(f"cifar-10-batches-bin/{file}").read()
    return np.frombuffer(raw, np.uint8).reshape(-1, 3073)


def _cifar_images(rows: np.ndarray) -> np.ndarray:
    """The images (n, 32, 32, 3) of rows (n, 3073)."""
    return rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


def _painted(name: str, draw: Callable, label: str, class_names: Sequence[str], num: int,
             resolution: int, seed: int) -> Dataset:
    """A data set of images that are drawn with known attributes, of which `label` is the class."""
    train, test = (draw(n, size=resolution or 32, seed=2 * seed + i)
                   for i, n in enumerate((num or 20_000, 2_000)))
    return _dataset(name, train.images, getattr(train.attributes, label), test.images,
                    getattr(test.attributes, label), class_names,
                    f"drawn by gancourse.data.synthetic.{name}", "CC BY 4.0")


def _split(x: np.ndarray, y: np.ndarray, seed: int, num_test: int) -> tuple[np.ndarray, ...]:
    """x_train, y_train, x_test, y_test: `num_test` examples, drawn by `seed`, are kept for testing.

    The last example of a class is one to learn from, as long as there are others to test with.
    """
    order = np.random.default_rng(seed).permutation(len(x))
    _, from_behind = np.unique(y[order][::-1], return_index=True)
    last = len(x) - 1 - from_behind  # each class's last place in the order
    others = np.setdiff1d(np.arange(len(x)), last)
    tested = np.concatenate([others, np.sort(last)])[:num_test]
    test = order[tested]
    train = np.delete(order, tested)
    return x[train], y[train], x[test], y[test]


def _tenth(x: np.ndarray) -> int:
    """How many images are kept for testing; of a single one, none."""
    return max(1, len(x) // 10) if len(x) > 1 else 0


def _dataset(name: str, x_train: np.ndarray, y_train: np.ndarray, x_test: np.ndarray,
             y_test: np.ndarray, class_names: Sequence[str], source: str, licence: str) -> Dataset:
    """A Dataset of arrays that come from outside, checked and brought to one form."""
    train = check_images(name, "train", x_train, y_train)
    test = check_images(name, "test", x_test, y_test)
    return Dataset(name, *train, *test, tuple(class_names), source, licence)


def _download(name: str, file: str) -> str:
    """The path of a published file, downloaded if need be; datasets.toml holds its sha256."""
    import tomllib

    import pooch

    entry = tomllib.loads(Path(__file__).with_name("datasets.toml").read_text())[name]
    fetcher = pooch.create(cache_folder() / name, entry["url"], registry=entry["files"],
                           retry_if_failed=2)
    try:
        return fetcher.fetch(file, downloader=pooch.HTTPDownloader(progressbar=True, timeout=30))
    except ValueError as error:
        raise CourseError(f"{file} of {name} arrived damaged or changed at its source: {error}"
                          ) from error
    except OSError as error:  # requests' errors are OSErrors
        raise NoConnection(f"{name} is not on this machine and could not be downloaded "
                           f"({type(error).__name__}). The embedded sets need no network: "
                           "dataset=strokes, dataset=faces, dataset=landscapes or "
                           "dataset=digits.") from error
