"""A procedural painter: impasto strokes along a swirling field, in the colours of a night sky (lesson 04).

Hertzmann 1998 (curved brush strokes of several sizes); the field follows the picture's own edges and swirls where
it is flat.  It gives the course a painter without a copyright, and a true painting to hold a GAN's against.
"""

import numpy as np
from scipy.ndimage import gaussian_filter

from gancourse.data.synthetic.brushwork import directions, flow, luminance
from gancourse.errors import CourseError

PALETTE = np.array([[14, 20, 52], [24, 50, 110], [44, 92, 160], [84, 140, 180],
                    [150, 190, 180], [222, 214, 150], [250, 206, 70], [255, 240, 190]], np.float64)
BRUSHES = (9, 26, 1.0), (5, 20, 1.0), (3, 14, 0.8)  # width and length in pixels, share of the canvas covered
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
        raise CourseError(f"paint needs a picture uint8 (height, width, 3), not {photo.dtype} {photo.shape}")
    h, w = photo.shape[:2]
    rng = np.random.default_rng(seed)
    angles, colours, detail = flow(photo, seed), _colours(photo), _detail(photo)
    canvas = Image.fromarray(colours.astype(np.uint8)).resize((w * SUPER, h * SUPER))
    draw = ImageDraw.Draw(canvas)
    for width, length, share in BRUSHES:
        starts = rng.uniform((0, 0), (h - 1, w - 1), (int(2.6 * share * h * w / (width * length)), 2))
        if width <= DETAIL:
            starts = starts[rng.uniform(size=len(starts)) < _at(detail, starts)]
        paths = _paths(starts, angles, length)
        paint_of = _at(colours, paths[:, BENDS // 2]) + rng.normal(0, 14, (len(starts), 1))
        paint_of = np.clip(paint_of + rng.normal(0, 8, (len(starts), 3)), 0, 255).astype(int)
        for path, colour in zip(paths[:, :, ::-1] * SUPER, paint_of, strict=True):
            _stroke(draw, path, colour, width * SUPER)
    return np.asarray(canvas.resize((w, h), Image.Resampling.LANCZOS))


def _colours(photo: np.ndarray) -> np.ndarray:
    """The colour of the paint at each pixel: half the photograph's, half the palette's at its brightness."""
    soft = np.stack([gaussian_filter(photo[..., i].astype(float), 1.5) for i in range(3)], axis=-1)
    light = gaussian_filter(luminance(photo), 1.5)
    low, high = np.percentile(light, [2, 98])
    place = np.clip((light - low) / max(high - low, 1e-6), 0, 1) * (len(PALETTE) - 1)
    of_palette = np.stack([np.interp(place, range(len(PALETTE)), PALETTE[:, i]) for i in range(3)], axis=-1)
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
    paths, heading = [starts], None
    for _ in range(BENDS):
        angle = _at(angles, paths[-1])
        step = np.stack([np.sin(angle), np.cos(angle)], axis=1)
        if heading is not None:
            step *= np.where((step * heading).sum(axis=1, keepdims=True) < 0, -1, 1)
        paths.append(np.clip(paths[-1] + step * length / BENDS, 0, edge))
        heading = step
    return np.stack(paths, axis=1)


def _stroke(draw, path: np.ndarray, colour: np.ndarray, width: int) -> None:
    """One stroke of thick paint: its body, light on the upper left ridge, shade on the lower right."""
    draw.line(path.ravel().tolist(), fill=tuple(colour.tolist()), width=width, joint="curve")
    ridge, light, shade = 0.3 * width, np.minimum(255, colour * 1.22 + 10), colour * 0.72
    draw.line((path - 0.7 * ridge).ravel().tolist(), fill=tuple(light.astype(int).tolist()), width=max(1, width // 5))
    draw.line((path + ridge).ravel().tolist(), fill=tuple(shade.astype(int).tolist()), width=max(1, width // 6))
