"""Copying, judged per sample: by hand on a line, and on draws that nobody was trained on."""

import numpy as np
import pytest

from gancourse.errors import CourseError
from gancourse.metrics.copying import copy_ratio, copy_share


def points(*numbers):
    return np.array(numbers, float)[:, None]


def test_by_hand_on_a_line():
    train, others = points(0, 10), [points(3, 20), points(4, 6)]
    # 1 is nearer to 0 than to 3 and to 4; 5 is nearer to 3 (2 < 5) and to 4; 9: to 10, and to 10
    assert copy_share(points(1), train, others) == 1.0
    assert copy_share(points(5), train, others) == 0.0
    assert copy_share(points(1, 5, 9), train, others) == pytest.approx(2 / 3)
    assert copy_share(points(2), points(0), [points(4)]) == 0.5  # equally near


def test_copies_have_one_and_strangers_one_half():
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(60):
        pool = rng.normal(size=(150, 3))
        train, others = pool[:50], [pool[50:100], pool[100:]]
        assert copy_share(train + 1e-6, train, others) == 1.0
        shares.append(copy_share(rng.normal(size=(200, 3)), train, others))
    assert np.mean(shares) == pytest.approx(0.5, abs=0.03)


def test_noise_raises_the_ratio_of_copies_and_leaves_the_share():
    rng = np.random.default_rng(1)
    pool = rng.normal(size=(300, 100))
    train, held_out = pool[:50], pool[100:]
    worse = train + 1.5 * rng.normal(size=train.shape)
    assert copy_ratio(train, train, held_out) == 0 and copy_ratio(worse, train, held_out) > 0.9
    assert copy_share(worse, train, [pool[50:100]]) > 0.9


def test_sets_of_another_size_and_no_sets_are_refused():
    with pytest.raises(CourseError):
        copy_share(points(1), points(0, 1), [points(0)])
    with pytest.raises(CourseError):
        copy_share(points(1), points(0), [])
