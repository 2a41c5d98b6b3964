"""A procedural painter: thick strokes along a swirling field, in the colours of a night sky.

Hertzmann 1998 (curved brush strokes of several sizes); the field follows the picture's own edges
and swirls where it is flat.  It gives the course a painter without a copyright, and a true painting
to hold a GAN's against.  Lesson 04.
"""

import numpy as np
from scipy.ndimage import gaussian_filter

from gancourse.data.synthetic.brushwork import directions, flow, luminance
from gancourse.errors import CourseError

PALETTE = np.array([[14, 20, 52], [24, 50, 110], [44, 92, 160], [84, 140, 180],
                    [150, 190, 180], [222, 214, 150], [250, 206, 70], [255, 240, 190]], np.float64)
BRUSHES = (9, 26, 1.0), (5, 20, 1.0), (3, 14, 0.8)  # width, length in pixels; share of the canvas
DETAIL = 3  # a brush this fine or finer is used mostly where the picture has detail
SUPER = 2  # drawn at this many times the size, then scaled down: smooth edges
BENDS = 6  # straight pieces of one stroke


def paint(photo: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return a photograph repainted, uint8 (height, width, 3), the same for the same seed.

    `photo` is uint8 (height, width, 3); a picture of 640 x 427 takes about a second.  Lesson 04.
    Raises ValueError for another shape or type.
    """
    from PIL import Image, ImageDraw

    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3:
        raise CourseError("paint needs a picture uint8 (height, width, 3), not "
                          f"{photo.dtype} {photo.shape}")
    h, w = photo.shape[:2]
    rng = np.random.default_rng(seed)
    angles = flow(photo, seed)
    colours = _colours(photo)
    detail = _detail(photo)
    canvas = Image.fromarray(colours.astype(np.uint8)).resize((w * SUPER, h * SUPER))
    draw = ImageDraw.Draw(canvas)
    for width, length, share in BRUSHES:
        num_strokes = int(2.6 * share * h * w / (width * length))
        starts = rng.uniform((0, 0), (h - 1, w - 1), (num_strokes, 2))
        if width <= DETAIL:
            starts = starts[rng.uniform(size=len(starts)) < _at(detail, starts)]
        paths = _paths(starts, angles, length)
        paints = _at(colours, paths[:, BENDS // 2])  # one colour for each stroke, a little off
        paints = paints + rng.normal(0, 14, (len(starts), 1))
        paints = paints + rng.normal(0, 8, (len(starts), 3))
        paints = np.clip(paints, 0, 255).astype(int)
        for path, colour in zip(paths[:, :, ::-1] * SUPER, paints, strict=True):
            _stroke(draw, path, colour, width * SUPER)
    return np.asarray(canvas.resize((w, h), Image.Resampling.LANCZOS))


def _colours(photo: np.ndarray) -> np.ndarray:
    """The colour of the paint at each pixel: half the photograph's, half of the palette.

    The palette's colour is the one at the pixel's place between dark and light.
    """
    soft = gaussian_filter(photo.astype(float), (1.5, 1.5, 0))
    light = gaussian_filter(luminance(photo), 1.5)
    low, high = np.percentile(light, [2, 98])
    place = np.clip((light - low) / max(high - low, 1e-6), 0, 1) * (len(PALETTE) - 1)
    channels = [np.interp(place, range(len(PALETTE)), PALETTE[:, i]) for i in range(3)]
    of_palette = np.stack(channels, axis=-1)
    mixed = 0.45 * soft + 0.55 * of_palette
    gray = mixed.mean(axis=-1, keepdims=True)
    return np.clip(gray + 1.35 * (mixed - gray), 0, 255)


def _detail(photo: np.ndarray) -> np.ndarray:
    """How much there is to see at each pixel, .25 to 1."""
    edges = np.sqrt(directions(luminance(photo), window=4.0)[1])
    return np.clip(0.25 + edges / max(np.percentile(edges, 90), 1e-9), 0, 1)


def _at(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The field's values at points (n, 2) of (row, column)."""
    return field[points[:, 0].astype(int), points[:, 1].astype(int)]


def _paths(starts: np.ndarray, angles: np.ndarray, length: float) -> np.ndarray:
    """Curves (n, BENDS + 1, 2) that follow the field from their starts, never turning back."""
    edge = np.array(angles.shape) - 1
    paths = [starts]
    heading = None
    for _ in range(BENDS):
        angle = _at(angles, paths[-1])
        step = np.stack([np.sin(angle), np.cos(angle)], axis=1)
        if heading is not None:
            step *= np.where((step * heading).sum(axis=1, keepdims=True) < 0, -1, 1)
        paths.append(np.clip(paths[-1] + step * length / BENDS, 0, edge))
        heading = step
    return np.stack(paths, axis=1)


def _stroke(draw, path: np.ndarray, colour: np.ndarray, width: int) -> None:
    """Draw one stroke of thick paint: its body, a light upper left ridge, a dark lower right."""
    ridge = 0.3 * width
    light = np.minimum(255, colour * 1.22 + 10)
    shade = colour * 0.72
    _line(draw, path, colour, width, joint="curve")
    _line(draw, path - 0.7 * ridge, light, max(1, width // 5))
    _line(draw, path + ridge, shade, max(1, width // 6))


def _line(draw, path: np.ndarray, colour: np.ndarray, width: int, joint: str | None = None) -> None:
    """Draw a line through points (n, 2) of (x, y) in a colour of three numbers from 0 to 255."""
    draw.line(path.ravel().tolist(), tuple(colour.astype(int).tolist()), width, joint)
