"""permfit: how much worse networks predict with shuffled values of a feature, with interval and p-value."""

import numpy as np
from pydantic import Field, PositiveInt

from deepfeat.inference.rowtests import mean_above_zero
from deepfeat.methods import (
    Context,
    Cost,
    CrossFit,
    CrossFitParams,
    Dataset,
    Ensemble,
    Findings,
    Importance,
    Method,
    conclude,
)

NULL = "shuffling the feature among rows does not raise the loss of networks that have not seen them"
ASSUMPTION = "the feature is independent of the other features"
REGIME = (
    "permfit holds for features that are independent of the others: its own paper has 9 % false positives at "
    "correlation 0.5. Here the largest correlation between two features is {largest:.2f}{advice}."
)
ADVICE = ", so read effect, loco or hrt instead"
# Correlation from which on the paper's own table is off.
TOO_CORRELATED = 0.3


class Permfit(Method):
    """Rise of the loss on unseen rows when a feature is shuffled among them, tested over rows.

    Networks that have not seen a fold answer it with the feature as it is and shuffled within the fold; the
    differences of their losses, row by row, go into a one-sided t-test.
    """

    name = "permfit"
    kind = "experiment"
    cost = Cost.REFITS
    inputs = ("table",)
    paper = (
        'Mi et al. 2021, "Permutation-based identification of important biomarkers for complex diseases via '
        'machine learning models", Nature Communications 12, 3008'
    )
    sees = "how much the networks rely on a feature to predict, alone and together with others, with p-value"
    blind_to = (
        "whether a correlated feature matters by itself: it gets credit, and low p-values, for what it shares"
    )
    trust = "when features are independent of each other; with correlated ones its p-values are too low"
    removes = "the feature is shuffled among rows that the networks have not seen"

    class Params(CrossFitParams):
        """What the experiment file can set."""

        repeats: PositiveInt = Field(20, description="shuffles, whose losses are averaged for each row")

    params: Params

    def fits(self, data: Dataset, members: int) -> int:
        """The networks with all features."""
        del data, members
        return self.params.networks_with_all

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """All shuffles in one pass over the networks with all features."""
        del ensemble
        crossfit = CrossFit.of(data, self.params, context)
        networks = crossfit.with_all()
        tables = [crossfit.x[_within(crossfit, context.rng)] for _ in range(self.params.repeats)]
        found = mean_above_zero(crossfit.rise_with(networks, tables, crossfit.tested).T, crossfit.groups)
        largest = crossfit.largest_correlation()
        advice = ADVICE if largest > TOO_CORRELATED else ""
        return conclude(
            crossfit,
            [(int(j),) for j in crossfit.tested],
            Findings(
                strength=found.mean,
                p_value=found.p_value,
                effect=found.mean,
                std_error=found.std_error,
                ci_low=found.ci_low,
                ci_high=found.ci_high,
            ),
            scale=f"rise of the {crossfit.loss} with shuffled values",
            null_hypothesis=NULL,
            assumption=ASSUMPTION,
            notes=[REGIME.format(largest=largest, advice=advice)],
        )


def _within(crossfit: CrossFit, rng: np.random.Generator) -> np.ndarray:
    """The rows under test, shuffled within each fold."""
    fold = crossfit.fold[crossfit.rows]
    order = np.arange(len(fold))
    for number in range(crossfit.params.folds):
        own = np.flatnonzero(fold == number)
        order[own] = rng.permutation(own)
    return order
