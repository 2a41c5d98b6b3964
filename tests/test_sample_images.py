"""Photographs: by name, by path, and a clear word about everything else."""

import numpy as np
import pytest
from PIL import Image

from gancourse.data.sample_images import PHOTOS, photo


@pytest.mark.parametrize("name", PHOTOS)
def test_every_photograph_ships_with_the_packages(name):
    picture = photo(name)
    assert picture.dtype == np.uint8 and picture.shape[2] == 3 and min(picture.shape[:2]) >= 256
    assert max(picture.shape) <= 640


def test_a_file_of_any_mode_is_read_and_scaled(tmp_path):
    Image.fromarray(np.full((300, 500), 90, np.uint8)).save(tmp_path / "gray.png")
    assert photo(str(tmp_path / "gray.png"), longest=200).shape == (120, 200, 3)


def test_bad_names_and_files_are_named(tmp_path):
    with pytest.raises(ValueError, match="did you mean 'china'"):
        photo("chna")
    with pytest.raises(FileNotFoundError, match="nowhere.jpg"):
        photo(str(tmp_path / "nowhere.jpg"))
    (tmp_path / "cut.jpg").write_bytes(b"no picture")
    with pytest.raises(ValueError, match="cut.jpg"):
        photo(str(tmp_path / "cut.jpg"))
    Image.fromarray(np.zeros((20, 300), np.uint8)).save(tmp_path / "tiny.png")
    with pytest.raises(ValueError, match="at least 64"):
        photo(str(tmp_path / "tiny.png"))
