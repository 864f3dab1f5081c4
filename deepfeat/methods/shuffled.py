"""How much worse other models answer when a feature is shuffled among rows they have not learned from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from deepfeat.data.dataset import Dataset
from deepfeat.methods.annotations import Ensemble
from deepfeat.methods.context import Context
from deepfeat.methods.held_out import HeldOutParams, sample
from deepfeat.methods.importance import Importance
from deepfeat.methods.measures import measure
from deepfeat.methods.per_split import PerSplitParams, Share, shares, used_splits
from deepfeat.methods.unseen import Unseen
from deepfeat.training.replaced import rebuilt

Floats = NDArray[np.float64]


class ShuffledParams(PerSplitParams, HeldOutParams):
    """Parameters of a method that fits another model on the networks' splits, and shuffles its inputs."""

    repeats: PositiveInt = Field(3, description="shuffles per feature")


@dataclass(frozen=True, eq=False)
class OtherModel:
    """A fitted model that can be asked as an ensemble of one member is.

    Attributes:
        data: the table.
        answers: (rows, columns) -> (rows, outputs), probabilities or values.
        used: numbers of the features that the answers depend on.
    """

    data: Dataset
    answers: Callable[[NDArray[np.float32]], NDArray[Any]]
    used: NDArray[np.int64]

    @classmethod
    def fitted(
        cls, share: Share, new: Callable[[], Any], looks_at: Callable[[Any], NDArray[np.bool_]]
    ) -> "OtherModel":
        """A model of scikit-learn, grown on the training rows; with several labels one for each.

        Args:
            share: the rows.
            new: a model to be fitted.
            looks_at: the (columns,) that a fitted model depends on.
        """
        data = share.data
        # A column that may not be used is the same in all rows, and no tree splits by it.
        x = data.x[share.train] * share.used[data.column_feature]
        regression = data.task == "regression"
        targets = [share.target[share.train, 0]] if regression else share.labels(share.train)
        # A label that all training rows have, or lack, is answered so.
        models = [new().fit(x, own) if np.ptp(own) > 0 else float(own[0]) for own in targets]
        columns = np.zeros(data.n_columns, dtype=np.bool_)
        for model in models:
            columns |= False if isinstance(model, float) else looks_at(model)

        def one(model: Any, asked: NDArray[np.float32]) -> NDArray[Any]:  # noqa: ANN401 - of scikit-learn
            if isinstance(model, float) and data.task == "multiclass":
                return np.tile(np.arange(data.n_outputs) == model, (len(asked), 1))
            if isinstance(model, float):
                return np.full((len(asked), 1), model)
            if regression:
                return np.asarray(model.predict(asked))[:, None]
            given = np.asarray(model.predict_proba(asked))
            if data.task != "multiclass":
                return given[:, 1:]
            every = np.zeros((len(asked), data.n_outputs))
            every[:, model.classes_] = given
            return every

        return cls(
            data,
            lambda asked: np.concatenate([one(model, asked) for model in models], axis=1),
            np.unique(data.column_feature[columns]),
        )

    def select(self, members: list[int], /) -> "OtherModel":
        """Itself: there is but one."""
        del members
        return self

    def predict(self, x: NDArray[np.float32], output: str = "probability") -> NDArray[np.float32]:
        """(1, rows, outputs) answers as those of a network."""
        del output
        return np.asarray(self.answers(x)[None], dtype=np.float32)


def shuffled_importance(
    ensemble: Ensemble,
    data: Dataset,
    context: Context,
    params: ShuffledParams,
    fit: Callable[[Share], OtherModel],
) -> Importance:
    """Rise of the loss of another model, fitted to each split, when a feature is shuffled (Breiman 2001).

    It is judged on all rows that it has not learned from: those that the network was stopped by as well,
    since no other model was. More rows leave less to chance. All columns of a category are shuffled together.

    Args:
        ensemble: the networks, whose splits are used.
        data: the table.
        context: told about the progress.
        params: how it is judged.
        fit: a model of the training rows of a share.

    Returns:
        A row per split; and the mean answer for every row, of the models that have not learned from it.
    """
    wrongness = measure(params.score, data.task)
    rises, unseen = [], Unseen(data.n_rows, data.n_outputs)
    for share in shares(ensemble, data, context, params.splits):
        model = fit(share)
        rows = sample(share.unseen, params.rows, share.rng)
        target, count = share.target[rows], params.repeats
        x = np.tile(data.x[rows], (count, 1))
        shuffled = np.concatenate([data.x[share.rng.permutation(rows)] for _ in range(count)])
        answered = model.predict(data.x[rows])[0]
        unseen.add(rows, answered)
        rise = np.zeros((data.n_outputs, data.n_features))
        # What a model does not look at cannot change its answers. All shuffles are answered together: trees
        # take as long for one row as for hundreds.
        for part in rebuilt(model, [(x, shuffled)], "probability", model.used):
            after = part.after.reshape(len(part.features), count, *target.shape)
            rise[:, part.features] = (wrongness(target, after) - wrongness(target, answered)).mean(axis=1).T
        rises.append(rise)
    return Importance.by_output(
        np.stack(rises),
        predictions=unseen.means(),
        notes=used_splits(ensemble, params.splits),
    )
