"""The first layer: how heavy the weights are that a feature enters the network through."""

import numpy as np

from deepfeat.methods import Context, Cost, Dataset, Ensemble, Importance, Method, sum_columns

WARNING = (
    "Large weights in the first layer do not mean that a feature is used: later layers can cancel it, and "
    "correlated features share weights in any proportion. Read it beside a method that looks at predictions."
)


class FirstLayer(Method):
    """Sum of the absolute first-layer weights of each feature, behind its gate.

    The folk method: cheap, popular, and easily wrong. The weights are those of the inputs as the network sees
    them, scaled and multiplied with the gate, so features of different units can be compared. The columns of
    a category are added up.
    """

    name = "first_layer"
    cost = Cost.WEIGHTS
    sees = "how strongly the first layer is wired to each feature"
    blind_to = "everything behind the first layer: what is wired strongly may still not matter"
    trust = (
        "hardly ever by itself; where it agrees with a method that looks at predictions, that one is enough"
    )
    removes = "not removed: trained weights are read, no row is asked"

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """Absolute weights added up over units and over the columns of a feature."""
        del context
        return Importance(sum_columns(np.abs(ensemble.first_layer).sum(axis=2), data), notes=(WARNING,))
