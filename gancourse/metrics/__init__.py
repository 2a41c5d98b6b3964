"""Distances between two samples, and the features they are measured in.  Lesson 08 builds them.

`from gancourse import metrics; metrics.frechet_distance(features_a, features_b)`
"""

from gancourse.metrics.distances import (
    Manifold,
    frechet_distance,
    gaussian_distance,
    kernel_distance,
    manifold_scores,
    modes_and_kl,
    modes_covered,
    nearest,
    standardise,
    twins,
)

__all__ = [
    "Manifold", "frechet_distance", "gaussian_distance", "kernel_distance", "manifold_scores", "modes_and_kl",
    "modes_covered", "nearest", "standardise", "twins",
]
