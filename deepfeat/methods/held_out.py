"""How much worse members answer on rows they have not seen, when a feature takes other values."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from deepfeat.data.dataset import Dataset
from deepfeat.methods.annotations import Ensemble
from deepfeat.methods.measures import Measure, MeasureName
from deepfeat.methods.method import MethodParams

Rows = NDArray[np.int64]


class HeldOutParams(MethodParams):
    """Parameters of a method that compares answers on held-out rows with the truth."""

    score: MeasureName = Field(
        "auto",
        description="what is compared: log_loss, squared_error or auc for labels, squared_error or r2 for "
        "values; auto is log_loss for labels and squared_error for values",
    )
    rows: PositiveInt = Field(1000, description="held-out rows per network, at most")


def held_out_rows(ensemble: Ensemble, member: int) -> Rows:
    """Numbers of the rows that a member has not been trained on.

    Args:
        ensemble: the trained members.
        member: number of the member.

    Returns:
        Its held-out rows, or its validation rows where none were held out.
    """
    split = ensemble.plan.splits[member]
    rows: Rows = split.held_out if len(split.held_out) else split.valid
    return rows


def sample(rows: Rows, at_most: int, rng: np.random.Generator) -> Rows:
    """That many of the rows, drawn without replacement and in ascending order; all if there are no more."""
    return rows if len(rows) <= at_most else np.sort(rng.choice(rows, at_most, replace=False))


def rise_when_replaced(
    ensemble: Ensemble,
    data: Dataset,
    rows: Sequence[Rows],
    others: Iterable[NDArray[np.float32]],
    measure: Measure,
) -> NDArray[np.float64]:
    """How much a measure rises when one feature at a time takes other values.

    Args:
        ensemble: the trained members.
        data: the table.
        rows: for each member the rows that it is judged on.
        others: for each member, in order, (rows, columns) what a replaced feature takes its values from.
        measure: how wrong answers are.

    Returns:
        (members, outputs, features); exactly 0 where the feature cannot reach the member's answers.
    """
    rise = np.zeros((len(ensemble), data.n_outputs, data.n_features))
    pairs = ((data.x[own], other) for own, other in zip(rows, others, strict=True))
    for part in ensemble.replaced(pairs):
        target = data.y if ensemble.plan.targets is None else ensemble.plan.targets[part.member]
        own = target[rows[part.member]]
        change = measure(own, part.after) - measure(own, part.before)
        rise[part.member][:, part.features] = change.T
    return rise
