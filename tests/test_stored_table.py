"""Tables of studies: what is written is read again, and what is damaged is refused in words."""

import numpy as np
import pytest

from gancourse.course.studies import stored_table
from gancourse.errors import CourseError

ROWS = [{"arm": "a, b", "seed": 0, "distance": 1.5}, {"arm": "c", "seed": 1, "distance": ""}]


def test_rows_come_back_as_text_and_the_head_says_how_they_were_made(tmp_path):
    path = tmp_path / "table.csv"
    stored_table.write(path, ROWS, stored_table.made_with("python -m a_study", seconds=93.2))
    assert stored_table.read(path) == [{name: str(value) for name, value in row.items()} for row in ROWS]
    date_and_cost, versions, _, command = stored_table.head_of(path)
    assert date_and_cost.endswith(", 93 s")
    assert versions.startswith("python 3.") and "torch" in versions
    assert command == "python -m a_study"


def test_floats_may_be_written_with_fewer_digits(tmp_path):
    stored_table.write(tmp_path / "table.csv", [{"a": 123456.7, "b": 1234567, "c": 1 / 3}], digits=5)
    assert stored_table.read(tmp_path / "table.csv") == [{"a": "1.2346e+05", "b": "1234567", "c": "0.33333"}]


def test_a_row_may_lack_what_another_has(tmp_path):
    stored_table.write(tmp_path / "table.csv", [{"a": 1}, {"b": 2}])
    assert stored_table.read(tmp_path / "table.csv") == [{"a": "1", "b": ""}, {"a": "", "b": "2"}]


def test_a_column_is_picked_by_entries_and_what_is_empty_is_not_a_number(tmp_path):
    path = tmp_path / "table.csv"
    stored_table.write(path, ROWS)
    rows = stored_table.read(path)
    assert stored_table.pick(rows, "distance", arm="a, b", seed=0).tolist() == [1.5]
    assert np.isnan(stored_table.pick(rows, "distance", seed=1)).all()
    assert stored_table.pick(rows, "distance", arm="nobody").shape == (0,)


def test_a_table_that_is_missing_or_cut_off_is_refused_in_words(tmp_path):
    path = tmp_path / "table.csv"
    with pytest.raises(CourseError, match="missing: its study makes it"):
        stored_table.read(path)
    path.write_text("a,b\n1\n")
    with pytest.raises(CourseError, match="not one entry a column"):
        stored_table.read(path)


def test_a_table_that_is_being_made_says_its_rows_and_the_seconds_so_far(tmp_path):
    path = tmp_path / "table.csv"
    assert stored_table.so_far(path) == ([], 0.0)
    stored_table.write(path, [{"arm": "c", "rate": 0.004, "seed": 1}], stored_table.made_with("a command", 93.2))
    rows, seconds = stored_table.so_far(path)
    assert seconds == 93.0
    assert stored_table.has(rows, arm="c", seed=1) and stored_table.has(rows, rate=4e-3)
    assert not stored_table.has(rows, arm="c", seed=2) and not stored_table.has([])
