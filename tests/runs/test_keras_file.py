"""Standard Keras files, the same to the byte for the same model."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from deepfeat.nets.network import Network, NetworkShape
from deepfeat.nets.template import build_template
from deepfeat.runs import keras_file
from deepfeat.runs.keras_file import save_model


class Unnamed(Network):
    """A plugin's network, with layers that were given no names."""

    name = "unnamed"

    def build(self, inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
        hidden = keras.layers.BatchNormalization()(keras.layers.Dense(3)(inputs))
        return keras.layers.Dense(shape.outputs)(keras.layers.Dropout(0.1)(hidden))


@pytest.fixture(params=["default", "ashraf-2021", "unnamed"])
def make(request: pytest.FixtureRequest, make_network: Callable[..., Network]) -> Callable[[], keras.Model]:
    """Makes the same model anew."""
    network = Unnamed() if request.param == "unnamed" else make_network(request.param)

    def make() -> keras.Model:
        model = build_template(network, NetworkShape((0, 1, 1), 2, "multilabel")).member_model()
        generator = np.random.default_rng(0)
        model.set_weights([generator.random(weight.shape) for weight in model.get_weights()])
        return model

    return make


def test_keras_opens_it(make: Callable[[], keras.Model], tmp_path: Path) -> None:
    model, path = make(), tmp_path / "model.keras"
    save_model(model, path)
    opened = keras.models.load_model(path)
    x = np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32)
    np.testing.assert_array_equal(opened(x), model(x))
    assert [layer.name for layer in opened.layers] == [layer.name for layer in model.layers]
    assert list(tmp_path.iterdir()) == [path]


def test_the_bytes_are_the_same_whenever_it_is_saved(
    make: Callable[[], keras.Model], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first.keras", tmp_path / "second.keras"
    save_model(make(), first)
    monkeypatch.setattr("time.time", lambda: 2e9)
    keras.layers.Dense(1)
    save_model(make(), second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert archive.namelist() == sorted(archive.namelist())
        assert b"date" not in archive.read("metadata.json")


def test_nothing_is_left_where_saving_fails(
    make: Callable[[], keras.Model], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keras_file.zipfile.ZipFile, "writestr", full)
    with pytest.raises(OSError, match="No space left"):
        save_model(make(), tmp_path / "model.keras")
    assert [path.name for path in tmp_path.iterdir()] in ([], ["model.keras"])
