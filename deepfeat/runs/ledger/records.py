"""A record says what was computed, from what, and where it is; it carries its own digest."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from deepfeat.runs.provenance import digest

Kind = Literal["members", "answer"]
_KINDS = ("members", "answer")


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
        if inner["kind"] not in _KINDS:
            raise ValueError(f"its kind {inner['kind']!r} is unknown")
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
