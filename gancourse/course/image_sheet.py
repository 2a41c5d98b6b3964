"""Images of a data set side by side, as a file.  `gancourse data NAME --show FILE.png`."""

import io
from pathlib import Path

import numpy as np

from gancourse.data.images import SUFFIXES
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
    n, height, width, channels = images.shape
    rows = -(-n // columns)
    sheet = np.full((rows * columns, height, width, channels), 255, np.uint8)
    sheet[:n] = images
    sheet = sheet.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    sheet = sheet.reshape(rows * height, columns * width, channels)
    larger = -(-64 // width)
    sheet = sheet.repeat(larger, 0).repeat(larger, 1)
    file = io.BytesIO()
    picture = Image.fromarray(sheet[..., 0] if channels == 1 else sheet)
    picture.save(file, Image.registered_extensions()[suffix])
    write_atomically(path, file.getvalue())
