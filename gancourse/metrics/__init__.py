"""Distances between two samples, and the features they are measured in.  Lesson 07 builds them.

`from gancourse import metrics; metrics.frechet_distance(features_a, features_b)`
"""

from gancourse.metrics.distances import (
    PRDC,
    birthday_test,
    frechet_distance,
    gaussian_distance,
    kernel_distance,
    modes_and_kl,
    modes_covered,
    nearest,
    prdc_scores,
    standardise,
)

__all__ = [
    "PRDC", "frechet_distance", "gaussian_distance", "kernel_distance", "prdc_scores",
    "modes_and_kl", "modes_covered", "nearest", "standardise", "birthday_test",
]
