"""The short trainings of lesson 14, and its stored example of twelve seeds."""

import numpy as np
import pytest

from gancourse.course.studies import held_out
from gancourse.course.studies.own import example, example_figures, model_card, plan, runs, short_runs, statement
from gancourse.errors import CourseError
from gancourse.notebook import slider
from gancourse.training_loop import History, Log

torch = pytest.importorskip("torch", reason="needs PyTorch")


def test_the_stored_example_has_three_arms_on_the_same_twelve_seeds():
    distances, samples = example.read()
    assert [len(distances[arm]) for arm in example.PENALTIES] == [12, 12, 12]
    assert samples.shape == (2, 12, example.SHOWN, 28, 28, 1) and samples.dtype == np.uint8
    assert 0 < example.floor() < min(map(min, distances.values()))


def test_what_the_lesson_says_of_the_example():
    """R2 does not help, the prediction fails from the fourth seed on, and the control tells why."""
    distances, _ = example.read()
    predicted = statement.read(example.STATEMENT)
    verdicts = [statement.verdict(predicted, statement.paired_ratio(distances["r1r2"][:n], distances["r1"][:n]))
                for n in range(2, 13)]
    assert verdicts == ["undecided"] * 2 + ["fails"] * 9
    assert distances["r1r2"][2] < distances["r1"][2] and distances["r1r2"][5] > 1.3 * distances["r1"][5]
    assert statement.paired_ratio(distances["r1_twice"], distances["r1"]).low > 1
    between = statement.paired_ratio(distances["r1r2"], distances["r1_twice"])
    assert between.low < 1 < between.high


def test_the_penalties_of_a_line_are_known_by_hand():
    """D(x) = 3 a + 4 b has the gradient (3, 4) everywhere, of squared norm 25."""
    def D(x):
        return x @ torch.tensor([[3.0], [4.0]])

    x = torch.zeros(5, 2)
    assert [float(penalty(D, x, x)) for penalty in example.PENALTIES.values()] == [25, 50, 50]


def test_a_study_is_resumed_and_no_run_is_made_twice(tmp_path, monkeypatch):
    made = []

    def train(x, penalties, *, penalty, seed, **settings):
        made.append((penalty, seed))
        return None, History([Log(200, {})]), 1.0

    measure = held_out.Measure(None, None, 0.0)
    monkeypatch.setattr(example, "train", train)
    monkeypatch.setattr(example, "make_measure", lambda images: measure)
    monkeypatch.setattr(held_out.Measure, "distance", lambda self, images: 5.0 + len(made))
    monkeypatch.setattr(example, "sample", lambda gan, n: np.zeros((n, 28, 28, 1), np.float32))
    example.make_table(1, tmp_path / "example.csv")
    example.make_table(2, tmp_path / "example.csv")
    assert made == [(arm, seed) for seed in (0, 1) for arm in example.PENALTIES]
    distances, samples = example.read(tmp_path / "example.csv")
    assert distances == {"r1": [6, 9], "r1r2": [7, 10], "r1_twice": [8, 11]} and samples.shape[:2] == (2, 2)


def test_the_suggested_study_can_be_carried_out():
    made = short_runs.make_plan(*short_runs.SUGGESTED, "0-2", 200)
    assert made.values == {"r1": "r1", "mine": "mine"} and made.settings == short_runs.SETTINGS
    assert set(short_runs.ALLOWED) == set(short_runs.SETTINGS) - {"num_steps"}
    assert all(short_runs.is_allowed(name, short_runs.SETTINGS[name]) for name in short_runs.ALLOWED)
    assert list(short_runs.MEANING) == list(short_runs.ALLOWED)
    assert short_runs.in_markdown().count("\n") == 1 + len(short_runs.ALLOWED)


def test_empty_texts_become_the_example_and_half_a_plan_is_refused(capsys):
    assert short_runs.yours_or_example("", " ", "") == short_runs.SUGGESTED
    assert "example" in capsys.readouterr().out
    assert short_runs.yours_or_example("width", "32, 8", "8 above 32") == ("width", "32, 8", "8 above 32")
    with pytest.raises(CourseError, match="values and words"):
        short_runs.yours_or_example("width", "", "")


def test_what_a_verdict_says_of_the_example_is_not_said_of_another_study():
    said = {word: short_runs.outcome(*short_runs.SUGGESTED, word) for word in ("holds", "fails", "undecided")}
    assert said["holds"].startswith("**Our example holds:**") and "is undecided:**" in said["undecided"]
    assert len(set(said.values())) == 3 and not short_runs.outcome("width", "32, 8", "8 above 32", "holds")


@pytest.mark.parametrize("choice, values, words", [
    ("loss", "nonsaturating, hinge", "hinge like nonsaturating within a factor 1.3"),
    ("learning_rate", "4e-3, 2e-3, 8e-3", "2e-3 above 4e-3 by a factor 1.1"),
    ("penalty", "none, r1r2", "r1r2 below none"), ("penalty", "r1, mine", "mine like r1 within a factor 1.1"),
    ("batch_size", "32, 16", "16 below 32 by a factor 2.5")])
def test_a_study_that_can_hold_and_fail_is_planned(choice, values, words):
    assert short_runs.make_plan(choice, values, words, "0-2", 200).choice == choice


@pytest.mark.parametrize("choice, values, words, error", [
    ("seed", "0, 1", "1 below 0", "choice 'seed' is unknown"), ("num_steps", "200, 400", "400 below 200", "is unknown"),
    ("width", "32", "32 below 16", "two or more"), ("width", "8, 16, 24, 32", "16 above 32", "take 3 at most"),
    ("beta1", "0, 1.5", "1.5 above 0", "not allowed: 0.0 to 0.99"),
    ("loss", "hinge, best", "best below hinge", "not allowed"),
    ("width", "32, 16", "24 above 32", "value in the statement"),
    ("width", "32, 16", "narrow networks are worse", "cannot be checked"),
    ("width", "32, 16", "16 like 32 within a factor 50", "is true even if"),
    ("width", "32, 16", "16 below 32 by a factor 50", "is false even if"),
    ("width", "32, 16", "16 like 32", "say how close")])
def test_a_study_that_decides_nothing_is_refused(choice, values, words, error):
    with pytest.raises(CourseError, match=error):
        short_runs.make_plan(choice, values, words, "0-2", 200)


def test_a_short_training_follows_from_its_settings_and_its_seed():
    x = np.random.default_rng(0).uniform(-1, 1, (40, 8, 8, 1)).astype(np.float32)
    settings = short_runs.SETTINGS | {"num_steps": 2, "width": 4, "batch_size": 8}
    first, again, other = (short_runs.train(x, example.PENALTIES, **settings, seed=seed)[0] for seed in (0, 0, 1))
    weights = short_runs.weights_of(first)
    assert all(np.array_equal(weights[name], value) for name, value in short_runs.weights_of(again).items())
    assert any(not np.array_equal(weights[name], value) for name, value in short_runs.weights_of(other).items())
    rebuilt = short_runs.rebuild(weights, (8, 8, 1), 4, seed=0)
    assert np.array_equal(short_runs_sample(rebuilt), short_runs_sample(first))
    with pytest.raises(CourseError, match="penalty"):
        short_runs.train(x, {"none": None}, **settings, seed=0)


def short_runs_sample(gan):
    from gancourse.pt.train import sample

    return sample(gan, 10)


def test_the_card_has_all_that_it_needs(tmp_path):
    made = plan.make(choice="width", values="32, 16", seeds="0-2", statement="16 above 32",
                     settings=short_runs.SETTINGS)
    arms = {name: [runs.Run(distance, 1.0, 200, {"w": np.zeros(2, np.float32)}, History([Log(200, {})]))
                   for distance in numbers] for name, numbers in {"32": (10, 30, 20), "16": (40, 50, 60)}.items()}
    shared = {"versions": {"numpy": "2"},
              "data": {"name": "strokes", "shape": [28, 28, 1], "num_train": 5, "num_test": 2, "class_names": [],
                       "source": "drawn", "licence": "CC0", "sha256": "f" * 64}}
    facts = short_runs.facts_for_card(made, arms, "Why?", shared, held_out.Measure(None, None, 1.0), 2000)
    assert facts["seed"] == 2 and facts["distance"] == 20 and facts["settings"]["width"] == 32
    longer = arms["32"][2]._replace(distance=5.0, steps=1500)
    more = short_runs.facts_for_card(made, arms, "Why?", shared, held_out.Measure(None, None, 1.0), 2000, longer)
    assert more["distance"] == 5 and more["settings"]["num_steps"] == more["budget"]["updates"] == 1500
    assert more["table"].startswith(facts["table"]) and "had 200 updates each" in more["table"]
    card = model_card.write(tmp_path, arms["32"][2].weights, facts | {"use": "None.", "limits": "All."})
    text = short_runs.folded(card)
    assert text.startswith("<details>") and "\n#### Intended use" in text and "\n# " not in text


def test_the_slider_has_a_place_for_each_seed(monkeypatch):
    shown = []
    monkeypatch.setattr(slider, "show", lambda frames, axes, **options: shown.append((frames, axes)))
    distances, samples = example.read()
    few = {arm: numbers[:2] for arm, numbers in distances.items()}
    example_figures.show_seeds(few, samples[:, :2], statement.verdict)
    ((frames, axes),) = shown
    assert len(frames) == 2 and list(axes["seeds"]) == [1, 2] and not np.array_equal(*frames)
