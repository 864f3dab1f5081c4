"""What workers read, and that nobody else has written it."""

from pathlib import Path

import pytest

from deepfeat.runs.engines.notes import Notes


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path / "ledger")


def test_notes_are_read_until_they_are_removed(notes: Notes) -> None:
    name = notes.asking({"method": "gate"})
    assert notes.read_json(name) == {"method": "gate"}
    notes.clear()
    assert list(notes.root.parent.iterdir()) == []
    notes.clear()


def test_those_of_somebody_else_that_cannot_be_removed_are_read_by_nobody(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = notes.root / "table-0"
    planted.mkdir(parents=True)

    def refused(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr("deepfeat.runs.engines.notes.shutil.rmtree", refused)
    notes.clear()
    assert not notes.root.exists()


def test_a_link_is_removed_and_what_it_leads_to_is_not(notes: Notes, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "x").touch()
    notes.root.parent.mkdir()
    notes.root.symlink_to(tmp_path / "mine")
    notes.clear()
    assert list(notes.root.parent.iterdir()) == []
    assert (tmp_path / "mine" / "x").exists()
