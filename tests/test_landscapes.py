"""The landscapes: the same on every machine, of any number and size, and what they say they are."""

import hashlib

import numpy as np
import pytest

from gancourse import data
from gancourse.data.synthetic.landscapes import (
    BUILDINGS,
    CHOICES,
    DETAILS,
    RANGES,
    SEASONS,
    TIMES,
    TREES,
    WATERS,
    Attributes,
    draw,
    landscapes,
    readable,
)
from gancourse.metrics import feature_net

MANY = landscapes(8000, size=8).attributes  # the attributes do not depend on the size
SOME = landscapes(120, seed=2).attributes


def with_all(attributes, **values):
    """The same landscapes, but for attributes that all of them get."""
    return attributes._replace(**{name: np.full_like(getattr(attributes, name), value)
                                  for name, value in values.items()})


def pair(size=32, attributes=SOME, **values):
    """The landscapes with the first and with the second value of one attribute, as floats."""
    (name, two), = values.items()
    return [draw(with_all(attributes, **{name: value}), size).astype(float) for value in two]


@pytest.mark.parametrize("size", [8, 31, 64])
def test_shapes_and_types(size):
    x, attributes = landscapes(70, size=size)
    assert x.shape == (70, size, size, 3) and x.dtype == np.uint8
    assert set(attributes._fields) == CHOICES.keys() | RANGES.keys() | {"details"}
    assert attributes.details.shape == (70, sum(DETAILS.values()))
    for name, values in attributes._asdict().items():
        assert len(values) == 70 and values.dtype == (np.int64 if name in CHOICES else np.float32)


def test_every_machine_paints_the_same_bytes():
    """Noted on a processor with AVX-512; its numpy limited to AVX2 and to SSE painted the same."""
    assert hashlib.sha256(landscapes(600).images.tobytes()).hexdigest()[:24] == "e9b4baa1f4ef947320a5d0a5"
    assert hashlib.sha256(landscapes(40, 64).images.tobytes()).hexdigest()[:24] == "5b542950d16486770f7a0f0f"


def test_another_seed_paints_others():
    assert not (landscapes(60, seed=3).images == landscapes(60, seed=4).images).all((1, 2, 3)).any()


def test_the_first_landscapes_do_not_depend_on_how_many_are_asked_for():
    few, many = landscapes(40), landscapes(1200)
    assert np.array_equal(few.images, many.images[:40])
    for a, b in zip(few.attributes, many.attributes, strict=True):
        assert np.array_equal(a, b[:40])


@pytest.mark.parametrize("size", [8, 32])
def test_a_landscape_does_not_depend_on_those_painted_beside_it(size):
    x, attributes = landscapes(200, size=size, seed=1)
    alone = [draw(Attributes(*(values[i : i + 1] for values in attributes)), size)[0] for i in range(40)]
    assert np.array_equal(np.stack(alone), x[:40])


def test_every_size_shows_the_same_places():
    a, b = landscapes(100, size=32), landscapes(100, size=64)
    assert all(map(np.array_equal, a.attributes, b.attributes))
    shrunk = b.images.reshape(100, 32, 2, 32, 2, 3).mean((2, 4))
    assert np.abs(shrunk - a.images).mean() < 3  # of 255


def test_attributes_have_the_shares_and_ranges_they_are_given():
    for name, chances in CHOICES.items():
        assert np.bincount(getattr(MANY, name)) / 8000 == pytest.approx(np.array(chances), abs=0.025), name
    for name, (low, high) in RANGES.items():
        values = getattr(MANY, name)
        assert low <= values.min() and values.max() <= high, name
        assert values.mean() == pytest.approx((low + high) / 2, abs=0.03 * (high - low)), name
    names = {"time": TIMES, "season": SEASONS, "water": WATERS, "building": BUILDINGS, "trees": TREES}
    assert all(len(CHOICES[name]) == len(words) for name, words in names.items())


def test_no_attribute_hangs_on_another():
    """Pearson's chi-squared of every pair; of its mean, the degrees of freedom, it strays by root 2 df."""
    binned = {name: getattr(MANY, name) for name in CHOICES} | {
        name: np.searchsorted(np.linspace(*ends, 5)[1:-1], getattr(MANY, name)) for name, ends in RANGES.items()}
    strays = []
    names = list(binned)
    for i, a in enumerate(names):
        for b in names[i + 1:]:
            table = np.zeros((binned[a].max() + 1, binned[b].max() + 1))
            np.add.at(table, (binned[a], binned[b]), 1)
            expected = table.sum(1, keepdims=True) * table.sum(0) / 8000
            free = (table.shape[0] - 1) * (table.shape[1] - 1)
            strays.append((((table - expected) ** 2 / expected).sum() - free) / np.sqrt(2 * free))
    assert max(strays) < 6 and np.mean(strays) == pytest.approx(0, abs=0.4)


def test_the_day_is_brighter_than_dusk_and_dusk_than_the_night():
    day, dusk = pair(time=(0, 1))
    _, night = pair(time=(0, 2))
    means = [x.mean((1, 2, 3)) for x in (day, dusk, night)]
    assert (means[0] > means[1]).mean() > 0.95 and (means[1] > means[2] + 20).all()


def test_the_sky_at_dusk_is_redder_than_by_day():
    day, dusk = pair(attributes=with_all(SOME, clouds=0), time=(0, 1))
    redness = [(x[:, 10:14, :, 0] - x[:, 10:14, :, 2]).mean() for x in (day, dusk)]
    assert redness[1] > redness[0] + 60


def test_in_winter_the_ground_is_white():
    """At our feet, where neither water nor a tree lies over it, by day."""
    bare = with_all(SOME, time=0, trees=0, water=2)
    for season in range(4):
        low = draw(with_all(bare, season=season))[:, 31].astype(float).mean(1)  # the lowest row of pixels
        gray = np.ptp(low, axis=1) < 15
        assert gray.all() if season == 3 else not gray.any(), SEASONS[season]


@pytest.mark.parametrize("name, values, top, bottom", [
    ("building", (0, 3), 0, 0.9), ("building", (0, 2), 0.2, 0.9), ("building", (0, 1), 0.1, 0.9),
    ("water", (0, 1), 0.5, 1), ("water", (0, 2), 0.5, 1), ("mountains", (0, 1), 0.1, 0.9),
    ("clouds", (0, 2), 0, 0.9), ("trees", (0, 1), 0.2, 1), ("trees", (0, 2), 0.2, 1)])
def test_a_part_changes_the_picture_where_it_belongs(name, values, top, bottom):
    """Water mirrors the sky; what stands on its shore moves with it and is left out here."""
    attributes = with_all(SOME, building=0, trees=0) if name == "water" else SOME
    one, other = pair(attributes=attributes, **{name: values})
    differs = (one != other).any(-1)
    assert differs.any((1, 2)).all()
    rows = (np.arange(32) + 0.5) / 32
    assert not differs[:, (rows < top) | (rows > bottom)].any()


def test_a_lake_lies_within_the_land_and_a_sea_reaches_both_sides():
    at = int(0.72 * 32)  # a row of pixels below every shore
    bare = with_all(SOME, trees=0, building=0, horizon=0.55)
    dry, sea = pair(attributes=bare, water=(0, 2))
    assert (np.abs(dry - sea)[:, at, [0, 31]].max(-1) > 8).mean() > 0.9
    _, lake = pair(attributes=bare, water=(0, 1))
    wet = (np.abs(dry - lake)[:, at].max(-1) > 8).mean(1)
    assert 0.3 < wet.mean() < 0.95


def test_windows_are_lit_at_night():
    nights = with_all(SOME, time=2, trees=0, water=0)
    for kind in (1, 2, 3):
        dark, lit = pair(attributes=nights, building=(0, kind))
        yellow = [((x[..., 0] > 200) & (x[..., 1] > 150) & (x[..., 2] < 160)).sum((1, 2)) for x in (dark, lit)]
        assert not yellow[0].any() and yellow[1].min() >= 2, BUILDINGS[kind]


def test_the_moon_of_night_has_phases():
    clear = with_all(SOME, time=2, clouds=0, mountains=0, building=0, trees=0)
    thin, full = pair(attributes=clear, phase=(0.5, 2.2))
    assert (full.max(-1) >= 240).sum() > 2 * (thin.max(-1) >= 240).sum()


def test_what_houses_and_towers_hide_is_not_readable():
    truth = readable(MANY)
    assert next(iter(truth)) == "building"
    assert ((truth["mountains"] < 0) == (MANY.building > 1)).all()


@pytest.mark.parametrize("wrong", [{"n": 0}, {"n": 5, "size": 4}])
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError, match="n >= 1 and size >= 8"):
        landscapes(**wrong)


def test_the_data_set_by_name():
    loaded = data.load("landscapes", num=300, resolution=16, seed=5)
    assert loaded.x_train.shape == (300, 16, 16, 3) and loaded.x_test.shape == (2000, 16, 16, 3)
    assert loaded.class_names == BUILDINGS and set(loaded.y_train) == set(range(4))
    assert np.array_equal(loaded.x_train, landscapes(300, size=16, seed=10).images)
    train, test = ({image.tobytes() for image in x} for x in (loaded.x_train, loaded.x_test))
    assert len(train) == 300 and len(test) == 2000 and not train & test


def test_the_shipped_network_reads_what_is_painted():
    """At least 98 % of landscapes that it was not trained on, others than its facts are about."""
    shipped = feature_net.SHIPPED / "landscapes_32.safetensors"
    reader = feature_net.read(shipped, feature_net.SHIPPED / "sha256.json")
    assert feature_net.SHIPPED_OF["landscapes", (32, 32, 3)] == shipped.name
    others = landscapes(2000, seed=777)
    truth, read = readable(others.attributes), reader.read_attributes(others.images)
    assert list(read) == list(truth) == list(reader.facts["attributes"])
    for name, values in truth.items():
        seen = values >= 0
        assert (read[name] == values)[seen].mean() > 0.98, name
        assert reader.facts["accuracies"][name] > 0.98, name
    assert np.array_equal(reader.predict(others.images[:200]), read["building"][:200])
