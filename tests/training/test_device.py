"""Settings that are made before TensorFlow computes anything."""

import logging
import os

import pytest

from deepfeat.training import device


def test_operations_are_deterministic() -> None:
    device.prepare()
    from tensorflow.python.framework import config  # noqa: PLC0415 - there is no public way to ask

    assert config.is_op_determinism_enabled()


def test_what_libraries_say_while_they_load_goes_to_the_log(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "deepfeat"), device._start_up_messages_logged():
        os.write(2, b"using instructions\nof this processor\n")
    os.write(2, b"afterwards")
    assert capfd.readouterr().err == "afterwards"
    assert caplog.messages == ["using instructions", "of this processor"]
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}
