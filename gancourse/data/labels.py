"""Labels: of folders, checked, drawn so many of each class; whether two sets have images in common.

Lesson 10.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from gancourse.errors import CourseError
from gancourse.rng import stream


def folder_classes(names: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Return the class numbers of files, int64 (n,), and the class names, sorted.

    `names` are paths under the folder that was given, such as "cats/black/1.png".  The class is the
    top folder, here "cats", however deep the file lies; a file that lies in none has the class "".
    """
    parts = [PurePosixPath(name).parts for name in names]
    tops = [part[0] if len(part) > 1 else "" for part in parts]
    classes, labels = np.unique(tops, return_inverse=True)
    return labels.astype(np.int64), [str(name) for name in classes]


def is_hidden(name: str) -> bool:
    """Return whether a path under a folder is none of the reader's own files.

    Such are ".thumbnails/1.png", "._1.png" and "__MACOSX/1.wav", which a Mac puts into a zip.
    """
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def check_labels(y: np.ndarray, num_classes: int) -> np.ndarray:
    """Return labels (n,) as int64.

    Raises ValueError unless each is a whole number from 0 to num_classes - 1.
    """
    y = np.asarray(y)
    if y.ndim != 1 or not np.issubdtype(y.dtype, np.integer):
        raise CourseError(f"labels must be whole numbers in one row (n,), not {y.dtype} {y.shape}")
    wrong = np.unique(y[(y < 0) | (y >= num_classes)])
    if len(wrong):
        raise CourseError(f"label {wrong[0]} is out of range: {num_classes} classes have the "
                          f"labels 0 to {num_classes - 1}")
    return y.astype(np.int64)


def check_classes(y: np.ndarray, name: str = "this data set", least: int = 1) -> int:
    """Return the number of classes of labels (n,).

    Raises ValueError when there is but one, for then nothing is labelled, when a number in between
    is missing, or when a class has fewer than `least` images.
    """
    num_classes = int(np.max(y, initial=0)) + 1
    missing = sorted(set(range(num_classes)) - set(np.unique(y).tolist()))
    if num_classes < 2:
        raise CourseError(f"{name} has no labels (all its images are of one class): a conditional "
                          "GAN needs at least two classes; for dataset=folder:PATH, put the images "
                          "of each class into a folder of its own")
    if missing:
        raise CourseError(f"{name} has no image with label {missing[0]}: number the classes 0 to "
                          f"{num_classes - 1} without gaps")
    counts = np.bincount(y)
    if counts.min() < least:
        raise CourseError(f"{name} has {counts.min()} training images of class {counts.argmin()}; "
                          f"these settings need {least} of each class")
    return num_classes


def labelled_sizes(text: str, y: np.ndarray) -> list[int]:
    """Return the numbers of a text such as "5,50", ascending, as sizes for `draw_labelled`.

    Raises ValueError, before anything is trained, for what is no whole number, and for more images
    than a class of the labels y has.
    """
    try:
        sizes = sorted({int(number) for number in text.split(",")})
    except ValueError as error:
        raise CourseError(f"{text!r} must be whole numbers with commas between, such as "
                          "'5,50'") from error
    for size in sizes:
        draw_labelled(y, size)
    return sizes


def draw_labelled(y: np.ndarray, per_class: int, seed: int = 0) -> np.ndarray:
    """Return the rows of `per_class` random images of each class, sorted by class.

    They are int64 (classes * per_class,).  Of one seed, the rows for a smaller number are among
    those for a larger one.  Raises ValueError when a class has fewer images than that.
    """
    rows = [stream("labelled", seed, label).permutation(np.flatnonzero(y == label))
            for label in range(int(y.max()) + 1)]
    counts = [len(of_class) for of_class in rows]
    fewest = min(counts)
    if not 1 <= per_class <= fewest:
        raise CourseError(f"{per_class} labelled images of each class are asked for, but class "
                          f"{counts.index(fewest)} has only {fewest}: take a number from 1 to "
                          f"{fewest}")
    return np.concatenate([of_class[:per_class] for of_class in rows])


def find_shared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the rows of `b` whose image is also in `a`, byte for byte, int64.

    Images that a model was trained on must not judge it.
    """
    if a.shape[1:] != b.shape[1:] or a.dtype != b.dtype:
        raise CourseError(f"images {a.shape[1:]} {a.dtype} and {b.shape[1:]} {b.dtype} cannot be "
                          "equal: compare both as they were loaded")
    seen = {image.tobytes() for image in a}
    return np.array([i for i, image in enumerate(b) if image.tobytes() in seen], np.int64)
