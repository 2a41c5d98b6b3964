"""Lesson 04's picture for the wall: a finer brush where there is detail.

What the trained G is given for it, and the colours at the end.  Nothing here is trained or scored,
and the constants were chosen by eye.  Pictures are uint8 (height, width, 3).
"""

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from gancourse.course.studies.style import staging
from gancourse.data.synthetic import brushwork

FINE_SMEAR = 4  # pixels each way where there is detail, instead of staging.SMEAR and more
CONTRAST = 0.4  # how much of the difference from the surroundings is added
SURROUNDINGS = 12.0  # the blur, in pixels, that says what the surroundings are
SOFTER = 0.6  # blur of the streaks in pixels: no hairlines
WEAKER = 0.7  # share of the streaks that is left out where there is detail
RICHER = 1.25  # factor on what makes a colour differ from gray


def detail(picture: np.ndarray) -> np.ndarray:
    """Return how much goes on near each pixel, 0 (flat) to 1, float (height, width).

    The root mean square over some six pixels of the luminance minus its mean over two; 1 is what
    the liveliest 3 % of the pixels have.
    """
    light = brushwork.luminance(picture)
    lively = np.sqrt(gaussian_filter((light - gaussian_filter(light, 2.0)) ** 2, 6.0))
    return np.clip(lively / max(np.percentile(lively, 97), 1e-9), 0, 1)


def closer(angles: np.ndarray, picture: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return the angles turned towards the finest edges of the picture, where `share` is near 1.

    All are (height, width).
    """
    edges, strength = brushwork.directions(brushwork.luminance(picture), blur=1.0, window=2.0)
    weight = share * strength / (strength + np.median(strength) + 1e-12)
    return brushwork.blend(edges, angles, weight)


def stage(picture: np.ndarray, seed: int, mean: float, spread: float) -> list[torch.Tensor]:
    """Return what `staging.stage` returns, prepared with a finer brush where there is detail."""
    picture = staging.in_fours(picture)
    share = detail(picture)
    angles = closer(brushwork.flow(picture, seed), picture, share)
    colours = np.moveaxis(picture, 2, 0)
    broad = brushwork.smear(colours, angles, staging.SMEAR)
    fine = brushwork.smear(colours, angles, FINE_SMEAR)
    smeared = np.moveaxis(share * fine + (1 - share) * broad, 0, 2)
    exposed = brushwork.expose(smeared, mean, spread)
    light = exposed @ brushwork.LUMINANCE
    lifted = exposed + CONTRAST * (light - gaussian_filter(light, SURROUNDINGS))[..., None]
    under = np.moveaxis(np.clip(lifted, -1, 1), 2, 0)
    streaks = brushwork.streaks(angles, staging.DRAWS, seed)
    bank = gaussian_filter(streaks, (0, 0, SOFTER, SOFTER)) * (1 - WEAKER * share)
    return staging.tensors(under, bank, staging.heading(angles))


def richer(picture: np.ndarray) -> np.ndarray:
    """Return the picture with stronger colours at the same luminance, uint8."""
    gray = (255 * brushwork.luminance(picture))[..., None]
    return np.clip(np.rint(gray + RICHER * (picture - gray)), 0, 255).astype(np.uint8)
