"""Images side by side, as a file: `gancourse data NAME --show FILE.png`."""

from pathlib import Path

import numpy as np

from gancourse.data.images import SUFFIXES, encoded, tile
from gancourse.errors import CourseError
from gancourse.files import write_atomically


def write_sheet(images: np.ndarray, path: str | Path, columns: int = 12) -> None:
    """Write uint8 images (n, height, width, channels) side by side to an image file.

    Small ones are enlarged by a whole number, so that each is 64 pixels wide or more.  The ending
    of `path` says which kind of file; raises ValueError for one that is unknown.
    """
    from PIL import Image

    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise CourseError(f"{str(path)!r} must end in one of {', '.join(sorted(SUFFIXES))}")
    larger = -(-64 // images.shape[2])
    sheet = tile(images, columns).repeat(larger, 0).repeat(larger, 1)
    write_atomically(path, encoded(sheet, Image.registered_extensions()[suffix]))
