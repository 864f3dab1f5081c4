"""leave_out: how much worse the networks answer when they are told the mean instead of a feature."""

import numpy as np

from deepfeat.methods import (
    Context,
    Cost,
    Dataset,
    Ensemble,
    HeldOutParams,
    Importance,
    Method,
    held_out_rows,
    measure,
    rise_when_replaced,
    sample,
)


class LeaveOut(Method):
    """Fall of the held-out score when a feature is replaced by its mean, without training again.

    The mean is that of the network's own training rows; of a category it is the frequency of each level. One
    pass without any chance in it, and so the cheapest question about held-out rows.
    """

    name = "leave_out"
    cost = Cost.PREDICTIONS
    paper = (
        'Zeiler & Fergus 2014, "Visualizing and understanding convolutional networks" (occlusion); Covert, '
        'Lundberg & Lee 2021, "Explaining by removing", JMLR 22(209)'
    )
    sees = "how much the networks lose with a feature, alone and together with others"
    blind_to = (
        "what correlated features can stand in for; what a network trained without the feature would make of "
        "the others; and it may mistake the mean for a message, where no row is like it"
    )
    trust = (
        "when an average value is one that could occur: features are roughly symmetric and not strongly "
        "correlated"
    )
    removes = "replaced by the mean of the network's own training rows, on held-out rows"

    Params = HeldOutParams
    params: HeldOutParams

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """One pass over all networks and features."""
        rows = [
            sample(held_out_rows(ensemble, member), self.params.rows, context.member_rng(seed))
            for member, seed in enumerate(ensemble.plan.seeds)
        ]
        means, _ = ensemble.moments
        others = (
            np.broadcast_to(mean.astype(np.float32), (len(own), data.n_columns))
            for own, mean in zip(rows, means, strict=True)
        )
        wrongness = measure(self.params.score, data.task)
        return Importance.by_output(rise_when_replaced(ensemble, data, rows, others, wrongness))
