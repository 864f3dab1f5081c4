"""Standard `.keras` files that are the same to the byte for the same model."""

import json
import zipfile
from pathlib import Path

import keras

# Keras writes the time of saving into the file, and the zip format one per entry; results must not depend on
# when they were computed. This is the earliest time that a zip entry can have.
_ENTRY_TIME = (1980, 1, 1, 0, 0, 0)


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
                if entry == "metadata.json":
                    metadata = json.loads(content)
                    metadata.pop("date_saved", None)
                    content = json.dumps(metadata, sort_keys=True).encode()
                target.writestr(zipfile.ZipInfo(entry, _ENTRY_TIME), content)
    finally:
        stamped.unlink(missing_ok=True)
