"""random_forest: how much worse a random forest answers when a feature is shuffled among the rows."""

import numpy as np
from pydantic import Field, PositiveInt

from deepfeat.methods import (
    Context,
    Cost,
    Dataset,
    Ensemble,
    Importance,
    Method,
    OtherModel,
    Share,
    ShuffledParams,
    shuffled_importance,
)


class RandomForest(Method):
    """Rise of the loss of a random forest on rows it has not seen when a feature is shuffled (Breiman 2001).

    A yardstick of another kind: a forest needs no tuning to find steps and interactions. Where it answers
    better than the networks, believe it rather than them. Each split of the networks is one forest, grown on
    the rows that the network learned from and judged on all others, by the same rules as `permutation`: all
    columns of a category are shuffled together.
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
    removes = (
        "shuffled among rows that were not learned from: its marginal distribution, whatever the others are"
    )

    class Params(ShuffledParams):
        """What the experiment file can set."""

        trees: PositiveInt = Field(100, description="trees of each forest")

    params: Params

    @classmethod
    def suggested(cls, rows: int, features: int) -> bool:
        """Always: the networks' ranking beside one that knows nothing of them."""
        del rows, features
        return True

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """A forest per split, one after the other."""
        return shuffled_importance(ensemble, data, context, self.params, self._grow)

    def _grow(self, share: Share) -> OtherModel:
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor  # noqa: PLC0415 - slow to import

        kind = RandomForestRegressor if share.data.task == "regression" else RandomForestClassifier
        return OtherModel.fitted(
            share,
            lambda: kind(self.params.trees, random_state=int(share.rng.integers(1 << 31))),
            lambda forest: np.asarray(forest.feature_importances_ > 0),
        )
