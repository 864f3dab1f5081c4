"""Blocks of columns that are added up: features and copies of them share what follows."""

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="deepfeat")
class SumOfBlocks(keras.layers.Layer):
    """Adds up equal blocks of columns, column by column.

    Behind a gate it makes one node of each feature and its copies: `z_j x_j + z~_j x~_j` (the pairwise
    coupling layer of DeepPINK, Lu et al. 2018).

    Args:
        blocks: how many blocks the columns are made of.

    Input shape: `(..., blocks * n)`. Output shape: `(..., n)`.
    """

    along_columns = True  # see deepfeat.nets.stacking

    def __init__(self, blocks: int, **kwargs: Any) -> None:  # noqa: ANN401 - whatever a Keras layer takes
        super().__init__(**kwargs)
        self.blocks = int(blocks)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Check the width.

        Raises:
            ValueError: the columns cannot be shared out into blocks of equal width.
        """
        width = input_shape[-1]
        if width is None or width % self.blocks:
            raise ValueError(f"{width} columns cannot be {self.blocks} blocks of equal width")

    def call(self, inputs: Any) -> Any:  # noqa: ANN401 - a tensor of the backend
        """Add the blocks up."""
        width = inputs.shape[-1] // self.blocks
        total = inputs[..., :width]
        for block in range(1, self.blocks):
            total = total + inputs[..., block * width : (block + 1) * width]
        return total

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The width of one block."""
        width = input_shape[-1]
        return (*input_shape[:-1], None if width is None else width // self.blocks)

    def get_config(self) -> dict[str, Any]:
        """Everything needed to make the layer again."""
        return {**super().get_config(), "blocks": self.blocks}
