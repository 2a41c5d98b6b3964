"""Counting a thousand modes: three digits in the colour channels of an image, read by a classifier.

    scores = count(images, feature_net.load(digits), held_out)

The mode of an image whose channels show the digits a, b, c is 100 a + 10 b + c.  A perfect sampler
does not have KL 0, see `perfect`; and what is no digit is given a class all the same, so `count`
also says how sure the classifier is, and how far its features are from those of real digits.
Protocol: Srivastava et al. 2017, Lin et al. 2018.  Lesson 14.
"""

import math
from typing import NamedTuple

import numpy as np

from gancourse import metrics
from gancourse.data.registry import Dataset, to_float
from gancourse.metrics.feature_net import FeatureNet

NUM_MODES = 1000
SURE = 0.95  # the classifier is sure of a digit from this probability on


class Scores(NamedTuple):
    """What is counted in a sample of stacked digits."""

    modes: int       # of 1000, with one image at least
    kl: float        # from 1000 equal shares, in nats
    sure: float      # share of images with three digits of which the classifier is sure
    distance: float  # Frechet distance of the single digits' 64 features to held-out digits'


def stack_digits(digits: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Return n images (n, height, width, 3) of three digits each, drawn independently.

    `digits` are (m, height, width, 1); the type stays.
    """
    rows = np.random.default_rng((seed, 14)).integers(0, len(digits), (n, 3))
    return np.concatenate([digits[rows[:, k]] for k in range(3)], axis=-1)


def single_digits(images: np.ndarray) -> np.ndarray:
    """Return the channels of stacked digits (n, height, width, 3) as (3 n, height, width, 1)."""
    return images.transpose(0, 3, 1, 2).reshape(-1, *images.shape[1:3], 1)


def mode_of(classes: np.ndarray) -> np.ndarray:
    """Return the mode of each image, 100 a + 10 b + c; `classes` are (n, 3) digits.  int64 (n,)."""
    return np.asarray(classes) @ np.array([100, 10, 1])


def perfect(n: int, num_modes: int = NUM_MODES) -> tuple[float, float]:
    """Return how many modes a perfect sampler of n images has on average, and its mean KL, exactly.

    A mode's count is binomial with chance q = 1 / num_modes, so a mode is missing with probability
    (1 - q)^n, and E[KL] = num_modes E[k/n log(num_modes k/n)], by summing over all counts k.
    Nearly (num_modes - 1) / 2n where n is much larger than num_modes.
    """
    q = 1 / num_modes
    k = np.arange(1, n + 1)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(k))])
    log_chance = log_factorial[n] - log_factorial[1:] - log_factorial[n - k]
    log_chance += k * math.log(q) + (n - k) * math.log1p(-q)
    terms = np.exp(log_chance) * (k / n) * np.log(num_modes * k / n)
    return num_modes * (1 - (1 - q) ** n), float(num_modes * terms.sum())


def count(images: np.ndarray, net: FeatureNet, held_out: np.ndarray) -> Scores:
    """Return the scores of stacked digits (n, height, width, 3), uint8 or float in [-1, 1].

    `net` is the classifier of single digits, and `held_out` the features (m, 64) of real digits
    that it was not trained on; as many of the sample's first digits are compared with them.
    """
    features = net.features(single_digits(images))
    return count_features(features.reshape(len(images), 3, -1), net, held_out)


def count_features(features: np.ndarray, net: FeatureNet, held_out: np.ndarray) -> Scores:
    """Return the scores of images by their digits' features (n, 3, 64); see `count`."""
    logits = features @ net.weights["head"] + net.weights["head_bias"]
    odds = np.exp(logits - logits.max(-1, keepdims=True))
    probability = odds.max(-1) / odds.sum(-1)
    modes, kl = metrics.modes_and_kl(mode_of(logits.argmax(-1)), NUM_MODES)
    sure = float((probability > SURE).all(1).mean())
    single = features.reshape(-1, features.shape[-1])[: len(held_out)]
    return Scores(modes, kl, sure, metrics.frechet_distance(single, held_out[: len(single)]))


def controls(digits: Dataset, net: FeatureNet, n: int, seed: int = 0) -> dict[str, Scores]:
    """Return the scores of n images that no GAN has made, by name: what the count says of them.

    A pool of single digits is read once and its features are stacked at random, which counts the
    same as stacking the images.  Held-out digits are compared with the other half of the held-out.
    """
    rng = np.random.default_rng((seed, 15))
    half = len(digits.x_test) // 2
    real = to_float(digits.x_test[half:])
    held_out = net.features(digits.x_test[:half])
    noisy = real + 0.6 * rng.standard_normal(real.shape, dtype=np.float32)
    pools = {
        "held-out digits": real,
        "blurred digits": _blurred(real),
        "noisy digits": np.clip(noisy, -1, 1),
        "noise": rng.uniform(-1, 1, real.shape).astype(np.float32)}
    scores = {}
    for name, pool in pools.items():
        rows = rng.integers(0, len(pool), (n, 3))
        scores[name] = count_features(net.features(pool)[rows], net, held_out)
    few = real[:50]
    legible = few[net.probabilities(few).max(1) > SURE]
    same = np.broadcast_to(net.features(legible[:3]), (n, 3, held_out.shape[1]))
    scores["one image"] = count_features(same, net, held_out)
    return scores


def forge(digits: np.ndarray, labels: np.ndarray, n: int, seed: int = 0) -> np.ndarray:
    """Return n stacked digits (n, height, width, 3) of ten drawings only: the first of each class.

    They have a thousand modes, although nothing in them was not copied.
    """
    ten = np.stack([digits[np.flatnonzero(labels == digit)[0]] for digit in range(10)])
    return stack_digits(ten, n, seed)


def _blurred(images: np.ndarray) -> np.ndarray:
    """Images (n, height, width, 1), each pixel the mean of the 3 x 3 around it."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return windows.mean((-2, -1), dtype=np.float32)
