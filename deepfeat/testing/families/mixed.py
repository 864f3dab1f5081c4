"""A family with the untidiness of a clinical table."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepfeat.testing.families.known import KnownProblem
from deepfeat.testing.families.sampling import Numbers, coin, names, require

if TYPE_CHECKING:
    import pandas as pd

RELEVANT_OF_A_KIND = 3


def make_mixed_types(n: int, p: int, seed: int, *, missing: float = 0.05) -> KnownProblem:
    """Numbers in different units, categories of two to six levels, and gaps everywhere.

    Half of the columns are numbers, half categories, in random order; a share `missing` of all cells is
    empty, at random and regardless of the value. With `a, b, c` standardised numbers and `f, g, h` effects
    of the levels of three categories (mean 0, deviation 1),
    `P(y = 1) = sigmoid(1.5 (a - b + f + g) + h + c^2 - 1)`.
    """
    require(p, 2 * RELEVANT_OF_A_KIND)
    rng = np.random.default_rng(seed)
    is_category = rng.permutation(np.arange(p) % 2 == 1)
    numbers = rng.permutation(np.flatnonzero(~is_category))[:RELEVANT_OF_A_KIND]
    categories = rng.permutation(np.flatnonzero(is_category))[:RELEVANT_OF_A_KIND]

    z = rng.normal(size=(n, p))
    n_levels = rng.integers(2, 7, size=p)
    level = (rng.uniform(size=(n, p)) * n_levels).astype(np.int64)

    a, b, c = z[:, numbers].T
    f, g, h = (_effects(rng, level[:, j], int(n_levels[j])) for j in categories)
    y = coin(rng, 1.5 * (a - b + f + g) + h + c**2 - 1)

    unit, offset = 10.0 ** rng.integers(-2, 4, size=p), rng.normal(0, 3, size=p)
    gaps = rng.uniform(size=(n, p)) < missing
    return KnownProblem(
        "mixed_types",
        _frame(unit * (z + offset), level, is_category, gaps),
        y,
        "binary",
        tuple(np.concatenate([numbers, categories]).tolist()),
        names(p),
    )


def _effects(rng: np.random.Generator, level: NDArray[np.int64], n_levels: int) -> Numbers:
    """(n,) the effect of each row's level; over equally frequent levels of mean 0 and deviation 1."""
    # Equally spaced effects in random order: no two levels act alike.
    effect = rng.permutation(np.linspace(-1, 1, n_levels))
    effects: Numbers = (effect / effect.std())[level]
    return effects


def _frame(
    numbers: Numbers, level: NDArray[np.int64], is_category: NDArray[np.bool_], gaps: NDArray[np.bool_]
) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415 (only this family needs pandas)

    letters = np.array(list("ABCDEF"), dtype=object)
    columns: dict[str, NDArray[np.float64] | NDArray[np.object_]] = {}
    for j, name in enumerate(names(len(is_category))):
        if is_category[j]:
            columns[name] = letters[level[:, j]]
            columns[name][gaps[:, j]] = None
        else:
            columns[name] = np.where(gaps[:, j], np.nan, numbers[:, j])
    return pd.DataFrame(columns)
