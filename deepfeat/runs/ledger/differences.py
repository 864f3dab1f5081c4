"""What differs between two descriptions of work, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

_WORDS = {
    "data": "the table",
    "plugin": "the plugin's file",
    "code": "the code of deepfeat",
    "network_source": "the file of the network",
    "others": "what the other methods answer",
}


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What has changed, a phrase each.

    Args:
        before: the work that something was computed from, see `deepfeat.runs.ledger.keys`.
        now: the work that it would be computed from.
    """
    return list(_changes(before, now, ""))


def _changes(before: Mapping[str, Any], now: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if not path and name in _WORDS:
            yield _WORDS[name]
        elif isinstance(old, dict) and isinstance(new, dict):
            yield from _changes(old, new, f"{path}{name}.")
        else:
            yield f"{path}{name} from {old} to {new}"
