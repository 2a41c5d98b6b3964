"""Feature networks: small trained classifiers whose last hidden layer images are compared in.

    net = feature_net.load(dataset)
    metrics.frechet_distance(net.features(real), net.features(fake))

To tell its classes apart, such a network has learnt what matters about the images of a data set.
It is computed in plain NumPy, so PyTorch and TensorFlow lessons read the same numbers off the same
network.  Those of the stroke digits, the faces and the landscapes ship with the course; others are
trained once, in seconds, and kept.  Messages call it a ruler, as lesson 07 does, which explains it.

The networks of the faces and of the landscapes read several attributes at once:

    feature_net.load(faces).read_attributes(images)["glasses"]
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gancourse.data.registry import Dataset, cache_folder, to_float
from gancourse.data.synthetic.faces import Attributes
from gancourse.errors import CourseError
from gancourse.files import file_sha256, hold, module_code
from gancourse.system import chosen_threads, installed

SHIPPED = Path(__file__).with_name("feature_nets")
SHIPPED_OF = {("strokes", (28, 28, 1)): "strokes_28.safetensors",
              ("faces", (32, 32, 3)): "faces_32.safetensors",
              ("landscapes", (32, 32, 3)): "landscapes_32.safetensors"}
HIDDEN = {  # attributes that are not to be seen at these values of another one
    "hair_colour": ("hair_style", (0, 5)), "hat": ("hair_style", (0, 1, 2, 3, 4)),
    "earrings": ("hair_style", (2,)), "mountains": ("building", (2, 3))}
TRAINER = Path(__file__).parents[1] / "pt" / "train_feature_net.py"
CHUNK = 50  # images at once: their patches fit the processor's cache, which is twice as fast


class FeatureNet(NamedTuple):
    """A small trained image classifier; images are compared by the 64 features before its output.

    It is a LeNet after LeCun et al. 1998, of about a hundred thousand weights for 28 x 28 pixels:
    3x3 convolution to 16 channels - 2x2 max-pooling - 3x3 convolution to 32 channels - 2x2
    max-pooling - 64 features - a logit for each class, with a ReLU after each layer but the last.
    Those of the faces and the landscapes have a third convolution with pooling; their classes are
    the hair styles and the buildings, and a second head reads the other attributes.  It is not
    trained further: it only measures.
    """

    weights: dict[str, np.ndarray]  # kernels (3, 3, in, out), matrices (in, out), biases (out,)
    facts: dict  # how it was trained and how well it does: {"shape": ..., "accuracy": ..., ...}

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return the 64 features of each image, float32 (n, 64).

        Images are (n, height, width, channels), uint8 or float in [-1, 1].  Raises ValueError when
        they have another size than those that the network was trained on.
        """
        shape = tuple(self.facts["shape"])
        if images.shape[1:] != shape:
            raise CourseError(f"this ruler measures images of {shape}, not {images.shape[1:]}: "
                              "load the ruler of your data")
        chunks = [images[i : i + CHUNK] for i in range(0, len(images), CHUNK)]
        return np.concatenate([self._features(to_float(chunk)) for chunk in chunks])

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Return the class probabilities (n, classes), rows summing to 1."""
        logits = self.features(images) @ self.weights["head"] + self.weights["head_bias"]
        odds = np.exp(logits - logits.max(1, keepdims=True))
        return odds / odds.sum(1, keepdims=True)

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return the most probable class of each image, int64 (n,)."""
        return self.probabilities(images).argmax(1)

    def read_attributes(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Return the most probable value of each attribute, int64 (n,), by the attribute's name.

        -1 where it is hidden, see `readable`.  Raises ValueError when the network was trained on
        classes alone.
        """
        if "attributes" not in self.facts:
            raise CourseError("this ruler has learnt one label only; use predict")
        head, bias = (np.concatenate([self.weights[name], self.weights[f"others_{name}"]], axis=-1)
                      for name in ("head", "head_bias"))
        logits = self.features(images) @ head + bias
        values = {}
        start = 0
        for name, count in self.facts["attributes"].items():
            values[name] = logits[:, start : start + count].argmax(1)
            start += count
        return _hide(values)

    def _features(self, x: np.ndarray) -> np.ndarray:
        """The 64 features (n, 64) of float images (n, height, width, channels) in [-1, 1]."""
        w = self.weights
        for name in ("conv1", "conv2", "conv3"):
            if name in w:
                x = _pool(np.maximum(_conv(x, w[name]) + w[f"{name}_bias"], 0))
        return np.maximum(x.reshape(len(x), -1) @ w["dense"] + w["dense_bias"], 0)


def load(dataset: Dataset) -> FeatureNet:
    """Return the feature network of a data set; trains and keeps it if need be (with torch).

    Training takes 10 to 20 seconds; of several processes that want the same network at once, one
    trains it and the others wait.  Without classes, it learns to tell by how many quarter turns an
    image was turned (Gidaris et al. 2018).  Raises ValueError when the stored one is damaged,
    RuntimeError when training fails.
    """
    if shipped := SHIPPED_OF.get((dataset.name, dataset.shape)):
        return read(SHIPPED / shipped, SHIPPED / "sha256.json")
    path = cache_folder() / "rulers" / f"{_key(dataset)}.safetensors"
    if not path.exists():
        with hold(path.with_suffix(".lock"), f"the ruler of {dataset.name}", say=print):
            if not path.exists():
                _train(dataset, path)
    return read(path)


def read(path: Path, checksums: Path | None = None) -> FeatureNet:
    """Return a stored feature network.

    `checksums` is a JSON file with the sha256 of each file by its name.  Raises ValueError when the
    network is damaged or has another sha256.
    """
    from safetensors import SafetensorError, safe_open

    try:
        if checksums and file_sha256(path) != json.loads(checksums.read_text())[path.name]:
            raise CourseError("its sha256 is not the published one")
        with safe_open(path, framework="np") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return FeatureNet(weights, json.loads(file.metadata()["ruler"]))
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        message = f"the ruler {path} is damaged ({error}); delete it and load it again"
        raise CourseError(message) from error


def readable(attributes: Attributes) -> dict[str, np.ndarray]:
    """Return what the network of the faces can read off them, int64 (n,) by name.

    Right on 4,000 held-out faces of 32 x 32 pixels, in per cent: hair style 99.8, hair colour 99.8,
    glasses 99.5, beard 99.4, mouth open 99.9, earrings 99.9, pattern of the clothes 99.7, kind of
    hat 99.9, background 99.5.  Values are those of `gancourse.data.synthetic.faces`; the hues of
    the background are put into three groups, around 0, 1/3 and 2/3.  -1 where an attribute is
    hidden: the colour of hair that is shaved or under a hat, the kind of a hat in the cupboard,
    earrings under long hair.  Left out are those of which a network like this one read fewer than
    98 % right: smiling or not (87), the eye colour (95), the skin in three tones (97.7), and those
    that were not tried because they are smaller than a pixel or run through without a border.
    """
    names = ("hair_style", "hair_colour", "glasses", "beard", "mouth_open", "earrings", "pattern",
             "hat")
    values = {name: getattr(attributes, name).astype(np.int64) for name in names}
    values["background"] = np.rint(3 * attributes.background).astype(np.int64) % 3
    return _hide(values)


def _hide(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The values of attributes, -1 where another one hides it."""
    hidden = {name: np.isin(values[other], those)
              for name, (other, those) in HIDDEN.items() if other in values}
    return {name: np.where(hidden[name], -1, value) if name in hidden else value
            for name, value in values.items()}


def _key(dataset: Dataset) -> str:
    """A name for the network of exactly these images, as today's code trains it: 16 hex digits.

    The number of threads and PyTorch's version count, too, because either can change the last bits;
    the version is looked up without importing PyTorch.
    """
    arrays = _arrays(dataset).values()
    shapes = [(array.shape, str(array.dtype)) for array in arrays]
    training = (shapes, module_code(TRAINER), installed("torch"), chosen_threads())
    hasher = hashlib.sha256(repr(training).encode())
    for array in arrays:
        hasher.update(np.ascontiguousarray(array))
    return hasher.hexdigest()[:16]


def _train(dataset: Dataset, path: Path) -> None:
    """Train in a process of its own, so that a TensorFlow lesson never holds two frameworks.

    It computes with as many threads as OMP_NUM_THREADS says, like this one.
    """
    print(f"Training the ruler of {dataset.name} (once, about 15 s) ...", flush=True)
    images = path.with_suffix(".npz")
    np.savez(images, **_arrays(dataset))
    command = [sys.executable, "-m", "gancourse.pt.train_feature_net", str(images), str(path)]
    try:
        process = subprocess.run(command, capture_output=True, text=True)
    finally:
        images.unlink(missing_ok=True)
    if process.returncode:
        reason = process.stderr.strip()[-500:]
        raise RuntimeError(f"the ruler of {dataset.name} could not be trained: {reason}")


def _arrays(dataset: Dataset) -> dict[str, np.ndarray]:
    """The images and labels of the training and the test set, by name."""
    names = ("x_train", "y_train", "x_test", "y_test")
    return {name: getattr(dataset, name) for name in names}


def _conv(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """3x3 convolution of (n, h, w, c) with zero borders, as one matrix product."""
    n, h, w, c = x.shape
    x = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    shifted = [x[:, i : i + h, j : j + w] for i in range(3) for j in range(3)]
    patches = np.concatenate(shifted, axis=-1)
    return (patches.reshape(-1, 9 * c) @ kernel.reshape(9 * c, -1)).reshape(n, h, w, -1)


def _pool(x: np.ndarray) -> np.ndarray:
    """The largest of each 2x2 square; a last odd row or column is dropped, as in PyTorch."""
    h, w = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    x = np.maximum(x[:, 0:h:2], x[:, 1:h:2])
    return np.maximum(x[:, :, 0:w:2], x[:, :, 1:w:2])
