"""What lesson 04's G is given: a photograph smeared and exposed, streaks, directions."""

import numpy as np
import torch

from gancourse.data.synthetic import brushwork

SMEAR = 5  # pixels each way along the field
DRAWS = 5  # of the streaks, so that G does not learn one by heart


def stage(picture: np.ndarray, seed: int, mean: float, spread: float) -> list[torch.Tensor]:
    """Return the smeared photograph, a bank of streaks and the directions, all float32.

    `picture` is uint8 (height, width, 3) and is cut to multiples of 4, since G halves its maps
    twice; its luminance gets this mean and standard deviation, in [0, 1].  The shapes are
    (3, h, w) in [-1, 1], (5, 3, h, w) and (2, h, w).
    """
    picture = in_fours(picture)
    angles = brushwork.flow(picture, seed)
    smeared = np.moveaxis(brushwork.smear(np.moveaxis(picture, 2, 0), angles, SMEAR), 0, 2)
    under = np.moveaxis(brushwork.expose(smeared, mean, spread), 2, 0)
    bank = brushwork.streaks(angles, DRAWS, seed)
    return tensors(under, bank, heading(angles))


def in_fours(picture: np.ndarray) -> np.ndarray:
    """Return a picture (height, width, 3) cut to multiples of 4, since G halves its maps twice."""
    return picture[: len(picture) // 4 * 4, : picture.shape[1] // 4 * 4]


def tensors(*parts: np.ndarray) -> list[torch.Tensor]:
    """Return arrays as float32 tensors of the same shapes."""
    return [torch.from_numpy(np.ascontiguousarray(part, np.float32)) for part in parts]


def heading(angles: np.ndarray) -> np.ndarray:
    """Return a field of angles (h, w) as (cos 2a, sin 2a), float32 (2, h, w)."""
    return np.stack([np.cos(2 * angles), np.sin(2 * angles)]).astype(np.float32)


def cut(picture: torch.Tensor, rng: np.random.Generator, size: int) -> torch.Tensor:
    """Return one random square of a picture (channels, h, w)."""
    y, x = (rng.integers(n - size + 1) for n in picture.shape[1:])
    return picture[:, y : y + size, x : x + size]


def draw(bank: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Return one streak map of each sort, (3, h, w), from a bank of them."""
    return torch.stack([bank[rng.integers(len(bank)), sort] for sort in range(bank.shape[1])])
