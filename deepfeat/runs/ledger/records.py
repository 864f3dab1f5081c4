"""A record says what was computed, from what, and where it is; it carries its own digest."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from deepfeat.runs.provenance import digest

Kind = Literal["members", "answer"]
_KINDS = ("members", "answer")
_PARTS = {
    "kind": str,
    "keys": list,
    "work": dict,
    "about": list,
    "results": list,
    "files": dict,
    "made": dict,
}
_SHA256 = re.compile(r"[0-9a-f]{64}")


FILE = "file:"
"""Begins the names of those files of a record that a method has left; a path in its folder follows."""


@dataclass(frozen=True)
class Record:
    """One publication: the members of a stack, or a method's answer about some members.

    Attributes:
        kind: which of the two.
        keys: of the results in it, see `deepfeat.runs.ledger.keys`.
        work: what they have in common.
        about: for each result what sets it apart: the digest of the member's plan, or the keys of members.
        results: for each result what is not in a file.
        files: sha256 by name; the objects that belong to it.
        made: where, when and how fast it was computed; no result depends on it.
    """

    kind: Kind
    keys: tuple[str, ...]
    work: Mapping[str, Any]
    about: Sequence[Any]
    results: Sequence[Mapping[str, Any]]
    files: Mapping[str, str] = field(default_factory=dict)
    made: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of its file: the same for everybody who computes the same results together."""
        return record_name(self.kind, self.keys)

    def to_bytes(self) -> bytes:
        """The file's content."""
        content = {
            "kind": self.kind,
            "keys": list(self.keys),
            "work": self.work,
            "about": list(self.about),
            "results": list(self.results),
            "files": self.files,
            "made": self.made,
        }
        return _text({"sha256": digest(content), "record": content})

    @classmethod
    def from_bytes(cls, content: bytes, name: str) -> "Record":
        """The record in a file.

        Args:
            content: of the file.
            name: of the file.

        Raises:
            ValueError: the content is not what was written, or belongs to another name.
        """
        # Whatever is wrong with a damaged file, json tells as ValueError; the rest is checked by the digest.
        outer = json.loads(content)
        if not isinstance(outer, dict) or outer.keys() != {"sha256", "record"}:
            raise ValueError("it is not a record")
        inner = outer["record"]
        if digest(inner) != outer["sha256"] or _text(outer) != content:
            raise ValueError("its content is not what was written")
        _check(inner)
        record = cls(**{**inner, "keys": tuple(inner["keys"])})
        if record.name != name:
            raise ValueError("it is another record")
        return record


def record_name(kind: Kind, keys: Sequence[str]) -> str:
    """The file name of the record of some results that are computed together.

    Args:
        kind: of the record.
        keys: of the results, in order.
    """
    return f"{kind}-{digest([kind, *keys])}.json"


def _check(content: Any) -> None:  # noqa: ANN401 - whatever is in the file
    """Refuse what is no record: a digest shows that a file is whole, not who wrote it.

    Raises:
        ValueError: it has not the parts of a record, or names a file that would lie elsewhere.
    """
    if not isinstance(content, dict) or content.keys() != _PARTS.keys():
        raise ValueError("it is not a record")
    for name, kind in _PARTS.items():
        if not isinstance(content[name], kind):
            raise ValueError(f"its part {name!r} is of another kind")  # noqa: TRY004 - it is the content that is wrong
    if content["kind"] not in _KINDS:
        raise ValueError(f"its kind {content['kind']!r} is unknown")
    counts = {len(content[name]) for name in ("keys", "about", "results")}
    if len(counts) != 1 or not all(isinstance(result, dict) for result in content["results"]):
        raise ValueError("its results do not belong to its keys")
    for name, sha256 in content["files"].items():
        if not _stays_below(name.removeprefix(FILE)) or not _SHA256.fullmatch(str(sha256)):
            raise ValueError(f"its file {name!r}, {sha256!r}, leads out of its place")


def _stays_below(name: str) -> bool:
    """Whether the path of a file, relative to a directory, names something in that directory."""
    path = PurePosixPath(name)
    is_plain = path.as_posix() == name and "\0" not in name
    return is_plain and bool(path.name) and not path.is_absolute() and ".." not in path.parts


def read_record(path: Path) -> Record:
    """The record in a file.

    Raises:
        ValueError: it is missing, damaged, or another one.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"it cannot be read: {error.strerror or error}") from error
    try:
        return Record.from_bytes(content, path.name)
    except RecursionError as error:
        raise ValueError("it is not a record") from error


def _text(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content, sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False)
    return f"{text}\n".encode("ascii")
