"""Does a generator copy its few training images?  Each sample is judged by itself.  Lesson 10."""

from collections.abc import Sequence

import numpy as np

from gancourse.errors import CourseError
from gancourse.metrics.distances import nearest


def copy_share(samples: np.ndarray, train: np.ndarray, others: Sequence[np.ndarray]) -> float:
    """Return how often a sample is nearer to its training images than to as many others, 0 to 1.

    Each set of `others` was drawn as `train` was, has as many images, and was not trained on.  The
    share is the mean over samples and sets; equally near counts one half.  A generator that never
    saw `train` has 1/2 in the mean over such draws, since nothing tells the sets apart.  Copies
    have 1.  Arrays of any matching shape per sample; distances are Euclidean.  Raises ValueError
    without others, or when a set has another size.
    """
    if not len(others):
        raise CourseError("copy_share needs at least one set of images that were not trained on")
    to_train = nearest(samples, train)[1]
    shares = []
    for other in others:
        if len(other) != len(train):
            raise CourseError(f"compare sets of one size, not {len(train)} and {len(other)}: "
                              "in a larger one something is nearer")
        to_other = nearest(samples, other)[1]
        shares.append(np.mean(to_train < to_other) + np.mean(to_train == to_other) / 2)
    return float(np.mean(shares))


def copy_ratio(samples: np.ndarray, train: np.ndarray, held_out: np.ndarray) -> float:
    """Return the median distance from a sample to its nearest training image, over held-out's.

    The copy ratio of lesson 07: far below 1 means copying.  It also rises when samples get worse,
    as lesson 10 shows.
    """
    near = [float(np.median(nearest(some, train)[1])) for some in (samples, held_out)]
    return near[0] / near[1]
