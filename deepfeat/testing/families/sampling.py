"""The few draws that the families share."""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Labels = NDArray[np.int64]


def names(p: int, prefix: str = "x") -> tuple[str, ...]:
    """`p` names of equal length, numbered from 1 in the order of the columns."""
    return tuple(f"{prefix}{j:0{len(str(p))}d}" for j in range(1, p + 1))


def positions(rng: np.random.Generator, p: int, k: int) -> tuple[int, ...]:
    """`k` different columns of `p`, at random.

    Raises:
        ValueError: fewer than `k` columns.
    """
    require(p, k)
    return tuple(rng.choice(p, size=k, replace=False).tolist())


def spaced(rng: np.random.Generator, p: int, k: int) -> tuple[int, ...]:
    """`k` columns of `p` at equal distances, the first one at random.

    Raises:
        ValueError: fewer than `k` columns.
    """
    require(p, k)
    step = p // k
    first = int(rng.integers(p - step * (k - 1)))
    return tuple(range(first, first + step * k, step))


def require(p: int, k: int) -> None:
    """Refuse a table too narrow for the family's formula.

    Raises:
        ValueError: fewer than `k` columns.
    """
    if p < k:
        raise ValueError(f"this problem needs at least {k} features, not {p}")


def coin(rng: np.random.Generator, logit: Numbers) -> Labels:
    """(n,) labels that are 1 with probability `sigmoid(logit)`."""
    # `1 / (1 + exp(-logit))` written so that no logit overflows.
    probability = (1 + np.tanh(logit / 2)) / 2
    return (rng.uniform(size=len(logit)) < probability).astype(np.int64)


def autoregressive(rng: np.random.Generator, n: int, p: int, rho: float) -> Numbers:
    """(n, p) standard normal inputs with correlation `rho ** |j - k|` between columns j and k."""
    x = rng.normal(size=(n, p))
    for j in range(1, p):
        x[:, j] = rho * x[:, j - 1] + np.sqrt(1 - rho**2) * x[:, j]
    return x


def equicorrelated(rng: np.random.Generator, n: int, p: int, block: int, rho: float) -> Numbers:
    """(n, p) standard normal inputs, consecutive blocks of which have correlation `rho` within."""
    shared = np.repeat(rng.normal(size=(n, -(-p // block))), block, axis=1)[:, :p]
    x: Numbers = np.sqrt(rho) * shared + np.sqrt(1 - rho) * rng.normal(size=(n, p))
    return x
