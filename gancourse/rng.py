"""Random streams that never coincide: one for each purpose, seed and place."""

import zlib

import numpy as np


def seed_sequence(purpose: str, seed: int, *place: int) -> np.random.SeedSequence:
    """Return the seed of the stream for a purpose, such as "noise", at a place, such as a step.

    Two purposes have independent streams of the same seed: without that, the noise of step 3 would
    be the numbers that also shuffled the third epoch.  `seed` and `place` are 0 or more.
    """
    return np.random.SeedSequence(seed, spawn_key=(zlib.crc32(purpose.encode()), *place))


def stream(purpose: str, seed: int, *place: int) -> np.random.Generator:
    """Return a generator at the beginning of the stream that `seed_sequence` names.

    It gives the same numbers on every machine.
    """
    return np.random.default_rng(seed_sequence(purpose, seed, *place))
