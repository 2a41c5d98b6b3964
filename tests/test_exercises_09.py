"""The checks of lesson 09 refuse wrong answers and accept other right ones."""

import math
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
from exercises import code_cells, judge, names_from, solution

from gancourse.course.lessons import find, parameters, settings, source
from gancourse.course.studies import stored_table
from gancourse.course.studies.what_works import comparisons, figures, sweeps
from gancourse.errors import CourseError
from gancourse.notebook import checks, plots

pytest.importorskip("torch", reason="needs PyTorch")

HEADS = {"margin": "def margin(a, b):", "best_slope": "def best_slope(theta, gp_weight):",
         "adam_step": "def adam_step(g, m, v, k, lr, beta1, beta2=0.99, eps=1e-8):",
         "my_experiment": "def my_experiment():"}
AVERAGES = "m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g\n    "
WHY = ", 'It has never been tried here.'"
RIGHT = [
    ("margin", "a, b = ([math.inf if math.isnan(d) else d for d in runs] for runs in (a, b))\n"
               "    return min(y / x if x < math.inf else 0.0 for x in a for y in b)"),
    ("best_slope", "return (2 * gp_weight + theta) / gp_weight / 2"),
    ("adam_step", AVERAGES + "rate = lr * (1 - beta2**k) ** 0.5 / (1 - beta1**k)\n"
                             "    return rate * m / (torch.sqrt(v) + eps), m, v"),
    ("my_experiment", "return 'batch_size', 16, 'mine', 1.05" + WHY),
    ("my_experiment", "return 'penalty', 'gp', 'default', 2" + WHY),
    ("my_experiment", "return 'learning_rate', 2e-4, 'default', 2" + WHY),
    ("my_experiment", "return 'decay', 0.45, 'mine', 1.1" + WHY),
]
WRONG = [
    ("margin", "medians", "return float(np.median(b) / np.median(a))"),
    ("margin", "the best of both", "return float(np.nanmin(b) / np.nanmin(a))"),
    ("margin", "seed by seed", "return float(np.min(np.array(b) / np.array(a)))"),
    ("margin", "failed runs left out", "return float(np.nanmin(b) / np.nanmax(a))"),
    ("margin", "two failures compared", "a, b = ([math.inf if d != d else d for d in runs] for runs in (a, b))\n"
                                        "    return min(b) / max(a)"),
    ("margin", "upside down", "a, b = (np.nan_to_num(x, nan=np.inf) for x in (a, b))\n"
                              "    return float(np.max(a) / np.min(b))"),
    ("adam_step", "no correction, as RMSProp", AVERAGES + "return lr * m / (v.sqrt() + eps), m, v"),
    ("adam_step", "only v corrected", AVERAGES + "return lr * m / ((v / (1 - beta2**k)).sqrt() + eps), m, v"),
    ("adam_step", "corrected averages returned",
     AVERAGES + "m, v = m / (1 - beta1**k), v / (1 - beta2**k)\n    return lr * m / (v.sqrt() + eps), m, v"),
    ("adam_step", "the root forgotten",
     AVERAGES + "return lr * m / (1 - beta1**k) / (v / (1 - beta2**k) + eps), m, v"),
    ("adam_step", "eps forgotten",
     AVERAGES + "return lr * m / (1 - beta1**k) / (v / (1 - beta2**k)).sqrt(), m, v"),
    ("adam_step", "the shares exchanged",
     "m, v = (1 - beta1) * m + beta1 * g, (1 - beta2) * v + beta2 * g**2\n"
     "    return lr * m / (1 - beta1**k) / ((v / (1 - beta2**k)).sqrt() + eps), m, v"),
    ("adam_step", "the sign of a step that is added",
     AVERAGES + "return -lr * m / (1 - beta1**k) / ((v / (1 - beta2**k)).sqrt() + eps), m, v"),
    ("adam_step", "the averages changed in place",
     "m.mul_(beta1).add_((1 - beta1) * g)\n    v.mul_(beta2).add_((1 - beta2) * g**2)\n"
     "    return lr * m / (1 - beta1**k) / ((v / (1 - beta2**k)).sqrt() + eps), m, v"),
    ("my_experiment", "two settings are one", "return 'beta1', 0.0, 'mine', 1.1" + WHY),
    ("my_experiment", "known from the study", "return 'learning_rate', 1e-3, 'default', 1.1" + WHY),
    ("my_experiment", "a seed is no setting", "return 'seed', 5, 'mine', 1.1" + WHY),
    ("my_experiment", "more steps are no setting", "return 'num_steps', 900, 'mine', 1.1" + WHY),
    ("my_experiment", "not allowed", "return 'beta1', 1.5, 'mine', 1.1" + WHY),
    ("my_experiment", "far outside of what was tried", "return 'learning_rate', 0.5, 'default', 1.5" + WHY),
    ("my_experiment", "a memory far outside", "return 'beta1', 0.99, 'default', 1.5" + WHY),
    ("my_experiment", "no reason", "return 'beta1', 0.7, 'mine', 1.1, ''"),
    ("my_experiment", "a reason left out", "return 'beta1', 0.7, 'mine', 1.1"),
    ("my_experiment", "a word for a number", "return 'beta1', 'high', 'mine', 1.1" + WHY),
    ("my_experiment", "half an image", "return 'batch_size', 16.5, 'mine', 1.1" + WHY),
    ("my_experiment", "nobody is named", "return 'beta1', 0.7, '', 1.1" + WHY),
    ("my_experiment", "nothing is claimed", "return 'beta1', 0.7, 'mine', 1.0" + WHY),
    ("best_slope", "slope 1, as the penalty asks", "return 1.0"),
    ("best_slope", "the 2 of the square forgotten", "return 1 + theta / gp_weight"),
    ("best_slope", "weight and distance exchanged", "return 1 + gp_weight / (2 * theta)"),
    ("best_slope", "the valley of the wrong sign", "return 1 - theta / (2 * gp_weight)"),
]


@pytest.fixture(scope="module")
def names():
    return names_from("09", ["num_steps: int", "import itertools"]) | {"rows": comparisons.read()}


@pytest.mark.parametrize("exercise", HEADS)
def test_the_solution_passes(names, exercise):
    judge("09", names, exercise, solution("09", exercise))


@pytest.mark.parametrize("exercise, body", RIGHT)
def test_another_right_answer_passes(names, exercise, body):
    judge("09", names, exercise, f"{HEADS[exercise]}\n    {body}")


@pytest.mark.parametrize("exercise, why, body", WRONG)
def test_a_wrong_answer_is_refused(names, exercise, why, body):
    with pytest.raises(Exception):  # noqa: B017 (whatever a wrong answer raises)
        judge("09", names, exercise, f"{HEADS[exercise]}\n    {body}")


@pytest.mark.parametrize("exercise", HEADS)
def test_what_stands_in_for_an_answer_passes_its_check(names, exercise, monkeypatch):
    """An empty answer is not an error for a learner, and the lesson goes on with one that is right."""
    empty = f"{HEADS[exercise]}\n    raise NotImplementedError"
    cells = code_cells("09")
    at = next(i for i, cell in enumerate(cells) if f"def {exercise}(" in source(cell))
    scope = dict(names)
    exec(empty, scope)
    monkeypatch.setenv(checks.STRICT, "0")
    exec(source(cells[at + 1]), scope)
    scope[f"check_{exercise}"](scope[exercise])


def test_the_judge_of_the_lesson_is_the_solution_of_the_exercise(names):
    scope = dict(names)
    exec(solution("09", "margin"), scope)
    for a, b in [([40, 50, 60], [90, 120, 300]), ([40, math.nan], [1, 2]), ([1, 2], [math.nan, 5])]:
        assert comparisons.margin(a, b) == scope["margin"](a, b)


def test_the_optimiser_of_the_lesson_moves_weights_as_pytorch_s_adam(names):
    import torch

    from gancourse.course.studies.what_works.choices import StepOptimiser

    scope = dict(names) | {"OPTIMISERS": {}, "StepOptimiser": StepOptimiser}
    exec(solution("09", "adam_step"), scope)
    exec(next(source(cell) for cell in code_cells("09") if 'OPTIMISERS["yours"]' in source(cell)), scope)
    start = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    mine, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    optimisers = scope["OPTIMISERS"]["yours"]([mine], 0.01, 0.5), torch.optim.Adam([theirs], 0.01, (0.5, 0.99))
    for _ in range(5):
        for weights, optimiser in zip((mine, theirs), optimisers, strict=True):
            weights.grad = weights.detach() ** 3 - 1
            optimiser.step()
    assert torch.allclose(mine, theirs, atol=1e-6) and not torch.allclose(mine, start, atol=0.01)


def test_the_default_of_the_study_is_the_default_of_the_lesson():
    lesson = find("09")
    defaults = {name: parameter.default for name, parameter in parameters(lesson.notebook).items()}
    defaults |= settings(lesson, "study")
    assert {name: defaults[name] for name in comparisons.OURS} == comparisons.OURS


def test_the_study_is_made_anew_where_runs_fail_and_stops_where_a_sweep_stops(tmp_path, monkeypatch):
    """A sweep with failed runs ends with status 1 and a table; one that was refused or stopped has another status."""
    monkeypatch.chdir(tmp_path)
    status = 1

    def sweep(words):
        assert "dataset=folder:my photos" in words
        folder = Path(words[words.index("--to") + 1])
        folder.mkdir(parents=True)
        (folder / "table.csv").write_text("seed,status\n0,failed\n")
        return SimpleNamespace(returncode=status)

    monkeypatch.setattr(sweeps.subprocess, "run", sweep)
    rows = comparisons.read("rebuild", "folder:my photos")
    assert [row["sweep"] for row in rows] == list(sweeps.MADE) and rows[0]["part"] == "made"
    status = 2
    monkeypatch.chdir(tmp_path / "runs")
    with pytest.raises(CourseError, match="start again: gancourse sweep 09"):
        comparisons.read("rebuild", "folder:my photos")


def test_a_part_is_made_run_by_run_and_goes_on_where_it_was(tmp_path, monkeypatch):
    """What a table holds is not run again, and no time means no run."""
    trained = []

    class Lesson:
        def __init__(self, dataset):
            assert dataset == "faces"

        def run(self, setting, seed):
            trained.append((setting, seed))
            return {"seed": seed, comparisons.DISTANCE: 10.0 * seed}, None

    monkeypatch.setattr(sweeps, "_Lesson", Lesson)
    monkeypatch.setitem(sweeps.PARTS, "faces", ({"norm": "-g norm=none,spectral -p penalty=none"}, "1-2",
                                                           "faces", "09_faces.csv"))
    sweeps.main(["faces", "--to", str(tmp_path), "--minutes", "0"])
    assert trained == [] and not list(tmp_path.iterdir())
    for _ in range(2):
        sweeps.main(["faces", "--to", str(tmp_path)])
        assert [(setting["norm"], seed) for setting, seed in trained] == [
            ("none", 1), ("none", 2), ("spectral", 1), ("spectral", 2)]
    rows = stored_table.read(tmp_path / "09_faces.csv")
    assert [(row["run"], row["seed"], row[comparisons.DISTANCE]) for row in rows[1:3]] == [
        ("norm=none,penalty=none", "2", "20.0"), ("norm=spectral,penalty=none", "1", "10.0")]


def test_confirmation_has_every_setting_of_the_card_and_new_seeds():
    """Each line of the card finds its runs among the sweeps that are to confirm it, and on faces."""
    changes = [setting for words in sweeps.CARD.values() for setting in sweeps.settings_of(words)]
    rows = [{name: str(type(ours)(setting.get(name, ours))) for name, ours in comparisons.OURS.items()}
            | {"part": part, "seed": "3", comparisons.DISTANCE: "1"}
            for setting in changes for part in ("confirm", "faces")]
    for _, ours, _, theirs in comparisons.CHOSEN:
        for part in ("confirm", "faces"):
            assert comparisons.distances(rows, [part], **ours) == [1.0] == comparisons.distances(rows, [part], **theirs)
    assert len(changes) == 11 and sweeps.PARTS["confirm"][1] == "3-5"


def test_the_card_hardly_holds_on_faces_until_they_are_trained_for_longer():
    """Of seven lines one has a margin above 1 on faces after the digits' training, five after four times as much."""
    card = comparisons.card(comparisons.read())
    assert sum(line.faces > 1 for line in card) == 1 and sum(line.faces_longer > 1 for line in card) == 5


def test_every_number_of_the_study_but_the_lowest_beta1_has_its_best_value_inside():
    lines = comparisons.edges(comparisons.read()).splitlines()
    assert [line.split(":")[0] for line in lines if ", inside of" not in line] == ["Adam's β1"]


def test_each_line_of_the_card_changes_one_choice_or_compares_best_rates():
    rows = comparisons.read()
    for _, ours, _, theirs in comparisons.CHOSEN:
        differing = {name for name in ours | theirs if ours.get(name) != theirs.get(name)}
        if "loss" in differing:
            for loss, rate in (("nonsaturating", 4e-3), (theirs["loss"], theirs["learning_rate"])):
                tried = comparisons.along(rows, "learning_rate", loss=loss)
                assert comparisons.best(tried) == (rate, "inside")
        else:
            assert len(differing) == 1


def test_the_card_says_what_the_table_says():
    """Each line's margin is the best distance of the one side over the worst of the other; the largest comes first."""
    rows = comparisons.read()
    card = comparisons.card(rows)
    assert len(card) == 7 and [line.made for line in card] == sorted((line.made for line in card), reverse=True)
    assert min(line.made for line in card) > 1
    assert card[0].start == "β1 = 0" and card[0].made == pytest.approx(114.59 / 27.52, rel=1e-3)
    head, _, *lines = comparisons.in_markdown(card).splitlines()
    assert head == ("| start with | instead of | margin, seeds 0 to 2 | seeds 3 to 5 | faces | "
                    "faces, four times as long |") and len(lines) == 7
    assert "not run" not in "".join(lines)
    assert "RMSProp's learning rate: best" in comparisons.edges(rows)


def test_a_column_of_the_card_in_which_nothing_was_run_is_left_out():
    line = comparisons.Line("this", "that", 2.0, math.nan, math.nan, math.nan)
    assert comparisons.in_markdown([line]).splitlines()[2] == "| this | that | 2 |"
    other = line._replace(faces=0.5)
    assert comparisons.in_markdown([line, other]).splitlines()[2:] == ["| this | that | 2 | not run |",
                                                                      "| this | that | 2 | 0.5 |"]


def test_pages_say_settings_in_words_and_mark_the_default():
    rows = comparisons.read()
    assert list(comparisons.page(rows, "average, decay")) == [
        "no average, no decay", "no average, decay .6", "average .995, no decay", "average .995, decay .6\n(default)"]
    assert "spectral in D" in comparisons.page(rows, "normalisation")
    assert all(len(runs) == 3 for name in comparisons.PAGES for runs in comparisons.page(rows, name).values())
    assert figures.labelled({"a": [1.0, math.nan], "b": [1.0]}) == {"a\n(1 failed)": [1.0, math.nan],
                                                                              "b": [1.0]}


def test_the_overview_draws_a_dot_in_its_colour_for_each_run_and_no_median():
    fig, ax = plots.figure()
    figures.draw_runs({"a": [20.0, math.nan], "b": [300.0]}, [["red", "gray"], ["gray"]], ax, xlabel="distance")
    assert [len(dots.get_facecolors()) for dots in ax.collections] == [2, 1]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a\n(1 failed)", "b"]
    plots.plt.close(fig)


def test_the_worst_corner_and_the_default_were_also_run_for_longer():
    """Ten times the updates of the map: the corner comes as far as the default had, which is far ahead by then."""
    corner = {"learning_rate": 1e-3, "beta1": 0.9}
    short = comparisons.distances(comparisons.read(), **corner)
    longer = comparisons.distances(comparisons.read(), comparisons.BOTH, **corner, num_steps=5000)
    assert len(short) == len(longer) == 3 and max(longer) < min(short)
    default = comparisons.distances(comparisons.read(), comparisons.BOTH, num_steps=5000)
    assert len(default) == 3 and comparisons.margin(default, longer) > 2


def test_a_run_made_again_is_told_beside_the_first():
    rows = comparisons.read()
    words, first, second = comparisons.reruns(rows)[0]
    assert words == "default" and first == comparisons.distances(rows)[0] and second > 0


def test_samples_that_are_shown_lie_near_and_far():
    shown = figures.seen()
    distances = [distance for distance, _ in shown]
    assert distances == sorted(distances) and distances[0] == 0 and distances[1] < 20 and distances[-1] > 900
    assert all(images.shape == (16, 28, 28, 1) and images.dtype == "uint8" for _, images in shown)


def test_updates_are_counted_by_network():
    assert "updates in five seconds, one hidden layer: 1168 to 1408" in comparisons.updates(comparisons.read())


@pytest.mark.parametrize("there, back, words", [
    (1.5, 0.1, "your claim holds"), (1.1, 0.2, "less than you claimed"), (0.4, 1.2, "the other way"),
    (0.9, 0.8, "not separated")])
def test_the_verdict_follows_from_both_margins(there, back, words):
    assert words in comparisons.verdict(there, back, 1.2)


def test_the_best_value_lies_inside_or_at_an_edge():
    assert comparisons.best({1.0: [3, 3], 2.0: [1, math.nan], 3.0: [2, 2]}) == (3.0, "the highest tried")
    assert comparisons.best({1.0: [3, 3], 2.0: [1, 1], 3.0: [2, 2]}) == (2.0, "inside")


def test_the_setting_chosen_by_all_seeds_but_one_is_ranked_on_that_one():
    found = {"a": [1.0, 1.0, 9.0], "b": [2.0, 2.0, 2.0]}
    assert list(comparisons.hold_one_out(found)) == [("b", 2, 2.0), ("b", 2, 2.0), ("a", 2, 4.5)]
    ranks, words = comparisons.misses({"a page": found})
    assert ranks == [2, 2, 2]
    assert words.splitlines()[2] == "a page: a has rank 2 on seed 2, 4.50 times the best distance there"


def test_the_shipped_table_holds_every_run_of_the_sweeps_and_what_made_it():
    """Each sweep of the lesson has a row for every combination of its values and each of seeds 0, 1, 2."""
    rows = [row for row in comparisons.read() if row["part"] == "made"]
    assert {row["sweep"] for row in rows} == set(sweeps.MADE)
    for name, words in sweeps.MADE.items():
        words = shlex.split(words)
        grid = dict(word.split("=") for option, word in zip(words[::2], words[1::2], strict=True) if option == "-g")
        mine = [tuple(row[key] for key in (*grid, "seed")) for row in rows if row["sweep"] == name]
        assert len(set(mine)) == len(mine) == 3 * math.prod(len(v.split(",")) for v in grid.values())
        assert {row["seed"] for row in rows if row["sweep"] == name} == {"0", "1", "2"}
    for row in comparisons.read():
        done = row["status"] == "done" and float(row["distance of the samples"]) > 0
        assert done or (row["status"] == "failed" and "FloatingPointError" in row["error"])
        assert row["version of torch"] and row["version of threads"] == "1" and row["date"]


@pytest.mark.parametrize("part", ["confirm", "wider", "faces", "seen"])
def test_the_tables_made_in_one_process_hold_no_run_twice(part):
    settings_of_part, seeds, _, _ = sweeps.PARTS[part]
    rows = [row for row in comparisons.read() if row["part"] == part]
    made = {(row["sweep"], row["run"], row["seed"]) for row in rows}
    wanted = {(name, ",".join(f"{key}={value}" for key, value in setting.items()), str(seed))
              for name, words in settings_of_part.items() for setting in sweeps.settings_of(words)
              for seed in range(int(seeds[0]), int(seeds[2]) + 1)}
    assert len(made) == len(rows) and made == wanted
