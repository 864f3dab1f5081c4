"""random_forest: how much worse a random forest answers when a feature is shuffled among the rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from deepfeat.methods import (
    Context,
    Cost,
    Dataset,
    Ensemble,
    HeldOutParams,
    Importance,
    Method,
    Share,
    measure,
    rebuilt,
    sample,
    shares,
    used_splits,
)

Floats = NDArray[np.float64]


class RandomForest(Method):
    """Rise of the loss of a random forest on held-out rows when a feature is shuffled (Breiman 2001).

    A yardstick of another kind: a forest needs no tuning to find steps and interactions. Where it answers
    better than the networks, believe it rather than them. Each split of the networks is one forest, grown on
    the rows that the network learned from and judged on those that it has not seen, by the same rules as
    `permutation`: all columns of a category are shuffled together.
    """

    name = "random_forest"
    kind = "experiment"
    cost = Cost.OTHER_MODELS
    paper = 'Breiman 2001, "Random forests", Machine Learning 45'
    sees = "how much a forest relies on a feature to answer rightly, alone and together with others"
    blind_to = (
        "what correlated features can stand in for; smooth and linear effects of many features, which trees "
        "approximate poorly; and what the networks have learned, of which it knows nothing"
    )
    trust = "as a second opinion: a feature that both networks and a forest put on top is no whim of either"
    removes = "shuffled among held-out rows: its marginal distribution, whatever the other features are"

    class Params(HeldOutParams):
        """What the experiment file can set."""

        splits: PositiveInt = Field(
            20, description="splits of the networks that are used, the first ones, at most"
        )
        trees: PositiveInt = Field(100, description="trees of each forest")
        repeats: PositiveInt = Field(5, description="shuffles per feature")

    params: Params

    @classmethod
    def suggested(cls, rows: int, features: int) -> bool:
        """Always: the networks' ranking beside one that knows nothing of them."""
        del rows, features
        return True

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """A forest per split, one after the other."""
        rises = [self._rise(share) for share in shares(ensemble, data, context, self.params.splits)]
        return Importance.by_output(np.stack(rises), notes=used_splits(ensemble, self.params.splits))

    def _rise(self, share: Share) -> Floats:
        """(outputs, features) rise of the loss."""
        forest = Forest.grown(share, self.params.trees)
        wrongness = measure(self.params.score, share.data.task)
        rows = sample(share.held_out, self.params.rows, share.rng)
        target, count = share.target[rows], self.params.repeats
        x = np.tile(share.data.x[rows], (count, 1))
        shuffled = np.concatenate([share.data.x[share.rng.permutation(rows)] for _ in range(count)])
        rise = np.zeros((share.data.n_outputs, share.data.n_features))
        # Trees take as long for one row as for hundreds, so all shuffles are answered together.
        for part in rebuilt(forest, [(x, shuffled)], "probability"):
            after = part.after.reshape(len(part.features), count, *target.shape)
            before = part.before[: len(rows)]
            rise[:, part.features] = (wrongness(target, after) - wrongness(target, before)).mean(axis=1).T
        return rise


@dataclass(frozen=True, eq=False)
class Forest:
    """A forest that can be asked as an ensemble of one member is.

    Attributes:
        data: the table.
        model: of scikit-learn.
    """

    data: Dataset
    model: Any

    @classmethod
    def grown(cls, share: Share, trees: int) -> "Forest":
        """A forest on the training rows of a share."""
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor  # noqa: PLC0415 - slow to import

        data = share.data
        # A column that may not be used is the same in all rows, and no tree splits by it.
        x = data.x[share.train] * share.used[data.column_feature]
        kind = RandomForestRegressor if data.task == "regression" else RandomForestClassifier
        if data.task == "regression":
            y = share.target[share.train, 0]
        else:
            y = np.stack(share.labels(share.train), axis=1)
        model = kind(trees, random_state=int(share.rng.integers(1 << 31)))
        return cls(data, model.fit(x, y[:, 0] if y.ndim > 1 and y.shape[1] == 1 else y))

    def select(self, members: list[int], /) -> "Forest":
        """Itself: there is but one."""
        del members
        return self

    def predict(self, x: NDArray[np.float32], output: str = "probability") -> NDArray[np.float32]:
        """(1, rows, outputs) answers as those of a network."""
        del output
        if self.data.task == "regression":
            return self.model.predict(x)[None, :, None].astype(np.float32)
        given = self.model.predict_proba(x)
        if self.data.task == "multiclass":
            return given[None].astype(np.float32)
        labels = given if isinstance(given, list) else [given]
        known = self.model.classes_ if isinstance(given, list) else [self.model.classes_]
        # A label that all training rows have, or lack, has a single class.
        yes = [part @ (classes == 1) for part, classes in zip(labels, known, strict=True)]
        return np.stack(yes, axis=1)[None].astype(np.float32)
