"""Pictures as the bytes of files, and how a notebook shows and keeps them: sharp, with alt text."""

import io
from base64 import b64encode

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from gancourse.errors import CourseError

SHARPNESS = 2  # pixels of a picture to one of the page, for fine screens
DPI = 100 * SHARPNESS
WITHOUT_NOTICE = 1.0  # of 255: the mean change of a colour channel that nobody sees


def png(fig: Figure, dpi: int = DPI) -> bytes:
    """Return a figure as PNG bytes, and close it.

    A drawing is stored with 256 colours, which look the same at a third of the size; a figure that
    they would change keeps all of its own.
    """
    from PIL import Image, ImageChops, ImageStat

    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=dpi)
    plt.close(fig)
    picture = Image.open(buffer).convert("RGB")
    few = picture.quantize(256, dither=Image.Dither.NONE)
    change = ImageStat.Stat(ImageChops.difference(picture, few.convert("RGB")))
    buffer = io.BytesIO()
    chosen = few if max(change.mean) < WITHOUT_NOTICE else picture
    chosen.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def show_image(mime: str, data: bytes, alt: str, *, page: str = "") -> None:
    """Display the bytes of an image file with its alt text.

    `page` is HTML that shows more of it, where HTML can be shown.
    """
    from IPython.display import display

    bundle, metadata = mime_bundle(mime, data, alt)
    if page:
        bundle["text/html"] = page
    display(bundle, metadata=metadata, raw=True)


def mime_bundle(mime: str, data: bytes, alt: str) -> tuple[dict, dict]:
    """Return an image and its alt text as data and metadata, as Jupyter stores them.

    The metadata give the width in pixels of the page.  Raises ValueError without an alt text,
    since some readers listen to the page.
    """
    from PIL import Image

    if not alt:
        raise CourseError("say in alt= what the figure shows")
    width = round(Image.open(io.BytesIO(data)).width / SHARPNESS)
    return ({mime: b64encode(data).decode(), "text/plain": alt},
            {mime: {"alt": alt, "width": width}})
