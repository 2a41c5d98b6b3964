"""The ruler: a small classifier whose 64 features every lesson measures with, in plain NumPy.

A network has learnt what matters about the images; distances between two samples are taken in its last
hidden layer.  PyTorch and TensorFlow lessons read the same numbers off the same ruler.  The ruler of the
stroke digits ships with the course; others are trained once, in seconds, and kept.  Lesson 07.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gancourse.data.registry import Dataset, cache_folder, to_float
from gancourse.errors import CourseError
from gancourse.files import hold, module_code
from gancourse.system import chosen_threads, installed

SHIPPED = Path(__file__).with_name("feature_nets")
TRAINER = Path(__file__).parents[1] / "pt" / "train_feature_net.py"
CHUNK = 50  # images at once: their patches still fit the processor's cache, which is twice as fast


class FeatureNet(NamedTuple):
    """A LeNet: conv 3x3, 16 - pool - conv 3x3, 32 - pool - 64 features - classes.  After LeCun et al. 1998."""

    weights: dict[str, np.ndarray]  # conv kernels (3, 3, in, out), matrices (in, out), biases (out,)
    facts: dict                     # what it was trained on and how well it does: {"accuracy": ..., "labels": ...}

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return the 64 features of images (n, height, width, channels), uint8 or float in [-1, 1]; float32.

        Raises ValueError when the images have another size than the ruler's.
        """
        shape = tuple(self.facts["shape"])
        if images.shape[1:] != shape:
            raise CourseError(f"this ruler measures images of {shape}, not {images.shape[1:]}: "
                              "load the ruler of your data")
        return np.concatenate([self._features(to_float(images[i : i + CHUNK])) for i in range(0, len(images), CHUNK)])

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Return the class probabilities (n, classes), rows summing to 1."""
        logits = self.features(images) @ self.weights["head"] + self.weights["head_bias"]
        odds = np.exp(logits - logits.max(1, keepdims=True))
        return odds / odds.sum(1, keepdims=True)

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return the most probable class of each image, int64 (n,)."""
        return self.probabilities(images).argmax(1)

    def _features(self, x: np.ndarray) -> np.ndarray:
        w = self.weights
        x = _pool(np.maximum(_conv(x, w["conv1"]) + w["conv1_bias"], 0))
        x = _pool(np.maximum(_conv(x, w["conv2"]) + w["conv2_bias"], 0))
        return np.maximum(x.reshape(len(x), -1) @ w["dense"] + w["dense_bias"], 0)


def load(dataset: Dataset) -> FeatureNet:
    """Return the ruler of a data set; trains and keeps one where there is none (needs torch).

    Training takes 10 to 20 seconds; of several processes that want the same ruler at once, one
    trains it and the others wait.  Without classes, it learns to tell by how many quarter turns an
    image was turned (Gidaris et al. 2018).  Raises ValueError when a stored ruler is damaged,
    RuntimeError when training fails.
    """
    if dataset.name == "strokes" and dataset.shape == (28, 28, 1):
        return read(SHIPPED / "strokes_28.safetensors", SHIPPED / "sha256.json")
    path = cache_folder() / "rulers" / f"{_key(dataset)}.safetensors"
    if not path.exists():
        with hold(path.with_suffix(".lock"), f"the ruler of {dataset.name}", say=print):
            if not path.exists():
                _train(dataset, path)
    return read(path)


def read(path: Path, checksums: Path | None = None) -> FeatureNet:
    """Read a stored ruler.  Raises ValueError when it is damaged or is not the file of `checksums`."""
    from safetensors import SafetensorError, safe_open

    try:
        if checksums:
            want = json.loads(checksums.read_text())[path.name]
            if hashlib.sha256(path.read_bytes()).hexdigest() != want:
                raise CourseError("its sha256 is not the published one")
        with safe_open(path, framework="np") as file:
            return FeatureNet({name: file.get_tensor(name) for name in file.keys()},  # noqa: SIM118
                         json.loads(file.metadata()["ruler"]))
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise CourseError(f"the ruler {path} is damaged ({error}); delete it and load it again") from error


def _key(dataset: Dataset) -> str:
    """A name for the ruler of exactly these images, as today's code trains it with so many threads.

    PyTorch's version counts, too; it is looked up without importing PyTorch.
    """
    arrays = [dataset.x_train, dataset.y_train, dataset.x_test, dataset.y_test]
    shapes = [(a.shape, str(a.dtype)) for a in arrays]
    about = (shapes, module_code(TRAINER), installed("torch"), chosen_threads())
    hasher = hashlib.sha256(repr(about).encode())
    for array in arrays:
        hasher.update(np.ascontiguousarray(array))
    return hasher.hexdigest()[:16]


def _train(dataset: Dataset, path: Path) -> None:
    """Train in a process of its own, so that a TensorFlow lesson never holds two frameworks.

    It computes with as many threads as OMP_NUM_THREADS says, like this one.
    """
    print(f"Training the ruler of {dataset.name} (once, about 15 s) ...", flush=True)
    images = path.with_suffix(".npz")
    np.savez(images, x_train=dataset.x_train, y_train=dataset.y_train, x_test=dataset.x_test, y_test=dataset.y_test)
    try:
        done = subprocess.run([sys.executable, "-m", "gancourse.pt.train_feature_net", str(images), str(path)],
                              capture_output=True, text=True)
    finally:
        images.unlink(missing_ok=True)
    if done.returncode:
        raise RuntimeError(f"the ruler of {dataset.name} could not be trained: {done.stderr.strip()[-500:]}")


def _conv(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """3x3 convolution of (n, h, w, c) with zero borders, as one matrix product."""
    n, h, w, c = x.shape
    x = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    patches = np.concatenate([x[:, i : i + h, j : j + w] for i in range(3) for j in range(3)], axis=-1)
    return (patches.reshape(-1, 9 * c) @ kernel.reshape(9 * c, -1)).reshape(n, h, w, -1)


def _pool(x: np.ndarray) -> np.ndarray:
    """The largest of each 2x2 square; a last odd row or column is dropped, as in PyTorch."""
    h, w = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    x = np.maximum(x[:, 0:h:2], x[:, 1:h:2])
    return np.maximum(x[:, :, 0:w:2], x[:, :, 1:w:2])
