"""hrt: whether networks answer better with the true values of a feature than with redrawn ones."""

import numpy as np
from pydantic import Field, PositiveInt

from deepfeat.inference.conditional import ASSUMPTION
from deepfeat.inference.randomization import SequentialTest
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
MODEL = (
    "The p-values of hrt are as good as its model of the features: the other features explain {low:.0%} to "
    "{high:.0%} of a feature's variance in a straight line (tests.csv says it for each). A feature that is a "
    "curve of a relevant one passes for relevant; effect and loco see through that."
)
HEAVY = (
    "What is left of {names} is far from Gaussian (excess kurtosis above {limit:g}): their p-values may be "
    "too small; transform them, or use effect or loco."
)
# Excess kurtosis of the residuals from which on the Gaussian is called wrong: a t distribution with 6 degrees
# of freedom has 3.
KURTOSIS = 3.0
# Draws that are made at a time, for all features that still need some.
BATCH = 50


class Hrt(Method):
    """Holdout randomisation test: are unseen rows predicted better with a feature than with redrawn values?

    The feature is drawn anew from a model of it given all others, again and again; networks that have not
    seen a row answer it with the true value and with the drawn ones. The p-value is the share of draws that
    do at least as well as the truth. Draws of a feature stop when the answer is clear. Folds are put
    together, as in the cross-validated form of the test, which is no longer exact: networks of one fold have
    seen the rows of the others.
    """

    name = "hrt"
    kind = "experiment"
    cost = Cost.REFITS
    inputs = ("table",)
    paper = (
        'Tansey et al. 2022, "The holdout randomization test for feature selection in black box models", '
        'Journal of Computational and Graphical Statistics 31(1); Besag & Clifford 1991, "Sequential Monte '
        'Carlo p-values", Biometrika 78(2)'
    )
    sees = "any influence on the prediction that the other features do not have too, even or in interactions"
    blind_to = "what the networks have not learned; and it takes curves between features for news"
    trust = (
        "when its model of each feature given the others fits (it prints how well), rows are independent, "
        "and networks predict well"
    )
    removes = (
        "the feature is drawn from a model of it given all others, on rows that the networks have not seen"
    )

    class Params(CrossFitParams):
        """What the experiment file can set."""

        draws: PositiveInt = Field(1000, description="draws per feature, at most")
        stop: PositiveInt = Field(20, description="draws as good as the truth after which a feature is done")
        q: float = Field(
            0.1, gt=0, lt=1, description="the false discovery rate wanted: draws are at least features / q"
        )

    params: Params

    def fits(self, data: Dataset, members: int) -> int:
        """The networks with all features."""
        del data, members
        return self.params.networks_with_all

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """Draws batch by batch, for the features that need more."""
        del ensemble
        refuse_groups(data, context, instead="effect or loco")
        crossfit = CrossFit.of(data, self.params, context)
        networks, model = crossfit.with_all(), crossfit.model_of_x()
        observed = float(crossfit.losses(crossfit.answers_with_all(networks)).mean())
        draws = max(self.params.draws, int(np.ceil(len(crossfit.tested) / self.params.q)))
        test = SequentialTest(len(crossfit.tested), draws, self.params.stop)
        rise = np.zeros(len(crossfit.tested))
        while len(places := test.open):
            tables = [model.draw(context.rng) for _ in range(BATCH)]
            losses = crossfit.losses_with(networks, tables, crossfit.tested[places]).mean(axis=2)
            # Rounding must not make a feature that the networks ignore look better than its draws.
            test.add(places, losses <= observed + 1e-12 * abs(observed))
            rise[places] += np.sum(losses - observed, axis=1)
            drawn = test.made
            context.progress(len(crossfit.tested) - len(test.open), len(crossfit.tested))
        explained, kurtosis = model.explained[crossfit.tested], model.kurtosis[crossfit.tested]
        batches = BATCH * np.ceil(drawn / BATCH)
        notes = [MODEL.format(low=explained.min(), high=explained.max())]
        if (heavy := kurtosis > KURTOSIS).any():
            wrong = [crossfit.data.features[j].name for j in crossfit.tested[heavy]]
            notes.append(HEAVY.format(names=", ".join(wrong[:5]), limit=KURTOSIS))
        return conclude(
            crossfit,
            [(int(j),) for j in crossfit.tested],
            Findings(
                strength=rise / batches,
                p_value=test.p_values,
                effect=rise / batches,
                details={
                    "draws": drawn,
                    "model_of_x": [model.families[j] for j in crossfit.tested],
                    "explained_by_others": explained,
                    "excess_kurtosis": kurtosis,
                },
            ),
            scale=f"rise of the {crossfit.loss} with drawn values",
            null_hypothesis=NULL,
            assumption=ASSUMPTION,
            notes=notes,
        )
