"""Records: every byte of them counts."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfeat.runs.ledger.records import Record, read_record
from deepfeat.runs.provenance import digest

RECORD = Record(
    kind="members",
    keys=("aa", "bb"),
    work={"data": "sha", "training": {"epochs": 3}},
    about=["x", "y"],
    results=[{"seed": 12345678901234567890, "train_loss": 0.1, "valid_loss": "nan"}, {"failure": "\u00e9"}],
    files={"members.npz": "cd" * 32, "file:figures/a.svg": "ef" * 32},
    made={"seconds": 1.5},
)
CONTENT = RECORD.to_bytes()


def test_there_and_back() -> None:
    assert Record.from_bytes(CONTENT, RECORD.name) == RECORD


def test_the_name_follows_from_the_keys_alone() -> None:
    other = Record("members", ("aa", "bb"), {}, [], [])
    assert other.name == RECORD.name
    assert len({RECORD.name, Record("answer", ("aa", "bb"), {}, [], []).name}) == 2
    assert Record("members", ("bb", "aa"), {}, [], []).name != RECORD.name


@given(st.integers(0, len(CONTENT) - 1), st.integers(1, 255))
def test_any_changed_byte_is_noticed(place: int, change: int) -> None:
    damaged = bytearray(CONTENT)
    damaged[place] ^= change
    with pytest.raises(ValueError, match=r"."):
        Record.from_bytes(bytes(damaged), RECORD.name)


@given(st.integers(0, len(CONTENT) - 1))
def test_any_shortening_is_noticed(length: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        Record.from_bytes(CONTENT[:length], RECORD.name)


def test_a_record_under_another_name_is_refused(tmp_path: Path) -> None:
    other = Record("members", ("cc",), {}, [], []).name
    (tmp_path / other).write_bytes(CONTENT)
    with pytest.raises(ValueError, match="another record"):
        read_record(tmp_path / other)
    with pytest.raises(ValueError, match="cannot be read: No such file"):
        read_record(tmp_path / RECORD.name)


@pytest.mark.parametrize("content", [b"[]", b"{}", b"null", b'{"sha256": 1, "record": 2}', b"\xff\xfe"])
def test_what_is_no_record_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Record.from_bytes(content, RECORD.name)


@pytest.mark.parametrize(
    "name",
    ["file:../x", "file:/x", "file:", "file:.", "file:a/../../x", "file:a\0", "../x", "/x", "file:a//x"],
)
def test_a_file_that_would_lie_elsewhere_is_refused(name: str) -> None:
    hostile = replace(RECORD, files={name: "cd" * 32})
    with pytest.raises(ValueError, match="leads out of its place"):
        Record.from_bytes(hostile.to_bytes(), hostile.name)


@pytest.mark.parametrize("sha256", ["/etc/passwd", "../../../x", "cd", "CD" * 32, "", f"{'cd' * 32}/x", 7])
def test_a_digest_that_would_be_another_path_is_refused(sha256: Any) -> None:  # noqa: ANN401
    hostile = replace(RECORD, files={"members.npz": sha256})
    with pytest.raises(ValueError, match="leads out of its place"):
        Record.from_bytes(hostile.to_bytes(), hostile.name)


@pytest.mark.parametrize(
    "change",
    [
        {"files": ["members.npz"]},
        {"results": [{}]},
        {"results": [1, 2]},
        {"about": ["x", "y", "z"]},
        {"work": None},
        {"made": 3},
        {"kind": "other"},
        {"results": {"a": {}, "b": {}}},
    ],
)
def test_what_has_not_the_parts_of_a_record_is_refused(change: dict[str, Any]) -> None:
    content = json.loads(CONTENT)["record"] | change
    outer = {"sha256": digest(content), "record": content}
    text = json.dumps(outer, sort_keys=True, indent=1) + "\n"
    with pytest.raises(ValueError, match=r"its (part|kind|results)"):
        Record.from_bytes(text.encode(), RECORD.name)
