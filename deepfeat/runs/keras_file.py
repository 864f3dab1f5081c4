"""Standard `.keras` files that are the same to the byte for the same model."""

import json
import zipfile
from pathlib import Path
from typing import Any

import keras

# Keras writes the time of saving into the file, and the zip format one per entry; results must not depend on
# when they were computed. This is the earliest time that a zip entry can have.
_ENTRY_TIME = (1980, 1, 1, 0, 0, 0)
_TIME, _SHARED = "date_saved", "shared_object_id"


def save_model(model: keras.Model, path: Path) -> None:
    """Write a model that `keras.models.load_model` opens after `import deepfeat`.

    Args:
        model: an uncompiled model.
        path: where to; not atomic by itself.
    """
    stamped = path.with_name(f"{path.name}.stamped.keras")
    try:
        model.save(stamped)
        with zipfile.ZipFile(stamped) as source, zipfile.ZipFile(path, "w") as target:
            for entry in sorted(source.namelist()):
                content = source.read(entry)
                if entry.endswith(".json"):
                    content = json.dumps(_settled(json.loads(content), {}), sort_keys=True).encode()
                target.writestr(zipfile.ZipInfo(entry, _ENTRY_TIME), content)
    finally:
        stamped.unlink(missing_ok=True)


def _settled(content: Any, seen: dict[int, int]) -> Any:  # noqa: ANN401 - any JSON
    """The same JSON without the time, and with objects that several layers share numbered from 1.

    Keras numbers them by their place in memory.
    """
    if isinstance(content, list):
        return [_settled(item, seen) for item in content]
    if not isinstance(content, dict):
        return content
    return {
        key: seen.setdefault(value, len(seen) + 1) if key == _SHARED else _settled(value, seen)
        for key, value in content.items()
        if key != _TIME
    }
