"""How far the answers move when a feature is shuffled."""

import numpy as np
from pydantic import Field, PositiveInt

from deepfeat.methods import MethodParams, per_model


class Params(MethodParams):
    """What the experiment file can set."""

    repeats: PositiveInt = Field(5, description="how often each feature is shuffled")


@per_model(
    "shuffled",
    params=Params,
    sees="how much the answers lean on the value of a feature",
    blind_to="what correlated features can stand in for",
)
def shuffled(model, data, held_out, rng, params):
    """Mean absolute change of the answers when a feature is shuffled among the rows."""
    x = data.x[held_out]
    before = np.asarray(model(x))
    scores = np.zeros(data.n_features)
    for _ in range(params.repeats):
        other = rng.permutation(x)
        for index, feature in enumerate(data.features):
            columns = slice(feature.start, feature.stop)
            changed = x.copy()
            changed[:, columns] = other[:, columns]
            scores[index] += np.abs(np.asarray(model(changed)) - before).mean()
    return scores / params.repeats
