"""How far the logits shift without a feature."""

import numpy as np

from deepfeat.methods import Context, Dataset, Ensemble, Importance, Method


class LogitShift(Method):
    """Mean absolute shift of the logits when a feature is replaced by its mean."""

    name = "logit_shift"
    sees = "how much evidence the value of a feature adds"
    blind_to = "what correlated features can stand in for"

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """All members answer at once, at rows drawn at random."""
        x = data.x[np.sort(context.rng.permutation(data.n_rows)[:200])]
        before = ensemble.predict(x, "logit")
        scores = np.empty((len(ensemble), data.n_features))
        for index, feature in enumerate(data.features):
            columns = slice(feature.start, feature.stop)
            changed = x.copy()
            changed[:, columns] = x[:, columns].mean(axis=0)
            scores[:, index] = np.abs(ensemble.predict(changed, "logit") - before).mean(axis=(1, 2))
            context.progress(index + 1, data.n_features)
        return Importance(scores)
