"""A study of the reader's own: statement, interval, verdict, plan, runs that are kept, model card."""

import json
import math

import numpy as np
import pytest

from gancourse.course.lessons import find, source
from gancourse.course.new import TEMPLATES
from gancourse.course.studies.own import model_card, plan, runs, statement
from gancourse.errors import CourseError, MissingFile
from gancourse.training_loop import History, Log

NAN = math.nan
STUDY = {"choice": "penalty", "values": "none, r1", "seeds": "0-2", "statement": "r1 below none by a factor 1.2",
         "settings": {"penalty": "none", "learning_rate": 4e-3, "width": 32}}


def test_a_statement_is_read_in_its_three_forms():
    assert statement.read("r1 below none by a factor 1.2") == ("r1", "below", "none", 1.2)
    assert statement.read("  0.5  above 0. ") == ("0.5", "above", "0", 1.0)
    assert statement.read("a like b within a factor of 1.1.") == ("a", "like", "b", 1.1)
    for words in ("r1 below none by a factor 1.2", "a above b", "a like b within a factor 1.1"):
        assert statement.read(words).in_words() == words


@pytest.mark.parametrize("words, error", [
    ("r1 is better", "cannot be checked: write"), ("", "cannot be checked"), ("a below", "cannot be checked"),
    ("a below b by a factor two", "'two' is no number"), ("a below b by a factor 0.5", "must be 1 or more"),
    ("a below b by a factor nan", "must be 1 or more"), ("a like b", "say how close"),
    ("a below a", "compares a with itself")])
def test_a_statement_that_cannot_be_checked_is_refused_with_a_way_out(words, error):
    with pytest.raises(CourseError, match=error):
        statement.read(words)


def test_the_paired_interval_is_students_on_the_logarithms():
    """Ratios 1/2, 1, 2 have logarithms -log 2, 0, log 2: mean 0, deviation log 2, and t(2) is 4.3027."""
    interval = statement.paired_ratio([1, 3, 8], [2, 3, 4])
    reach = 4.302653 * math.log(2) / math.sqrt(3)
    assert interval.ratio == pytest.approx(1) and interval.high == pytest.approx(math.exp(reach), rel=1e-6)
    assert interval.low == pytest.approx(1 / interval.high)


def test_what_a_seed_does_to_both_sides_cancels():
    """Each second run is twice the first, however far apart the seeds lie: the interval is one point."""
    interval = statement.paired_ratio([10, 100, 1000], [20, 200, 2000])
    assert interval.low == pytest.approx(0.5) and interval.high == pytest.approx(0.5)


def test_an_interval_covers_the_true_ratio_as_often_as_it_says():
    """Of 2,000 studies of three pairs with true ratio 1, 95 % cover it; the count has a deviation of 9.7."""
    rng = np.random.default_rng(0)
    logs = rng.normal(0, 0.3, (2000, 3))
    covered = [statement.paired_ratio(np.exp(row), np.ones(3)) for row in logs]
    assert sum(i.low <= 1 <= i.high for i in covered) == pytest.approx(1900, abs=40)


@pytest.mark.parametrize("words, low, high, judged", [
    ("a below b by a factor 2", 0.2, 0.4, "holds"), ("a below b by a factor 2", 0.4, 0.6, "undecided"),
    ("a below b by a factor 2", 0.6, 0.9, "fails"), ("a below b", 0.8, 0.9, "holds"),
    ("a above b by a factor 2", 2.5, 3, "holds"), ("a above b by a factor 2", 0.5, 1.9, "fails"),
    ("a like b within a factor 2", 0.6, 1.8, "holds"), ("a like b within a factor 2", 0.1, 0.4, "fails"),
    ("a like b within a factor 2", 3, 9, "fails"), ("a like b within a factor 2", 0.4, 1.0, "undecided")])
def test_a_verdict_compares_the_whole_interval_with_the_range(words, low, high, judged):
    interval = statement.Interval(math.sqrt(low * high), low, high, 0)
    assert statement.verdict(statement.read(words), interval) == judged


def test_failed_runs_decide_only_where_one_side_failed_whole_and_the_other_not_at_all():
    claim = statement.read("a below b by a factor 1.2")
    one = statement.paired_ratio([NAN, 2, 3], [4, 5, 6])
    assert statement.verdict(claim, one) == "undecided" and one.in_words() == "no interval: 1 run failed"
    assert statement.verdict(claim, statement.paired_ratio([1, 2, 3], [NAN, math.inf, NAN])) == "holds"
    assert statement.verdict(claim, statement.paired_ratio([NAN] * 3, [1, 2, 3])) == "fails"
    assert statement.verdict(claim, statement.paired_ratio([NAN] * 3, [NAN] * 3)) == "undecided"
    above = statement.read("a above b")
    assert statement.verdict(above, statement.paired_ratio([NAN] * 3, [1, 2, 3])) == "holds"


def test_an_undecided_study_says_how_many_seeds_would_decide():
    """Half-width t(n - 1) s / sqrt(n) with s = log 2 falls below log 2 when t(n - 1) < sqrt(n): at n = 7."""
    claim = statement.read("a like b within a factor 2")
    numbers = {"a": [1.0, 3, 8], "b": [2.0, 3, 4]}
    assert statement.seeds_needed(claim, numbers["a"], numbers["b"]) == 7  # t(6) = 2.447 < 2.646, t(5) = 2.571 > 2.449
    assert "stays undecided: a / b is 1 (" in statement.in_words(claim, numbers)
    likely = statement.seeds_needed(claim, numbers["a"], numbers["b"], chance=0.8)
    assert likely == 10  # t(9) + .842 = 3.104 < 3.162, and t(8) + .842 = 3.148 > 3
    assert statement.in_words(claim, numbers).endswith(
        f"about 7 seeds decide with an even chance, and about {likely} in four cases of five.")
    assert statement.seeds_needed(claim, [NAN, 1, 2], [1, 2, 3]) == 0
    held = statement.in_words(statement.read("a below b"), {"a": [1, 2, 3], "b": [2, 4, 6]})
    assert held == "The prediction 'a below b' holds: a / b is 0.5 (0.5 to 0.5)."


@pytest.mark.parametrize("a, b", [([1, 2], [1, 2, 3]), ([1], [1]), ([1, 0], [1, 1]), ([1, 2], [-1, 1])])
def test_what_makes_no_pairs_is_refused(a, b):
    with pytest.raises(CourseError):
        statement.paired_ratio(a, b)


def test_the_arms_differ_in_one_choice_alone():
    arms = plan.make(**STUDY).arms()
    assert list(arms) == ["none", "r1"]
    assert {name for name in STUDY["settings"] if arms["none"][name] != arms["r1"][name]} == {"penalty"}


def test_values_are_read_in_the_type_of_the_choice_and_the_statement_may_write_them_otherwise():
    made = plan.make(**STUDY | {"choice": "learning_rate", "values": "(0.004, 0.001)", "seeds": "(1, 4, 6)",
                                "statement": "4e-3 below 1e-3"})
    assert made.values == {"0.004": 0.004, "0.001": 0.001} and made.seeds == [1, 4, 6]
    assert made.statement.in_words() == "0.004 below 0.001" and made.baseline == "0.004"
    assert made.in_words().startswith("6 runs: learning_rate = 0.004 and learning_rate = 0.001, each with the seeds 1")
    whole = plan.make(**STUDY | {"choice": "width", "values": "32, 6e1", "statement": "60 below 32"})
    assert whole.values == {"32": 32, "60": 60}


@pytest.mark.parametrize("change, error", [
    ({"choice": "penallty"}, "did you mean 'penalty'"), ({"values": "none"}, "two or more"),
    ({"values": "none, none"}, "stands there twice"), ({"seeds": "0-1"}, "needs 3 or more"),
    ({"seeds": "0,0,1"}, "stands there twice"), ({"seeds": "few"}, "must read like 0-2"),
    ({"seeds": "0-400"}, "more than 200 runs"), ({"statement": "r2 below none"}, "did you mean 'r1'"),
    ({"values": "no penalty, r1"}, "has a space in it"), ({"values": "", "statement": "a below b"}, "two or more"),
    ({"choice": "learning_rate", "values": "0.1, high"}, "must be float"),
    ({"choice": "width", "values": "8, 8.5"}, "must be int"),
    ({"choice": "width", "values": "8, 9", "statement": "8 below 8.0"}, "with itself")])
def test_a_plan_that_cannot_work_is_refused_before_anything_is_trained(change, error):
    with pytest.raises(CourseError, match=error):
        plan.make(**STUDY | change)


def test_the_template_is_a_whole_study_as_it_stands():
    lesson = find(str(TEMPLATES / "study.ipynb"))
    known = plan.parameters(lesson.notebook)
    values = {name: p.default for name, p in known.items()}
    made = plan.check(lesson, values)
    assert plan.is_study(lesson) and len(made.seeds) >= 3 and not plan.is_study(find("03"))
    assert set(made.settings) == set(known) - plan.SHARED
    (code,) = [cell for cell in map(source, lesson.notebook["cells"]) if "names = [" in cell]
    assert json.loads(code.partition("names = ")[2].partition("]")[0] + "]") == list(made.settings)
    for change, error in [({"question": " "}, "question is empty"), ({"values": "0, 1.5", "statement": "0 below 1.5"},
                                                                     "out of range")]:
        with pytest.raises(CourseError, match=error):
            plan.check(lesson, values | change)


def made_run(distance, fill=0.0):
    history = History([Log(10, {"d_loss": 1.0})])
    return runs.Run(distance, 0.5, 10, {"0.weight": np.full((2, 3), fill, np.float32)}, history)


def test_runs_take_turns_by_seed_are_kept_and_not_made_twice(tmp_path):
    """The distances are 10 x seed + 1 or 2, so each can be told from where it comes."""
    order = []

    def one_run(settings, seed):
        order.append((settings["penalty"], seed))
        return made_run(10.0 * seed + 1 + (settings["penalty"] == "r1"), fill=seed)

    said = []
    first = runs.carry_out(plan.make(**STUDY), one_run, tmp_path, {"data": "abc"}, said.append)
    assert order == [("none", 0), ("r1", 0), ("none", 1), ("r1", 1), ("none", 2), ("r1", 2)]
    assert runs.distances(first) == {"none": [1, 11, 21], "r1": [2, 12, 22]}
    second = runs.carry_out(plan.make(**STUDY), one_run, tmp_path, {"data": "abc"}, said.append)
    assert len(order) == 6 and runs.distances(second) == runs.distances(first)
    assert np.array_equal(second["r1"][2].weights["0.weight"], first["r1"][2].weights["0.weight"])
    assert second["r1"][2].history == first["r1"][2].history
    assert said[-1] == "penalty = r1, seed 2: distance 22.0, 10 updates in 0.5 s (done before)"
    runs.carry_out(plan.make(**STUDY | {"seeds": "0-3"}), one_run, tmp_path, {"data": "abc"}, said.append)
    assert order[6:] == [("none", 3), ("r1", 3)]
    runs.carry_out(plan.make(**STUDY), one_run, tmp_path, {"data": "other"}, said.append)
    assert len(order) == 14


def test_a_study_that_was_stopped_goes_on_where_it_was(tmp_path):
    calls = []

    def one_run(settings, seed):
        calls.append(seed)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return made_run(1.0 + seed)

    with pytest.raises(KeyboardInterrupt):
        runs.carry_out(plan.make(**STUDY), one_run, tmp_path, {}, lambda line: None)
    assert len(list(tmp_path.glob("*.safetensors"))) == 3
    (tmp_path / "penalty=none-seed0.safetensors").write_bytes(b"cut short")
    runs.carry_out(plan.make(**STUDY), one_run, tmp_path, {}, lambda line: None)
    assert calls[4:] == [0, 1, 2, 2]  # the damaged one, the one that was stopped, and those after it


def test_a_training_that_failed_is_a_result(tmp_path):
    def one_run(settings, seed):
        if settings["penalty"] == "r1" and seed == 1:
            raise FloatingPointError("d_loss became nan")
        return made_run(5.0 + seed)

    said = []
    made = plan.make(**STUDY)
    all_runs = runs.carry_out(made, one_run, tmp_path, {}, said.append)
    kept = runs.carry_out(made, one_run, tmp_path, {}, said.append)
    assert said[3] == "penalty = r1, seed 1: failed" and said[9].endswith("seed 1: failed (done before)")
    assert math.isnan(kept["r1"][1].distance) and runs.best_arm(all_runs) == "none"
    assert "| r1 | 5.0, failed, 7.0 | failed |" in runs.table(made, all_runs)


def test_a_longer_training_that_fails_leaves_the_short_run():
    def one_run(settings, seed):
        if settings["num_steps"] > 1000:
            raise FloatingPointError("d_loss became nan")
        return made_run(3.0)

    short = made_run(5.0)
    assert runs.longer(short, one_run, {"num_steps": 1000}, 0).distance == 3.0
    assert runs.longer(short, one_run, {"num_steps": 2000}, 0) is short


def test_the_kept_run_is_the_median_and_not_the_best():
    arms = {"a": [made_run(d) for d in (9, 1, 5)], "b": [made_run(d) for d in (9, NAN, 3, 4)]}
    assert runs.typical(arms, "a") == 2 and runs.typical(arms, "b") == 3 and runs.best_arm(arms) == "a"
    with pytest.raises(CourseError, match="all runs of c failed"):
        runs.typical({"c": [made_run(NAN)]}, "c")


def test_another_source_is_another_study():
    def f():
        return 1

    def g():
        return 2

    assert runs.code_sha256(f) != runs.code_sha256(g) and runs.code_sha256(f, g) == runs.code_sha256(f, g)


FACTS = {"title": "Does R1 help?", "question": "Does R1 help", "prediction": "Yes.", "verdict": "It holds.",
         "table": "| a |", "use": "For learning", "limits": "Trained for seconds.", "settings": {"width": 8},
         "seed": 1, "seeds": [0, 1, 2], "distance": 51.25, "floor": 1.5, "num_samples": 2000, "choice": "penalty = r1",
         "budget": {"updates": 200, "processor seconds": 4.5}, "versions": {"numpy": "2"}, "date": "2026-11-27",
         "data": {"name": "strokes", "shape": [28, 28, 1], "num_train": 5000, "num_test": 2000, "class_names": ["0"],
                  "source": "drawn", "licence": "CC0", "sha256": "f" * 64}}


def test_a_card_states_the_sha256_of_its_weights_and_they_load_back_bit_for_bit(tmp_path):
    weights = {"0.weight": np.array([[1e-8, -0.0], [np.float32(1) / 3, 7]], np.float32), "n": np.array([3], np.int64)}
    card = model_card.write(tmp_path, weights, FACTS)
    stored, facts = model_card.load(tmp_path)
    assert facts == FACTS and set(stored) == set(weights)
    for name, array in weights.items():
        assert stored[name].tobytes() == array.tobytes() and stored[name].dtype == array.dtype
    text = card.read_text()
    assert model_card.file_sha256(tmp_path / "weights.safetensors") in text and "5 numbers" in text
    for words in ("Does R1 help.", "**51.25**", "seeds 0, 1, 2", "updates 200", "CC0", "numpy 2", "1.50",
                  "2,000 samples"):
        assert words in text, words
    sections = ["Model details", "Intended use", "Factors", "Metrics", "Evaluation data", "Training data",
                "Quantitative analyses", "Ethical considerations", "Caveats and recommendations"]
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == sections


def test_weights_that_the_card_does_not_know_are_not_loaded(tmp_path):
    with pytest.raises(MissingFile, match="no model_card.md"):
        model_card.load(tmp_path)
    model_card.write(tmp_path, {"w": np.zeros(2, np.float32)}, FACTS)
    path = tmp_path / "weights.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1  # one bit of one weight
    path.write_bytes(data)
    with pytest.raises(CourseError, match="not the file whose sha256 stands in model_card.md"):
        model_card.load(tmp_path)


@pytest.mark.parametrize("change, error", [
    ({"use": " "}, "use is empty"), ({"limits": ""}, "limits is empty"), ({"seed": "one"}, "'seed' as int"),
    ({"distance": None}, "'distance' as float")])
def test_a_card_that_would_say_too_little_is_not_written(tmp_path, change, error):
    with pytest.raises(CourseError, match=error):
        model_card.write(tmp_path, {}, FACTS | change)
    with pytest.raises(CourseError, match="needs 'table'"):
        model_card.write(tmp_path, {}, {name: value for name, value in FACTS.items() if name != "table"})
    assert not list(tmp_path.iterdir())


def test_words_in_braces_are_words(tmp_path):
    """A reader's sentence is text, not a template."""
    assert "{seed} and {x}" in model_card.compose(FACTS | {"limits": "{seed} and {x}"}, "0" * 64, 1)
