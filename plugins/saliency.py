"""saliency: how steeply the answers rise or fall along each feature."""

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
    direction,
    members_at_a_time,
    sample,
    sum_columns,
)


class Saliency(Method):
    """Mean absolute slope of the logits along each feature, per standard deviation (Simonyan 2014).

    Slopes are measured where the data are, at rows that all networks share, and multiplied with the deviation
    of the feature among the network's training rows, so that units do not matter. The columns of a category
    are added up. Before a softmax, slopes are those of a logit relative to the mean of all logits, since only
    differences between logits change the answer.
    """

    name = "saliency"
    cost = Cost.PREDICTIONS
    paper = 'Simonyan, Vedaldi & Zisserman 2014, "Deep inside convolutional networks", ICLR workshop'
    sees = "how much a small change of a feature changes the answers, alone and together with others"
    blind_to = (
        "effects of steps and of saturated answers, which are flat almost everywhere; and whether the "
        "answers become better or worse"
    )
    trust = (
        "when the networks predict well, answers are not saturated, and only sensitivity counts, not "
        "whether answers get better"
    )
    removes = "not removed: moved a little, at rows of the table"

    class Params(MethodParams):
        """What the experiment file can set."""

        rows: PositiveInt = Field(200, description="rows at which slopes are measured, at most")

    params: Params

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """Slopes of all logits, for as many networks at a time as fit into memory."""
        x = data.x[sample(np.arange(data.n_rows), self.params.rows, context.rng)]
        deviations = ensemble.moments[1].astype(np.float32)
        absolute = np.empty((len(ensemble), data.n_outputs, data.n_features))
        signed = np.empty_like(absolute)
        for members, part in members_at_a_time(ensemble, 2 * data.n_outputs * x.size):
            slopes = np.stack([part.gradients(x, output) for output in range(data.n_outputs)], axis=1)
            slopes *= deviations[members, None, None, :]
            if ensemble.head == "softmax":
                slopes -= slopes.mean(axis=1, keepdims=True)
            absolute[members] = sum_columns(np.abs(slopes).mean(axis=2, dtype=np.float64), data)
            signed[members] = sum_columns(slopes.mean(axis=2, dtype=np.float64), data)
            context.progress(members.stop, len(ensemble))
        return Importance.by_output(absolute, sign=direction(signed, absolute, data))
