"""Families that a linear model can solve, if it is not misled by correlation."""

import numpy as np

from deepfeat.testing.families.known import KnownProblem
from deepfeat.testing.families.sampling import (
    autoregressive,
    coin,
    equicorrelated,
    names,
    positions,
    require,
    spaced,
)


def make_additive(n: int, p: int, seed: int) -> KnownProblem:
    """Four independent inputs of equal strength: the easy problem that every method must solve.

    `P(y = 1) = sigmoid(2 (a - b + c - d))` on independent standard normal inputs.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    relevant = positions(rng, p, 4)
    logit = 2 * x[:, relevant] @ np.array([1, -1, 1, -1])
    return KnownProblem("additive", x, coin(rng, logit), "binary", relevant, names(p))


def make_noise(n: int, p: int, seed: int) -> KnownProblem:
    """Standard normal inputs and a fair coin: nothing to rank, and a good answer says so."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    return KnownProblem("noise", x, rng.integers(2, size=n), "binary", (), names(p))


def make_sparse_linear_ar(n: int, p: int, seed: int, *, rho: float = 0.9) -> KnownProblem:
    """Five inputs of alternating sign among neighbours that look like them.

    Inputs follow an autoregression, `corr(j, k) = rho^|j - k|`, the standard design for selection among
    correlated inputs (Tibshirani 1996, "Regression shrinkage and selection via the lasso"; Candes et al.
    2018, "Panning for gold"). Relevant ones are equally spaced, and
    `P(y = 1) = sigmoid(2 (a - b + c - d + e))`.
    """
    rng = np.random.default_rng(seed)
    x = autoregressive(rng, n, p, rho)
    relevant = spaced(rng, p, 5)
    logit = 2 * x[:, relevant] @ np.array([1, -1, 1, -1, 1])
    return KnownProblem("sparse_linear_ar", x, coin(rng, logit), "binary", relevant, names(p))


def make_near_copies(n: int, p: int, seed: int, *, block: int = 5, rho: float = 0.9) -> KnownProblem:
    """Blocks of inputs that are almost the same, one of which acts in each of four blocks.

    Within a block every pair has correlation `rho`; the blocks are independent. Group selection is where this
    design comes from (Zou & Hastie 2005, "Regularization and variable selection via the elastic net").
    `P(y = 1) = sigmoid(2 (a - b + c - d))`, each in a block of its own. Columns are shuffled, so that
    blocks cannot be told by position.
    """
    require(p, 4 * block)
    rng = np.random.default_rng(seed)
    x = equicorrelated(rng, n, p, block, rho)
    chosen = block * np.array(positions(rng, p // block, 4)) + rng.integers(block, size=4)
    logit = 2 * x[:, chosen] @ np.array([1, -1, 1, -1])
    y = coin(rng, logit)
    order = rng.permutation(p)
    relevant = tuple(np.argsort(order)[chosen].tolist())
    return KnownProblem("near_copies", x[:, order], y, "binary", relevant, names(p))


def make_correlated_copies(n: int, p: int, seed: int, *, rho: float = 0.7) -> KnownProblem:
    """Each of four relevant inputs has a decoy of correlation `rho` that does nothing.

    `P(y = 1) = sigmoid(2 (a - b + c - d))`; all other inputs are independent. A decoy correlates with the
    target, but not given its original: what it measures is whether a method tells association from use
    (Strobl et al. 2008, "Conditional variable importance for random forests").
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    chosen = positions(rng, p, 8)
    relevant, decoys = chosen[:4], chosen[4:]
    x[:, decoys] = rho * x[:, relevant] + np.sqrt(1 - rho**2) * x[:, decoys]
    logit = 2 * x[:, relevant] @ np.array([1, -1, 1, -1])
    return KnownProblem("correlated_copies", x, coin(rng, logit), "binary", relevant, names(p))
