"""Blocks of columns that are added up."""

import keras
import numpy as np
import pytest

from deepfeat.nets.blocks import SumOfBlocks
from deepfeat.nets.stacking import unstackable


@pytest.mark.parametrize("leading", [(5,), (3, 5)])
def test_blocks_are_added_column_by_column(leading: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=(*leading, 6)).astype(np.float32)
    np.testing.assert_allclose(SumOfBlocks(3)(x), x[..., :2] + x[..., 2:4] + x[..., 4:], rtol=1e-6, atol=1e-6)


def test_a_width_that_cannot_be_shared_out_is_refused() -> None:
    with pytest.raises(ValueError, match="7 columns cannot be 2 blocks"):
        SumOfBlocks(2)(np.zeros((1, 7), dtype=np.float32))


def test_it_can_train_in_a_stack_and_be_saved() -> None:
    inputs = keras.Input((4,))
    model = keras.Model(inputs, SumOfBlocks(2)(inputs))
    assert unstackable(model) == []
    again = keras.Model.from_config(model.get_config())
    np.testing.assert_array_equal(again(np.ones((1, 4), dtype=np.float32)), [[2, 2]])
