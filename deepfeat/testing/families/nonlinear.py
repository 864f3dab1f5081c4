"""Families of curved effects, as the papers that introduced them define them.

The three classification families are those of Chen et al. (2018, "Learning to explain: an
information-theoretic perspective on model interpretation"), with the constants of Yoon et al. (2019, "INVASE:
instance-wise variable selection using neural networks"): the former's code weighs the sine with 100 instead
of 10, which leaves the other three inputs of the additive family without any influence.
"""

import numpy as np

from deepfeat.testing.families.known import KnownProblem
from deepfeat.testing.families.sampling import Numbers, coin, names, positions


def make_orange_skin(n: int, p: int, seed: int) -> KnownProblem:
    """`P(y = 1) = sigmoid(a^2 + b^2 + c^2 + d^2 - 4)` on standard normal inputs: even effects only."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    relevant = positions(rng, p, 4)
    return KnownProblem("orange_skin", x, coin(rng, _orange(x[:, relevant])), "binary", relevant, names(p))


def make_nonlinear_additive(n: int, p: int, seed: int) -> KnownProblem:
    """`P(y = 1) = sigmoid(-10 sin(0.2 a) + |b| + c + exp(-d) - 2.4)` on standard normal inputs."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    relevant = positions(rng, p, 4)
    y = coin(rng, _additive(x[:, relevant]))
    return KnownProblem("nonlinear_additive", x, y, "binary", relevant, names(p))


def make_switch(n: int, p: int, seed: int) -> KnownProblem:
    """One input says which four of eight others decide.

    Where the switch, normal around 3 or -3, comes from the upper mode, the label follows `orange_skin` of
    four inputs, otherwise `nonlinear_additive` of four others. `relevant` names the switch first.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    relevant = positions(rng, p, 9)
    upper = rng.integers(2, size=n) == 1
    x[:, relevant[0]] += np.where(upper, 3, -3)
    logit = np.where(upper, _orange(x[:, relevant[1:5]]), _additive(x[:, relevant[5:]]))
    return KnownProblem("switch", x, coin(rng, logit), "binary", relevant, names(p))


def make_friedman1(n: int, p: int, seed: int) -> KnownProblem:
    """Whether the response of `friedman1_regression` is above its median."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(size=(n, p))
    relevant = positions(rng, p, 5)
    response = _friedman(x[:, relevant]) + rng.normal(size=n)
    y = (response > np.median(response)).astype(np.int64)
    return KnownProblem("friedman1", x, y, "binary", relevant, names(p))


def make_friedman1_regression(n: int, p: int, seed: int) -> KnownProblem:
    """`y = 10 sin(pi a b) + 20 (c - 1/2)^2 + 10 d + 5 e + N(0, 1)` on uniform inputs.

    Friedman (1991), "Multivariate adaptive regression splines".
    """
    rng = np.random.default_rng(seed)
    x = rng.uniform(size=(n, p))
    relevant = positions(rng, p, 5)
    y = _friedman(x[:, relevant]) + rng.normal(size=n)
    return KnownProblem("friedman1_regression", x, y, "regression", relevant, names(p))


def _orange(x: Numbers) -> Numbers:
    logit: Numbers = np.sum(x**2, axis=1) - 4
    return logit


def _additive(x: Numbers) -> Numbers:
    a, b, c, d = x.T
    logit: Numbers = -10 * np.sin(0.2 * a) + np.abs(b) + c + np.exp(-d) - 2.4
    return logit


def _friedman(x: Numbers) -> Numbers:
    a, b, c, d, e = x.T
    mean: Numbers = 10 * np.sin(np.pi * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e
    return mean
