"""loco: how much worse networks predict that were trained without a feature, with interval and p-value."""

import numpy as np

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

NULL = (
    "networks trained without the feature predict new rows at least as well, in the mean, as networks "
    "trained with it"
)
ASSUMPTION = "no model of the features; rows enough for the mean of their losses to be normal"
CONSERVATIVE = (
    "loco is cautious: a feature that does nothing makes networks a little worse, so fewer than 5 % of such "
    "features have p below 0.05; weak effects may be missed."
)


class Loco(Method):
    """Rise of the loss on unseen rows when networks are trained without a feature, tested over rows.

    Leave one covariate out: networks with all features and networks without one are trained on the same rows
    from the same seeds, as many of each, and every row is answered by networks that have not seen it. The
    differences of their losses, row by row, go into a one-sided t-test.
    """

    name = "loco"
    kind = "experiment"
    cost = Cost.REFITS
    inputs = ("table",)
    paper = (
        'Lei et al. 2018, "Distribution-free predictive inference for regression", JASA 113; Williamson et '
        'al. 2023, "A general framework for inference on algorithm-agnostic variable importance", JASA 118'
    )
    sees = "how much better networks predict with a feature than without, alone or together with others"
    blind_to = "what correlated features can stand in for, and effects too weak to be learned"
    trust = (
        "when rows are independent and there are a few hundred; a low p-value is cautious, a high one may "
        "be lack of rows or a stand-in"
    )
    removes = "networks are trained without the feature, on the same rows and from the same seeds"

    Params = CrossFitParams
    params: CrossFitParams

    def fits(self, data: Dataset, members: int) -> int:
        """A network per feature, fold and repetition, and those with all features; clusters come on top."""
        del members
        return self.params.networks_without(data) + self.params.networks_with_all

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """Two plans: all features, which other methods share, and without each."""
        del ensemble
        crossfit = CrossFit.of(data, self.params, context)
        questions = crossfit.questions
        with_all = crossfit.losses(crossfit.answers_with_all(crossfit.with_all()))
        without = crossfit.losses(crossfit.answers_without(questions))
        found = mean_above_zero((without - with_all).T, crossfit.groups)
        return conclude(
            crossfit,
            questions,
            Findings(
                strength=found.mean,
                p_value=found.p_value,
                effect=found.mean,
                std_error=found.std_error,
                ci_low=found.ci_low,
                ci_high=found.ci_high,
                details={"loss_with_all": np.full(len(questions), with_all.mean())},
            ),
            scale=f"rise of the {crossfit.loss} without the feature",
            null_hypothesis=NULL,
            assumption=ASSUMPTION,
            notes=[CONSERVATIVE],
        )
