"""Image files to arrays: any size, any mode, and a clear word about files that cannot be read.

What a mode becomes: of an animation the first picture; a palette its colours; CMYK, Lab and YCbCr
their RGB; transparency lies over white.  Of 16-bit gray, 65,535 is white.  Of gray floats, 1 is
white where all lie in [0, 1]; other floats and 32-bit integers are stretched from least to largest.
"""

import warnings
from pathlib import Path

import numpy as np

from gancourse.data.labels import folder_classes, is_hidden
from gancourse.errors import CourseError, MissingFile

SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


def read_image(path: str | Path, longest: int = 0) -> np.ndarray:
    """Return an image file as uint8 RGB (height, width, 3), upright; transparency is laid over white.

    `longest` > 0 scales a larger image down to that longest side, in pixels.  Raises FileNotFoundError
    when there is no such file, ValueError when it is no image or is cut short.
    """
    return np.asarray(_open(path, "RGB", longest))


def read_folder(folder: str | Path, resolution: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return the images of a folder, their class numbers and the class names.

    Each image becomes a centred square of `resolution` pixels, uint8 (n, resolution, resolution, 3), or
    one channel where every image is gray.  The folders in it are the classes
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
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    names = [path.relative_to(folder).as_posix() for path in paths]
    names = [name for name in names if not is_hidden(name)]
    if not names:
        raise CourseError(f"folder {str(folder)!r} holds no images ({', '.join(sorted(SUFFIXES))})")
    images, kept = [], []
    for name in names:
        try:
            images.append(np.asarray(_square(_open(folder / name, "RGB", 0), resolution)))
            kept.append(name)
        except (ValueError, OSError) as error:
            warnings.warn(f"skipped {folder / name}: {error}", stacklevel=2)
    if not images:
        raise CourseError(f"none of the {len(names)} image files in {str(folder)!r} could be read")
    stack = np.stack(images)
    all_gray = (stack == stack[..., :1]).all()
    return stack[..., :1] if all_gray else stack, *folder_classes(kept)


def resize(images: np.ndarray, resolution: int) -> np.ndarray:
    """Return uint8 images (n, height, width, channels) as squares of `resolution` pixels."""
    from PIL import Image

    if images.shape[1:3] == (resolution, resolution):
        return images
    one = lambda a: np.asarray(_square(Image.fromarray(a[..., 0] if a.shape[-1] == 1 else a), resolution))
    return np.stack([one(a) for a in images]).reshape(len(images), resolution, resolution, images.shape[-1])


def _open(path: str | Path, mode: str, longest: int):
    """An upright PIL image, wholly decoded, in `mode` (its own mode when empty), no longer than `longest`."""
    from PIL import Image, ImageOps

    path = Path(path).expanduser()
    if not path.is_file():
        raise MissingFile(f"there is no image file {str(path)!r}: give the path of one "
                          f"({', '.join(sorted(SUFFIXES))})")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of spoilt EXIF data and such, without a name
            with Image.open(path) as file:
                image = ImageOps.exif_transpose(file)
                image.load()
    except Exception as error:  # a decoder that meets damage raises this or that
        raise CourseError(f"{str(path)!r} is not an image, or is damaged or cut short ({error})") from error
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    if image.mode == "F" or image.mode.startswith("I"):
        a = np.asarray(image, np.float64)
        if not np.isfinite(a).all():
            raise CourseError(f"{str(path)!r} holds values that are not finite numbers")
        low, high = a.min(), a.max()
        if image.mode != "I" and low >= 0 and (image.mode != "F" or high <= 1):
            low, high = 0, 1 if image.mode == "F" else 65535
        image = Image.fromarray(np.rint((a - low) / max(high - low, 1e-9) * 255).astype(np.uint8))
    if mode:
        image = image.convert(mode)
    if longest and max(image.size) > longest:
        image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return image


def _square(image, resolution: int):
    """The centred square of a PIL image, `resolution` pixels wide, filtered so that it does not alias."""
    from PIL import Image, ImageOps

    return ImageOps.fit(image, (resolution, resolution), Image.Resampling.LANCZOS)
