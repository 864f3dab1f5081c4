"""How wrong answers are, for many versions of the answers at once."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Task
from deepfeat.methods.importance import MethodError

Floats = NDArray[np.floating[Any]]
Numbers = NDArray[np.float64]
MeasureName = Literal["auto", "log_loss", "squared_error", "auc", "r2"]
Measure = Callable[[Floats, Floats], Numbers]
"""`(target (rows, outputs), answers (..., rows, outputs)) -> (..., outputs)`; less is better."""

# A probability of exactly 0 or 1 says no more than that float32 could not tell it from them.
RESOLUTION = 1e-7


def measure(name: MeasureName, task: Task) -> Measure:
    """The named measure, each output by itself.

    - `log_loss`: mean of -log of the probability given to what was true, of every output against the rest;
    - `squared_error`: mean squared error; for probabilities the Brier score;
    - `auc`: one minus the area under the ROC curve;
    - `r2`: one minus the coefficient of determination;
    - `auto`: `log_loss`, and for a regression `squared_error`.

    None of them depends on the loss that a network was trained with.

    Args:
        name: of the measure.
        task: what the answers are; it decides what `auto` is.

    Raises:
        MethodError: there is no such measure for this task.
    """
    if name == "auto":
        name = "squared_error" if task == "regression" else "log_loss"
    known = _FOR_VALUES if task == "regression" else _FOR_LABELS
    if name not in known:
        raise MethodError(f"{name} is not defined for a {task} task; use one of: auto, {', '.join(known)}")
    return known[name]


def log_loss(target: Floats, answers: Floats) -> Numbers:
    """Mean over rows of minus the logarithm of the probability that was given to the truth."""
    given = 1 - np.abs(answers.astype(np.float64) - target)
    return _mean(-np.log(np.maximum(given, RESOLUTION)))


def squared_error(target: Floats, answers: Floats) -> Numbers:
    """Mean over rows of the squared error."""
    return _mean((answers.astype(np.float64) - target) ** 2)


def auc_lost(target: Floats, answers: Floats) -> Numbers:
    """One minus the area under the ROC curve; 0 for an output of which all rows are alike.

    The area is the share of pairs of a row with the label and one without that are ranked rightly; a tie is
    half right.
    """
    from scipy.stats import rankdata  # noqa: PLC0415 - slow to import

    labelled = target > 0.5  # noqa: PLR2004 - targets are 0 or 1
    positive = labelled.sum(axis=0)
    pairs = positive * (len(target) - positive)
    ranks = rankdata(answers, axis=-2)
    right = np.sum(ranks * labelled, axis=-2) - positive * (positive + 1) / 2
    lost: Numbers = np.where(pairs > 0, 1 - right / np.maximum(pairs, 1), 0.0)
    return lost


def variance_left(target: Floats, answers: Floats) -> Numbers:
    """Squared error relative to that of the mean (one minus R2); 0 for a target without spread."""
    spread = target.var(axis=0, dtype=np.float64)
    left: Numbers = np.where(
        spread > 0, squared_error(target, answers) / np.where(spread > 0, spread, 1), 0.0
    )
    return left


def _mean(values: Numbers) -> Numbers:
    mean: Numbers = values.mean(axis=-2)
    return mean


_FOR_LABELS: dict[str, Measure] = {
    "log_loss": log_loss,
    "squared_error": squared_error,
    "auc": auc_lost,
}
_FOR_VALUES: dict[str, Measure] = {"squared_error": squared_error, "r2": variance_left}
