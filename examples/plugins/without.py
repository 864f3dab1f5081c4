"""How much worse the networks get when they are trained without a feature."""

from dataclasses import replace

import numpy as np

from deepfeat.methods import Context, Cost, Dataset, Ensemble, Importance, Method


class Without(Method):
    """Rise of the squared error on held-out rows when the networks are trained without a feature.

    Every network is trained again once per feature, from the same seed and on the same rows, so that the
    feature is all that differs.
    """

    name = "without"
    kind = "experiment"
    cost = Cost.REFITS
    sees = "what a feature tells that the others cannot tell"
    blind_to = "each of two features that tell the same"
    exempt = {"one_feature": "without its only feature a network has nothing to learn from"}

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """Trains members x features networks as one plan; refit `f * members + m` is member m without f."""
        members, features = len(ensemble), data.n_features
        member = np.tile(np.arange(members), features)
        without = np.repeat(np.arange(features), members)
        plan = ensemble.plan.select(member)
        mask = plan.mask.copy()
        mask[np.arange(len(plan)), without] = False
        refitted = context.fit(replace(plan, name="without", mask=mask))
        worse = _held_out_error(refitted, data).reshape(features, members).T
        return Importance(worse - _held_out_error(ensemble, data)[:, None])


def _held_out_error(ensemble, data):
    """(members,) each on the rows that it has not seen."""
    answers = ensemble.predict(data.x)
    return np.array(
        [
            np.mean((answers[member, split.held_out] - data.y[split.held_out]) ** 2)
            for member, split in enumerate(ensemble.plan.splits)
        ]
    )
