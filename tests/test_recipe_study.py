"""The study of recipes in lesson 14: its networks, its schedules, its arms, its table."""

import math

import numpy as np
import pytest
import torch

from gancourse.course.studies import stored_table
from gancourse.course.studies.recipe import recipe as study
from gancourse.course.studies.recipe.recipe_training import (
    PENALTIES,
    Recipe,
    _share_kept,
    settings_at,
    train,
)
from gancourse.course.studies.recipe.residual_pair import Block, fixup_start, residual_pair
from gancourse.data.registry import Dataset
from gancourse.errors import CourseError
from gancourse.pt.train import average_weights, make_gan

BOWL = torch.tensor([[3.0, 4.0, 0.0], [0.0, 0.0, 0.0]]), torch.tensor([[0.0, 0.0, 2.0], [2.0, 0.0, 0.0]])


def half_square(x):
    """A D whose gradient at x is x itself."""
    return x.square().sum(1, keepdim=True) / 2


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (8, 8, 2)])
def test_the_residual_pair_goes_from_noise_to_images_to_logits(shape):
    G, D = residual_pair(5, shape, width=4)
    images = G(torch.randn(3, 5))
    assert images.shape == (3, shape[2], *shape[:2]) and D(images).shape == (3, 1)


@pytest.mark.parametrize("shape", [(30, 30, 1), (32, 28, 1)])
def test_other_sides_are_refused(shape):
    with pytest.raises(CourseError, match="whose side divides by 4"):
        residual_pair(5, shape)


def test_a_block_changes_nothing_at_its_start_and_learns_first_in_its_last_layer():
    block = fixup_start(Block(4), 1)
    x = torch.randn(2, 4, 6, 6)
    assert torch.equal(block(x), x)
    block(x).square().sum().backward()
    assert block.change[-1].weight.grad.abs().sum() > 0 and block.change[0].weight.grad.abs().sum() == 0


def test_without_blocks_and_biases_the_generator_starts_as_a_linear_function():
    """What adds up in z adds up in the image, and z = 0 gives an image of zeros."""
    G, _ = residual_pair(5, (28, 28, 1))
    a, b = torch.randn(2, 1, 5)
    assert torch.allclose(G(a) + G(b), G(a + b), atol=1e-5) and not G(torch.zeros(1, 5)).any()
    assert 0.1 < G(torch.randn(200, 5)).std() < 3


def test_a_logit_does_not_depend_on_the_other_images_of_its_batch():
    _, D = residual_pair(5, (28, 28, 1))
    some, others = torch.randn(1, 1, 28, 28), 9 * torch.randn(7, 1, 28, 28)
    assert torch.allclose(D(torch.cat([some, others]))[:1], D(some), atol=1e-4)


@pytest.mark.parametrize("share, want", [(0.0, (2e-3, 0.9, 5, 0)), (0.5, (1.1e-3, 0.945, 2.75, 500)),
                                         (1.0, (2e-4, 0.99, 0.5, 1000))])
def test_the_schedule_by_hand(share, want):
    """Rate and gamma fall to a tenth, beta2 rises from .9 to .99, the half-life from 0 to 1,000 images."""
    assert settings_at(Recipe(gamma=5.0), share) == pytest.approx(want, abs=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_constant_settings_are_those_of_half_time(share):
    recipe = Recipe(gamma=5.0)
    assert settings_at(recipe._replace(settings="constant"), share) == settings_at(recipe, 0.5)


def test_the_rates_of_2016_and_of_lesson_03():
    """The first is constant; the second falls to 0 over the last 60 %, so it is at half when 70 % are over."""
    first, second = (Recipe(settings=name, learning_rate=4e-3) for name in ("2016", "lesson 03"))
    assert [settings_at(first, share).learning_rate for share in (0, 0.7)] == [4e-3, 4e-3]
    assert [settings_at(second, share).learning_rate for share in (0, 0.4, 0.7)] == pytest.approx([4e-3, 4e-3, 2e-3])


@pytest.mark.parametrize("name, want", [("R1", 25 / 2), ("R2", 8 / 2), ("R1 + R2", 33 / 2), ("2 R1", 25)])
def test_the_penalties_by_hand(name, want):
    """The gradient is x; the squared lengths are 25 and 0 at the real ones, 4 and 4 at the fakes."""
    assert PENALTIES[name](half_square, *BOWL).item() == pytest.approx(want)


def test_the_half_life_of_an_average_is_counted_in_images():
    """With a batch of 32 and a half-life of 32 images, half of the old average stays; with 0 nothing."""
    net = torch.nn.Linear(1, 1)
    gan = make_gan(net, torch.nn.Linear(1, 1), z_dim=1)
    before = net.weight.item()
    with torch.no_grad():
        net.weight += 1
    assert [_share_kept(gan, 7, half_life, 32) for half_life in (0.0, 32.0, 16.0)] == [0, 0.5, 0.25]
    average_weights(gan, 0.25)
    assert gan.G_ema.weight.item() == pytest.approx(before + 0.75)


def small_strokes():
    images = np.random.default_rng(0).integers(0, 256, (70, 28, 28, 1), dtype=np.uint8)
    labels = np.zeros(70, int)
    return Dataset("strokes", images, labels, images, labels, ("0",), "drawn here", "none")


@pytest.mark.parametrize("interval, want", [(1, 9), (8, 2)])
def test_a_training_of_nine_steps_pays_the_given_penalty_at_each_or_at_every_eighth(interval, want):
    paid = []

    def penalty(D, real, fake):
        paid.append(fake.requires_grad)
        return D(real).mean()

    gan, steps, seconds = train(small_strokes(), Recipe(interval=interval), seed=0, num_steps=9, penalty=penalty)
    assert steps == 9 and seconds > 0 and paid == [False] * want
    assert gan.opt_D.param_groups[0]["lr"] < 1e-3 and gan.opt_G.param_groups[0]["betas"][1] > 0.98


@pytest.mark.parametrize("arm", study.ARMS)
def test_every_arm_trains(arm):
    gan, steps, _ = train(small_strokes(), study.ARMS[arm], seed=0, num_steps=1)
    assert steps == 1 and all(bool(p.isfinite().all()) for p in gan.G.parameters())


def test_an_arm_changes_one_part():
    """All but the old recipe and lesson 03's differ from the recipe of 2024 in one entry."""
    for arm, recipe in study.ARMS.items():
        differing = [name for name, ours, theirs in zip(Recipe._fields, study.TODAY, recipe, strict=True)
                     if ours != theirs]
        assert len(differing) == (0 if arm == "2024" else 1) or arm in ("2016", "all of lesson 03")
    assert {len(tries) for tries in study.TRIES.values()} == {6}


def run_row(arm, seed, distance, raw=math.nan):
    return {"part": "run", "data": "strokes", "arm": arm, "seed": seed, "distance": distance,
            "distance of G itself": raw}


def test_the_arm_without_an_average_is_g_itself_of_the_whole_recipe():
    rows = [run_row("2024", 0, 10.0, 20.0), run_row("2024", 1, 10.0, 40.0)]
    assert study.measured(rows, "strokes", study.NO_AVERAGE).tolist() == [20, 40]


def test_ratios_by_hand():
    """Twice and eight times as far: four times in the mean of the logarithms."""
    rows = [run_row(arm, seed, 10.0 * (2 * 4**seed if arm != "2024" else 1), 20.0 * 4**seed)
            for arm in study.ARMS for seed in (0, 1)]
    found = study.ratios(rows, "strokes")
    assert set(found) == set(study.arms()) - {"2024"}
    assert found["no R2"].ratio == pytest.approx(4) and found["no R2"].low < 1 < found["no R2"].high


def test_closer_runs_and_steps_are_counted_over_both_data_sets():
    rows = [run_row("2024", seed, 10.0) | {"data": name, "steps": 100} for name in study.DATA for seed in (0, 1)]
    rows += [run_row("no R2", seed, 9.0 + 2 * seed) | {"data": name, "steps": 150 + 100 * seed}
             for name in study.DATA for seed in (0, 1)]
    assert study.closer(rows, "no R2") == 2 and study.steps_won(rows, "no R2") == 2.0


def test_verdicts_in_words():
    """Twice as far with every seed is further, half as far is closer, and once this, once that decides nothing."""
    ratio = {"no R2": (2, 2), "no R1": (0.5, 0.5)}
    rows = [run_row(arm, seed, 10.0 * ratio.get(arm, (0.5, 2))[seed] if arm != "2024" else 10.0, 20.0) | {"data": name}
            for name in study.DATA for arm in study.ARMS for seed in (0, 1)]
    lines = {line.split(" | ")[0]: line for line in study.in_markdown(study.verdicts(rows)).splitlines()}
    assert lines["| no R2"] == "| no R2 | 2 (2 to 2): further | 2 (2 to 2): further |"
    assert lines["| no R1"].count("closer") == 2 and lines["| no pairs"].count("undecided") == 2
    assert "2024" not in [line.strip("| ") for line in lines]


def test_the_best_try_is_the_nearest_that_is_finite_and_all_must_be_there():
    rows = [{"part": "try", "data": "faces", "arm": "2024", "distance": distance, "learning_rate": 1e-3 * (i + 1),
             "gamma": "10", "batch_size": "32"} for i, distance in enumerate(["nan", "50", "40", "60", "70", "80"])]
    assert study.best_try(rows, "faces", "2024") == {"learning_rate": 3e-3, "gamma": 10.0, "batch_size": 32}
    with pytest.raises(CourseError, match="come first"):
        study.best_try(rows[1:], "faces", "2024")


def test_a_table_that_was_stopped_goes_on_where_it_was(tmp_path, monkeypatch):
    """Tries come first, then the arms, seed by seed; what stands in the table is not made again."""
    made = []

    def pretend(images, recipe, *, seed, seconds):
        made.append((recipe, seed))
        return None, 3, seconds

    monkeypatch.setattr(study, "train", pretend)
    monkeypatch.setattr(study, "sample", lambda gan, n: np.zeros((n, 4, 4, 3), np.float32))
    monkeypatch.setattr(study, "make_measure", lambda images: None)
    monkeypatch.setattr(study, "scores", lambda measure, gan: {
        "distance": 100.0 - len(made), "distance of G itself": 200.0, "recall": 0.5})
    monkeypatch.setattr(study.data, "load", lambda name, **options: None)
    path = tmp_path / "14_recipe.csv"
    study.make("faces", path, 1.0, until=0)
    assert not made
    study.main(["faces", "--to", str(tmp_path), "--seconds", "1"])
    assert len(made) == 18 + 3 * len(study.ARMS)
    assert made[18][0] == study.ARMS["2016"]._replace(learning_rate=4e-3)  # the last try was the nearest
    assert [seed for _, seed in made] == 18 * [9] + [seed for seed in (0, 1, 2) for _ in study.ARMS]
    rows = stored_table.read(path)
    stored_table.write(path, rows[:-1])
    made.clear()
    study.main(["faces", "--to", str(tmp_path), "--seconds", "1"])
    assert made == [(study.ARMS["all of lesson 03"]._replace(learning_rate=2e-3), 2)]
    assert set(np.load(tmp_path / "14_recipe.npz")) == set(study.SHOWN)


@pytest.mark.parametrize("name", study.DATA)
def test_the_shipped_table_has_every_try_and_every_arm_with_each_seed(name):
    rows = study.load()
    for arm in study.TRIES:
        tried = [(float(row["learning_rate"]), float(row["gamma"]), int(row["batch_size"])) for row in rows
                 if (row["part"], row["data"], row["arm"]) == ("try", name, arm)]
        wanted = [study.ARMS[arm]._replace(**change) for change in study.TRIES[arm]]
        assert sorted(tried) == sorted((r.learning_rate, r.gamma, r.batch_size) for r in wanted)
    for arm in study.ARMS:
        mine = [row for row in rows if (row["part"], row["data"], row["arm"]) == ("run", name, arm)]
        recipe = study.recipe_of(rows, name, arm)
        assert [int(row["seed"]) for row in mine] == list(study.SEEDS)
        assert {float(row["learning_rate"]) for row in mine} == {recipe.learning_rate}
        assert all(15 <= float(row["seconds"]) < 16 for row in mine)
    extra = [(row["arm"], int(row["seed"])) for row in rows if (row["part"], row["data"]) == ("residual", name)]
    assert extra == ([(arm, seed) for seed in (0, 1) for arm in study.LEFT_OUT] if name == "strokes" else [])
