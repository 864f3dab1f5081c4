"""conditional_permutation: permutation of what the other features do not say about a feature."""

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
    Residuals,
    held_out_rows,
    measure,
    rise_when_replaced,
    sample,
)

ASSUMPTION = (
    "What the other features say about a feature was taken from a linear regression with Ledoit-Wolf "
    "shrinkage; where they say more than that, its score is too high."
)
CATEGORIES = (
    "Categories were shuffled as a whole, as plain permutation does: their scores do not allow for "
    "correlated features."
)


class ConditionalPermutation(Method):
    """Rise of the held-out loss when the part of a feature that the others do not explain is shuffled.

    Plain permutation tears correlated features apart: it asks about rows that cannot exist, and it credits a
    feature with what it merely shares. Here a feature keeps its linear regression on all others, fitted on
    all rows of the table without their labels, and only its residuals are shuffled among the held-out rows.
    The score is what the networks get from the feature beyond the others; of two copies neither gets any.
    """

    name = "conditional_permutation"
    cost = Cost.PREDICTIONS
    inputs = ("table",)
    paper = (
        'Strobl et al. 2008, "Conditional variable importance for random forests", BMC Bioinformatics 9; '
        'Watson & Wright 2021, "Testing conditional independence in supervised learning algorithms", Machine '
        'Learning 110; Fisher, Rudin & Dominici 2019, "All models are wrong, but many are useful", JMLR '
        "20(177)"
    )
    sees = "how much the networks rely on what only this feature says"
    blind_to = "what a feature shares with others, however much the networks rely on it"
    trust = (
        "when features are correlated, the networks predict well, and what counts is what only this "
        "feature says"
    )
    removes = (
        "what the other features do not say of it is shuffled among held-out rows: its conditional "
        "distribution"
    )

    class Params(HeldOutParams):
        """What the experiment file can set."""

        repeats: PositiveInt = Field(10, description="shuffles per feature")

    params: Params

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """The regressions once, then a pass over all networks and features per repeat."""
        wrongness = measure(self.params.score, data.task)
        residuals = Residuals.fit(data.x, context.rng)
        category = np.array([feature.is_category for feature in data.features])[data.column_feature]
        rngs = [context.member_rng(seed) for seed in ensemble.plan.seeds]
        rows = [
            sample(held_out_rows(ensemble, member), self.params.rows, rng) for member, rng in enumerate(rngs)
        ]

        def shuffled(own: np.ndarray, rng: np.random.Generator) -> np.ndarray:
            x, order = data.x[own], rng.permutation(len(own))
            unexplained = residuals.of(x)
            return np.where(category, x[order], x - unexplained + unexplained[order]).astype(np.float32)

        total = np.zeros((len(ensemble), data.n_outputs, data.n_features))
        for repeat in range(self.params.repeats):
            others = (shuffled(own, rng) for own, rng in zip(rows, rngs, strict=True))
            total += rise_when_replaced(ensemble, data, rows, others, wrongness)
            context.progress(repeat + 1, self.params.repeats)
        notes = (ASSUMPTION, CATEGORIES) if category.any() else (ASSUMPTION,)
        return Importance.by_output(total / self.params.repeats, notes=notes)
