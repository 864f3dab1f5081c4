"""Families in which no relevant input says anything alone."""

import numpy as np

from deepfeat.testing.families.known import KnownProblem
from deepfeat.testing.families.sampling import coin, names, positions


def make_exact_xor(n: int, p: int, seed: int) -> KnownProblem:
    """Exclusive or of two inputs: `y = 1` where the signs of a and b agree, without any noise.

    All inputs are independent, -1 or 1 with equal probability. Each input alone, and any other pair, is
    independent of the target, so there is no first step for a learner that improves greedily
    (Minsky & Papert 1969, "Perceptrons").
    """
    rng = np.random.default_rng(seed)
    x = rng.choice(np.array([-1.0, 1.0]), size=(n, p))
    relevant = positions(rng, p, 2)
    a, b = x[:, relevant].T
    return KnownProblem("exact_xor", x, (a * b > 0).astype(np.int64), "binary", relevant, names(p))


def make_noisy_xor(n: int, p: int, seed: int, *, slope: float = 3.0) -> KnownProblem:
    """`P(y = 1) = sigmoid(slope * a b)` on independent standard normal inputs.

    Chen et al. (2018, "Learning to explain: an information-theoretic perspective on model interpretation")
    with `slope` 1. They have a million rows; a slope of 3 keeps the problem solvable with a thousand.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    relevant = positions(rng, p, 2)
    a, b = x[:, relevant].T
    return KnownProblem("noisy_xor", x, coin(rng, slope * a * b), "binary", relevant, names(p))


def make_pairwise_interactions(n: int, p: int, seed: int) -> KnownProblem:
    """Three products and no main effect.

    `P(y = 1) = sigmoid(2 (a b + c d + e f))` on independent standard normal inputs.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    relevant = positions(rng, p, 6)
    a, b, c, d, e, f = x[:, relevant].T
    y = coin(rng, 2 * (a * b + c * d + e * f))
    return KnownProblem("pairwise_interactions", x, y, "binary", relevant, names(p))
