"""permutation: how much worse the networks answer when a feature is shuffled among the rows."""

import numpy as np
from pydantic import Field, PositiveInt

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


class Permutation(Method):
    """Rise of the loss on held-out rows when a feature is shuffled among them (Breiman 2001).

    Every network is judged on the rows that it was not trained on. All columns of a category are shuffled
    together. Within one repeat a network's features are all shuffled in the same order, one at a time, which
    makes them easier to compare. Small negative scores are chance: the feature does nothing.
    """

    name = "permutation"
    cost = Cost.PREDICTIONS
    paper = (
        'Breiman 2001, "Random forests", Machine Learning 45; for any model: Fisher, Rudin & Dominici 2019, '
        '"All models are wrong, but many are useful", JMLR 20(177)'
    )
    sees = "how much the networks rely on a feature to answer rightly, alone and together with others"
    blind_to = (
        "what correlated features can stand in for; rows shuffled apart from them may be impossible ones, on "
        "which networks were never trained"
    )
    trust = (
        "when the networks predict well and no feature is strongly correlated with another; else beside "
        "conditional_permutation"
    )
    removes = "shuffled among held-out rows: its marginal distribution, whatever the other features are"

    class Params(HeldOutParams):
        """What the experiment file can set."""

        repeats: PositiveInt = Field(10, description="shuffles per feature")

    params: Params

    @classmethod
    def suggested(cls, rows: int, features: int) -> bool:
        """As long as it is quick."""
        del rows
        return features <= 1000

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """A pass over all networks and features per repeat."""
        wrongness = measure(self.params.score, data.task)
        rngs = [context.member_rng(seed) for seed in ensemble.plan.seeds]
        rows = [
            sample(held_out_rows(ensemble, member), self.params.rows, rng) for member, rng in enumerate(rngs)
        ]
        total = np.zeros((len(ensemble), data.n_outputs, data.n_features))
        for repeat in range(self.params.repeats):
            shuffled = (data.x[rng.permutation(own)] for own, rng in zip(rows, rngs, strict=True))
            total += rise_when_replaced(ensemble, data, rows, shuffled, wrongness)
            context.progress(repeat + 1, self.params.repeats)
        return Importance.by_output(total / self.params.repeats)
