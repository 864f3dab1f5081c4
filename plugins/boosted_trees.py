"""boosted_trees: how much worse boosted trees answer when a feature is shuffled among the rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt
from threadpoolctl import threadpool_limits

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


class BoostedTrees(Method):
    """Rise of the loss of boosted trees on unseen rows when a feature is shuffled (Friedman 2001).

    A yardstick of another kind, and often the best one on tables of few rows: small trees, each of which
    mends what those before it got wrong, add up the effects of single features and are not misled by many
    irrelevant ones. Each split of the networks is one model, grown on the rows that the network learned from
    and judged on all others, by the same rules as `permutation`: all columns of a category are shuffled
    together.
    """

    name = "boosted_trees"
    kind = "experiment"
    cost = Cost.OTHER_MODELS
    paper = (
        'Friedman 2001, "Greedy function approximation: a gradient boosting machine", Annals of Statistics '
        '29; histograms: Ke et al. 2017, "LightGBM", NeurIPS'
    )
    sees = "how much boosted trees rely on a feature to answer rightly, alone and together with others"
    blind_to = (
        "what correlated features can stand in for; interactions of features none of which says anything "
        "alone, unless chance finds them; and what the networks have learned, of which it knows nothing"
    )
    trust = "where they predict better than the networks, which `stacking` tells"
    removes = (
        "shuffled among rows that were not learned from: its marginal distribution, whatever the others are"
    )

    class Params(ShuffledParams):
        """What the experiment file can set."""

        trees: PositiveInt = Field(
            60, description="trees of each model; of each class where there are several"
        )
        learning_rate: float = Field(
            0.15, gt=0, le=1, description="share of its correction that a tree may make"
        )
        leaves: PositiveInt = Field(
            8, ge=2, description="leaves of each tree: one more than features that interact"
        )

    params: Params

    @classmethod
    def suggested(cls, rows: int, features: int) -> bool:
        """Always: the networks' ranking beside that of what is often the best model of a small table."""
        del rows, features
        return True

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """A model per split, one after the other."""
        # Threads cost more than they bring on small tables, and could change last bits.
        with threadpool_limits(1, "openmp"):
            return shuffled_importance(ensemble, data, context, self.params, self._grow)

    def _grow(self, share: Share) -> OtherModel:
        from sklearn.ensemble import (  # noqa: PLC0415 - slow to import
            HistGradientBoostingClassifier,
            HistGradientBoostingRegressor,
        )

        regression = share.data.task == "regression"
        kind = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
        return OtherModel.fitted(
            share,
            lambda: kind(
                max_iter=self.params.trees,
                learning_rate=self.params.learning_rate,
                max_leaf_nodes=self.params.leaves,
                min_samples_leaf=10,
                max_bins=63,
                early_stopping=False,
                random_state=int(share.rng.integers(1 << 31)),
            ),
            lambda model: split_columns(model, share.data.n_columns),
        )


def split_columns(model: Any, columns: int) -> NDArray[np.bool_]:  # noqa: ANN401 - of scikit-learn
    """(columns,) those by which a tree of the model splits."""
    used = np.zeros(columns, dtype=np.bool_)
    for trees in model._predictors:  # noqa: SLF001 - there is no public way to know
        for tree in trees:
            used[tree.nodes["feature_idx"][tree.nodes["is_leaf"] == 0]] = True
    return used
