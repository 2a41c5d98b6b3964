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
    "packed_d_step": """
def packed_d_step(gan, real, z, m):
    packs = lambda x: torch.cat([x[i::m] for i in range(m)], dim=1)
    fake = gan.G(z).detach()
    real_logits, fake_logits = gan.D(packs(real)), gan.D(packs(fake))
    loss = torch.nn.functional.softplus(-real_logits).mean() + torch.nn.functional.softplus(fake_logits).mean()
    gan.opt_D.zero_grad()
    loss.backward()
    gan.opt_D.step()
    return loss.item() * torch.ones(())
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
    ("packed_d_step", "neighbours are torn apart", ("torch.cat([x[i::m] for i in range(m)], dim=1)",
                                                    "torch.cat(x.chunk(m), dim=1)")),
    ("packed_d_step", "coordinates are interleaved", ("torch.cat([x[i::m] for i in range(m)], dim=1)",
                                                      "torch.stack([x[i::m] for i in range(m)], dim=2).flatten(1)")),
    ("packed_d_step", "old gradients are kept", ("    gan.opt_D.zero_grad()\n", "")),
    ("packed_d_step", "no update", ("    gan.opt_D.step()\n", "")),
    ("packed_d_step", "G is trained, too", ("gan.G(z).detach()", "gan.G(z)")),
    ("packed_d_step", "real and fake exchanged", ("gan.D(packs(real)), gan.D(packs(fake))",
                                                  "gan.D(packs(fake)), gan.D(packs(real))")),
    ("packed_d_step", "half the loss", ("softplus(fake_logits).mean()",
                                         "softplus(fake_logits).mean()\n    loss = loss / 2")),
    ("packed_d_step", "the graph comes along", ("loss.item() * torch.ones(())", "loss")),
    ("packed_d_step", "zeros in the place of fakes of G", ("fake = gan.G(z).detach()", "fake = 0 * z")),
    ("packed_d_step", "G's noise in the place of fakes of G", ("fake = gan.G(z).detach()", "fake = z")),
    ("packed_d_step", "twins of the fakes", ("gan.D(packs(fake))", "gan.D(fake[::m].repeat(1, m))")),
    ("packed_d_step", "twins of the real points", ("gan.D(packs(real))", "gan.D(real[::m].repeat(1, m))")),
    ("works", "shape only", ("    if not torch.isfinite(images).all():\n        return False\n", "    return True\n")),
    ("works", "no look at NaN", ("not torch.isfinite(images).all()", "False")),
    ("works", "no look at the range", ("images.min() < -1 or images.max() > 1", "False")),
    ("works", "one pair of z instead of all", ("torch.pdist(images.flatten(1)).min()",
                                               "(images[0] - images[-1]).abs().max()")),
    ("works", "all are compared with the first only", ("torch.pdist(images.flatten(1)).min()",
                                                       "(images - images[:1]).flatten(1).norm(dim=1)[1:].min()")),
    ("works", "the first two only are compared", ("torch.pdist(images.flatten(1)).min()",
                                                  "(images[0] - images[1]).abs().max()")),
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


def test_the_courses_own_step_is_the_exercise_on_a_stack(names):
    """A stacked D packs by its first layer; the learner's packs, laid out before it, give the same update."""
    from gancourse.pt.batched import make_batched_gan

    scope = dict(names)
    exec(RIGHT["packed_d_step"], scope)
    right = scope["packed_d_step"]
    exec(check_after("packed_d_step"), scope)
    moved = []
    for step in (right, scope["course_d_step"], solution_of("packed_d_step", names)):
        gan = make_batched_gan(lambda: torch.nn.Sequential(torch.nn.Linear(2, 2)),
                               lambda: torch.nn.Sequential(
                                   torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1)),
                               range(2), z_dim=2, dim=4)
        real, z = torch.randn(2, 24, 2, generator=torch.Generator().manual_seed(0))
        loss = step(gan, real, z, 2)
        moved.append([loss, *(p.detach().clone() for p in gan.D.parameters())])
    for other in moved[1:]:
        for a, b in zip(moved[0], other, strict=True):
            torch.testing.assert_close(a, b)


def solution_of(exercise, names):
    """The function that the lesson's own solution defines."""
    scope = dict(names)
    exec(solution("08", exercise), scope)
    return scope[exercise]


def reveal(names, student):
    """Run the cell that reveals the patients; return its scope and the number of pictures shown."""
    cells = [source(c) for c in code_cells("08")]
    (text,) = [text for text in cells if "\nsaid = " in text]
    log = patients.patient(1, "fine")
    shown = []
    scope = names | {"logs": {"A": log, "B": log}, "_key": {"A": "fine", "B": "collapse"}, "student": student,
                     "diagnose": lambda letter, log: "fine"}
    exec(next(text for text in cells if "\nGROUPS = [" in text), scope)
    scope["slider"] = type("Slider", (), {"show": staticmethod(lambda frames, axes, **options: shown.extend(frames))})
    exec(text, scope)
    return scope, len(shown)


def test_the_patients_are_revealed_one_by_one_with_the_score(names):
    scope, shown = reveal(names, "Ada")
    assert scope["headings"] == {"A": "Patient A. Your word: fine\nThe truth: fine. Score: 1 of 1",
                                 "B": "Patient B. Your word: fine\nThe truth: collapse. Score: 1 of 2"}
    assert shown == 2


def test_everybodys_eight_are_not_revealed_on_the_page(names):
    """They would be the same eight for all who give no name, and the stored page would tell them."""
    assert reveal(names, " ")[1] == 0
    cell = next(c for c in code_cells("08") if "\nsaid = " in source(c))
    assert not [output for output in cell["outputs"] if "data" in output]
