"""The constants that each member scales inputs and targets with, from its own training rows."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset
from deepfeat.training.plan import FitPlan
from deepfeat.training.settings import TrainingSettings

# Rows summed at a time: a constant, so that the sums do not depend on the machine's memory.
CHUNK_ROWS = 1 << 16
# Numbers summed at a time, for the sake of wide tables.
CHUNK_ELEMENTS = 1 << 24
# Rows that the sums are centred by.
SHIFT_ROWS = 1 << 8

Scaling = tuple[NDArray[np.float32], NDArray[np.float32]]


def input_scaling(data: Dataset, plan: FitPlan, settings: TrainingSettings) -> Scaling:
    """`(center, scale)`, each (members, columns): a member's input is `(x - center) * scale`.

    Columns without spread, and those of masked features, get scale 0: they are constant for the member.
    """
    if settings.scaling == "none":
        center = np.zeros((len(plan), data.n_columns))
        scale = np.ones_like(center)
    elif settings.scaling == "l2_table":
        norms = np.sqrt(sum((chunk.astype(np.float64) ** 2).sum(axis=0) for _, chunk in _chunks(data.x)))
        center = np.zeros((len(plan), data.n_columns))
        scale = np.broadcast_to(_inverse(norms), center.shape)
    else:
        center, deviation = moments(data.x, [split.train for split in plan.splits])
        scale = _inverse(deviation)
    scale = scale * plan.mask[:, data.column_feature]
    return center.astype(np.float32), scale.astype(np.float32)


def target_scaling(data: Dataset, plan: FitPlan) -> Scaling:
    """`(center, scale)`, each (members, outputs): a regression member learns `(y - center) * scale`.

    Labels are left as they are.
    """
    center = np.zeros((len(plan), data.n_outputs))
    scale = np.ones_like(center)
    if data.task == "regression":
        for member, split in enumerate(plan.splits):
            y = data.y if plan.targets is None else plan.targets[member]
            rows = y[split.train].astype(np.float64)
            center[member] = rows.mean(axis=0)
            spread = rows.std(axis=0)
            scale[member] = np.where(spread > 0, 1 / np.where(spread > 0, spread, 1), 1)
    return center.astype(np.float32), scale.astype(np.float32)


def moments(
    x: NDArray[np.float32], row_sets: list[NDArray[np.int64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation, each (sets, columns), of every column over each set of rows, in one pass.

    Sums are taken around the median of the first rows, which keeps the squares small (no cancellation); their
    mean would not, where one of them is far out.
    """
    shift = np.median(x[:SHIFT_ROWS].astype(np.float64), axis=0)
    total = np.zeros((len(row_sets), x.shape[1]))
    squares = np.zeros_like(total)
    ordered = [np.sort(rows) for rows in row_sets]
    for start, chunk in _chunks(x):
        centred = chunk.astype(np.float64)
        centred -= shift
        for member, rows in enumerate(ordered):
            first, last = np.searchsorted(rows, [start, start + len(chunk)])
            own = centred[rows[first:last] - start]
            total[member] += own.sum(axis=0)
            squares[member] += np.square(own, out=own).sum(axis=0)
    counts = np.array([len(rows) for rows in row_sets])[:, None]
    mean = total / counts
    variance = np.maximum(squares / counts - mean**2, 0)
    # A constant column can keep a rounding error of its mean's size; it has no spread all the same.
    variance[variance < 1e-12 * np.maximum(mean**2, 1e-30)] = 0
    return mean + shift, np.sqrt(variance)


def _inverse(spread: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(spread > 0, 1 / np.where(spread > 0, spread, 1), 0.0)


def _chunks(x: NDArray[np.float32]) -> Iterator[tuple[int, NDArray[np.float32]]]:
    size = max(1, min(CHUNK_ROWS, CHUNK_ELEMENTS // x.shape[1]))
    for start in range(0, len(x), size):
        yield start, x[start : start + size]
