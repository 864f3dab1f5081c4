"""The gate: what each network learned to let through."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from deepfeat.methods import Context, Cost, Dataset, Ensemble, Importance, Method, MethodParams


class Gate(Method):
    """Weight of the trained gate in front of each feature (Ashraf 2021).

    Every feature passes one non-negative weight on its way into the network, so that training itself turns
    down what does not help. Only networks with a gate can be asked.
    """

    name = "gate"
    cost = Cost.WEIGHTS
    paper = 'S. Ashraf 2021, "Deep global feature importance extraction"'
    sees = "how far training opened the gate in front of each feature"
    blind_to = "what the layers behind the gate make of a feature: they can undo any gate that is not closed"
    trust = (
        "when the networks predict well and two ensembles of other seeds agree; between features that say "
        "the same its choice is chance"
    )
    removes = "not removed: trained weights are read, no row is asked"

    class Params(MethodParams):
        """What the experiment file can set."""

        measure: Literal["absolute", "squared"] = Field(
            "absolute",
            description="the weights, or their squares: features then count by the variance that the gates "
            "let through, the scale on which losses are compared",
        )

    params: Params

    @classmethod
    def suggested(cls, rows: int, features: int) -> Mapping[str, str]:
        """Always: it costs nothing."""
        del rows, features
        return {"measure": "squared"}

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """The gates as they are, or their squares, (members, features)."""
        del data, context
        gates = ensemble.gates
        return Importance(np.square(gates) if self.params.measure == "squared" else gates)
