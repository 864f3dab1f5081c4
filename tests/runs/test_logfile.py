"""The log of a run."""

import logging
import re
from pathlib import Path

import pytest

from deepfeat.runs.logfile import LOGGER, logged_to
from deepfeat.writing.atomic import OutputError


def test_keeps_everything_of_deepfeat_down_to_debug_and_appends(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "deepfeat.log"
    for attempt in (1, 2):
        with logged_to(path):
            logging.getLogger("deepfeat.training").debug("attempt %d", attempt)
            logging.getLogger("somebody.else").warning("not ours")
    LOGGER.warning("after the end")
    lines = path.read_text().splitlines()
    assert [line.partition(" ")[2] for line in lines] == [
        "DEBUG   deepfeat.training: attempt 1",
        "DEBUG   deepfeat.training: attempt 2",
    ]
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 ", line) for line in lines)


def test_leaves_logging_as_it_was(tmp_path: Path) -> None:
    before = LOGGER.level, LOGGER.propagate, list(LOGGER.handlers)
    with pytest.raises(RuntimeError), logged_to(tmp_path / "a.log", logging.NullHandler()):
        raise RuntimeError
    assert before == (LOGGER.level, LOGGER.propagate, list(LOGGER.handlers))


def test_no_entry_can_be_forged(tmp_path: Path) -> None:
    with logged_to(tmp_path / "a.log"):
        LOGGER.info("name: %s", "x\n2026-01-01 ERROR forged\x1b[2J\r")
    first, second = (tmp_path / "a.log").read_text().split("\n")[:2]
    assert first.endswith("name: x")
    assert second == r"    2026-01-01 ERROR forged\x1b[2J\r"


def test_a_log_that_cannot_be_opened_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "a.log").mkdir()
    message = r"a\.log: cannot be written: a directory is in the way"
    with pytest.raises(OutputError, match=message), logged_to(tmp_path / "a.log"):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk_does_not_stop_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    with logged_to(Path("/dev/full")):
        LOGGER.info("not written")
    assert capsys.readouterr().err == ""
