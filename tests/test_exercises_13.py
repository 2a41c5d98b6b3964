"""The checks of lesson 13 reject wrong answers and accept another right one."""

import numpy as np
import pytest
from exercises import code_cells, judge, solution

from gancourse.course.lessons import source
from gancourse.data.synthetic import grammar
from gancourse.notebook import checks

RIGHT = {
    "reinforce": """
def reinforce(words, scores, q, b=0.0):
    slopes = -np.tile(q, (len(words), 1))
    slopes[np.arange(len(words)), words] += 1
    return slopes * (scores - b).reshape(-1, 1)
""",
    "best_baseline": """
def best_baseline(q, r):
    size = q * (1 - 2 * q + (q**2).sum())
    return (size * r).sum() / size.sum()
""",
    "walk": """
def walk(words, prob, follow):
    p, state = 1.0, 0
    for word in words:
        p *= prob[state, word]
        if p == 0:
            return -np.inf
        state = follow[state, word]
    return np.log(p)
""",
    "advantage": """
def advantage(Q, going):
    A = np.zeros_like(Q)
    for t in range(Q.shape[1]):
        on = going[:, t] > 0
        if on.any():
            A[on, t] = Q[on, t] - Q[on, t].mean()
    return A
""",
}
WRONG = [  # exercise, what is wrong, (old, new) in a right answer
    ("reinforce", "the wrong sign", ("+= 1", "-= 1")),
    ("reinforce", "the baseline is forgotten", ("(scores - b)", "scores")),
    ("reinforce", "the baseline is added", ("scores - b", "scores + b")),
    ("reinforce", "q instead of log q", ("slopes * (scores - b)", "q[words][:, None] * slopes * (scores - b)")),
    ("reinforce", "averaged already", ("return slopes * (scores - b).reshape(-1, 1)",
                                       "return (slopes * (scores - b).reshape(-1, 1)).mean(0)")),
    ("reinforce", "the drawn word only", ("-np.tile(q, (len(words), 1))", "np.zeros((len(words), len(q)))")),
    ("best_baseline", "the mean score", ("(size * r).sum() / size.sum()", "q @ r")),
    ("best_baseline", "the mean of all scores", ("(size * r).sum() / size.sum()", "r.mean()")),
    ("best_baseline", "weights without q", ("q * (1 -", "(1 -")),
    ("best_baseline", "lengths", ("q * (1 - 2 * q + (q**2).sum())", "q * (1 - 2 * q + (q**2).sum()) ** 0.5")),
    ("walk", "stays in state 0", ("state = follow[state, word]", "state = 0")),
    ("walk", "the probability, not its logarithm", ("return np.log(p)", "return p")),
    ("walk", "only the last word counts", ("p *= prob", "p = prob")),
    ("walk", "the impossible is very unlikely", ("if p == 0:\n            return -np.inf", "p = max(p, 1e-12)")),
    ("walk", "state and word exchanged", ("prob[state, word]", "prob.T[state % prob.shape[1], word % len(prob)]")),
    ("advantage", "no baseline", (" - Q[on, t].mean()", "")),
    ("advantage", "one baseline for all words", ("Q[on, t].mean()", "Q[going > 0].mean()")),
    ("advantage", "ended sentences count in the mean", ("- Q[on, t].mean()", "- Q[:, t].mean()")),
    ("advantage", "ended sentences are not masked", ("A[on, t] = Q[on, t] -", "A[:, t] = Q[:, t] -")),
    ("advantage", "each sentence against its own mean", ("Q[on, t].mean()", "Q[on].mean(1)")),
    ("advantage", "the wrong sign", ("Q[on, t] - Q[on, t].mean()", "Q[on, t].mean() - Q[on, t]")),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; nothing is trained or drawn."""
    q = np.exp([0.5, 1.0, 0.0, 1.2, -0.5])
    scope = {"np": np, "checks": checks, "english": grammar.number_agreement(), "q": q / q.sum(),
             "scores": np.array([1.0, 0.8, 0.6, 0.1, 0.0]), "b_axis": np.linspace(-0.1, 1.1, 121)}
    size = ((np.eye(5) - scope["q"]) ** 2).sum(1)
    scope["spread"] = lambda b: scope["q"] @ ((scope["scores"] - b) ** 2 * size)
    return scope


@pytest.mark.parametrize("exercise", RIGHT)
def test_the_solution_and_another_right_answer_pass(names, exercise):
    judge("13", names, exercise, RIGHT[exercise])
    judge("13", names, exercise, solution("13", exercise))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("exercise, what, change", WRONG, ids=[f"{name}: {what}" for name, what, _ in WRONG])
def test_a_wrong_answer_is_refused(names, exercise, what, change):
    assert change[0] in RIGHT[exercise], "the change changes nothing"
    with pytest.raises((AssertionError, IndexError)):
        judge("13", names, exercise, RIGHT[exercise].replace(*change))


def test_every_exercise_has_at_least_three_wrong_answers():
    exercises = [name for name, _, _ in WRONG]
    assert set(exercises) == set(RIGHT) and min(exercises.count(name) for name in RIGHT) >= 3


@pytest.fixture(scope="module")
def lesson():
    """The lesson's networks and their tools, three small ones, untrained; rollouts 2."""
    torch = pytest.importorskip("torch", reason="lesson 13 needs PyTorch")
    scope = {"width": 8, "batch_size": 4, "rollouts": 2, "tau": 1.0, "corpus": "grammar", "sentences": 20, "d_first": 1}
    (imports,) = [source(c) for c in code_cells("13") if source(c).startswith("import")]
    exec(imports, scope)
    english = grammar.number_agreement()
    scope |= {"V": len(english.words), "T": grammar.LENGTH, "SEEDS": range(3), "target": torch.device("cpu")}
    for mark in ("class LanguageModel", "def next_logits(", "def write(", "def make_D(", "def write_softly(",
                 "def rewards("):
        (text,) = [source(c) for c in code_cells("13") if mark in source(c)]
        exec(text, scope)
    torch.manual_seed(0)
    return scope | {"G": scope["LanguageModel"](), "torch": torch}


def test_probabilities_of_all_continuations_add_up_to_one(lesson):
    """After any beginning, the 28 next words have probability 1 together; temperature keeps that."""
    torch, words = lesson["torch"], lesson["write"](lesson["G"], 5)
    assert torch.softmax(lesson["next_logits"](lesson["G"], words), -1).sum(-1).allclose(torch.ones(3, 5, 12))


def test_a_likelihood_is_the_product_of_steps_up_to_the_full_stop(lesson):
    """Behind the first 0 nothing counts: changing it changes no probability."""
    words = lesson["torch"].tensor([5, 9, 22, 0] + [0] * 8).expand(3, 1, -1)
    other = words.clone()
    other[..., 6] = 7
    a, b = (lesson["log_q"](lesson["G"], w) for w in (words, other))
    assert (a[..., 4:] == 0).all() and a.sum(-1).allclose(b.sum(-1)) and (a[..., :4] < 0).all()


def test_rollouts_keep_what_is_begun_and_a_finished_sentence_stays(lesson):
    """A sentence that has ended cannot be continued: all its later Q are the same as D's own answer."""
    torch, G = lesson["torch"], lesson["G"]
    begun = torch.tensor([5, 9, 22, 0] + [0] * 8).expand(3, 6, -1)
    kept = lesson["write"](G, 6, begun=begun, keep=torch.tensor([2, 2, 4, 4, 12, 12]))
    assert (kept[:, :2, :2] == begun[:, :2, :2]).all() and (kept[:, 2:] == begun[:, 2:]).all()
    D = lesson["stack"]([lesson["make_D"]() for _ in range(3)], lesson["T"] * lesson["V"])
    Q = lesson["rewards"](G, D, begun)
    assert Q.shape == (3, 6, 12) and Q[..., 3:].allclose(Q[..., -1:].expand(3, 6, 9), atol=1e-6)


def test_soft_words_are_distributions_and_straight_ones_are_words_with_a_slope(lesson):
    torch, G = lesson["torch"], lesson["G"]
    soft, hard = (lesson["write_softly"](G, 4, straight) for straight in (False, True))
    assert soft.sum(-1).allclose(torch.ones(3, 4, 12), atol=1e-5)
    assert ((hard.detach() - hard.detach().round()).abs() < 1e-5).all()
    hard[..., 3].sum().backward()
    assert G.W.grad.abs().sum() > 0


def test_the_model_is_the_frameworks_gru(lesson):
    """PyTorch's nn.GRU with the same weights gives the same logits."""
    torch, G = lesson["torch"], lesson["G"]
    gru = torch.nn.GRU(lesson["V"], 8, batch_first=True)
    words = lesson["write"](G, 5)
    x = lesson["one_hot"](torch.cat([torch.zeros_like(words[1, :, :1]), words[1, :, :-1]], 1), lesson["V"]).float()
    with torch.no_grad():
        gru.weight_ih_l0.copy_(G.W[1].T)
        gru.weight_hh_l0.copy_(G.U[1].T)
        gru.bias_ih_l0.copy_(G.b[1, 0])
        gru.bias_hh_l0.zero_()
        assert lesson["next_logits"](G, words)[1].allclose(gru(x)[0] @ G.O[1] + G.c[1], atol=1e-5)
