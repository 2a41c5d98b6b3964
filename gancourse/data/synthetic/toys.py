"""Mixtures of Gaussians in the plane, whose modes can be counted (lesson 08)."""

from typing import NamedTuple

import numpy as np

from gancourse.errors import check_range


class Mixture(NamedTuple):
    """A sample and what it was drawn from."""

    points: np.ndarray   # (n, 2) float32
    modes: np.ndarray    # (n,) int64, which centre each point belongs to
    centres: np.ndarray  # (number of modes, 2) float64
    sigma: float         # standard deviation of each mode, along each axis


def ring(n: int, seed: int = 0, *, modes: int = 8, radius: float = 1.0,
         sigma: float = 0.01) -> Mixture:
    """Return n points of equal Gaussians on a circle.

    The defaults are PacGAN's (Lin et al. 2018, section 4.1).  Raises ValueError for n < 1 or
    sigma <= 0.
    """
    angle = 2 * np.pi * np.arange(modes) / modes
    centres = radius * np.stack([np.cos(angle), np.sin(angle)], 1)
    return _draw(n, seed, centres, sigma)


def grid(n: int, seed: int = 0, *, side: int = 5, spacing: float = 2.0,
         sigma: float = 0.05) -> Mixture:
    """Return n points of equal Gaussians on a square grid about 0; as in PacGAN, 25 modes.

    Raises ValueError for n < 1 or sigma <= 0.
    """
    axis = spacing * (np.arange(side) - (side - 1) / 2)
    centres = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    return _draw(n, seed, centres, sigma)


def _draw(n: int, seed: int, centres: np.ndarray, sigma: float) -> Mixture:
    """n points of Gaussians about `centres` (modes, 2), each point's mode drawn at random."""
    check_range("n", n, 1, 10**9, include_low=True)
    check_range("sigma", sigma, 0, np.inf)
    rng = np.random.default_rng(seed)
    modes = rng.integers(0, len(centres), n)
    points = centres[modes] + sigma * rng.normal(size=(n, 2))
    return Mixture(points.astype(np.float32), modes, centres, sigma)
