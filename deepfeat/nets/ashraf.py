"""The network of Ashraf 2021, "Deep global feature importance extraction", exactly."""

from collections.abc import Mapping
from math import sqrt
from types import MappingProxyType
from typing import Any, ClassVar

from pydantic import Field, PositiveInt

from deepfeat.nets.network import Network, NetworkParams, NetworkShape


class Ashraf2021(Network):
    """The 2021 experiment: gates from a random start, three blocks of 128, sigmoid outputs, soft F1.

    Its known weaknesses are kept: a gate that starts negative is dead from the first update, gate and first
    layer trade scale, the split is not random, and the scaling sees the validation rows.
    """

    name = "ashraf-2021"

    class Params(NetworkParams):
        """Sizes of the published network."""

        units: PositiveInt = Field(128, description="units of each of the three dense layers")
        l2: float = Field(1e-3, ge=0, description="L2 penalty on kernels and biases of the three layers")
        noise: float = Field(
            0.005, ge=0, description="deviation of the Gaussian noise after the first two layers"
        )
        dropout: float = Field(0.5, ge=0, lt=1, description="dropout after each of the three layers")

    params: "Ashraf2021.Params"

    training: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "loss": "soft_f1",
            "epochs": 2000,
            "batch_size": 64,
            "learning_rate": 1e-4,
            "patience": 15,
            "monitor": "penalised_loss",
            "validation_batch": 64,
            "scaling": "l2_table",
            "split": {"method": "last", "train": 0.5, "valid": 0.5, "test": 0.0},
        }
    )

    def build(self, inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
        """Gate, then Dense-noise-dropout twice and Dense-dropout, then the outputs."""
        import keras  # noqa: PLC0415 - see deepfeat.nets.network

        from deepfeat.nets.gate import Gate  # noqa: PLC0415

        start = keras.initializers.RandomUniform(-sqrt(3), sqrt(3))
        hidden = Gate(shape.column_feature, initializer=start, activation="relu", name="gate")(inputs)
        for block in range(3):
            penalty = keras.regularizers.L2(self.params.l2)
            hidden = keras.layers.Dense(
                self.params.units,
                activation="relu",
                kernel_regularizer=penalty,
                bias_regularizer=penalty,
                name=f"dense_{block + 1}",
            )(hidden)
            if block < 2:  # noqa: PLR2004
                hidden = keras.layers.GaussianNoise(self.params.noise, name=f"noise_{block + 1}")(hidden)
            hidden = keras.layers.Dropout(self.params.dropout, name=f"dropout_{block + 1}")(hidden)
        return keras.layers.Dense(shape.outputs, name="logits")(hidden)

    def head(self, task: str) -> str:
        """One sigmoid per label, also where the labels exclude each other."""
        return "linear" if task == "regression" else "sigmoid"
