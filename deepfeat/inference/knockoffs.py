"""Knockoffs: copies of the features, correlated as they are, that have nothing to do with the target.

Candes, Fan, Janson & Lv 2018, "Panning for gold: model-X knockoffs for high dimensional controlled variable
selection", JRSS B 80. The model of x is a Gaussian with a shrunken covariance (Ledoit & Wolf 2004), so the
error rate is that of the papers as far as the features are like that.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SWEEPS, CONVERGED = 50, 1e-4


@dataclass(frozen=True, eq=False)
class GaussianKnockoffs:
    """A Gaussian model of the features, from which knockoffs are drawn.

    Given x, a knockoff row is Gaussian with mean `x - (x - mean) S^-1 D` and covariance `2 D - D S^-1 D`:
    together with x its covariance is `[[S, S - D], [S - D, S]]`, which does not change when a feature is
    swapped with its knockoff.

    Attributes:
        mean: (columns,).
        covariance: (columns, columns) S.
        difference: (columns,) the diagonal D: how far each knockoff is from a copy.
    """

    mean: Floats
    covariance: Floats
    difference: Floats

    @classmethod
    def fit(cls, x: ArrayLike) -> "GaussianKnockoffs":
        """The model of a table.

        Args:
            x: (rows, columns), none of them constant.
        """
        from sklearn.covariance import LedoitWolf  # noqa: PLC0415 - slow to import

        table = np.asarray(x, dtype=np.float64)
        deviation = table.std(axis=0)
        shrunken = LedoitWolf().fit((table - table.mean(axis=0)) / deviation).covariance_
        scale = np.sqrt(np.diag(shrunken))
        correlation = shrunken / np.outer(scale, scale)
        difference = maximum_entropy(correlation)
        return cls(
            table.mean(axis=0), correlation * np.outer(deviation, deviation), difference * deviation**2
        )

    def draw(self, x: ArrayLike, rng: np.random.Generator) -> Floats:
        """Knockoffs of rows of the table.

        Args:
            x: (rows, columns).
            rng: of the draw.

        Returns:
            (rows, columns).
        """
        table = np.asarray(x, dtype=np.float64)
        explained = np.linalg.solve(self.covariance, np.diag(self.difference))
        mean = table - (table - self.mean) @ explained
        left = 2 * np.diag(self.difference) - self.difference[:, None] * explained
        # symmetric but for rounding, and semidefinite where the maximum touches the boundary
        values, vectors = np.linalg.eigh((left + left.T) / 2)
        root = vectors * np.sqrt(np.maximum(values, 0))
        knockoffs: Floats = mean + rng.standard_normal(table.shape) @ root.T
        return knockoffs


def maximum_entropy(correlation: Floats) -> Floats:
    """The diagonal D that makes features and knockoffs together as random as they can be.

    It maximises `log det D + log det(2 S - D)` one coordinate after another (Gimenez & Zou 2019, "Improving
    the stability of the knockoff procedure"; Spector & Janson 2022, "Powerful knockoffs via minimizing
    reconstructability", Annals of Statistics 50, who find it about as powerful as their own criterion, and
    far more powerful than equal or largest differences where features are correlated).

    Args:
        correlation: (columns, columns) positive definite.

    Returns:
        (columns,) above 0 and below twice the smallest eigenvalue of what is left of S.
    """
    columns = len(correlation)
    difference = np.full(columns, min(1.0, float(np.linalg.eigvalsh(correlation)[0])))
    inverse = np.linalg.inv(2 * correlation - np.diag(difference))
    for _ in range(SWEEPS):
        before = difference.copy()
        for j in range(columns):
            # what is left of the variance of column j given the others is a - D_j; the maximum lies at a / 2
            change = (1 / inverse[j, j] - difference[j]) / 2
            difference[j] += change
            own = inverse[:, j].copy()
            inverse += np.outer(own, own) * (change / (1 - change * own[j]))
        if np.max(np.abs(difference - before)) < CONVERGED:
            break
    return difference


def threshold(statistics: ArrayLike, level: float) -> float:
    """The knockoff+ threshold: from where on the estimated share of false discoveries is at most the level.

    `min{t > 0: (1 + #{W <= -t}) / max(1, #{W >= t}) <= level}` (Barber & Candes 2015, "Controlling the false
    discovery rate via knockoffs", Annals of Statistics 43).

    Args:
        statistics: (features,) W, large where a feature beats its knockoff.
        level: of the false discovery rate.

    Returns:
        The threshold, infinite where there is none.
    """
    w = np.asarray(statistics, dtype=np.float64)
    for t in np.unique(np.abs(w[w != 0])):
        if (1 + np.sum(w <= -t)) / max(1, np.sum(w >= t)) <= level:
            return float(t)
    return float("inf")


def e_values(statistics: ArrayLike, level: float) -> Floats:
    """Evidence against each feature being irrelevant, from one draw of knockoffs.

    `p 1{W_j >= T} / (1 + #{W <= -T})`; its expectation over irrelevant features adds up to p at most (Ren &
    Barber 2023, "Derandomised knockoffs: leveraging e-values for false discovery rate control", JRSS B 86).

    Args:
        statistics: (features,) W of the draw.
        level: at which the draw's own threshold T is taken.

    Returns:
        (features,) which may be averaged over draws.
    """
    w = np.asarray(statistics, dtype=np.float64)
    t = threshold(w, level)
    if np.isinf(t):
        return np.zeros(len(w))
    evidence: Floats = len(w) * (w >= t) / (1.0 + np.sum(w <= -t))
    return evidence


def selected_by_e_values(evidence: ArrayLike, level: float) -> NDArray[np.bool_]:
    """The e-BH procedure (Wang & Ramdas 2022, "False discovery rate control with e-values", JRSS B 84).

    Args:
        evidence: (features,) e-values.
        level: of the false discovery rate.

    Returns:
        (features,) the k features of most evidence, for the largest k whose k-th e-value is at least
        p / (level k).
    """
    e = np.asarray(evidence, dtype=np.float64)
    descending = np.sort(e)[::-1]
    enough = np.flatnonzero(descending >= len(e) / (level * np.arange(1, len(e) + 1)))
    if not len(enough):
        return np.zeros(len(e), dtype=bool)
    chosen: NDArray[np.bool_] = e >= descending[enough[-1]]
    return chosen
