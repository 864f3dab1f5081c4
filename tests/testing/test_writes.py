"""writes: noticing files written where nothing should be."""

import os
import tempfile
from pathlib import Path

import pytest

from deepfeat.testing.writes import writes_outside


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The allowed folder; temporary files are elsewhere."""
    for name in ("allowed", "elsewhere", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "elsewhere" / "old.txt").write_text("x")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "allowed"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda: Path("elsewhere/a.txt").write_text("x"), "elsewhere/a.txt"),
        (lambda: Path("elsewhere/old.txt").open("a").close(), "elsewhere/old.txt"),
        (lambda: os.close(os.open("elsewhere/a.txt", os.O_CREAT | os.O_WRONLY)), "elsewhere/a.txt"),
        (lambda: Path("elsewhere/new").mkdir(), "elsewhere/new"),
        (lambda: Path("elsewhere/old.txt").unlink(), "elsewhere/old.txt"),
        (lambda: Path("elsewhere/old.txt").rename("elsewhere/b.txt"), "elsewhere/b.txt"),
        (lambda: Path("allowed/../elsewhere/a.txt").write_text("x"), "elsewhere/a.txt"),
    ],
)
def test_a_change_elsewhere_is_noticed(change: object, path: str, folder: Path) -> None:
    with writes_outside(folder) as found:
        change()
    assert found == [folder.parent / path]


def test_what_is_allowed_is_not_reported(folder: Path) -> None:
    with writes_outside(folder) as found:
        (folder / "deep").mkdir()
        (folder / "deep" / "a.txt").write_text("x")
        Path("elsewhere/old.txt").read_text()
        with tempfile.TemporaryFile() as file:
            file.write(b"x")
        Path(os.devnull).write_text("x")
        Path("elsewhere/__pycache__").mkdir()
    assert found == []


def test_nothing_is_noticed_afterwards(folder: Path) -> None:
    with writes_outside(folder) as found:
        pass
    Path("elsewhere/a.txt").write_text("x")
    assert found == []
