"""Photographs that ship inside scikit-learn and scikit-image, with no download (lesson 04)."""

from importlib.resources import files

import numpy as np

from gancourse.data.images import read_image
from gancourse.errors import CourseError, unknown

PHOTOS = {
    "china": ("sklearn.datasets", "images/china.jpg"),
    "flower": ("sklearn.datasets", "images/flower.jpg"),
    "astronaut": ("skimage", "data/astronaut.png"),
    "chelsea": ("skimage", "data/chelsea.png"),
    "coffee": ("skimage", "data/coffee.png"),
    "rocket": ("skimage", "data/rocket.jpg"),
    "camera": ("skimage", "data/camera.png"),
    "hubble": ("skimage", "data/hubble_deep_field.jpg"),
}
SMALLEST = 64  # pixels: less holds no patch worth judging


def photo(name: str, longest: int = 640) -> np.ndarray:
    """Return a photograph as uint8 (height, width, 3): one of `PHOTOS` or any image file.

    A larger one is scaled down to `longest` pixels.  Raises ValueError for an unknown name, a
    damaged or a tiny file, FileNotFoundError where a path leads nowhere.
    """
    if name in PHOTOS:
        package, path = PHOTOS[name]
        picture = read_image(str(files(package) / path), longest)
    elif "/" in name or "\\" in name or "." in name:
        picture = read_image(name, longest)
    else:
        raise unknown("photo", name, [*PHOTOS, "or the path of an image file"])
    height, width = picture.shape[:2]
    if min(height, width) < SMALLEST:
        raise CourseError(f"{name!r} is {width} x {height} pixels (longest={longest}): "
                          f"each side must have at least {SMALLEST}")
    return picture
