"""The checks of lesson 13 reject wrong answers and accept another right one."""

import numpy as np
import pytest
from exercises import code_cells, judge, solution

from gancourse.course.lessons import source
from gancourse.data.synthetic import grammar
from gancourse.notebook import checks

RIGHT = {
    "rewards": """
def rewards(words, finish, realness, rollouts):
    columns = []
    for t in range(1, words.shape[1]):
        total = 0
        for _ in range(rollouts):
            total = total + realness(finish(words[:, :t]))
        columns.append(total / rollouts)
    columns.append(realness(words))
    return torch.stack(columns, dim=1)
""",
    "policy_loss": """
def policy_loss(log_q, Q, going):
    loss = 0.0
    for t in range(Q.shape[1]):
        on = going[:, t] > 0
        if on.any():
            b = Q[on, t].mean()
            A = Q[on, t] - b
            loss = loss - (A * log_q[on, t]).sum()
    return loss / len(Q)
""",
    "best_baseline": """
def best_baseline(q, r):
    size = q * (1 - 2 * q + (q**2).sum())
    return (size * r).sum() / size.sum()
""",
}
WRONG = [  # exercise, what is wrong, (old, new) in a right answer
    ("rewards", "the sum, not the mean", ("total / rollouts", "total")),
    ("rewards", "one rollout only", ("range(rollouts)", "range(1)")),
    ("rewards", "begins one word too early", ("words[:, :t]))", "words[:, : t - 1]))")),
    ("rewards", "begins one word too late", ("words[:, :t]))", "words[:, : t + 1]))")),
    ("rewards", "rollouts of the whole sentence", ("words[:, :t]))", "words))")),
    ("rewards", "the last word is left out", ("    columns.append(realness(words))\n", "")),
    ("rewards", "words along the first axis", ("dim=1", "dim=0")),
    ("rewards", "the best ending", ("total = total + realness(finish(words[:, :t]))",
                                    "total = rollouts * realness(finish(words[:, :t]))")),
    ("policy_loss", "no baseline", ("Q[on, t] - b", "Q[on, t]")),
    ("policy_loss", "the wrong sign", ("loss - (A", "loss + (A")),
    ("policy_loss", "one baseline for all words", ("Q[on, t].mean()", "Q[going > 0].mean()")),
    ("policy_loss", "ended sentences count in the mean", ("b = Q[on, t].mean()", "b = Q[:, t].mean()")),
    ("policy_loss", "averaged over words, too", ("loss / len(Q)", "loss / Q.numel()")),
    ("policy_loss", "summed over sentences", ("loss / len(Q)", "loss")),
    ("policy_loss", "the probability, not its logarithm", ("log_q[on, t])", "log_q[on, t].exp())")),
    ("policy_loss", "no gradient", ("log_q[on, t])", "log_q[on, t].detach())")),
    ("best_baseline", "the mean score", ("(size * r).sum() / size.sum()", "q @ r")),
    ("best_baseline", "the mean of all scores", ("(size * r).sum() / size.sum()", "r.mean()")),
    ("best_baseline", "weights without q", ("q * (1 -", "(1 -")),
    ("best_baseline", "lengths", ("q * (1 - 2 * q + (q**2).sum())", "q * (1 - 2 * q + (q**2).sum()) ** 0.5")),
]


@pytest.fixture
def names():
    """What the lesson has defined before its exercises; nothing is trained or drawn."""
    torch = pytest.importorskip("torch", reason="lesson 13 needs PyTorch")
    from gancourse.course.studies.text import policy_gradient

    q = np.exp([0.5, 1.0, 0.0, 1.2, -0.5])
    scope = {"np": np, "torch": torch, "checks": checks, "policy_gradient": policy_gradient, "q": q / q.sum(),
             "scores": np.array([1.0, 0.8, 0.6, 0.1, 0.0])}
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
    with pytest.raises((AssertionError, IndexError, RuntimeError)):
        judge("13", names, exercise, RIGHT[exercise].replace(*change))


@pytest.mark.parametrize("exercise", ["rewards", "policy_loss"])
def test_an_empty_answer_is_adopted_from_the_course(names, exercise, capsys):
    stub = f"def {exercise}(*args):\n    raise NotImplementedError"
    judge("13", names, exercise, stub, strict=False)
    assert "still empty" in capsys.readouterr().out


def test_every_exercise_has_at_least_three_wrong_answers():
    exercises = [name for name, _, _ in WRONG]
    assert set(exercises) == set(RIGHT) and min(exercises.count(name) for name in RIGHT) >= 3


@pytest.fixture(scope="module")
def lesson():
    """The lesson's networks and their tools, small and untrained; rollouts 2."""
    torch = pytest.importorskip("torch", reason="lesson 13 needs PyTorch")
    scope = {"width": 8, "batch_size": 4, "rollouts": 2, "tau": 1.0, "corpus": "grammar", "sentences": 100,
             "d_first": 1}
    (imports,) = [source(c) for c in code_cells("13") if source(c).startswith("import")]
    exec(imports, scope)
    english = grammar.number_agreement()
    scope |= {"V": len(english.words), "T": grammar.LENGTH, "SEEDS": range(3), "target": torch.device("cpu")}
    for mark in ("class LanguageModel", "def next_logits(", "def log_q(", "def write(", "def layers(",
                 "def write_softly(", "def rewards("):
        (text,) = [source(c) for c in code_cells("13") if mark in source(c)]
        exec(text, scope)
    torch.manual_seed(0)
    return scope | {"G": scope["LanguageModel"](), "torch": torch}


def test_a_likelihood_is_the_product_of_steps_up_to_the_full_stop(lesson):
    """Behind the first 0 nothing counts: changing it changes no probability."""
    words = lesson["torch"].tensor([[5, 9, 22, 0] + [0] * 8])
    other = words.clone()
    other[:, 6] = 7
    a, b = (lesson["log_q"](lesson["G"], w) for w in (words, other))
    assert (a[:, 4:] == 0).all() and a.sum(1).allclose(b.sum(1)) and (a[:, :4] < 0).all()


def test_the_first_words_are_drawn_with_the_probability_that_the_model_gives_them(lesson):
    """20,000 first words: each share within five standard errors of softmax."""
    torch, G = lesson["torch"], lesson["G"]
    torch.manual_seed(1)
    words = lesson["write"](G, 20_000)
    p = torch.softmax(lesson["next_logits"](G, words[:1]), -1)[0, 0].detach()
    share = torch.bincount(words[:, 0], minlength=len(p)) / 20_000
    assert ((share - p).abs() < 5 * (p * (1 - p) / 20_000) ** 0.5).all()


def test_rollouts_keep_what_is_begun_and_a_finished_sentence_stays(lesson):
    """A sentence that has ended cannot be continued: all its later Q are the same as D's own answer."""
    torch, G = lesson["torch"], lesson["G"]
    ended = torch.tensor([[5, 9, 22, 0] + [0] * 8] * 6)
    assert (lesson["write"](G, 6, ended[:, :2])[:, :2] == ended[:, :2]).all()
    assert (lesson["write"](G, 6, ended[:, :4]) == ended).all()
    D = torch.nn.Sequential(torch.nn.Flatten(), lesson["layers"](lesson["T"] * lesson["V"]))
    with torch.no_grad():
        Q = lesson["rewards"](ended, lambda begun: lesson["write"](G, len(begun), begun),
                              lambda x: torch.sigmoid(lesson["judge"](D, x)), 2)
    assert Q.shape == (6, 12) and Q[:, 3:].allclose(Q[:, -1:].expand(6, 9), atol=1e-6)


def test_the_control_sees_pairs_of_neighbours_and_not_where_they_stand(lesson):
    """Both sentences have the pairs 1 2, 2 1, 1 3, 3 1, 1 0, in another order; the third has others."""
    torch = lesson["torch"]
    words = torch.tensor([[1, 2, 1, 3, 1] + [0] * 7, [1, 3, 1, 2, 1] + [0] * 7, [1, 2, 3, 1, 1] + [0] * 7])
    a, b, other = lesson["judge"](lesson["OfPairs"](), words).tolist()
    assert a == pytest.approx(b, abs=1e-5) and abs(a - other) > 1e-4


def test_soft_words_are_distributions_and_straight_ones_are_words_with_a_gradient(lesson):
    torch, G = lesson["torch"], lesson["G"]
    soft, hard = (lesson["write_softly"](G, 4, straight) for straight in (False, True))
    assert soft.sum(-1).allclose(torch.ones(4, 12), atol=1e-5)
    assert ((hard.detach() - hard.detach().round()).abs() < 1e-5).all()
    hard[..., 3].sum().backward()
    assert G.embed.weight.grad.abs().sum() > 0
