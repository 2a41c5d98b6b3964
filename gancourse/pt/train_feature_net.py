"""Train a ruler (see gancourse.metrics.feature_net):  python -m gancourse.pt.train_feature_net images.npz out.safetensors"""

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

STEPS, BATCH = 600, 64


def lenet(shape: tuple[int, int, int], num_classes: int) -> nn.Sequential:
    """Return the network that a ruler is: images of `shape` (height, width, channels) to class logits."""
    flat = 32 * (shape[0] // 4) * (shape[1] // 4)
    return nn.Sequential(nn.Conv2d(shape[2], 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(flat, 64), nn.ReLU(), nn.Linear(64, num_classes))


def train_lenet(x: np.ndarray, y: np.ndarray, x_test: np.ndarray, y_test: np.ndarray, seed: int = 0,
                steps: int = STEPS) -> tuple[nn.Sequential, dict]:
    """Return a LeNet trained for `steps` on uint8 images (n, height, width, channels), and the facts about it.

    With one class only, the labels are the quarter turns of each image (Gidaris et al. 2018).
    Adam, one cycle up to 2e-3 (Smith & Topin 2018).  Lesson 07.
    """
    labels = "classes"
    if len(np.unique(y)) < 2:
        labels, (x, y), (x_test, y_test) = "quarter turns", _turned(x), _turned(x_test)
    net = seeded(lenet, x.shape[1:], int(y.max()) + 1, seed=seed)
    opt = torch.optim.Adam(net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(opt, 2e-3, total_steps=steps)
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        rows = rng.integers(0, len(x), BATCH)
        loss = nn.functional.cross_entropy(net(from_numpy(to_float(x[rows]))), torch.from_numpy(y[rows]))
        opt.zero_grad()
        loss.backward()
        opt.step()
        schedule.step()
    with torch.no_grad():
        hits = [net(from_numpy(to_float(x_test[i : i + 500]))).argmax(1).numpy() == y_test[i : i + 500]
                for i in range(0, len(x_test), 500)]
    accuracy = float(np.concatenate(hits).mean()) if hits else float("nan")
    return net, {"shape": list(x.shape[1:]), "labels": labels, "accuracy": accuracy, "seed": seed, "steps": steps}


def weights(net: nn.Sequential, shape: tuple[int, int, int]) -> dict[str, np.ndarray]:
    """Return a LeNet's weights as gancourse.metrics.feature_net holds them: channels last.  `shape` is that of its images."""
    conv1, conv2, dense, head = net[0], net[3], net[7], net[9]
    numpy = lambda t: t.detach().numpy().copy()
    by_channel_last = dense.weight.reshape(64, 32, shape[0] // 4, shape[1] // 4).permute(2, 3, 1, 0).reshape(-1, 64)
    return {"conv1": numpy(conv1.weight.permute(2, 3, 1, 0)), "conv1_bias": numpy(conv1.bias),
            "conv2": numpy(conv2.weight.permute(2, 3, 1, 0)), "conv2_bias": numpy(conv2.bias),
            "dense": numpy(by_channel_last), "dense_bias": numpy(dense.bias),
            "head": numpy(head.weight.T), "head_bias": numpy(head.bias)}


def network(ruler: FeatureNet) -> nn.Sequential:
    """Return a ruler as the LeNet it was trained as, the inverse of `weights`; its first nine layers give features."""
    shape, w = tuple(ruler.facts["shape"]), {name: torch.from_numpy(a) for name, a in ruler.weights.items()}
    net = lenet(shape, w["head"].shape[1])
    by_channel = w["dense"].reshape(shape[0] // 4, shape[1] // 4, 32, 64).permute(3, 2, 0, 1).reshape(64, -1)
    matrices = w["conv1"].permute(3, 2, 0, 1), w["conv2"].permute(3, 2, 0, 1), by_channel, w["head"].T
    biases = (w[f"{name}_bias"] for name in ("conv1", "conv2", "dense", "head"))
    with torch.no_grad():
        for layer, matrix, bias in zip((net[0], net[3], net[7], net[9]), matrices, biases, strict=True):
            layer.weight.copy_(matrix)
            layer.bias.copy_(bias)
    return net


def main(images: str, out: str) -> None:
    """Train on an .npz file's arrays and write the ruler, with what it was trained by."""
    threads = set_threads()
    with np.load(images, allow_pickle=False) as file:
        net, facts = train_lenet(*(file[name] for name in ("x_train", "y_train", "x_test", "y_test")))
    facts |= {"torch": str(torch.__version__), "threads": threads}
    arrays = {name: np.ascontiguousarray(w) for name, w in weights(net, facts["shape"]).items()}
    write_atomically(Path(out), save(arrays, metadata={"ruler": json.dumps(facts)}))


def _turned(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every image in its four quarter turns, and how many each was turned by."""
    return np.concatenate([np.rot90(x, k, (1, 2)) for k in range(4)]), np.repeat(np.arange(4), len(x))


if __name__ == "__main__":
    main(*sys.argv[1:])
