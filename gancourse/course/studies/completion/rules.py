"""Rules that paint a lesion at some shifts of the middle line, and their mistakes.  Lesson 11.

Such a rule is the share of slices, at each shift, into which it paints a lesion.  `healthy` and
`ill`, (shifts,), are the chances of each shift in either group, `prior` is the share of the ill.
"""

import numpy as np

from gancourse.data.synthetic.slices import honest_guess, mistakes
from gancourse.notebook import animation, plots, slider

GROUPS = plots.NEUTRAL, "#6A3D9A"  # the colours of healthy and ill
STEPS = {"none": (0, 0, 0, 0), "half of 3": (0, 0, 0, 0.5), "3": (0, 0, 0, 1),
         "3 and half of 2": (0, 0, 0.5, 1), "2 and 3": (0, 0, 1, 1),
         "2, 3 and half of 1": (0, 0.5, 1, 1), "1 to 3": (0, 1, 1, 1),
         "1 to 3 and half of 0": (0.5, 1, 1, 1), "all": (1, 1, 1, 1)}


def of_100(prior: float, invented: float, deleted: float) -> tuple[float, float, float]:
    """Return the mistakes in 100 slices: lesions invented, lesions deleted, and both together."""
    wrong = 100 * (1 - prior) * invented, 100 * prior * deleted
    return *wrong, sum(wrong)


def line(healthy: np.ndarray, ill: np.ndarray) -> np.ndarray:
    """Return the mistakes of "from this shift upwards", from all to none, (2, shifts + 1).

    Where healthy slices become rarer as the shift grows, and ill ones more frequent, no rule gets
    below the line between these points (Neyman and Pearson 1933).
    """
    shifts = np.arange(len(healthy))
    rules = [shifts >= start for start in range(len(healthy) + 1)]
    return np.array([mistakes(rule, healthy, ill) for rule in rules]).T


def fewest(healthy: np.ndarray, ill: np.ndarray, prior: float) -> tuple[float, float]:
    """Return the shares invented and deleted of the rule that makes the fewest mistakes."""
    corners = line(healthy, ill).T
    invented, deleted = min(corners, key=lambda shares: of_100(prior, *shares)[2])
    return float(invented), float(deleted)


def show(healthy: np.ndarray, ill: np.ndarray, prior: float, *, alt: str) -> None:
    """Display the rules of STEPS behind a slider: whom they paint, and where they lie."""
    fig, (above, below) = plots.figure(2, 1, width=5.4, height=6.4)
    groups = 100 * (1 - prior) * healthy, 100 * prior * ill
    edge = line(healthy, ill)
    honest = honest_guess(healthy, ill, prior)

    def at_rule(rule: tuple[float, ...]) -> None:
        """Draw one rule, above in counts, below as a point."""
        part = np.array(rule)
        shares = mistakes(part, healthy, ill)
        invented, deleted, _ = of_100(prior, *shares)
        above.clear()
        for number, at, colour in zip(groups, (-0.2, 0.2), GROUPS, strict=True):
            above.bar(np.arange(len(part)) + at, number, 0.36, color=colour, alpha=0.25)
            above.bar(np.arange(len(part)) + at, number * part, 0.36, color=colour)
        above.set(xticks=range(len(part)), ylim=(0, 34), xlabel="shift", ylabel="slices of 100")
        above.set_title("gray healthy, purple ill; full colour: gets a lesion\n"
                        f"of 100: invents {invented:.0f}, deletes {deleted:.0f}")
        below.clear()
        below.fill_between(edge[0], 0, edge[1], color="#DDDDDD", linewidth=0)
        below.plot(*edge, color=plots.NEUTRAL, marker="o", markersize=4)
        below.plot(*honest, "*", color="black", markersize=15)
        below.text(honest[0] + 0.03, honest[1], "honest guess", fontsize=13, va="center",
                   bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})
        below.plot(*shares, "o", color="black", markersize=12)
        below.set(xlabel="invented, share of the healthy", ylabel="deleted, share of the ill")

    slider.show(animation.frames(fig, at_rule, STEPS.values()), {"a lesion at shift": list(STEPS)},
                start=2, seconds=9, alt=alt)
