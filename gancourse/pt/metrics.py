"""Distances by torchmetrics, between images, in the features of a net that one can name.  Lesson 07.

A feature net is a module with `num_features` that takes images (batch, channels, height, width), uint8 or float
in [-1, 1], and returns float64 features (batch, num_features).  `metric.update(images, real=True)` batch by
batch works as in every torchmetrics program, also on a GPU; `compare` does it for two arrays.
"""

import hashlib
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn
from torchmetrics import Metric
from torchmetrics.image.fid import FrechetInceptionDistance, NoTrainInceptionV3
from torchmetrics.image.kid import KernelInceptionDistance

from gancourse.errors import CourseError, MissingFile, MissingPackage
from gancourse.metrics.feature_net import FeatureNet
from gancourse.pt.train_feature_net import network

WEIGHTS, SHA256 = "weights-inception-2015-12-05-6726825d.pth", "6726825d"  # torch hub names a file by its checksum
SOURCE = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{WEIGHTS}"


class FeatureExtractor(nn.Module):
    """A frozen net for torchmetrics, which would probe a module without `num_features` with a 299 x 299 image."""

    def __init__(self, net: nn.Module, num_features: int) -> None:
        super().__init__()
        self.net, self.num_features = net.eval().requires_grad_(False), num_features

    def forward(self, images: Tensor) -> Tensor:
        """Return features (batch, num_features), float64, so that distances are not rounded."""
        return self.net(images).double()

    def train(self, mode: bool = True) -> "FeatureExtractor":
        """Stay in evaluation mode: a ruler does not change while it measures."""
        return super().train(False)


def lenet_extractor(ruler: FeatureNet, reference: np.ndarray | None = None) -> FeatureExtractor:
    """Return a ruler as a feature net; its features standardised when a reference is given.

    `reference` is a table of the ruler's features (n, 64), as for `gancourse.metrics.distances.standardise`.
    """
    parts = [_Floats(), network(ruler)[:9]]
    if reference is not None:
        parts.append(_Standardise(np.asarray(reference, np.float64)))
    return FeatureExtractor(nn.Sequential(*parts), 64)


def inception_extractor(weights: str | Path) -> FeatureExtractor:
    """Return the Inception-v3 net of Heusel et al. 2017 (2048 features): only with it is the distance an FID.

    `weights` is the file WEIGHTS of torch-fidelity, which this course does not ship.  Images become uint8, gray
    ones three equal channels, and are enlarged to 299 pixels as in the original.  Raises ImportError without
    the extra `gancourse[inception]`, FileNotFoundError without the file, ValueError when it is another file.
    """
    path = Path(weights).expanduser()
    try:
        import torch_fidelity  # noqa: F401
    except ImportError as error:
        raise MissingPackage('FID needs torch-fidelity: pip install "gancourse[inception]"') from error
    if not path.is_file():
        raise MissingFile(f"there are no Inception weights at {str(path)!r}: download {SOURCE} "
                          "(about 95 MB, once) and give its path")
    if not hashlib.sha256(path.read_bytes()).hexdigest().startswith(SHA256):
        raise CourseError(f"{str(path)!r} is damaged or not {WEIGHTS}: download it again from {SOURCE}")
    with patch.dict(os.environ, {"TORCH_FORCE_WEIGHTS_ONLY_LOAD": "1"}):  # torch-fidelity would unpickle anything
        net = NoTrainInceptionV3("inception-v3-compat", ["2048"], str(path), antialias=False)
    return FeatureExtractor(nn.Sequential(_Bytes(), net), 2048)


def features(net: FeatureExtractor, images: np.ndarray, batch_size: int = 250) -> np.ndarray:
    """Return a net's features of images (n, height, width, channels), for the functions of `gancourse.metrics.distances`.

    Images are uint8 or float in [-1, 1]; the features float64 (n, num_features).  Runs on the net's device.
    """
    device = next(net.parameters(), torch.empty(0)).device
    with torch.no_grad():
        return np.concatenate([net(batch.to(device)).cpu().numpy() for batch in _batches(images, batch_size)])


def frechet(net: FeatureExtractor) -> FrechetInceptionDistance:
    """Return torchmetrics' Frechet distance in a net's features; an FID only with `inception_extractor`."""
    return FrechetInceptionDistance(net)


def kernel(net: FeatureExtractor, subset_size: int, subsets: int = 1) -> KernelInceptionDistance:
    """Return torchmetrics' kernel distance in a net's features, the mean over random subsets of `subset_size`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that it keeps all features: 64 numbers an image
        return KernelInceptionDistance(net, subsets=subsets, subset_size=subset_size)


def compare(metric: Metric, real: np.ndarray, fake: np.ndarray, batch_size: int = 250) -> float:
    """Return a metric between two arrays of images (n, height, width, channels), uint8 or float in [-1, 1].

    The metric starts afresh.  Subsets, where it draws any, are the same at every call.
    """
    metric.reset()
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(0)
        for images, is_real in ((real, True), (fake, False)):
            for batch in _batches(images, batch_size):
                metric.update(batch.to(metric.device), real=is_real)
        value = metric.compute()
    return float(value[0] if isinstance(value, tuple) else value)  # KID gives the mean over subsets and its spread


def _batches(images: np.ndarray, batch_size: int) -> Iterator[Tensor]:
    """Images in parts, channels first."""
    for i in range(0, len(images), batch_size):
        yield torch.from_numpy(np.ascontiguousarray(images[i : i + batch_size])).permute(0, 3, 1, 2)


class _Floats(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images.float() / 127.5 - 1 if images.dtype == torch.uint8 else images.float()


class _Bytes(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        if images.dtype != torch.uint8:
            images = ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        return images.expand(-1, 3, -1, -1)


class _Standardise(nn.Module):
    def __init__(self, reference: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(reference.mean(0)))
        self.spread = float(np.sqrt(reference.var(0).mean())) or 1.0

    def forward(self, features: Tensor) -> Tensor:
        return (features.double() - self.mean) / self.spread
