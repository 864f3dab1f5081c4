"""cpi: how much worse networks predict with redrawn values of a feature, with interval and p-value."""

from pydantic import Field, PositiveInt

from deepfeat.inference.conditional import ASSUMPTION
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
    refuse_groups,
)

NULL = "given all other features, the target is independent of the feature"
REGIME = (
    "cpi holds where the model of the features does: the other features explain {low:.0%} to {high:.0%} of a "
    "feature's variance in a straight line; one that is a curve of a relevant feature passes for relevant."
)


class Cpi(Method):
    """Conditional predictive impact: rise of the loss when a feature is redrawn given all others.

    As conditional permutation, but with a test: networks that have not seen a row answer it with the true
    value and with values drawn from a model of the feature given all others; the differences of their losses,
    row by row, go into a one-sided t-test. The draws stand for knockoffs; for one feature at a time no more
    is needed.
    """

    name = "cpi"
    kind = "experiment"
    cost = Cost.REFITS
    inputs = ("table",)
    paper = (
        'Watson & Wright 2021, "Testing conditional independence in supervised learning algorithms", Machine '
        "Learning 110"
    )
    sees = "how much the networks rely on what only this feature says, with interval and p-value"
    blind_to = "what the networks have not learned; and it takes curves between features for news"
    trust = (
        "when features are roughly jointly Gaussian, networks predict well, and rows are independent; "
        "read the R2 of its model of each feature"
    )
    removes = (
        "the feature is drawn from a model of it given all others, on rows that the networks have not seen"
    )

    class Params(CrossFitParams):
        """What the experiment file can set."""

        draws: PositiveInt = Field(
            20, description="draws per feature, whose losses are averaged for each row"
        )

    params: Params

    def fits(self, data: Dataset, members: int) -> int:
        """The networks with all features."""
        del data, members
        return self.params.networks_with_all

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """All draws in one pass over the networks with all features."""
        del ensemble
        refuse_groups(data, context, instead="effect or loco")
        crossfit = CrossFit.of(data, self.params, context)
        networks, model = crossfit.with_all(), crossfit.model_of_x()
        tables = [model.draw(context.rng) for _ in range(self.params.draws)]
        found = mean_above_zero(crossfit.rise_with(networks, tables, crossfit.tested).T)
        explained = model.explained[crossfit.tested]
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
                details={
                    "model_of_x": [model.families[j] for j in crossfit.tested],
                    "explained_by_others": explained,
                },
            ),
            scale=f"rise of the {crossfit.loss} with drawn values",
            null_hypothesis=NULL,
            assumption=ASSUMPTION,
            notes=[REGIME.format(low=explained.min(), high=explained.max())],
        )
