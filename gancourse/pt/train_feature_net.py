"""Train a feature network (see gancourse.metrics.feature_net) in a process of its own:

    python -m gancourse.pt.train_feature_net images.npz out.safetensors
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save
from torch import nn

from gancourse.data.registry import to_float
from gancourse.files import write_atomically
from gancourse.metrics.feature_net import FeatureNet
from gancourse.pt import set_threads
from gancourse.pt.models import seeded
from gancourse.pt.train import from_numpy

STEPS = 600
BATCH = 64


def lenet(shape: tuple[int, int, int], num_classes: int) -> nn.Sequential:
    """Return an untrained LeNet: images of `shape` (height, width, channels) to class logits.

    Its first nine layers give the 64 features of `gancourse.metrics.feature_net`.
    """
    flat = 32 * (shape[0] // 4) * (shape[1] // 4)
    return nn.Sequential(nn.Conv2d(shape[2], 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(flat, 64), nn.ReLU(), nn.Linear(64, num_classes))


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


def weights(net: nn.Sequential, shape: tuple[int, int, int]) -> dict[str, np.ndarray]:
    """Return a LeNet's weights as `gancourse.metrics.feature_net` holds them, channels last.

    `shape` is that of its images.
    """
    conv1, conv2, dense, head = net[0], net[3], net[7], net[9]
    numpy = lambda t: t.detach().numpy().copy()
    by_channel = dense.weight.reshape(64, 32, shape[0] // 4, shape[1] // 4)
    by_channel_last = by_channel.permute(2, 3, 1, 0).reshape(-1, 64)
    return {"conv1": numpy(conv1.weight.permute(2, 3, 1, 0)), "conv1_bias": numpy(conv1.bias),
            "conv2": numpy(conv2.weight.permute(2, 3, 1, 0)), "conv2_bias": numpy(conv2.bias),
            "dense": numpy(by_channel_last), "dense_bias": numpy(dense.bias),
            "head": numpy(head.weight.T), "head_bias": numpy(head.bias)}


def network(feature_net: FeatureNet) -> nn.Sequential:
    """Return a feature network as the LeNet that it was trained as, the inverse of `weights`.

    Its first nine layers give the features.
    """
    shape = tuple(feature_net.facts["shape"])
    w = {name: torch.from_numpy(array) for name, array in feature_net.weights.items()}
    net = lenet(shape, w["head"].shape[1])
    by_channel_last = w["dense"].reshape(shape[0] // 4, shape[1] // 4, 32, 64)
    by_channel = by_channel_last.permute(3, 2, 0, 1).reshape(64, -1)
    layers = [net[0], net[3], net[7], net[9]]
    matrices = [w["conv1"].permute(3, 2, 0, 1), w["conv2"].permute(3, 2, 0, 1), by_channel,
                w["head"].T]
    biases = [w[f"{name}_bias"] for name in ("conv1", "conv2", "dense", "head")]
    with torch.no_grad():
        for layer, matrix, bias in zip(layers, matrices, biases, strict=True):
            layer.weight.copy_(matrix)
            layer.bias.copy_(bias)
    return net


def main(images: str, out: str) -> None:
    """Train on an .npz file's arrays and write the feature network, with the facts about it."""
    threads = set_threads()
    with np.load(images, allow_pickle=False) as file:
        arrays = [file[name] for name in ("x_train", "y_train", "x_test", "y_test")]
    net, facts = train_lenet(*arrays)
    facts |= {"torch": str(torch.__version__), "threads": threads}
    arrays = {name: np.ascontiguousarray(w) for name, w in weights(net, facts["shape"]).items()}
    write_atomically(Path(out), save(arrays, metadata={"ruler": json.dumps(facts)}))


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
