"""example_method: say in a line what it measures."""

import numpy as np
from pydantic import Field, PositiveInt

from deepfeat.methods import Context, Cost, Dataset, Ensemble, Importance, Method, MethodParams


class ExampleMethod(Method):
    """Mean absolute change of the logits when a feature is replaced by its mean.

    The first line is what `deepfeat methods list` shows. What follows it is for `deepfeat methods show
    example_method`: how it is computed, and when to trust it.
    """

    name = "example_method"
    cost = Cost.PREDICTIONS
    paper = ""
    sees = "how much the logits lean on the value of a feature"
    blind_to = "what correlated features can stand in for"

    class Params(MethodParams):
        """What the experiment file can set; each has a default and a description."""

        rows: PositiveInt = Field(200, description="how many rows are asked about, at most")

    params: Params

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """Scores (members, features); larger is more important, and no scale is needed."""
        rows = np.sort(context.rng.permutation(data.n_rows)[: self.params.rows])
        x, mean = data.x[rows], data.x.mean(axis=0)
        before = ensemble.predict(x, "logit")  # (members, rows, outputs)
        scores = np.empty((len(ensemble), data.n_features))
        for index, feature in enumerate(data.features):
            changed = x.copy()
            changed[:, feature.start : feature.stop] = mean[feature.start : feature.stop]
            scores[:, index] = np.abs(ensemble.predict(changed, "logit") - before).mean(axis=(1, 2))
            context.progress(index + 1, data.n_features)
        return Importance(scores)
