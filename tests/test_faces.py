"""The cartoon faces: reproducible, of any number and size, and what they say they are."""

import time

import numpy as np
import pytest
from PIL import Image

from gancourse import data
from gancourse.course import cli
from gancourse.course.image_sheet import write_sheet
from gancourse.data.synthetic.face_parts import EYE, MOUTH
from gancourse.data.synthetic.faces import CHOICES, HAIR_COLOURS, RANGES, STYLES, Attributes, draw, faces
from gancourse.data.synthetic.soft_shapes import NECK

MANY = faces(8000, size=8).attributes  # the attributes do not depend on the size


def places(attributes, size):
    """Where each pixel lies in the face's own coordinates u and v, (n, size, size) each."""
    axis = (np.arange(size) + 0.5) * 2 / size - 1
    x, y, tilt = (column[:, None, None] for column in (attributes.x, attributes.y, attributes.tilt))
    right, down = axis[None, None] - x, axis[None, :, None] - y - NECK
    return (np.cos(tilt) * right + np.sin(tilt) * down, np.cos(tilt) * down - np.sin(tilt) * right + NECK)


def with_all(attributes, **values):
    """The same faces, but for attributes that all of them get."""
    return attributes._replace(**{name: np.full_like(getattr(attributes, name), value)
                                  for name, value in values.items()})


def changed(attributes, size=32, **pair):
    """Pixels that differ between two values of one attribute, and all pixels' places."""
    (name, (one, other)), = pair.items()
    a, b = (draw(with_all(attributes, **{name: value}), size) for value in (one, other))
    return (a != b).any(-1), *places(attributes, size)


@pytest.mark.parametrize("size", [8, 31, 64])
def test_shapes_and_types(size):
    x, attributes = faces(70, size=size)
    assert x.shape == (70, size, size, 3) and x.dtype == np.uint8
    assert set(attributes._fields) == CHOICES.keys() | RANGES.keys() == set(Attributes._fields)
    for name, column in attributes._asdict().items():
        assert column.shape == (70,) and column.dtype == (np.int64 if name in CHOICES else np.float32)


def test_the_same_seed_draws_the_same_and_another_does_not():
    assert np.array_equal(faces(60, seed=3).images, faces(60, seed=3).images)
    assert not (faces(60, seed=3).images == faces(60, seed=4).images).all((1, 2, 3)).any()


def test_the_first_faces_do_not_depend_on_how_many_are_asked_for():
    few, many = faces(40), faces(1200)
    assert np.array_equal(few.images, many.images[:40])
    for a, b in zip(few.attributes, many.attributes, strict=True):
        assert np.array_equal(a, b[:40])


@pytest.mark.parametrize("size", [8, 32, 64])
def test_a_face_does_not_depend_on_those_drawn_beside_it(size):
    """A part is painted within one box for all: it must hold the whole part, or a neighbour would cut it."""
    x, attributes = faces(200, size=size, seed=1)
    alone = [draw(Attributes(*(column[i : i + 1] for column in attributes)), size)[0] for i in range(60)]
    assert np.array_equal(np.stack(alone), x[:60])


def test_every_size_shows_the_same_people():
    a, b = faces(100, size=32), faces(100, size=64)
    assert all(map(np.array_equal, a.attributes, b.attributes))
    shrunk = b.images.reshape(100, 32, 2, 32, 2, 3).mean((2, 4))
    assert np.abs(shrunk - a.images).mean() < 3  # of 255


def test_attributes_have_the_shares_and_ranges_they_are_given():
    for name, chances in CHOICES.items():
        assert np.bincount(getattr(MANY, name)) / 8000 == pytest.approx(np.array(chances), abs=0.025), name
    for name, (low, high) in RANGES.items():
        column = getattr(MANY, name)
        assert low <= column.min() and column.max() <= high, name
        assert column.mean() == pytest.approx((low + high) / 2, abs=0.03 * (high - low)), name
    assert len(STYLES) == len(CHOICES["hair_style"]) and len(HAIR_COLOURS) == len(CHOICES["hair_colour"])


def test_no_attribute_hangs_on_another():
    """Pearson's chi-squared of every pair; of its mean, the degrees of freedom, it strays by root 2 df."""
    binned = {name: getattr(MANY, name) if name in CHOICES else np.searchsorted(
        np.linspace(*RANGES[name], 5)[1:-1], getattr(MANY, name)) for name in MANY._fields}
    strays = []
    for i, a in enumerate(MANY._fields):
        for b in MANY._fields[i + 1:]:
            table = np.zeros((binned[a].max() + 1, binned[b].max() + 1))
            np.add.at(table, (binned[a], binned[b]), 1)
            expected = table.sum(1, keepdims=True) * table.sum(0) / 8000
            free = (table.shape[0] - 1) * (table.shape[1] - 1)
            strays.append((((table - expected) ** 2 / expected).sum() - free) / np.sqrt(2 * free))
    assert max(strays) < 6 and np.mean(strays) == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_glasses_change_pixels_near_the_eyes_only(kind):
    differs, u, v = changed(faces(150, seed=2).attributes, glasses=(0, kind))
    assert differs.any((1, 2)).all()
    near = (np.abs(u) < 0.66) & (np.abs(v - EYE) < 0.25)
    assert not (differs & ~near).any()


def test_a_smile_and_an_open_mouth_change_the_mouth_only():
    attributes = faces(150, seed=2).attributes
    for pair in ({"smile": (-0.5, 1)}, {"mouth_open": (0, 1)}):
        differs, u, v = changed(attributes, **pair)
        assert differs.any((1, 2)).all()
        near = (np.abs(u) < 0.3) & (np.abs(v - MOUTH) < 0.3)
        assert not (differs & ~near).any()


def test_a_smile_lifts_the_corners_of_the_mouth():
    """On light skin, lips are what has little green; v points down."""
    plain = with_all(faces(150, seed=2).attributes, mouth_open=0, beard=0, skin=0)
    u, v = places(plain, 64)
    heights = []
    for smile in (-0.5, 0, 1):
        x = draw(with_all(plain, smile=smile), 64).astype(float)
        corners = (np.abs(u) > 0.15) & (np.abs(u) < 0.19) & (np.abs(v - MOUTH) < 0.16) & (x[..., 1] < 140)
        heights.append(v[corners].mean())
    assert heights[0] > heights[1] + 0.01 and heights[1] > heights[2] + 0.02


def test_gaze_moves_both_pupils_the_same_way():
    attributes = with_all(faces(150, seed=2).attributes, glasses=0, lids=1.3)
    for side in (-1, 1):
        at = []
        for gaze in (-1, 1):
            x = draw(with_all(attributes, gaze=gaze), 64).astype(float)
            u, v = places(attributes, 64)
            eye = (np.abs(u * side - attributes.spacing[:, None, None]) < 0.1) & (np.abs(v - EYE) < 0.06)
            dark = eye & (x.mean(-1) < 60)  # the pupils alone
            at.append((dark * u).sum() / dark.sum())
        assert at[1] > at[0] + 0.03


@pytest.mark.parametrize("name, value, box", [
    ("earrings", 1, (0.75, 0.1, 0.4)), ("beard", 1, (0.72, -0.1, 0.8)), ("beard", 2, (0.35, 0.05, 0.45)),
    ("beard", 3, (0.3, 0.3, 0.85)), ("brows", 1, (0.5, -0.45, -0.1))])
def test_other_parts_stay_where_they_belong(name, value, box):
    differs, u, v = changed(faces(150, seed=2).attributes, **{name: (0, value)})
    half, top, bottom = box
    assert differs.any((1, 2)).mean() > 0.9
    assert not (differs & ~((np.abs(u) < half) & (v > top) & (v < bottom))).any()


def test_a_bald_head_shows_skin_where_hair_would_be():
    attributes = with_all(faces(150, seed=2).attributes, hair_colour=7, skin=0)  # blue hair, light skin
    u, v = places(attributes, 32)
    crown = (np.abs(u) < 0.2) & (np.abs(v + 0.45) < 0.04)
    red, blue = (draw(with_all(attributes, hair_style=style), 32)[crown].mean(0)[0::2] for style in (0, 1))
    assert red[0] > 240 > red[1] and blue[0] < blue[1]


@pytest.mark.parametrize("wrong", [{"n": 0}, {"n": 5, "size": 4}])
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError, match="n >= 1 and size >= 8"):
        faces(**wrong)


def test_two_thousand_take_a_second_or_two():
    start = time.process_time()
    faces(2000)
    assert time.process_time() - start < 4  # 0.5 s on a core of 2026


def test_the_data_set_by_name():
    loaded = data.load("faces", num=300, resolution=16, seed=5)
    assert loaded.x_train.shape == (300, 16, 16, 3) and loaded.x_test.shape == (2000, 16, 16, 3)
    assert loaded.class_names == STYLES and set(loaded.y_train) == set(range(6))
    assert np.array_equal(loaded.x_train, faces(300, size=16, seed=10).images)


def test_training_and_test_faces_differ():
    loaded = data.load("faces", num=2000, resolution=16)
    train, test = ({image.tobytes() for image in x} for x in (loaded.x_train, loaded.x_test))
    assert len(train) == len(test) == 2000 and not train & test


def test_a_sheet_shows_96_images_in_rows_of_12(tmp_path, capsys):
    digits = data.load("digits")
    file = tmp_path / "new" / "sheet.png"
    with pytest.raises(SystemExit) as stop:
        cli.main(["data", "digits", "--show", str(file)])
    assert not stop.value.code and f"a sheet: {file}" in capsys.readouterr().out
    sheet = np.asarray(Image.open(file))
    assert sheet.shape == (8 * 64, 12 * 64)  # digits of 8x8, each pixel enlarged to 8x8
    for i in (0, 11, 12, 95):
        row, column = divmod(i, 12)
        assert np.array_equal(sheet[row * 64 : row * 64 + 64 : 8, column * 64 : column * 64 + 64 : 8],
                              digits.x_train[i, ..., 0])


def test_a_sheet_of_few_colour_images_is_filled_up_with_white(tmp_path):
    write_sheet(np.zeros((13, 100, 100, 3), np.uint8), tmp_path / "a.png")
    sheet = np.asarray(Image.open(tmp_path / "a.png"))
    assert sheet.shape == (200, 1200, 3) and not sheet[:100].any() and not sheet[100:, :100].any()
    assert (sheet[100:, 100:] == 255).all()


@pytest.mark.parametrize("words, said", [
    (["digits", "--show", "sheet.txt"], "must end in one of"), (["speech", "--show", "a.png"], "holds sounds")])
def test_a_sheet_that_cannot_be_is_refused(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        cli.main(["data", *words])
    assert stop.value.code == 2 and said in capsys.readouterr().err and not [*tmp_path.iterdir()]
