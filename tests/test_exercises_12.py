"""The checks of lesson 12 reject wrong answers and accept another right one."""

import numpy as np
import pytest
from exercises import judge, names_from, solution

RIGHT = {
    "likeness": """
def likeness(x, lag):
    pairs = [x[i] * x[i + lag] for i in range(len(x) - lag)]
    return np.mean(pairs) / np.mean(x**2)
""",
    "one_round": """
def one_round(S, A):
    phase = np.angle(S)
    return spectrum(sound(A * np.exp(1j * phase)))
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
    ("likeness", "the shorter sum is left short", ("np.mean(pairs) / np.mean(x**2)", "np.sum(pairs) / np.sum(x**2)")),
    ("likeness", "not divided by the energy", (" / np.mean(x**2)", "")),
    ("likeness", "divided by the amplitude", ("np.mean(x**2)", "np.mean(np.abs(x))")),
    ("likeness", "sizes only", ("np.mean(pairs)", "np.mean(np.abs(pairs))")),
    ("likeness", "the end is followed by the beginning", ("[x[i] * x[i + lag] for i in range(len(x) - lag)]",
                                                          "x * np.roll(x, -lag)")),
    ("likeness", "each part by its own energy", ("np.mean(x**2)",
                                                 "np.sqrt(np.mean(x[: len(x) - lag] ** 2) * np.mean(x[lag:] ** 2))")),
    ("likeness", "the correlation coefficient", ("np.mean(pairs) / np.mean(x**2)",
                                                 "np.corrcoef(x[: len(x) - lag], x[lag:])[0, 1]")),
    ("likeness", "a shift too far", ("x[i + lag]", "x[i + lag - 1]")),
    ("one_round", "the magnitudes are not replaced", ("A * np.exp(1j * phase)", "S")),
    ("one_round", "the phase is forgotten", ("phase = np.angle(S)", "phase = 0 * np.angle(S)")),
    ("one_round", "the phase is turned round", ("phase = np.angle(S)", "phase = -np.angle(S)")),
    ("one_round", "no sound is made", ("spectrum(sound(A * np.exp(1j * phase)))", "A * np.exp(1j * phase)")),
    ("one_round", "nan where there is silence", ("A * np.exp(1j * phase)", "A * S / np.abs(S)")),
    ("one_round", "multiplied, not replaced", ("A * np.exp(1j * phase)", "A * S")),
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
    """What the lesson has defined before its exercises, on few clips; nothing is trained or drawn."""
    scope = names_from("12", ["num_steps: int", "import numpy"])
    scope["sounds"] = sounds = scope["data"].load_sounds("speech", num=100)
    scope |= {"rate": sounds.rate, "samples": sounds.x_train.shape[1], "one_each": [0, 1, 2, 3],
              "plots": None, "seed": 0}
    from exercises import code_cells

    from gancourse.course.lessons import source

    for mark in ("def spectrum(x):", "known = speech.words", "def sound(S):", "def tone_of("):
        (text,) = [source(c) for c in code_cells("12") if mark in source(c)]
        exec(text.replace("audio.show_players(takes, rate)", ""), scope)
    return scope


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_solution_and_another_right_answer_pass(names, exercise):
    judge("12", names, exercise, RIGHT[exercise])
    judge("12", names, exercise, solution("12", exercise))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("exercise, what, change", WRONG, ids=[f"{name}: {what}" for name, what, _ in WRONG])
def test_a_wrong_answer_is_refused(names, exercise, what, change):
    assert change[0] in RIGHT[exercise], "the change changes nothing"
    with pytest.raises(AssertionError):
        judge("12", names, exercise, RIGHT[exercise].replace(*change))


def test_the_round_by_hand_is_that_of_the_package(names):
    """Without momentum, from the same phases: errors of the magnitudes after a few rounds agree."""
    from gancourse.data.spectrograms import griffin_lim, spectrogram

    some = names["some"]
    wanted = spectrogram(some)
    by_package = np.linalg.norm(spectrogram(griffin_lim(wanted, 16, 0.0)) - wanted) / np.linalg.norm(wanted)
    assert by_package == pytest.approx(names["errors"][16], rel=0.1)
