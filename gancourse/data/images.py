"""Image files to arrays and back: any size, any mode, a clear word about what cannot be read.

What a mode becomes: of an animation the first picture; a palette its colours; CMYK, Lab and YCbCr
their RGB; transparency lies over white.  Of 16-bit gray, 65,535 is white.  Of gray floats, 1 is
white where all lie in [0, 1]; other floats and 32-bit integers are stretched from least to largest.
"""

import io
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gancourse.data.labels import folder_classes, is_hidden
from gancourse.errors import CourseError, MissingFile
from gancourse.files import files_below

SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


def read_image(path: str | Path, longest: int = 0) -> np.ndarray:
    """Return an image file as uint8 RGB (height, width, 3), upright, transparency over white.

    `longest` > 0 scales a larger image down to that longest side, in pixels.  Raises
    FileNotFoundError when there is no such file, ValueError when it is no image or is cut short.
    """
    return np.asarray(_open(path, longest))


def read_folder(folder: str | Path, resolution: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return the images of a folder, their class numbers and the class names.

    Each image becomes a centred square of `resolution` pixels, uint8 (n, resolution, resolution,
    3), or one channel where every image is gray.  The folders in it are the classes
    (`labels.folder_classes`); without them there is one class.  A file that cannot be read is
    skipped with a warning that names it; hidden files are passed over.
    Raises FileNotFoundError for a missing folder, ValueError for a file and when no image is left.
    """
    folder = Path(folder).expanduser()
    if folder.is_file():
        raise CourseError(f"{str(folder)!r} is a file: give dataset=folder:PATH with a folder of "
                          "images (unpack a zip first)")
    if not folder.is_dir():
        raise MissingFile(f"there is no folder {str(folder)!r}: give dataset=folder:PATH with "
                          "a folder of images")
    names = [path.relative_to(folder).as_posix() for path in sorted(image_files(folder))]
    if not names:
        raise CourseError(f"folder {str(folder)!r} holds no images ({', '.join(sorted(SUFFIXES))})")
    images = []
    kept = []
    reasons = []
    for name in names:
        try:
            images.append(np.asarray(_square(_open(folder / name), resolution)))
            kept.append(name)
        except (ValueError, OSError) as error:
            reasons.append(str(error))
            warnings.warn(f"skipped: {error}", stacklevel=2)
    if not images:
        raise CourseError(f"none of the {len(names)} image files in {str(folder)!r} could be read; "
                          f"the first: {reasons[0]}")
    stack = np.stack(images)
    if (stack == stack[..., :1]).all():  # gray
        stack = stack[..., :1]
    return stack, *folder_classes(kept)


def image_files(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder and below it that are named as images and are not hidden."""
    for path in files_below(folder):
        is_named = path.suffix.lower() in SUFFIXES
        if is_named and not is_hidden(path.relative_to(folder).as_posix()):
            yield path


def resize(images: np.ndarray, resolution: int) -> np.ndarray:
    """Return uint8 images (n, height, width, channels) as squares of `resolution` pixels."""
    from PIL import Image

    n, height, width, channels = images.shape
    if (height, width) == (resolution, resolution):
        return images
    pictures = images[..., 0] if channels == 1 else images  # as Pillow takes gray ones
    squares = [np.asarray(_square(Image.fromarray(picture), resolution)) for picture in pictures]
    return np.array(squares, np.uint8).reshape(n, resolution, resolution, channels)


def tile(images: np.ndarray, columns: int, gap: int = 0) -> np.ndarray:
    """Return uint8 images (n, height, width, channels) as one, `columns` in a row.

    There are `gap` white pixels between them, and a last row that is not full ends in white.  The
    result is (height, width, channels), without the channel where there is one only.
    """
    n, height, width, channels = images.shape
    rows = -(-n // columns)
    sheet = np.full((rows, height + gap, columns, width + gap, channels), 255, np.uint8)
    for i, image in enumerate(images):
        row, column = divmod(i, columns)
        sheet[row, :height, column, :width] = image
    sheet = sheet.reshape(rows * (height + gap), columns * (width + gap), channels)
    sheet = sheet[: len(sheet) - gap, : sheet.shape[1] - gap]
    return sheet[..., 0] if channels == 1 else sheet


def encoded(image: np.ndarray, kind: str = "PNG", **options) -> bytes:
    """Return a uint8 image (height, width) or (height, width, 3) as a file of Pillow's `kind`.

    `options` go to Pillow's writer of that kind, such as quality=60.
    """
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, kind, **options)
    return buffer.getvalue()


def _open(path: str | Path, longest: int = 0):
    """An upright RGB image of PIL, wholly decoded, no longer than `longest` pixels (0: its own)."""
    from PIL import Image, ImageOps

    path = Path(path).expanduser()
    if not path.is_file():
        raise MissingFile(f"there is no image file {str(path)!r}: give the path of one "
                          f"({', '.join(sorted(SUFFIXES))})")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, of spoilt EXIF data and such, name no file
            with Image.open(path) as file:
                image = ImageOps.exif_transpose(file)
                image.load()
    except Image.DecompressionBombError as error:
        raise CourseError(f"{str(path)!r} has more than {2 * Image.MAX_IMAGE_PIXELS:,} pixels: "
                          "scale it down") from error
    except Exception as error:  # decoders raise many kinds of errors for damaged files
        raise CourseError(f"{str(path)!r} is not an image, or is damaged or cut short "
                          f"({error})") from error
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    if image.mode == "F" or image.mode.startswith("I"):
        image = _to_8_bits(image, path)
    image = image.convert("RGB")
    if longest and max(image.size) > longest:
        image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return image


def _to_8_bits(image, path: Path):
    """A gray PIL image of floats or many bits, scaled to 8 bits as this module's docstring says."""
    from PIL import Image

    values = np.asarray(image, np.float64)
    if not np.isfinite(values).all():
        raise CourseError(f"{str(path)!r} holds values that are not finite numbers")
    low, high = values.min(), values.max()
    if image.mode == "F" and low >= 0 and high <= 1:
        low, high = 0, 1
    elif image.mode.startswith("I;16"):
        low, high = 0, 65535
    scaled = (values - low) / max(high - low, 1e-9) * 255
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _square(image, resolution: int):
    """The centred square of a PIL image, `resolution` pixels wide, filtered against aliases."""
    from PIL import Image, ImageOps

    return ImageOps.fit(image, (resolution, resolution), Image.Resampling.LANCZOS)
