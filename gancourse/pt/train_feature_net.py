"""Train a feature network (see gancourse.metrics.feature_net) in a process of its own:

    python -m gancourse.pt.train_feature_net images.npz out.safetensors
    python -m gancourse.pt.train_feature_net faces faces_32.safetensors    (about four minutes)
    python -m gancourse.pt.train_feature_net landscapes landscapes_32.safetensors    (three)
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save
from torch import nn

from gancourse.data.registry import to_float
from gancourse.data.synthetic import faces, landscapes
from gancourse.files import write_atomically
from gancourse.metrics.feature_net import FeatureNet, readable
from gancourse.pt import set_threads
from gancourse.pt.models import seeded
from gancourse.pt.train import from_numpy

STEPS = 600
BATCH = 64
FACE_STEPS = 6_000
HELD_OUT = 4_000  # images to test on
PAINTED = {  # who paints, what is to be read, images to learn from, their seed (+1 to test), steps
    "faces": (faces.faces, readable, 60_000, 10_001, FACE_STEPS),
    "landscapes": (landscapes.landscapes, landscapes.readable, 40_000, 20_001, 4_000)}


def lenet(shape: tuple[int, int, int], num_classes: int) -> nn.Sequential:
    """Return an untrained LeNet: images of `shape` (height, width, channels) to class logits.

    Its first nine layers give the 64 features of `gancourse.metrics.feature_net`.
    """
    flat = 32 * (shape[0] // 4) * (shape[1] // 4)
    return nn.Sequential(nn.Conv2d(shape[2], 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(flat, 64), nn.ReLU(), nn.Linear(64, num_classes))


def face_reader(shape: tuple[int, int, int], num_values: int) -> nn.Sequential:
    """Return an untrained network that reads attributes: images to the logits of all values.

    A LeNet with a third convolution; `shape` is (height, width, channels).
    """
    flat = 48 * (shape[0] // 8) * (shape[1] // 8)
    return nn.Sequential(nn.Conv2d(shape[2], 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(32, 48, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(flat, 64), nn.ReLU(), nn.Linear(64, num_values))


def train_face_reader(x: np.ndarray, labels: dict[str, np.ndarray], x_test: np.ndarray,
                      test_labels: dict[str, np.ndarray], seed: int = 0,
                      steps: int = FACE_STEPS) -> tuple[nn.Sequential, dict]:
    """Return a network that reads attributes off uint8 images, and the facts about it.

    `labels` are integers by the attribute's name, from 0; where one is -1 it is hidden and does not
    count.  Adam, one cycle up to 3e-3.  The stored accuracy is that of the hardest attribute.
    """
    counts = {name: int(values.max()) + 1 for name, values in labels.items()}
    net = seeded(face_reader, x.shape[1:], sum(counts.values()), seed=seed)
    opt = torch.optim.Adam(net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(opt, 3e-3, total_steps=steps)
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        rows = rng.integers(0, len(x), BATCH)
        logits = net(from_numpy(to_float(x[rows]))).split(list(counts.values()), dim=1)
        loss = sum(nn.functional.cross_entropy(
            part, torch.from_numpy(values[rows]), ignore_index=-1, reduction="sum") / BATCH
            for part, values in zip(logits, labels.values(), strict=True))
        opt.zero_grad()
        loss.backward()
        opt.step()
        schedule.step()
    facts = {"shape": list(x.shape[1:]), "labels": "attributes", "attributes": counts}
    arrays = weights(net, x.shape[1:], next(iter(counts.values())))
    read = FeatureNet(arrays, facts).read_attributes(x_test)
    accuracies = {name: float((read[name] == values)[values >= 0].mean())
                  for name, values in test_labels.items()}
    return net, facts | {"accuracy": min(accuracies.values()), "accuracies": accuracies,
                         "seed": seed, "steps": steps}


def train_lenet(x: np.ndarray, y: np.ndarray, x_test: np.ndarray, y_test: np.ndarray,
                seed: int = 0, steps: int = STEPS) -> tuple[nn.Sequential, dict]:
    """Return a LeNet trained for `steps`, and the facts about it.

    Images are uint8 (n, height, width, channels).  With one class only, the labels are the quarter
    turns of each image (Gidaris et al. 2018).  Adam, one cycle up to 2e-3 (Smith & Topin 2018).
    Lesson 07.
    """
    labels = "classes"
    if len(np.unique(y)) < 2:
        labels = "quarter turns"
        x, y = _turned(x)
        x_test, y_test = _turned(x_test)
    net = seeded(lenet, x.shape[1:], int(y.max()) + 1, seed=seed)
    opt = torch.optim.Adam(net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(opt, 2e-3, total_steps=steps)
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        rows = rng.integers(0, len(x), BATCH)
        logits = net(from_numpy(to_float(x[rows])))
        loss = nn.functional.cross_entropy(logits, torch.from_numpy(y[rows]))
        opt.zero_grad()
        loss.backward()
        opt.step()
        schedule.step()
    accuracy = _accuracy(net, x_test, y_test)
    return net, {"shape": list(x.shape[1:]), "labels": labels, "accuracy": accuracy, "seed": seed,
                 "steps": steps}


def weights(net: nn.Sequential, shape: tuple[int, int, int],
            classes: int | None = None) -> dict[str, np.ndarray]:
    """Return a network's weights as `gancourse.metrics.feature_net` holds them, channels last.

    `shape` is that of its images.  The first `classes` logits are those of the classes; with more
    logits than these, the others are those of the other attributes.
    """
    numpy = lambda t: t.detach().numpy().copy()
    *convolutions, dense, head = _layers(net)
    arrays = {}
    for i, layer in enumerate(convolutions, 1):
        arrays[f"conv{i}"] = numpy(layer.weight.permute(2, 3, 1, 0))
        arrays[f"conv{i}_bias"] = numpy(layer.bias)
    height, width = (side // 2 ** len(convolutions) for side in shape[:2])
    by_channel = dense.weight.reshape(64, -1, height, width)
    by_channel_last = by_channel.permute(2, 3, 1, 0).reshape(-1, 64)
    arrays |= {"dense": numpy(by_channel_last), "dense_bias": numpy(dense.bias),
               "head": numpy(head.weight.T[:, :classes]), "head_bias": numpy(head.bias[:classes])}
    if classes:
        arrays |= {"others_head": numpy(head.weight.T[:, classes:]),
                   "others_head_bias": numpy(head.bias[classes:])}
    return arrays


def network(feature_net: FeatureNet) -> nn.Sequential:
    """Return a feature network as it was trained in PyTorch, the inverse of `weights`.

    All its layers but the last give the features.
    """
    shape = tuple(feature_net.facts["shape"])
    w = {name: torch.from_numpy(array) for name, array in feature_net.weights.items()}
    build = lenet
    if "others_head" in w:
        build = face_reader
        for name in ("head", "head_bias"):
            w[name] = torch.cat([w[name], w[f"others_{name}"]], dim=-1)
    net = build(shape, w["head"].shape[1])
    *convolutions, dense, head = _layers(net)
    names = [f"conv{i}" for i in range(1, len(convolutions) + 1)]
    height, width = (side // 2 ** len(names) for side in shape[:2])
    by_channel_last = w["dense"].reshape(height, width, -1, 64)
    by_channel = by_channel_last.permute(3, 2, 0, 1).reshape(64, -1)
    matrices = [*(w[name].permute(3, 2, 0, 1) for name in names), by_channel, w["head"].T]
    with torch.no_grad():
        for layer, matrix, name in zip((*convolutions, dense, head), matrices,
                                       (*names, "dense", "head"), strict=True):
            layer.weight.copy_(matrix)
            layer.bias.copy_(w[f"{name}_bias"])
    return net


def main(images: str, out: str) -> None:
    """Train on an .npz file's arrays and write the feature network, with the facts about it.

    With "faces" or "landscapes" in the place of a file: the network that ships with the course.
    """
    threads = set_threads()
    if images in PAINTED:
        paint, read, num, seed, steps = PAINTED[images]
        train, test = paint(num, seed=seed), paint(HELD_OUT, seed=seed + 1)
        net, facts = train_face_reader(train.images, read(train.attributes),
                                       test.images, read(test.attributes), steps=steps)
    else:
        with np.load(images, allow_pickle=False) as file:
            arrays = [file[name] for name in ("x_train", "y_train", "x_test", "y_test")]
        net, facts = train_lenet(*arrays)
    facts |= {"torch": str(torch.__version__), "threads": threads}
    classes = next(iter(facts.get("attributes", {}).values()), None)
    arrays = weights(net, facts["shape"], classes)
    arrays = {name: np.ascontiguousarray(w) for name, w in arrays.items()}
    write_atomically(Path(out), save(arrays, metadata={"ruler": json.dumps(facts)}))


def _layers(net: nn.Sequential) -> list[nn.Module]:
    """The layers with weights, in order."""
    return [layer for layer in net if isinstance(layer, nn.Conv2d | nn.Linear)]


def _accuracy(net: nn.Sequential, x: np.ndarray, y: np.ndarray) -> float:
    """The share of images that a network classifies right; nan without any."""
    if not len(x):
        return float("nan")
    right = []
    with torch.no_grad():
        for i in range(0, len(x), 500):
            logits = net(from_numpy(to_float(x[i : i + 500])))
            right.append(logits.argmax(1).numpy() == y[i : i + 500])
    return float(np.concatenate(right).mean())


def _turned(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every image in its four quarter turns, and by how many each was turned."""
    images = np.concatenate([np.rot90(x, k, (1, 2)) for k in range(4)])
    return images, np.repeat(np.arange(4), len(x))


if __name__ == "__main__":
    main(*sys.argv[1:])
