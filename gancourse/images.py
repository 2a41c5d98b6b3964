"""Image files to arrays: any size, any mode, and a clear word about files that cannot be read."""

import warnings
from pathlib import Path

import numpy as np

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
    one channel where every file is gray.  Sub-folders are the classes; without them there is one class.
    A file that cannot be read is skipped with a warning that names it.
    Raises FileNotFoundError for a missing folder, ValueError when no image is left.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {str(folder)!r}: give dataset=folder:PATH with a folder of images")
    files = sorted(f for f in folder.rglob("*") if f.suffix.lower() in SUFFIXES and f.is_file())
    if not files:
        raise ValueError(f"folder {str(folder)!r} holds no images ({', '.join(sorted(SUFFIXES))})")
    images, classes, all_gray = [], [], True
    for file in files:
        try:
            image = _open(file, "", 0)
        except (ValueError, OSError) as error:
            warnings.warn(f"skipped {file}: {error}", stacklevel=2)
            continue
        all_gray = all_gray and image.mode in ("1", "L", "I", "I;16", "F")
        images.append(np.asarray(_square(image.convert("RGB"), resolution)))
        parts = file.relative_to(folder).parts
        classes.append(parts[0] if len(parts) > 1 else "")
    if not images:
        raise ValueError(f"none of the {len(files)} image files in {str(folder)!r} could be read")
    stack = np.stack(images)
    names = sorted(set(classes))
    return stack[..., :1] if all_gray else stack, np.array([names.index(c) for c in classes]), names


def resize(images: np.ndarray, resolution: int) -> np.ndarray:
    """Return uint8 images (n, height, width, channels) as squares of `resolution` pixels."""
    from PIL import Image

    if images.shape[1:3] == (resolution, resolution):
        return images
    one = lambda a: np.asarray(_square(Image.fromarray(a[..., 0] if a.shape[-1] == 1 else a), resolution))
    return np.stack([one(a) for a in images]).reshape(len(images), resolution, resolution, images.shape[-1])


def _open(path: str | Path, mode: str, longest: int):
    """An upright PIL image, wholly decoded, in `mode` (its own mode when empty), no longer than `longest`."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"there is no image file {str(path)!r}: give the path of one "
                                f"({', '.join(sorted(SUFFIXES))})")
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file)
            image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{str(path)!r} is not an image, or is damaged or cut short ({error})") from error
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    if image.mode in ("I", "I;16", "F"):
        a = np.asarray(image, np.float64)
        image = Image.fromarray(((a - a.min()) / max(np.ptp(a), 1e-9) * 255).astype(np.uint8))
    if mode:
        image = image.convert(mode)
    if longest and max(image.size) > longest:
        image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return image


def _square(image, resolution: int):
    """The centred square of a PIL image, `resolution` pixels wide, filtered so that it does not alias."""
    from PIL import Image, ImageOps

    return ImageOps.fit(image, (resolution, resolution), Image.Resampling.LANCZOS)
