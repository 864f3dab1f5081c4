"""Settings that are made before TensorFlow computes anything."""

from deepfeat.training import device


def test_operations_are_deterministic() -> None:
    device.prepare()
    from tensorflow.python.framework import config  # noqa: PLC0415 - there is no public way to ask

    assert config.is_op_determinism_enabled()
