"""How a generator of words learns from a score: rollouts and REINFORCE, as in SeqGAN.  Lesson 13.

A word is an index, so no gradient passes through it.  Yu et al. 2017 (arXiv 1609.05473) score
each beginning of a sentence by D's answer to several ways in which G finishes it, and raise the
logits of words in proportion (Williams 1992).  Sentences are rows of word numbers, (n, length).
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor


def rollout_rewards(words: Tensor, finish: Callable[[Tensor], Tensor],
                    realness: Callable[[Tensor], Tensor], rollouts: int) -> Tensor:
    """Return the reward of each word, float (n, length), in the range of `realness`.

    The reward of word t is the mean of `realness` over `rollouts` sentences that begin with the
    first t words and are finished by G; that of the last word is D's answer to the sentence itself.
    `finish` takes beginnings (m, t) and returns whole sentences (m, length); `realness` takes whole
    sentences and returns D's probability that each is real, (m,).
    """
    n, length = words.shape
    rewards = [realness(words)]
    for t in range(length - 1, 0, -1):
        several = words[:, :t].repeat_interleave(rollouts, 0)
        rewards.insert(0, realness(finish(several)).view(n, rollouts).mean(1))
    return torch.stack(rewards, 1)


def policy_loss(log_q: Tensor, rewards: Tensor, going: Tensor) -> Tensor:
    """Return the scalar whose gradient is minus REINFORCE's estimate, averaged over the sentences.

    All three are (n, length): log_q of each word, its reward, and 1 up to the full stop and 0
    behind it.  The baseline of a position is the mean reward of the sentences still going on there,
    so that the gradient does not depend on the level of the rewards.
    """
    num_going = going.sum(0).clamp(min=1)
    baseline = torch.einsum("nt,nt->t", rewards, going) / num_going
    advantage = torch.where(going > 0, rewards - baseline, torch.zeros_like(rewards))
    return -torch.einsum("nt,nt->", advantage, log_q) / len(log_q)


def baseline_spread(q: np.ndarray, r: np.ndarray, b: float | np.ndarray) -> np.ndarray:
    """Return the mean squared length of REINFORCE's estimate from one word, for each baseline.

    `q` and `r` (K,) are the words' probabilities and scores.  The variance is this less the squared
    length of the exact gradient, which no baseline changes.
    """
    lengths = ((np.eye(len(q)) - q) ** 2).sum(1)
    return (r - np.asarray(b)[..., None]) ** 2 @ (q * lengths)


def lowest_baseline(q: np.ndarray, r: np.ndarray) -> float:
    """Return the baseline where `baseline_spread` is lowest, by trying 20,001 of them."""
    tried = np.linspace(r.min(), r.max(), 20_001)
    return float(tried[baseline_spread(q, r, tried).argmin()])
