"""torchmetrics, wrapped around a named net, gives the numbers that can be worked out by hand."""

import os
import sys
import types
from hashlib import sha256

import numpy as np
import pytest
from scipy.linalg import sqrtm

torch = pytest.importorskip("torch", reason="needs PyTorch")
pytest.importorskip("torchmetrics", reason="needs torchmetrics")

from gancourse import data, metrics
from gancourse.metrics import feature_net
from gancourse.pt import torchmetrics_adapter as pt_metrics

TABLE = pt_metrics.FeatureExtractor(torch.nn.Flatten(), 2)  # two pixels are two features


@pytest.fixture(scope="module")
def strokes():
    """The ruler of the digits, 600 held-out images, 600 training images with noise."""
    images = data.load("strokes", num=2000)
    noisy = data.to_float(images.x_train[:600])
    noisy = np.clip(noisy + 0.3 * np.random.default_rng(0).normal(size=noisy.shape), -1, 1).astype(np.float32)
    return feature_net.load(images), images.x_test[:600], noisy, images.x_train


def sample(n, cov, seed):
    """Images of two pixels whose sample mean is 0 and whose sample covariance is `cov`, exactly."""
    x = np.random.default_rng(seed).normal(size=(n, 2))
    x -= x.mean(0)
    x = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False))).T @ np.linalg.cholesky(cov).T
    return x.reshape(n, 1, 2, 1)


def test_three_formulas_agree_with_the_textbook():
    """W2^2 between N(0, I) and N(0, [[2, -1], [-1, 2]]) is (1 - 1)^2 + (sqrt 3 - 1)^2 = 4 - 2 sqrt 3 = .535898."""
    cov = np.array([[2.0, -1.0], [-1.0, 2.0]])
    a, b = sample(50, np.eye(2), 0), sample(80, cov, 1)
    by_torchmetrics = pt_metrics.compare(pt_metrics.frechet(TABLE), a, b)
    by_scipy = np.trace(np.eye(2) + cov - 2 * sqrtm(np.eye(2) @ cov).real)
    by_numpy = metrics.frechet_distance(a.reshape(50, 2), b.reshape(80, 2))
    want = 4 - 2 * np.sqrt(3)
    assert want == pytest.approx(0.535898, abs=5e-7)
    assert [by_torchmetrics, by_scipy, by_numpy] == pytest.approx([want] * 3, abs=1e-9)


def test_a_ruler_measures_the_same_in_torchmetrics_and_numpy(strokes):
    measure, real, noisy, _ = strokes
    got = pt_metrics.compare(pt_metrics.frechet(pt_metrics.lenet_extractor(measure)), real, noisy)
    assert got == pytest.approx(metrics.frechet_distance(measure.features(real), measure.features(noisy)), rel=1e-4)


def test_the_kernel_distance_is_that_of_torchmetrics(strokes):
    measure, real, noisy, train = strokes
    reference = measure.features(train)
    net = pt_metrics.lenet_extractor(measure, reference)
    got = pt_metrics.compare(pt_metrics.kernel(net, subset_size=600), real, noisy)
    real, noisy = (metrics.standardise(reference, measure.features(x)) for x in (real, noisy))
    assert got == pytest.approx(metrics.kernel_distance(real, noisy), rel=1e-4)


def test_subsets_are_the_same_at_every_call_and_other_random_numbers_untouched(strokes):
    measure, real, noisy, _ = strokes
    metric = pt_metrics.kernel(pt_metrics.lenet_extractor(measure), subset_size=100, subsets=3)
    torch.manual_seed(5)
    first, drawn = pt_metrics.compare(metric, real, noisy), torch.rand(1)
    torch.manual_seed(5)
    assert torch.rand(1) == drawn and pt_metrics.compare(metric, real, noisy) == first


def test_a_net_counts_bytes_and_floats_alike_and_never_trains(strokes):
    measure, real, _, _ = strokes
    net = pt_metrics.lenet_extractor(measure).train()
    x = torch.from_numpy(real[:20]).permute(0, 3, 1, 2)
    assert not net.training and not any(p.requires_grad for p in net.parameters())
    torch.testing.assert_close(net(x), net(x / 127.5 - 1), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(net(x).numpy(), measure.features(real[:20]), atol=2e-4)


def test_features_of_any_net_serve_every_distance(strokes):
    """In batches of 7, of floats or bytes, they are the ruler's own."""
    measure, real, _, _ = strokes
    got = pt_metrics.features(pt_metrics.lenet_extractor(measure), data.to_float(real[:20]), batch_size=7)
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, measure.features(real[:20]), atol=2e-4)


def test_inception_needs_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(ImportError, match=r'pip install "gancourse\[inception\]"'):
        pt_metrics.inception_extractor(tmp_path / "weights.pth")


@pytest.fixture
def torch_fidelity(monkeypatch):
    """As if the extra were installed: Inception is the mean of each channel, so that nothing is downloaded."""
    class Means(torch.nn.Module):
        def __init__(self, name, features_list, path, antialias):
            super().__init__()
            assert (features_list, antialias) == (["2048"], False)
            assert os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] == "1"  # nothing is unpickled

        def forward(self, images):
            assert images.dtype == torch.uint8 and images.shape[1] == 3
            return images.float().mean((2, 3))

    monkeypatch.setitem(sys.modules, "torch_fidelity", types.ModuleType("torch_fidelity"))
    monkeypatch.setattr(pt_metrics, "NoTrainInceptionV3", Means)


@pytest.mark.usefixtures("torch_fidelity")
def test_inception_without_its_weights_says_where_they_are(tmp_path):
    with pytest.raises(FileNotFoundError, match="download https://github.com/toshas/torch-fidelity/.*6726825d.pth"):
        pt_metrics.inception_extractor(tmp_path / "weights.pth")


@pytest.mark.usefixtures("torch_fidelity")
def test_another_file_is_not_taken_for_the_weights(tmp_path):
    (tmp_path / pt_metrics.WEIGHTS).write_bytes(b"something else")
    with pytest.raises(ValueError, match="is damaged or not weights-inception"):
        pt_metrics.inception_extractor(tmp_path / pt_metrics.WEIGHTS)


@pytest.mark.usefixtures("torch_fidelity")
@pytest.mark.parametrize("before", [None, "0"])
def test_inception_sees_three_channels_of_bytes(tmp_path, monkeypatch, before):
    """Gray -1 and 1 become bytes 0 and 255 in three channels: the mean feature is 127.5 in each.

    Afterwards the environment is as it was.
    """
    (tmp_path / "w.pth").write_bytes(b"weights")
    monkeypatch.setattr(pt_metrics, "SHA256", sha256(b"weights").hexdigest()[:8])
    monkeypatch.delenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD", raising=False)
    if before:
        monkeypatch.setenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD", before)
    net = pt_metrics.inception_extractor(tmp_path / "w.pth")
    assert os.environ.get("TORCH_FORCE_WEIGHTS_ONLY_LOAD") == before
    half = torch.tensor([-1.0, 1.0]).reshape(1, 1, 1, 2)
    assert net(half).tolist() == [[127.5] * 3] and net.num_features == 2048
