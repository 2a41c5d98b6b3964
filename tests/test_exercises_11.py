"""The checks of lesson 11 refuse wrong answers and accept other right ones."""

import numpy as np
import pytest
from exercises import code_cells, judge, names_from, solution

from gancourse.course.lessons import source

pytest.importorskip("torch", reason="needs PyTorch")

HEADS = {"hole_psnr": "def hole_psnr(x, filled, hole):", "decibels_lost": "def decibels_lost(K):",
         "absolute_guess": "def absolute_guess(values, chances):", "sweep_once": "def sweep_once(u, hole):"}
RIGHT = [
    ("hole_psnr", "return peak_signal_noise_ratio(x[hole], filled[hole], data_range=255)"),
    ("hole_psnr", "error = (x.astype(int) - filled.astype(int)) * hole[..., None]\n"
                  "    mse = (error**2).sum() / (hole.sum() * x.shape[3])\n"
                  "    return 20 * np.log10(255) - 10 * np.log10(mse)"),
    ("decibels_lost", "return 10 * (np.log10(K + 1) - np.log10(K))"),
    ("absolute_guess", "cost = [np.sum(chances * np.abs(values - g)) for g in values]\n"
                       "    return values[int(np.argmin(cost))]"),
    ("sweep_once", "v = np.pad(u, 1, constant_values=np.nan)\n"
                   "    near = [v[:-2, 1:-1], v[2:, 1:-1], v[1:-1, :-2], v[1:-1, 2:]]\n"
                   "    u[hole] = np.nanmean(near, 0)[hole]\n    return u"),
    ("sweep_once", "v, ones = (np.pad(a, 1) for a in (u, np.ones_like(u)))\n"
                   "    four = lambda a: a[:-2, 1:-1] + a[2:, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:]\n"
                   "    return np.where(hole, four(v) / four(ones), u)"),
]
ROUND = "four = lambda a: a[:-2, 1:-1] + a[2:, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:]\n    "
WRONG = [
    ("hole_psnr", "over the whole image", "return peak_signal_noise_ratio(x, filled, data_range=255)"),
    ("hole_psnr", "bytes wrap around", "return 10 * np.log10(255**2 / np.mean((x[hole] - filled[hole]) ** 2.0))"),
    ("hole_psnr", "a peak of 1", "return 10 * np.log10(1 / np.mean((x[hole].astype(float) - filled[hole]) ** 2))"),
    ("hole_psnr", "a root too much",
     "return 10 * np.log10(255 / np.mean((x[hole].astype(float) - filled[hole]) ** 2) ** 0.5)"),
    ("hole_psnr", "the mean over images of their own PSNR",
     "return np.mean([peak_signal_noise_ratio(a[h], b[h], data_range=255) for a, b, h in zip(x, filled, hole)])"),
    ("hole_psnr", "the known pixels", "return peak_signal_noise_ratio(x[~hole], filled[~hole], data_range=255)"),
    ("decibels_lost", "20 for 10, as for amplitudes", "return 20 * np.log10(1 + 1 / K)"),
    ("decibels_lost", "the error of one, shared by K", "return 10 * np.log10(2 / K)"),
    ("decibels_lost", "what averaging wins over one guess", "return 10 * np.log10(2 / (1 + 1 / K))"),
    ("decibels_lost", "a natural logarithm", "return 10 * np.log(1 + 1 / K)"),
    ("decibels_lost", "a gain", "return -10 * np.log10(1 + 1 / K)"),
    ("absolute_guess", "the mean", "return np.sum(values * chances)"),
    ("absolute_guess", "the likeliest", "return values[np.argmax(chances)]"),
    ("absolute_guess", "the median without the chances", "return np.median(values)"),
    ("absolute_guess", "the middle of the range", "return (values.min() + values.max()) / 2"),
    ("absolute_guess", "without sorting", "return values[np.searchsorted(np.cumsum(chances), 0.5)]"),
    ("sweep_once", "the border counts as black",
     ROUND + "return np.where(hole, four(np.pad(u, 1)) / 4, u)"),
    ("sweep_once", "the border repeats its own pixel",
     ROUND + "return np.where(hole, four(np.pad(u, 1, mode='edge')) / 4, u)"),
    ("sweep_once", "round the edge to the other side",
     "return np.where(hole, sum(np.roll(u, s, a) for a in (0, 1) for s in (-1, 1)) / 4, u)"),
    ("sweep_once", "known pixels are smoothed too",
     ROUND + "return four(np.pad(u, 1)) / four(np.pad(np.ones_like(u), 1))"),
    ("sweep_once", "one after another, with new values",
     "v = u.copy()\n    h, w = u.shape\n    for i, j in np.argwhere(hole):\n"
     "        near = [v[a, b] for a, b in ((i-1, j), (i+1, j), (i, j-1), (i, j+1)) if 0 <= a < h and 0 <= b < w]\n"
     "        v[i, j] = np.mean(near)\n    return v"),
    ("sweep_once", "the pixel itself is counted",
     ROUND + "ones = np.pad(np.ones_like(u), 1)\n"
             "    return np.where(hole, (u + four(np.pad(u, 1))) / (1 + four(ones)), u)"),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; nothing is trained or loaded."""
    found = names_from("11", ["num_steps: int", "from ipywidgets import"])
    exec(next(source(cell) for cell in code_cells("11") if "def harmonic(" in source(cell)), found)
    return found | {"x": np.random.default_rng(0).integers(0, 256, (2, 28, 28, 1)).astype(np.uint8)}


@pytest.mark.parametrize("exercise", HEADS)
def test_the_solution_passes(names, exercise):
    judge("11", names, exercise, solution("11", exercise))


@pytest.mark.parametrize("exercise, body", RIGHT)
def test_another_right_answer_passes(names, exercise, body):
    judge("11", names, exercise, f"{HEADS[exercise]}\n    {body}")


@pytest.mark.parametrize("exercise, why, body", WRONG)
def test_a_wrong_answer_is_refused(names, exercise, why, body):
    with pytest.raises(AssertionError):
        judge("11", names, exercise, f"{HEADS[exercise]}\n    {body}")
