"""integrated_gradients: what each feature contributes to the answers, compared with an average row."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray
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
    integrated_slopes,
    members_at_a_time,
    sample,
)


def attributions(
    ensemble: Ensemble, data: Dataset, x: NDArray[np.float32], baselines: NDArray[np.float32], steps: int
) -> NDArray[np.float32]:
    """The slopes of the logits, integrated along the straight line from a baseline to a row.

    Args:
        ensemble: the trained members.
        data: the table.
        x: (rows, columns) the rows to explain.
        baselines: (members, columns) where each member's lines begin.
        steps: points of the Gauss-Legendre quadrature.

    Returns:
        (members, outputs, rows, columns): over columns they add up to the logit at the row less that at the
        baseline, as far as the quadrature is exact. Before a softmax, logits are relative to their mean.
    """
    slopes = np.empty((len(ensemble), data.n_outputs, *x.shape), dtype=np.float32)
    for output in range(data.n_outputs):
        slopes[:, output] = integrated_slopes(ensemble, x, baselines, steps, output)
    if ensemble.head == "softmax":
        slopes -= slopes.mean(axis=1, keepdims=True)
    return slopes * (x[None] - baselines[:, None, :])[:, None]


class IntegratedGradients(Method):
    """Mean contribution of each feature: slopes integrated from the average row (Sundararajan 2017).

    The slope of every logit is followed from the mean of the network's training rows to a row of the table.
    The contributions of all features add up to what sets the row's answer apart from that of the average row,
    and unlike slopes alone they do not vanish where answers are saturated. The columns of a category are
    added up with their signs. Before a softmax, logits are taken relative to their mean, since only
    differences between logits change the answer.
    """

    name = "integrated_gradients"
    cost = Cost.SAMPLING
    paper = 'Sundararajan, Taly & Yan 2017, "Axiomatic attribution for deep networks", ICML'
    sees = "how far a feature moves the answers from that of an average row, alone and together with others"
    blind_to = (
        "whether the answers become better or worse; the way leads over rows that may be impossible ones, on "
        "which networks were never trained"
    )
    trust = "when features are not strongly correlated, and an average row is a fair thing to compare with"
    removes = "moved in a straight line from the mean of the network's training rows to each row"

    class Params(MethodParams):
        """What the experiment file can set."""

        rows: PositiveInt = Field(
            100, description="rows that are explained, at most; the same for all networks"
        )
        measure: Literal["absolute", "squared"] = Field(
            "absolute",
            description="the mean of absolute contributions, or of squared ones: features then count by "
            "their part in the variance of the answers, as they do where a loss is compared",
        )
        steps: PositiveInt = Field(32, description="points on the way from the average row to each row")

    params: Params

    @classmethod
    def suggested(cls, rows: int, features: int) -> Mapping[str, str]:
        """Always: the answers have gradients, and they are quick."""
        del rows, features
        return {"measure": "squared"}

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """Contributions of all rows, for as many networks at a time as fit into memory."""
        x = data.x[sample(np.arange(data.n_rows), self.params.rows, context.rng)]
        starts = np.array([feature.start for feature in data.features])
        means = ensemble.moments[0].astype(np.float32)
        absolute = np.empty((len(ensemble), data.n_outputs, data.n_features))
        squared, signed = np.empty_like(absolute), np.empty_like(absolute)
        for members, part in members_at_a_time(ensemble, (3 * data.n_outputs + 3) * x.size):
            by_column = attributions(part, data, x, means[members], self.params.steps)
            by_feature = np.add.reduceat(by_column, starts, axis=-1)
            absolute[members] = np.abs(by_feature).mean(axis=2, dtype=np.float64)
            squared[members] = np.square(by_feature).mean(axis=2, dtype=np.float64)
            # Upwards means that a value above the mean raises the logit, or one below it lowers the logit.
            above = np.sign(x[None] - means[members, None, :])[:, None, :, starts]
            signed[members] = (by_feature * above).mean(axis=2, dtype=np.float64)
            context.progress(members.stop, len(ensemble))
        scores = squared if self.params.measure == "squared" else absolute
        return Importance.by_output(scores, sign=direction(signed, absolute, data))
