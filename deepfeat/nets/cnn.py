"""The network for images: pairs of convolutions, pooling, one dense layer."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from pydantic import Field, PositiveInt

from deepfeat.nets.network import Network, NetworkParams, NetworkShape


class Cnn(Network):
    """Pairs of same-padded convolutions, pooling after each, a dense layer at every place, dropout, softmax.

    Its members train one after another on each core, as many at the same time as there are cores: products of
    stacked convolutions are several times slower than the convolutions of one member, see `docs/decisions/`.
    """

    name = "cnn"
    takes_images = True
    side_by_side = True

    class Params(NetworkParams):
        """Sizes of the layers."""

        filters: PositiveInt = Field(16, description="filters of each convolution")
        kernel: PositiveInt = Field(3, description="side of the filters in pixels")
        pairs: PositiveInt = Field(2, description="pairs of convolutions, each followed by pooling of 2 x 2")
        units: PositiveInt = Field(64, description="units of the dense layer")
        dropout: float = Field(0.5, ge=0, lt=1, description="dropout behind the dense layer")

    params: "Cnn.Params"

    training: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {
            "loss": "cross_entropy",
            "epochs": 50,
            "batch_size": 64,
            "learning_rate": 1e-3,
            "patience": 5,
            "monitor": "loss",
            "scaling": "none",
            "split": {"method": "random", "train": 0.7, "valid": 0.15, "test": 0.15},
        }
    )

    def build(self, inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
        """The image, pairs of convolutions and pooling, dense, dropout, flatten, outputs.

        Raises:
            ValueError: the columns are no image.
        """
        import keras  # noqa: PLC0415 - see deepfeat.nets.network

        from deepfeat.nets.picture import Picture  # noqa: PLC0415

        if shape.image is None:
            raise ValueError("takes images, and the data are a table")
        hidden = Picture(*shape.image, pixels=shape.pixels, name="picture")(inputs)
        for pair in range(1, self.params.pairs + 1):
            for place in "ab":
                hidden = keras.layers.Conv2D(
                    self.params.filters,
                    self.params.kernel,
                    padding="same",
                    activation="relu",
                    name=f"conv_{pair}{place}",
                )(hidden)
            # of an odd side the last row or column is pooled by itself, so that images of any size go through
            hidden = keras.layers.MaxPooling2D(2, padding="same", name=f"pool_{pair}")(hidden)
        hidden = keras.layers.Dense(self.params.units, activation="relu", name="dense")(hidden)
        hidden = keras.layers.Dropout(self.params.dropout, name="dropout")(hidden)
        hidden = keras.layers.Flatten(name="flatten")(hidden)
        return keras.layers.Dense(shape.outputs, name="logits")(hidden)
