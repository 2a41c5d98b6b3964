"""The checks of lesson 08 reject wrong answers and accept another right one."""

import numpy as np
import pytest
from exercises import code_cells, judge, names_from, solution

from gancourse.course.classroom.lesson import patients
from gancourse.course.lessons import source
from gancourse.training_loop import History, Log

torch = pytest.importorskip("torch")

RIGHT = {
    "plateau": """
def plateau(k, n):
    D = k / (k + n)
    return -k / n * np.log(D) - np.log(1 - D)
""",
    "side_by_side": """
def side_by_side(x, m):
    if x.shape[0] % m != 0:
        raise ValueError("the batch does not divide")
    return torch.cat([x[i::m] for i in range(m)], dim=1)
""",
    "works": """
def works(G, z):
    images = G(z)
    if tuple(images.shape) != (len(z), 1, 28, 28):
        return False
    if not torch.isfinite(images).all():
        return False
    if images.min() < -1 or images.max() > 1:
        return False
    if torch.pdist(images.flatten(1)).min() < 1e-3:
        return False
    return bool((G(z[:1]) - images[:1]).abs().max() < 1e-4)
""",
}
WRONG = [  # exercise, what is wrong, (old, new) in a right answer
    ("plateau", "the averaged convention", ("return -k / n * np.log(D) - np.log(1 - D)",
                                            "return (-k / n * np.log(D) - np.log(1 - D)) / 2")),
    ("plateau", "D says 1/2 at covered modes", ("k / (k + n)", "0.5 + 0 * k")),
    ("plateau", "the densities exchanged", ("k / (k + n)", "n / (k + n)")),
    ("plateau", "all real points are covered", ("-k / n * np.log(D)", "-np.log(D)")),
    ("plateau", "only the real half", (" - np.log(1 - D)", "")),
    ("side_by_side", "neighbours are torn apart", ("torch.cat([x[i::m] for i in range(m)], dim=1)",
                                           "torch.cat(x.chunk(m), dim=1)")),
    ("side_by_side", "samples are dropped in silence", ('raise ValueError("the batch does not divide")',
                                                "x = x[: len(x) // m * m]")),
    ("side_by_side", "another error than ValueError", ("ValueError(", "RuntimeError(")),
    ("side_by_side", "coordinates are interleaved", ("torch.cat([x[i::m] for i in range(m)], dim=1)",
                                             "torch.stack([x[i::m] for i in range(m)], dim=2).flatten(1)")),
    ("side_by_side", "packs of packs: the batch grows instead", ("dim=1)", "dim=0)")),
    ("works", "shape only", ("    if not torch.isfinite(images).all():\n        return False\n", "    return True\n")),
    ("works", "no look at NaN", ("not torch.isfinite(images).all()", "False")),
    ("works", "no look at the range", ("images.min() < -1 or images.max() > 1", "False")),
    ("works", "one pair of z instead of all", ("torch.pdist(images.flatten(1)).min()",
                                               "(images[0] - images[-1]).abs().max()")),
    ("works", "constant images pass", ("torch.pdist(images.flatten(1)).min() < 1e-3", "False")),
    ("works", "too strict: faint images fail", ("min() < 1e-3", "min() < 10")),
    ("works", "the batch may matter", ("bool((G(z[:1]) - images[:1]).abs().max() < 1e-4)", "True")),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; nothing is trained or drawn."""
    return names_from("08", ["num_steps: int", "import numpy"])


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_solution_and_another_right_answer_pass(names, exercise):
    judge("08", names, exercise, RIGHT[exercise])
    judge("08", names, exercise, solution("08", exercise))


@pytest.mark.parametrize("exercise, what, change", WRONG, ids=[f"{name}: {what}" for name, what, _ in WRONG])
def test_a_wrong_answer_is_refused(names, exercise, what, change):
    assert change[0] in RIGHT[exercise], "the change changes nothing"
    with pytest.raises(AssertionError):
        judge("08", names, exercise, RIGHT[exercise].replace(*change))


def check_after(exercise):
    """The check cell that follows an exercise."""
    cells = code_cells("08")
    at = next(i for i, c in enumerate(cells) if f"def {exercise}(" in source(c))
    return source(cells[at + 1])


WORDS = ["fine", "D too strong", "collapse", "double sigmoid", "BatchNorm in eval", "learning rate too high",
         "memorising", "frozen D"]
BY_EYE = f"""
def diagnose(letter, log):
    return dict(zip("ABCDEFGH", {WORDS}))[letter]
"""
MISREAD = [
    ("two exchanged", ("'fine', 'D too strong'", "'D too strong', 'fine'")),
    ("one word for all", ("[letter]", "['A']")),
    ("another spelling", ("'frozen D'", "'D frozen'")),
    ("one word twice", ("'memorising'", "'fine'")),
]


@pytest.fixture
def ward(names):
    """A quiz whose key is known, without training."""
    logs = {letter: History([Log(1, {"d_loss": 0.0})]) for letter in "ABCDEFGH"}
    return names | {"logs": logs, "_key": dict(zip(logs, WORDS, strict=True)), "ILLNESSES": dict.fromkeys(WORDS)}


def test_a_diagnosis_by_eye_is_accepted(ward):
    judge("08", ward, "diagnose", BY_EYE)


@pytest.mark.parametrize("what, change", MISREAD, ids=[what for what, _ in MISREAD])
def test_a_wrong_diagnosis_is_refused(ward, what, change):
    assert change[0] in BY_EYE, "the change changes nothing"
    with pytest.raises(AssertionError):
        judge("08", ward, "diagnose", BY_EYE.replace(*change))


def test_the_rules_of_the_solution_treat_another_students_patients():
    scope = names_from("08", ["num_steps: int", "import numpy", "def mlp(", "ILLNESSES = {", "def signs("],
                       student="Ada", quiz_steps=300)
    judge("08", scope, "diagnose", solution("08", "diagnose"))


def test_students_get_wards_of_their_own_and_the_key_is_not_shown():
    cell = next(c for c in code_cells("08") if "def admit(" in source(c))
    assert not cell["outputs"]
    scope = names_from("08", ["num_steps: int", "import numpy"], quiz_steps=30)
    scope |= {"ILLNESSES": dict.fromkeys(WORDS, {}), "patient": lambda number: number, "signs": None}
    exec(source(cell), scope)
    wards = [scope["admit"](student) for student in ("Ada", "ada ", "Grace", "Alan")]
    assert wards[0] == wards[1]
    assert len({tuple(key.values()) for _, key in wards}) == 3
    assert len({logs["A"] for logs, _ in wards}) == 3


def test_the_plateau_of_the_lesson_is_the_exercise(names):
    scope = dict(names)
    exec(solution("08", "plateau"), scope)
    assert scope["plateau"](1, 2) / 2 == pytest.approx(0.4774, abs=5e-5)
    assert scope["plateau"](2, 2) / 2 == pytest.approx(0.6931, abs=5e-5)
    np.testing.assert_allclose(scope["plateau"](36, 64), 1.021, atol=1e-3)


def test_the_stored_plateau_is_the_formula_wherever_the_figure_asks_for_it(names):
    scope = dict(names)
    exec(RIGHT["plateau"], scope)
    right = scope["plateau"]
    exec(check_after("plateau"), scope)
    covered = np.arange(1, 9)
    for pack in (1, 2):
        stored = scope["stored_plateau"](covered**pack, 8**pack)
        np.testing.assert_allclose(stored, right(covered**pack, 8**pack), atol=1e-6)


def test_the_courses_own_layer_packs_as_the_exercise_asks(names):
    scope = dict(names)
    exec(RIGHT["side_by_side"], scope)
    right = scope["side_by_side"]
    exec(check_after("side_by_side"), scope)
    x = torch.randn(12, 2)
    for m in (1, 2, 3):
        assert torch.equal(scope["course_pack"](x, m), right(x, m))


def test_the_patients_are_revealed_one_by_one_with_the_score(names):
    cells = [source(c) for c in code_cells("08")]
    (reveal,) = [text for text in cells if text.startswith("said = ")]
    log = patients.patient(1, "fine")
    logs = {"A": log, "B": log}
    scope = names | {"logs": logs, "_key": {"A": "fine", "B": "collapse"}, "diagnose": lambda letter, log: "fine"}
    exec(next(text for text in cells if text.startswith("GROUPS = [")), scope)
    exec(reveal, scope)
    assert scope["headings"] == {"A": "A: you said fine, it is fine. Score 1 of 1",
                                 "B": "B: you said fine, it is collapse. Score 1 of 2"}
