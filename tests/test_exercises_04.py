"""The checks of lesson 04 reject wrong answers and accept another right one."""

import numpy as np
import pytest

pytest.importorskip("torch")

from exercises import code_cells, judge, names_from, solution

from gancourse.course.lessons import find, source
from gancourse.course.studies.style import brakes, figures, other_painters, seeds_table, staging, stand_ins
from gancourse.data import sample_images
from gancourse.data.synthetic import brushwork, painter
from gancourse.data.synthetic.painter import paint
from gancourse.metrics import textures

RIGHT = {
    "game_losses": """def game_losses(real_logits, fake_logits):
    either = torch.logaddexp(real_logits, fake_logits).mean()
    return either - real_logits.mean(), either - fake_logits.mean()""",
    "content_loss": """def content_loss(fake, under):
    change = ((fake - under) * luminance).sum(1, keepdim=True)
    n, _, height, width = change.shape
    blocks = change.reshape(n, height // 16, 16, width // 16, 16)
    return blocks.mean((2, 4)).abs().mean()""",
    "receptive_field": """def receptive_field(kernels, strides):
    return 1 + sum((k - 1) * int(np.prod(strides[:i])) for i, k in enumerate(kernels))""",
    "sliced_distance": """def sliced_distance(a, b, directions):
    total = 0
    for theta in directions.T:
        total = total + np.abs(np.array(sorted(a @ theta)) - np.array(sorted(b @ theta))).mean()
    return total / directions.shape[1]""",
}
WRONG = [  # exercise, what is wrong, (old, new) in the right answer above
    ("game_losses", "G gets D's loss", ("either - fake_logits.mean()", "either - real_logits.mean()")),
    ("game_losses", "G's loss first", ("either - real_logits.mean(), either - fake_logits.mean()",
                                       "either - fake_logits.mean(), either - real_logits.mean()")),
    ("game_losses", "only one loss", ("return either - real_logits.mean(), ", "return ")),
    ("game_losses", "a sum over the patches", ("fake_logits).mean()", "fake_logits).sum()")),
    ("game_losses", "the difference of the means", ("torch.logaddexp(real_logits, fake_logits).mean()",
                                                    "torch.logaddexp(real_logits.mean(), fake_logits.mean())")),
    ("game_losses", "G's is not relativistic", ("either - fake_logits.mean()", "softplus(-fake_logits).mean()")),
    ("game_losses", "a game without an end: G minimises minus D's loss",
     ("either - fake_logits.mean()", "real_logits.mean() - either")),
    ("game_losses", "it overflows", ("torch.logaddexp(real_logits, fake_logits).mean()",
                                     "torch.log(real_logits.exp() + fake_logits.exp()).mean()")),
    ("game_losses", "no mean", ("fake_logits).mean()", "fake_logits)")),
    ("content_loss", "pixel by pixel", (".mean((2, 4)).abs()", ".abs().mean((2, 4))")),
    ("content_loss", "the mean of all blocks first", (".abs().mean()", ".mean().abs()")),
    ("content_loss", "squares", (".abs()", ".square()")),
    ("content_loss", "no absolute value", (".abs()", "")),
    ("content_loss", "a sum over the blocks", (".abs().mean()", ".abs().sum()")),
    ("content_loss", "blocks of 8", ("height // 16, 16, width // 16, 16", "height // 8, 8, width // 8, 8")),
    ("content_loss", "rows for blocks", ("height // 16, 16, width // 16, 16", "height, 1, 1, width")),
    ("content_loss", "blocks half as high", ("height // 16, 16, width // 16, 16", "height // 8, 8, width // 16, 16")),
    ("content_loss", "the mean of the colours", ("* luminance).sum(1", ").mean(1")),
    ("content_loss", "each colour for itself", ("* luminance).sum(1, keepdim=True)", ").sum(1, keepdim=True) / 3")),
    ("content_loss", "no gradient", ("((fake - under)", "((fake.detach() - under)")),
    ("content_loss", "a number a picture", (".abs().mean()", ".abs().mean((1, 2))")),
    ("content_loss", "only what becomes lighter", (".abs()", ".clamp(min=0)")),
    ("receptive_field", "a stride counts for its own layer", ("strides[:i]", "strides[: i + 1]")),
    ("receptive_field", "strides are ignored", ("int(np.prod(strides[:i]))", "1")),
    ("receptive_field", "the first pixel is forgotten", ("1 + sum", "sum")),
    ("receptive_field", "whole kernels", ("(k - 1)", "k")),
    ("sliced_distance", "not sorted", ("np.array(sorted(a @ theta)) - np.array(sorted(b @ theta))",
                                       "a @ theta - b @ theta")),
    ("sliced_distance", "the sum over the directions", (" / directions.shape[1]", "")),
    ("sliced_distance", "signs cancel each other", ("np.abs", "")),
    ("sliced_distance", "squares", (".mean()", ".__pow__(2).mean()")),
    ("sliced_distance", "the sum over the points", (".mean()", ".sum()")),
    ("sliced_distance", "the difference of the means", (
        "np.abs(np.array(sorted(a @ theta)) - np.array(sorted(b @ theta))).mean()",
        "abs((a @ theta).mean() - (b @ theta).mean())")),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; nothing is trained."""
    marks = ["photo: str", "import copy", "def conv(", "class Generator", "def make_D(", "opt_G = ",
             "measured_field = "]
    return names_from("04", marks, longest=256, width=4, device="cpu")


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_solution_and_another_right_answer_pass(names, exercise):
    judge("04", names, exercise, RIGHT[exercise])
    judge("04", names, exercise, solution("04", exercise))


@pytest.mark.parametrize("exercise, what, change", WRONG, ids=[f"{name}: {what}" for name, what, _ in WRONG])
def test_a_wrong_answer_is_refused(names, exercise, what, change):
    assert change[0] in RIGHT[exercise], "the change changes nothing"
    with pytest.raises(AssertionError):
        judge("04", names, exercise, RIGHT[exercise].replace(*change))


def test_the_training_uses_the_answer_bit_for_bit(names):
    """The course's own losses stand in for an empty answer, so both must give the same pictures."""
    scope = dict(names)
    exec(solution("04", "game_losses"), scope)
    draw = scope["torch"].Generator().manual_seed(0)
    real, fake = 5 * scope["torch"].randn(2, 4, 1, 12, 12, generator=draw)
    d_loss, g_loss = scope["game_losses"](real, fake)
    assert d_loss == scope["losses"].relativistic_d_loss(real, fake)
    assert g_loss == scope["losses"].relativistic_g_loss(real, fake)


def test_the_content_term_is_the_same_bit_for_bit(names):
    scope = dict(names)
    exec(solution("04", "content_loss"), scope)
    draw = scope["torch"].Generator().manual_seed(0)
    fake, under = scope["torch"].rand(2, 4, 3, 96, 96, generator=draw)
    assert scope["content_loss"](fake, under) == stand_ins.content_loss(fake, under)


@pytest.mark.parametrize("exercise", RIGHT)
def test_what_stands_in_for_an_empty_answer_is_right(names, exercise):
    cells = code_cells("04")
    at = next(i for i, cell in enumerate(cells) if f"def {exercise}(" in source(cell))
    scope = dict(names)
    exec(solution("04", exercise), scope)
    exec(source(cells[at + 1]), scope)
    scope[f"check_{exercise}"](getattr(stand_ins, exercise))


def test_the_study_runs_the_lessons_cells_up_to_its_table():
    kept = seeds_table.cells(find("04").notebook)
    text = "\n".join(kept)
    assert kept[0].startswith("photo: str") and seeds_table.LAST in kept[-1]
    assert "for log in train(" in text and "def without_gan(" in text and "def content_loss(" in text
    assert "slider.show(" not in text and "checks.adopt" not in text


def test_the_stored_table_has_three_seeds():
    stored = seeds_table.load()
    for name in ("photograph", "recipe", "G, at its end", "painter, other seed"):
        assert stored[name].shape == (3, 4)


def test_a_run_gives_a_row_for_each_picture():
    (row,) = seeds_table.rows({"matched": (0.5, 0.25, 1, 108)}, 3)
    assert row == {"picture": "matched", "seed": 3, "texture distance": 0.5, "content correlation": 0.25,
                   "colour agreement": 1, "mean luminance": 108}


@pytest.fixture(scope="module")
def photo():
    return sample_images.photo("china", 160)


def test_the_painter_by_direction_changes_colours_and_not_the_light(photo):
    usual, other = paint(photo, 1), other_painters.by_direction(photo, 1)
    assert other.shape == usual.shape and other.dtype == np.uint8
    assert abs(brushwork.luminance(other) - brushwork.luminance(usual)).mean() < 0.02
    assert other_painters.tint_along(other) > 0.7 > abs(other_painters.tint_along(usual))
    assert other_painters.colour_distance(usual, other) > 10 * other_painters.colour_distance(usual, usual) == 0


def test_the_painter_with_another_palette_paints_the_dark_yellow(photo):
    palette = painter.PALETTE.copy()
    usual, other = paint(photo, 1).astype(float), other_painters.another_order(photo, 1).astype(float)
    light = brushwork.luminance(photo)
    dark = light < np.percentile(light, 20)
    yellow = [(picture[dark][:, 0] - picture[dark][:, 2]).mean() for picture in (usual, other)]
    assert yellow[1] > 40 > yellow[0]
    assert (painter.PALETTE == palette).all(), "the usual palette must come back"


def test_the_colour_distance_sees_amounts_and_not_places():
    rng = np.random.default_rng(0)
    picture = np.repeat(np.repeat(rng.integers(0, 256, (4, 6, 3), dtype=np.uint8), 8, 0), 8, 1)
    assert other_painters.colour_distance(picture, picture[:, ::-1]) == pytest.approx(0, abs=1e-9)
    assert other_painters.colour_distance(picture, picture[..., ::-1]) > 1


def test_the_means_of_squares_are_those_of_their_pixels():
    picture = np.arange(2 * 4 * 3).reshape(2, 4, 3)
    assert (figures.blocks(picture, 2) == [picture[:, :2].mean((0, 1)), picture[:, 2:].mean((0, 1))]).all()
    assert np.allclose(figures.hues(picture, 2).sum(1), 0)
    assert figures.halved(2 * picture).tolist() == [[[15, 17, 19], [27, 29, 31]]]


def test_the_stored_other_painters_have_three_seeds_and_their_pictures():
    stored = other_painters.load()
    for which in other_painters.RUNS:
        for name in ("matched", "recipe", "G, at its end", "painter, other seed"):
            assert {len(values) for values in stored[which, name].values()} == {3}
        pictures = other_painters.pictures(which)
        assert list(pictures) == list(other_painters.SHOWN)
        assert len({picture.shape for picture in pictures.values()}) == 1


def test_the_study_of_other_painters_makes_only_what_is_missing(tmp_path, monkeypatch, photo):
    made = []

    def run(seed, painter, num_steps):
        made.append((seed, painter, num_steps))
        return {"table": {"matched": (0.5, 0.25, 1, 108)}, "truth": photo,
                "rows": dict.fromkeys(other_painters.SHOWN, photo) | {"matched": photo}}

    monkeypatch.setattr(seeds_table, "run", run)
    wanted = ["--painters", "by direction", "--to", str(tmp_path), "--seeds"]
    other_painters.main([*wanted, "1"])
    other_painters.main([*wanted, "1", "2"])
    assert made == [(1, other_painters.by_direction, 600), (2, other_painters.by_direction, 600)]
    stored = other_painters.load(tmp_path / other_painters.HERE.name)
    assert list(stored) == [("by direction", "matched")]
    assert stored["by direction", "matched"]["colour distance"].tolist() == [0, 0]
    shapes = {picture.shape for picture in other_painters.pictures("by direction", tmp_path).values()}
    assert shapes == {(photo.shape[0] // 2, photo.shape[1] // 2, 3)}


def test_an_untold_g_gets_zeros_in_the_place_of_the_directions(monkeypatch):
    given = []

    def run(seed, painter, num_steps):
        given.append(staging.heading(np.full((2, 3), 0.5)))

    monkeypatch.setattr(seeds_table, "run", run)
    for which in ("by direction, 2400 steps", "by direction, 2400 steps, untold"):
        other_painters.train(which, 0)
    told, untold = given
    assert told.all() and not untold.any()
    assert untold.shape == told.shape and untold.dtype == told.dtype


def test_the_stored_brakes_have_three_seeds_of_each_arm():
    stored = brakes.load()
    assert set(stored) == {(arm, picture) for arm in brakes.ARMS for picture in brakes.KEPT}
    assert {scores.shape for scores in stored.values()} == {(3, len(figures.SCORES))}


def test_the_study_of_the_brakes_leaves_one_out_and_makes_only_what_is_missing(tmp_path, monkeypatch, photo):
    made = []

    def run(seed, **parameters):
        exposed = brushwork.expose(photo, 0.5, 0.1)
        as_it_was = bool(np.allclose(exposed, photo / 127.5 - 1, atol=1e-6))
        made.append((seed, parameters, as_it_was))
        return {"table": dict.fromkeys(("matched", *brakes.KEPT), (0.5, 0.25, 1, 108)),
                "rows": dict.fromkeys(brakes.KEPT, photo)}

    monkeypatch.setattr(seeds_table, "run", run)
    brakes.main(["--to", str(tmp_path), "--seeds", "1", "--arms", brakes.WITHOUT_CONTENT])
    brakes.main(["--to", str(tmp_path), "--seeds", "1"])
    assert made == [(1, {"content_weight": 0.0}, False), (1, {}, True)]
    stored = brakes.load(tmp_path / brakes.HERE.name)
    assert stored[brakes.WITHOUT_MATCHING, "G, step 0"].tolist() == [[0.5, 0.25, 1, 108]]
    assert ("no content term", "matched") not in stored
    kept = [path.name for path in tmp_path.glob("*.webp")]
    assert kept == [brakes.PAINTED[1]], "only what is painted without the content term is kept"


def test_the_stored_pictures_without_the_content_term_are_those_that_were_scored():
    pictures = brakes.pictures()
    assert list(pictures) == [0, 1, 2]
    photograph = sample_images.photo("china", 640)
    shown = figures.halved(photograph[: len(photograph) // 4 * 4])  # as the lesson cuts it
    scores = brakes.load()[brakes.WITHOUT_CONTENT, brakes.KEPT[-1]]
    for picture, (_, content, _, light) in zip(pictures.values(), scores, strict=True):
        assert textures.content_correlation(picture, shown, 4) == pytest.approx(content, abs=0.005)
        assert 255 * brushwork.luminance(picture).mean() == pytest.approx(light, abs=1)
