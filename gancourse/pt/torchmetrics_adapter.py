"""Distances between images by torchmetrics, in the features of a chosen network.  Lesson 07.

A feature extractor is a module with `num_features` that takes images (batch, channels, height,
width), uint8 or float in [-1, 1], and returns float64 features (batch, num_features).
`metric.update(images, real=True)` batch by batch works as in every torchmetrics program, also on a
GPU; `compare` does it for two arrays.
"""

import hashlib
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torchmetrics import Metric
from torchmetrics.image.fid import FrechetInceptionDistance, NoTrainInceptionV3
from torchmetrics.image.kid import KernelInceptionDistance

from gancourse.errors import CourseError, MissingFile, MissingPackage
from gancourse.metrics.feature_net import FeatureNet
from gancourse.pt.train_feature_net import network

WEIGHTS = "weights-inception-2015-12-05-6726825d.pth"
SHA256 = "6726825d"  # the first digits; torch hub puts them into the file's name
SOURCE = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{WEIGHTS}"


class FeatureExtractor(nn.Module):
    """A frozen network for torchmetrics.

    Without `num_features`, torchmetrics would try the network on an image of 299 x 299.
    """

    def __init__(self, net: nn.Module, num_features: int) -> None:
        super().__init__()
        self.net = net.eval().requires_grad_(False)
        self.num_features = num_features

    def forward(self, images: Tensor) -> Tensor:
        """Return features (batch, num_features), float64, so that distances are not rounded."""
        return self.net(images).double()

    def train(self, mode: bool = True) -> "FeatureExtractor":
        """Stay in evaluation mode, whatever the mode asked for: features must not change."""
        return super().train(False)


def lenet_extractor(ruler: FeatureNet, reference: np.ndarray | None = None) -> FeatureExtractor:
    """Return a feature network, the course's ruler, for torchmetrics.

    Its features are standardised by `reference`, a table of its features (n, 64), as by
    `gancourse.metrics.distances.standardise`; without one they stay as they are.
    """
    parts = [_Floats(), network(ruler)[:-1]]
    if reference is not None:
        parts.append(_Standardise(np.asarray(reference, np.float64)))
    return FeatureExtractor(nn.Sequential(*parts), 64)


def inception_extractor(weights: str | Path) -> FeatureExtractor:
    """Return the Inception-v3 network of Heusel et al. 2017 (2048 features).

    Only in its features is the Frechet distance an FID.  `weights` is the file WEIGHTS of
    torch-fidelity, which this course does not ship.  Images become uint8, gray ones three equal
    channels, and are enlarged to 299 pixels as in the original.  Raises ImportError without the
    extra `gancourse[inception]`, FileNotFoundError without the file, ValueError when it is another
    file.
    """
    path = Path(weights).expanduser()
    try:
        import torch_fidelity  # noqa: F401
    except ImportError as error:
        raise MissingPackage(
            'FID needs torch-fidelity: pip install "gancourse[inception]"') from error
    if not path.is_file():
        raise MissingFile(f"there are no Inception weights at {str(path)!r}: download {SOURCE} "
                          "(about 95 MB, once) and give its path")
    if not hashlib.sha256(path.read_bytes()).hexdigest().startswith(SHA256):
        raise CourseError(f"{str(path)!r} is damaged or not {WEIGHTS}: download it again from "
                          f"{SOURCE}")
    # torch-fidelity loads with torch.load, which then reads weights only and runs no foreign code
    with _environment_variable("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "1"):
        net = NoTrainInceptionV3("inception-v3-compat", ["2048"], str(path), antialias=False)
    return FeatureExtractor(nn.Sequential(_Bytes(), net), 2048)


def features(net: FeatureExtractor, images: np.ndarray, batch_size: int = 250) -> np.ndarray:
    """Return the features of images, for the functions of `gancourse.metrics.distances`.

    Images (n, height, width, channels) are uint8 or float in [-1, 1]; the features float64
    (n, num_features).  Runs on the network's device.
    """
    device = next(net.parameters(), torch.empty(0)).device
    with torch.no_grad():
        parts = [net(batch.to(device)).cpu().numpy() for batch in _batches(images, batch_size)]
    return np.concatenate(parts)


def frechet(net: FeatureExtractor) -> FrechetInceptionDistance:
    """Return torchmetrics' Frechet distance in a network's features.

    It is an FID only with `inception_extractor`.
    """
    return FrechetInceptionDistance(net)


def kernel(net: FeatureExtractor, subset_size: int, subsets: int = 1) -> KernelInceptionDistance:
    """Return torchmetrics' kernel distance in a network's features.

    It is the mean over random subsets of `subset_size` images.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that it keeps all features: 64 numbers an image
        return KernelInceptionDistance(net, subsets=subsets, subset_size=subset_size)


def compare(metric: Metric, real: np.ndarray, fake: np.ndarray, batch_size: int = 250) -> float:
    """Return a metric between two arrays of images.

    Images (n, height, width, channels) are uint8 or float in [-1, 1].  The metric starts afresh.
    Subsets, where it draws any, are the same at every call.
    """
    metric.reset()
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(0)
        for images, is_real in ((real, True), (fake, False)):
            for batch in _batches(images, batch_size):
                metric.update(batch.to(metric.device), real=is_real)
        value = metric.compute()
    if isinstance(value, tuple):  # the kernel distance: its mean over subsets, and its spread
        value = value[0]
    return float(value)


@contextmanager
def _environment_variable(name: str, value: str) -> Iterator[None]:
    """Set an environment variable for the body of a `with`; afterwards it is as it was."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before


def _batches(images: np.ndarray, batch_size: int) -> Iterator[Tensor]:
    """Images in parts, channels first."""
    for i in range(0, len(images), batch_size):
        yield torch.from_numpy(np.ascontiguousarray(images[i : i + batch_size])).permute(0, 3, 1, 2)


class _Floats(nn.Module):
    """Images as float32 in [-1, 1]."""

    def forward(self, images: Tensor) -> Tensor:
        if images.dtype == torch.uint8:
            return images.float() / 127.5 - 1
        return images.float()


class _Bytes(nn.Module):
    """Images as uint8 of three channels."""

    def forward(self, images: Tensor) -> Tensor:
        if images.dtype != torch.uint8:
            images = ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        return images.expand(-1, 3, -1, -1)


class _Standardise(nn.Module):
    """Features with the mean and the spread of a reference table (n, num_features) taken out."""

    def __init__(self, reference: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(reference.mean(0)))
        self.spread = float(np.sqrt(reference.var(0).mean())) or 1.0

    def forward(self, features: Tensor) -> Tensor:
        return (features.double() - self.mean) / self.spread
