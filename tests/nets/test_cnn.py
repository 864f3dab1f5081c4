"""The network for images: its layers, any size, and the order of its columns."""

from pathlib import Path

import keras
import numpy as np
import pytest

from deepfeat.data.images.layout import Images
from deepfeat.nets.cnn import Cnn
from deepfeat.nets.network import NetworkShape
from deepfeat.nets.picture import Picture
from deepfeat.nets.template import build_template


def shape(height: int = 32, width: int = 32, channels: int = 3, region: int = 1) -> NetworkShape:
    images = Images(height, width, channels, region)
    pixels = tuple(images.order.tolist())
    return NetworkShape(tuple(range(images.columns)), 10, "multiclass", image=images.shape, pixels=pixels)


def test_the_layers_are_those_of_the_plan() -> None:
    template = build_template(Cnn(), shape())
    layers = [(layer.name, layer.output.shape[1:]) for layer in template.model.layers]
    assert layers == [
        ("inputs", (3072,)),
        ("picture", (32, 32, 3)),
        ("conv_1a", (32, 32, 16)),
        ("conv_1b", (32, 32, 16)),
        ("pool_1", (16, 16, 16)),
        ("conv_2a", (16, 16, 16)),
        ("conv_2b", (16, 16, 16)),
        ("pool_2", (8, 8, 16)),
        ("dense", (8, 8, 64)),
        ("dropout", (8, 8, 64)),
        ("flatten", (4096,)),
        ("logits", (10,)),
    ]
    assert template.head == "softmax"
    assert not template.stackable


@pytest.mark.parametrize("size", [(1, 1, 1), (5, 7, 3), (28, 28, 1)])
def test_images_of_any_size(size: tuple[int, int, int]) -> None:
    template = build_template(Cnn(Cnn.Params(filters=2, units=3, pairs=3)), shape(*size))
    assert template.model(np.zeros((2, int(np.prod(size))), dtype=np.float32)).shape == (2, 10)


def test_a_table_is_no_image() -> None:
    with pytest.raises(ValueError, match="takes images, and the data are a table"):
        build_template(Cnn(), NetworkShape((0, 1), 2, "multiclass"))


def test_columns_come_to_their_places_however_they_are_ordered(tmp_path: Path) -> None:
    images = Images(5, 7, 3, region=2)
    pictures = np.random.default_rng(0).random((2, 5, 7, 3)).astype(np.float32)
    inputs = keras.Input((images.columns,))
    model = keras.Model(inputs, Picture(*images.shape, pixels=images.order.tolist())(inputs))
    assert np.array_equal(model(images.to_columns(pictures)), pictures)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert np.array_equal(again(images.to_columns(pictures)), pictures)
