"""A table of which it is known what the target depends on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepfeat.data.dataset import Dataset, Task
from deepfeat.testing.families.encoding import encode

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class KnownProblem:
    """A made table and its answer.

    Attributes:
        name: of the family.
        x: (n, p) float64 inputs, or a DataFrame where columns are of mixed types or have gaps.
        y: (n,) target: int64 class numbers from 0, or float64 values for a regression.
        task: `binary`, `multiclass` or `regression`.
        relevant: the features that the target depends on, in the order in which the family's formula names
            them. Given these, the target is independent of all others. They sit at random positions, so
            that no method gains by the order in which it breaks ties.
        feature_names: (p,) names.
    """

    name: str
    x: "NDArray[np.float64] | pd.DataFrame"
    y: NDArray[np.int64] | NDArray[np.float64]
    task: Task
    relevant: tuple[int, ...]
    feature_names: tuple[str, ...]

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.y)

    @property
    def n_features(self) -> int:
        """Number of features."""
        return len(self.feature_names)

    def dataset(self) -> Dataset:
        """The table as networks are trained on it: categories one-hot, gaps filled, nothing scaled."""
        return encode(self.name, self.x, self.y, self.task, self.feature_names)


class Maker(Protocol):
    """Makes one problem of a family; the same arguments always give the same table."""

    def __call__(self, n: int, p: int, seed: int) -> KnownProblem:
        """A table of `n` rows and `p` features, drawn with `seed`.

        Raises:
            ValueError: fewer features than the family's formula needs.
        """


def average_precision(scores: ArrayLike, relevant: Sequence[int]) -> float:
    """How well scores put the relevant features before all others: 1 at best, about their share by chance.

    Features of equal score are counted as one step, so that ties cannot be broken in anyone's favour.

    Args:
        scores: (features,) finite; larger means more important.
        relevant: indices of the features that matter.

    Returns:
        The average precision, or NaN where no feature is relevant.

    Raises:
        ValueError: scores that are not finite or not one-dimensional.
    """
    from sklearn.metrics import average_precision_score  # noqa: PLC0415 (slow to import)

    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"scores must be one per feature, not of shape {values.shape}")
    if not len(relevant):
        return float("nan")
    truth = np.zeros(len(values), dtype=np.int64)
    truth[list(relevant)] = 1
    return float(average_precision_score(truth, values))
