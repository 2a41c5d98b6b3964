"""Every data set of the course by name: `load("strokes")`, `load_sounds("speech")`.  Their cards: data/README.md."""

import os
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gancourse.data.arrays import check_images, read_idx, read_npz
from gancourse.data.images import read_folder, resize
from gancourse.data.synthetic import digits as stroke_digits
from gancourse.errors import CourseError, MissingFile, NoConnection, check_range, unknown


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


def load(name: str, *, num: int = 0, resolution: int = 0, seed: int = 0) -> Dataset:
    """Return a data set by name: one of DATASETS, "folder:PATH" or "npz:PATH".

    `num` keeps that many training images (0: all; of strokes, 20,000).  `resolution` is the side in pixels (0: the
    set's own; 28 for strokes, 32 for a folder).  `seed` draws the strokes, and the tenth that is kept for testing of
    a folder, or of a file without test images.  Sets that are not embedded are downloaded once, checked by sha256,
    into `cache_folder()`.
    Raises ValueError for an unknown name (naming the nearest), a bad number or a damaged file,
    FileNotFoundError for a missing path, ConnectionError when a download is needed and fails.
    """
    check_range("num", num, 0, 10**8, include_low=True)
    check_range("resolution", resolution, 0, 1024, include_low=True)
    check_name(name)
    if name in SOUNDS:
        raise CourseError(f"dataset {name!r} holds sounds, for lesson 12; sets of images are {', '.join(DATASETS)}")
    kind, _, path = name.partition(":")
    dataset = FILES[kind](path, resolution, seed) if path else DATASETS[name](num, resolution, seed)
    if resolution:
        dataset = replace(dataset, x_train=resize(dataset.x_train, resolution),
                          x_test=resize(dataset.x_test, resolution))
    if num and num < len(dataset.x_train):
        dataset = replace(dataset, x_train=dataset.x_train[:num], y_train=dataset.y_train[:num])
    return dataset


def load_sounds(name: str, *, num: int = 0, seed: int = 0) -> Sounds:
    """Return a set of sounds by name: "speech", or "folder:PATH" of wav files or a zip of them (`audio.read_folder`).

    Clips of 4,096 samples at 8,000 a second.  `num` keeps that many training clips (0: all; of speech, 3,000).
    `seed` draws the speech and splits a folder: a sixth of it, 500 clips at most, is kept for testing.  Raises
    ValueError for an unknown name, a bad number or too few files, FileNotFoundError for a missing path.  Lesson 12.
    """
    check_range("num", num, 0, 10**6, include_low=True)
    kind, _, path = name.partition(":")
    if name in SOUNDS:
        return SOUNDS[name](num, seed)
    if kind != "folder" or not path:
        raise unknown("set of sounds", name, [*SOUNDS, "folder:PATH"])
    from gancourse.data import audio
    from gancourse.data.synthetic import speech

    clips, labels, names = audio.read_folder(path, speech.SAMPLES, speech.RATE)
    if len(clips) < 12:
        raise CourseError(f"{path!r} gives {len(clips)} clips: a lesson needs 12 at least, and hundreds to learn from")
    x, y, x_test, y_test = _split(clips, labels, seed, min(500, len(clips) // 6))
    return Sounds(name, x[: num or None], y[: num or None], x_test, y_test, tuple(names), path,
                  "the reader's own", speech.RATE)


def check_name(name: str) -> None:
    """Raise ValueError for an unknown data set, FileNotFoundError for a path that leads nowhere; loads nothing."""
    kind, _, path = name.partition(":")
    if not (kind in FILES and path) and name not in DATASETS | SOUNDS:
        raise unknown("dataset", name, [*DATASETS, *SOUNDS, *(f"{kind}:PATH" for kind in FILES)])
    if path and not Path(path).expanduser().exists():
        raise MissingFile(f"there is no file or folder {path!r}: give dataset={kind}:PATH with one that exists")


def to_float(x: np.ndarray) -> np.ndarray:
    """Return uint8 images 0..255 as float32 in [-1, 1]; float images pass."""
    return x.astype(np.float32) / 127.5 - 1 if x.dtype == np.uint8 else x


def to_uint8(x: np.ndarray) -> np.ndarray:
    """Return float images in [-1, 1] as uint8 0..255, rounded and clipped; uint8 images pass."""
    return x if x.dtype == np.uint8 else np.clip(np.rint((x + 1) * 127.5), 0, 255).astype(np.uint8)


def cache_folder() -> Path:
    """Return where downloads are kept: $GANCOURSE_DATA, or the user's cache folder."""
    import pooch

    return Path(os.environ.get("GANCOURSE_DATA") or pooch.os_cache("gancourse"))


def _strokes(num: int, resolution: int, seed: int) -> Dataset:
    num_train, num_test, side = num or 20_000, 5_000, resolution or 28
    train = stroke_digits.strokes(num_train, size=side, seed=2 * seed)
    test = stroke_digits.strokes(num_test, size=side, seed=2 * seed + 1)
    return _dataset("strokes", train.images, train.labels, test.images, test.labels, DIGITS,
                    "drawn by gancourse.data.synthetic.digits", "CC BY 4.0")


def _digits(num: int, resolution: int, seed: int) -> Dataset:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    return _dataset("digits", images[:1500], bunch.target[:1500], images[1500:], bunch.target[1500:],
                    DIGITS, "scikit-learn load_digits: UCI optical digits, Alpaydin & Kaynak 1998",
                    "CC BY 4.0")


def _speech(num: int, seed: int) -> Sounds:
    from gancourse.data.synthetic import speech

    train, test = speech.words(num or 3000, 2 * seed), speech.words(500, 2 * seed + 1)
    return Sounds("speech", train.clips, train.labels, test.clips, test.labels, speech.NAMES,
                  "spoken by gancourse.data.synthetic.speech", "CC BY 4.0", speech.RATE)


DIGITS = tuple("0123456789")
FASHION = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot")
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def _idx_set(name: str, class_names, source: str, licence: str) -> Callable[[int, int, int], Dataset]:
    """A loader for four gzipped idx files, as MNIST is published."""
    def loader(num: int, resolution: int, seed: int) -> Dataset:
        parts = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
        arrays = [read_idx(_download(name, f"{part}-ubyte.gz")) for part in parts]
        return _dataset(name, *arrays, class_names, source, licence)
    return loader


def _cifar10(num: int, resolution: int, seed: int) -> Dataset:
    """The binary version: one label byte, then 3,072 pixels; the Python version is a pickle, which runs code."""
    with tarfile.open(_download("cifar10", "cifar-10-binary.tar.gz")) as archive:
        read = lambda file: np.frombuffer(archive.extractfile(f"cifar-10-batches-bin/{file}").read(), np.uint8)
        train = np.concatenate([read(f"data_batch_{i}.bin") for i in range(1, 6)]).reshape(-1, 3073)
        test = read("test_batch.bin").reshape(-1, 3073)
    images = lambda rows: rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return _dataset("cifar10", images(train), train[:, 0], images(test), test[:, 0], CIFAR10,
                    "Krizhevsky 2009, cs.toronto.edu/~kriz/cifar.html", "none stated; for research")


def _folder(path: str, resolution: int, seed: int) -> Dataset:
    images, labels, names = read_folder(path, resolution or 32)
    return _dataset(f"folder:{path}", *_split(images, labels, seed, _tenth(images)), names, path, "the reader's own")


def _npz(path: str, resolution: int, seed: int) -> Dataset:
    found, names = read_npz(path)
    name, train = f"npz:{path}", (found["x_train"], found["y_train"])
    if "x_test" in found:
        parts = (*train, found["x_test"], found["y_test"])
    else:
        parts = _split(*check_images(name, "train", *train), seed, _tenth(found["x_train"]))
    return _dataset(name, *parts, names, path, "the reader's own")


def _split(x: np.ndarray, y: np.ndarray, seed: int, num_test: int) -> tuple[np.ndarray, ...]:
    """x_train, y_train, x_test, y_test: `num_test` examples, drawn by `seed`, are kept for testing.

    The last example of a class is one to learn from, as long as there are others to test with.
    """
    order = np.random.default_rng(seed).permutation(len(x))
    last = len(x) - 1 - np.unique(y[order][::-1], return_index=True)[1]  # each class's last place
    tested = np.concatenate([np.setdiff1d(np.arange(len(x)), last), np.sort(last)])[:num_test]
    test, train = order[tested], np.delete(order, tested)
    return x[train], y[train], x[test], y[test]


def _tenth(x: np.ndarray) -> int:
    """How many images are kept for testing; of a single one, none."""
    return max(1, len(x) // 10) if len(x) > 1 else 0


def _dataset(name, x_train, y_train, x_test, y_test, class_names, source, licence) -> Dataset:
    """Check and unify arrays that come from outside."""
    train = check_images(name, "train", x_train, y_train)
    test = check_images(name, "test", x_test, y_test)
    return Dataset(name, *train, *test, tuple(class_names), source, licence)


def _download(name: str, file: str) -> str:
    """The path of a published file, downloaded if need be; its sha256 stands in data/datasets.toml."""
    import tomllib

    import pooch

    registry = Path(__file__).with_name("datasets.toml")
    entry = tomllib.loads(registry.read_text())[name]
    fetcher = pooch.create(cache_folder() / name, entry["url"], registry=entry["files"], retry_if_failed=2)
    try:
        return fetcher.fetch(file, downloader=pooch.HTTPDownloader(progressbar=True, timeout=30))
    except ValueError as error:
        raise CourseError(f"{file} of {name} arrived damaged or changed at its source: {error}") from error
    except OSError as error:  # requests' errors are OSErrors
        raise NoConnection(f"{name} is not on this machine and could not be downloaded ({type(error).__name__}). "
                           "The embedded sets need no network: dataset=strokes or dataset=digits.") from error


DATASETS: dict[str, Callable[[int, int, int], Dataset]] = {
    "strokes": _strokes,
    "digits": _digits,
    "mnist": _idx_set("mnist", DIGITS, "LeCun, Cortes & Burges 1998", "CC BY-SA 3.0"),
    "fashion_mnist": _idx_set("fashion_mnist", FASHION, "Xiao, Rasul & Vollgraf 2017, arXiv 1708.07747", "MIT"),
    "cifar10": _cifar10,
}
FILES: dict[str, Callable[[str, int, int], Dataset]] = {"folder": _folder, "npz": _npz}
SOUNDS: dict[str, Callable[[int, int], Sounds]] = {"speech": _speech}
