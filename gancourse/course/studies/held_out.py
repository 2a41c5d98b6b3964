"""How far the samples of a study are from held-out images: the measure of lesson 14.

    measure = make_measure(images)
    measure.distance(sample(gan, 2000))

The features are those of the course's own classifier, so these distances are not called FID.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gancourse import metrics
from gancourse.data.registry import Dataset
from gancourse.metrics import feature_net

NUM_SAMPLES = 2000  # that are measured, and held-out images that they are compared with


class Measure(NamedTuple):
    """The distance of images from held-out images, in the features of the course's classifier."""

    features: Callable[[np.ndarray], np.ndarray]
    real: np.ndarray  # features of the held-out images
    floor: float  # the distance of as many training images

    def distance(self, images: np.ndarray) -> float:
        """Return the Frechet distance of images in [-1, 1] (n, height, width, channels)."""
        return metrics.frechet_distance(self.real, self.features(images))


def make_measure(images: Dataset, num_samples: int = NUM_SAMPLES) -> Measure:
    """Return the measure for a data set; of held-out images at most `num_samples` are used."""
    features = feature_net.load(images).features
    real = features(images.x_test[:num_samples])
    floor = metrics.frechet_distance(real, features(images.x_train[:num_samples]))
    return Measure(features, real, floor)
