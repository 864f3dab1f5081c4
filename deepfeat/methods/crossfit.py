"""Cross-fitted networks for inference: every row is answered by networks that have not seen it.

The methods that do inference share one cross-fit: equal plans are trained once, so that the second of them
costs next to nothing. Its networks are small and trained by cross-entropy or squared error, whatever the
experiment's own are: they have to estimate the expected target, which the soft F1 loss does not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from deepfeat.data.dataset import Dataset
from deepfeat.data.derived import reordered
from deepfeat.data.splits import Split, folds, random_split
from deepfeat.inference.conditional import ConditionalModel
from deepfeat.inference.correlations import largest_correlation
from deepfeat.inference.losses import row_losses
from deepfeat.inference.residuals import Residuals
from deepfeat.methods.annotations import Ensemble
from deepfeat.methods.clusters import correlated_clusters
from deepfeat.methods.context import Context
from deepfeat.methods.importance import MethodError
from deepfeat.methods.method import MethodParams
from deepfeat.nets.default import Default
from deepfeat.ranking.clusters import MOST_CLUSTERED
from deepfeat.training.plan import FitPlan
from deepfeat.training.randomness import SPLIT, member_seed, stream

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Question = tuple[int, ...]
"""Features that are asked about together; nearly always one."""

NAME = "crossfit"
# Shares of the rows that a network sees: to learn from, and to tell when to stop.
LEARN, STOP = 0.8, 0.2
# Features of a higher absolute correlation are asked about together besides.
CORRELATED = 0.7
# Share of the rows that choose features where only some are tested.
SCREENING_ROWS = 0.3
# Bytes of rows, and of answers, that are held at a time.
ROW_BYTES = 1 << 26
ANSWER_BYTES = 1 << 26


class CrossFitParams(MethodParams):
    """Parameters of a method that rests on cross-fitted networks; where they are equal these are shared."""

    folds: Annotated[int, Field(ge=2, le=1000)] = Field(
        5, description="parts of the rows, each answered by networks trained on the others"
    )
    networks: PositiveInt = Field(2, description="networks per fold, whose answers are averaged")
    units: tuple[PositiveInt, ...] = Field(
        (64,), strict=False, description="units of each layer of a network"
    )
    epochs: PositiveInt = Field(60, description="epochs that a network trains at most")
    screen: Annotated[int, Field(ge=0)] = Field(
        0,
        description="how many features to test, those of largest correlation with the target in 30 % of the "
        "rows, which then take no part in the tests; 0 tests all features on all rows",
    )

    @property
    def networks_with_all(self) -> int:
        """How many networks see every feature."""
        return self.folds * self.networks

    def networks_without(self, data: Dataset) -> int:
        """How many networks are trained without a feature; clusters of correlated features come on top."""
        return min(data.n_features, self.screen or data.n_features) * self.networks_with_all


@dataclass(frozen=True, eq=False)
class CrossFit:
    """What is asked of which networks, and their answers.

    Features stand in the order of their names, whatever their order in the table: so results do not depend on
    that. `order` leads back.

    Attributes:
        data: the table with its features in the order of their names.
        order: (features,) the number in the original table of each feature.
        fold: (rows,) the fold that each row is answered in; -1 for rows that only screen.
        tested: the features that are tested, ascending.
        params: of the method.
        context: of the method.
    """

    data: Dataset
    order: NDArray[np.int64]
    fold: NDArray[np.int64]
    tested: NDArray[np.int64]
    params: CrossFitParams
    context: Context

    @classmethod
    def of(cls, data: Dataset, params: CrossFitParams, context: Context) -> "CrossFit":
        """Share the rows of a table out; trains nothing yet.

        Args:
            data: the table.
            params: how many folds and networks.
            context: of the method that asks.

        Raises:
            MethodError: there are fewer rows, or groups of rows, than folds.
        """
        units = data.n_rows if data.groups is None else len(np.unique(data.groups))
        if units < 2 * params.folds:
            what = "rows" if data.groups is None else "groups of rows"
            raise MethodError(
                f"{params.folds} folds need at least {2 * params.folds} {what}, and there are {units}; "
                f"set fewer folds for {context.method}"
            )
        order = np.array(sorted(range(data.n_features), key=lambda index: data.features[index].name))
        table = reordered(data, order)
        rng = stream(member_seed(context.seed, f"{NAME}/folds", 0), SPLIT)
        fold = np.full(data.n_rows, -1, dtype=np.int64)
        tested, under_test = np.arange(data.n_features), np.arange(data.n_rows)
        if 0 < params.screen < data.n_features:
            parts = random_split(table.strata, (1 - SCREENING_ROWS, SCREENING_ROWS, 0.0), rng, table.groups)
            under_test = parts.train
            tested = _most_correlated(table, parts.valid, params.screen)
        groups = None if table.groups is None else table.groups[under_test]
        fold[under_test] = folds(table.strata[under_test], params.folds, rng, groups)
        return cls(table, order, fold, tested, params, context)

    @cached_property
    def rows(self) -> Rows:
        """The rows that take part in the tests, ascending; everything per row is in this order."""
        return np.flatnonzero(self.fold >= 0)

    @cached_property
    def y(self) -> Floats:
        """(rows, outputs) the targets."""
        return self.data.y[self.rows].astype(np.float64)

    @cached_property
    def x(self) -> NDArray[np.float32]:
        """(rows, columns) the inputs."""
        return self.data.x[self.rows]

    @cached_property
    def groups(self) -> Rows | None:
        """(rows,) codes of rows that belong together, or None."""
        return None if self.data.groups is None else self.data.groups[self.rows]

    @property
    def labels(self) -> str:
        """What the outputs are, see `deepfeat.inference.losses.row_losses`."""
        return {"regression": "none", "multiclass": "one"}.get(self.data.task, "many")

    @property
    def loss(self) -> str:
        """What `losses` are, in words."""
        return "squared error" if self.labels == "none" else "log loss"

    @cached_property
    def clusters(self) -> list[Question]:
        """Tested features that are too correlated to be told apart, in the rows under test.

        None are looked for among more than `MOST_CLUSTERED`.
        """
        if len(self.tested) > MOST_CLUSTERED:
            return []
        return correlated_clusters(replace(self.data, x=self.x), self.tested, CORRELATED)

    def largest_correlation(self) -> float:
        """The largest absolute correlation between two features, in the rows under test."""
        blocks = [self.columns(j) for j in range(self.data.n_features)]
        return largest_correlation(self.x.astype(np.float64), blocks)

    @property
    def questions(self) -> list[Question]:
        """Each tested feature, then each cluster of correlated ones."""
        return [*((int(j),) for j in self.tested), *self.clusters]

    @property
    def n_networks(self) -> int:
        """How many networks answer a question."""
        return self.params.networks_with_all

    def columns(self, feature: int) -> NDArray[np.int64]:
        """The columns of a feature."""
        own = self.data.features[feature]
        return np.arange(own.start, own.stop)

    def unexplained(self, questions: Sequence[Question]) -> list[Floats]:
        """What linear regression on all other features leaves unexplained of the features of each question.

        One regression serves all questions, see `Residuals`. Of a category one level is left out: it follows
        from the others.

        Returns:
            (rows, columns) per question.
        """
        used = [
            self.columns(j)[1:] if feature.is_category else self.columns(j)
            for j, feature in enumerate(self.data.features)
        ]
        stops = np.cumsum([len(own) for own in used])
        design = self.x[:, np.concatenate(used)].astype(np.float64)
        blocks = [
            np.concatenate([np.arange(stops[j] - len(used[j]), stops[j]) for j in question])
            for question in questions
        ]
        return Residuals.fit(design, self.context.rng).of_blocks(design, blocks)

    def model_of_x(self) -> ConditionalModel:
        """A model of each feature given all others, from the rows under test, without their targets."""
        features = self.data.features
        return ConditionalModel(
            self.x,
            [self.columns(j) for j in range(len(features))],
            ["category" if feature.is_category else "number" for feature in features],
            self.context.rng,
        )

    def losses(self, answers: NDArray[Any]) -> Floats:
        """(..., rows) the loss of answers (..., rows, outputs): squared error, or minus log-likelihood."""
        losses: Floats = row_losses(self.y, answers, labels=self.labels)
        return losses

    def with_all(self) -> Ensemble:
        """The networks that see every feature: fold by fold, `networks` each."""
        return self._fit(NAME, np.ones((1, self.data.n_features), dtype=bool))

    def answers_with_all(self, ensemble: Ensemble) -> Floats:
        """(rows, outputs) what they answer to rows that they have not seen, averaged over networks.

        Args:
            ensemble: as `with_all` returned it.
        """
        answers: Floats = self._averaged(ensemble, 1)[0]
        return answers

    def answers_without(self, questions: Sequence[Question]) -> Floats:
        """(questions, rows, outputs) answers of networks trained without the features of each question.

        They have the same seeds, rows and number as those with all features, so that a feature is all that
        differs; and one plan trains them all.
        """
        mask = np.ones((len(questions), self.data.n_features), dtype=bool)
        for place, question in enumerate(questions):
            mask[place, list(question)] = False
        answers = np.empty((len(questions), len(self.rows), self.data.n_outputs))
        trained = mask.any(axis=1)
        if trained.any():
            ensemble = self._fit(f"{NAME}/without", mask[trained])
            answers[trained] = self._averaged(ensemble, int(trained.sum()))
        if not trained.all():
            answers[~trained] = self._means()
        return answers

    def losses_with(
        self, ensemble: Ensemble, tables: Sequence[NDArray[np.float32]], features: NDArray[np.int64]
    ) -> Floats:
        """Losses when one feature at a time takes its values from another table.

        Args:
            ensemble: as `with_all` returned it.
            tables: (rows, columns) each.
            features: which are replaced, ascending.

        Returns:
            (features, tables, rows).
        """
        base = self.answers_with_all(ensemble)
        losses = np.empty((len(features), len(tables), len(self.rows)))
        size = self._tables_at_once(len(features))
        for start in range(0, len(tables), size):
            some = tables[start : start + size]
            change = self._change(ensemble, some, features)
            losses[:, start : start + len(some)] = self.losses(base + change)
        return losses

    def rise_with(
        self, ensemble: Ensemble, tables: Sequence[NDArray[np.float32]], features: NDArray[np.int64]
    ) -> Floats:
        """(features, rows) mean rise of the loss over the tables, see `losses_with`."""
        before = self.losses(self.answers_with_all(ensemble))
        total = np.zeros((len(features), len(before)))
        size = self._tables_at_once(len(features))
        for start in range(0, len(tables), size):
            losses = self.losses_with(ensemble, tables[start : start + size], features)
            total += np.sum(losses - before, axis=1)
            self.context.progress(min(start + size, len(tables)), len(tables))
        return total / len(tables)

    def _tables_at_once(self, features: int) -> int:
        return max(1, ANSWER_BYTES // (8 * len(self.rows) * features * self.data.n_outputs))

    def _change(
        self, ensemble: Ensemble, tables: Sequence[NDArray[np.float32]], features: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """(features, tables, rows, outputs) by how much the averaged answers change."""
        place = np.full(self.data.n_features, -1)
        place[features] = np.arange(len(features))
        own = [np.searchsorted(self.rows, split.held_out) for split in ensemble.plan.splits]
        shape = (len(features), len(tables), len(self.rows), self.data.n_outputs)
        change = np.zeros(shape, dtype=np.float32)
        pairs = (
            (np.concatenate([self.x[rows]] * len(tables)), np.concatenate([table[rows] for table in tables]))
            for rows in own
        )
        for part in ensemble.replaced(pairs, features=features):
            if len(part.features):
                rows = own[part.member]
                moved = (part.after - part.before).reshape(len(part.features), len(tables), len(rows), -1)
                change[np.ix_(place[part.features], np.arange(len(tables)), rows)] += moved
        change /= self.params.networks
        return change

    def _fit(self, name: str, mask: NDArray[np.bool_]) -> Ensemble:
        """Networks for each row of the mask: mask by mask, fold by fold, `networks` each."""
        splits, seeds = [], []
        for number in range(self.n_networks):
            fold = number // self.params.networks
            seed = member_seed(self.context.seed, NAME, number)
            rest = np.flatnonzero(self.fold != fold)
            groups = None if self.data.groups is None else self.data.groups[rest]
            inner = random_split(self.data.strata[rest], (LEARN, STOP, 0.0), stream(seed, SPLIT), groups)
            held_out = np.flatnonzero(self.fold == fold)
            splits.append(Split(rest[inner.train], rest[inner.valid], held_out))
            seeds.append(seed)
        plan = FitPlan(
            name=name,
            seeds=tuple(seeds) * len(mask),
            splits=tuple(splits) * len(mask),
            mask=np.repeat(mask, self.n_networks, axis=0),
            penalty=np.zeros(len(mask) * self.n_networks),
        )
        network = Default(
            Default.Params(
                units=self.params.units, input_noise=0.0, noise=0.0, dropout=0.0, gate_penalty=(0.0, 0.0)
            )
        )
        training = {
            "loss": "squared_error" if self.data.task == "regression" else "cross_entropy",
            "optimizer": "adam",
            "epochs": self.params.epochs,
            "batch_size": 64,
            "learning_rate": 0.01,
            "schedule": "constant",
            "weight_decay": 0.002,
            "patience": 15,
            "monitor": "loss",
            "class_weight": "none",
            "scaling": "standard",
        }
        ensemble = self.context.fit(plan, data=self.data, network=network, training=training)
        if failed := len(plan) - len(ensemble.succeeded):
            raise MethodError(
                f"{failed} of {len(plan)} networks failed to train, and the others cannot stand in for them; "
                f"look for extreme values in the table"
            )
        return ensemble

    def _averaged(self, ensemble: Ensemble, masks: int) -> Floats:
        """(masks, rows, outputs) answers to held-out rows, averaged over the networks of a fold."""
        answers = np.zeros((masks, len(self.rows), self.data.n_outputs))
        for member, held_out, own in held_out_answers(ensemble, self.data):
            answers[member // self.n_networks, np.searchsorted(self.rows, held_out)] += own
        answers /= self.params.networks
        return answers

    def _means(self) -> Floats:
        """(rows, outputs) what networks without any feature answer: the mean of the rows that they see."""
        seen = [self.data.y[self.fold != fold] for fold in range(self.params.folds)]
        means = np.array([targets.mean(axis=0, dtype=np.float64) for targets in seen])
        answers: Floats = means[self.fold[self.rows]]
        return answers


def held_out_answers(ensemble: Ensemble, data: Dataset) -> Iterator[tuple[int, Rows, NDArray[np.float32]]]:
    """What each member answers to the rows held out from it.

    Args:
        ensemble: the members.
        data: their table.

    Yields:
        Member, rows, and answers (rows, outputs), a part of the members' rows in memory at a time.
    """
    held_out = [split.held_out for split in ensemble.plan.splits]
    longest = max(map(len, held_out))
    size = max(1, ROW_BYTES // (4 * longest * data.n_columns))
    for start in range(0, len(held_out), size):
        members = range(start, min(start + size, len(held_out)))
        x = np.zeros((len(members), longest, data.n_columns), dtype=np.float32)
        for own, member in zip(x, members, strict=True):
            own[: len(held_out[member])] = data.x[held_out[member]]
        answers = ensemble.select(members).predict(x)
        for own, member in zip(answers, members, strict=True):
            yield member, held_out[member], own[: len(held_out[member])]


def _most_correlated(data: Dataset, rows: Rows, count: int) -> NDArray[np.int64]:
    """The features of largest absolute correlation with any output, in these rows; ascending."""
    x, y = (_standard(values[rows].astype(np.float64)) for values in (data.x, data.y))
    column = np.abs(x.T @ y).max(axis=1)
    starts = [feature.start for feature in data.features]
    strength = np.maximum.reduceat(column, starts)
    return np.sort(np.argsort(-strength, kind="stable")[:count])


def _standard(values: Floats) -> Floats:
    centred = values - values.mean(axis=0)
    norm = np.sqrt(np.sum(centred**2, axis=0))
    standard: Floats = np.divide(centred, norm, out=np.zeros_like(centred), where=norm > 0)
    return standard
