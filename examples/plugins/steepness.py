"""How steeply the answers rise or fall along each feature, for each class."""

import numpy as np
from pydantic import Field, PositiveInt

from deepfeat.methods import (
    Context,
    Cost,
    Dataset,
    Ensemble,
    Importance,
    Method,
    MethodParams,
    sum_columns,
)


class Steepness(Method):
    """Mean absolute slope of the logits along each feature, per standard deviation.

    The slope is measured at rows drawn at random, the same rows for every member.
    """

    name = "steepness"
    cost = Cost.PREDICTIONS
    sees = "how much a small change of a feature would change the answers, where the data are"
    blind_to = "features whose effect is flat almost everywhere, such as a threshold"

    class Params(MethodParams):
        """What the experiment file can set."""

        rows: PositiveInt = Field(200, description="how many rows the slope is measured at, at most")

    params: Params

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """Absolute slopes averaged over rows; a class at a time, since each has its own logit."""
        rows = np.sort(context.rng.permutation(data.n_rows)[: self.params.rows])
        deviations = data.x.std(axis=0)
        per_class = []
        for output in range(data.n_outputs):
            slopes = ensemble.gradients(data.x[rows], output=output) * deviations
            per_class.append(sum_columns(np.abs(slopes).mean(axis=1), data))
            context.progress(output + 1, data.n_outputs)
        scores = np.stack(per_class, axis=1)
        return Importance(scores.mean(axis=1), per_class=scores, notes=(f"Measured at {len(rows)} rows.",))
