"""Each lesson as a student opens it, with nothing solved, runs from its first cell to its last.

All of them in one process of their own, which imports the libraries once.  It leaves out what nbval does with the
same cells: figures have no pixels, of a film only the first and the last frame are drawn, judges look at a few
images or clips of each set, and SMALLER shrinks what no parameter does.
This takes one to three minutes: SECONDS in conftest.py puts it before the other tests, so that no worker is left
alone with it.
"""

import gc
import json
import os
import subprocess
import sys
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest

from gancourse.course.lessons import all_lessons, settings, source, tags, without_solutions
from gancourse.course.progress import with_line

ROOT = Path(__file__).parents[1]
FEW = 200  # images of a set that a feature network looks at
FEW_CLIPS = 10  # that the recogniser of words listens to
SMALLER = {  # what no parameter makes small: the sizes of these games and samples, as they stand in the cells
    "01": {"np.arange(100000) + 0.5) / 100000": "np.arange(1000) + 0.5) / 1000", "games_with(200)": "games_with(2)",
           "d_rate=d_rate) for run in range(seed, seed + 3)": "d_rate=d_rate) for run in range(seed, seed + 1)"},
    "02": {"for i in range(num_seeds)": "for i in range(1)"},
    "03": {"range(150)": "range(3)"},
    "05": {"updates=600": "updates=100", "range(seed, seed + 100)": "range(seed, seed + 2)",
           "range(seed, seed + 5)": "range(seed, seed + 2)", "2.25, 2.5, 2.75, 3.0": "3.0"},
    "06": {"0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0": "1.0", "xtol=1e-6": "xtol=1e-2"},
    "07": {"(run, steps=300)": "(run, steps=20)", "x_train[:5000]": "x_train[:500]", "y_train[:5000]": "y_train[:500]",
           "faces.faces(4000": "faces.faces(400"},
    "09": {"**comparisons.OURS, seed=0": "**comparisons.OURS | {'num_steps': 8}, seed=0"},
    "10": {"for pick in range(5)": "for pick in range(2)"},
    "11": {"faces.faces(8000": "faces.faces(800"},
    "12": {"E E F G G F E D C C D E E:1.5 D:0.5 D:2": "E F", "range(32)": "range(3)", "range(1, 101)": "range(1, 5)"},
    "14": {"spread, (2000, n)": "spread, (20, n)"},
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """How the cells of each lesson ended: name -> a list of [first line, tags, error or None]."""
    folder = tmp_path_factory.mktemp("unsolved")
    alone = os.environ | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "agg", "IPYTHONDIR": str(folder / "ipython")}
    done = subprocess.run([sys.executable, __file__, "ended.json"], cwd=folder, env=alone, text=True,
                          capture_output=True, timeout=1500)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return json.loads((folder / "ended.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("lesson", all_lessons(), ids=lambda lesson: lesson.name)
def test_a_student_version_with_nothing_solved_runs_to_its_end(lesson, ended):
    cells = ended[lesson.name]
    assert [(line, error) for line, tagged, error in cells if error and "raises-exception" not in tagged] == []
    assert [line for line, _, _ in cells].count("# Parameters") == 1  # at its smallest size


def run_all(path):
    """Run the student version of every lesson at its smoke size, and write how each cell ended."""
    from IPython.core.interactiveshell import InteractiveShell

    spare()
    shell = InteractiveShell.instance()
    ended = {}
    for lesson in all_lessons():
        Path(lesson.name).mkdir()
        os.chdir(lesson.name)
        shell.reset()
        gc.freeze()  # what is left are libraries: the next collection need not look at them
        ended[lesson.name] = [how_it_ended(shell, cell) for cell in parameterised(lesson)]
        os.chdir("..")
    Path(path).write_text(json.dumps(ended), encoding="utf-8")


def spare():
    """Leave pictures blank, repeat what judges say of the first of a set, and paint each data set once."""
    from matplotlib.figure import Figure

    from gancourse.data import loaders
    from gancourse.data.images import encoded
    from gancourse.metrics import speech_recogniser
    from gancourse.metrics.feature_net import FeatureNet
    from gancourse.notebook import animation, image_output, slider

    features, recognise, frames = FeatureNet.features, speech_recogniser.recognise, animation.frames
    blank = encoded(np.zeros((2, 2, 3), np.uint8), "PNG")
    Figure.draw = lambda figure, renderer: None
    animation.frames = lambda fig, draw, states: first_and_last(partial(frames, fig, draw), [*states])
    image_output.png = lambda *figure, **options: blank
    slider.encoded = lambda *image, **options: blank
    FeatureNet.features = lambda net, images: np.resize(features(net, images[:FEW]), (len(images), 64))
    speech_recogniser.recognise = lambda clips, *more: np.resize(recognise(clips[:FEW_CLIPS], *more), len(clips))
    for name in ("draw_strokes", "draw_faces", "draw_landscapes"):
        setattr(loaders, name, cache(getattr(loaders, name)))


def first_and_last(frames_of, states):
    """Return a frame for each state, of which all but the last are the first."""
    first, last = frames_of([states[0], states[-1]])
    return [first] * (len(states) - 1) + [last]


def parameterised(lesson):
    """The code cells of a student version; its second sets the parameters of the smallest size, as papermill does."""
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    Path(lesson.path.name).write_text(json.dumps(with_line(without_solutions(lesson.notebook))), encoding="utf-8")
    notebook = parameterize_notebook(load_notebook_node(lesson.path.name), settings(lesson, "smoke"))
    for size, smaller in SMALLER.get(lesson.name[:2], {}).items():
        holders = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and size in source(cell)]
        assert holders, f"{lesson.name}: {size} stands in no cell"
        for cell in holders:
            cell["source"] = source(cell).replace(size, smaller)
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and source(cell).strip()]


def how_it_ended(shell, cell):
    """Run a cell; return its first line, its tags and the error that it raised, if any."""
    from IPython.utils.capture import capture_output
    from matplotlib import pyplot as plt

    with capture_output():
        result = shell.run_cell(source(cell), store_history=True)
    plt.close("all")
    error = result.error_before_exec or result.error_in_exec
    return source(cell).splitlines()[0], sorted(tags(cell)), repr(error) if error else None


if __name__ == "__main__":
    run_all(sys.argv[1])
