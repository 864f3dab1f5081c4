"""The default network: noisy gated inputs, noise/dropout blocks, a linear skip, a path of gate penalties."""

from collections.abc import Mapping
from math import exp, log
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from pydantic import Field, PositiveInt

from deepfeat.nets.network import Network, NetworkParams, NetworkShape

GOLDEN = 0.6180339887498949
Rate = Annotated[float, Field(ge=0, lt=1)]
Deviation = Annotated[float, Field(ge=0)]


class Default(Network):
    """Gates that start open and shrink under an L1 penalty, blocks, and a linear skip connection.

    Every member has its own penalty on the sum of its gates, along a path from weak to strong: the right
    strength depends on the data, and no single value suits both an additive and an interaction-only signal.
    The values were chosen by the search recorded in `docs/decisions/`.
    """

    name = "default"

    class Params(NetworkParams):
        """Sizes, noise and penalties of the default network."""

        units: tuple[PositiveInt, ...] = Field((128, 128), strict=False, description="units of each block")
        input_noise: Deviation = Field(
            0.4, description="deviation of the Gaussian noise on the scaled inputs"
        )
        noise: Deviation = Field(0.1, description="deviation of the Gaussian noise in each block")
        dropout: Rate = Field(0.1, description="dropout in each block")
        skip: bool = Field(default=True, description="add a linear connection from gated inputs to outputs")
        gate_penalty: tuple[Deviation, Deviation] = Field(
            (0.01, 0.07),
            strict=False,
            description="weakest and strongest L1 penalty on the sum of the gates over the members",
        )

    params: "Default.Params"

    training: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "loss": "soft_f1",
            "epochs": 500,
            "batch_size": 64,
            "learning_rate": 3e-3,
            "weight_decay": 0.02,
            "patience": 100,
            "monitor": "loss",
            "scaling": "standard",
            "split": {"method": "random", "train": 0.7, "valid": 0.2, "test": 0.1},
        }
    )

    def build(self, inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
        """Noise, gate; Dense, noise and dropout per block; outputs plus the linear skip."""
        import keras  # noqa: PLC0415 - see deepfeat.nets.network

        from deepfeat.nets.gate import Gate  # noqa: PLC0415

        noisy = keras.layers.GaussianNoise(self.params.input_noise, name="input_noise")(inputs)
        gated = Gate(shape.column_feature, name="gate")(noisy)
        hidden = gated
        for block, units in enumerate(self.params.units, start=1):
            hidden = keras.layers.Dense(units, activation="relu", name=f"dense_{block}")(hidden)
            hidden = keras.layers.GaussianNoise(self.params.noise, name=f"noise_{block}")(hidden)
            hidden = keras.layers.Dropout(self.params.dropout, name=f"dropout_{block}")(hidden)
        logits = keras.layers.Dense(shape.outputs, name="logits")(hidden)
        if not self.params.skip:
            return logits
        linear = keras.layers.Dense(shape.outputs, use_bias=False, name="skip")(gated)
        return keras.layers.Add(name="sum")([logits, linear])

    def gate_penalties(self, members: range) -> list[float]:
        """Log-uniform between the two ends, spread evenly however many members there are.

        Member i takes the fractional part of i times the golden ratio, so that asking for more members later
        changes none of the earlier ones and still fills the path evenly (a Kronecker sequence).
        """
        weakest, strongest = self.params.gate_penalty
        if weakest <= 0 or weakest == strongest:
            return [weakest + (strongest - weakest) * (member * GOLDEN % 1) for member in members]
        return [exp(log(weakest) + log(strongest / weakest) * (member * GOLDEN % 1)) for member in members]
