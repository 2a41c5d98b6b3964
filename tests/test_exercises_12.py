"""The checks of lesson 12 reject wrong answers and accept another right one."""

import re

import numpy as np
import pytest
from exercises import code_cells, judge, names_from, solution

from gancourse.course.lessons import source

torch = pytest.importorskip("torch")

RIGHT = {
    "one_round": """
def one_round(S, A):
    phase = np.angle(S)
    return spectrum(signals.sound(A * np.exp(1j * phase)))
""",
    "verdict": """
def verdict(features, c, psi, V):
    asked = torch.einsum("bj,bj->b", V(c), features)
    return psi(features) + asked[:, None]
""",
    "stretch": """
def stretch(picture, columns):
    kept = min(12, columns // 2)
    steps = columns - kept
    at = [*range(kept), *np.linspace(kept, picture.shape[1] - 1, steps)]
    before = np.floor(at).astype(int)
    share = at - before
    after = np.minimum(before + 1, picture.shape[1] - 1)
    return (1 - share) * picture[:, before] + share * picture[:, after]
""",
    "silenced": """
def silenced(k, s):
    out = k.astype(float).copy()
    stamps = len(k) // s
    for phase in range(s):
        out[phase::s] += (k.sum() / s - k[phase::s].sum()) / stamps
    return out
""",
}
WRONG = [  # exercise, what is wrong, (old, new) in a right answer
    ("one_round", "the magnitudes are not replaced", ("A * np.exp(1j * phase)", "S")),
    ("one_round", "the phase is forgotten", ("phase = np.angle(S)", "phase = 0 * np.angle(S)")),
    ("one_round", "the phase is turned round", ("phase = np.angle(S)", "phase = -np.angle(S)")),
    ("one_round", "no sound is made", ("spectrum(signals.sound(A * np.exp(1j * phase)))", "A * np.exp(1j * phase)")),
    ("one_round", "nan where there is silence", ("A * np.exp(1j * phase)", "A * S / np.abs(S)")),
    ("one_round", "multiplied, not replaced", ("A * np.exp(1j * phase)", "A * S")),
    ("one_round", "the sound, not its columns", ("spectrum(signals.sound(A * np.exp(1j * phase)))",
                                                 "signals.sound(A * np.exp(1j * phase))")),
    ("verdict", "a row, not a column", ("asked[:, None]", "asked")),
    ("verdict", "each clip with each condition", ('torch.einsum("bj,bj->b", V(c), features)',
                                                  "(V(c) @ features.T).sum(1)")),
    ("verdict", "real only", (" + asked[:, None]", "")),
    ("verdict", "as asked only", ("psi(features) + asked[:, None]", "asked[:, None]")),
    ("verdict", "a mean, not a sum", ("asked[:, None]", "asked[:, None] / 2")),
    ("verdict", "subtracted", ("+ asked", "- asked")),
    ("verdict", "psi judges the condition too", ("psi(features)", "psi(features + V(c))")),
    ("verdict", "V learns nothing", ("V(c), features", "V(c).detach(), features")),
    ("stretch", "all columns are slowed", ("kept = min(12, columns // 2)", "kept = 0")),
    ("stretch", "the start of a short note is not shortened", ("min(12, columns // 2)", "12")),
    ("stretch", "the last column is missing", ("picture.shape[1] - 1, steps", "picture.shape[1] - 2, steps")),
    ("stretch", "the last column is never reached", ("- 1, steps", "- 1, steps, False")),
    ("stretch", "columns repeated, not mixed", ("share = at - before", "share = np.round(at - before)")),
    ("stretch", "mixed the wrong way round", ("share = at - before", "share = 1 - (at - before)")),
    ("stretch", "cut or repeated, not stretched", ("np.linspace(kept, picture.shape[1] - 1, steps)",
                                                   "np.minimum(np.arange(kept, columns), picture.shape[1] - 1)")),
    ("stretch", "rows instead of columns", ("return (1", "picture = np.flipud(picture)\n    return (1")),
    ("silenced", "nothing is done", ("out[phase::s] +=", "out[phase::s] += 0 *")),
    ("silenced", "the sums become 0, the mean is lost", ("k.sum() / s - ", "-")),
    ("silenced", "all moved onto the first stamp", ("out[phase::s] += (k.sum() / s - k[phase::s].sum()) / stamps",
                                                    "out[phase] += k.sum() / s - k[phase::s].sum()")),
    ("silenced", "scaled instead of shifted", ("+= (k.sum() / s - k[phase::s].sum()) / stamps",
                                               "*= k.sum() / s / k[phase::s].sum()")),
    ("silenced", "all weights the same", ("return out", "return np.full(len(k), k.mean())")),
    ("silenced", "phases are neighbours, not every s-th", ("phase::s", "phase * stamps : (phase + 1) * stamps")),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; nothing is loaded, trained or drawn."""
    scope = names_from("12", ["num_steps: int", "import numpy"])
    (text,) = [source(c) for c in code_cells("12") if "def spectrum(x):" in source(c)]
    exec(text.split("\n\n\nchecks.close")[0], scope)
    return scope


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_solution_and_another_right_answer_pass(names, exercise):
    judge("12", names, exercise, RIGHT[exercise])
    judge("12", names, exercise, solution("12", exercise))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("exercise, what, change", WRONG, ids=[f"{name}: {what}" for name, what, _ in WRONG])
def test_a_wrong_answer_is_refused(names, exercise, what, change):
    assert change[0] in RIGHT[exercise], "the change changes nothing"
    with pytest.raises((AssertionError, RuntimeError, ValueError)):
        judge("12", names, exercise, RIGHT[exercise].replace(*change))


@pytest.mark.parametrize("exercise", RIGHT)
def test_what_stands_in_for_an_open_exercise_gives_the_solution(names, exercise, monkeypatch):
    """So that the lesson comes out the same whether or not its exercises are solved."""
    monkeypatch.setenv("GANCOURSE_STRICT", "0")
    cells = [source(c) for c in code_cells("12")]
    (at,) = [i for i, text in enumerate(cells) if f"def {exercise}(" in text]
    solved, left_open = dict(names), dict(names)
    exec(cells[at], solved)
    exec(f"def {exercise}(*given):\n    raise NotImplementedError", left_open)
    exec(cells[at + 1], left_open)
    assert re.search(rf"^{exercise} = checks.adopt", cells[at + 1], re.MULTILINE)
    rng = np.random.default_rng(0)
    numbers = lambda *shape: rng.normal(size=shape)
    tensor = lambda *shape: torch.from_numpy(numbers(*shape).astype(np.float32))
    psi, V = torch.nn.Linear(128, 1), torch.nn.Linear(22, 128)
    given = {"one_round": (numbers(2, 129, 64) + 1j * numbers(2, 129, 64), np.abs(numbers(2, 129, 64))),
             "verdict": (tensor(5, 128), tensor(5, 22), psi, V),
             "stretch": (numbers(128, 64), 75), "silenced": (numbers(24), 4)}[exercise]
    got, want = left_open[exercise](*given), solved[exercise](*given)
    if exercise == "verdict":
        got, want = got.detach().numpy(), want.detach().numpy()
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def test_the_rounds_are_those_of_the_package(names):
    """Without momentum, from random phases: errors of the magnitudes after a few rounds agree."""
    from gancourse.course.studies.speech import signals
    from gancourse.data.spectrograms import griffin_lim, spectrogram
    from gancourse.data.synthetic import speech

    wanted = spectrogram(speech.words(3).clips)
    by_package = np.linalg.norm(spectrogram(griffin_lim(wanted, 16, 0.0)) - wanted) / np.linalg.norm(wanted)
    A = np.pad(wanted, ((0, 0), (0, 1), (0, 0)))
    S = A * np.exp(1j * np.random.default_rng(0).uniform(0, 2 * np.pi, A.shape))
    for _ in range(17):
        S = signals.one_round(S, A)
    assert by_package == pytest.approx(np.linalg.norm(np.abs(S) - A) / np.linalg.norm(A), rel=0.1)
