"""The study of lesson 11: which cells it runs, its rows, its file."""

import numpy as np

from gancourse.course.lessons import find
from gancourse.course.studies.completion import seeds_table

NAMES = {"table": {"L2": (9.8, 0.7, 0.9, 0.5, 150)}, "slice_table": {"L2": (0.0, 1.0, 0.2, 30)}, "vote": 0.75}


def test_it_runs_the_lessons_cells_up_to_the_slices_and_no_drawing():
    kept = seeds_table.cells(find("11").notebook)
    assert kept[0].startswith("num_steps: int") and seeds_table.LAST in kept[-1]
    text = "\n".join(kept)
    assert "def fill_step(" in text and "slice_gans = " in text
    assert "plots.finish" not in text and "faces.faces(" not in text and "checks.adopt" not in text


def test_a_run_gives_a_row_for_each_result():
    found = list(seeds_table.rows(NAMES, 3))
    for result, value in (("digits, L2: on clear ones", 0.9), ("slices, L2: deleted", 1.0)):
        assert {"result": result, "seed": 3, "value": value} in found
    assert len(found) == 5 + 4 + 1


def test_a_file_is_read_as_numbers_by_result(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("# lesson 11\nresult,seed,value\n\"a, b: c\",0,0.5\n\"a, b: c\",1,2\n")
    found = seeds_table.load(path)
    assert list(found) == ["a, b: c"] and np.array_equal(found["a, b: c"], [0.5, 2])


def test_the_stored_table_has_three_seeds_of_every_filler():
    stored = seeds_table.load()
    for name in ("nearest", "L2", "L2 + D", "pairs + D"):
        for column in seeds_table.OF_SLICES:
            assert stored[f"slices, {name}: {column}"].shape == (3,)
