"""Figures that cannot be wrong by accident: grids, alt text, the live plot's last state."""

import io
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

from gancourse.notebook import animation, image_output, plots
from gancourse.training_loop import History, Log


@pytest.fixture
def shown(monkeypatch):
    calls = []

    class Handle:
        def update(self, data, **_):
            calls.append(("update", data))

    def display(data, metadata=None, raw=False, display_id=False):
        calls.append(("display", data, metadata))
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    return calls


def test_tile_puts_images_row_by_row():
    images = np.stack([np.full((2, 2, 1), v, np.uint8) for v in (10, 20, 30)])
    grid = plots.tile(images, columns=2)
    assert grid.shape == (5, 5) and grid[0, 0] == 10 and grid[0, 3] == 20 and grid[3, 0] == 30
    assert grid[0, 2] == 255 and grid[4, 4] == 255, "gaps and the missing image are white"


def test_float_images_are_read_from_minus_one_to_one():
    assert plots.tile(np.array([-1.0, 0.0, 1.0, 9.0]).reshape(4, 1, 1, 1), 4, gap=0).tolist() == [[0, 128, 255, 255]]


def test_a_figure_carries_its_alt_text(shown):
    plots.show_images(np.zeros((3, 8, 8, 1)), alt="three gray squares")
    _, data, metadata = shown[0]
    assert metadata["image/png"]["alt"] == data["text/plain"] == "three gray squares"


def test_a_figure_is_stored_with_twice_the_pixels_of_the_page(shown):
    fig, _ = plots.figure(width=3, height=1)
    plots.finish(fig, alt="an empty figure")
    _, data, metadata = shown[0]
    picture = Image.open(io.BytesIO(b64decode(data["image/png"])))
    assert picture.size == (600, 200) and metadata["image/png"]["width"] == 300


def test_a_drawing_is_stored_with_few_colours_and_a_photograph_with_all_of_its_own():
    drawing, ax = plots.figure(width=2, height=1)
    ax.plot([0, 1], [0, 1])
    assert Image.open(io.BytesIO(image_output.png(drawing))).mode == "P"
    photograph, ax = plots.figure(width=2, height=2)
    ax.imshow(np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8))
    assert Image.open(io.BytesIO(image_output.png(photograph))).mode == "RGB"


def test_a_figure_without_alt_text_is_refused(shown):
    with pytest.raises(ValueError, match="say in alt="):
        plots.show_images(np.zeros((3, 8, 8, 1)))


def test_curves_draw_every_scalar():
    history = History([Log(1, {"d_loss": 1.0, "g_loss": 2.0}), Log(2, {"d_loss": 0.5, "g_loss": 3.0})])
    fig, ax = plots.figure()
    plots.show_curves(history, ax=ax, levels={"log 4": 1.386})
    assert [line.get_label() for line in ax.lines][:2] == ["d_loss", "g_loss"]
    assert ax.lines[1].get_ydata().tolist() == [2.0, 3.0]


def test_frames_of_a_figure_show_each_state_and_close_it():
    """A square that covers the axes is drawn darker in each frame."""
    fig, ax = plots.figure(width=2, height=1)
    square = ax.axvspan(0, 1, color="white")
    ax.set(xlim=(0, 1), ylim=(0, 1))
    images = animation.frames(fig, lambda gray: square.set_color((gray, gray, gray)), [1.0, 0.4, 0.0])
    assert [image[50, 100].tolist() for image in images] == [[255] * 3, [102] * 3, [0] * 3]
    assert images[0].shape == (150, 300, 3) and not plots.plt.fignum_exists(fig.number)


def test_live_shows_the_first_state_at_once_and_the_last_at_the_end(shown):
    drawn = []
    live = animation.Live(lambda fig, state: drawn.append(state), alt="states", every=3600)
    for state in (1, 2, 3):
        live.update(state)
    assert drawn == [1]
    live.close()
    live.close()
    assert drawn == [1, 3] and [call[0] for call in shown] == ["display", "update"]


def test_nothing_to_show_is_said():
    with pytest.raises(ValueError, match="no image to show"):
        plots.show_images(np.zeros((0, 8, 8, 1)), alt="x")
