"""The checks of lesson 07 refuse wrong answers and accept other right ones."""

import pytest
from exercises import judge, names_from, solution

pytest.importorskip("torch", reason="needs PyTorch")

HEADS = {"frechet": "def frechet(a, b):", "draw_images": "def draw_images(gan, n, cut, rng):",
         "precision": "def precision(real, fake, k):", "fool_frechet": "def fool_frechet(n):"}
RIGHT = [
    ("frechet", "return metrics.gaussian_distance(a.mean(0), np.cov(a.T), b.mean(0), np.cov(b.T))"),
    ("frechet", "A, B = np.cov(a, rowvar=False), np.cov(b, rowvar=False)\n"
                "    values, vectors = np.linalg.eigh(A)\n"
                "    root = vectors * np.sqrt(np.abs(values)) @ vectors.T\n"
                "    cross = np.sqrt(np.abs(np.linalg.eigvalsh(root @ B @ root))).sum()\n"
                "    return np.linalg.norm(a.mean(0) - b.mean(0)) ** 2 + np.trace(A + B) - 2 * cross"),
    ("precision", "from sklearn.neighbors import NearestNeighbors\n"
                  "    radii = NearestNeighbors(n_neighbors=k + 1).fit(real).kneighbors(real)[0][:, -1]\n"
                  "    hit = [any(np.linalg.norm(f - r) < size for r, size in zip(real, radii)) for f in fake]\n"
                  "    return sum(hit) / len(hit)"),
    ("fool_frechet", "return np.tile([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]], (n // 4, 1))"),
    ("fool_frechet", "x = np.random.default_rng(0).uniform(-1, 1, (n, 2))\n"
                     "    x = x / np.linalg.norm(x, axis=1, keepdims=True)\n    x -= x.mean(0)\n"
                     "    return 1.0 * x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T"),
    ("draw_images", "low, high = stats.norm.cdf([-cut, cut])\n"
                    "    return sample(gan, np.float32(stats.norm.ppf(rng.uniform(low, high, (n, gan.z_dim)))))"),
    ("draw_images", "z = stats.truncnorm.rvs(-cut, cut, size=(n, gan.z_dim), random_state=rng)\n"
                    "    return sample(gan, z.astype(np.float32))"),
    ("draw_images", "kept = np.empty(0)\n"
                    "    while len(kept) < n * gan.z_dim:\n"
                    "        more = rng.normal(size=n * gan.z_dim)\n"
                    "        kept = np.concatenate([kept, more[abs(more) <= cut]])\n"
                    "    return sample(gan, kept[: n * gan.z_dim].reshape(n, -1).astype(np.float32))"),
]
FRECHET = """A, B = np.cov(a.T), np.cov(b.T)
    values = np.linalg.eigvals(A @ B).real
    cross = np.sqrt(np.clip(values, 0, None)).sum()
    gap = a.mean(0) - b.mean(0)
    return gap @ gap + np.trace(A) + np.trace(B) - 2 * cross"""
BALLS = """apart = lambda a, b: np.linalg.norm(a[:, None] - b[None], axis=2)
    radii = np.sort(apart(real, real), axis=1)[:, k]
    """
NOISE = "z = rng.standard_normal((n, gan.z_dim), np.float32)\n    "
WRONG = [
    ("frechet", "the distance of the means, not its square", FRECHET.replace("gap @ gap", "np.linalg.norm(gap)")),
    ("frechet", "no means", FRECHET.replace("gap @ gap + ", "")),
    ("frechet", "no root", FRECHET.replace("np.sqrt(np.clip(values, 0, None))", "values")),
    ("frechet", "the root of each entry", FRECHET.replace("cross = np.sqrt(np.clip(values, 0, None)).sum()",
                                                          "cross = np.trace(np.sqrt(np.abs(A @ B)))")),
    ("frechet", "variances alone", FRECHET.replace("values = np.linalg.eigvals(A @ B).real",
                                                   "values = np.diag(A) * np.diag(B)")),
    ("frechet", "spreads in order of size", FRECHET.replace(
        "values = np.linalg.eigvals(A @ B).real", "values = np.linalg.eigvalsh(A) * np.linalg.eigvalsh(B)")),
    ("frechet", "one root, not two", FRECHET.replace("2 * cross", "cross")),
    ("frechet", "the eigenvalues of the upper half", FRECHET.replace("eigvals(A @ B).real", "eigvalsh(A @ B)")),
    ("frechet", "the root of the whole", FRECHET.replace("return ", "return abs(") + ")**0.5"),
    ("fool_frechet", "a bell", "x = np.random.default_rng(0).normal(size=(n, 2))\n"
                               "    return (x - x.mean(0)) / x.std(0)"),
    ("fool_frechet", "a ring of radius 1", "t = 2 * np.pi * np.arange(n) / n\n"
                                           "    return np.stack([np.cos(t), np.sin(t)], 1)"),
    ("fool_frechet", "a ring of radius 2", "t = 2 * np.pi * np.arange(n) / n\n"
                                           "    return 2 * np.stack([np.cos(t), np.sin(t)], 1)"),
    ("fool_frechet", "a ring around (1, 0)", "t = 2 * np.pi * np.arange(n) / n\n"
                                             "    return 2**0.5 * np.stack([np.cos(t), np.sin(t)], 1) + [3, 0]"),
    ("fool_frechet", "a random ring", "t = np.random.default_rng(0).uniform(0, 2 * np.pi, n)\n"
                                      "    return 2**0.5 * np.stack([np.cos(t), np.sin(t)], 1)"),
    ("fool_frechet", "two corners only", "return np.tile([[1.0, 1.0], [-1.0, -1.0]], (n // 2, 1))"),
    ("fool_frechet", "too few points", "return np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])"),
    ("fool_frechet", "numbers, not points", "return np.tile([-1.0, 1.0], n // 2)"),
    ("precision", "recall", "return metrics.prdc_scores(real, fake, min(k, len(fake) - 2)).recall"),
    ("precision", "the ball reaches to the point before",
     BALLS.replace("k]", "k - 1]") + "return (apart(fake, real) < radii).any(1).mean()"),
    ("precision", "the point itself left out of count",
     BALLS.replace("k]", "k + 1]") + "return (apart(fake, real) < radii).any(1).mean()"),
    ("precision", "density", BALLS + "return (apart(fake, real) < radii).sum(1).mean() / k"),
    ("precision", "coverage", BALLS + "return (apart(fake, real) < radii).any(0).mean()"),
    ("precision", "only the nearest real point's ball counts", BALLS + "near = apart(fake, real).argmin(1)\n"
     "    return (apart(fake, real).min(1) < radii[near]).mean()"),
    ("draw_images", "never cut", NOISE + "return sample(gan, z)"),
    ("draw_images", "clipped", NOISE + "return sample(gan, np.clip(z, -cut, cut))"),
    ("draw_images", "squeezed", NOISE + "return sample(gan, z * min(1, cut / np.abs(z).max()))"),
    ("draw_images", "large entries are set to 0", NOISE + "return sample(gan, np.where(np.abs(z) > cut, 0, z))"),
    ("draw_images", "cut above only", NOISE + "while (z > cut).any():\n"
     "        z[z > cut] = rng.standard_normal((z > cut).sum())\n    return sample(gan, z)"),
    ("draw_images", "whole rows drawn again, for ever", NOISE + "far = (np.abs(z) > cut).any(1)\n"
     "    while far.any():\n        z[far] = rng.standard_normal((far.sum(), gan.z_dim), np.float32)\n"
     "        far = (np.abs(z) > cut).any(1)\n    return sample(gan, z)"),
    ("draw_images", "all noise drawn again, for ever", "z = np.full((n, gan.z_dim), np.inf)\n"
     "    while np.isinf(z).any() or (np.abs(z) > cut).any():\n        z = rng.normal(size=z.shape)\n"
     "    return sample(gan, np.float32(z))"),
    ("draw_images", "drawn again only once", NOISE + "far = np.abs(z) > cut\n"
     "    z[far] = rng.standard_normal(far.sum())\n    return sample(gan, z)"),
    ("draw_images", "evenly between the cuts", "c = min(cut, 9.0)\n"
     "    return sample(gan, np.float32(rng.uniform(-c, c, (n, gan.z_dim))))"),
    ("draw_images", "a cut of its own", "return sample(gan, np.float32(stats.truncnorm.rvs(-1, 1, size=(n, gan.z_dim),"
     " random_state=rng)))"),
    ("draw_images", "a generator of its own", "return sample(gan, np.float32(stats.truncnorm.rvs(-cut, cut,"
     " size=(n, gan.z_dim), random_state=np.random.default_rng())))"),
    ("draw_images", "not the running average", "z = np.float32(stats.truncnorm.rvs(-cut, cut, size=(n, gan.z_dim),"
     " random_state=rng))\n    return sample(gan, z, averaged=False)"),
    ("draw_images", "the noise itself is returned, as integers", NOISE + "return np.zeros((n, gan.z_dim), int)"),
    ("draw_images", "one image too few", "return sample(gan, np.float32(stats.truncnorm.rvs(-cut, cut,"
     " size=(n - 1, gan.z_dim), random_state=rng)))"),
]


@pytest.fixture(scope="module")
def names():
    """What the lesson has defined before its exercises; nothing is trained or loaded."""
    return names_from("07", ["num_samples: int", "from scipy import ndimage"])


@pytest.mark.parametrize("exercise", HEADS)
def test_the_solution_passes(names, exercise):
    judge("07", names, exercise, solution("07", exercise))


@pytest.mark.parametrize("exercise, body", RIGHT)
def test_another_right_answer_passes(names, exercise, body):
    judge("07", names, exercise, f"{HEADS[exercise]}\n    {body}")


@pytest.mark.parametrize("exercise, why, body", WRONG)
def test_a_wrong_answer_is_refused(names, exercise, why, body):
    with pytest.raises(AssertionError):
        judge("07", names, exercise, f"{HEADS[exercise]}\n    {body}")
