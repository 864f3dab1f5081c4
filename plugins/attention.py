"""attention: how networks share out their attention among the inputs, and what that is worth."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from deepfeat.methods import (
    Context,
    Cost,
    Dataset,
    Ensemble,
    HeldOutParams,
    Importance,
    Method,
    held_out_rows,
    measure,
    rise_when_replaced,
    sample,
    sum_columns,
)
from deepfeat.nets.network import Network, NetworkParams, NetworkShape

Floats = NDArray[np.float64]

CAVEAT = (
    "Attention is not explanation: it says what a network lets pass, not what it makes of it, and networks "
    "that answer alike can attend differently (Jain & Wallace 2019)."
)


class Attention(Network):
    """A softmax attention over the inputs in front of two blocks.

    Every row gets weights of its own, one per input column, that are positive and add up to 1 (a single
    column has one below 1); the inputs are multiplied with them, times the number of columns, before the
    blocks see them.
    """

    name = "attention"

    class Params(NetworkParams):
        """Sizes and noise."""

        units: tuple[PositiveInt, ...] = Field((64, 64), strict=False, description="units of each block")
        dropout: float = Field(0.1, ge=0, lt=1, description="dropout in each block")

    params: "Attention.Params"

    training: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"epochs": 300, "batch_size": 64, "learning_rate": 1e-3, "patience": 50, "monitor": "loss"}
    )

    def build(self, inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
        """Weights from a dense layer on all inputs; then the blocks."""
        import keras  # noqa: PLC0415 - see deepfeat.nets.network

        # Of a single column a softmax is always 1, and Keras warns of it.
        activation = "softmax" if shape.columns > 1 else "sigmoid"
        weights = keras.layers.Dense(shape.columns, activation=activation, name="attention")(inputs)
        attended = keras.layers.Multiply(name="attended")([inputs, weights])
        hidden = keras.layers.Rescaling(float(shape.columns), name="rescaled")(attended)
        for block, units in enumerate(self.params.units, start=1):
            hidden = keras.layers.Dense(units, activation="relu", name=f"dense_{block}")(hidden)
            hidden = keras.layers.Dropout(self.params.dropout, name=f"dropout_{block}")(hidden)
        return keras.layers.Dense(shape.outputs, name="logits")(hidden)


class AttentionMethod(Method):
    """Mean attention that networks pay to each feature on held-out rows.

    Networks with a softmax attention over the inputs are trained on the splits of the experiment's own, as
    many as there are, or as `networks` says. A feature's importance is the mean of its weight over the rows
    that a network was not trained on; the columns of a category are added up. Such weights are often shown as
    an explanation and are none, so the answer tells beside them how far they agree with what happens to the
    loss of the same networks when a feature is shuffled.
    """

    name = "attention"
    kind = "experiment"
    cost = Cost.REFITS
    inputs = ("table",)
    paper = (
        'Bahdanau, Cho & Bengio 2015, "Neural machine translation by jointly learning to align and '
        'translate", ICLR; on its limits: Jain & Wallace 2019, "Attention is not explanation", NAACL'
    )
    sees = "what networks built to attend to some inputs at the cost of others let pass"
    blind_to = "what the network makes of it behind the attention; a feature can be attended to and ignored"
    trust = (
        "when the agreement with shuffling that it prints is high; a low one means that attention "
        "explains nothing here"
    )

    class Params(HeldOutParams):
        """What the experiment file can set."""

        networks: PositiveInt = Field(20, description="networks to train, on the first splits, at most")

    params: Params

    def fits(self, data: Dataset, members: int) -> int:
        """As many as `networks` says, at most as many as there are splits."""
        del data
        return min(self.params.networks, members)

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """One plan; a row per network."""
        plan = ensemble.plan.select(range(self.fits(data, len(ensemble))))
        networks = context.fit(plan, network=Attention())
        rngs = [context.member_rng(seed) for seed in plan.seeds]
        rows = [
            sample(held_out_rows(networks, member), self.params.rows, rng) for member, rng in enumerate(rngs)
        ]
        scores = np.stack(
            [
                sum_columns(_attention(networks.select([member]), data.x[own])[0].mean(axis=0), data)
                for member, own in enumerate(rows)
            ]
        )
        shuffled = (data.x[rng.permutation(own)] for own, rng in zip(rows, rngs, strict=True))
        wrongness = measure(self.params.score, data.task)
        rise = rise_when_replaced(networks, data, rows, shuffled, wrongness).mean(axis=1)
        return Importance(scores, notes=(CAVEAT, _agreement(scores.mean(axis=0), rise.mean(axis=0))))


def _attention(networks: Ensemble, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """(networks, rows, columns) weights."""
    return networks.activations(x, "attention")


def _agreement(attention: Floats, rise: Floats) -> str:
    """How far attention agrees with shuffling, in words."""
    from scipy.stats import spearmanr  # noqa: PLC0415 - slow to import

    if len(attention) < 2 or np.ptp(attention) == 0 or np.ptp(rise) == 0:  # noqa: PLR2004 - nothing to compare
        return "Whether it agrees with shuffling cannot be said: one of the two tells no features apart."
    return (
        "Rank correlation with the rise of the loss of the same networks when a feature is shuffled: "
        f"{spearmanr(attention, rise).statistic:.2f}."
    )
