"""Images side by side, as a file: `gancourse data NAME --show FILE.png`, `gancourse train`."""

import io
from pathlib import Path

import numpy as np

from gancourse.data.images import SUFFIXES
from gancourse.errors import CourseError
from gancourse.files import write_atomically


def side_by_side(images: np.ndarray, columns: int) -> np.ndarray:
    """Return uint8 images (n, height, width, channels) as one, `columns` in a row.

    A last row that is not full is filled with white.  The result is (rows * height,
    columns * width, channels), without the channel where there is one only.
    """
    n, height, width, channels = images.shape
    rows = -(-n // columns)
    sheet = np.full((rows * columns, height, width, channels), 255, np.uint8)
    sheet[:n] = images
    sheet = sheet.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    sheet = sheet.reshape(rows * height, columns * width, channels)
    return sheet[..., 0] if channels == 1 else sheet


def encoded(picture: np.ndarray, kind: str = "PNG") -> bytes:
    """Return a uint8 picture (height, width) or (height, width, 3) as a file of Pillow's `kind`."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind)
    return file.getvalue()


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
    sheet = side_by_side(images, columns).repeat(larger, 0).repeat(larger, 1)
    write_atomically(path, encoded(sheet, Image.registered_extensions()[suffix]))
