"""A file of results that survives interruption: one JSON object per line, each with its key."""

import json
from pathlib import Path
from typing import Any


class Records:
    """What has been measured so far.

    Args:
        path: a JSONL file, made when the first result is added. A last line that was cut off is ignored,
            so that its measurement is made again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._by_key: dict[str, dict[str, Any]] = {}
        for line in path.read_text().splitlines() if path.exists() else []:
            try:
                record = json.loads(line)
            except json.JSONDecodeError:
                continue
            self._by_key[record["key"]] = record

    def get(self, key: dict[str, Any]) -> dict[str, Any] | None:
        """The result of this key, if there is one."""
        return self._by_key.get(_text(key))

    def add(self, key: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
        """Keep a result, on disk at once, and return it."""
        record = {"key": _text(key), **key, **result}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # A line that was cut off must not swallow this one.
        cut = self.path.exists() and not self.path.read_bytes().endswith(b"\n")
        with self.path.open("a") as file:
            file.write(("\n" if cut else "") + json.dumps(record) + "\n")
        self._by_key[record["key"]] = record
        return record


def _text(key: dict[str, Any]) -> str:
    return json.dumps(key, sort_keys=True)
