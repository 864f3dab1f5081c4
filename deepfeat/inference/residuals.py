"""What of each column the other columns do not explain, by linear regression, for all columns at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Rows that suffice for the regressions of a wide table; their cost grows with the square of this.
ENOUGH_ROWS = 2000
# Keeps columns that are combinations of each other from making the equations singular.
LEAST_SHRINKAGE = 1e-6


@dataclass(frozen=True, eq=False)
class Residuals:
    """Shrunken linear regression of every column on all others.

    With S the covariance of the standardised columns, shrunk towards a multiple of the identity, and P its
    inverse, the residual of column j is `(z P)_j / P_jj`, for all j at once. The shrinkage is that of Ledoit
    & Wolf (2004, "A well-conditioned estimator for large-dimensional covariance matrices"), so more columns
    than rows are no obstacle: then a matrix of rows by rows is inverted instead (the Woodbury identity).

    Attributes:
        mean: (columns,) what columns are centred at.
        deviation: (columns,) what they are divided by; 1 for one without spread.
        factors: matrices whose product E, (columns, columns), is I minus a multiple of P.
        divisor: (columns,) the diagonal of I - E.
    """

    mean: Floats
    deviation: Floats
    factors: tuple[Floats, ...]
    divisor: Floats

    @classmethod
    def fit(cls, x: NDArray[np.floating[Any]], rng: np.random.Generator) -> "Residuals":
        """Estimate the regressions.

        Args:
            x: (rows, columns), at least one row.
            rng: draws the rows that are used, where there are more than enough of both rows and columns.
        """
        if min(x.shape) > ENOUGH_ROWS:
            x = x[np.sort(rng.choice(len(x), ENOUGH_ROWS, replace=False))]
        table = x.astype(np.float64)
        mean, deviation = table.mean(axis=0), table.std(axis=0)
        deviation = np.where(deviation > 0, deviation, 1.0)
        z = (table - mean) / deviation
        rows, columns = z.shape
        shrinkage = max(LEAST_SHRINKAGE, ledoit_wolf(z))
        ridge = shrinkage * (np.mean(z**2) or 1.0)
        share = (1 - shrinkage) / rows
        if columns <= rows:
            explained = np.eye(columns) - ridge * np.linalg.inv(share * z.T @ z + ridge * np.eye(columns))
            return cls(mean, deviation, (explained,), 1 - np.diag(explained))
        inner = np.linalg.solve(share * z @ z.T + ridge * np.eye(rows), share * z)
        return cls(mean, deviation, (z.T, inner), 1 - np.einsum("rc,rc->c", z, inner))

    def of(self, x: NDArray[np.floating[Any]]) -> Floats:
        """The residual of every value of a table.

        Args:
            x: (rows, columns).

        Returns:
            (rows, columns) in the units of `x`; what is left after it is subtracted depends on the other
            columns of the row alone.
        """
        z = (x - self.mean) / self.deviation
        explained = z
        for factor in self.factors:
            explained = explained @ factor
        return (z - explained) / self.divisor * self.deviation

    def of_blocks(self, x: NDArray[np.floating[Any]], blocks: Sequence[NDArray[np.int64]]) -> list[Floats]:
        """The residuals of several columns at a time, each given all columns outside of its block.

        With G the columns of a block, `(z P)_G P_GG^-1`. A feature of one column is a block of one, for which
        this is what `of` gives.

        Args:
            x: (rows, columns).
            blocks: the columns of each block.

        Returns:
            (rows, columns of the block) per block, in the units of `x`.
        """
        z = (x - self.mean) / self.deviation
        explained = z
        for factor in self.factors:
            explained = explained @ factor
        left = z - explained
        residuals = []
        for block in blocks:
            if len(block) == 1:
                own = left[:, block] / self.divisor[block]
            else:
                shared = self.factors[0][block]
                for factor in self.factors[1:]:
                    shared = shared @ factor
                # Columns of a block that say the same leave rounding alone; it is not to be blown up.
                own = left[:, block] @ np.linalg.pinv(np.eye(len(block)) - shared[:, block], hermitian=True)
            residuals.append(own * self.deviation[block])
        return residuals


def ledoit_wolf(z: Floats) -> float:
    """The shrinkage, 0 to 1, at which the shrunken covariance is expected to be closest to the true one.

    Args:
        z: (rows, columns) centred.
    """
    rows, columns = z.shape
    gram = z.T @ z if columns <= rows else z @ z.T
    mu = np.trace(gram) / (rows * columns)
    squares = np.sum(gram**2) / rows**2
    distance = squares / columns - mu**2
    noise = (np.sum(np.sum(z**2, axis=1) ** 2) / rows - squares) / (rows * columns)
    return float(min(noise, distance) / distance) if distance > 0 else 0.0
