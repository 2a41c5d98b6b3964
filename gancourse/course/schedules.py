"""How the learning rate of `gancourse train` moves, and which runs can be made longer exactly.

    falling    constant, then to 0 over the last 60 % of the run: the best end, for a length that
               is known at the start
    constant   the same at each step: 200 steps and then 200 more are 400 at once, bit for bit
    cooldown   constant, then to 0 over the last fifth.  A longer run goes on from where the fall
               began, so that it equals one that was long from the start; only the fall is paid
               for twice (Haegele et al. 2024, arXiv 2405.18392)
"""

SCHEDULES = ("falling", "constant", "cooldown")
FALL = {"falling": 0.6, "cooldown": 0.2}  # shares of a run in which the learning rate falls to 0


def cooldown_start(num_steps: int) -> int:
    """Return the step at which a run of `num_steps` with schedule "cooldown" begins to fall."""
    return num_steps - int(FALL["cooldown"] * num_steps)


def learning_rate_at(k: int, num_steps: int, learning_rate: float, schedule: str = "falling",
                     warmup: int = 0) -> float:
    """Return the learning rate of step k of `num_steps`, from 0 to `learning_rate`.

    It rises over the first `warmup` steps.
    """
    share = 1.0
    if schedule == "falling":
        share = (1 - k / num_steps) / FALL["falling"]
    elif schedule == "cooldown" and k >= cooldown_start(num_steps):
        share = (num_steps - k) / (num_steps - cooldown_start(num_steps))
    if warmup:
        share = min(share, (k + 1) / warmup)
    return learning_rate * min(1.0, share)
