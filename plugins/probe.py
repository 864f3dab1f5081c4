"""probe: what each network answers when one feature speaks and all others are silent."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from deepfeat.methods import (
    Context,
    Cost,
    Dataset,
    Ensemble,
    Importance,
    Method,
    MethodParams,
    direction,
)


class Probe(Method):
    """Change of the answers when one feature leaves its reference and all others stay there.

    Every input is at the mean of the network's training rows, or at zero. Then a number rises by a standard
    deviation or by one unit, and a category takes each of its levels in turn, of which the mean absolute
    change counts. The sign says whether the answer rises. The network need not have seen any row like these.
    """

    name = "probe"
    cost = Cost.PREDICTIONS
    inputs = ("table",)
    paper = (
        'Lek et al. 1996, "Application of neural networks to modelling nonlinear relationships in ecology", '
        "Ecological Modelling 90 (one input varied, the others held)"
    )
    sees = "what a feature says by itself at one point, and in which direction"
    blind_to = (
        "features that only matter together with others (XOR, products), and whatever happens elsewhere than "
        "at the reference"
    )
    trust = "when effects add up without interactions, and the reference is a row like many others"
    removes = "held at the reference, the mean or zero, while one other feature speaks"

    class Params(MethodParams):
        """What the experiment file can set."""

        reference: Literal["mean", "zero"] = Field("mean", description="where all inputs are kept")
        step: Literal["deviation", "unit"] = Field(
            "deviation",
            description="how far a number rises: one standard deviation, or by 1 in its own units",
        )
        output: Literal["logit", "probability"] = Field(
            "logit", description="which change is measured; for a regression both are the predicted value"
        )

    params: Params

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """One pass over all networks and features."""
        del context
        levels = np.array([max(1, len(feature.levels)) for feature in data.features])
        changes = np.zeros((len(ensemble), levels.max(), data.n_outputs, data.n_features))
        pairs = (self._pair(mean, deviation, data) for mean, deviation in zip(*ensemble.moments, strict=True))
        for part in ensemble.replaced(pairs, self.params.output):
            change = part.after.astype(np.float64) - part.before
            if ensemble.head == "softmax" and self.params.output == "logit":
                # Only differences between logits change the answer.
                change -= change.mean(axis=-1, keepdims=True)
            changes[part.member][..., part.features] = change.transpose(1, 2, 0)
        own = np.arange(levels.max())[:, None, None] < levels
        absolute = np.sum(np.abs(changes), axis=1, where=own) / levels
        return Importance.by_output(absolute, sign=direction(changes[:, 0], absolute, data))

    def _pair(
        self, mean: NDArray[np.float64], deviation: NDArray[np.float64], data: Dataset
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The reference, once per level, and what replaces a feature: row k holds the k-th levels."""
        reference = mean if self.params.reference == "mean" else np.zeros_like(mean)
        step = deviation if self.params.step == "deviation" else np.ones_like(deviation)
        n_levels = max(1, *(len(feature.levels) for feature in data.features))
        spoken = np.tile(reference + step, (n_levels, 1))
        for feature in data.features:
            if feature.is_category:
                spoken[:, feature.start : feature.stop] = np.eye(n_levels, len(feature.levels))
        silent = np.tile(reference, (n_levels, 1))
        return silent.astype(np.float32), spoken.astype(np.float32)
