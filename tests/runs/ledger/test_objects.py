"""Files that are named by their content."""

from pathlib import Path

import pytest

from deepfeat.runs.ledger.objects import Objects

CONTENT = b"some weights"


def test_what_is_put_can_be_read(tmp_path: Path) -> None:
    name = Objects(tmp_path).put(CONTENT)
    again = Objects(tmp_path)
    assert again.is_whole(name)
    assert again.read(name) == CONTENT
    assert again.path(name).read_bytes() == CONTENT


def test_the_same_content_is_one_file_written_once(tmp_path: Path) -> None:
    objects = Objects(tmp_path)
    path = objects.path(objects.put(CONTENT))
    before = path.stat().st_ino
    assert objects.put(CONTENT) == Objects(tmp_path).put(CONTENT)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [path]
    assert path.stat().st_ino == before


@pytest.mark.parametrize("damage", [b"some weightz", CONTENT[:-1], CONTENT + b"\0", b""])
def test_damage_is_seen_and_mended_by_putting_again(tmp_path: Path, damage: bytes) -> None:
    name = Objects(tmp_path).put(CONTENT)
    Objects(tmp_path).path(name).write_bytes(damage)
    objects = Objects(tmp_path)
    assert not objects.is_whole(name)
    with pytest.raises(ValueError, match="sha256 differs"):
        objects.read(name)
    assert objects.put(CONTENT) == name
    assert Objects(tmp_path).read(name) == CONTENT


def test_what_is_missing_is_not_whole(tmp_path: Path) -> None:
    objects = Objects(tmp_path)
    assert not objects.is_whole("ab" * 32)
    with pytest.raises(FileNotFoundError):
        objects.read("ab" * 32)
