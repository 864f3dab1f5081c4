"""The fingerprint of a table: what determines training, and nothing else."""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Feature, Task
from deepfeat.data.images.layout import Images
from deepfeat.data.matrix import row_blocks


def fingerprint(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    *,
    task: Task,
    features: Sequence[Feature],
    classes: Sequence[str],
    groups: NDArray[np.int64] | None,
    images: Images | None = None,
) -> str:
    """Hex sha256 of inputs, targets, groups, names and classes; the same on every machine.

    Args:
        x: (rows, columns), read block by block.
        y: (rows, outputs).
        task: what the targets are.
        features: names, places and levels.
        classes: names of the outputs.
        groups: (rows,) codes, or None.
        images: where the rows are images, their size; what is kept out of them does not count.
    """
    description = {
        "task": task,
        "features": [
            [feature.name, feature.start, feature.stop, list(feature.levels)] for feature in features
        ],
        "classes": list(classes),
        "x": list(x.shape),
        "y": list(y.shape),
        "groups": groups is not None,
    }
    if images is not None:
        description["image"] = [*images.shape, images.region]
    digest = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    for _, block in row_blocks(x):
        digest.update(np.ascontiguousarray(block, dtype="<f4").data)
    digest.update(np.ascontiguousarray(y, dtype="<f4").data)
    if groups is not None:
        digest.update(np.ascontiguousarray(groups, dtype="<i8").data)
    return digest.hexdigest()


def specimens_sha256(images: Images) -> str:
    """Hex sha256 of the images that are kept out of the table: methods see them, training does not."""
    told = json.dumps([images.specimen_names, images.specimen_classes])
    digest = hashlib.sha256(told.encode())
    digest.update(np.ascontiguousarray(images.specimens, dtype="<f4").data)
    return digest.hexdigest()


def column_keys(features: Sequence[Feature]) -> tuple[int, ...]:
    """A 64-bit number for every encoded column, of its feature's name and its level (or place) alone."""
    keys = []
    for feature in features:
        for place in range(feature.stop - feature.start):
            own = [feature.name, feature.levels[place] if feature.levels else place]
            keys.append(int.from_bytes(hashlib.sha256(json.dumps(own).encode()).digest()[:8], "little"))
    return tuple(keys)
