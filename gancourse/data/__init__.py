"""Data: every set by name, and how files become arrays.

`from gancourse import data; data.load("strokes")`
"""

from gancourse.data.registry import (
    DATASETS,
    SOUNDS,
    Dataset,
    Sounds,
    cache_folder,
    check_name,
    load,
    load_sounds,
    to_float,
    to_uint8,
)

__all__ = [
    "DATASETS", "SOUNDS", "Dataset", "Sounds", "cache_folder", "check_name", "load", "load_sounds",
    "to_float", "to_uint8",
]
