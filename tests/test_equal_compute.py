"""The study at equal compute: an honest clock, the same schedule for both models, references that are what they say."""

import numpy as np
import pytest

from gancourse.course.studies.equal_compute import equal_compute as study
from gancourse.course.studies.equal_compute import equal_compute_figures as figures

torch = pytest.importorskip("torch", reason="needs PyTorch")
players = pytest.importorskip("gancourse.course.studies.equal_compute.players")


@pytest.fixture(scope="module")
def few():
    """200 digits to learn from."""
    return study.load("strokes", 0, 200)


def test_the_rate_is_whole_for_40_per_cent_of_the_seconds_and_ends_at_0():
    shares = [study.rate_at(0.01, spent, 60) / 0.01 for spent in (0, 24, 42, 60, 61)]
    assert shares == pytest.approx([1, 1, 0.5, 0, 0])


def test_the_clock_counts_steps_and_no_looks(monkeypatch):
    """A step of this player takes half a second; what happens between the looks takes a hundred."""
    now = {"seconds": 0.0}
    rates = []

    def step(k, rate):
        rates.append(rate)
        now["seconds"] += 0.5

    monkeypatch.setattr(study.time, "process_time", lambda: now["seconds"])
    seen = []
    for look in study.trained(players.Player(step, None), 1.0, (2.0, 5.0)):
        seen.append(look)
        now["seconds"] += 100
    assert seen == [(2.0, 4), (5.0, 10)]
    assert rates[:5] == [1] * 5 and rates[-1] == pytest.approx(0.1 / 0.6)


@pytest.mark.parametrize("name", study.SETS)
@pytest.mark.parametrize("model", study.MODELS)
def test_a_try_changes_one_setting_of_the_start(name, model):
    first, *others = study.tries(name, model)
    assert len(others) == 4
    assert all(sum(a != b for a, b in zip(first, other, strict=True)) == 1 for other in others)
    for place in (0, 1):  # the start lies between the others
        assert min(o[place] for o in others) < first[place] < max(o[place] for o in others)


def test_the_best_try_is_the_nearest_of_its_own_model():
    rows = [{"part": "try", "data": "faces", "model": model, "width": "8", "rate": rate, "distance": distance}
            for model, rate, distance in (("GAN", "0.1", "90"), ("GAN", "0.2", "100"), ("flow", "0.3", "1"))]
    assert study.best_try(rows, "faces", "GAN") == (8, 0.1)


@pytest.mark.parametrize("model", study.MODELS)
def test_both_models_learn_only_at_a_rate_and_draw_images(few, model):
    player = players.PLAYERS[model](few, 8, 1)
    before = player.draw(3, 2)
    assert before.shape == (3, 28, 28, 1) and np.abs(before).max() <= 1
    state = torch.get_rng_state()
    player.step(0, 0.0)
    stayed = player.draw(3, 2)
    for k in range(1, 4):
        player.step(k, 0.01)
    assert torch.equal(torch.get_rng_state(), state)  # also of the GAN's penalty
    assert np.abs(player.draw(3, 2) - stayed).max() > 1e-3


def test_the_references_have_the_moments_that_they_claim(few, monkeypatch):
    monkeypatch.setattr(study, "SAMPLES", 2000)
    made = study.references(few, 0)
    x = study.to_float(few.x_train)
    inside = x.std(0) > 0.3  # at the border all pixels are black, and clipping changes the rest
    assert np.allclose(made["mean image"], x.mean(0), atol=1e-6)
    for arm in ("Gaussian of each pixel", "Gaussian of all pixels"):
        assert np.abs(made[arm].mean(0) - x.mean(0))[inside].max() < 0.25
    pair = (slice(None), 14, slice(13, 15), 0)  # two pixels that lie side by side
    true, each, together = (np.corrcoef(some[pair].T)[0, 1] for some in (
        x, made["Gaussian of each pixel"], made["Gaussian of all pixels"]))
    assert abs(each) < 0.1 < abs(true) and together == pytest.approx(true, abs=0.15)
    known = {image.tobytes() for image in few.x_train}
    assert not any(image.tobytes() in known for image in made["real"])


def test_coarse_images_have_few_levels_with_black_and_white():
    levels = np.unique(study.coarse(np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)))
    assert len(levels) == study.LEVELS and levels[[0, -1]].tolist() == [0, 255]


def test_a_stopped_study_goes_on_where_it_was(tmp_path):
    def run(distance):
        yield {"part": "try", "data": "strokes", "model": "GAN", "seed": 3, "width": 8, "rate": 0.1,
               "distance": distance}

    study.Store(tmp_path).add(run(5.0), part="try", data="strokes", model="GAN")
    again = study.Store(tmp_path)
    again.add(run(1.0), part="try", data="strokes", model="GAN")  # is there, so it is not made
    again.add(run(2.0), part="try", data="strokes", model="flow")
    assert [row["distance"] for row in study.Store(tmp_path).rows] == ["5", "2"]


def test_the_least_loss_of_a_flow_is_known_by_hand():
    """From N(0, 1) to N(m, s^2) it is pi s / 2, wherever m lies; the ways to two dots cross more."""
    one = players.least_loss(np.array([[3.0, -1.0]]), 0.5, num=200_000)
    assert abs(one - np.pi / 4) < 0.01
    assert players.least_loss(np.array([[5.0, 0.0], [-5.0, 0.0]]), 0.5) > 1.2 * one


def test_the_stored_table_has_every_run_and_equal_seconds():
    rows = figures.read()
    for name in study.SETS:
        for model in study.MODELS:
            seconds, distances = figures.looks(rows, name, model)
            assert seconds.shape == distances.shape == (len(study.SEEDS), len(study.LOOKS))
            assert np.all(np.abs(seconds - study.LOOKS) < 0.5)  # no look is a step or two late
            assert len([r for r in rows if (r["part"], r["data"], r["model"]) == ("try", name, model)]) == 5
        flow, gan = (figures.drawing(rows, name, model) for model in ("flow", "GAN"))
        assert flow["passes"][0].tolist() == [2 * steps for steps in study.STEPS] and gan["passes"][0].tolist() == [1]
        at_looks = study.STEPS.index(study.LOOK_STEPS)  # the same net, noise and steps as at the last look
        assert np.allclose(flow["distance"][:, at_looks], figures.looks(rows, name, "flow")[1][:, -1], rtol=1e-3)
        assert np.all(figures.reference(rows, name, "real") < figures.reference(rows, name, "Gaussian of all pixels"))


def test_the_stored_files_are_small_and_hold_eight_samples_each():
    assert (figures.HERE / study.TABLE).stat().st_size < 40_000
    assert (figures.HERE / study.PICTURES).stat().st_size < 30_000
    with np.load(figures.HERE / study.PICTURES, allow_pickle=False) as kept:
        for name, side in study.SETS.items():
            drawn = [images for key, images in kept.items() if key.startswith(name)]
            assert drawn and {images.shape[:3] for images in drawn} == {(8, side, side)}
