"""Rollouts and REINFORCE by hand, and against the exact gradient."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch")

from gancourse.course.studies.text.policy_gradient import (  # noqa: E402
    baseline_spread,
    lowest_baseline,
    policy_loss,
    rollout_rewards,
)


def test_rewards_are_means_over_endings_and_the_last_is_the_answer_itself():
    words = torch.tensor([[1, 5, 7], [2, 6, 9]])
    endings = iter([0.0, 1.0, 2.0, 3.0] * 10)

    def finish(begun):
        return torch.cat([begun, torch.zeros(len(begun), 3 - begun.shape[1], dtype=torch.long)], 1)

    def realness(x):
        return torch.tensor([next(endings) if row[-1] == 0 else float(row[-1]) for row in x.tolist()])

    Q = rollout_rewards(words, finish, realness, 2)
    assert Q.tolist() == [[0.5, 0.5, 7.0], [2.5, 2.5, 9.0]]


def test_the_loss_and_its_gradient_by_hand():
    log_q = torch.tensor([[-1.0, -2.0, 0.0], [-1.0, -1.0, -1.0]], requires_grad=True)
    Q = torch.tensor([[0.2, 0.9, 0.7], [0.4, 0.3, 0.1]])
    going = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    loss = policy_loss(log_q, Q, going)
    loss.backward()
    assert loss.item() == pytest.approx(0.15)
    torch.testing.assert_close(log_q.grad, torch.tensor([[0.05, -0.15, 0.0], [-0.05, 0.15, 0.0]]))


def test_where_all_have_ended_nothing_is_learnt_and_nothing_is_nan():
    log_q, Q = torch.zeros(2, 3), torch.rand(2, 3)
    assert policy_loss(log_q, Q, torch.zeros(2, 3)).item() == 0


def test_on_average_it_is_the_exact_gradient():
    """Five words, one place: q (r - J), within four standard errors of 20,000 draws, times (n - 1) / n."""
    torch.manual_seed(0)
    s = torch.tensor([0.5, 1.0, 0.0, 1.2, -0.5], requires_grad=True)
    r = torch.tensor([1.0, 0.8, 0.6, 0.1, 0.0])
    q = torch.softmax(s, 0).detach()
    words = torch.multinomial(q, 20_000, replacement=True)
    log_q = torch.log_softmax(s, 0)[words][:, None]
    policy_loss(log_q, r[words][:, None], torch.ones(20_000, 1)).backward()
    exact = q * (r - q @ r)
    torch.testing.assert_close(-s.grad, exact, atol=4 * (0.07 / 20_000) ** 0.5, rtol=0)


def test_the_spread_is_the_mean_squared_length_and_its_lowest_point_is_there():
    q, r = np.array([0.2, 0.5, 0.3]), np.array([1.0, 0.0, 3.0])
    for b in (0.0, 0.7):
        estimates = [(r[i] - b) * (np.eye(3)[i] - q) for i in range(3)]
        assert baseline_spread(q, r, b) == pytest.approx(q @ [e @ e for e in estimates])
    assert baseline_spread(q, r, np.array([0.0, 0.7])).shape == (2,)
    lowest = lowest_baseline(q, r)
    beside = baseline_spread(q, r, np.array([lowest - 0.01, lowest + 0.01]))
    assert baseline_spread(q, r, lowest) < beside.min()
    assert lowest_baseline(np.full(4, 0.25), np.array([1.0, 2.0, 3.0, 6.0])) == pytest.approx(3)
