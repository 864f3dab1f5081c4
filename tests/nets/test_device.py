"""Settings that are made before TensorFlow computes anything."""

import pytest
import tensorflow as tf

from deepfeat.nets import device
from deepfeat.nets.ashraf import Ashraf2021
from deepfeat.nets.network import NetworkShape
from deepfeat.nets.template import build_template


def test_operations_are_deterministic() -> None:
    device.prepare()
    from tensorflow.python.framework import config  # noqa: PLC0415 - there is no public way to ask

    assert config.is_op_determinism_enabled()


def test_products_are_not_rounded_to_tensorfloat_32() -> None:
    device.prepare()
    assert not tf.config.experimental.tensor_float_32_execution_enabled()


def test_no_network_is_built_before_the_settings_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(device, "prepare", lambda: made.append("settings"))
    build_template(Ashraf2021(), NetworkShape((0, 1), 1, "binary"))
    assert made == ["settings"]
