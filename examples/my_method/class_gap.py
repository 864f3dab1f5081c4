"""How far apart the answers' extremes lie on each column."""

import numpy as np
from pydantic import Field

from deepfeat.methods import MethodParams, per_model


class Params(MethodParams):
    """What the experiment file can set."""

    robust: bool = Field(
        default=False, description="medians and quartiles instead of means and standard deviations"
    )


@per_model(
    "class_gap",
    params=Params,
    sees="how far a feature is apart in the rows that a network answers most and least surely with yes",
    blind_to="features that matter only together with others, and whatever happens between the two extremes",
)
def class_gap(model, data, held_out, params):
    """Distance of a feature between the quarter of rows answered highest and the one answered lowest."""
    x = data.x[held_out]
    answers = np.asarray(model(x))[:, 0]
    low, high = np.quantile(answers, [0.25, 0.75])
    bottom, top = x[answers <= low], x[answers >= high]
    if params.robust:
        gap = np.median(top, axis=0) - np.median(bottom, axis=0)
        spread = np.subtract(*np.quantile(x, [0.75, 0.25], axis=0)) / 1.35
    else:
        gap, spread = top.mean(axis=0) - bottom.mean(axis=0), x.std(axis=0)
    columns = np.abs(gap) / np.where(spread > 0, spread, 1)
    return [columns[feature.start : feature.stop].max() for feature in data.features]
