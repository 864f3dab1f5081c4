"""What libraries print while they load is for the log."""

import logging
import os

import pytest

from deepfeat.writing.start_up import start_up_messages_logged


def test_what_libraries_say_while_they_load_goes_to_the_log(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "deepfeat"), start_up_messages_logged():
        os.write(2, b"using instructions\nof this processor\n")
    os.write(2, b"afterwards")
    assert capfd.readouterr().err == "afterwards"
    assert caplog.messages == ["using instructions", "of this processor"]
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}
