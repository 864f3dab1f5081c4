"""How far the answers move when a feature is replaced by its mean."""

import numpy as np

from deepfeat.methods import per_model


@per_model("mean_out")
def mean_out(model, data, held_out):
    """Mean absolute change of the answers when a feature is replaced by its mean."""
    x = data.x[held_out]
    before = np.asarray(model(x))
    scores = []
    for feature in data.features:
        columns = slice(feature.start, feature.stop)
        changed = x.copy()
        changed[:, columns] = x[:, columns].mean(axis=0)
        scores.append(np.abs(np.asarray(model(changed)) - before).mean())
    return scores
