"""Other models on the same rows as the networks: a fit for each split, as a yardstick."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from deepfeat.data.dataset import Dataset
from deepfeat.data.splits import folds
from deepfeat.inference.penalised import Lines
from deepfeat.methods.annotations import Ensemble
from deepfeat.methods.context import Context
from deepfeat.methods.held_out import held_out_rows
from deepfeat.methods.importance import Importance, MethodError, direction, sum_columns
from deepfeat.methods.method import Cost, Method, MethodParams
from deepfeat.methods.unseen import Unseen

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

CV_FOLDS = 5


class PerSplitParams(MethodParams):
    """Parameters of a method that fits another model on the networks' splits."""

    splits: PositiveInt = Field(
        20, description="splits of the networks that are used, the first ones, at most"
    )


@dataclass(frozen=True, eq=False)
class Share:
    """The rows of one network, for another model to learn from and to be judged on.

    Attributes:
        data: the table.
        target: (rows, outputs) the network's own targets where it has some, else those of the table.
        used: (features,) False where the network may not use a feature.
        train: rows to learn from; a bootstrap sample holds some of them several times.
        held_out: rows that the network has not been trained on.
        unseen: rows that are not learned from: those held out, and those that the network was stopped by.
        rng: random numbers of the network's own.
    """

    data: Dataset
    target: NDArray[np.float32]
    used: NDArray[np.bool_]
    train: Rows
    held_out: Rows
    unseen: Rows
    rng: np.random.Generator

    def standardised(self, rows: Rows) -> Floats:
        """(rows, columns) with mean 0 and deviation 1 over the training rows; 0 where a column is unused.

        Columns without spread among the training rows are 0 as well.
        """
        learned = self.data.x[self.train].astype(np.float64)
        mean, deviation = learned.mean(axis=0), learned.std(axis=0)
        # A constant column can keep a rounding error of its mean's size.
        spread = deviation > 1e-6 * np.abs(mean)
        scale = np.divide(
            self.used[self.data.column_feature], deviation, out=np.zeros_like(mean), where=spread
        )
        scaled: Floats = (self.data.x[rows].astype(np.float64) - mean) * scale
        return scaled

    def target_scale(self) -> tuple[float, float]:
        """Mean and deviation of the number to be learned, over the training rows; 1 for no deviation."""
        learned = self.target[self.train, 0].astype(np.float64)
        return float(learned.mean()), float(learned.std()) or 1.0

    def labels(self, rows: Rows) -> list[NDArray[np.int64]]:
        """Class numbers of the rows: one array, or one per label of a multilabel task."""
        own = self.target[rows]
        if self.data.task == "multiclass":
            return [own.argmax(axis=1)]
        return [column.astype(np.int64) for column in own.T]

    def cv(self, labels: Rows | None = None) -> list[tuple[Rows, Rows]]:
        """Places in `train` to fit on and to judge on, per fold; see `inner_folds`.

        Args:
            labels: of the training rows; every fold gets its part of each class.

        Raises:
            MethodError: a class has too few rows for two folds.
        """
        return inner_folds(self.data, self.train, self.rng, labels)


def inner_folds(
    data: Dataset, rows: Rows, rng: np.random.Generator, labels: Rows | None = None
) -> list[tuple[Rows, Rows]]:
    """Places in `rows` to fit on and to judge on, per fold; groups and copies of a row stay together.

    There are five folds, or fewer where some of five would lack a class.

    Args:
        data: the table.
        rows: of it, that a model learns from.
        rng: deals them out.
        labels: class numbers of the rows; every fold gets its part of each class.

    Raises:
        MethodError: a class has too few rows for two folds.
    """
    # Rows that a bootstrap has drawn twice must not be learned from and judged on.
    units = data.groups[rows] if data.groups is not None else rows
    strata = np.zeros(len(rows), dtype=np.int64) if labels is None else labels
    grouped = len(np.unique(units)) < len(units)
    classes = len(np.unique(strata))
    for count in range(CV_FOLDS, 1, -1):
        number = folds(strata, count, rng, units if grouped else None)
        parts = [(np.flatnonzero(number != fold), np.flatnonzero(number == fold)) for fold in range(count)]
        if all(len(np.unique(strata[part])) == classes for pair in parts for part in pair):
            return parts
    raise MethodError(
        "a class has too few training rows for cross-validation; give more rows, or leave this method out"
    )


def shares(ensemble: Ensemble, data: Dataset, context: Context, at_most: int) -> Iterator[Share]:
    """The rows of the first networks, one after the other.

    Args:
        ensemble: the networks.
        data: the table.
        context: told about the progress.
        at_most: how many.
    """
    plan, count = ensemble.plan, min(at_most, len(ensemble))
    for member in range(count):
        yield Share(
            data=data,
            target=data.y if plan.targets is None else plan.targets[member],
            used=plan.mask[member],
            train=plan.splits[member].train,
            held_out=held_out_rows(ensemble, member),
            unseen=np.union1d(plan.splits[member].valid, plan.splits[member].held_out),
            rng=context.member_rng(plan.seeds[member]),
        )
        context.progress(member + 1, count)


def used_splits(ensemble: Ensemble, at_most: int) -> tuple[str, ...]:
    """A note that says how many of the networks' splits were used, where it was not all of them."""
    if len(ensemble) <= at_most:
        return ()
    return (f"Fitted on the splits of the first {at_most} of {len(ensemble)} networks.",)


class LinearYardstickParams(PerSplitParams):
    """Parameters of a linear model."""

    measure: Literal["absolute", "squared"] = Field(
        "absolute",
        description="the coefficients, or their squares: features then count by the variance of what they "
        "contribute, the scale on which losses are compared",
    )


class LinearYardstick(Method):
    """Absolute or squared coefficients of a linear model per split, those of a category added up.

    Base of methods that say how the model is fitted; the answer has a row per split, with the sign of the
    coefficients of numbers, and tells what the models answer for rows that they have not learned from.
    """

    kind = "experiment"
    cost = Cost.OTHER_MODELS
    removes = "not removed: coefficients of a fitted linear model are read"
    Params: ClassVar[type[LinearYardstickParams]] = LinearYardstickParams
    params: LinearYardstickParams

    @abstractmethod
    def values(self, x: Floats, y: Floats, share: Share) -> Lines:
        """One line, of a regression.

        Args:
            x: (rows, columns) standardised.
            y: (rows,) standardised.
            share: deals out folds, and draws.
        """

    @abstractmethod
    def labels(self, x: Floats, labels: Rows, share: Share) -> Lines:
        """One line of log odds for two classes, one per class for more.

        Called for each label of a multilabel task.

        Args:
            x: (rows, columns) standardised.
            labels: (rows,) class numbers.
            share: deals out folds, and draws.
        """

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """A fit per split, one after the other."""
        at_most, unseen, found = self.params.splits, Unseen(data.n_rows, data.n_outputs), []
        for share in shares(ensemble, data, context, at_most):
            lines = self._fitted(share)
            unseen.add(share.unseen, _answers(lines, share))
            found.append(lines.coefficients)
        signed = np.stack(found)
        absolute = sum_columns(np.abs(signed), data)
        squared = self.params.measure == "squared"
        return Importance.by_output(
            sum_columns(np.square(signed), data) if squared else absolute,
            sign=direction(sum_columns(signed, data), absolute, data),
            predictions=unseen.means(),
            notes=used_splits(ensemble, at_most),
        )

    def _fitted(self, share: Share) -> Lines:
        """A line per output; a label that all training rows have or lack is answered so."""
        x = share.standardised(share.train)
        if share.data.task == "regression":
            centre, scale = share.target_scale()
            y = share.target[share.train, 0].astype(np.float64)
            return self.values(x, (y - centre) / scale, share)
        by_label = share.labels(share.train)
        if share.data.task == "multiclass" and len(np.unique(by_label[0])) < share.data.n_outputs:
            raise MethodError(
                "a class has no training row in a split; give more rows, or leave this method out"
            )
        each = [
            self.labels(x, own, share)
            if np.ptp(own) > 0
            else Lines(np.zeros((1, x.shape[1])), np.array([np.inf if own[0] else -np.inf]))
            for own in by_label
        ]
        return Lines.join(each, against_rest=each[0].against_rest)


def _answers(lines: Lines, share: Share) -> Floats:
    """(rows, outputs) numbers, or probabilities, for the rows that were not learned from."""
    from scipy.special import expit, softmax  # noqa: PLC0415 - slow to import

    given: Floats = share.standardised(share.unseen) @ lines.coefficients.T + lines.intercepts
    if share.data.task == "regression":
        centre, scale = share.target_scale()
        return given * scale + centre
    if share.data.task != "multiclass":
        return np.asarray(expit(given))
    if not lines.against_rest:
        return np.asarray(softmax(given, axis=1))
    alone = expit(given)
    # Rows that every class turns down have no total to divide by.
    total = np.maximum(alone.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return np.asarray(alone / total)
