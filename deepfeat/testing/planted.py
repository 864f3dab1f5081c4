"""The easiest problem there is: one strong feature among noise. A method that misses it is broken."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Task
from deepfeat.testing.families.known import KnownProblem

if TYPE_CHECKING:
    import pandas as pd

LEVELS = ("a", "b", "c")


def planted(
    *,
    features: int = 6,
    position: int = 1,
    task: Task = "binary",
    category: bool = False,
    constant: bool = False,
    rows: int = 240,
    seed: int = 0,
) -> KnownProblem:
    """One feature that decides the target, among others that have nothing to do with it.

    The relevant feature and the target are the same wherever the feature is put.

    Args:
        features: how many there are.
        position: which of them is relevant.
        task: `binary` (above its median or not), `multiclass` (its third), or `regression` (twice its value);
            each with a little noise.
        category: whether the features are categories of three levels instead of standard normal numbers.
        constant: whether two more come last that are the same in every row, a number and a category.
        rows: how many rows.
        seed: of the random numbers.
    """
    rng = np.random.default_rng([seed, 0xF1A7])
    drawn = rng.integers(3, size=(features, rows)) if category else rng.normal(size=(features, rows))
    jittered = drawn[0] + 0.1 * rng.normal(size=rows)
    values = np.insert(drawn[1:], position, drawn[0], axis=0).T
    x = _as_categories(values.astype(np.int64)) if category else values.astype(np.float64)
    return KnownProblem(
        name="planted",
        x=_with_constants(x) if constant else x,
        y=_target(jittered, task),
        task=task,
        relevant=(position,),
        feature_names=tuple(f"feature {index}" for index in range(features + 2 * constant)),
    )


def _with_constants(x: "NDArray[np.float64] | pd.DataFrame") -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415 - slow to import

    return pd.DataFrame(x).assign(number=1.0, category=LEVELS[0])


def _as_categories(codes: NDArray[np.int64]) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415 - slow to import

    return pd.DataFrame(np.array(LEVELS)[codes])


def _target(signal: NDArray[np.float64], task: Task) -> NDArray[np.int64] | NDArray[np.float64]:
    if task == "regression":
        return 2 * signal
    classes = {"binary": 2, "multiclass": 3}[task]
    edges = np.quantile(signal, np.arange(1, classes) / classes)
    return np.searchsorted(edges, signal).astype(np.int64)
